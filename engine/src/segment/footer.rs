//! What a segment's footer says: which chunks there are, and what each table, relation and index of
//! this segment is made of.
//!
//! Only primitives, `Vec`, `String` and `Option` are used here: rkyv has no schema evolution, so these
//! structures belong to format version 1 for ever; a later format gets its own.

use rkyv::{Archive, Deserialize, Serialize};

/// The core space of a type: attributes that are compared.
pub(crate) const SPACE_CORE: u8 = 0;
/// The volatile space of a type: attributes that the server moves by itself.
pub(crate) const SPACE_VOLATILE: u8 = 1;

/// The whole footer.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Default, PartialEq)]
pub(crate) struct Footer {
    /// All chunks, in file order; everything below names them by index.
    pub(crate) chunks: Vec<ChunkEntry>,
    /// Attribute paths that columns and patches of this segment name by index.
    pub(crate) paths: Vec<String>,
    /// Tables that gained versions or whose slots changed, ascending by type and space.
    pub(crate) tables: Vec<TableEntry>,
    /// Relations that gained link sets or whose slots changed, ascending by type and name.
    pub(crate) links: Vec<LinkEntry>,
    /// IDs seen for the first time.
    pub(crate) ids: Option<IdEntry>,
    /// One per type of which this backup changed core slots or links.
    pub(crate) rosters: Vec<RosterEntry>,
    /// Known objects that are targets of added or removed links.
    pub(crate) targets: Option<TargetEntry>,
    /// The objects that are gone and those that are back; absent when there are none.
    pub(crate) gone: Option<GoneEntry>,
    /// Full vectors and the cumulative directory, now and then.
    pub(crate) checkpoint: Option<CheckpointEntry>,
}

/// Where a chunk is.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct ChunkEntry {
    pub(crate) offset: u64,
    pub(crate) length: u64,
    pub(crate) checksum: u32,
    /// Rows, values or entries, as the decoder counts them.
    pub(crate) count: u32,
    /// Cells that are null, absent and unknown (columns of attributes).
    pub(crate) nulls: u32,
    pub(crate) absents: u32,
    pub(crate) unknowns: u32,
    /// Distinct texts, when a dictionary knows them; else 0.
    pub(crate) distinct: u32,
    /// Smallest and largest value of an integer or date-time column; `min > max` when not known.
    pub(crate) min: i64,
    pub(crate) max: i64,
}

/// One (type, space).
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Default, PartialEq)]
pub(crate) struct TableEntry {
    pub(crate) type_token: String,
    pub(crate) space: u8,
    /// First version of this segment; whole rows are first, then patches.
    pub(crate) first_version: u32,
    pub(crate) whole_count: u32,
    pub(crate) patch_count: u32,
    /// Ordinals per version, as integers; none for the volatile space.
    pub(crate) ordinals: u32,
    /// Predecessor per version (0: none), as integers.
    pub(crate) predecessors: u32,
    /// 16 bytes of content hash per version; none for the volatile space, whose contents hardly ever return.
    pub(crate) hashes: u32,
    pub(crate) groups: Vec<GroupEntry>,
    pub(crate) patches: Vec<PatchEntry>,
    pub(crate) slots: Option<SlotEntry>,
}

/// Up to 65,536 whole rows.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Default, PartialEq)]
pub(crate) struct GroupEntry {
    /// First row, counted from the segment's first version of this table.
    pub(crate) first_row: u32,
    pub(crate) row_count: u32,
    /// Index into `Footer::paths` and chunk of each column, ascending by index.
    pub(crate) columns: Vec<(u32, u32)>,
    /// Columns that repeat another one, ascending by chunk.
    pub(crate) references: Vec<ReferenceEntry>,
}

/// How the unknown cells of a column are made from another column's (`segment/reference.rs`).
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Default, PartialEq)]
pub(crate) struct ReferenceEntry {
    /// The column's chunk, and its base's.
    pub(crate) chunk: u32,
    pub(crate) base: u32,
    /// 0: the base's whole text; 1: the part before its first `@`.
    pub(crate) part: u8,
    pub(crate) prefix: Vec<u8>,
    pub(crate) suffix: Vec<u8>,
}

/// Up to 65,536 changed attributes of patched versions, in version order.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Default, PartialEq)]
pub(crate) struct PatchEntry {
    /// First patched version, counted from the segment's first patch of this table.
    pub(crate) first_patch: u32,
    pub(crate) patch_count: u32,
    /// Where each patch's attributes end (packed integers, `patch_count` of them).
    pub(crate) ends: u32,
    /// Path of each attribute (packed integers).
    pub(crate) paths: u32,
    /// Old and new texts of each attribute (columns).
    pub(crate) old_texts: u32,
    pub(crate) new_texts: u32,
}

/// The slots of a vector that changed: ordinals ascending, old and new values with the bin bit rotated
/// to the low end so that they pack well.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct SlotEntry {
    pub(crate) count: u32,
    pub(crate) ordinals: u32,
    pub(crate) old_values: u32,
    pub(crate) new_values: u32,
}

/// One relation of one type.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Default, PartialEq)]
pub(crate) struct LinkEntry {
    pub(crate) type_token: String,
    pub(crate) relation: String,
    /// First link-set number of this segment. Number 1 is the empty set and stored nowhere.
    pub(crate) first_set: u32,
    pub(crate) set_count: u32,
    /// Predecessor per set (packed integers).
    pub(crate) predecessors: u32,
    /// Where each set's bytes end (packed integers), and the bytes.
    pub(crate) ends: u32,
    pub(crate) data: u32,
    pub(crate) slots: Option<SlotEntry>,
}

/// IDs of ordinals.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct IdEntry {
    pub(crate) first_ordinal: u32,
    pub(crate) count: u32,
    /// 16 bytes per ordinal: the GUID, or the key of a textual ID.
    pub(crate) keys: u32,
    /// Ordinals (relative) of textual IDs, and their texts as a column; absent when all are GUIDs.
    pub(crate) text_rows: Option<u32>,
    pub(crate) texts: Option<u32>,
}

/// The change index of a type: its objects that were known before this backup and whose core slot or links it changed.
/// It has what a difference shows of each, so that this need not be found among all objects of the store.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Default, PartialEq)]
pub(crate) struct RosterEntry {
    pub(crate) type_token: String,
    /// Whether all such objects are listed; when very many changed, none is.
    pub(crate) is_complete: bool,
    /// Objects listed; of none there are no chunks either.
    pub(crate) count: u32,
    /// Ordinals, ascending, and core slots after this backup (rotated), as integers.
    pub(crate) ordinals: u32,
    pub(crate) slots: u32,
    /// 1 where the name is not known here, 2 where the object is synced from on-premises, 4 where a link was added
    /// or removed that the difference to the backup before shows (packed integers).
    pub(crate) flags: u32,
    pub(crate) ids: IdEntry,
    /// Display names (a column of attributes).
    pub(crate) names: u32,
}

/// IDs of known objects: ordinals ascending, as integers, and the IDs.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct TargetEntry {
    pub(crate) ordinals: u32,
    pub(crate) ids: IdEntry,
}

/// Changes of the set of ordinals that were objects once and are live under no type, as integers.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct GoneEntry {
    pub(crate) added: u32,
    pub(crate) removed: u32,
}

/// Everything a reader needs so as not to look at older segments.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Default, PartialEq)]
pub(crate) struct CheckpointEntry {
    /// Sequence of the checkpoint before this one; 0 if none.
    pub(crate) previous: u64,
    pub(crate) ordinal_count: u32,
    /// Hash buckets of all IDs: starts (u32 each, `bucket_count + 1`), then ordinals by bucket (u32 each).
    pub(crate) bucket_count: u32,
    pub(crate) bucket_starts: u32,
    pub(crate) bucket_ordinals: u32,
    /// Backups up to here: JSON lines.
    pub(crate) backups: u32,
    /// The segments that added ordinals.
    pub(crate) id_ranges: Vec<(u32, u64)>,
    /// Ordinals that were objects once and are live under no type, ascending, as integers.
    pub(crate) gone: u32,
    pub(crate) tables: Vec<CheckpointTable>,
    pub(crate) links: Vec<CheckpointTable>,
}

/// One vector in full, and the segments of its numbers.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Default, PartialEq)]
pub(crate) struct CheckpointTable {
    pub(crate) type_token: String,
    /// Space of a table, as `core` or `volatile`; name of a relation.
    pub(crate) name: String,
    /// First number and sequence of each segment that has some, ascending.
    pub(crate) ranges: Vec<(u32, u64)>,
    /// Next free number.
    pub(crate) next: u32,
    pub(crate) count: u32,
    /// Ordinals that are not 0, and their values (rotated), as integers.
    pub(crate) ordinals: u32,
    pub(crate) values: u32,
}
