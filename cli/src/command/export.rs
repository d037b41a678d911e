//! `export`: a backup as files.

use std::path::PathBuf;

use clap::ValueEnum;
use engine::Snapshot;

use crate::error::{Failure, Outcome, Status};
use crate::output::text::{counted, printable};
use crate::output::{Cell, Rows, json};
use crate::session::{Session, remark, resolve};

const COLUMNS: &[&str] = &["backup", "folder", "format", "files", "objects"];

/// Writes a backup as files
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  entrasnap export latest exported --format ndjson\n  entrasnap export latest -"
)]
pub(crate) struct Options {
    /// The point in time
    #[arg(value_name = "POINT")]
    pub(crate) point: String,
    /// The folder to write to; `-` writes all objects to stdout, one per line
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// The layout of the files
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ExportFormat::Ndjson)]
    pub(crate) format: ExportFormat,
}

/// The layout of exported files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// One file per type, one object per line
    Ndjson,
    /// The folder tree of `EntraExporter`
    EntraExporter,
    #[value(hide = true)]
    Parquet,
}

/// Writes the files, and says how many.
///
/// # Errors
/// When the point names no backup, or the folder cannot be written.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options) -> Outcome {
    if options.format == ExportFormat::Parquet {
        let help = "`--format ndjson` is read by DuckDB, Spark and pandas as it is";
        return Err(Failure::not_built("`--format parquet`", help));
    }
    let store = session.open()?;
    let point = session.point(&store, &options.point)?;
    let backup = resolve(&store, &point)?;
    remark(session, &store, &point);
    let snapshot = store.snapshot(&backup.id)?;
    if options.folder.as_os_str() == "-" {
        return stream(session, &snapshot, options);
    }
    let folder = session.path(&options.folder);
    let counts = match options.format {
        ExportFormat::EntraExporter => {
            ingest::export(&snapshot, &folder, ingest::ExportFormat::EntraExporter)
        }
        _ => ingest::export(&snapshot, &folder, ingest::ExportFormat::Ndjson),
    }?;
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
        Cell::text(backup.id),
        Cell::Text(shown),
        Cell::text(format),
        Cell::Number(counts.files),
        Cell::Number(counts.objects),
    ];
    session.print_one(&Rows { columns: COLUMNS, cells: vec![cells] }, &people)?;
    Ok(Status::Done)
}

/// Writes all objects to stdout, one per line; the formats of lists have no say in that.
fn stream(session: &mut Session<'_, '_>, snapshot: &Snapshot, options: &Options) -> Outcome {
    if options.format != ExportFormat::Ndjson {
        let help = "name a folder, or leave `--format` out";
        return Err(Failure::usage("only `--format ndjson` can be written to stdout").with_help(help));
    }
    let mut objects = 0;
    for type_token in snapshot.types()? {
        for object in snapshot.objects(&type_token)? {
            let text = object?.to_json();
            writeln!(session.io.stdout, "{}", json::unsteering(&text)).map_err(Failure::output)?;
            objects += 1;
        }
    }
    session.note(&format!("backup {}: {}", snapshot.backup().id, counted(objects, "object")));
    Ok(Status::Done)
}
