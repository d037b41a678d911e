//! Backups as rows, and one of them in words.

use engine::BackupSummary;

use super::text::{counted, grouped, people_time, size};
use super::{Cell, Rows};

const COLUMNS: &[&str] = &[
    "id", "takenAt", "source", "note", "objects", "links", "added", "updated", "deleted", "bytes", "warnings",
];

const PEOPLE_COLUMNS: &[&str] =
    &["id", "takenAt", "source", "objects", "links", "added", "updated", "deleted", "bytes", "note"];

/// Backups as rows; people read the note last, and no warnings.
pub(crate) fn listed(backups: &[BackupSummary], for_people: bool) -> Rows {
    if for_people {
        Rows { columns: PEOPLE_COLUMNS, cells: backups.iter().map(people_cells).collect() }
    } else {
        rows(backups)
    }
}

/// Backups as rows.
pub(crate) fn rows(backups: &[BackupSummary]) -> Rows {
    Rows { columns: COLUMNS, cells: backups.iter().map(cells).collect() }
}

fn cells(backup: &BackupSummary) -> Vec<Cell> {
    let warnings = serde_json::to_string(&backup.warnings).expect("warnings are plain data");
    vec![
        Cell::text(backup.id),
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
        people_time(backup.taken_at),
        counted(backup.objects, "object"),
        counted(backup.links, "link"),
        grouped(backup.added),
        grouped(backup.updated),
        grouped(backup.deleted),
        size(backup.bytes)
    )
}
