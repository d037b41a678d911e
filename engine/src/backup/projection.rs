//! Which properties of a type its data selected: its projection.
//!
//! A file does not name the properties that were selected. A property that many objects had and none has now was not
//! selected, rather than cleared: Graph returns null for a selected property that is empty. A property that no object
//! had and nearly all have now was not selected before. With few objects either is a change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::basis::Basis;
use super::patches::{top_of, tops_of};
use super::type_work::TypeWork;
use crate::coverage::reading::TypeReading;
use crate::manifest::Manifest;
use crate::rows::{RowCells, Rows};
use crate::state::VectorKind;
use crate::{Error, Result};

/// Objects that must have lost, or gained, a property all at once before this counts as another
/// projection of the data and not as that many changes.
const OBJECT_COUNT_MIN: usize = 20;

/// The properties that a type's data selected.
#[derive(Debug, Default)]
pub(super) struct Projection {
    /// Properties that the store observes for the first time.
    pub(super) new_properties: BTreeSet<String>,
    /// Those of them that earlier data did not select.
    pub(super) unknown_before: BTreeSet<String>,
    /// Known properties that this data did not select, and how many objects had them.
    pub(super) carried: BTreeMap<String, u64>,
}

impl Projection {
    /// Whether a property was observed before and now.
    pub(super) fn is_observed(&self, top: &str) -> bool {
        !self.unknown_before.contains(top) && !self.carried.contains_key(top)
    }
}

/// The projection of a type: as its source says it, else as it follows from its objects.
pub(super) fn find(basis: &Basis, work: &TypeWork) -> Result<Projection> {
    let known = known_properties(basis.earlier(), &work.token);
    let Some(reading) = &work.claims.reading else { return from_objects(basis, work, &known) };
    if let Some(selected) = &reading.properties {
        return Ok(from_source(basis, work, &known, selected));
    }
    // Whole readings are looked at as files are: a property that many objects lost or gained at once is one that Graph
    // began or ceased to give.
    let mut projection = from_objects(basis, work, &known)?;
    if TypeReading::is_partial(reading) {
        projection.carried.clear();
        projection.unknown_before.clear();
    }
    Ok(projection)
}

/// The properties of a type that earlier backups observed.
fn known_properties(earlier: &[Arc<Manifest>], token: &str) -> BTreeSet<String> {
    let coverage = earlier.iter().filter_map(|manifest| manifest.coverage.get(token));
    coverage.flat_map(|coverage| coverage.new_properties.iter().cloned()).collect()
}

/// The properties that the last reading of a type selected, where a reading says so.
fn selected_before<'m>(earlier: &'m [Arc<Manifest>], token: &str) -> Option<&'m Vec<String>> {
    let mut coverage = earlier.iter().rev().filter_map(|manifest| manifest.coverage.get(token));
    coverage.find_map(|coverage| coverage.asked.as_ref())
}

fn from_source(basis: &Basis, work: &TypeWork, known: &BTreeSet<String>, selected: &[String]) -> Projection {
    let observed: BTreeSet<String> = work.claims.properties.iter().map(ToString::to_string).collect();
    let is_selected = |top: &str| selected.iter().any(|name| name == top) || observed.contains(top);
    let new_properties = observed.iter().filter(|name| !known.contains(*name)).cloned().collect();
    let mut projection = Projection { new_properties, ..Projection::default() };
    // An earlier reading that does not name its selection may have left out what it did not return.
    let before = selected_before(basis.earlier(), &work.token);
    let is_news = |name: &&String| match before {
        Some(before) => !before.contains(name),
        None => !known.is_empty() && selected.contains(name),
    };
    projection.unknown_before = projection.new_properties.iter().filter(is_news).cloned().collect();
    projection.carried = known.iter().filter(|top| !is_selected(top)).map(|top| (top.clone(), 0)).collect();
    for patch in work.core.patches.values() {
        for (top, (had, has)) in tops_of(&basis.state, patch) {
            if let Some(count) = projection.carried.get_mut(&top)
                && had
                && !has
            {
                *count += 1;
            }
        }
    }
    projection
}

fn from_objects(basis: &Basis, work: &TypeWork, known: &BTreeSet<String>) -> Result<Projection> {
    let observed = &work.claims.properties;
    let mut lost: BTreeMap<String, usize> = BTreeMap::new();
    let mut gained: BTreeMap<String, usize> = BTreeMap::new();
    for patch in work.core.patches.values() {
        for (top, (had, has)) in tops_of(&basis.state, patch) {
            if had && !has && !observed.contains(&*top) {
                *lost.entry(top).or_default() += 1;
            } else if has && !had && !known.contains(&top) {
                *gained.entry(top).or_default() += 1;
            }
        }
    }
    let mut projection = Projection::default();
    projection
        .new_properties
        .extend(observed.iter().map(ToString::to_string).filter(|top| !known.contains(top)));
    for (top, count) in lost {
        if count >= OBJECT_COUNT_MIN && !is_in_unchanged(basis, work, &top)? {
            projection.carried.insert(top, count as u64);
        }
    }
    let seen_count = work.objects.seen.len();
    for (top, count) in gained {
        if count >= OBJECT_COUNT_MIN && count as u64 * 10 >= seen_count * 9 {
            projection.unknown_before.insert(top);
        }
    }
    Ok(projection)
}

/// Whether an object that the import cache knew has a property.
fn is_in_unchanged(basis: &Basis, work: &TypeWork, top: &str) -> Result<bool> {
    let (state, key) = (&basis.state, work.key(VectorKind::Core));
    let ordinals: Vec<u32> = work.objects.unchanged.iter().collect();
    let rows = Rows::many(state, &key);
    let found = ordinals.par_iter().map_init(RowCells::default, |cells, &ordinal| {
        cells.clear();
        rows.read_cells(work.core.old.get(ordinal).version(), cells)?;
        Ok::<bool, Error>(cells.iter().any(|(path, _)| top_of(&state.paths.text(path)) == top))
    });
    found.find_any(|found| !matches!(found, Ok(false))).unwrap_or(Ok(false))
}
