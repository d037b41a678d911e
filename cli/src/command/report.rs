//! `report`: differences saved in the store, found by ID or name.

use clap::Subcommand;
use engine::records::Report as Saved;

use crate::args::{Format, Selection};
use crate::change::Totals;
use crate::comparison;
use crate::error::{Failure, Outcome, Status};
use crate::heading::{DifferenceHead, chosen};
use crate::output::text::{people_time, printable};
use crate::output::{Cell, Rows, change as change_rows};
use crate::records;
use crate::saved;
use crate::session::Session;

const COLUMNS: &[&str] = &records::columns::<_, 13, 13>(&Saved::FIELDS, &[]);
const PEOPLE_COLUMNS: &[&str] = &["id", "name", "from", "to", "completed", "objects", "attributes", "links"];
const SHOWN_COLUMNS: &[&str] = &records::columns::<_, 13, 15>(&Saved::FIELDS, &["unread", "changes"]);

/// Saves differences, and shows saved ones
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  entrasnap report list")]
pub(crate) enum Options {
    /// Computes a difference and saves it
    #[command(after_help = "Example:\n  entrasnap report create latest latest --name first")]
    Create(ReportCreate),
    /// Lists the saved differences, oldest first
    #[command(after_help = "Example:\n  entrasnap report list")]
    List,
    /// Shows a saved difference, without computing it again
    #[command(after_help = "Example:\n  entrasnap report show first")]
    Show(ReportName),
    /// Removes a saved difference from the list
    #[command(after_help = "Example:\n  entrasnap report delete first")]
    Delete(ReportName),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReportCreate {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// A name to find it by
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(crate) name: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReportName {
    /// The report's ID, the start of it, or its name
    #[arg(value_name = "ID")]
    pub(crate) id: String,
}

/// Creates, lists, shows or deletes reports.
///
/// # Errors
/// When there is no such report or backup, or the store cannot be read or written.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options) -> Outcome {
    match options {
        Options::Create(options) => create(session, options),
        Options::List => list(session),
        Options::Show(name) => show(session, name),
        Options::Delete(name) => delete(session, name),
    }
}

fn create(session: &mut Session<'_, '_>, options: &ReportCreate) -> Outcome {
    comparison::check(&options.selection)?;
    let mut store = session.open_to_write("report create")?;
    if !options.name.is_empty() && store.reports()?.iter().any(|report| saved::answers(report, &options.name))
    {
        let message = format!("there is already a report \"{}\"", options.name);
        let help = "choose another --name, or `entrasnap report delete` the other one first";
        return Err(Failure::usage(message).with_help(help));
    }
    let started = (session.io.now)();
    let filter = comparison::filter(&options.selection, false);
    let sides = comparison::sides(session, &mut store, &options.selection)?;
    let predicate = options.selection.predicate.as_deref();
    let changes = comparison::changes(session, &store, &sides, &filter, predicate)?;
    let lacks = comparison::unread(&store, &sides, &filter)?;
    let totals = Totals::of(&changes);
    let report = Saved {
        id: saved::new_id((session.io.seed)()),
        name: options.name.clone(),
        status: "completed".to_owned(),
        from: sides.from.id,
        from_taken_at: sides.from.taken_at,
        to: sides.to.id,
        to_taken_at: sides.to.taken_at,
        filter: comparison::chosen(&filter, predicate),
        started,
        completed: (session.io.now)(),
        objects: totals.objects,
        attributes: totals.attributes,
        links: totals.links,
        unread: lacks,
        changes: Some(saved::changes_text(&changes)),
        other: serde_json::Map::new(),
    };
    store.add_report(&report)?;
    let people =
        format!("report {}{}: {}\n", report.id, shown_name(&report), change_rows::sentence(&changes));
    session
        .print_one(&Rows { columns: COLUMNS, cells: vec![records::cells(&Saved::FIELDS, &report)] }, &people)
        .map_err(|failure| failure.after(&format!("report {}", report.id)))?;
    session.tell_unread(&report.unread, false);
    Ok(Status::Done)
}

fn list(session: &mut Session<'_, '_>) -> Outcome {
    let store = session.open()?;
    let reports = store.reports()?;
    let people = |report: &Saved| records::cells_under(PEOPLE_COLUMNS, &Saved::FIELDS, report);
    let rows = if session.is_for_people() {
        Rows { columns: PEOPLE_COLUMNS, cells: reports.iter().map(people).collect() }
    } else {
        let cells = reports.iter().map(|report| records::cells(&Saved::FIELDS, report));
        Rows { columns: COLUMNS, cells: cells.collect() }
    };
    session.print_rows(&rows)?;
    Ok(Status::Done)
}

fn show(session: &mut Session<'_, '_>, name: &ReportName) -> Outcome {
    let store = session.open()?;
    let report = saved::find(&store, &name.id)?;
    let changes = saved::changes(&report)?;
    let about = DifferenceHead::of_report(&store, &report);
    match session.format {
        Format::Json | Format::Ndjson => {
            let mut row = records::cells(&Saved::FIELDS, &report);
            row.push(Cell::Json(serde_json::to_string(&report.unread).expect("it is plain data")));
            row.push(Cell::Json(change_rows::json_array(&changes)));
            let rows = Rows { columns: SHOWN_COLUMNS, cells: vec![row] };
            session.print_one(&rows, "")?;
        }
        Format::Table => {
            session.print_text(&format!("{}\n", printable(&heading(&report))))?;
            comparison::print(session, &store, &about, &changes, &report.unread)?;
        }
        _ => comparison::print(session, &store, &about, &changes, &report.unread)?,
    }
    Ok(Status::Done)
}

fn delete(session: &mut Session<'_, '_>, name: &ReportName) -> Outcome {
    let mut store = session.open_to_write("report delete")?;
    let report = saved::find(&store, &name.id)?;
    store.delete_report(&report.id, (session.io.now)())?;
    let cells = vec![Cell::text(&report.id), Cell::text("deleted")];
    let people = format!("report {}{} deleted\n", report.id, shown_name(&report));
    session.print_one(&Rows { columns: &["id", "status"], cells: vec![cells] }, &people)?;
    Ok(Status::Done)
}

fn shown_name(report: &Saved) -> String {
    if report.name.is_empty() { String::new() } else { format!(" \"{}\"", printable(&report.name)) }
}

fn heading(report: &Saved) -> String {
    let only = chosen(&report.filter);
    let only = if only.is_empty() { String::new() } else { format!(", only {only}") };
    format!(
        "report {}{}, from {} ({}) to {} ({}){only}, {} {}",
        report.id,
        shown_name(report),
        report.from,
        people_time(report.from_taken_at),
        report.to,
        people_time(report.to_taken_at),
        report.status,
        people_time(report.completed)
    )
}
