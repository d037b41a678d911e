//! What only the end of the data can decide: who is gone, which links are dormant, what is a change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::patches::{self, Judge, Projection, top_of};
use super::recall::Recalled;
use super::table::{Patch, TableWork};
use super::{Backup, Claim, TypeWork, count, reading};
use super::{BinExtent, TypeReading};
use crate::content::{content_hash, first_content_hash};
use crate::coverage::known::IMPORT;
use crate::id::Id;
use crate::link_sets::EMPTY_SET;
use crate::manifest::{Counts, Manifest, ObjectsRead, TypeCoverage};
use crate::rows::{Cells, PATCH_DEPTH_MAX, Rows};
use crate::segment::column;
use crate::segment::footer::{GroupEntry, PatchEntry};
use crate::segment::layout::GROUP_ROW_COUNT_MAX;
use crate::segment::writer::{SegmentWriter, index_u32};
use crate::snapshot::Snapshot;
use crate::state::{Part, State, TableKey};
use crate::vector::{Slot, Vector};
use crate::{BackupDetails, Error, Result, Warning, schema};

/// Attributes that a patch may have; an object that changed in more is kept whole.
const PATCH_CELL_COUNT_MAX: usize = 64;

/// What is known of the whole backup when everything is resolved.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    pub(super) counts: Counts,
    pub(super) coverage: BTreeMap<String, TypeCoverage>,
    /// Ordinals that were objects once and are live under no type after this backup.
    pub(super) gone: roaring::RoaringBitmap,
}

/// Resolves objects, links and patches, in this order: each needs the one before.
pub(super) fn resolve(backup: &mut Backup<'_>) -> Result<Resolved> {
    let complete = read_complete(backup)?;
    resolve_absent(backup);
    add_listed_relations(backup)?;
    let gone = find_gone(backup)?;
    resolve_links(backup, &complete, &gone)?;
    let mut resolved = Resolved::default();
    reading::warn_of_gaps(backup);
    let mut updated = BTreeMap::new();
    let tokens: Vec<Arc<str>> = backup.types.keys().cloned().collect();
    for token in tokens {
        let (coverage, significant) = resolve_type(backup, &token)?;
        updated.insert(Arc::clone(&token), significant);
        resolved.coverage.insert(token.to_string(), coverage);
    }
    for gap in std::mem::take(&mut backup.gaps) {
        resolved.coverage.entry(gap.type_token.clone()).or_default().gaps.push(gap);
    }
    count::count(backup, &gone, updated, &mut resolved.counts)?;
    resolved.gone = gone;
    Ok(resolved)
}

/// The relations that `complete` names; types that it names are made known.
fn read_complete(backup: &mut Backup<'_>) -> Result<BTreeSet<(Arc<str>, Arc<str>)>> {
    let mut relations = BTreeSet::new();
    let mut names = backup.details.complete.clone();
    // Types first: a relation alone leaves the objects of its type as they are.
    names.sort_by_key(|name| name.contains('.'));
    for name in names {
        let (type_name, relation) = name.split_once('.').map_or((&*name, None), |(t, r)| (t, Some(r)));
        let token: Arc<str> = schema::token_from_name(type_name).into();
        let work = backup.type_work(&token)?;
        if relation.is_none() {
            work.claim = Claim::Complete;
        }
        if let Some(relation) = relation {
            let state = Arc::clone(&backup.state);
            let work = backup.types.get_mut(&token).expect("made above");
            if work.seen.is_empty() && work.claim == Claim::AsCame {
                work.seen =
                    work.core.old.iter().filter(|(_, slot)| !slot.is_absent()).map(|(o, _)| o).collect();
                work.unchanged = work.seen.clone();
                work.claim = Claim::RelationsOnly;
            }
            work.relation(&state, backup.previous.as_ref(), &token, relation)?;
            relations.insert((token, relation.into()));
        }
    }
    Ok(relations)
}

/// Objects that the data does not have are gone; those in a recycle bin that was not read stay there.
fn resolve_absent(backup: &mut Backup<'_>) {
    for work in backup.types.values_mut() {
        reading::resolve_absent(work);
    }
    if backup.details.partial {
        return;
    }
    let covered = |work: &&mut TypeWork| {
        work.reading.is_none() && (!work.seen.is_empty() || work.claim == Claim::Complete)
    };
    for work in backup.types.values_mut().filter(covered) {
        let absent: Vec<_> =
            work.core.old.iter().filter(|(ordinal, _)| !work.seen.contains(*ordinal)).collect();
        for (ordinal, slot) in absent {
            if slot.is_live() || (slot.is_in_bin() && work.bin_seen) {
                work.core.new.set(ordinal, Slot::GONE);
                work.volatile.new.set(ordinal, Slot::NEVER);
            }
        }
    }
}

/// Adds the relations of objects that the import cache knew: they were read, although nobody parsed them.
fn add_listed_relations(backup: &mut Backup<'_>) -> Result<()> {
    let state = Arc::clone(&backup.state);
    for key in state.tables.keys() {
        let (Part::Links(relation), Some(previous)) = (&key.part, &backup.previous) else { continue };
        let Some(work) = backup
            .types
            .get_mut(&key.type_token)
            .filter(|work| work.reading.is_none() && work.claim != Claim::RelationsOnly)
        else {
            continue;
        };
        if !work.unchanged.is_empty() {
            let vector = previous.vector(key)?;
            if work.unchanged.iter().any(|ordinal| vector.get(ordinal).version() > EMPTY_SET) {
                work.relation(&state, Some(previous), &key.type_token, relation)?;
            }
        }
    }
    Ok(())
}

/// Ordinals that were objects once and are live under no type after this backup.
fn find_gone(backup: &Backup<'_>) -> Result<roaring::RoaringBitmap> {
    let mut gone = backup.gone_before()?;
    for work in backup.types.values() {
        for slot in work.core.old.changed(&work.core.new) {
            if slot.new.is_live() {
                gone.remove(slot.ordinal);
            } else {
                gone.insert(slot.ordinal);
            }
        }
    }
    let mut still_live = Vec::new();
    for ordinal in &gone {
        if is_live_anywhere(backup, ordinal)? {
            still_live.push(ordinal);
        }
    }
    for ordinal in still_live {
        gone.remove(ordinal);
    }
    Ok(gone)
}

fn is_live_anywhere(backup: &Backup<'_>, ordinal: u32) -> Result<bool> {
    if backup.types.values().any(|work| work.core.new.get(ordinal).is_live()) {
        return Ok(true);
    }
    let Some(previous) = &backup.previous else { return Ok(false) };
    for key in previous.core_keys().filter(|key| !backup.types.contains_key(&key.type_token)) {
        if previous.vector(key)?.get(ordinal).is_live() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn resolve_links(
    backup: &mut Backup<'_>,
    complete: &BTreeSet<(Arc<str>, Arc<str>)>,
    gone: &roaring::RoaringBitmap,
) -> Result<()> {
    let state = Arc::clone(&backup.state);
    let partial = backup.details.partial;
    for (token, work) in &mut backup.types {
        if work.reading.is_some() {
            reading::resolve_links(&state, work, gone)?;
            continue;
        }
        let TypeWork { links, seen, unchanged, claim, .. } = work;
        for (relation, links) in links {
            let is_complete = complete.contains(&(Arc::clone(token), Arc::clone(relation)));
            // What the import cache knows was not parsed, but lists its links as it did last time.
            let is_listed = |ordinal| *claim != Claim::RelationsOnly && unchanged.contains(ordinal);
            let lists_some = |ordinal| is_listed(ordinal) && links.old.get(ordinal).version() > EMPTY_SET;
            let is_observed = !links.observed.is_empty() || unchanged.iter().any(lists_some);
            let carries = !is_complete && (partial || !is_observed);
            if !carries {
                for ordinal in &*seen - &links.observed {
                    let known = links.old.get(ordinal).version() != 0;
                    if !(known && is_listed(ordinal)) {
                        links.put(&state, ordinal, &mut Vec::new())?;
                    }
                }
            }
            links.resolve(&state, gone)?;
        }
    }
    Ok(())
}

/// Turns the patches of a type into versions; says what was covered and which objects changed in a way
/// that counts.
fn resolve_type(backup: &mut Backup<'_>, token: &Arc<str>) -> Result<(TypeCoverage, roaring::RoaringBitmap)> {
    let state = Arc::clone(&backup.state);
    let key = TableKey { type_token: Arc::clone(token), part: Part::Core };
    let work = backup.types.get_mut(token).expect("listed by the caller");
    let earlier = backup.previous.as_ref().map_or(0, Snapshot::sequence);
    let earlier = state.manifests_up_to(earlier);
    let known = known_properties(earlier, token);
    let says_so = work.reading.is_some();
    let projection = match &work.reading {
        Some(_) => reading::find_projection(&state, earlier, token, work, &known)?,
        None => find_projection(&state, &key, work, &known)?,
    };
    backup.types.get_mut(token).expect("listed by the caller").carries_properties =
        !projection.carried.is_empty();
    // Where the source says what it asked for, what it did not is no news.
    for (property, &count) in projection.carried.iter().filter(|_| !says_so) {
        backup.warnings.push(Warning {
            type_token: token.to_string(),
            reason: format!("the data has no property {property}; its earlier values are carried forward"),
            count,
        });
    }
    let work = backup.types.get_mut(token).expect("listed by the caller");
    let segment = backup.segment.as_mut().expect("open until commit");
    let mut significant = roaring::RoaringBitmap::new();
    let mut insignificant = 0;
    let rows = Rows::many(&state, &key);
    let mut judge = Judge::new(&rows, &projection);
    for (ordinal, patch) in &work.core.patches {
        // A hash of table version 1 may differ although no cell does.
        if patch.cells.is_empty() {
            continue;
        }
        if judge.is_significant(patch)? {
            significant.insert(*ordinal);
        } else {
            insignificant += 1;
        }
    }
    resolve_patches(&state, &key, (&mut work.core, work.later.as_ref()), &projection, segment)?;
    let volatile_key = TableKey { type_token: Arc::clone(token), part: Part::Volatile };
    resolve_patches(&state, &volatile_key, (&mut work.volatile, None), &Projection::default(), segment)?;
    let coverage = TypeCoverage {
        objects: objects_read(work, &backup.details),
        partial: backup.details.partial || work.reading.as_ref().is_some_and(TypeReading::is_partial),
        bin: work.reading.as_ref().map_or(work.bin_seen, |reading| reading.bin != BinExtent::NotRead),
        new_properties: projection.new_properties.into_iter().collect(),
        unknown_before: projection.unknown_before.into_iter().collect(),
        carried: projection.carried.into_keys().collect(),
        relations: work.links.keys().map(ToString::to_string).collect(),
        insignificant,
        asked: work.reading.as_ref().and_then(|reading| reading.properties.clone()),
        as_of: work.reading.as_ref().map(TypeReading::as_of).unwrap_or_default(),
        gaps: Vec::new(),
    };
    Ok((coverage, significant))
}

/// Which objects of a type the data say something of, where that does not follow from the rest: a source that says how it
/// read says so itself, and an import that is partial is one of a part.
fn objects_read(work: &TypeWork, details: &BackupDetails) -> ObjectsRead {
    let has_links_alone =
        work.claim == Claim::RelationsOnly || (work.seen.is_empty() && work.claim == Claim::AsCame);
    match work.reading {
        None if details.partial && details.source != IMPORT => ObjectsRead::Part,
        None if has_links_alone => ObjectsRead::Nothing,
        _ => ObjectsRead::All,
    }
}

fn known_properties(earlier: &[Arc<Manifest>], token: &str) -> BTreeSet<String> {
    let coverage = earlier.iter().filter_map(|manifest| manifest.coverage.get(token));
    coverage.flat_map(|coverage| coverage.new_properties.iter().cloned()).collect()
}

pub(super) fn find_projection(
    state: &State,
    key: &TableKey,
    work: &TypeWork,
    known: &BTreeSet<String>,
) -> Result<Projection> {
    let is_in_unchanged = |top: &str| -> Result<bool> {
        let ordinals: Vec<u32> = work.unchanged.iter().collect();
        let rows = Rows::many(state, key);
        let found = ordinals.par_iter().map_init(Cells::default, |cells, &ordinal| {
            cells.clear();
            rows.read_cells(work.core.old.get(ordinal).version(), cells)?;
            Ok::<bool, Error>(cells.iter().any(|(path, _)| top_of(&state.paths.text(path)) == top))
        });
        found.find_any(|found| !matches!(found, Ok(false))).unwrap_or(Ok(false))
    };
    patches::find_projection(
        state,
        &work.core.patches,
        &work.observed,
        known,
        work.seen.len(),
        is_in_unchanged,
    )
}

/// A row that is kept whole although its object was known.
struct Rebuilt {
    ordinal: u32,
    predecessor: u32,
    hash: [u8; 16],
    cells: Cells,
}

fn resolve_patches(
    state: &State,
    key: &TableKey,
    (table, later): (&mut TableWork, Option<&Vector>),
    projection: &Projection,
    segment: &mut SegmentWriter,
) -> Result<()> {
    table.seal(segment)?;
    let rows = Rows::many(state, key);
    let mut patches: Vec<(u32, Patch)> = table.patches.drain().collect();
    patches.sort_unstable_by_key(|(ordinal, _)| *ordinal);
    let recalled = match key.part {
        Part::Core => Recalled::read(state, key, patches.iter().map(|(ordinal, _)| *ordinal), later)?,
        _ => Recalled::default(),
    };
    let (mut kept, mut rebuilt) = (Vec::new(), Vec::new());
    for (ordinal, mut patch) in patches {
        let is_stripped = strip_carried(state, &mut patch, projection);
        if patch.cells.is_empty() {
            continue;
        }
        if is_stripped {
            patch.hash = hash_of_patched(&rows, ordinal, &patch)?;
        }
        if key.part == Part::Core
            && let Some(version) = recalled.find(&rows, ordinal, &patch)?
        {
            set_version(table, ordinal, version);
        } else if patch.cells.len() > PATCH_CELL_COUNT_MAX
            || rows.patch_depth(patch.predecessor)? >= PATCH_DEPTH_MAX
        {
            let cells = patched_cells(&rows, &patch)?;
            rebuilt.push(Rebuilt { ordinal, predecessor: patch.predecessor, hash: patch.hash, cells });
        } else {
            kept.push((ordinal, patch));
        }
    }
    for rows in rebuilt.chunks(GROUP_ROW_COUNT_MAX) {
        add_rebuilt(state, table, rows, segment)?;
    }
    for (ordinal, patch) in &kept {
        let version = table.first_version + table.version_count();
        table.push_head(*ordinal, patch.predecessor, &patch.hash);
        set_version(table, *ordinal, version);
    }
    table.kept_patches = kept.into_iter().map(|(_, patch)| patch).collect();
    Ok(())
}

/// Gives an object another version; the bin bit stays.
fn set_version(table: &mut TableWork, ordinal: u32, version: u32) {
    let is_in_bin = table.new.get(ordinal).is_in_bin();
    table.new.set(ordinal, if is_in_bin { Slot::in_bin(version) } else { Slot::live(version) });
}

/// Takes out what the data did not ask for; says whether there was any.
fn strip_carried(state: &State, patch: &mut Patch, projection: &Projection) -> bool {
    if projection.carried.is_empty() {
        return false;
    }
    let count = patch.cells.len();
    patch.cells.retain(|cell| !projection.carried.contains_key(top_of(&state.paths.text(cell.path))));
    patch.cells.len() < count
}

fn patched_cells(rows: &Rows<'_>, patch: &Patch) -> Result<Cells> {
    let mut cells = Cells::default();
    rows.read_cells(patch.predecessor, &mut cells)?;
    for cell in &patch.cells {
        cells.set(cell.path, &cell.new);
    }
    Ok(cells)
}

fn hash_of_patched(rows: &Rows<'_>, ordinal: u32, patch: &Patch) -> Result<[u8; 16]> {
    let cells = patched_cells(rows, patch)?;
    let id = rows.state().id(ordinal)?;
    Ok(hash_cells(rows.state(), rows.key(), &id, &cells))
}

/// The content hash of core cells read back from the store.
fn hash_cells(state: &State, key: &TableKey, id: &Id, cells: &Cells) -> [u8; 16] {
    let named = named_cells(state, cells);
    content_hash(&state.hash_key, &key.type_token, id, &borrowed(&named))
}

/// Whether core cells read back from the store are what a content hash is of, in any version of the table of types.
pub(crate) fn is_hash_of(hash: [u8; 16], state: &State, key: &TableKey, id: &Id, cells: &Cells) -> bool {
    let named = named_cells(state, cells);
    let cells = borrowed(&named);
    content_hash(&state.hash_key, &key.type_token, id, &cells) == hash
        || first_content_hash(&state.hash_key, &key.type_token, id, &cells) == hash
}

fn named_cells<'c>(state: &State, cells: &'c Cells) -> Vec<(Arc<str>, &'c [u8])> {
    cells.iter().map(|(path, text)| (state.paths.text(path), text)).collect()
}

fn borrowed<'c>(named: &'c [(Arc<str>, &'c [u8])]) -> Vec<(&'c str, &'c [u8])> {
    named.iter().map(|(path, text)| (&**path, *text)).collect()
}

fn add_rebuilt(
    state: &State,
    table: &mut TableWork,
    rows: &[Rebuilt],
    segment: &mut SegmentWriter,
) -> Result<()> {
    let mut columns: BTreeMap<Arc<str>, Vec<&[u8]>> = BTreeMap::new();
    for (number, row) in rows.iter().enumerate() {
        for (path, text) in row.cells.iter() {
            columns.entry(state.paths.text(path)).or_insert_with(|| vec![b""; rows.len()])[number] = text;
        }
    }
    let columns: Vec<_> = columns.into_iter().collect();
    let encoded: Vec<_> = columns.par_iter().map(|(_, values)| column::encode(values)).collect();
    let mut entries = Vec::with_capacity(columns.len());
    for ((path, _), encoded) in columns.iter().zip(&encoded) {
        entries.push((segment.path_number(path), segment.column(encoded)?));
    }
    entries.sort_unstable();
    let first_row = table.version_count();
    let row_count = index_u32(rows.len());
    table.groups.push(GroupEntry { first_row, row_count, columns: entries, references: Vec::new() });
    for row in rows {
        let version = table.first_version + table.version_count();
        table.push_head(row.ordinal, row.predecessor, &row.hash);
        set_version(table, row.ordinal, version);
    }
    Ok(())
}

/// Writes the patches that were kept.
pub(super) fn write_patches(
    state: &State,
    patches: &[Patch],
    segment: &mut SegmentWriter,
) -> Result<Vec<PatchEntry>> {
    let mut entries = Vec::new();
    let mut first = 0;
    while first < patches.len() {
        let (mut count, mut cell_count) = (0, 0);
        for patch in &patches[first..] {
            if count > 0 && cell_count + patch.cells.len() > GROUP_ROW_COUNT_MAX {
                break;
            }
            cell_count += patch.cells.len();
            count += 1;
        }
        entries.push(write_patch_chunk(state, first, &patches[first..first + count], segment)?);
        first += count;
    }
    Ok(entries)
}

fn write_patch_chunk(
    state: &State,
    first_patch: usize,
    patches: &[Patch],
    segment: &mut SegmentWriter,
) -> Result<PatchEntry> {
    let (mut ends, mut paths) = (Vec::new(), Vec::new());
    let (mut old, mut new): (Vec<&[u8]>, Vec<&[u8]>) = (Vec::new(), Vec::new());
    for patch in patches {
        for cell in &patch.cells {
            paths.push(segment.path_number(&state.paths.text(cell.path)));
            old.push(&cell.old);
            new.push(&cell.new);
        }
        ends.push(index_u32(paths.len()));
    }
    Ok(PatchEntry {
        first_patch: index_u32(first_patch),
        patch_count: index_u32(patches.len()),
        ends: segment.packed(&ends)?,
        paths: segment.packed(&paths)?,
        old_texts: segment.column(&column::encode_quick(&old))?,
        new_texts: segment.column(&column::encode_quick(&new))?,
    })
}
