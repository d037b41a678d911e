//! One type while observations are collected: its tables and relations, its observed objects, and how it was read.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::basis::Basis;
use super::by_name::ByName;
use super::links::LinkWork;
use super::patches::{self, ChangedRow};
use super::table::{Columns, TableWork};
use crate::Result;
use crate::content::Row;
use crate::coverage::reading::TypeReading;
use crate::import_cache::RawForm;
use crate::rows::Rows;
use crate::state::{TableKey, VectorKind};
use crate::vector::{Slot, Vector};

/// Volatile cells are compared, and hardly ever return to what they were.
const NO_HASH: [u8; 16] = [0; 16];

/// One type while observations are collected.
#[derive(Debug)]
pub(super) struct TypeWork {
    pub(super) token: Arc<str>,
    pub(super) core: TableWork,
    pub(super) volatile: TableWork,
    pub(super) links: ByName<LinkWork>,
    /// The versions of the newest commit, when that is not the backup before this one in time.
    pub(super) later: Option<Vector>,
    pub(super) objects: Objects,
    pub(super) claims: Claims,
}

/// Which objects of a type were observed.
#[derive(Debug, Default)]
pub(super) struct Objects {
    /// Ordinals of the observed objects.
    pub(super) seen: roaring::RoaringBitmap,
    /// Those of them whose raw text the import cache knew.
    pub(super) unchanged: roaring::RoaringBitmap,
    /// Objects whose slot was set without their text: gone, or in the bin.
    pub(super) moved: roaring::RoaringBitmap,
    /// Objects that could not be read and are kept.
    pub(super) kept: roaring::RoaringBitmap,
    /// The observed raw texts.
    pub(super) forms: Vec<RawForm>,
    /// How many observations repeat an object.
    pub(super) duplicate_count: u64,
}

/// What is known of how a type was read.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pub(super) completeness: Completeness,
    /// What the source says of how it read the type; then nothing is guessed from the data.
    pub(super) reading: Option<TypeReading>,
    /// Properties of parsed objects.
    pub(super) properties: BTreeSet<Box<str>>,
    /// Whether an object in the recycle bin was observed.
    pub(super) has_bin: bool,
}

/// Completeness claim for one type of which its source does not say how it was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Completeness {
    /// The list of objects is complete if it has at least one.
    #[default]
    Observed,
    /// The list of objects is complete, even if it is empty.
    Complete,
    /// Objects were not read, only some of their relations.
    RelationsOnly,
}

impl TypeWork {
    pub(super) fn new(basis: &Basis, token: &Arc<str>) -> Result<Self> {
        let [core, volatile] = [VectorKind::Core, VectorKind::Volatile]
            .map(|kind| TableKey { type_token: Arc::clone(token), kind });
        Ok(Self {
            token: Arc::clone(token),
            later: basis.later(&core)?,
            core: TableWork::new(basis, &core)?,
            volatile: TableWork::new(basis, &volatile)?,
            links: ByName::default(),
            objects: Objects::default(),
            claims: Claims::default(),
        })
    }

    pub(super) fn key(&self, kind: VectorKind) -> TableKey {
        TableKey { type_token: Arc::clone(&self.token), kind }
    }

    /// A relation of the type, made known if it is not.
    pub(super) fn relation(&mut self, basis: &Basis, name: &str) -> Result<&mut LinkWork> {
        let Self { token, links, .. } = self;
        links.get_or_insert(name, |name| {
            let kind = VectorKind::Links(Arc::clone(name));
            LinkWork::new(basis, TableKey { type_token: Arc::clone(token), kind })
        })
    }

    /// Takes parsed objects; `ordinals` are theirs.
    pub(super) fn put_rows(
        &mut self,
        basis: &Basis,
        rows: &[Row],
        [core, volatile]: [Arc<Columns>; 2],
        ordinals: &[u32],
    ) -> Result<()> {
        self.claims.properties.extend(core.cells.iter().map(|cells| cells.path.top.clone()));
        let objects = &mut self.objects;
        for (row, &ordinal) in rows.iter().zip(ordinals) {
            objects.duplicate_count += u64::from(!objects.seen.insert(ordinal));
            objects.moved.remove(ordinal);
            objects.forms.push((row.raw_hash, ordinal));
        }
        self.put_core(basis, rows, &core, ordinals)?;
        self.put_volatile(basis, rows, &volatile, ordinals)
    }

    /// Takes an object whose raw text is that of the last import. `is_last` tells whether it comes later in the input
    /// than other forms of the object.
    pub(super) fn put_unchanged(&mut self, ordinal: u32, raw_hash: u64, is_last: impl FnOnce() -> bool) {
        let objects = &mut self.objects;
        objects.forms.push((raw_hash, ordinal));
        objects.unchanged.insert(ordinal);
        self.claims.has_bin |= self.core.old.get(ordinal).is_in_bin();
        if objects.moved.remove(ordinal) {
            // It was moved away in this backup and is back as it was.
            objects.seen.insert(ordinal);
            self.keep(ordinal);
        } else if !objects.seen.insert(ordinal) {
            objects.duplicate_count += 1;
            // The object was observed with another text; whichever is later in the input counts.
            if is_last() {
                self.keep(ordinal);
            }
        }
    }

    /// Makes an object neither live nor in the bin.
    pub(super) fn set_gone(&mut self, ordinal: u32) {
        let is_new = self.core.old.get(ordinal) == Slot::NEVER;
        self.core.set(ordinal, if is_new { Slot::NEVER } else { Slot::GONE });
        self.volatile.set(ordinal, Slot::NEVER);
        self.set_moved(ordinal);
    }

    /// Puts an object that has a version into the recycle bin.
    pub(super) fn set_in_bin(&mut self, ordinal: u32) {
        let version = self.core.new.get(ordinal).version();
        self.core.new.set(ordinal, Slot::in_bin(version));
        self.set_moved(ordinal);
    }

    fn set_moved(&mut self, ordinal: u32) {
        self.objects.unchanged.remove(ordinal);
        self.objects.seen.insert(ordinal);
        self.objects.moved.insert(ordinal);
    }

    /// Leaves an object as it was before this backup.
    fn keep(&mut self, ordinal: u32) {
        self.core.keep(ordinal);
        self.volatile.keep(ordinal);
        for links in self.links.values_mut() {
            links.keep(ordinal);
        }
    }

    /// The version of an object in the newest commit, when it has this content: what is woven into the past may be known
    /// from later.
    fn find_later(&self, rows: &Rows<'_>, ordinal: u32, hash: &[u8; 16]) -> Result<Option<u32>> {
        let version = self.later.as_ref().map_or(0, |later| later.get(ordinal).version());
        Ok((version > 0 && rows.content_hash(version)? == *hash).then_some(version))
    }

    fn put_core(
        &mut self,
        basis: &Basis,
        rows: &[Row],
        columns: &Arc<Columns>,
        ordinals: &[u32],
    ) -> Result<()> {
        let key = self.key(VectorKind::Core);
        let known = Rows::many(&basis.state, &key);
        let mut differing = Vec::new();
        for ((number, row), &ordinal) in (0_u32..).zip(rows).zip(ordinals) {
            self.claims.has_bin |= row.deleted;
            let old = self.core.old.get(ordinal).version();
            let version = if old == 0 {
                match self.find_later(&known, ordinal, &row.core_hash)? {
                    Some(version) => version,
                    None => self.core.add_whole(columns, number, ordinal, &row.core_hash),
                }
            } else {
                if !row.deleted && known.content_hash(old)? != row.core_hash {
                    differing.push(ChangedRow {
                        row: number,
                        ordinal,
                        predecessor: old,
                        hash: row.core_hash,
                    });
                }
                old
            };
            self.core.set(ordinal, if row.deleted { Slot::in_bin(version) } else { Slot::live(version) });
        }
        keep_latest(&mut differing, ordinals);
        let patches = patches::compare_rows(&known, columns, &differing)?;
        self.core.patches.extend(differing.iter().map(|object| object.ordinal).zip(patches));
        Ok(())
    }

    fn put_volatile(
        &mut self,
        basis: &Basis,
        rows: &[Row],
        columns: &Arc<Columns>,
        ordinals: &[u32],
    ) -> Result<()> {
        let key = self.key(VectorKind::Volatile);
        let mut differing = Vec::new();
        for ((number, row), &ordinal) in (0_u32..).zip(rows).zip(ordinals) {
            let old = self.volatile.old.get(ordinal).version();
            let slot = if !row.has_volatile {
                Slot::NEVER
            } else if old == 0 {
                Slot::live(self.volatile.add_whole(columns, number, ordinal, &NO_HASH))
            } else {
                differing.push(ChangedRow { row: number, ordinal, predecessor: old, hash: NO_HASH });
                Slot::live(old)
            };
            self.volatile.set(ordinal, slot);
        }
        keep_latest(&mut differing, ordinals);
        let patches = patches::compare_rows(&Rows::many(&basis.state, &key), columns, &differing)?;
        self.volatile.patches.extend(differing.iter().map(|object| object.ordinal).zip(patches));
        Ok(())
    }
}

/// Of an object with several rows only the last one counts.
fn keep_latest(differing: &mut Vec<ChangedRow>, ordinals: &[u32]) {
    let distinct: roaring::RoaringBitmap = ordinals.iter().copied().collect();
    if distinct.len() < ordinals.len() as u64 {
        let rows = (0_u32..).zip(ordinals);
        let latest: HashMap<u32, u32> = rows.map(|(row, &ordinal)| (ordinal, row)).collect();
        differing.retain(|object| latest.get(&object.ordinal) == Some(&object.row));
    }
}
