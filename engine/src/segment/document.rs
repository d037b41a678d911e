//! What `FORMAT.md` says of segments, as the code has it.

use std::any::type_name;
use std::mem::offset_of;

use super::column::{self, ROW_COUNT_MAX};
use super::footer::{
    ArchivedCheckpointEntry, ArchivedCheckpointTable, ArchivedChunkEntry, ArchivedFooter, ArchivedGoneEntry,
    ArchivedGroupEntry, ArchivedIdEntry, ArchivedLinkEntry, ArchivedPatchEntry, ArchivedReferenceEntry,
    ArchivedRosterEntry, ArchivedSlotEntry, ArchivedTableEntry, ArchivedTargetEntry, SPACE_CORE,
    SPACE_VOLATILE,
};
use super::layout::{self, FieldLayout};
use super::reference::BasePart;
use super::{integers, links, sums};
use crate::document::{Table, number};

/// A structure of the footer: name, size, alignment, and of each field name, offset and type.
type Structure = (&'static str, usize, usize, Vec<[String; 3]>);

/// The type of a field.
fn type_of<S, F>(_field: fn(&S) -> &F) -> String {
    // `rkyv::vec::ArchivedVec<rend::u32_le>` is `Vec<u32>` in the document.
    let mut name = String::new();
    for part in type_name::<F>().split_inclusive(['<', '>', ',', ' ']) {
        name.push_str(part.rsplit("::").next().unwrap_or(part));
    }
    name.replace("Archived", "").replace("_le", "")
}

macro_rules! structure {
    ($name:ident, $archived:ident: $($field:ident)*) => {
        (
            stringify!($name),
            size_of::<$archived>(),
            align_of::<$archived>(),
            vec![$([
                stringify!($field).to_owned(),
                offset_of!($archived, $field).to_string(),
                type_of(|entry: &$archived| &entry.$field),
            ]),*],
        )
    };
}

#[rustfmt::skip]
fn structures() -> Vec<Structure> {
    vec![
        structure!(Footer, ArchivedFooter: chunks paths tables links ids rosters targets gone checkpoint),
        structure!(ChunkEntry, ArchivedChunkEntry:
            offset length checksum count nulls absents unknowns distinct min max),
        structure!(TableEntry, ArchivedTableEntry: type_token space first_version whole_count patch_count
            ordinals predecessors hashes groups patches slots),
        structure!(GroupEntry, ArchivedGroupEntry: first_row row_count columns references),
        structure!(ReferenceEntry, ArchivedReferenceEntry: chunk base part prefix suffix),
        structure!(PatchEntry, ArchivedPatchEntry: first_patch patch_count ends paths old_texts new_texts),
        structure!(SlotEntry, ArchivedSlotEntry: count ordinals old_values new_values),
        structure!(LinkEntry, ArchivedLinkEntry:
            type_token relation first_set set_count predecessors ends data slots),
        structure!(IdEntry, ArchivedIdEntry: first_ordinal count keys text_rows texts),
        structure!(RosterEntry, ArchivedRosterEntry:
            type_token is_complete count ordinals slots flags ids names),
        structure!(TargetEntry, ArchivedTargetEntry: ordinals ids),
        structure!(GoneEntry, ArchivedGoneEntry: added removed),
        structure!(CheckpointEntry, ArchivedCheckpointEntry: previous ordinal_count bucket_count bucket_starts
            bucket_ordinals backups id_ranges gone tables links),
        structure!(CheckpointTable, ArchivedCheckpointTable:
            type_token name ranges next count ordinals values),
    ]
}

pub(crate) fn tables() -> Vec<Table> {
    let mut tables = column::document::tables();
    let structures = structures();
    let sizes =
        structures.iter().map(|(name, size, align, _)| [(*name).into(), size.to_string(), align.to_string()]);
    tables.push(Table::new("footer structures", sizes));
    for (name, _, _, fields) in structures {
        tables.push(Table::new(&format!("footer {name}"), fields));
    }
    tables.push(constants());
    tables.push(fields("segment header", &layout::HEADER_FIELDS));
    tables.push(fields("segment trailer", &layout::TRAILER_FIELDS));
    let kinds = [(integers::KIND_BLOCKS, "blocks"), (integers::KIND_PROGRESSION, "progression")];
    tables.push(Table::of_codes("integer kinds", &kinds));
    let tags = [(links::TAG_GAPS, "gaps"), (links::TAG_ROARING, "roaring"), (links::TAG_PATCH, "patch")];
    tables.push(Table::of_codes("link set tags", &tags));
    let parts = [(BasePart::Whole.code(), "whole"), (BasePart::Local.code(), "local")];
    tables.push(Table::of_codes("reference parts", &parts));
    tables
}

fn fields(mark: &str, fields: &[FieldLayout]) -> Table {
    let rows = fields.iter().map(|(name, at, size)| [(*name).into(), at.to_string(), size.to_string()]);
    Table::new(mark, rows)
}

fn constants() -> Table {
    let text = |magic: &[u8]| String::from_utf8_lossy(magic).into_owned();
    let rows = [
        ("newest format version", layout::FORMAT_VERSION.to_string()),
        ("first version with checksums of blocks", layout::BLOCK_SUMS_SINCE.to_string()),
        ("magic of the header", text(&layout::HEADER_MAGIC)),
        ("magic of the trailer", text(&layout::TRAILER_MAGIC)),
        ("bytes of the header", layout::HEADER_SIZE.to_string()),
        ("bytes of the trailer", layout::TRAILER_SIZE.to_string()),
        ("alignment of chunks", layout::CHUNK_ALIGNMENT.to_string()),
        ("alignment of the footer", layout::FOOTER_ALIGNMENT.to_string()),
        ("bytes of a block with its own checksum", number(sums::BLOCK_SIZE).to_string()),
        ("rows of a row group, at most", layout::GROUP_ROW_COUNT_MAX.to_string()),
        ("rows of a column, at most", ROW_COUNT_MAX.to_string()),
        ("values of a block of integers", integers::BLOCK.to_string()),
        ("flag of a block of differences", integers::DIFFERENCES.to_string()),
        ("space core", SPACE_CORE.to_string()),
        ("space volatile", SPACE_VOLATILE.to_string()),
    ];
    Table::new("segment constants", rows.map(|(name, value)| [name.to_owned(), value]))
}
