//! `diff`: what differs between two backups.

use std::collections::{BTreeMap, BTreeSet};

use engine::{Cascades, DifferenceFilter};

use crate::args::Selection;
use crate::bridge;
use crate::change::ChangeRow;
use crate::comparison;
use crate::error::{Outcome, Status};
use crate::heading::{self, DifferenceHead};
use crate::output::change as change_rows;
use crate::output::text::counted;
use crate::session::Session;

/// Shows the difference of two backups; without a point in time, the last change
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  entrasnap diff latest latest --summary\n  entrasnap diff latest latest --where 'type == \"user\" and attributeCount > 1'\n\nA point in time is `latest`, `latest~3`, a backup ID or the start of one, an RFC 3339 time (the newest backup at or before it), `2026-11-20`, `yesterday` or `monday` (the only backup of that day in UTC, else as its 00:00), `-1d` or `-36h` (so long ago), or a note that only one backup has."
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that is typed or not")]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Server-made properties, purged objects, and links that ended with a deleted object too
    #[arg(long, conflicts_with = "predicate")]
    pub(crate) all: bool,
    /// Only counts, per type and kind of change
    #[arg(long)]
    pub(crate) summary: bool,
    /// Says what is ignored, what is compared as a set, and what was not observed
    #[arg(long)]
    pub(crate) explain: bool,
    /// Exit status 10 when there are differences, 4 when there are none and something was not read
    #[arg(long)]
    pub(crate) exit_code: bool,
}

/// Prints the difference.
///
/// # Errors
/// When a point names no backup, or the store cannot be read.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options) -> Outcome {
    comparison::check(&options.selection)?;
    let mut store = session.open()?;
    let filter = comparison::filter(&options.selection, options.all);
    let sides = comparison::sides(session, &mut store, &options.selection)?;
    let predicate = options.selection.predicate.as_deref();
    let changes = comparison::changes(session, &store, &sides, &filter, predicate)?;
    let lacks = comparison::unread(&store, &sides, &filter)?;
    session.name_tenant(&store);
    if options.explain {
        let everything = DifferenceFilter { all: true, cascades: Cascades::Hidden, ..filter.clone() };
        let ignored = if options.all {
            Vec::new()
        } else {
            comparison::changes(session, &store, &sides, &everything, predicate)?
        };
        explain(session, &changes, &ignored, options.all);
    }
    if options.summary {
        session.print_rows(&change_rows::summary(&changes))?;
        if session.is_for_people() {
            session.print_text(&format!("{}\n", change_rows::sentence(&changes)))?;
        }
    } else {
        let about = DifferenceHead {
            title: "What changed".to_owned(),
            from: (&sides.from).into(),
            to: (&sides.to).into(),
            facts: vec![("Only", heading::chosen(&comparison::chosen(&filter, predicate)))],
        };
        comparison::print(session, &store, &about, &changes, &lacks)?;
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
