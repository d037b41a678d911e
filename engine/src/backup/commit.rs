//! Makes a backup exist: segment, manifest, HEAD, each whole and synced before the next.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::basis::Basis;
use super::collect::Description;
use super::encode::Encoded;
use super::remember;
use crate::disk::write_whole;
use crate::error::disk_error;
use crate::import_cache::ImportCacheContent;
use crate::manifest::{self, Counts, CoverageRecord, FileRecord, Head, Manifest, to_sealed_bytes};
use crate::segment::layout::FORMAT_VERSION;
use crate::segment::writer::WrittenFile;
use crate::state::{State, manifest_path, segment_path};
use crate::{BackupId, BackupKind, BackupSummary, Error, Result, Store, schema};

/// A backup that exists.
pub(super) struct Committed {
    pub(super) summary: BackupSummary,
    cache_types: Vec<Arc<str>>,
    cache: ImportCacheContent,
}

impl Committed {
    /// Keeps what the next import need not parse. `state` is that of the store with this backup in it.
    pub(super) fn remember(self, state: &State) -> BackupSummary {
        if state.cache_types() == self.cache_types {
            remember::write(state, self.cache);
        }
        self.summary
    }
}

/// Commits what was encoded.
pub(super) fn commit(encoded: Encoded, basis: &Basis, store: &mut Store) -> Result<Committed> {
    let Encoded { description, segment, counts, coverage, carries_checkpoint, cache_types, forms } = encoded;
    let (state, sequence) = (&basis.state, basis.sequence);
    let path = segment_path(&state.root, sequence);
    // The disk takes its time to sync; the import cache is laid out meanwhile.
    let (written, cache) = rayon::join(|| segment.finish(&path), || remember::lay_out(&cache_types, &forms));
    let manifest = make_manifest(basis, description, (counts, coverage), written?);
    let bytes = to_sealed_bytes(&manifest);
    let path = manifest_path(&state.root, sequence);
    write_whole(&*state.disk, &path, &bytes).map_err(disk_error("cannot write", &path))?;
    let tenant = manifest.tenant.clone();
    let manifest_hash = blake3::hash(&bytes).to_hex().to_string();
    let headed = store.update_head(|head| {
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
    Ok(Committed { summary: manifest.summary(), cache_types, cache })
}

fn make_manifest(
    basis: &Basis,
    description: Description,
    (counts, coverage): (Counts, BTreeMap<String, CoverageRecord>),
    written: WrittenFile,
) -> Manifest {
    let state = &basis.state;
    let Description { details, tenant, warnings } = description;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&state.store_id);
    hasher.update(&basis.sequence.to_le_bytes());
    hasher.update(state.head.manifest.as_bytes());
    hasher.update(details.taken_at.to_string().as_bytes());
    hasher.update(&written.hash);
    let id = BackupId::from_hash(hasher.finalize().as_bytes());
    Manifest {
        format_version: FORMAT_VERSION,
        sequence: basis.sequence,
        id,
        previous: state.head.manifest.clone(),
        store_id: state.head.store_id.clone(),
        tenant,
        taken_at: details.taken_at,
        read_from: details.read_from,
        read_to: details.read_to,
        source: details.source,
        kind: match details.kind {
            BackupKind::Backup => manifest::BACKUP.into(),
            BackupKind::Reading => manifest::READING.into(),
        },
        note: details.note,
        table_version: schema::TABLE_VERSION,
        segment: FileRecord {
            length: written.length,
            hash: blake3::Hash::from_bytes(written.hash).to_hex().to_string(),
        },
        counts,
        coverage,
        warnings,
        state: details.state,
    }
}
