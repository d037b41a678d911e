//! The heads of pages and documents: what the store knows of the tenant, the points in time, and who did what.

use std::collections::BTreeMap;

use engine::coverage::Unread;
use engine::records::Report;
use engine::schema::TypeId;
use engine::{BackupId, BackupSummary, ObjectKey, Store};
use ingest::apply::RecoverySummary;
use ingest::plan::{Plan, PlanPoint};
use serde_json::Value;

use crate::change::ChangeRow;
use crate::conditional_access::Reading;
use crate::conditional_access::directory::Stored;
use crate::output::head::Head;
use crate::output::recovery;
use crate::output::text::{counted, people_time};
use crate::tenant::TenantIdentity;

/// What a page about a difference is made of, besides its changes.
#[derive(Debug)]
pub(crate) struct DifferenceHead {
    pub(crate) title: String,
    pub(crate) from: Point,
    pub(crate) to: Point,
    /// What else is known: filters, who saved it and when.
    pub(crate) facts: Vec<(&'static str, String)>,
}

/// A point in time as a page names it.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    pub(crate) backup: BackupId,
    pub(crate) taken_at: jiff::Timestamp,
    pub(crate) note: String,
}

impl From<&BackupSummary> for Point {
    fn from(backup: &BackupSummary) -> Self {
        Self { backup: backup.id, taken_at: backup.taken_at, note: backup.note.clone() }
    }
}

impl Point {
    fn shown(&self) -> String {
        let note = if self.note.is_empty() { String::new() } else { format!(", \"{}\"", self.note) };
        format!("{} (backup {}{note})", people_time(self.taken_at), self.backup)
    }
}

impl DifferenceHead {
    /// The head of a saved difference.
    pub(crate) fn of_report(store: &Store, report: &Report) -> Self {
        let note = |id: &BackupId| {
            let backup = store.commits().iter().find(|backup| backup.id == *id);
            backup.map(|backup| backup.note.clone()).unwrap_or_default()
        };
        let point = |id: &BackupId, taken_at| Point { backup: *id, taken_at, note: note(id) };
        let name = if report.name.is_empty() { &report.id } else { &report.name };
        let saved = format!("{}, report {}", people_time(report.completed), report.id);
        Self {
            title: format!("Report {name}"),
            from: point(&report.from, report.from_taken_at),
            to: point(&report.to, report.to_taken_at),
            facts: vec![("Only", chosen(&report.filter)), ("Saved", saved)],
        }
    }

    /// The head of the page.
    pub(crate) fn head(&self, store: &Store, unread: &[Unread], made: jiff::Timestamp) -> Head {
        let mut facts = vec![("From", self.from.shown()), ("To", self.to.shown())];
        facts.extend(self.facts.iter().cloned());
        Head {
            title: self.title.clone(),
            tenant: TenantIdentity::at(store, &self.to.backup),
            facts,
            unread: unread.to_vec(),
            made: Some(made),
        }
    }
}

/// What a difference was restricted to, in words; empty when it was not.
pub(crate) fn chosen(filter: &Value) -> String {
    let count = |key: &str| filter[key].as_array().map_or(0, |list| list.len() as u64);
    let mut only = Vec::new();
    if count("types") > 0 {
        only.push(counted(count("types"), "type"));
    }
    if count("ids") > 0 {
        only.push(counted(count("ids"), "ID"));
    }
    if let Some(predicate) = filter["where"].as_str() {
        only.push(format!("where {predicate}"));
    }
    only.join(", ")
}

/// The conditional access policies among changed objects, by ID, as they stand at the later point, or stood at the earlier
/// one where they are gone. One that cannot be read is left out.
pub(crate) fn policies(
    store: &Store,
    from: &BackupId,
    to: &BackupId,
    changes: &[ChangeRow],
) -> BTreeMap<String, Reading> {
    let mut policies = BTreeMap::new();
    let mut wanted =
        changes.iter().filter(|change| change.type_token == TypeId::ConditionalAccessPolicy).peekable();
    if wanted.peek().is_none() {
        return policies;
    }
    let mut sides: Vec<_> = [to, from]
        .into_iter()
        .filter_map(|backup| Some((store.snapshot(backup).ok()?, Stored::at(store, backup).ok()?)))
        .collect();
    for change in wanted {
        let key = ObjectKey { type_token: change.type_token.as_str().into(), id: change.id.clone() };
        let reading = sides.iter_mut().find_map(|(snapshot, directory)| {
            let object = snapshot.object(&key).ok()??;
            Some(Reading::of(&Value::Object(object.attributes()), directory))
        });
        policies.extend(reading.map(|reading| (change.id.clone(), reading)));
    }
    policies
}

/// The head of a plan; the store names the tenant, where it can be read.
pub(crate) fn of_plan(store: Option<&Store>, plan: &Plan) -> Head {
    let from = BackupId::from_text(&plan.from.backup);
    let known = store.zip(from).map(|(store, from)| TenantIdentity::at(store, &from)).unwrap_or_default();
    let name =
        if plan.tenant_id.is_empty() || plan.tenant_id == known.id { known.name } else { String::new() };
    let id = if plan.tenant_id.is_empty() { known.id } else { plan.tenant_id.clone() };
    let point =
        |point: &PlanPoint| format!("{} ({}, {})", people_time(point.taken_at), point.point, point.backup);
    Head {
        title: format!("Recovery plan {}", plan.plan_id),
        tenant: TenantIdentity { id, name },
        facts: vec![
            ("Goes back to", point(&plan.from)),
            ("Undoes what stands at", point(&plan.to)),
            ("Chosen by", plan.query.clone()),
        ],
        unread: plan.unread.clone(),
        made: Some(plan.created_at),
    }
}

/// The head of a recovery.
pub(crate) fn of_recovery(store: &Store, summary: &RecoverySummary, made: jiff::Timestamp) -> Head {
    let ended = summary.completed.map_or_else(|| "not ended".to_owned(), people_time);
    Head {
        title: format!("Recovery {}", summary.id),
        tenant: TenantIdentity::of(store),
        facts: vec![
            ("Status", recovery::ending(summary)),
            ("Began", people_time(summary.started)),
            ("Ended", ended),
            ("Back to", format!("{} from {}", summary.from, summary.to)),
            ("Plan", summary.plan_id.clone()),
            ("By", recovery::or_nobody(&summary.actor).to_owned()),
            ("Because", summary.reason.clone()),
        ],
        unread: Vec::new(),
        made: Some(made),
    }
}
