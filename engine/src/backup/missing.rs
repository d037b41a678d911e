//! Stored objects and links that a backup being made did not observe so far: a reader of lists reads these one by one
//! before the commit makes them gone.

use super::basis::Basis;
use super::collect::Collected;
use crate::Result;
use crate::coverage::reading::BinExtent;
use crate::link_sets::EMPTY_SET;
use crate::state::{State, TableKey, VectorKind};
use crate::vector::{Slot, Vector};

/// The IDs of the stored objects of a type that were not observed so far.
pub(super) fn objects(
    basis: &Basis,
    collected: &Collected,
    type_token: &str,
    bin: BinExtent,
) -> Result<Vec<String>> {
    if let Some(work) = collected.types.get(type_token) {
        let objects = &work.objects;
        let is_here = |ordinal: u32| objects.seen.contains(ordinal) || objects.kept.contains(ordinal);
        return ids_of(&basis.state, &work.core.old, bin, is_here);
    }
    let key = TableKey { type_token: type_token.into(), kind: VectorKind::Core };
    ids_of(&basis.state, &basis.vector(&key)?, bin, |_| false)
}

/// The IDs of the observed objects of a type that had links of a relation before, of which none was observed so far.
pub(super) fn links(
    basis: &Basis,
    collected: &mut Collected,
    type_token: &str,
    relation: &str,
) -> Result<Vec<String>> {
    let work = collected.type_of(basis, type_token)?;
    work.relation(basis, relation)?;
    let Some(links) = work.links.get(relation) else { return Ok(Vec::new()) };
    let had = links.old.iter().filter(|(_, slot)| slot.version() > EMPTY_SET);
    let unlinked = had.filter(|(source, _)| {
        work.objects.seen.contains(*source)
            && work.core.new.get(*source).is_live()
            && !links.observed.contains(*source)
            && !links.kept.contains(*source)
    });
    unlinked.map(|(source, _)| Ok(basis.state.id(source)?.to_string())).collect()
}

/// The IDs of a vector's objects that are not here.
fn ids_of(
    state: &State,
    vector: &Vector,
    bin: BinExtent,
    is_here: impl Fn(u32) -> bool,
) -> Result<Vec<String>> {
    let is_looked_for = |slot: Slot| slot.is_live() || (slot.is_in_bin() && bin == BinExtent::Whole);
    let missing = vector.iter().filter(|(ordinal, slot)| is_looked_for(*slot) && !is_here(*ordinal));
    missing.map(|(ordinal, _)| Ok(state.id(ordinal)?.to_string())).collect()
}
