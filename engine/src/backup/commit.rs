//! Makes a backup exist: segment, manifest, HEAD, each whole and synced before the next.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;

use super::encode::{self, Piece, Source};
use super::remember::Rememberable;
use super::resolve::{self, Resolved};
use super::{Backup, TypeWork, change_index, checkpoint, weave};
use crate::disk::write_whole;
use crate::error::disk_error;
use crate::import_cache::{ImportCache, ImportCacheContent, keep_single};
use crate::manifest::{self, FileRecord, Head, Manifest, to_sealed_bytes};
use crate::segment::footer::{LinkEntry, SlotEntry, TableEntry};
use crate::segment::layout::FORMAT_VERSION;
use crate::segment::writer::{SegmentWriter, WrittenFile, index_u32};
use crate::state::{Part, State, manifest_path, segment_path};
use crate::{BackupId, BackupKind, BackupSummary, Error, Result, Warning, leftover, schema};

/// Changes when the import cache's meaning does.
const CACHE_VERSION: u8 = 1;

/// What a checkpoint needs to know of a vector that this backup touched.
pub(super) struct WrittenTable<'a> {
    pub(super) source: Source<'a>,
    pub(super) slots: Option<SlotEntry>,
}

/// Resolves, writes and commits.
pub(super) fn commit(backup: &mut Backup<'_>) -> Result<BackupSummary> {
    let count = duplicate_count(backup);
    if count > 0 {
        let reason = "an ID came more than once; the last one counts".to_owned();
        backup.warnings.push(Warning { type_token: String::new(), reason, count });
    }
    weave::check_place(backup)?;
    let resolved = resolve::resolve(backup)?;
    weave::touch_all(backup)?;
    let state = Arc::clone(&backup.state);
    backup.warnings.extend(leftover::put_away_beyond(&state)?);
    let mut segment = backup.segment.take().expect("open until commit");
    let types = backup.types.iter_mut();
    let seen = types.map(|(token, work)| (Arc::clone(token), std::mem::take(&mut work.cache))).collect();
    let written = {
        let backup = &*backup;
        let (pieces, forms) = rayon::join(|| encode::pieces(backup), || remembered_forms(backup, seen));
        pieces.and_then(|pieces| {
            let types = cache_types(&state, &pieces);
            let carries = write_segment(backup, &resolved.gone, &pieces, &mut segment)?;
            Ok((carries, types, forms))
        })
    };
    let (carries_checkpoint, types, forms) = match written {
        Ok(written) => written,
        Err(error) => {
            segment.abandon();
            return Err(error);
        }
    };
    let path = segment_path(&state.root, backup.sequence);
    // The disk takes its time to sync; the import cache is laid out meanwhile.
    let (written, cache) = rayon::join(|| segment.finish(&path), || lay_out_cache(&types, &forms));
    let written = written?;
    let manifest = make_manifest(backup, resolved, written);
    let bytes = to_sealed_bytes(&manifest);
    let path = manifest_path(&state.root, backup.sequence);
    write_whole(&*state.disk, &path, &bytes).map_err(disk_error("cannot write", &path))?;
    let sequence = backup.sequence;
    let tenant = backup.tenant.clone();
    let manifest_hash = blake3::hash(&bytes).to_hex().to_string();
    let headed = backup.store.update_head(|head| {
        *head = Head {
            generation: head.generation + 1,
            sequence,
            manifest: manifest_hash,
            checkpoint: if carries_checkpoint { sequence } else { head.checkpoint },
            tenant,
            ..head.clone()
        };
    })?;
    headed.map_err(|source| Error::Committed {
        what: format!("backup {}", manifest.id),
        source: Box::new(source),
    })?;
    let new_state = backup.store.state();
    if new_state.cache_types() == types {
        write_cache(new_state, cache);
    }
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
    let mut forms = work.cache.clone();
    forms.sort_unstable_by_key(|(hash, ordinal)| (*ordinal, *hash));
    let runs = forms.chunk_by(|a, b| a.1 == b.1);
    let same = runs.filter(|run| run.iter().all(|form| form.0 == run[0].0));
    same.map(|run| run.len() as u64 - 1).sum()
}

fn write_segment(
    backup: &Backup<'_>,
    gone: &roaring::RoaringBitmap,
    pieces: &[Piece<'_>],
    segment: &mut SegmentWriter,
) -> Result<bool> {
    let slot_count = pieces.iter().map(|piece| piece.changed.len() as u64).sum();
    let is_due = checkpoint::is_due(backup, slot_count)?;
    let write = || -> Result<_> {
        let mut written = BTreeMap::new();
        for piece in pieces {
            let slots = piece.slots.as_ref().map(|slots| segment.slots(slots)).transpose()?;
            write_piece(&backup.state, piece, slots, segment)?;
            written.insert(&piece.key, WrittenTable { source: piece.source, slots });
        }
        change_index::write(backup, pieces, gone, segment)?;
        backup.interner.write(segment)?;
        Ok(written)
    };
    let (written, index) = rayon::join(write, || is_due.then(|| checkpoint::build_index(backup)).transpose());
    let written = written?;
    if let Some(index) = index? {
        segment.footer.checkpoint = Some(checkpoint::write(backup, gone, &index, &written, segment)?);
    }
    Ok(is_due)
}

fn write_piece(
    state: &State,
    piece: &Piece<'_>,
    slots: Option<SlotEntry>,
    segment: &mut SegmentWriter,
) -> Result<()> {
    let type_token = piece.key.type_token.to_string();
    let (first, count) = piece.source.numbers();
    let mut heads = [0; 3];
    for (head, chunk) in heads.iter_mut().zip(&piece.heads) {
        *head = segment.put(chunk)?;
    }
    match piece.source {
        Source::Table(table) => {
            let [ordinals, predecessors, hashes] = heads;
            let patch_count = index_u32(table.kept_patches.len());
            let patches = resolve::write_patches(state, &table.kept_patches, segment)?;
            segment.footer.tables.push(TableEntry {
                type_token,
                space: piece.key.part.space(),
                first_version: first,
                whole_count: count - patch_count,
                patch_count,
                ordinals,
                predecessors,
                hashes,
                groups: table.groups.clone(),
                patches,
                slots,
            });
        }
        Source::Links(_) => {
            let [predecessors, ends, data] = heads;
            segment.footer.links.push(LinkEntry {
                type_token,
                relation: piece.key.part.name().to_owned(),
                first_set: first,
                set_count: count,
                predecessors,
                ends,
                data,
                slots,
            });
        }
    }
    Ok(())
}

fn make_manifest(backup: &mut Backup<'_>, resolved: Resolved, written: WrittenFile) -> Manifest {
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
        id,
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
        counts: resolved.counts,
        coverage: resolved.coverage,
        warnings: std::mem::take(&mut backup.warnings),
        state: details.state.clone(),
    }
}

fn cache_path(state: &State) -> PathBuf {
    state.root.join("staging").join("seen.memo")
}

/// What the import cache is bound to: the newest backup, the table of types, and this program's way of reading.
fn cache_binding(manifest_hash: &str) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("entrasnap memo binding");
    hasher.update(manifest_hash.as_bytes());
    hasher.update(&schema::TABLE_VERSION.to_le_bytes());
    hasher.update(&[CACHE_VERSION]);
    *hasher.finalize().as_bytes()
}

/// The import cache of the last import, if it is whole and of the newest backup.
pub(super) fn read_cache(state: &State) -> Option<ImportCache> {
    let bytes = state.disk.read(&cache_path(state)).ok()?;
    ImportCache::open(bytes, &cache_binding(&state.head.manifest), &state.hash_key)
}

/// Hash of the raw text, and ordinal.
type Form = (u64, u32);

/// What the next import need not parse, by type.
fn remembered_forms(backup: &Backup<'_>, seen: Vec<(Arc<str>, Vec<Form>)>) -> Vec<(Arc<str>, Vec<Form>)> {
    let forms = seen.into_par_iter().filter_map(|(token, mut forms)| {
        let work = &backup.types[&token];
        // Of an object that came in two forms neither is remembered: only the last may be.
        forms.par_sort_unstable_by_key(|(_, ordinal)| *ordinal);
        forms.retain(|(_, ordinal)| !work.moved.contains(*ordinal));
        keep_single(&mut forms, |(_, ordinal)| *ordinal);
        let rememberable = Rememberable::new(backup, &token, work).ok()?;
        forms.retain(|(_, ordinal)| rememberable.contains(*ordinal));
        Some((token, forms))
    });
    forms.collect()
}

/// Type tokens by the number that the import cache gives them: those of the store once this backup is in it.
fn cache_types(state: &State, pieces: &[Piece<'_>]) -> Vec<Arc<str>> {
    let cores = pieces.iter().map(|piece| &piece.key).filter(|key| key.part == Part::Core);
    let mut types = state.cache_types();
    types.extend(cores.map(|key| Arc::clone(&key.type_token)));
    types.sort_unstable();
    types.dedup();
    types
}

fn lay_out_cache(types: &[Arc<str>], forms: &[(Arc<str>, Vec<Form>)]) -> ImportCacheContent {
    let mut entries = Vec::with_capacity(forms.iter().map(|(_, forms)| forms.len()).sum());
    for (token, forms) in forms {
        let place = types.binary_search(token).ok();
        if let Some(index) = place.and_then(|place| u16::try_from(place).ok()) {
            entries.extend(forms.iter().map(|(hash, ordinal)| (*hash, index, *ordinal)));
        }
    }
    ImportCacheContent::new(entries)
}

/// Keeps what the next import need not parse. It may fail: then the next import parses.
fn write_cache(state: &State, content: ImportCacheContent) {
    let bytes = content.seal(&cache_binding(&state.head.manifest), &state.hash_key);
    let path = cache_path(state);
    let folder = path.parent().expect("the memo stands in a folder");
    // The import cache only saves work; a store without it is whole.
    let _outcome = state.disk.create_folder(folder).and_then(|()| write_whole(&*state.disk, &path, &bytes));
}
