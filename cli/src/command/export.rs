//! `export`: a backup as files.

use crate::args::{Export, ExportFormat};
use crate::bridge;
use crate::error::{Failure, Outcome, Status};
use crate::output::text::{counted, printable};
use crate::output::{Cell, Rows};
use crate::session::{Session, remark, resolve};

const COLUMNS: &[&str] = &["backup", "folder", "format", "files", "objects"];

/// Writes the files, and says how many.
///
/// # Errors
/// When the point names no backup, or the folder cannot be written.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Export) -> Outcome {
    if options.format == ExportFormat::Parquet {
        let help = "`--format ndjson` is read by DuckDB, Spark and pandas as it is";
        return Err(Failure::not_built("`--format parquet`", help));
    }
    let store = session.open()?;
    let backup = resolve(&store, &options.point)?;
    remark(session, &store, &options.point);
    let folder = session.path(&options.folder);
    let snapshot = store.snapshot(&backup.id)?;
    let counts = bridge::export::run(&snapshot, &folder, options.format)?;
    let shown = options.folder.display().to_string();
    let people = format!(
        "backup {}: {} in {} written to {}\n",
        backup.id,
        counted(counts.objects, "object"),
        counted(counts.files, "file"),
        printable(&shown)
    );
    let format = match options.format {
        ExportFormat::EntraExporter => "entra-exporter",
        _ => "ndjson",
    };
    let cells = vec![
        Cell::text(&backup.id),
        Cell::Text(shown),
        Cell::text(format),
        Cell::Number(counts.files),
        Cell::Number(counts.objects),
    ];
    session.print_one(&Rows { columns: COLUMNS, cells: vec![cells] }, &people)?;
    Ok(Status::Done)
}
