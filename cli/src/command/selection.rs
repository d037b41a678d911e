//! Which two backups and which changes: shared by `diff` and `report create`.

use engine::{BackupSummary, DifferenceFilter, Store};

use crate::args::{Format, Selection};
use crate::bridge;
use crate::difference::ChangeRow;
use crate::names::Names;
use crate::render::people_time;
use crate::report::{Failure, Outcome};
use crate::session::{Session, resolve};

/// The two backups of a difference.
#[derive(Debug, Clone)]
pub(super) struct Sides {
    pub(super) from: BackupSummary,
    pub(super) to: BackupSummary,
}

/// Resolves both points in time, and says on stderr what was chosen.
///
/// # Errors
/// When a point names no backup, or `--where` is asked for.
pub(super) fn sides(session: &mut Session<'_, '_>, store: &Store, selection: &Selection) -> Outcome<Sides> {
    let from = resolve(store, &selection.from)?;
    let to = resolve(store, &selection.to)?;
    let chosen = |backup: &BackupSummary| format!("{} ({})", backup.id, people_time(backup.taken_at));
    session.note(&format!("from {} to {}", chosen(&from), chosen(&to)));
    let place = |id: &str| store.backups().iter().position(|backup| backup.id == id);
    if place(&from.id) > place(&to.id) {
        session.note("read backwards: FROM is later than TO");
    }
    let sides = Sides { from, to };
    check_types(store, &sides, selection)?;
    Ok(sides)
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

/// Refuses what of the contract is not built.
///
/// # Errors
/// `notBuilt`.
pub(super) fn check(selection: &Selection) -> Outcome<()> {
    if selection.predicate.is_some() {
        let help = "it comes with the query language; until then `--types` and `--ids` select";
        return Err(Failure::not_built("`--where`", help));
    }
    Ok(())
}

/// The filter that was asked for.
pub(super) fn filter(selection: &Selection, all: bool) -> DifferenceFilter {
    DifferenceFilter {
        types: selection.types.iter().map(|name| bridge::schema::type_token(name)).collect(),
        ids: selection.ids.clone(),
        all,
        objects_only: false,
    }
}

/// The difference.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn changes(store: &Store, sides: &Sides, filter: &DifferenceFilter) -> Outcome<Vec<ChangeRow>> {
    let changes = store.difference(&sides.from.id, &sides.to.id, filter)?;
    Ok(changes.into_iter().map(ChangeRow::from).collect())
}

/// The names that people want to read with a difference; nobody else pays for them.
pub(super) fn names(
    session: &Session<'_, '_>,
    store: &Store,
    backups: &[&str],
    changes: &[ChangeRow],
) -> Names {
    if !session.is_for_people() && session.format != Format::Html {
        return Names::told();
    }
    let mut names = Names::of(store, backups);
    names.learn(changes);
    names
}
