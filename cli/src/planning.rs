//! Makes plans: of two points in time, of a query that ends in `recover`, of a saved difference.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;

use engine::schema::TypeId;
use engine::{BackupId, BackupSummary, Cascades, Change, DifferenceFilter, ObjectId, Store};
use ingest::plan::{
    ChosenRow, GUARDS, GuardLimits, Identity, Plan, PlanContext, PlanInput, PlanOptions, Selection, make,
};
use ingest::pull::LiveScope;

use crate::args::Selection as TypedSelection;
use crate::args::recovery::PlanChoice;
use crate::args::tenant::Tenant;
use crate::bridge::query::{Question, StoredTables, chosen_changes, selection_of};
use crate::comparison;
use crate::config::Config;
use crate::error::{Failure, Outcome};
use crate::live;
use crate::output::unread;
use crate::session::{Session, remark, resolve};

/// The plan that undoes the changes from FROM to TO.
///
/// # Errors
/// When a point names no backup, a filter is wrong, or the tenant cannot be read.
pub(crate) fn between(
    session: &mut Session<'_, '_>,
    from: &str,
    to: &str,
    choice: &PlanChoice,
    tenant: &Tenant,
) -> Outcome<Plan> {
    let typed = TypedSelection {
        from: from.to_owned(),
        to: to.to_owned(),
        types: choice.types.clone(),
        ids: choice.ids.clone(),
        predicate: choice.predicate.clone(),
    };
    comparison::check(&typed)?;
    let sides = sides(session, from, to, choice, tenant)?;
    let store = session.open()?;
    let filter = DifferenceFilter { cascades: undoable().cascades, ..comparison::filter(&typed, false) };
    let mut changes = differing(&store, &sides, &filter)?;
    if let Some(predicate) = &choice.predicate {
        let tables = StoredTables::new(session, "latest");
        let (now, interrupt) = ((session.io.now)(), session.io.interrupt);
        let points = [sides.from.id.as_str(), &sides.to.id];
        let chosen = chosen_changes(&tables, points, predicate, now, interrupt)?;
        changes.retain(|change| chosen.contains(&(change.type_token.to_string(), change.id.to_string())));
    }
    let query = written(from, to, choice);
    build(
        session,
        &store,
        &sides,
        PlanRequest { changes, selection: None, options: options_of(choice), query },
        choice,
    )
}

/// The two sides, and how they were written.
struct ResolvedPoints {
    from: BackupSummary,
    to: BackupSummary,
    from_point: String,
    to_point: String,
}

/// What a plan is made of.
struct PlanRequest {
    changes: Vec<Change>,
    selection: Option<Selection>,
    options: PlanOptions,
    query: String,
}

fn sides(
    session: &mut Session<'_, '_>,
    from: &str,
    to: &str,
    choice: &PlanChoice,
    tenant: &Tenant,
) -> Outcome<ResolvedPoints> {
    let store = session.open()?;
    // Read before the tenant is: what is wrong with a point should cost nothing.
    let points = [session.point(&store, from)?, session.point(&store, to)?];
    let from_side = resolve(&store, &points[0])?;
    let to_side = if live::is_live(to) {
        let scope = LiveScope { types: choice.types.clone(), ids: choice.ids.clone(), relations: None };
        live::read(session, tenant, &scope)?
    } else {
        resolve(&store, &points[1])?
    };
    let store = session.open()?;
    let position = |id: &str| store.commits().iter().position(|member| member.id == id);
    if position(&from_side.id) > position(&to_side.id) {
        let message = format!("FROM ({from}) is later than TO ({to}), and a plan goes back in time");
        return Err(Failure::usage(message).with_help("name the state that is wanted back first"));
    }
    for point in &points {
        remark(session, &store, point);
    }
    let (from_point, to_point) = (from.to_owned(), to.to_owned());
    Ok(ResolvedPoints { from: from_side, to: to_side, from_point, to_point })
}

/// Everything that a plan can undo: links that ended with an object come back with it.
fn undoable() -> DifferenceFilter {
    DifferenceFilter { cascades: Cascades::Hidden, ..DifferenceFilter::default() }
}

fn differing(store: &Store, sides: &ResolvedPoints, filter: &DifferenceFilter) -> Outcome<Vec<Change>> {
    let difference = store.compare(&sides.from.id, &sides.to.id, filter)?;
    Ok(difference.changes()?.collect::<Result<_, _>>()?)
}

fn options_of(choice: &PlanChoice) -> PlanOptions {
    PlanOptions {
        attributes: choice.attributes.clone(),
        links: choice.links.clone(),
        recreate: choice.recreate,
        soft_delete: choice.soft_delete,
        hard_delete: choice.hard_delete,
        reconcile: choice.reconcile,
    }
}

/// The filters as they were typed, so that a plan says what it is of.
fn written(from: &str, to: &str, choice: &PlanChoice) -> String {
    let mut text = format!("plan {from} {to}");
    for (name, values) in [
        ("types", &choice.types),
        ("ids", &choice.ids),
        ("attributes", &choice.attributes),
        ("links", &choice.links),
    ] {
        if !values.is_empty() {
            write!(text, " --{name} {}", values.join(",")).ok();
        }
    }
    if let Some(predicate) = &choice.predicate {
        write!(text, " --where '{predicate}'").ok();
    }
    text
}

fn build(
    session: &mut Session<'_, '_>,
    store: &Store,
    sides: &ResolvedPoints,
    request: PlanRequest,
    choice: &PlanChoice,
) -> Outcome<Plan> {
    let PlanRequest { changes, selection, options, query } = request;
    let points = [sides.from_point.clone(), sides.to_point.clone()];
    let context = PlanContext { query, ..context(session, store, &sides.to.id, points, &choice.allow)? };
    let filter = DifferenceFilter {
        types: choice.types.clone(),
        ids: choice.ids.clone(),
        ..DifferenceFilter::default()
    };
    let lacks = store.unread_between(&sides.from.id, &sides.to.id, &filter)?;
    if !lacks.is_empty() {
        session.note(&unread::sentence(&lacks, session.verbose));
    }
    let mut plan = make(PlanInput {
        changes,
        unread: lacks,
        from: store.snapshot(&sides.from.id)?,
        to: store.snapshot(&sides.to.id)?,
        live: None,
        selection,
        options,
        context,
    })?;
    plan.seal(store);
    Ok(plan)
}

/// Who plans, what a team agreed on, and what is allowed.
///
/// # Errors
/// When the configuration or the store cannot be read.
pub(crate) fn context(
    session: &Session<'_, '_>,
    store: &Store,
    newest: &BackupId,
    [from_point, to_point]: [String; 2],
    allow: &[String],
) -> Outcome<PlanContext> {
    let config = Config::read(session.store_path())?;
    let app_id = session.io.variable("AZURE_CLIENT_ID").and_then(|value| value.into_string().ok());
    let principal = app_id.as_deref().and_then(|app_id| store.find(app_id, newest).ok());
    let principal = principal.filter(|key| *key.type_token == TypeId::ServicePrincipal).map(|key| key.id);
    Ok(PlanContext {
        tenant_id: store.tenant().map(str::to_owned).unwrap_or_default(),
        seed: (session.io.seed)(),
        now: (session.io.now)(),
        from_point,
        to_point,
        query: String::new(),
        identity: Identity { app_id, service_principal_id: principal, user_id: None },
        break_glass: config.break_glass_ids(store, newest)?,
        limits: config.limits(GuardLimits::default()),
        allow: allow.to_vec(),
    })
}

/// The plan of a query that ends in `recover`.
///
/// # Errors
/// What is wrong with the query, or that it chooses nothing; as [`between`].
pub(crate) fn of_query(
    session: &mut Session<'_, '_>,
    file: &Path,
    choice: &PlanChoice,
    tenant: &Tenant,
) -> Outcome<Plan> {
    let path = session.path(file);
    let text = std::fs::read_to_string(&path).map_err(|error| Failure::file("cannot read", &path, &error))?;
    let tables = StoredTables::new(session, "latest");
    let now = (session.io.now)();
    let question = Question { text: text.clone(), now, ..Default::default() };
    let interrupt = session.io.interrupt;
    let chosen = selection_of(&question, &tables, interrupt, &mut |named| {
        live::prepare(session, tenant, named, &tables)
    })?;
    let from = &chosen.points[0];
    let to = &chosen.points[1];
    let store = session.open()?;
    let side = |id: &str| -> Outcome<BackupSummary> { resolve(&store, id) };
    let sides = ResolvedPoints {
        from: side(&from.backup)?,
        to: side(&to.backup)?,
        from_point: from.written.clone(),
        to_point: to.written.clone(),
    };
    let changes = differing(&store, &sides, &undoable())?;
    let mut selection = Selection::default();
    for row in &chosen.rows {
        let chosen = match (chosen.source.as_str(), row.kind.as_str()) {
            ("diff", _) => ChosenRow::Whole,
            (_, "attribute") => ChosenRow::Attribute(row.name.clone()),
            (_, "lostLink" | "lostIncomingLink") => continue,
            (_, "link") => ChosenRow::Link { relation: row.name.clone(), target_id: row.target_id.clone() },
            _ => ChosenRow::Presence,
        };
        selection.add(&row.type_token, &row.id, chosen);
    }
    let plan_options = PlanOptions {
        attributes: chosen.attributes.clone(),
        links: chosen.links.clone(),
        recreate: chosen.recreate || choice.recreate,
        soft_delete: chosen.soft_delete || choice.soft_delete,
        hard_delete: chosen.hard_delete || choice.hard_delete,
        reconcile: choice.reconcile,
    };
    let request = PlanRequest { changes, selection: Some(selection), options: plan_options, query: text };
    build(session, &store, &sides, request, choice)
}

/// The plan of a saved difference.
///
/// # Errors
/// When there is no such report; as [`between`].
pub(crate) fn of_report(session: &mut Session<'_, '_>, report: &str, choice: &PlanChoice) -> Outcome<Plan> {
    let store = session.open()?;
    let saved = crate::saved::find(&store, report)?;
    let sides = ResolvedPoints {
        from: resolve(&store, &saved.from)?,
        to: resolve(&store, &saved.to)?,
        from_point: saved.from.to_string(),
        to_point: saved.to.to_string(),
    };
    let mut changes = differing(&store, &sides, &undoable())?;
    let rows = crate::saved::changes(&saved)?;
    let chosen: HashSet<(&str, ObjectId)> =
        rows.iter().map(|row| (row.type_token.as_str(), row.id.as_str().into())).collect();
    changes.retain(|change| chosen.contains(&(&*change.type_token, change.id.clone())));
    let query = format!("plan --report {report}");
    let request = PlanRequest { changes, selection: None, options: options_of(choice), query };
    build(session, &store, &sides, request, choice)
}

/// Refuses unknown guards: most likely misspelt.
///
/// # Errors
/// The names that there are, exit status 2.
pub(crate) fn check_allowed(allow: &[String]) -> Outcome<()> {
    match allow.iter().find(|name| !GUARDS.contains(&name.as_str())) {
        None => Ok(()),
        Some(odd) => {
            let help = format!("there are: {}", GUARDS.join(", "));
            Err(Failure::usage(format!("no guard \"{odd}\"")).with_help(help))
        }
    }
}
