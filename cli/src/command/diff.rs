//! `diff`: what differs between two backups.

use std::collections::{BTreeMap, BTreeSet};

use engine::{Cascades, DifferenceFilter, Unread};

use crate::args::{Diff, Format};
use crate::bridge;
use crate::difference::{self, ChangeRow};
use crate::names::Names;
use crate::render::{self, counted, html, tree};
use crate::report::{Failure, Outcome, Status};
use crate::session::Session;
use crate::unread;

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
        let everything = DifferenceFilter { all: true, cascades: Cascades::Hidden, ..filter };
        let ignored = if options.all {
            Vec::new()
        } else {
            selection::changes(session, &store, &sides, &everything, predicate)?
        };
        explain(session, &changes, &ignored, options.all);
    }
    if options.summary {
        render::list(session, &difference::summary(&changes))?;
        if session.is_for_people() {
            render::raw(session, &format!("{}\n", difference::sentence(&changes)))?;
        }
    } else {
        let backups = [sides.to.id, sides.from.id];
        let mut names = selection::names(session, &store, &backups, &changes);
        print(session, &changes, &lacks, &mut names)?;
    }
    let chosen = &options.selection;
    let is_verdict = options.exit_code || !chosen.types.is_empty() || !chosen.ids.is_empty();
    unread::tell(session, &lacks, is_verdict);
    // A bin that the tenant does not have hides nothing: what goes there is called deleted all the same.
    let is_open = lacks.iter().any(|lack| !ingest::pull::names_missing_bin(&lack.reason));
    Ok(match (changes.is_empty(), options.exit_code) {
        (true, _) if is_verdict && is_open => Status::WARNINGS,
        (false, true) => Status::DIFFERENT,
        _ => Status::DONE,
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
            let mut text = tree::render(changes, names, session.look);
            // That nothing differs must not be read as more than it says.
            if changes.is_empty() && !lacks.is_empty() {
                text = format!("{text}{}\n", render::printable(&unread::sentence(lacks, session.verbose)));
            }
            render::raw(session, &text)
        }
        Format::Md => {
            let mut text = tree::markdown(changes);
            if !lacks.is_empty() {
                text = format!("{text}\n{}\n", render::markdown::escaped(&unread::sentence(lacks, true)));
            }
            render::raw(session, &text)
        }
        Format::Html => page(session, ["entrasnap diff", ""], changes, lacks, names),
        _ => render::list(session, &difference::rows(changes)),
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
        writeln!(out, "<h1>{}</h1>", html::escaped(title))?;
        if !heading.is_empty() {
            writeln!(out, "<p>{}</p>", html::escaped(heading))?;
        }
        if !lacks.is_empty() {
            writeln!(out, "<p>{}</p>", html::escaped(&unread::sentence(lacks, true)))?;
        }
        html::difference(out, changes, names)
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
