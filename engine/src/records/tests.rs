//! Tests of records: their bytes, their fields, and what lists leave out.

use serde::Serialize;
use serde_json::{Value, json};

use super::*;
use crate::{CreateOptions, ObjectKey, Store};

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let options = CreateOptions { seed: [7; 32], tenant: None };
    let store = Store::create(&folder.path().join("store"), &options).unwrap();
    (folder, store)
}

fn report(id: &str) -> Value {
    json!({
        "kind": "created", "id": id, "name": "friday", "status": "completed", "from": "kkkkkkkkkkkkkkkk",
        "to": "llllllllllllllll", "fromTakenAt": "2026-11-20T00:00:00Z", "toTakenAt": "2026-11-21T00:00:00Z",
        "filter": {"ids": [], "types": ["user"]}, "started": "2026-11-22T00:00:00Z",
        "completed": "2026-11-22T00:00:01Z", "objects": 3, "attributes": 2, "links": 1, "unread": [],
        "changes": "[{\"id\":\"ann\"}]", "later": {"a": 1},
    })
}

fn summary(status: &str) -> Value {
    json!({
        "id": "kkkkkkkkkkkkkkkk", "status": status, "from": "kkkk", "to": "llll", "planId": "mmmm", "reason": "why",
        "actor": "ann", "started": "2026-11-22T00:00:00Z", "completed": null, "requestedObjects": 9,
        "requestedLinks": 8, "modifiedObjects": 7, "modifiedLinks": 6, "failed": 5, "conflicts": 4, "skipped": 3,
        "unconfirmed": 2, "already": 1, "waiting": 10, "notUndone": 11, "remainingCount": 12, "later": true,
    })
}

fn step(id: &str, status: &str) -> Value {
    json!({
        "id": id, "kind": "addLink", "status": status, "before": null, "after": {"a": 1.5}, "links": [],
        "object": {"id": "ann", "type": "user", "displayName": "Ann"}, "dependsOn": ["s1"], "request": {},
        "error": null, "requestId": null, "created": {}, "completed": "2026-11-22T00:00:00Z", "later": [1],
    })
}

/// Each field names a member of the record, and has its value.
fn expect_fields<R: Serialize>(fields: &[Field<R>], record: &R) {
    let members = serde_json::to_value(record).unwrap();
    for field in fields {
        // A table shows how many differences remain, the record has the first of them beside.
        let name = if field.name == "remaining" { "remainingCount" } else { field.name };
        let member = members.get(name).unwrap_or_else(|| panic!("{name} is no member"));
        let (kind, value) = match (field.value)(record) {
            FieldValue::Null => (field.kind, Value::Null),
            FieldValue::Text(text) => (FieldKind::Text, json!(text)),
            FieldValue::Count(count) => (FieldKind::Count, json!(count)),
            FieldValue::Time(time) => (FieldKind::Time, json!(time)),
            FieldValue::Json(value) => (FieldKind::Json, value.into_owned()),
        };
        assert_eq!((kind, &value), (field.kind, member), "{name}");
    }
}

#[test]
fn fields_are_members_of_the_record() {
    expect_fields(&Report::FIELDS, &serde_json::from_value(report("a")).unwrap());
    expect_fields(&RecoverySummary::FIELDS, &serde_json::from_value(summary("running")).unwrap());
    expect_fields(&StepOutcome::FIELDS, &serde_json::from_value(step("s1", "done")).unwrap());
}

#[test]
fn records_keep_their_bytes_and_members_of_later_versions() {
    let (_folder, mut store) = store();
    store.append_record("reports", &report("a")).unwrap();
    let read = store.report("a").unwrap().unwrap();
    assert_eq!(read.other["later"], json!({"a": 1}));
    store.add_report(&read).unwrap();
    let summary: RecoverySummary = serde_json::from_value(summary("completed")).unwrap();
    let start = RecoveryStart {
        recovery: summary.id.clone(),
        plan: json!({"steps": [step("s1", "done"), step("s2", "done")]}),
        summary: summary.clone(),
        report_only: false,
        allow: vec!["self-lockout".to_owned()],
        other: serde_json::Map::new(),
    };
    let mut journal = RecoveryJournal::begin(&mut store, &start).unwrap();
    journal.append(&[serde_json::from_value(step("s1", "done")).unwrap()]).unwrap();
    journal.end(&mut store, &summary).unwrap();
    let text = |records: Vec<Value>| records.iter().map(Value::to_string).collect::<Vec<_>>();
    let recovery = format!("recovery-{}", summary.id);
    let expected = [
        ("reports", vec![report("a"), report("a")]),
        ("recoveries", vec![super::tests::summary("completed"); 2]),
        (
            recovery.as_str(),
            vec![
                json!({
                    "recovery": summary.id, "plan": start.plan, "summary": super::tests::summary("completed"),
                    "reportOnly": false, "allow": ["self-lockout"],
                }),
                step("s1", "done"),
                json!({"end": super::tests::summary("completed")}),
            ],
        ),
    ];
    for (journal, records) in expected {
        assert_eq!(text(store.records(journal).unwrap()), text(records), "{journal}");
    }
}

#[test]
fn a_list_of_reports_leaves_out_changes_and_what_was_deleted() {
    let (_folder, mut store) = store();
    let long = json!({"types": ["user".repeat(HEAD_MEMBER_SIZE_MAX)]});
    for (id, filter) in [("a", json!({})), ("b", long.clone())] {
        let mut record = report(id);
        record["filter"] = filter;
        store.append_record("reports", &record).unwrap();
    }
    store.append_record("reports", &json!({"kind": "of a later version", "id": "c"})).unwrap();
    store.delete_report("a", "2026-11-23T00:00:00Z".parse().unwrap()).unwrap();
    let reports = store.reports().unwrap();
    assert_eq!(reports.len(), 1);
    assert_eq!((&*reports[0].id, &reports[0].filter, &reports[0].changes), ("b", &Value::Null, &None));
    let whole = store.report("b").unwrap().unwrap();
    assert_eq!((whole.filter, whole.changes.as_deref()), (long, Some("[{\"id\":\"ann\"}]")));
    assert_eq!(store.report("a").unwrap(), None);
}

#[test]
fn a_record_of_another_shape_is_damage_that_names_the_journal() {
    let (_folder, mut store) = store();
    store.append_record("reports", &json!({"kind": "created", "id": "a"})).unwrap();
    let Err(Error::Damaged { path, .. }) = store.reports() else { panic!("a report has more members") };
    assert!(path.ends_with("journals/reports.log"));
}

#[test]
fn a_recovery_lists_every_step_of_its_plan_and_is_interrupted_when_no_process_holds_the_lock() {
    let (_folder, mut store) = store();
    let summary: RecoverySummary = serde_json::from_value(summary("running")).unwrap();
    let id = summary.id.clone();
    let start = RecoveryStart {
        recovery: id.clone(),
        plan: json!({"steps": [step("s2", "ignored"), step("s1", "ignored")]}),
        summary,
        report_only: true,
        allow: Vec::new(),
        other: serde_json::Map::new(),
    };
    let mut journal = RecoveryJournal::begin(&mut store, &start).unwrap();
    for status in ["intended", "failed"] {
        journal.append(&[serde_json::from_value(step("s1", status)).unwrap()]).unwrap();
    }
    let steps = store.recovery_steps(&id).unwrap();
    let steps: Vec<_> = steps.iter().map(|step| (&*step.id, step.status)).collect();
    assert_eq!(steps, [("s2", StepStatus::Pending), ("s1", StepStatus::Failed)]);
    let status = |store: &Store| store.recoveries().unwrap()[0].status;
    assert_eq!(status(&store), RecoveryStatus::Interrupted);
    let lock = store.lock_recovery(&format!("recovery {id} by ann")).unwrap();
    assert_eq!(status(&store), RecoveryStatus::Running);
    drop(lock);
    assert_eq!(store.recovery_steps("zzzz").unwrap(), []);
}

#[test]
fn lineage_is_listed_and_followed() {
    let (_folder, mut store) = store();
    let at = "2026-11-23T00:00:00Z".parse().unwrap();
    let key = |id: &str| ObjectKey { type_token: "user".into(), id: id.into() };
    store.add_lineage(&key("a"), "b", "kkkk", at).unwrap();
    store.add_lineage(&key("b"), "c", "llll", at).unwrap();
    let expected = json!({"type": "user", "oldId": "a", "newId": "b", "recovery": "kkkk", "at": at});
    assert_eq!(store.records("lineage").unwrap()[0].to_string(), expected.to_string());
    assert_eq!(store.lineages().unwrap()[1].new_id, "c");
    assert_eq!(store.lineage(&key("b")).unwrap(), ["a", "b", "c"]);
}
