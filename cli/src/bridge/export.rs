//! A backup as files, by package `ingest`.

use std::path::Path;

use engine::Snapshot;

use crate::args::ExportFormat;
use crate::error::Outcome;

/// What was written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) files: u64,
    pub(crate) objects: u64,
}

/// Writes a backup into a folder.
///
/// # Errors
/// When the folder holds other files, or cannot be written.
pub(crate) fn run(snapshot: &Snapshot, folder: &Path, format: ExportFormat) -> Outcome<Counts> {
    let format = match format {
        ExportFormat::EntraExporter => ingest::ExportFormat::EntraExporter,
        ExportFormat::Ndjson | ExportFormat::Parquet => ingest::ExportFormat::Ndjson,
    };
    let counts = ingest::export(snapshot, folder, format)?;
    Ok(Counts { files: counts.files, objects: counts.objects })
}
