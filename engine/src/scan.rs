//! Reads whole columns: for every version of a type, of whichever backup, a code into distinct values.
//!
//! # Shape
//!
//! ```text
//!   version              0    1    2    3    4          number 0 is no version
//!   codes of department  0    3    4    3    1          0 absent, 1 null, 2 unknown, 3 and on: values
//!   values                              "Sales" "Finance"
//!   rows at a backup     versions 1, 3, 4 ...           gathered: codes[version]
//! ```
//!
//! What a query computes of a value is computed once, however many backups it names: all of them share the codes.
//! A column is read in blocks (a row group, or the patches of a segment), which several threads may read at once;
//! only the chunks of that column are touched.
//!
//! Volatile properties have a space of their own, which most questions never read.
//!
//! # Example
//!
//! ```
//! use entrasnap_engine::scan::{Form, Space};
//! use entrasnap_engine::{BackupDetails, CreateOptions, Store};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("entrasnap.store");
//! # let mut store = Store::create(&path, &CreateOptions::default())?;
//! # let day = "2026-11-16T00:00:00Z";
//! let mut backup = store.begin(BackupDetails::new("example", day.parse()?))?;
//! for (id, department) in [("ann", "Sales"), ("bob", "Finance"), ("cid", "Sales")] {
//!     backup.put_json("user", format!(r#"{{"id": "{id}", "department": "{department}"}}"#).as_bytes())?;
//! }
//! let id = backup.commit()?.id;
//!
//! let scan = store.snapshot(&id)?.scan("user");
//! let column = scan.column(Space::Core, "department", Form::Json)?.read()?;
//! let rows = scan.live()?;
//! assert_eq!(scan.ids(&rows.ordinals)?.iter().collect::<Vec<_>>(), ["ann".as_bytes(), b"bob", b"cid"]);
//! let codes: Vec<u32> = rows.versions.iter().map(|version| column.codes[*version as usize]).collect();
//! assert_eq!(codes[0], codes[2]);
//! let mut text = Vec::new();
//! column.append_json(codes[1], &mut text);
//! assert_eq!(text, br#""Finance""#);
//! # Ok(())
//! # }
//! ```

mod block;
mod ids;
mod links;
mod merge;
mod patch;

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

pub use block::{Block, TextList, Values};
pub use links::LinkLists;
pub use merge::VersionColumn;

use crate::id::Id;
use crate::paths::PathId;
use crate::rows::{RowCursor, Rows};
use crate::segment::footer::{GroupEntry, TableEntry};
use crate::segment::reader::Segment;
use crate::state::{State, TableKey, VectorKind};
use crate::vector::Slot;
use crate::{Object, Result, Snapshot, value};

/// The code of a version that has no such attribute.
pub const ABSENT: u32 = 0;
/// The code of a version whose attribute is null.
pub const NULL: u32 = 1;
/// The code of a version whose attribute was never observed.
pub const UNKNOWN: u32 = 2;
/// The code of the first value.
pub const FIRST_VALUE: u32 = 3;

/// Which attributes of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Space {
    /// Those that are compared.
    Core,
    /// Those that the server moves by itself.
    Volatile,
}

/// How values are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// As JSON texts, each exactly as it was observed.
    Json,
    /// As integers and points in time where they are stored so, else as JSON texts.
    Typed,
}

/// Some objects of a type at a backup, ascending by ordinal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectRows {
    /// `[rows]u32`: which object.
    pub ordinals: Vec<u32>,
    /// `[rows]u32`: its version in the core space. Those in the volatile space: [`Scan::volatile`].
    pub versions: Vec<u32>,
}

/// The objects of one type, seen from one backup.
#[derive(Debug, Clone)]
pub struct Scan {
    snapshot: Snapshot,
    token: Arc<str>,
}

/// One attribute of a type in all its versions, before it is read.
#[derive(Clone)]
pub struct ColumnPlan {
    state: Arc<State>,
    key: TableKey,
    path: PathId,
    form: Form,
    blocks: Vec<BlockLocation>,
}

/// The location of a block: a row group of a segment, or its patches.
#[derive(Debug, Clone, Copy)]
enum BlockLocation {
    Group { sequence: u64, group: usize },
    Patches { sequence: u64 },
}

impl Snapshot {
    /// The objects of a type, for reading many at once.
    #[must_use]
    pub fn scan(&self, type_token: &str) -> Scan {
        Scan { snapshot: self.clone(), token: type_token.into() }
    }
}

/// As [`Store::type_tokens`](crate::Store::type_tokens).
pub(crate) fn type_tokens(state: &State) -> impl Iterator<Item = &Arc<str>> {
    let keys = state.tables.keys();
    keys.filter(|key| key.kind == VectorKind::Core).map(|key| &key.type_token)
}

impl ObjectRows {
    fn push(&mut self, ordinal: u32, slot: Slot) {
        self.ordinals.push(ordinal);
        self.versions.push(slot.version());
    }
}

impl Scan {
    /// The type.
    #[must_use]
    pub fn token(&self) -> &Arc<str> {
        &self.token
    }

    /// The live objects.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn live(&self) -> Result<ObjectRows> {
        self.first(usize::MAX, false)
    }

    /// The objects in the recycle bin, with their last live versions.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn deleted(&self) -> Result<ObjectRows> {
        self.first(usize::MAX, true)
    }

    /// How many objects are live, or lie in the recycle bin.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn count(&self, deleted: bool) -> Result<usize> {
        let vector = self.snapshot.vector(&self.key(Space::Core))?;
        Ok(if deleted { vector.count(Slot::is_in_bin) } else { vector.count(Slot::is_live) })
    }

    /// The first of the live objects, or of those in the recycle bin, which have their last live versions.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn first(&self, count_max: usize, deleted: bool) -> Result<ObjectRows> {
        if deleted {
            self.first_of(count_max, Slot::is_in_bin)
        } else {
            self.first_of(count_max, Slot::is_live)
        }
    }

    fn first_of(&self, count_max: usize, is_wanted: impl Fn(Slot) -> bool + Copy) -> Result<ObjectRows> {
        let vector = self.snapshot.vector(&self.key(Space::Core))?;
        // Growing by doubling would touch twice the memory, and fresh memory is what a first answer waits for.
        let (ordinals, versions) = vector.first(count_max.min(vector.count(is_wanted)), is_wanted);
        Ok(ObjectRows { ordinals, versions })
    }

    /// Those of some objects that are there, live or in the recycle bin: no row or one for each distinct ID.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn named(&self, ids: &[&str], deleted: bool) -> Result<ObjectRows> {
        let mut ordinals = BTreeSet::new();
        for id in ids {
            ordinals.extend(self.ordinal(id)?);
        }
        let key = self.key(Space::Core);
        let is_wanted = |slot: Slot| if deleted { slot.is_in_bin() } else { slot.is_live() };
        let mut rows = ObjectRows::default();
        for ordinal in ordinals {
            let slot = self.snapshot.slot(&key, ordinal)?;
            if is_wanted(slot) {
                rows.push(ordinal, slot);
            }
        }
        Ok(rows)
    }

    /// The versions of some objects in the volatile space, 0 for none: a vector of its own, which most questions never
    /// need.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn volatile(&self, ordinals: &[u32]) -> Result<Vec<u32>> {
        let key = self.key(Space::Volatile);
        if !self.snapshot.state().tables.contains_key(&key) {
            return Ok(vec![0; ordinals.len()]);
        }
        let slots = self.snapshot.slots(&key, ordinals)?;
        Ok(slots.into_iter().map(Slot::version).collect())
    }

    /// Every attribute path that some version of this type ever had, ascending. See [`path_names`].
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn paths(&self, space: Space) -> Result<Vec<Arc<str>>> {
        let state = self.snapshot.state();
        let key = self.key(space);
        let ranges = state.tables.get(&key).map_or(&[][..], |numbers| &numbers.ranges);
        let found: Vec<BTreeSet<PathId>> = ranges
            .par_iter()
            .map(|(_, sequence)| {
                let (segment, table) = table_of(state, &key, *sequence)?;
                let ids = segment.path_ids(&state.paths);
                // A day has hundreds of thousands of patches, and a few hundred paths.
                let mut is_there = vec![false; ids.len()];
                let mut note = |number: u32| {
                    if let Some(index) = is_there.get_mut(number as usize) {
                        *index = true;
                    }
                };
                table.groups.iter().flat_map(|group| &group.columns).for_each(|(path, _)| note(*path));
                for patch in &table.patches {
                    segment.packed(patch.paths)?.iter().for_each(&mut note);
                }
                Ok(ids.iter().zip(is_there).filter_map(|(id, is_there)| is_there.then_some(*id)).collect())
            })
            .collect::<Result<_>>()?;
        let all: BTreeSet<PathId> = found.into_iter().flatten().collect();
        let mut paths: Vec<Arc<str>> = all.into_iter().map(|path| state.paths.text(path)).collect();
        paths.sort_unstable();
        Ok(paths)
    }

    /// The relations that this type ever had, ascending.
    #[must_use]
    pub fn relations(&self) -> Vec<Arc<str>> {
        let keys = self.snapshot.state().tables.keys().filter(|key| key.type_token == self.token);
        let relations = keys.filter_map(|key| match &key.kind {
            VectorKind::Links(relation) => Some(Arc::clone(relation)),
            _ => None,
        });
        relations.collect()
    }

    /// One attribute in all versions of the type. A path that no version has gives codes that are all [`ABSENT`].
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn column(&self, space: Space, path: &str, form: Form) -> Result<ColumnPlan> {
        let state = self.snapshot.state();
        let key = self.key(space);
        let ranges = state.tables.get(&key).map_or(&[][..], |numbers| &numbers.ranges);
        let mut blocks = Vec::new();
        for &(_, sequence) in ranges {
            let (_, table) = table_of(state, &key, sequence)?;
            blocks.extend((0..table.groups.len()).map(|group| BlockLocation::Group { sequence, group }));
            if table.patch_count > 0 {
                blocks.push(BlockLocation::Patches { sequence });
            }
        }
        Ok(ColumnPlan { state: Arc::clone(state), key, path: state.paths.id(path), form, blocks })
    }

    /// One attribute of some versions only, as JSON texts: an empty text is absent or unknown. Number 0 has none.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn cells(&self, space: Space, path: &str, versions: &[u32]) -> Result<TextList> {
        let state = self.snapshot.state();
        let key = self.key(space);
        let rows = Rows::many(state, &key);
        let mut cursor = RowCursor::new(&rows);
        let path = state.paths.id(path);
        let mut texts = TextList::default();
        for &version in versions {
            if version > 0 {
                let start = texts.bytes.len();
                cursor.read_cell(version, path, &mut texts.bytes)?;
                if texts.bytes.get(start..) == Some(value::UNKNOWN) {
                    texts.bytes.truncate(start);
                }
            }
            texts.close()?;
        }
        Ok(texts)
    }

    /// The ordinal of an ID that the store has seen, written as the store shows it: texts of queries have a case.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn ordinal(&self, id: &str) -> Result<Option<u32>> {
        let (state, id) = (self.snapshot.state(), Id::from_text(id));
        let Some(ordinal) = state.ordinal(&id)? else { return Ok(None) };
        Ok((state.id(ordinal)? == id).then_some(ordinal))
    }

    /// One object, if it is there.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn object(&self, ordinal: u32) -> Result<Option<Object>> {
        self.snapshot.object_at(&self.token, ordinal)
    }

    fn key(&self, space: Space) -> TableKey {
        let kind = match space {
            Space::Core => VectorKind::Core,
            Space::Volatile => VectorKind::Volatile,
        };
        TableKey { type_token: Arc::clone(&self.token), kind }
    }
}

impl ColumnPlan {
    /// How many blocks there are to read.
    #[must_use]
    pub fn block_count(&self) -> usize {
        self.blocks.len()
    }

    /// Reads one block; any thread may read any of them.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    ///
    /// # Panics
    /// When there is no such block.
    pub fn block(&self, index: usize) -> Result<Block> {
        match self.blocks[index] {
            BlockLocation::Group { sequence, group } => {
                let (segment, table) = table_of(&self.state, &self.key, sequence)?;
                let number = segment.path_number(&self.state.paths, self.path);
                block::read_group(segment, table, &table.groups[group], number, self.form)
            }
            BlockLocation::Patches { sequence } => {
                let (segment, table) = table_of(&self.state, &self.key, sequence)?;
                let number = segment.path_number(&self.state.paths, self.path);
                patch::read(segment, table, number)
            }
        }
    }

    /// Merges all blocks, which must be in their order.
    ///
    /// # Errors
    /// `Damaged`, when the blocks do not follow one another.
    pub fn merge(&self, blocks: Vec<Block>) -> Result<VersionColumn> {
        merge::merge(blocks).map_err(|error| {
            let what = format!("versions of {}: {error}", self.key.type_token);
            crate::segment::reader::damaged(&self.state.root.join("segments"), 0, what)
        })
    }

    /// Reads the column on all cores.
    ///
    /// # Errors
    /// `Damaged` or `Disk`.
    pub fn read(&self) -> Result<VersionColumn> {
        let blocks: Vec<Block> =
            (0..self.blocks.len()).into_par_iter().map(|index| self.block(index)).collect::<Result<_>>()?;
        self.merge(blocks)
    }
}

impl std::fmt::Debug for ColumnPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ColumnPlan")
            .field("key", &self.key)
            .field("blocks", &self.blocks.len())
            .finish_non_exhaustive()
    }
}

/// The names along an attribute path, outermost first; nothing if one of them is no text.
#[must_use]
pub fn path_names(path: &str) -> Option<Vec<String>> {
    value::path_segments(path).map(|name| String::from_utf8(name).ok()).collect()
}

/// Reads a canonical JSON text. What has no room in a value is brought near: a lone surrogate becomes U+FFFD, a number
/// beyond every double its text.
#[must_use]
pub fn decode(text: &[u8]) -> serde_json::Value {
    value::decode(text)
}

fn table_of<'s>(
    state: &'s State,
    key: &TableKey,
    sequence: u64,
) -> Result<(&'s Arc<Segment>, &'s TableEntry)> {
    let segment = state.segment(sequence)?;
    let table = segment.table(&key.type_token, key.kind.space());
    let table = table.ok_or_else(|| {
        segment.footer_error(format!("expected versions of {} in this segment", key.type_token))
    })?;
    Ok((segment, table))
}

/// The chunk of a path in a row group, if the group has that path.
fn chunk_of(group: &GroupEntry, number: Option<u32>) -> Option<u32> {
    let index = group.columns.binary_search_by_key(&number?, |(path, _)| *path).ok()?;
    Some(group.columns[index].1)
}
