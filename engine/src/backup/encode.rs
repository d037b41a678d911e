//! Encodes the vectors of a commit and what tells their new numbers apart, side by side; what is written one after the
//! other is in `commit`.

use std::sync::Arc;

use rayon::prelude::*;

use super::Backup;
use super::links::LinkWork;
use super::table::TableWork;
use crate::Result;
use crate::segment::writer::{Chunk, SlotChunks, index_u32};
use crate::state::{Part, TableKey};
use crate::vector::{ChangedSlot, Vector};

/// What a backup did to one vector, ready to be written.
pub(super) struct Piece<'a> {
    pub(super) key: TableKey,
    pub(super) source: Source<'a>,
    pub(super) changed: Vec<ChangedSlot>,
    pub(super) slots: Option<SlotChunks>,
    /// What tells the new numbers apart: ordinals, predecessors and hashes of versions; predecessors, ends and bytes
    /// of link sets.
    pub(super) heads: [Chunk<'a>; 3],
}

/// Whose vector it is.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    Table(&'a TableWork),
    Links(&'a LinkWork),
}

impl<'a> Source<'a> {
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
            Self::Table(table) => (table.first_version, table.version_count()),
            Self::Links(links) => (links.first_set, index_u32(links.ends.len())),
        }
    }

    fn heads(self) -> [Chunk<'a>; 3] {
        match self {
            Self::Table(TableWork { heads, .. }) => [
                Chunk::integers(&heads.ordinals),
                Chunk::packed(&heads.predecessors),
                Chunk::plain(&heads.hashes, heads.hashes.len() / 16),
            ],
            Self::Links(links) => [
                Chunk::packed(&links.predecessors),
                Chunk::packed(&links.ends),
                Chunk::plain(&links.data, links.ends.len()),
            ],
        }
    }
}

/// Encodes all vectors that a backup touched, as what they changed of the newest commit, in the order in which they are written.
pub(super) fn pieces<'a>(backup: &'a Backup<'_>) -> Result<Vec<Piece<'a>>> {
    let sources: Vec<(TableKey, Source<'a>)> = backup
        .types
        .iter()
        .flat_map(|(token, work)| {
            let tables = [(Part::Core, &work.core), (Part::Volatile, &work.volatile)];
            let key = |part| TableKey { type_token: Arc::clone(token), part };
            let tables = tables.map(|(part, table)| (key(part), Source::Table(table)));
            let links = work.links.values().map(|links| (links.key.clone(), Source::Links(links)));
            tables.into_iter().chain(links)
        })
        .collect();
    let encode = |(key, source)| encode(backup, key, source).transpose();
    sources.into_par_iter().filter_map(encode).collect()
}

fn encode<'a>(backup: &Backup<'_>, key: TableKey, source: Source<'a>) -> Result<Option<Piece<'a>>> {
    let (old, new) = source.vectors();
    let changed = match backup.base_vector(&key)? {
        None => old.changed(new),
        Some(base) => base.changed(new),
    };
    if changed.is_empty() && source.numbers().1 == 0 {
        return Ok(None);
    }
    let (slots, heads) = rayon::join(|| SlotChunks::new(&changed), || source.heads());
    Ok(Some(Piece { key, source, changed, slots, heads }))
}
