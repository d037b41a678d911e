//! Makes a backup exist: segment, manifest, HEAD, each whole and synced before the next.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;

use super::remember::Rememberable;
use super::settle::{self, Settled};
use super::{Backup, TypeWork, checkpoint, roster};
use crate::disk::write_whole;
use crate::error::disk_error;
use crate::manifest::{self, FileRecord, Head, Manifest, to_sealed_bytes};
use crate::memo::Memo;
use crate::segment::footer::{LinkEntry, SlotEntry, TableEntry};
use crate::segment::layout::FORMAT_VERSION;
use crate::segment::writer::{SegmentWriter, WrittenFile, index_u32};
use crate::state::{Part, State, TableKey, manifest_path, segment_path};
use crate::vector::Vector;
use crate::{BackupId, BackupKind, BackupSummary, Result, Warning, schema};

/// Changes when the memo's meaning does.
const MEMO_VERSION: u8 = 1;

/// What a checkpoint needs to know of a table that this backup touched.
pub(super) struct WrittenTable {
    pub(super) first: u32,
    pub(super) count: u32,
    pub(super) vector: Vector,
    pub(super) slots: Option<SlotEntry>,
}

/// Settles, writes and commits.
pub(super) fn commit(backup: &mut Backup<'_>) -> Result<BackupSummary> {
    let count = duplicate_count(backup);
    if count > 0 {
        let reason = "an ID came more than once; the last one counts".to_owned();
        backup.warnings.push(Warning { type_token: String::new(), reason, count });
    }
    let settled = settle::settle(backup)?;
    let state = Arc::clone(&backup.state);
    let mut segment = backup.segment.take().expect("open until commit");
    let (written, forms) = {
        let backup = &*backup;
        rayon::join(|| write_segment(backup, &settled.gone, &mut segment), || remembered_forms(backup))
    };
    let carries_checkpoint = match written {
        Ok(carries) => carries,
        Err(error) => {
            segment.abandon();
            return Err(error);
        }
    };
    let path = segment_path(&state.root, backup.sequence);
    let written = segment.finish(&path)?;
    let manifest = make_manifest(backup, settled, written);
    let bytes = to_sealed_bytes(&manifest);
    let path = manifest_path(&state.root, backup.sequence);
    write_whole(&*state.disk, &path, &bytes).map_err(disk_error("cannot write", &path))?;
    let sequence = backup.sequence;
    let tenant = backup.tenant.clone();
    let manifest_hash = blake3::hash(&bytes).to_hex().to_string();
    backup.store.update_head(|head| {
        *head = Head {
            generation: head.generation + 1,
            sequence,
            manifest: manifest_hash,
            checkpoint: if carries_checkpoint { sequence } else { head.checkpoint },
            tenant,
            ..head.clone()
        };
    })?;
    write_memo(backup.store.state(), &forms);
    Ok(manifest.summary())
}

/// Objects that came more than once. A source that says how it read a type may well read an object again, to settle
/// what it is.
fn duplicate_count(backup: &Backup<'_>) -> u64 {
    let doubtful = backup.types.iter().filter(|(_, work)| work.reading.is_none());
    doubtful.map(|(token, work)| work.duplicate_count.saturating_sub(repeated_count(token, work))).sum()
}

/// Relation objects that came more than once, word for word: exporters write them below both of their ends.
fn repeated_count(token: &str, work: &TypeWork) -> u64 {
    if work.duplicate_count == 0 || !schema::by_token(token).is_some_and(|info| info.is_relation_object) {
        return 0;
    }
    let mut forms = work.memo.clone();
    forms.sort_unstable_by_key(|(hash, ordinal)| (*ordinal, *hash));
    let runs = forms.chunk_by(|a, b| a.1 == b.1);
    let same = runs.filter(|run| run.iter().all(|form| form.0 == run[0].0));
    same.map(|run| run.len() as u64 - 1).sum()
}

fn write_segment(
    backup: &Backup<'_>,
    gone: &roaring::RoaringBitmap,
    segment: &mut SegmentWriter,
) -> Result<bool> {
    let mut written = BTreeMap::new();
    let mut slot_count = 0;
    for (token, work) in &backup.types {
        slot_count += write_tables(&backup.state, token, work, segment, &mut written)?;
        slot_count += write_links(token, work, segment, &mut written)?;
    }
    roster::write(backup, gone, segment)?;
    backup.interner.write(segment)?;
    if checkpoint::is_due(backup, slot_count)? {
        let entry = checkpoint::write(backup, gone, segment, &written)?;
        segment.footer.checkpoint = Some(entry);
    }
    Ok(segment.footer.checkpoint.is_some())
}

fn write_tables(
    state: &State,
    token: &Arc<str>,
    work: &TypeWork,
    segment: &mut SegmentWriter,
    written: &mut BTreeMap<TableKey, WrittenTable>,
) -> Result<u64> {
    let mut slot_count = 0;
    for (part, table) in [(Part::Core, &work.core), (Part::Volatile, &work.volatile)] {
        let changed = table.old.changed(&table.new);
        slot_count += changed.len() as u64;
        let count = table.version_count();
        let patch_count = index_u32(table.kept_patches.len());
        let key = TableKey { type_token: Arc::clone(token), part };
        let space = key.part.space();
        let vector = table.new.clone();
        if count == 0 && changed.is_empty() {
            continue;
        }
        let slots = segment.slots(&changed)?;
        written.insert(key, WrittenTable { first: table.first_version, count, vector, slots });
        let entry = TableEntry {
            type_token: token.to_string(),
            space,
            first_version: table.first_version,
            whole_count: count - patch_count,
            patch_count,
            ordinals: segment.integers(&table.heads.ordinals)?,
            predecessors: segment.packed(&table.heads.predecessors)?,
            hashes: segment.chunk(&table.heads.hashes, table.heads.hashes.len() / 16)?,
            groups: table.groups.clone(),
            patches: settle::write_patches(state, &table.kept_patches, segment)?,
            slots,
        };
        segment.footer.tables.push(entry);
    }
    Ok(slot_count)
}

fn write_links(
    token: &Arc<str>,
    work: &TypeWork,
    segment: &mut SegmentWriter,
    written: &mut BTreeMap<TableKey, WrittenTable>,
) -> Result<u64> {
    let mut slot_count = 0;
    for (relation, links) in &work.links {
        let changed = links.old.changed(&links.new);
        slot_count += changed.len() as u64;
        if changed.is_empty() && links.ends.is_empty() {
            continue;
        }
        let count = index_u32(links.ends.len());
        let vector = links.new.clone();
        let slots = segment.slots(&changed)?;
        written.insert(links.key.clone(), WrittenTable { first: links.first_set, count, vector, slots });
        let entry = LinkEntry {
            type_token: token.to_string(),
            relation: relation.to_string(),
            first_set: links.first_set,
            set_count: count,
            predecessors: segment.packed(&links.predecessors)?,
            ends: segment.packed(&links.ends)?,
            data: segment.chunk(&links.data, links.ends.len())?,
            slots,
        };
        segment.footer.links.push(entry);
    }
    Ok(slot_count)
}

fn make_manifest(backup: &mut Backup<'_>, settled: Settled, written: WrittenFile) -> Manifest {
    let state = &backup.state;
    let details = &backup.details;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&state.store_id);
    hasher.update(&backup.sequence.to_le_bytes());
    hasher.update(state.head.manifest.as_bytes());
    hasher.update(details.taken_at.to_string().as_bytes());
    hasher.update(&written.hash);
    let id = BackupId::from_hash(hasher.finalize().as_bytes());
    Manifest {
        format_version: FORMAT_VERSION,
        sequence: backup.sequence,
        id: id.to_string(),
        previous: state.head.manifest.clone(),
        store_id: state.head.store_id.clone(),
        tenant: backup.tenant.clone(),
        taken_at: details.taken_at,
        read_from: details.read_from,
        read_to: details.read_to,
        source: details.source.clone(),
        kind: match details.kind {
            BackupKind::Backup => manifest::BACKUP.into(),
            BackupKind::Reading => manifest::READING.into(),
        },
        note: details.note.clone(),
        table_version: schema::TABLE_VERSION,
        segment: FileRecord {
            length: written.length,
            hash: blake3::Hash::from_bytes(written.hash).to_hex().to_string(),
        },
        counts: settled.counts,
        coverage: settled.coverage,
        warnings: std::mem::take(&mut backup.warnings),
        state: details.state.clone(),
    }
}

fn memo_path(state: &State) -> PathBuf {
    state.root.join("staging").join("seen.memo")
}

/// What the memo is bound to: the newest backup, the table of types, and this program's way of reading.
fn memo_binding(manifest_hash: &str) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("entrasnap memo binding");
    hasher.update(manifest_hash.as_bytes());
    hasher.update(&schema::TABLE_VERSION.to_le_bytes());
    hasher.update(&[MEMO_VERSION]);
    *hasher.finalize().as_bytes()
}

/// The memo of the last import, if it is whole and of the newest backup.
pub(super) fn read_memo(state: &State) -> Option<Memo> {
    let bytes = state.disk.read(&memo_path(state)).ok()?;
    Memo::open(bytes, &memo_binding(&state.head.manifest), &state.hash_key)
}

/// Hash of the raw text, and ordinal.
type Form = (u64, u32);

/// What the next import need not parse, by type.
fn remembered_forms(backup: &Backup<'_>) -> Vec<(Arc<str>, Vec<Form>)> {
    let forms = backup.types.par_iter().filter_map(|(token, work)| {
        // Of an object that came in two forms neither is remembered: only the last may be.
        let mut forms = work.memo.clone();
        forms.par_sort_unstable_by_key(|(_, ordinal)| *ordinal);
        let rememberable = Rememberable::new(backup, token, work).ok()?;
        forms.retain(|(_, ordinal)| !work.moved.contains(*ordinal));
        let distinct = forms.chunk_by(|a, b| a.1 == b.1).filter(|run| run.len() == 1);
        let kept = distinct.map(|run| run[0]).filter(|(_, ordinal)| rememberable.contains(*ordinal));
        Some((Arc::clone(token), kept.collect()))
    });
    forms.collect()
}

/// Keeps what the next import need not parse. It may fail: then the next import parses.
fn write_memo(state: &State, forms: &[(Arc<str>, Vec<Form>)]) {
    let types = state.memo_types();
    let mut entries = Vec::with_capacity(forms.iter().map(|(_, forms)| forms.len()).sum());
    for (token, forms) in forms {
        let place = types.iter().position(|found| found == token);
        if let Some(index) = place.and_then(|place| u16::try_from(place).ok()) {
            entries.extend(forms.iter().map(|(hash, ordinal)| (*hash, index, *ordinal)));
        }
    }
    let bytes = Memo::build(entries, &memo_binding(&state.head.manifest), &state.hash_key);
    let path = memo_path(state);
    let folder = path.parent().expect("the memo stands in a folder");
    // The memo only saves work; a store without it is whole.
    let _outcome = state.disk.create_folder(folder).and_then(|()| write_whole(&*state.disk, &path, &bytes));
}
