//! A backup of which everything is decided: every version, every link set, the objects that are gone, the coverage.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::basis::Basis;
use super::by_name::ByName;
use super::collect::Description;
use super::intern::Interner;
use super::links::ResolvedLinks;
use super::table::ResolvedTable;
use crate::Result;
use crate::import_cache::RawForm;
use crate::manifest::{Counts, CoverageRecord};
use crate::segment::writer::SegmentWriter;
use crate::state::{TableKey, VectorKind};

/// A backup of which everything is decided, and only row groups are written.
pub(super) struct Resolved {
    pub(super) description: Description,
    pub(super) segment: SegmentWriter,
    pub(super) interner: Interner,
    pub(super) types: ByName<ResolvedType>,
    /// Hashes of the observed raw texts, by type.
    pub(super) forms: Vec<(Arc<str>, Vec<RawForm>)>,
    pub(super) counts: Counts,
    pub(super) coverage: BTreeMap<String, CoverageRecord>,
    /// Ordinals that were objects once and are live under no type after this backup.
    pub(super) gone: roaring::RoaringBitmap,
}

/// One type of which every version and link set is decided.
#[derive(Debug)]
pub(super) struct ResolvedType {
    pub(super) core: ResolvedTable,
    pub(super) volatile: ResolvedTable,
    pub(super) links: ByName<ResolvedLinks>,
    /// Objects whose raw text the import cache knew.
    pub(super) unchanged: roaring::RoaringBitmap,
    /// Objects whose slot was set without their text: gone, or in the bin.
    pub(super) moved: roaring::RoaringBitmap,
    /// Some properties were not selected; their earlier values are carried forward.
    pub(super) carries_properties: bool,
}

impl ResolvedType {
    /// A type to which this backup adds nothing.
    pub(super) fn untouched(basis: &Basis, token: &Arc<str>) -> Result<Self> {
        let [core, volatile] = [VectorKind::Core, VectorKind::Volatile]
            .map(|kind| TableKey { type_token: Arc::clone(token), kind });
        Ok(Self {
            core: ResolvedTable::untouched(basis, &core)?,
            volatile: ResolvedTable::untouched(basis, &volatile)?,
            links: ByName::default(),
            unchanged: roaring::RoaringBitmap::new(),
            moved: roaring::RoaringBitmap::new(),
            carries_properties: false,
        })
    }
}
