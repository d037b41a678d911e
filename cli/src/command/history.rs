//! `history`: all changes of one object, oldest first.

use std::fmt::Write as _;

use engine::{BackupId, BackupSummary, ChangeKind, Store};

use super::show::with_candidates;
use crate::args::Format;
use crate::change::ChangeRow;
use crate::error::{Outcome, Status};
use crate::names::Names;
use crate::output::change::detail::Extent;
use crate::output::change::{event, text};
use crate::output::text::{counted, people_time};
use crate::output::{Cell, Look, Rows};
use crate::session::{Session, resolve};

const COLUMNS: &[&str] = &event::columns(["backup", "takenAt"]);

/// What one object went through at one backup.
struct Event {
    backup: BackupSummary,
    change: ChangeRow,
    /// Whether it has attributes and links that are worth a row: both sides have the object, or it lost links.
    has_details: bool,
}

/// Shows all changes of one object, oldest first
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  entrasnap history Ann")]
pub(crate) struct Options {
    /// An ID, or an unambiguous user principal name, display name or application ID
    #[arg(value_name = "OBJECT")]
    pub(crate) object: String,
}

/// Prints the history.
///
/// # Errors
/// When no object, or more than one, has the name, or the store cannot be read.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options) -> Outcome {
    let store = session.open()?;
    let latest = resolve(&store, "latest")?;
    let mut steps = Vec::new();
    let keys = store.find_all(&options.object, &latest.id);
    for key in keys.map_err(|error| with_candidates(&store, &latest.id, error))? {
        steps.append(&mut store.history(&key)?);
    }
    // One ID may have several types, each with a history of its own.
    let position = |id: &str| store.commits().iter().position(|member| member.id == id);
    steps.sort_by_cached_key(|(backup, change)| {
        (backup.taken_at, position(&backup.id), std::sync::Arc::clone(&change.type_token))
    });
    let events: Vec<Event> = steps
        .into_iter()
        .map(|(backup, change)| Event {
            backup,
            has_details: matches!(change.kind, ChangeKind::Updated | ChangeKind::Restored)
                || !change.links.is_empty(),
            change: ChangeRow::from(change),
        })
        .collect();
    if session.format == Format::Table {
        let text = for_people(&store, &events, &latest.id, session.look);
        session.print_text(&text)?;
    } else {
        let mut names = Names::of(&store, &[latest.id]);
        session.print_rows(&rows(&events, &mut names))?;
    }
    name_backups(session, &store);
    Ok(Status::Done)
}

fn name_backups(session: &mut Session<'_, '_>, store: &Store) {
    session.note(&format!("over {}", counted(store.backups().len() as u64, "backup")));
}

fn for_people(store: &Store, events: &[Event], latest: &BackupId, look: Look) -> String {
    let mut out = String::new();
    let extent = if look.whole { Extent::Whole } else { Extent::First };
    for event in events {
        writeln!(out, "{}  {}", people_time(event.backup.taken_at), event.backup.id).ok();
        let mut names = names_at(store, &event.backup, latest);
        out.push_str(&text::headline(&event.change, &mut names, look));
        out.push_str(&text::below(&event.change, &mut names, extent, look));
    }
    out
}

/// Names as they were at a backup and at the one before it, and as they are now.
fn names_at(store: &Store, backup: &BackupSummary, latest: &BackupId) -> Names {
    let index = store.commits().iter().position(|member| member.id == backup.id);
    let before = index.and_then(|index| store.commits().get(index.checked_sub(1)?)).unwrap_or(backup);
    Names::of(store, &[backup.id, before.id, *latest])
}

/// One row for the object, then one for each attribute and link that changed.
fn rows(events: &[Event], names: &mut Names) -> Rows {
    let mut cells = Vec::new();
    for Event { backup, change, has_details } in events {
        let details = if *has_details { event::details(change, names) } else { Vec::new() };
        for mut row in std::iter::once(event::object(change)).chain(details) {
            row.extend([Cell::text(backup.id), Cell::Time(backup.taken_at)]);
            cells.push(row);
        }
    }
    Rows { columns: COLUMNS, cells }
}
