//! `diff`: what differs between two backups.

use std::collections::{BTreeMap, BTreeSet};

use engine::{DifferenceFilter, Unread};

use crate::args::{Diff, Format};
use crate::bridge;
use crate::change::ChangeRow;
use crate::error::{Failure, Outcome, Status};
use crate::names::Names;
use crate::output::text::{counted, escaped_html, printable};
use crate::output::unread;
use crate::output::{self, change as change_rows, html};
use crate::session::Session;

use super::selection;

/// Prints the difference.
///
/// # Errors
/// When a point names no backup, or the store cannot be read.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Diff) -> Outcome {
    selection::check(&options.selection)?;
    let mut store = session.open()?;
    let filter = selection::filter(&options.selection, options.all);
    let sides = selection::sides(session, &mut store, &options.selection)?;
    let predicate = options.selection.predicate.as_deref();
    let changes = selection::changes(session, &store, &sides, &filter, predicate)?;
    let lacks = selection::unread(&store, &sides, &filter)?;
    if options.explain {
        let everything = DifferenceFilter { all: true, ..filter };
        let ignored = if options.all {
            Vec::new()
        } else {
            selection::changes(session, &store, &sides, &everything, predicate)?
        };
        explain(session, &changes, &ignored, options.all);
    }
    if options.summary {
        session.print_rows(&change_rows::summary(&changes))?;
        if session.is_for_people() {
            session.print_text(&format!("{}\n", change_rows::sentence(&changes)))?;
        }
    } else {
        let backups = [sides.to.id.as_str(), &sides.from.id];
        let mut names = selection::names(session, &store, &backups, &changes);
        print(session, &changes, &lacks, &mut names)?;
    }
    let chosen = &options.selection;
    let is_verdict = options.exit_code || !chosen.types.is_empty() || !chosen.ids.is_empty();
    session.tell_unread(&lacks, is_verdict);
    // A bin that the tenant does not have hides nothing: what goes there is called deleted all the same.
    let is_open = lacks.iter().any(|lack| !ingest::pull::names_missing_bin(&lack.reason));
    Ok(match (changes.is_empty(), options.exit_code) {
        (true, _) if is_verdict && is_open => Status::Warnings,
        (false, true) => Status::Different,
        _ => Status::Done,
    })
}

/// Prints changes in the format asked for.
///
/// # Errors
/// When the output cannot be written.
pub(super) fn print(
    session: &mut Session<'_, '_>,
    changes: &[ChangeRow],
    lacks: &[Unread],
    names: &mut Names,
) -> Outcome<()> {
    match session.format {
        Format::Table => {
            let mut text = change_rows::text::render(changes, names, session.look);
            // That nothing differs must not be read as more than it says.
            if changes.is_empty() && !lacks.is_empty() {
                text = format!("{text}{}\n", printable(&unread::sentence(lacks, session.verbose)));
            }
            session.print_text(&text)
        }
        Format::Md => {
            let mut text = change_rows::markdown::render(changes, names);
            if !lacks.is_empty() {
                text = format!("{text}\n{}\n", output::markdown::escaped(&unread::sentence(lacks, true)));
            }
            session.print_text(&text)
        }
        Format::Html => page(session, ["entrasnap diff", ""], changes, lacks, names),
        _ => session.print_rows(&change_rows::rows(changes)),
    }
}

/// Prints a page of its own about changes.
///
/// # Errors
/// When the output cannot be written.
pub(super) fn page(
    session: &mut Session<'_, '_>,
    [title, heading]: [&str; 2],
    changes: &[ChangeRow],
    lacks: &[Unread],
    names: &mut Names,
) -> Outcome<()> {
    let written = html::page(&mut *session.io.stdout, title, &mut |out| {
        writeln!(out, "<h1>{}</h1>", escaped_html(title))?;
        if !heading.is_empty() {
            writeln!(out, "<p>{}</p>", escaped_html(heading))?;
        }
        if !lacks.is_empty() {
            writeln!(out, "<p>{}</p>", escaped_html(&unread::sentence(lacks, true)))?;
        }
        change_rows::page::write(out, changes, names)
    });
    written.map_err(Failure::output)
}

/// Says what was left out of the comparison, and why.
fn explain(session: &mut Session<'_, '_>, changes: &[ChangeRow], everything: &[ChangeRow], all: bool) {
    let types: BTreeSet<&str> =
        changes.iter().chain(everything).map(|change| change.type_token.as_str()).collect();
    let told: BTreeSet<(&str, &str, &str)> = changes.iter().flat_map(attributes).collect();
    let mut ignored: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for (type_token, _, name) in everything.iter().flat_map(attributes).filter(|found| !told.contains(found))
    {
        *ignored.entry((type_token, name)).or_default() += 1;
    }
    for type_token in types {
        for ((_, name), count) in
            ignored.range((type_token, "")..).take_while(|((of, _), _)| *of == type_token)
        {
            session.note(&format!(
                "{type_token}: {name} differs in {} and is ignored",
                counted(*count, "object")
            ));
        }
        for line in bridge::schema::explain(type_token, all) {
            session.note(&format!("{type_token}: {line}"));
        }
    }
    let unknown: BTreeSet<(&str, &str)> = changes
        .iter()
        .flat_map(|change| change.unknown.iter().map(|name| (change.type_token.as_str(), name.as_str())))
        .collect();
    for (type_token, name) in unknown {
        session.note(&format!("{type_token}: {name} was not observed on one side, so it is no difference"));
    }
}

/// Type, ID and name of each attribute that differs.
fn attributes(change: &ChangeRow) -> impl Iterator<Item = (&str, &str, &str)> {
    change.attributes.iter().map(|attribute| (&*change.type_token, &*change.id, &*attribute.name))
}
