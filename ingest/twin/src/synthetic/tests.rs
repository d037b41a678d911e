//! Owns the tests of synthetic tenants: an independent count of what they write.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{ChangeAction, Expectation, Incident, ObjectKind, Tenant};

type Objects = BTreeMap<(String, String), Map<String, Value>>;

fn written(tenant: &Tenant, day: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let counts = tenant.write_ndjson(day, &mut out).unwrap();
    assert_eq!(counts.bytes, out.len() as u64);
    out
}

fn read(tenant: &Tenant, day: u32) -> Objects {
    parse(written(tenant, day))
}

fn parse(lines: Vec<u8>) -> Objects {
    let text = String::from_utf8(lines).unwrap();
    let mut objects = Objects::new();
    for line in text.lines() {
        let Value::Object(object) = serde_json::from_str(line).unwrap() else {
            panic!("expected an object, found {line}");
        };
        let key = (string(&object, "@odata.type"), string(&object, "id"));
        assert!(objects.insert(key, object).is_none(), "an ID is there twice");
    }
    objects
}

fn string(object: &Map<String, Value>, name: &str) -> String {
    object[name].as_str().unwrap().to_owned()
}

/// Flattens nested objects to paths, arrays being one value; links are left out.
fn cells(prefix: &str, object: &Map<String, Value>, into: &mut BTreeMap<String, Value>) {
    for (name, value) in object {
        if prefix.is_empty() && matches!(name.as_str(), "members" | "owners" | "manager" | "sponsors") {
            continue;
        }
        let path = format!("{prefix}{name}");
        match value {
            Value::Object(nested) if !nested.is_empty() => cells(&format!("{path}/"), nested, into),
            other => {
                into.insert(path, other.clone());
            }
        }
    }
}

fn links(object: &Map<String, Value>) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for name in ["members", "owners", "sponsors"] {
        for id in object.get(name).and_then(Value::as_array).into_iter().flatten() {
            ids.insert(format!("{name} {}", id.as_str().unwrap()));
        }
    }
    if let Some(manager) = object.get("manager") {
        ids.insert(format!("manager {}", manager["id"].as_str().unwrap()));
    }
    ids
}

fn is_live(object: &Map<String, Value>) -> bool {
    object.get("deletedDateTime").is_none_or(Value::is_null)
}

/// Counts the differences from the texts alone.
#[derive(Debug, Default, PartialEq, Eq)]
struct Recount {
    added: u64,
    soft_deleted: u64,
    hard_deleted: u64,
    purged: u64,
    changed: u64,
    attribute_changes: u64,
    links_added: u64,
    links_removed: u64,
    by_path: BTreeMap<(String, String), u64>,
}

fn recount(before: &Objects, after: &Objects) -> Recount {
    let mut count = Recount::default();
    count.added = after.keys().filter(|key| !before.contains_key(key)).count() as u64;
    for (key, old) in before {
        let Some(new) = after.get(key) else {
            *(if is_live(old) { &mut count.hard_deleted } else { &mut count.purged }) += 1;
            continue;
        };
        if !is_live(new) {
            count.soft_deleted += u64::from(is_live(old));
            continue;
        }
        let (mut old_cells, mut new_cells) = (BTreeMap::new(), BTreeMap::new());
        cells("", old, &mut old_cells);
        cells("", new, &mut new_cells);
        let paths: BTreeSet<_> = old_cells.keys().chain(new_cells.keys()).collect();
        let mut differs = false;
        for path in paths {
            if old_cells.get(path) != new_cells.get(path) {
                differs = true;
                count.attribute_changes += 1;
                *count.by_path.entry((key.0.clone(), path.clone())).or_default() += 1;
            }
        }
        let (old_links, new_links) = (links(old), links(new));
        count.links_added += new_links.difference(&old_links).count() as u64;
        count.links_removed += old_links.difference(&new_links).count() as u64;
        count.changed += u64::from(differs || old_links != new_links);
    }
    count
}

fn assert_day_is_as_expected(tenant: &Tenant, day: u32) {
    let found = recount(&read(tenant, day - 1), &read(tenant, day));
    assert_as_expected(&found, &tenant.day_expectation(day));
}

fn assert_as_expected(found: &Recount, expected: &Expectation) {
    assert_eq!(found.added, expected.added);
    assert_eq!(found.soft_deleted, expected.soft_deleted);
    assert_eq!(found.hard_deleted, expected.hard_deleted);
    assert_eq!(found.soft_deleted + found.hard_deleted, expected.removed);
    assert_eq!(found.purged, expected.purged);
    let mut by_attribute = BTreeMap::new();
    for ((odata_type, path), count) in &found.by_path {
        let token = match odata_type.rsplit('.').next().unwrap() {
            "ipNamedLocation" | "countryNamedLocation" => "namedLocation".to_owned(),
            other => other.to_owned(),
        };
        *by_attribute.entry((token, path.clone())).or_insert(0) += count;
    }
    let promised: BTreeMap<_, _> = expected
        .by_attribute
        .iter()
        .map(|((token, path), count)| (((*token).to_owned(), (*path).to_owned()), *count))
        .collect();
    assert_eq!(by_attribute, promised);
    assert_eq!(found.attribute_changes, expected.attribute_changes);
    assert_eq!(found.links_added, expected.links_added);
    assert_eq!(found.links_removed, expected.links_removed);
    assert_eq!(found.changed, expected.changed);
}

#[test]
fn the_same_size_and_seed_give_the_same_bytes() {
    for day in [0, 1, 3] {
        assert_eq!(written(&Tenant::new(2000, 7), day), written(&Tenant::new(2000, 7), day));
    }
    assert_ne!(written(&Tenant::new(2000, 7), 0), written(&Tenant::new(2000, 8), 0));
}

#[test]
fn sizes_are_as_measured() {
    let mut out = std::io::sink();
    let counts = Tenant::new(50_000, 7).write_ndjson(0, &mut out).unwrap();
    let measured = [
        (ObjectKind::User, 1939),
        (ObjectKind::Group, 1346),
        (ObjectKind::ServicePrincipal, 3378),
        (ObjectKind::Application, 3213),
        (ObjectKind::ConditionalAccessPolicy, 2730),
        (ObjectKind::NamedLocation, 730),
        (ObjectKind::Device, 671),
    ];
    for (kind, mean) in measured {
        let found = counts.bytes_of(kind) / counts.objects_of(kind);
        assert!(found.abs_diff(mean) * 20 <= mean, "{} has {found} bytes", kind.token());
    }
    assert_eq!(counts.objects, 50_000);
    assert!((counts.bytes / counts.objects).abs_diff(2010) * 20 <= 2010, "{counts:?}");
}

#[test]
fn every_day_holds_exactly_the_changes_it_promises() {
    let tenant = Tenant::new(10_000, 7);
    for day in 1..=2 {
        assert_day_is_as_expected(&tenant, day);
    }
    assert_day_is_as_expected(&Tenant::new(3000, 1), 31);
}

#[test]
fn small_tenants_work() {
    for objects in [0, 1, 2, 3, 10, 99, 100, 101, 257] {
        let tenant = Tenant::new(objects, 3);
        assert_eq!(read(&tenant, 0).len() as u64, objects);
        assert_eq!(tenant.day_expectation(0).added, objects);
        for day in [1, 2, 40] {
            assert_day_is_as_expected(&tenant, day);
        }
    }
}

#[test]
fn changes_follow_the_measured_shape() {
    let expectation = Tenant::new(1_000_000, 7).day_expectation(1);
    assert_eq!(expectation.added, 500);
    assert_eq!(expectation.removed, 199);
    assert_eq!(expectation.changed, 10_406);
    assert_eq!(expectation.attribute_changes, 17_223);
}

#[test]
fn the_change_list_names_what_changed() {
    let tenant = Tenant::new(5000, 7);
    let (before, after) = (read(&tenant, 1), read(&tenant, 2));
    let find = |objects: &Objects, id: &str| {
        objects.iter().find(|(key, _)| key.1 == id).map(|(_, object)| object.clone())
    };
    for change in tenant.day_changes(2) {
        let (old, new) = (find(&before, &change.id), find(&after, &change.id));
        match change.action {
            ChangeAction::Added => assert!(old.is_none() && new.is_some()),
            ChangeAction::SoftDeleted => assert!(!is_live(&new.unwrap())),
            ChangeAction::HardDeleted | ChangeAction::Purged => assert!(new.is_none()),
            ChangeAction::Updated { attributes, links_added, links_removed } => {
                let (old, new) = (old.unwrap(), new.unwrap());
                for path in attributes {
                    let at = |object: &Map<String, Value>| {
                        Value::Object(object.clone()).pointer(&format!("/{path}")).cloned()
                    };
                    assert_ne!(at(&old), at(&new), "{path}");
                }
                let names = |ids: &BTreeSet<String>, other: &BTreeSet<String>| -> BTreeSet<String> {
                    ids.difference(other).map(|id| id.split(' ').nth(1).unwrap().to_owned()).collect()
                };
                let (old, new) = (links(&old), links(&new));
                assert_eq!(names(&new, &old), links_added.into_iter().collect());
                assert_eq!(names(&old, &new), links_removed.into_iter().collect());
            }
        }
    }
}

#[test]
fn names_are_unique_in_many_scripts_and_all_departments() {
    let tenant = Tenant::new(5000, 7);
    let objects = read(&tenant, 0);
    let users: Vec<_> = objects.values().filter(|object| object.contains_key("userPrincipalName")).collect();
    let names: BTreeSet<_> = users.iter().map(|user| string(user, "userPrincipalName")).collect();
    assert_eq!(names.len(), users.len());
    assert!(users.iter().any(|user| !string(user, "displayName").is_ascii()));
    let departments: BTreeSet<_> = users.iter().map(|user| user["department"].to_string()).collect();
    assert_eq!(departments.len(), 31);
}

#[test]
fn links_point_to_objects_that_are_there() {
    let tenant = Tenant::new(5000, 7);
    let objects = read(&tenant, 5);
    let live: BTreeSet<_> =
        objects.iter().filter(|(_, object)| is_live(object)).map(|(key, _)| key.1.as_str()).collect();
    for object in objects.values() {
        for link in links(object) {
            assert!(live.contains(link.split(' ').nth(1).unwrap()), "{link}");
        }
    }
}

#[test]
fn one_group_holds_a_tenth_of_the_tenant() {
    let objects = read(&Tenant::new(5000, 7), 0);
    let sizes: Vec<_> = objects
        .iter()
        .filter(|(key, _)| key.0.ends_with("graph.group"))
        .map(|(_, object)| object["members"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes.iter().max(), Some(&500));
    let mean = sizes.iter().sum::<usize>() / sizes.len();
    assert!((10..=12).contains(&mean), "{mean}");
}

#[test]
fn objects_and_lines_are_the_same() {
    let tenant = Tenant::new(500, 7);
    let lines: String = tenant.objects(2).map(|(_, text)| text + "\n").collect();
    assert_eq!(lines.as_bytes(), written(&tenant, 2));
}

#[test]
fn an_incident_does_what_it_says() {
    for (objects, day) in [(0, 0), (10, 1), (150, 1), (5000, 0), (5000, 2)] {
        let tenant = Tenant::new(objects, 7);
        let incident = Incident::new(&tenant, day);
        let mut out = Vec::new();
        incident.snapshot().write_ndjson(&mut out).unwrap();
        let found = recount(&read(&tenant, day), &parse(out));
        assert_as_expected(&found, incident.expectation());
        assert!(objects < 5000 || incident.describe().len() == 6, "{:?}", incident.describe());
    }
}

#[test]
fn pages_hold_every_live_object_once() {
    let tenant = Tenant::new(1000, 7);
    let snapshot = tenant.on(3);
    let pages: Vec<Value> =
        snapshot.list_pages(ObjectKind::User, 100).map(|page| serde_json::from_str(&page).unwrap()).collect();
    let ids: BTreeSet<_> = pages
        .iter()
        .flat_map(|page| page["value"].as_array().unwrap())
        .map(|user| user["id"].as_str().unwrap())
        .collect();
    let live = read(&tenant, 3)
        .iter()
        .filter(|(key, object)| key.0.ends_with("graph.user") && is_live(object))
        .count();
    assert_eq!(ids.len(), live);
    let last = pages.len() - 1;
    for (index, page) in pages.iter().enumerate() {
        assert_eq!(page.get("@odata.nextLink").is_some(), index < last);
    }
}

#[test]
fn the_folder_tree_holds_every_live_object() {
    let folder = tempfile::tempdir().unwrap();
    let tenant = Tenant::new(200, 7);
    let counts = tenant.write_entra_exporter(0, folder.path()).unwrap();
    assert_eq!(counts.objects, 200);
    let (mut objects, mut stubs) = (0, 0);
    let mut open = vec![folder.path().to_owned()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.starts_with("{\n  \"@odata.type\": \"#microsoft.graph."), "{text}");
            let value: Value = serde_json::from_str(&text).unwrap();
            assert!(value.get("members").is_none() && value.get("owners").is_none());
            let parts: Vec<_> = path.iter().map(|part| part.to_str().unwrap()).collect();
            let is_link = parts.contains(&"Members") || parts.contains(&"Owners");
            *(if is_link { &mut stubs } else { &mut objects }) += 1;
            if parts.contains(&"Users") {
                let id = value["id"].as_str().unwrap();
                assert!(path.ends_with(format!("Users/{id}/{id}.json")));
            }
        }
    }
    assert_eq!(objects, 200);
    assert!(stubs > 20, "{stubs}");
}
