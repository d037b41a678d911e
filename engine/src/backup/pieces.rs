//! Encodes the vectors of a backup, and the heads of their new versions and link sets, in parallel; `encode` writes
//! them in order.

use std::sync::Arc;

use rayon::prelude::*;

use super::basis::Basis;
use super::by_name::ByName;
use super::links::ResolvedLinks;
use super::resolved::ResolvedType;
use super::table::{ResolvedTable, VersionHeads};
use crate::Result;
use crate::segment::writer::{Chunk, SlotChunks};
use crate::state::{TableKey, VectorKind};
use crate::vector::{ChangedSlot, Vector};

/// What a backup did to one vector, ready to be written.
pub(super) struct Piece<'a> {
    pub(super) key: TableKey,
    /// The type it is of.
    pub(super) owner: &'a ResolvedType,
    pub(super) source: VectorOwner<'a>,
    pub(super) changed: Vec<ChangedSlot>,
    pub(super) slots: Option<SlotChunks>,
    /// What tells the new numbers apart: ordinals, predecessors and hashes of versions; predecessors, ends and bytes
    /// of link sets.
    pub(super) heads: [Chunk<'a>; 3],
}

/// Whose vector it is.
#[derive(Clone, Copy)]
pub(super) enum VectorOwner<'a> {
    Table(&'a ResolvedTable),
    Links(&'a ResolvedLinks),
}

impl<'a> VectorOwner<'a> {
    /// The vector before this backup, and after it.
    pub(super) fn vectors(self) -> (&'a Vector, &'a Vector) {
        match self {
            Self::Table(table) => (&table.old, &table.new),
            Self::Links(links) => (&links.old, &links.new),
        }
    }

    /// The first of the new numbers, and how many there are.
    pub(super) fn numbers(self) -> (u32, u32) {
        match self {
            Self::Table(table) => (table.versions.first, table.versions.count()),
            Self::Links(links) => (links.sets.first, links.sets.count()),
        }
    }

    fn heads(self) -> [Chunk<'a>; 3] {
        match self {
            Self::Table(table) => {
                let VersionHeads { ordinals, predecessors, hashes } = &table.versions.heads;
                let hashes = Chunk::plain(hashes, hashes.len() / 16);
                [Chunk::integers(ordinals), Chunk::packed(predecessors), hashes]
            }
            Self::Links(ResolvedLinks { sets, .. }) => [
                Chunk::packed(&sets.predecessors),
                Chunk::packed(&sets.ends),
                Chunk::plain(&sets.data, sets.ends.len()),
            ],
        }
    }
}

/// Encodes all vectors that a backup touched, as what they changed of the newest commit, in the order in which they are
/// written.
pub(super) fn encode<'a>(basis: &Basis, types: &'a ByName<ResolvedType>) -> Result<Vec<Piece<'a>>> {
    let sources: Vec<(TableKey, &ResolvedType, VectorOwner<'_>)> =
        types.iter().flat_map(|(token, owner)| sources_of(token, owner)).collect();
    let encode = |(key, owner, source)| encode_one(basis, key, owner, source).transpose();
    sources.into_par_iter().filter_map(encode).collect()
}

fn sources_of<'a>(
    token: &'a Arc<str>,
    owner: &'a ResolvedType,
) -> impl Iterator<Item = (TableKey, &'a ResolvedType, VectorOwner<'a>)> {
    let tables = [(VectorKind::Core, &owner.core), (VectorKind::Volatile, &owner.volatile)].into_iter();
    let tables = tables.map(move |(kind, table)| {
        (TableKey { type_token: Arc::clone(token), kind }, owner, VectorOwner::Table(table))
    });
    let links = owner.links.values().map(move |links| (links.key.clone(), owner, VectorOwner::Links(links)));
    tables.chain(links)
}

fn encode_one<'a>(
    basis: &Basis,
    key: TableKey,
    owner: &'a ResolvedType,
    source: VectorOwner<'a>,
) -> Result<Option<Piece<'a>>> {
    let (old, new) = source.vectors();
    let changed = match basis.base_vector(&key)? {
        None => old.changed(new),
        Some(base) => base.changed(new),
    };
    if changed.is_empty() && source.numbers().1 == 0 {
        return Ok(None);
    }
    let (slots, heads) = rayon::join(|| SlotChunks::new(&changed), || source.heads());
    Ok(Some(Piece { key, owner, source, changed, slots, heads }))
}
