//! `backups`: the list, and the summary of one backup as `import` prints it too.

use engine::{BackupSummary, Store};

use crate::render::{self, Cell, Rows, counted};
use crate::report::{Outcome, Status};
use crate::session::Session;

const COLUMNS: &[&str] = &[
    "id", "takenAt", "source", "note", "objects", "links", "added", "updated", "deleted", "bytes", "warnings",
];

const PEOPLE_COLUMNS: &[&str] =
    &["id", "takenAt", "source", "objects", "links", "added", "updated", "deleted", "bytes", "note"];

/// Lists the backups, oldest first.
///
/// # Errors
/// When there is no store, or it cannot be read.
pub(super) fn run(session: &mut Session<'_, '_>) -> Outcome {
    let store = session.open()?;
    list(session, &store)?;
    Ok(Status::DONE)
}

/// Prints the backups of a store that is open.
///
/// # Errors
/// When the output cannot be written.
pub(crate) fn list(session: &mut Session<'_, '_>, store: &Store) -> Outcome<()> {
    let rows = if session.is_for_people() {
        Rows { columns: PEOPLE_COLUMNS, cells: store.backups().iter().map(people_cells).collect() }
    } else {
        rows(store.backups())
    };
    render::list(session, &rows)
}

/// Backups as rows.
pub(crate) fn rows(backups: &[BackupSummary]) -> Rows {
    Rows { columns: COLUMNS, cells: backups.iter().map(cells).collect() }
}

fn cells(backup: &BackupSummary) -> Vec<Cell> {
    let warnings = serde_json::to_string(&backup.warnings).expect("warnings are plain data");
    vec![
        Cell::text(&backup.id),
        Cell::Time(backup.taken_at),
        Cell::text(&backup.source),
        Cell::text(&backup.note),
        Cell::Number(backup.objects),
        Cell::Number(backup.links),
        Cell::Number(backup.added),
        Cell::Number(backup.updated),
        Cell::Number(backup.deleted),
        Cell::Bytes(backup.bytes),
        Cell::Json(warnings),
    ]
}

/// As [`cells`], with the note last and without warnings.
fn people_cells(backup: &BackupSummary) -> Vec<Cell> {
    let mut cells = cells(backup);
    cells.pop();
    let note = cells.remove(3);
    cells.push(note);
    cells
}

/// One backup in words.
pub(crate) fn sentence(backup: &BackupSummary) -> String {
    format!(
        "backup {} of {}: {}, {} ({} added, {} updated, {} deleted), {} written\n",
        backup.id,
        render::people_time(backup.taken_at),
        counted(backup.objects, "object"),
        counted(backup.links, "link"),
        render::grouped(backup.added),
        render::grouped(backup.updated),
        render::grouped(backup.deleted),
        render::size(backup.bytes)
    )
}
