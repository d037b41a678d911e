//! Derives again which objects changed in a backup, and compares with the lists that differences read.

use std::collections::BTreeMap;
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::Replay;
use crate::Result;
use crate::change_index::{IS_SYNCED, IS_UNNAMED};
use crate::id_index::IdList;
use crate::rows::{RowCursor, Rows};
use crate::schema::SYNCED_MARKER;
use crate::segment::footer::{IdEntry, RosterEntry};
use crate::segment::reader::Segment;
use crate::state::{TableKey, VectorKind};
use crate::vector::Slot;

/// The objects of each type of which a backup changed the core slot or links.
pub(super) type Touched<'s> = BTreeMap<&'s str, RoaringBitmap>;

impl Replay<'_> {
    /// Of each type that changed there is a list, and it has all objects that were known among the first
    /// `ordinal_count`, or none of very many.
    pub(super) fn check_change_indexes(
        &self,
        segment: &Arc<Segment>,
        touched: &Touched<'_>,
        ordinal_count: u32,
    ) -> Result<()> {
        let change_indexes = &segment.footer.rosters;
        if !change_indexes
            .iter()
            .map(|change_index| change_index.type_token.as_str())
            .eq(touched.keys().copied())
        {
            return Err(
                segment.footer_error("the lists of changed objects are not of the types that changed")
            );
        }
        for (change_index, touched) in change_indexes.iter().zip(touched.values()) {
            let known = touched.range_cardinality(..ordinal_count);
            if change_index.is_complete && known != u64::from(change_index.count) {
                let (token, found) = (&change_index.type_token, change_index.count);
                let what = format!("expected {known} lines in the list of changed {token}, found {found}");
                return Err(segment.footer_error(what));
            }
            if change_index.count > 0 {
                let listed = segment.ordinals(change_index.ordinals)?;
                if !listed.iter().copied().eq(touched.iter().take_while(|ordinal| *ordinal < ordinal_count)) {
                    let what = format!("the list of changed {} has others", change_index.type_token);
                    return Err(segment.footer_error(what));
                }
                self.check_change_index(segment, change_index)?;
            }
        }
        Ok(())
    }

    /// Every line says of its object what the version says that it had after this backup.
    fn check_change_index(&self, segment: &Arc<Segment>, change_index: &RosterEntry) -> Result<()> {
        let key = TableKey { type_token: change_index.type_token.as_str().into(), kind: VectorKind::Core };
        let wrong = |row: usize| {
            let what =
                format!("line {row} of the list of changed {} is not what its version says", key.type_token);
            segment.footer_error(what)
        };
        let ordinals = segment.ordinals(change_index.ordinals)?;
        self.check_ids(segment, &ordinals, &change_index.ids)?;
        let (slots, flags) = (segment.integers(change_index.slots)?, segment.packed(change_index.flags)?);
        let names = segment.column(change_index.names)?;
        let vector = self.vectors.get(&key);
        let rows = Rows::many(self.state, &key);
        let paths = [self.state.paths.id("displayName"), self.state.paths.id(SYNCED_MARKER)];
        let mut cursor = RowCursor::new(&rows);
        for (row, (&ordinal, &slot)) in ordinals.iter().zip(&slots).enumerate() {
            let slot = Slot::from_stored(slot);
            if vector.map_or(Slot::NEVER, |vector| vector.get(ordinal)) != slot {
                return Err(wrong(row));
            }
            let flags = flags.get(row);
            if slot.version() == 0 || flags & IS_UNNAMED != 0 {
                continue;
            }
            let (mut name, mut synced, mut listed) = (Vec::new(), Vec::new(), Vec::new());
            cursor.read_cell(slot.version(), paths[0], &mut name)?;
            cursor.read_cell(slot.version(), paths[1], &mut synced)?;
            names.append(u32::try_from(row).unwrap_or(u32::MAX), &mut listed);
            if name != listed || (synced == b"true") != (flags & IS_SYNCED != 0) {
                return Err(wrong(row));
            }
        }
        Ok(())
    }

    /// A second list of IDs says of each ordinal what the first one does.
    pub(super) fn check_ids(&self, segment: &Arc<Segment>, ordinals: &[u32], entry: &IdEntry) -> Result<()> {
        let ids = IdList::open(segment, entry)?;
        for (row, &ordinal) in (0..).zip(ordinals) {
            if ids.get(row)? != self.state.id(ordinal)? {
                return Err(
                    segment.footer_error(format!("ordinal {ordinal} has another ID in a second list"))
                );
            }
        }
        Ok(())
    }
}
