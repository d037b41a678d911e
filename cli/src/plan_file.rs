//! Plan files: read, written, and printed in the chosen format.

use std::path::Path;

use engine::BackupId;
use ingest::plan::Plan;

use crate::args::Format;
use crate::error::{Failure, Outcome};
use crate::heading;
use crate::io::write_file;
use crate::names::Names;
use crate::output::html::Script;
use crate::output::{html, json, markdown, plan as drawn};
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
    write_file(&*session.io.disk, &path, &|out| plan.write_file(out))
        .map_err(|error| Failure::file("cannot write", &path, &error))?
        .map_err(|error| Failure::file("cannot sync the folder of", &path, &error).after("the plan file"))?;
    session.note(&format!("written to {}", file.display()));
    Ok(())
}

/// Prints a plan in the chosen format.
///
/// # Errors
/// When the output cannot be written.
pub(crate) fn print(session: &mut Session<'_, '_>, plan: &Plan) -> Outcome<()> {
    let names = &mut names_of(session, plan);
    let store = if matches!(session.format, Format::Md | Format::Html) { session.open().ok() } else { None };
    let head = heading::of_plan(store.as_ref(), plan);
    let out = &mut *session.io.stdout;
    let written = match session.format {
        Format::Table => drawn::draw(out, plan, names, session.look),
        Format::Md => markdown::plan_document(out, &head, plan, names),
        Format::Html => html::page(out, &head, Script::Filter, &mut |out| html::plan_body(out, plan, names)),
        Format::Json => json::unsteered(out, &|out| plan.write_file(out)),
        _ => json::unsteered(out, &|out| {
            serde_json::to_writer(&mut *out, plan)?;
            out.write_all(b"\n")
        }),
    };
    written.map_err(Failure::output)
}

/// The names of what values of a plan point at, which only the store is believed; without it there are none.
fn names_of(session: &Session<'_, '_>, plan: &Plan) -> Names {
    if !session.reads_names() {
        return Names::none();
    }
    let backups = [&plan.to.backup, &plan.from.backup];
    let backups: Vec<BackupId> = backups.into_iter().filter_map(|id| BackupId::from_text(id)).collect();
    session.open().map_or_else(|_| Names::none(), |store| Names::of(&store, &backups))
}
