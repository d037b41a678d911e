//! How far the backups of a model know the objects of a type.

use std::collections::BTreeSet;

use super::Model;

/// How far a backup knows the objects of a type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum KnownFrom {
    Itself,
    Before,
    Never,
}

/// How far a backup, by its place, knows the objects of a type. Before the first one it is known that there are none.
pub(super) fn known_from(models: &[Model], index: usize, token: &str) -> KnownFrom {
    if index == 0 || models[index].whole.contains(token) {
        KnownFrom::Itself
    } else if models[..index].iter().any(|model| model.whole.contains(token)) {
        KnownFrom::Before
    } else {
        KnownFrom::Never
    }
}

/// Whether a backup, by its place, goes on with what was known of a type before one that was woven in later; if so,
/// whether that was ever read.
pub(super) fn passed_over(models: &[Model], index: usize, token: &str) -> Option<bool> {
    let mut carrying = BTreeSet::new();
    let mut source = Some(&models[index]);
    while let Some(model) = source.filter(|model| !model.whole.contains(token)) {
        carrying.insert(model.number);
        source = model.before.as_deref();
    }
    let number = source.map_or(0, |model| model.number);
    let start = models.iter().position(|model| model.number == number).unwrap();
    let is_passed = models[start + 1..=index]
        .iter()
        .any(|model| model.observed.contains_key(token) && !carrying.contains(&model.number));
    is_passed.then_some(source.is_some())
}
