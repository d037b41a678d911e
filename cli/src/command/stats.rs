//! `stats`: sizes and counts of the store.

use engine::statistics::{Statistics, TypeStatistics};

use crate::error::{Outcome, Status};
use crate::output::text::{counted, size};
use crate::output::{self, Cell, Rows, backups, list_text};
use crate::session::Session;

const COLUMNS: &[&str] = &["bytes", "objects", "versions", "backups", "types", "perBackup"];
const TYPE_COLUMNS: &[&str] = &["type", "objects", "deleted", "versions", "bytes"];

/// Shows sizes and counts of the store
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  entrasnap stats")]
pub(crate) struct Options {}

/// Prints the numbers.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn run(session: &mut Session<'_, '_>) -> Outcome {
    let store = session.open()?;
    session.name_tenant(&store);
    let statistics = store.statistics()?;
    let json = |text: serde_json::Result<String>| Cell::Json(text.expect("counts are plain data"));
    let cells = vec![
        Cell::Bytes(statistics.bytes),
        Cell::Number(statistics.objects),
        Cell::Number(statistics.versions),
        Cell::Number(statistics.backups),
        json(serde_json::to_string(&statistics.types)),
        json(serde_json::to_string(&statistics.per_backup)),
    ];
    let people = for_people(&statistics, session.look);
    session.print_one(&Rows { columns: COLUMNS, cells: vec![cells] }, &people)?;
    Ok(Status::Done)
}

fn for_people(statistics: &Statistics, look: output::Look) -> String {
    let types = Rows { columns: TYPE_COLUMNS, cells: statistics.types.iter().map(cells).collect() };
    format!(
        "{} in {}: {}, {}\n{}{}",
        size(statistics.bytes),
        counted(statistics.backups, "backup"),
        counted(statistics.objects, "object"),
        counted(statistics.versions, "version"),
        list_text(&types, look),
        statistics.per_backup.last().map(backups::sentence).unwrap_or_default()
    )
}

fn cells(of_type: &TypeStatistics) -> Vec<Cell> {
    vec![
        Cell::text(&of_type.type_token),
        Cell::Number(of_type.objects),
        Cell::Number(of_type.deleted),
        Cell::Number(of_type.versions),
        Cell::Bytes(of_type.bytes),
    ]
}
