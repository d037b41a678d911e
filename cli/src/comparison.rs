//! Two backups compared: which, which of their changes, and how these are printed; shared by the verbs that compare.

use std::collections::{BTreeSet, HashSet};
use std::io::Write;

use engine::coverage::Unread;
use engine::{BackupId, BackupSummary, Cascades, DifferenceFilter, Store};
use ingest::pull::LiveScope;
use query::Rules;
use serde_json::{Value, json};

use crate::args::tenant::Tenant;
use crate::args::{Format, Selection};
use crate::bridge;
use crate::bridge::query::{StoredTables, chosen_changes, read_predicate};
use crate::change::ChangeRow;
use crate::error::{Failure, Outcome};
use crate::heading::{self, DifferenceHead};
use crate::live;
use crate::names::{LOOKUP_COUNT_MAX, Names};
use crate::output::change::Difference;
use crate::output::html::Script;
use crate::output::risk::Finding;
use crate::output::text::{people_time, printable};
use crate::output::{change as change_rows, markdown, unread as lacking};
use crate::session::{Session, remark, resolve};

/// The two backups of a difference.
#[derive(Debug, Clone)]
pub(crate) struct Sides {
    pub(crate) from: BackupSummary,
    pub(crate) to: BackupSummary,
}

/// Resolves both points in time, and says on stderr what was chosen.
///
/// # Errors
/// When a point names no backup.
pub(crate) fn sides(
    session: &mut Session<'_, '_>,
    store: &mut Store,
    selection: &Selection,
) -> Outcome<Sides> {
    let mut side = |session: &mut Session<'_, '_>, point: &str| -> Outcome<BackupSummary> {
        if !live::is_live(point) {
            let point = session.point(store, point)?;
            let backup = resolve(store, &point)?;
            remark(session, store, &point);
            return Ok(backup);
        }
        let types = selection.types.iter().map(|name| bridge::schema::type_token(name)).collect();
        let scope = LiveScope { types, ids: selection.ids.clone(), relations: None };
        let reading = live::read(session, &Tenant::default(), &scope)?;
        *store = session.open()?;
        Ok(reading)
    };
    let from = side(session, &selection.from)?;
    let to = side(session, &selection.to)?;
    let chosen = |backup: &BackupSummary| format!("{} ({})", backup.id, people_time(backup.taken_at));
    session.note(&format!("from {} to {}", chosen(&from), chosen(&to)));
    let position = |id: &str| store.commits().iter().position(|backup| backup.id == id);
    if position(&from.id) > position(&to.id) {
        session.note("read backwards: FROM is later than TO");
    }
    let sides = Sides { from, to };
    check_types(store, &sides, selection)?;
    doubt_ids(session, store, &sides, &selection.ids);
    Ok(sides)
}

/// Says which IDs are none: that nothing changed would be a wrong answer about an object that was never there.
fn doubt_ids(session: &mut Session<'_, '_>, store: &Store, sides: &Sides, ids: &[String]) {
    let mut names = Names::of(store, &[sides.from.id, sides.to.id]);
    for id in ids.iter().take(LOOKUP_COUNT_MAX) {
        if !names.is_object(id) {
            session.warn(&format!("neither backup has an object \"{id}\""));
        }
    }
}

/// Refuses types that neither the table of types nor the two backups know: most likely misspelt.
fn check_types(store: &Store, sides: &Sides, selection: &Selection) -> Outcome<()> {
    let tokens = selection.types.iter().map(|name| bridge::schema::type_token(name));
    let odd: Vec<String> = tokens.filter(|token| !bridge::schema::is_known(token)).collect();
    if odd.is_empty() {
        return Ok(());
    }
    let mut known = store.snapshot(&sides.from.id)?.types()?;
    known.extend(store.snapshot(&sides.to.id)?.types()?);
    match odd.into_iter().find(|token| !known.iter().any(|known| **known == **token)) {
        None => Ok(()),
        Some(token) => {
            known.sort();
            known.dedup();
            let help = format!("these backups hold: {}", known.join(", "));
            Err(Failure::usage(format!("no type \"{token}\"")).with_help(help))
        }
    }
}

/// Refuses a predicate that is more than one, or none.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(selection: &Selection) -> Outcome<()> {
    let Some(predicate) = &selection.predicate else { return Ok(()) };
    read_predicate(predicate).map(drop)
}

/// The filter of the arguments.
pub(crate) fn filter(selection: &Selection, all: bool) -> DifferenceFilter {
    let cascades = if all { Cascades::AtBothEnds } else { Cascades::AtDeleted };
    DifferenceFilter {
        types: selection.types.iter().map(|name| bridge::schema::type_token(name)).collect(),
        ids: selection.ids.clone(),
        all,
        objects_only: false,
        cascades,
        first_seen: false,
    }
}

/// What was chosen, as a report keeps it.
pub(crate) fn chosen(filter: &DifferenceFilter, predicate: Option<&str>) -> Value {
    let mut kept = json!({"types": filter.types, "ids": filter.ids});
    if let Some(predicate) = predicate {
        kept["where"] = predicate.into();
    }
    kept
}

/// The difference: what the filter and the predicate let through.
///
/// # Errors
/// What is wrong with the predicate, or the store cannot be read.
pub(crate) fn changes(
    session: &Session<'_, '_>,
    store: &Store,
    sides: &Sides,
    filter: &DifferenceFilter,
    predicate: Option<&str>,
) -> Outcome<Vec<ChangeRow>> {
    let points = [sides.from.id.as_str(), &sides.to.id];
    let chosen = match predicate {
        None => None,
        Some(predicate) => {
            let tables = StoredTables::new(session, "latest");
            let (now, interrupt) = ((session.io.now)(), session.io.interrupt);
            Some(chosen_changes(&tables, points, predicate, now, interrupt)?)
        }
    };
    let mut filter = filter.clone();
    if let Some(chosen) = &chosen {
        // In types of which nothing was chosen nothing need be looked for.
        let types: BTreeSet<&String> = chosen.iter().map(|(token, _)| token).collect();
        let is_asked = |token: &String| filter.types.is_empty() || filter.types.contains(token);
        filter.types = types.into_iter().filter(|token| is_asked(token)).cloned().collect();
        if filter.types.is_empty() {
            return Ok(Vec::new());
        }
    }
    let difference = store.compare(&sides.from.id, &sides.to.id, &filter)?;
    let changes = difference.changes()?.map(|change| change.map(ChangeRow::from));
    let mut changes: Vec<ChangeRow> = changes.collect::<Result<_, _>>()?;
    if let Some(chosen) = chosen {
        changes.retain(|change| chosen.contains(&(change.type_token.clone(), change.id.clone())));
    }
    Ok(changes)
}

/// What the filter selects and one of the sides lacks.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn unread(store: &Store, sides: &Sides, filter: &DifferenceFilter) -> Outcome<Vec<Unread>> {
    Ok(store.unread_between(&sides.from.id, &sides.to.id, filter)?)
}

/// The names for a difference, in the formats that print names.
fn names(session: &Session<'_, '_>, store: &Store, backups: &[BackupId], changes: &[ChangeRow]) -> Names {
    if !session.reads_names() && !matches!(session.format, Format::Csv | Format::Tsv) {
        return Names::none();
    }
    let mut names = Names::of(store, backups);
    names.learn(changes);
    names
}

/// Prints changes in the chosen format.
///
/// # Errors
/// When the output cannot be written.
pub(crate) fn print(
    session: &mut Session<'_, '_>,
    store: &Store,
    about: &DifferenceHead,
    changes: &[ChangeRow],
    lacks: &[Unread],
) -> Outcome<()> {
    let names = &mut names(session, store, &[about.to.backup, about.from.backup], changes);
    match session.format {
        Format::Table => {
            let mut text = change_rows::text::render(changes, names, session.look);
            // That nothing differs must not be read as more than it says.
            if changes.is_empty() && !lacks.is_empty() {
                text = format!("{text}{}\n", printable(&lacking::sentence(lacks, session.verbose)));
            }
            session.print_text(&text)
        }
        Format::Md | Format::Html => {
            let policies = heading::policies(store, &about.from.backup, &about.to.backup, changes);
            let is_whole = session.look.whole;
            let findings = findings(session, about, changes)?;
            let mut head = about.head(store, lacks, (session.io.now)());
            head.facts.push(("Findings", told_of(findings.as_deref()).to_owned()));
            let findings = findings.unwrap_or_default();
            let difference = Difference { changes, findings: &findings, policies: &policies, is_whole };
            if session.format == Format::Md {
                let text =
                    markdown::document_head(&head) + &change_rows::markdown::render(&difference, names);
                return session.print_text(&text);
            }
            let body = &mut |out: &mut dyn Write| change_rows::page::write(out, &difference, names);
            session.print_page(&head, Script::Filter, body)
        }
        Format::Csv | Format::Tsv => session.print_rows(&change_rows::event::rows(changes, names)),
        _ => session.print_rows(&change_rows::rows(changes)),
    }
}

/// What the shipped rules find among some changes; nothing when one of the backups is no longer there to be judged.
fn findings(
    session: &Session<'_, '_>,
    about: &DifferenceHead,
    changes: &[ChangeRow],
) -> Outcome<Option<Vec<Finding>>> {
    let store = session.open()?;
    let side = |id: &BackupId| store.commits().iter().find(|backup| backup.id == *id).cloned();
    let Some((from, to)) = side(&about.from.backup).zip(side(&about.to.backup)) else { return Ok(None) };
    let found = bridge::query::findings(store, [&from, &to], Rules::shipped(), session.io.interrupt)?;
    let types: HashSet<&str> = changes.iter().map(|change| change.type_token.as_str()).collect();
    let shown: HashSet<(&str, &str)> =
        changes.iter().map(|change| (change.type_token.as_str(), change.id.as_str())).collect();
    // A filter leaves out the findings about what it leaves out.
    let found = found.into_iter().filter(|finding| {
        let key = &finding.change;
        if key.id.is_empty() {
            types.contains(key.type_token.as_str())
        } else {
            shown.contains(&(key.type_token.as_str(), key.id.as_str()))
        }
    });
    Ok(Some(found.map(Finding::from).collect()))
}

/// What the head says of findings that are not listed.
fn told_of(findings: Option<&[Finding]>) -> &'static str {
    match findings {
        None => "not judged, because one of the backups is no longer in the store",
        Some([]) => "none by the shipped rules",
        Some(_) => "",
    }
}
