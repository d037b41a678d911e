//! `report`: differences saved in the store, found by ID or name.

use engine::records::Report as Saved;
use engine::{DifferenceFilter, Store};
use serde_json::{Value, json};

use crate::args::{Format, Report, ReportCreate, ReportName};
use crate::difference::{self, Totals};
use crate::names::Names;
use crate::records;
use crate::render::{self, Cell, Rows, counted};
use crate::report::{Failure, Outcome, Status};
use crate::saved;
use crate::session::Session;
use crate::unread;

use super::{diff, selection};

const COLUMNS: &[&str] = &records::columns::<_, 13, 13>(&Saved::FIELDS, &[]);
const PEOPLE_COLUMNS: &[&str] = &["id", "name", "from", "to", "completed", "objects", "attributes", "links"];
const SHOWN_COLUMNS: &[&str] = &records::columns::<_, 13, 15>(&Saved::FIELDS, &["unread", "changes"]);

/// Creates, lists, shows or deletes reports.
///
/// # Errors
/// When there is no such report or backup, or the store cannot be read or written.
pub(super) fn run(session: &mut Session<'_, '_>, report: &Report) -> Outcome {
    match report {
        Report::Create(options) => create(session, options),
        Report::List => list(session),
        Report::Show(name) => show(session, name),
        Report::Delete(name) => delete(session, name),
    }
}

fn create(session: &mut Session<'_, '_>, options: &ReportCreate) -> Outcome {
    selection::check(&options.selection)?;
    let mut store = session.open_to_write("report create")?;
    if !options.name.is_empty() && store.reports()?.iter().any(|report| saved::answers(report, &options.name))
    {
        let message = format!("there is already a report \"{}\"", options.name);
        let help = "choose another --name, or `entrasnap report delete` the other one first";
        return Err(Failure::usage(message).with_help(help));
    }
    let started = (session.io.now)();
    let filter = selection::filter(&options.selection, false);
    let sides = selection::sides(session, &mut store, &options.selection)?;
    let predicate = options.selection.predicate.as_deref();
    let changes = selection::changes(session, &store, &sides, &filter, predicate)?;
    let lacks = selection::unread(&store, &sides, &filter)?;
    let totals = Totals::of(&changes);
    let report = Saved {
        id: saved::new_id((session.io.seed)()),
        name: options.name.clone(),
        status: "completed".to_owned(),
        from: sides.from.id,
        from_taken_at: sides.from.taken_at,
        to: sides.to.id,
        to_taken_at: sides.to.taken_at,
        filter: filter_of(&filter, predicate),
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
    let people = format!("report {}{}: {}\n", report.id, shown_name(&report), difference::sentence(&changes));
    render::single(
        session,
        &Rows { columns: COLUMNS, cells: vec![records::cells(&Saved::FIELDS, &report)] },
        &people,
    )
    .map_err(|failure| failure.after(&format!("report {}", report.id)))?;
    unread::tell(session, &report.unread, false);
    Ok(Status::DONE)
}

/// What was chosen, as a report keeps it.
fn filter_of(filter: &DifferenceFilter, predicate: Option<&str>) -> Value {
    let mut kept = json!({"types": filter.types, "ids": filter.ids});
    if let Some(predicate) = predicate {
        kept["where"] = predicate.into();
    }
    kept
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
    render::list(session, &rows)?;
    Ok(Status::DONE)
}

fn show(session: &mut Session<'_, '_>, name: &ReportName) -> Outcome {
    let store = session.open()?;
    let report = saved::find(&store, &name.id)?;
    let changes = saved::changes(&report)?;
    match session.format {
        Format::Json | Format::Ndjson => {
            let mut row = records::cells(&Saved::FIELDS, &report);
            row.push(Cell::Json(serde_json::to_string(&report.unread).expect("it is plain data")));
            row.push(Cell::Json(difference::json_array(&changes)));
            let rows = Rows { columns: SHOWN_COLUMNS, cells: vec![row] };
            render::single(session, &rows, "")?;
        }
        Format::Md => {
            let heading = render::markdown::escaped(&heading(&report));
            render::raw(session, &format!("# {heading}\n\n"))?;
            diff::print(session, &changes, &report.unread, &mut Names::told())?;
        }
        Format::Html => {
            let backups = [report.to, report.from];
            let mut names = selection::names(session, &store, &backups, &changes);
            let title = if report.name.is_empty() { &report.id } else { &report.name };
            let title = format!("Report {title}");
            let heading = heading(&report);
            diff::page(session, [&title, &heading], &changes, &report.unread, &mut names)?;
        }
        Format::Table => {
            render::raw(session, &format!("{}\n", render::printable(&heading(&report))))?;
            print_tree(session, &store, &report, &changes)?;
        }
        _ => diff::print(session, &changes, &report.unread, &mut Names::told())?,
    }
    Ok(Status::DONE)
}

fn print_tree(
    session: &mut Session<'_, '_>,
    store: &Store,
    report: &Saved,
    changes: &[difference::ChangeRow],
) -> Outcome<()> {
    let backups = [report.to, report.from];
    let mut names = selection::names(session, store, &backups, changes);
    diff::print(session, changes, &report.unread, &mut names)
}

fn delete(session: &mut Session<'_, '_>, name: &ReportName) -> Outcome {
    let mut store = session.open_to_write("report delete")?;
    let report = saved::find(&store, &name.id)?;
    store.delete_report(&report.id, (session.io.now)())?;
    let cells = vec![Cell::text(&report.id), Cell::text("deleted")];
    let people = format!("report {}{} deleted\n", report.id, shown_name(&report));
    render::single(session, &Rows { columns: &["id", "status"], cells: vec![cells] }, &people)?;
    Ok(Status::DONE)
}

fn shown_name(report: &Saved) -> String {
    if report.name.is_empty() { String::new() } else { format!(" \"{}\"", render::printable(&report.name)) }
}

fn heading(report: &Saved) -> String {
    let filter: &Value = &report.filter;
    let chosen = |key: &str| filter[key].as_array().map_or(0, |list| list.len() as u64);
    let mut only = Vec::new();
    if chosen("types") > 0 {
        only.push(counted(chosen("types"), "type"));
    }
    if chosen("ids") > 0 {
        only.push(counted(chosen("ids"), "ID"));
    }
    if let Some(predicate) = filter["where"].as_str() {
        only.push(format!("where {predicate}"));
    }
    let only = if only.is_empty() { String::new() } else { format!(", only {}", only.join(", ")) };
    format!(
        "report {}{}, from {} ({}) to {} ({}){only}, {} {}",
        report.id,
        shown_name(report),
        report.from,
        render::people_time(report.from_taken_at),
        report.to,
        render::people_time(report.to_taken_at),
        report.status,
        render::people_time(report.completed)
    )
}
