//! Compares the counts of a footer with the chunks it names: every list is as long as those beside it, every part of a
//! table begins where the one before it ends, and no chunk is named twice.
//!
//! *Invariant*: a reader may take any of several counts that say the same; here all of them are compared.

use std::collections::BTreeSet;

use crate::Result;
use crate::segment::footer::{
    CheckpointEntry, Footer, GroupEntry, IdEntry, LinkEntry, PatchEntry, RosterEntry, SPACE_CORE,
    SPACE_VOLATILE, SlotEntry, TableEntry,
};
use crate::segment::layout::GROUP_ROW_COUNT_MAX;
use crate::segment::reader::Segment;

/// Bytes of a key, and of a content hash.
const KEY_SIZE: u64 = 16;
/// Bytes of a word of the index of IDs.
const WORD_SIZE: u64 = 4;

/// Compares all counts of a segment whose first new ordinal is `ordinal_count`.
pub(super) fn check(segment: &Segment, ordinal_count: u32) -> Result<()> {
    let footer = &segment.footer;
    check_order(segment)?;
    check_names(segment)?;
    footer.tables.iter().try_for_each(|table| check_table(segment, table))?;
    footer.links.iter().try_for_each(|links| check_links(segment, links))?;
    if let Some(ids) = &footer.ids {
        check_ids(segment, ids, ordinal_count)?;
    }
    footer.rosters.iter().try_for_each(|change_index| check_change_index(segment, change_index))?;
    if let Some(targets) = &footer.targets {
        check_ids(segment, &targets.ids, 0)?;
        expect(segment, "IDs of targets", targets.ids.count, &[targets.ordinals])?;
    }
    footer.checkpoint.as_ref().map_or(Ok(()), |entry| check_checkpoint(segment, entry))
}

/// Everything is found by its name, so each name is unique.
fn check_order(segment: &Segment) -> Result<()> {
    let Footer { tables, links, rosters: change_indexes, paths, .. } = &segment.footer;
    let is_ascending = tables.is_sorted_by(|a, b| (&a.type_token, a.space) < (&b.type_token, b.space))
        && links.is_sorted_by(|a, b| (&a.type_token, &a.relation) < (&b.type_token, &b.relation))
        && change_indexes.is_sorted_by(|a, b| a.type_token < b.type_token);
    if !is_ascending || paths.iter().collect::<BTreeSet<_>>().len() < paths.len() {
        return Err(segment.footer_error("a table, a relation, a list or a path is named twice"));
    }
    if tables.iter().any(|table| ![SPACE_CORE, SPACE_VOLATILE].contains(&table.space)) {
        return Err(segment.footer_error("a table is of no known space"));
    }
    Ok(())
}

/// No chunk serves two purposes, except that a checkpoint may have a vector in common with the first backup.
fn check_names(segment: &Segment) -> Result<()> {
    let footer = &segment.footer;
    let mut named = Vec::new();
    for table in &footer.tables {
        named.extend([table.ordinals, table.predecessors, table.hashes]);
        named.extend(table.groups.iter().flat_map(|group| &group.columns).map(|(_, chunk)| *chunk));
        let patches = table.patches.iter();
        named.extend(patches.flat_map(|patch| [patch.ends, patch.paths, patch.old_texts, patch.new_texts]));
        named.extend(table.slots.iter().flat_map(slot_chunks));
    }
    for links in &footer.links {
        named.extend([links.predecessors, links.ends, links.data]);
        named.extend(links.slots.iter().flat_map(slot_chunks));
    }
    for change_index in footer.rosters.iter().filter(|change_index| change_index.count > 0) {
        named.extend([change_index.ordinals, change_index.slots, change_index.flags, change_index.names]);
        named.extend(id_chunks(&change_index.ids));
    }
    named.extend(footer.ids.iter().flat_map(id_chunks));
    named.extend(footer.targets.iter().map(|targets| targets.ordinals));
    named.extend(footer.targets.iter().flat_map(|targets| id_chunks(&targets.ids)));
    named.extend(footer.gone.iter().flat_map(|gone| [gone.added, gone.removed]));
    named.sort_unstable();
    match named.array_windows().find(|[a, b]| a == b) {
        Some([chunk, _]) => Err(segment.footer_error(format!("the footer names chunk {chunk} twice"))),
        None => Ok(()),
    }
}

fn slot_chunks(entry: &SlotEntry) -> [u32; 3] {
    [entry.ordinals, entry.old_values, entry.new_values]
}

fn id_chunks(entry: &IdEntry) -> impl Iterator<Item = u32> + use<> {
    [Some(entry.keys), entry.text_rows, entry.texts].into_iter().flatten()
}

fn check_table(segment: &Segment, table: &TableEntry) -> Result<()> {
    let count = table.version_count();
    let what = format!("versions of {}", table.type_token);
    expect(segment, &what, count, &[table.predecessors])?;
    let named = if table.space == SPACE_VOLATILE { 0 } else { count };
    expect(segment, &what, named, &[table.ordinals, table.hashes])?;
    expect_bytes(segment, &what, u64::from(named) * KEY_SIZE, table.hashes)?;
    let mut next = 0;
    for group in &table.groups {
        follow(segment, &what, &mut next, (group.first_row, group.row_count))?;
        check_group(segment, group)?;
    }
    follow(segment, &what, &mut next, (table.whole_count, 0))?;
    let mut next = 0;
    for patch in &table.patches {
        follow(segment, &what, &mut next, (patch.first_patch, patch.patch_count))?;
        check_patches(segment, patch)?;
    }
    follow(segment, &what, &mut next, (table.patch_count, 0))?;
    table.slots.as_ref().map_or(Ok(()), |slots| check_slots(segment, slots))
}

fn check_group(segment: &Segment, group: &GroupEntry) -> Result<()> {
    let path_count = segment.footer.paths.len();
    let is_known = group.columns.iter().all(|(path, _)| (*path as usize) < path_count);
    let is_ascending = group.columns.is_sorted_by(|a, b| a.0 < b.0);
    if !is_known || !is_ascending || group.row_count as usize > GROUP_ROW_COUNT_MAX {
        return Err(segment.footer_error("the columns of a row group are not those of its paths"));
    }
    for (_, chunk) in &group.columns {
        expect(segment, "rows of a group", group.row_count, &[*chunk])?;
    }
    let is_column = |wanted: u32| group.columns.iter().any(|(_, chunk)| *chunk == wanted);
    let is_sound = group.references.iter().all(|entry| is_column(entry.chunk) && is_column(entry.base));
    if !is_sound || !group.references.is_sorted_by(|a, b| a.chunk < b.chunk) {
        return Err(segment.footer_error("a column repeats one that its row group does not have"));
    }
    Ok(())
}

fn check_patches(segment: &Segment, patch: &PatchEntry) -> Result<()> {
    expect(segment, "patches of a chunk", patch.patch_count, &[patch.ends])?;
    let count = segment.entry(patch.paths)?.count;
    expect(segment, "attributes of patches", count, &[patch.old_texts, patch.new_texts])?;
    check_ends(segment, patch.ends, u64::from(count))?;
    let path_count = segment.footer.paths.len();
    if segment.packed(patch.paths)?.iter().any(|path| path as usize >= path_count) {
        return Err(segment.footer_error("a patch names a path that the footer does not have"));
    }
    Ok(())
}

fn check_links(segment: &Segment, links: &LinkEntry) -> Result<()> {
    let what = format!("link sets of {}", links.relation);
    expect(segment, &what, links.set_count, &[links.predecessors, links.ends, links.data])?;
    check_ends(segment, links.ends, segment.entry(links.data)?.length)?;
    links.slots.as_ref().map_or(Ok(()), |slots| check_slots(segment, slots))
}

fn check_slots(segment: &Segment, slots: &SlotEntry) -> Result<()> {
    expect(segment, "changed slots", slots.count, &slot_chunks(slots))
}

fn check_ids(segment: &Segment, ids: &IdEntry, first_ordinal: u32) -> Result<()> {
    if ids.first_ordinal != first_ordinal {
        let what = format!("expected IDs from ordinal {first_ordinal} on, found {}", ids.first_ordinal);
        return Err(segment.footer_error(what));
    }
    expect(segment, "IDs", ids.count, &[ids.keys])?;
    expect_bytes(segment, "IDs", u64::from(ids.count) * KEY_SIZE, ids.keys)?;
    let (rows, texts) = match (ids.text_rows, ids.texts) {
        (None, None) => return Ok(()),
        (Some(rows), Some(texts)) => (rows, texts),
        _ => return Err(segment.footer_error("textual IDs have either no texts or no indexes")),
    };
    expect(segment, "textual IDs", segment.entry(rows)?.count, &[texts])?;
    let rows = segment.packed(rows)?.to_vec();
    if !rows.is_sorted_by(|a, b| a < b) || rows.last().is_none_or(|last| *last >= ids.count) {
        return Err(segment.footer_error("the indexes of textual IDs are not indexes of IDs"));
    }
    Ok(())
}

fn check_change_index(segment: &Segment, change_index: &RosterEntry) -> Result<()> {
    let what = format!("changed {}", change_index.type_token);
    if change_index.count == 0 {
        if *change_index != empty_change_index(change_index) {
            return Err(segment.footer_error(format!("expected {what}, found a list of none")));
        }
        return Ok(());
    }
    if !change_index.is_complete {
        return Err(segment.footer_error(format!("expected all {what}, found a list of some")));
    }
    let chunks = [
        change_index.ordinals,
        change_index.slots,
        change_index.flags,
        change_index.names,
        change_index.ids.keys,
    ];
    expect(segment, &what, change_index.count, &chunks)?;
    check_ids(segment, &change_index.ids, 0)
}

/// An empty list, which names no chunk.
fn empty_change_index(change_index: &RosterEntry) -> RosterEntry {
    let RosterEntry { type_token, is_complete, .. } = change_index;
    RosterEntry { type_token: type_token.clone(), is_complete: *is_complete, ..RosterEntry::default() }
}

fn check_checkpoint(segment: &Segment, entry: &CheckpointEntry) -> Result<()> {
    let starts = entry.bucket_count.saturating_add(1);
    let index = [(starts, entry.bucket_starts), (entry.ordinal_count, entry.bucket_ordinals)];
    for (count, chunk) in index {
        expect(segment, "words of the index of IDs", count, &[chunk])?;
        expect_bytes(segment, "words of the index of IDs", u64::from(count) * WORD_SIZE, chunk)?;
    }
    for table in entry.tables.iter().chain(&entry.links) {
        let what = format!("slots of {}/{}", table.type_token, table.name);
        expect(segment, &what, table.count, &[table.ordinals, table.values])?;
    }
    Ok(())
}

/// All chunks have so many entries.
fn expect(segment: &Segment, what: &str, count: u32, chunks: &[u32]) -> Result<()> {
    for &chunk in chunks {
        let found = segment.entry(chunk)?.count;
        if found != count {
            let what = format!("expected {count} {what} in chunk {chunk}, found {found}");
            return Err(segment.footer_error(what));
        }
    }
    Ok(())
}

fn expect_bytes(segment: &Segment, what: &str, length: u64, chunk: u32) -> Result<()> {
    let found = segment.entry(chunk)?.length;
    if found != length {
        let what = format!("expected {length} bytes of {what} in chunk {chunk}, found {found}");
        return Err(segment.footer_error(what));
    }
    Ok(())
}

/// A part begins where the one before it ended, and moves `next` to its own end.
fn follow(segment: &Segment, what: &str, next: &mut u32, (first, count): (u32, u32)) -> Result<()> {
    let Some(end) = first.checked_add(count).filter(|_| first == *next) else {
        let what = format!("expected {what} from {next} on, found {count} from {first} on");
        return Err(segment.footer_error(what));
    };
    *next = end;
    Ok(())
}

/// Ends ascend, and the last one is the end of what they part.
fn check_ends(segment: &Segment, chunk: u32, length: u64) -> Result<()> {
    let ends = segment.packed(chunk)?.to_vec();
    if !ends.is_sorted() || ends.last().map_or(0, |end| u64::from(*end)) != length {
        return Err(segment.footer_error(format!("the ends in chunk {chunk} do not lead to {length}")));
    }
    Ok(())
}
