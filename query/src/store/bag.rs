//! Puts nested values together from the cells below a property.

use std::sync::Arc;

use super::column::of_json;
use crate::value::{Type, Value};

/// What a version holds at a path.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Found {
    /// No cell.
    Nothing,
    /// A cell that was never observed; it hides what another space holds there.
    Unknown,
    /// A value, null included.
    Value(Value),
}

impl Found {
    /// What a cell's JSON text says; an empty one is nothing.
    pub(super) fn of_text(text: &[u8]) -> Self {
        if text.is_empty() { Self::Nothing } else { Self::Value(of_json(text, Type::Dynamic)) }
    }
}

/// What is found at paths, with the names that lead to each.
pub(super) type CellsFound<'f, 'p> = dyn Iterator<Item = (&'p [String], Found)> + 'f;

/// A value, and the names that lead to it.
type NamedValue<'p> = (&'p [String], Value);

/// The value whose cells these are, with the names that lead to each; later cells replace earlier ones of the same
/// names, and cells below a value replace it. Nothing if there are none.
pub(super) fn assemble(found: &mut CellsFound<'_, '_>) -> Option<Value> {
    let mut cells: Vec<(&[String], Option<Value>)> = Vec::new();
    for (names, found) in found {
        let value = match found {
            Found::Nothing => continue,
            Found::Unknown => None,
            Found::Value(value) => Some(value),
        };
        match cells.iter_mut().find(|(other, _)| *other == names) {
            Some(cell) => cell.1 = value,
            None => cells.push((names, value)),
        }
    }
    let mut cells: Vec<NamedValue<'_>> =
        cells.into_iter().filter_map(|(names, value)| Some((names, value?))).collect();
    cells.sort_by_key(|(names, _)| *names);
    level(cells)
}

/// The value of cells in order of their names.
fn level(mut cells: Vec<NamedValue<'_>>) -> Option<Value> {
    if cells.last()?.0.is_empty() {
        return cells.pop().map(|(_, value)| value);
    }
    let mut pairs: Vec<(Arc<str>, Value)> = Vec::new();
    let mut left = cells.into_iter().filter(|(names, _)| !names.is_empty()).peekable();
    while let Some((names, value)) = left.next() {
        let Some((name, rest)) = names.split_first() else { continue };
        let mut inside = vec![(rest, value)];
        while let Some((names, value)) = left.next_if(|(names, _)| names.first() == Some(name)) {
            inside.push((&names[1..], value));
        }
        pairs.extend(level(inside).map(|value| (Arc::from(name.as_str()), value)));
    }
    Some(Value::Object(Arc::new(pairs)))
}
