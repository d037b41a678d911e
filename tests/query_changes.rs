//! The tables of changes against what the store says of the same backups, on random small tenants.

use std::sync::Arc;

use engine::{BackupDetails, BackupId, Change, DifferenceFilter, LinkEnd, ObjectKey, Store};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use query::{StoreTables, Type};
use serde_json::{Value, json};
use tests::Shelf;
use tests::shelf::{back_up_with, details};

use crate::query_rows::{columns, refusals, rows, tables};

const IDS: [&str; 5] = [
    "00000000-0000-4000-8000-000000000001",
    "00000000-0000-4000-8000-000000000002",
    "00000000-0000-4000-8000-00000000000A",
    "plain",
    "é\"\\",
];
const TYPES: [&str; 3] = ["user", "group", "widget"];

/// One object of a day: type, ID, content, targets as bits, in the bin.
type Thing = (usize, usize, u8, u8, bool);
/// The objects of a day, and an assignment if there is one: principal, and the ID that Graph gave it.
type Day = (Vec<Thing>, Option<(usize, u8)>);

fn days() -> impl Strategy<Value = Vec<Day>> {
    let thing = (0..TYPES.len(), 0..IDS.len(), 0..4_u8, 0..32_u8, prop::bool::weighted(0.15));
    let assignment = prop::option::of((0..IDS.len(), 0..3_u8));
    prop::collection::vec((prop::collection::vec(thing, 0..9), assignment), 1..6)
}

fn text((kind, id, content, targets, deleted): &Thing) -> String {
    let mut object = json!({"@odata.type": format!("#microsoft.graph.{}", TYPES[*kind]), "id": IDS[*id]});
    let name = ["Ann", "Bob", "Bob", ""][usize::from(*content)];
    object["displayName"] = name.into();
    object["department"] =
        if *content == 2 { Value::Null } else { json!({"deep": content, "list": [content]}) };
    if *deleted {
        object["deletedDateTime"] = "2026-02-01T00:00:00Z".into();
    }
    if TYPES[*kind] == "group" {
        let targets = (0..IDS.len()).filter(|bit| targets >> bit & 1 == 1).map(|bit| IDS[bit]);
        object["members"] = targets.collect();
    }
    object.to_string()
}

fn store_of(days: &[Day]) -> Arc<Store> {
    let mut store = Shelf::default().create().unwrap();
    for (day, (things, assignment)) in (0..).zip(days) {
        let mut texts: Vec<String> = things.iter().map(text).collect();
        texts.extend(assignment.map(|(principal, id)| {
            json!({
                "@odata.type": "#microsoft.graph.appRoleAssignment", "id": format!("moving-{id}"),
                "principalId": IDS[principal], "resourceId": IDS[0], "appRoleId": IDS[1],
            })
            .to_string()
        }));
        let complete = TYPES.into_iter().chain(["appRoleAssignment"]).map(str::to_owned).collect();
        back_up_with(&mut store, BackupDetails { complete, ..details(day) }, &texts).unwrap();
    }
    Arc::new(store)
}

/// A JSON text as a query shows it.
fn shown(text: Option<&str>) -> Value {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
}

fn difference(store: &Store, from: &BackupId, to: &BackupId) -> Vec<Change> {
    store.difference(from, to, &DifferenceFilter::default()).unwrap()
}

/// What `diff` has to show of a change, whole objects apart.
fn diff_row(change: &Change) -> Value {
    let attributes = change.attributes.iter().map(|attribute| {
        let (from, to) = (shown(attribute.from.as_deref()), shown(attribute.to.as_deref()));
        json!({"name": *attribute.name, "fromValue": from, "toValue": to})
    });
    let links = change.links.iter().map(|link| {
        let mut told =
            json!({"relation": *link.relation, "targetId": link.target_id, "change": link.action.name()});
        if let Some(end) = link.cascade {
            told["reason"] = "cascade".into();
            if end == LinkEnd::Source {
                told["direction"] = "incoming".into();
            }
        }
        told
    });
    json!({
        "id": change.id, "type": *change.type_token, "displayName": change.display_name,
        "change": change.kind.name(), "recoveryAction": change.action.name(),
        "reason": change.reason_text(), "attributes": attributes.collect::<Vec<_>>(),
        "links": links.collect::<Vec<_>>(), "attributeCount": change.attributes.len(),
        "linkCount": change.links.len(), "unknown": change.unknown,
    })
}

/// What `changes` has to show of a change, names of targets apart.
fn change_rows(change: &Change) -> Vec<Value> {
    let row = |kind: &str, name: &str, action: &str, values: [Value; 2], target: &str| {
        let (added, removed) = (gained(&values[1], &values[0]), gained(&values[0], &values[1]));
        let [from, to] = values;
        json!({
            "id": change.id, "type": *change.type_token, "displayName": change.display_name,
            "change": change.kind.name(), "kind": kind, "name": name, "action": action,
            "fromValue": from, "toValue": to, "targetId": target, "added": added, "removed": removed,
        })
    };
    let nothing = || [Value::Null, Value::Null];
    let mut rows = vec![row("object", "", "", nothing(), "")];
    for attribute in &change.attributes {
        let values = [shown(attribute.from.as_deref()), shown(attribute.to.as_deref())];
        rows.push(row("attribute", &attribute.name, "set", values, ""));
    }
    for link in &change.links {
        let kind = match link.cascade {
            None => "link",
            Some(LinkEnd::Target) => "lostLink",
            Some(LinkEnd::Source) => "lostIncomingLink",
        };
        rows.push(row(kind, &link.relation, link.action.name(), nothing(), &link.target_id.to_string()));
    }
    rows
}

/// The elements of a list that another has not, each as often; null where neither value is a list, or one is another value.
fn gained(list: &Value, other: &Value) -> Value {
    let elements = |value: &Value| match value {
        Value::Null => Some(Vec::new()),
        Value::Array(elements) => Some(elements.clone()),
        _ => None,
    };
    if list.is_null() && other.is_null() {
        return Value::Null;
    }
    let (Some(list), Some(mut other)) = (elements(list), elements(other)) else { return Value::Null };
    let is_new = |element: &Value| match other.iter().position(|known| known == element) {
        Some(position) => {
            other.remove(position);
            false
        }
        None => true,
    };
    list.into_iter().filter(is_new).collect()
}

/// Takes some columns out of a row.
fn without(mut row: Value, names: &[&str]) -> Value {
    for name in names {
        row.as_object_mut().unwrap().remove(*name).unwrap();
    }
    row
}

fn where_is(rows: &[Value], column: &str, value: &str) -> Vec<Value> {
    rows.iter().filter(|row| row[column] == value).cloned().collect()
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn check_pair(store: &Store, tables: &StoreTables, from: &BackupId, to: &BackupId) {
    let expected = difference(store, from, to);
    let table = format!("diff('{from}', '{to}')");
    let found = rows(tables, &table);
    let plain: Vec<Value> = found.iter().map(|row| without(row.clone(), &["before", "after"])).collect();
    assert_eq!(plain, expected.iter().map(diff_row).collect::<Vec<_>>());
    for row in &found {
        check_whole(store, [(from, &row["before"]), (to, &row["after"])], row);
    }
    let few = rows(tables, &format!("{table} | project id, type, change, recoveryAction, reason"));
    let names = ["displayName", "attributes", "links", "attributeCount", "linkCount", "unknown"];
    assert_eq!(few, plain.iter().map(|row| without(row.clone(), &names)).collect::<Vec<_>>());

    let table = format!("changes('{from}', '{to}')");
    let found = rows(tables, &table);
    let plain = found.iter().map(|row| without(row.clone(), &["targetType", "targetName"]));
    assert_eq!(plain.collect::<Vec<_>>(), expected.iter().flat_map(change_rows).collect::<Vec<_>>());
    for kind in ["object", "attribute", "link", "lostLink", "lostIncomingLink"] {
        let filtered = rows(tables, &format!("{table} | where kind == '{kind}'"));
        assert_eq!(filtered, where_is(&found, "kind", kind));
    }
    for change in ["updated", "softDeleted", "hardDeleted"] {
        let filtered = rows(tables, &format!("{table} | where change == '{change}'"));
        assert_eq!(filtered, where_is(&found, "change", change));
    }
    for row in found.iter().filter(|row| row["targetId"] != "") {
        check_target(store, [to, from], row);
    }
    for id in IDS.into_iter().chain(["moving-0", "moving-1", "nobody"]) {
        let filtered = rows(tables, &format!("{table} | where id == {}", quoted(id)));
        assert_eq!(filtered, where_is(&found, "id", id));
    }
    for token in TYPES.into_iter().chain(["appRoleAssignment", "users"]) {
        let filtered = rows(tables, &format!("{table} | where type == '{token}'"));
        assert_eq!(filtered, where_is(&found, "type", token));
    }
}

/// Whole objects are those of the snapshots.
fn check_whole(store: &Store, sides: [(&BackupId, &Value); 2], row: &Value) {
    for (backup, found) in sides {
        let snapshot = store.snapshot(backup).unwrap();
        let token = row["type"].as_str().unwrap();
        let mut objects = snapshot.objects(token).unwrap().map(Result::unwrap);
        if token == "appRoleAssignment" {
            if !found.is_null() {
                assert!(objects.any(|object| shown(Some(&object.to_json())) == *found), "{found}");
            }
            continue;
        }
        let object = objects.find(|object| object.key.id == row["id"].as_str().unwrap());
        assert_eq!(*found, object.map_or(Value::Null, |object| shown(Some(&object.to_json()))));
    }
}

/// The target of a link is named as the first of these backups that has it names it.
fn check_target(store: &Store, backups: [&BackupId; 2], row: &Value) {
    let found = backups.into_iter().find_map(|backup| {
        let snapshot = store.snapshot(backup).unwrap();
        snapshot.types().unwrap().into_iter().find_map(|type_token| {
            let id = row["targetId"].as_str().unwrap().to_owned();
            snapshot.object(&ObjectKey { type_token, id }).unwrap()
        })
    });
    let (token, name) = found
        .map_or_else(Default::default, |object| (object.key.type_token.to_string(), object.display_name()));
    assert_eq!((&row["targetType"], &row["targetName"]), (&token.into(), &name.into()));
}

/// The history of a store, from nothing: every backup compared with the one before.
fn history_rows(store: &Store) -> Vec<Value> {
    let mut expected = Vec::new();
    for (index, backup) in store.backups().iter().enumerate() {
        let moment = |mut row: Value| {
            row["backup"] = backup.id.as_str().into();
            row
        };
        if index > 0 {
            let changes = difference(store, &store.backups()[index - 1].id, &backup.id);
            expected.extend(changes.iter().flat_map(change_rows).map(moment));
            continue;
        }
        let snapshot = store.snapshot(&backup.id).unwrap();
        for token in snapshot.types().unwrap() {
            let mut first = Vec::new();
            for object in snapshot.objects(&token).unwrap().map(Result::unwrap) {
                let attributes = object.attributes();
                let change = if object.deleted { "createdAndDeleted" } else { "added" };
                first.push(moment(json!({
                    "id": attributes["id"], "type": *token, "displayName": object.display_name(),
                    "change": change, "kind": "object", "name": "", "action": "", "fromValue": null,
                    "toValue": null, "targetId": "", "added": null, "removed": null,
                })));
            }
            first.sort_by_key(|row| row["id"].as_str().unwrap().to_owned());
            expected.extend(first);
        }
    }
    expected
}

fn check_history(store: &Store, tables: &StoreTables) {
    let whole = "history(datetime(2001-01-01))";
    let found = rows(tables, whole);
    let names = ["targetType", "targetName", "takenAt"];
    let plain: Vec<Value> = found.iter().map(|row| without(row.clone(), &names)).collect();
    assert_eq!(plain, history_rows(store));
    for id in IDS.into_iter().chain(["moving-0", "moving-1", "nobody"]) {
        let filtered = rows(tables, &format!("{whole} | where id == {}", quoted(id)));
        assert_eq!(filtered, where_is(&found, "id", id), "{id}");
    }
    let two = rows(tables, &format!("{whole} | where id in ({}, {})", quoted(IDS[0]), quoted(IDS[3])));
    let wanted = found.iter().filter(|row| row["id"] == IDS[0] || row["id"] == IDS[3]);
    assert_eq!(two, wanted.cloned().collect::<Vec<_>>());
    for kind in ["object", "link", "lostLink", "lostIncomingLink"] {
        let filtered = rows(tables, &format!("{whole} | where kind == '{kind}'"));
        assert_eq!(filtered, where_is(&found, "kind", kind));
    }
    let count = store.backups().len();
    for (index, backup) in store.backups().iter().enumerate() {
        let id = &backup.id;
        let at = where_is(&found, "backup", id);
        assert_eq!(rows(tables, &format!("{whole} | where backup == '{id}'")), at);
        let time = backup.taken_at.to_string();
        assert_eq!(rows(tables, &format!("{whole} | where takenAt == datetime({time})")), at);
        let later = found.iter().filter(|row| {
            store.backups().iter().position(|other| row["backup"] == other.id.as_str()) > Some(index)
        });
        let back = count - 1 - index;
        assert_eq!(rows(tables, &format!("history('latest~{back}')")), later.cloned().collect::<Vec<_>>());
    }
    for token in TYPES {
        for id in IDS {
            let key = ObjectKey { type_token: token.into(), id: id.to_owned() };
            let followed = store.history(&key).unwrap();
            let expected = followed.iter().flat_map(|(_, change)| change_rows(change)).count();
            let both = rows(tables, &format!("{whole} | where type == '{token}' and id == {}", quoted(id)));
            assert_eq!(both.len(), expected);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 40,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(23),
        ..ProptestConfig::default()
    })]

    #[test]
    fn tables_of_changes_say_what_the_store_says(days in days()) {
        let store = store_of(&days);
        let tables = tables(&store);
        let backups = store.backups();
        for from in backups {
            for to in [&backups[0], &backups[backups.len() - 1]] {
                check_pair(&store, &tables, &from.id, &to.id);
            }
        }
        check_history(&store, &tables);
    }
}

/// Three days of one user and one group.
fn three_days() -> Arc<Store> {
    let day = |content, targets| vec![(0, 0, content, 0, false), (1, 1, 0, targets, false)];
    store_of(&[(day(0, 0), None), (day(1, 1), Some((0, 0))), (day(1, 0), Some((0, 1)))])
}

#[test]
fn the_schemas_are_those_of_the_manual() {
    let store = three_days();
    let tables = tables(&store);
    let names = |text: &str| columns(&tables, text).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(
        names("diff('latest~1')").join(" "),
        "id type displayName change recoveryAction reason attributes links attributeCount linkCount unknown before \
         after"
    );
    let changes = "id type displayName change kind name action fromValue toValue targetId targetType targetName added removed";
    assert_eq!(names("changes('latest~1')").join(" "), changes);
    assert_eq!(names("history('latest~1')").join(" "), format!("{changes} backup takenAt"));
    assert_eq!(columns(&tables, "backups")[1], ("takenAt".to_owned(), Type::Datetime));
    assert_eq!(rows(&tables, "backups | project id").len(), 3);
    for empty in ["reports", "recoveries"] {
        assert_eq!(rows(&tables, empty), Vec::<Value>::new(), "{empty}");
    }
}

#[test]
fn one_object_is_followed_by_its_id_or_its_name() {
    let store = three_days();
    let tables = tables(&store);
    let history = |text: &str| rows(&tables, &format!("{text} | where kind == 'object' | project change"));
    let both = [json!({"change": "added"}), json!({"change": "updated"})];
    assert_eq!(history(&format!("history(datetime(2001-01-01), 'latest', '{}')", IDS[0])), both);
    assert_eq!(history("history('2001-01-01', 'latest', 'bob')"), both);
    assert_eq!(history(&format!("history('latest~1', 'latest', '{}')", IDS[0])), Vec::<Value>::new());
    let points: Vec<String> = tables.take_points().into_iter().map(|point| point.written).collect();
    assert_eq!(points, ["latest", "latest~1"], "a time before all backups stands for none");
}

#[test]
fn an_object_that_was_made_again_is_followed_through_the_backup_that_gave_it_another_id() {
    let user = |id: &str, name: &str| {
        json!({"@odata.type": "#microsoft.graph.user", "id": id, "displayName": name}).to_string()
    };
    let mut store = Shelf::default().create().unwrap();
    for (day, user) in [(0, user("old", "Ann")), (1, user("new", "Ann")), (2, user("new", "Bob"))] {
        back_up_with(&mut store, details(day), &[user]).unwrap();
    }
    let old = ObjectKey { type_token: "user".into(), id: "old".into() };
    store.add_lineage(&old, "new", "recovery", details(1).taken_at).unwrap();
    let tables = tables(&Arc::new(store));
    let all = ["old added", "new added", "old deleted", "new updated"];
    for (from, expected) in [("2001-01-01", &all[..]), ("latest~2", &all[1..]), ("latest~1", &all[3..])] {
        let text =
            format!("history('{from}', 'latest', 'new') | where kind == 'object' | project id, change");
        let found = rows(&tables, &text).into_iter();
        let found =
            found.map(|row| format!("{} {}", row["id"].as_str().unwrap(), row["change"].as_str().unwrap()));
        assert_eq!(found.collect::<Vec<_>>(), expected, "{from}");
    }
}

#[test]
fn points_and_notes_are_told_to_the_caller() {
    let store = three_days();
    let tables = tables(&store);
    let found =
        rows(&tables, "diff('latest', 'latest~2') | summarize count() by type, change | sort by type asc");
    assert_eq!(found.len(), 2, "{found:?}");
    let points = tables.take_points();
    let told: Vec<(&str, &str)> =
        points.iter().map(|point| (point.written.as_str(), point.backup.as_str())).collect();
    assert_eq!(told, [("latest", &*store.backups()[2].id), ("latest~2", &store.backups()[0].id)]);
    assert_eq!(tables.take_notes(), ["diff: read backwards, because latest is later than latest~2"]);
    rows(&tables, "diff('latest~1') | join kind=leftanti (changes('latest~1', 'latest')) on id");
    assert_eq!(tables.take_points().len(), 2, "each point is resolved once");
    assert_eq!(tables.take_notes(), Vec::<String>::new());
}

#[test]
fn wrong_arguments_are_told_with_what_is_expected() {
    let store = three_days();
    let tables = tables(&store);
    for (text, told) in [
        ("diff", "`diff(from, to)` takes one or two points in time, found 0 arguments"),
        ("diff('latest', 'latest', 'user')", "found 3 arguments"),
        ("diff(5)", "`from` of `diff` must be a point in time, a string such as \"latest~1\" or a datetime"),
        ("changes('latest', true)", "found the bool true"),
        ("diff('latest~9')", "the store has 3 backups; the oldest is"),
        ("diff(datetime(2001-01-01))", "none is that old; the nearest is"),
        ("diff('yesterday')", "expected latest, latest~N, a backup ID"),
        ("diff('latest', 'live')", "`live` reads from a tenant, and none is configured"),
        ("history", "takes a point in time, perhaps a second one"),
        ("history('latest~1', 'plain')", "expected latest, latest~N, a backup ID"),
        ("history('latest~1', 'latest', 7)", "must be the ID of an object, found the long 7"),
        ("history('latest~1', 'latest', 'nobody')", "no object \"nobody\""),
        ("backups('latest')", "`backups` takes no arguments, found 1"),
        ("recoverySteps", "takes the ID of a recovery as a string, found nothing"),
        ("recoverySteps('r1')", "no recovery \"r1\""),
        ("diffs('latest')", "unknown table `diffs`"),
    ] {
        let found = refusals(&tables, text);
        assert!(found[0].contains(told), "{text}: {found:?}");
    }
}
