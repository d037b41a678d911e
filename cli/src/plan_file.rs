//! Plan files: read, written, and printed in the format asked for.

use std::path::Path;

use ingest::plan::Plan;

use crate::args::Format;
use crate::error::{Failure, Outcome};
use crate::io::write_file;
use crate::names::Names;
use crate::output::{html, json, plan as drawn};
use crate::session::Session;

/// Reads a plan file.
///
/// # Errors
/// When it cannot be read, is no plan, or was edited.
pub(crate) fn read(session: &Session<'_, '_>, file: &Path) -> Outcome<Plan> {
    let path = session.path(file);
    let bytes = std::fs::read(&path).map_err(|error| Failure::file("cannot read", &path, &error))?;
    Plan::from_file_bytes(&bytes).map_err(|error| {
        let failure = Failure::from(error);
        Failure { file: Some(path.display().to_string().into()), ..failure }
    })
}

/// Writes a plan file.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write(session: &mut Session<'_, '_>, file: &Path, plan: &Plan) -> Outcome<()> {
    let path = session.path(file);
    write_file(&path, &plan.to_file_bytes()).map_err(|error| Failure::file("cannot write", &path, &error))?;
    session.note(&format!("written to {}", file.display()));
    Ok(())
}

/// Prints a plan in the format asked for.
///
/// # Errors
/// When the output cannot be written.
pub(crate) fn print(session: &mut Session<'_, '_>, plan: &Plan) -> Outcome<()> {
    let names = &mut names_of(session, plan);
    match session.format {
        Format::Table => session.print_text(&drawn::render(plan, names, session.look)),
        Format::Md => session.print_text(&drawn::markdown(plan, names)),
        Format::Html => {
            let title = format!("entrasnap plan {}", plan.plan_id);
            let body = &mut |out: &mut dyn std::io::Write| drawn::page(out, plan, names);
            html::page(&mut *session.io.stdout, &title, body).map_err(Failure::output)
        }
        Format::Json => {
            let text = String::from_utf8_lossy(&plan.to_file_bytes()).into_owned();
            session.print_text(&json::unsteering(&text))
        }
        _ => {
            let line = serde_json::to_string(plan).expect("a plan is plain data");
            session.print_text(&format!("{}\n", json::unsteering(&line)))
        }
    }
}

/// The names of what values of a plan point at, which only the store is believed; without it there are none.
fn names_of(session: &Session<'_, '_>, plan: &Plan) -> Names {
    if !session.reads_names() {
        return Names::none();
    }
    session
        .open()
        .map_or_else(|_| Names::none(), |store| Names::of(&store, &[&plan.from.backup, &plan.to.backup]))
}
