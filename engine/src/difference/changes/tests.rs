//! The order of changes, whatever the size of a batch.

use super::Difference;
use crate::{BackupDetails, BackupId, Change, CreateOptions, DifferenceFilter, Store};

fn details(day: &str) -> BackupDetails {
    BackupDetails::new("test", day.parse().unwrap())
}

/// GUIDs in no order, texts that sort between and around them, and grants, which are shown by another ID.
fn objects(city: &str) -> Vec<(&'static str, String)> {
    let mut objects = Vec::new();
    for number in 0..20_u32 {
        let mixed = number.wrapping_mul(2_654_435_769);
        let guid = format!("{mixed:08x}-0000-4000-8000-000000000000");
        objects.push(("user", format!(r#"{{"id": "{guid}", "city": "{city}"}}"#)));
        objects.push(("group", format!(r#"{{"id": "{:x} text", "city": "{city}"}}"#, mixed >> 8)));
        objects.push(("user", format!(r#"{{"id": "{:x} text", "city": "{city}"}}"#, mixed >> 4)));
        let grant = format!(
            r#"{{"id": "{mixed:x}", "clientId": "{guid}", "resourceId": "r", "consentType": "Principal",
                 "principalId": "{number}", "scope": "{city}"}}"#
        );
        objects.push(("oauth2PermissionGrant", grant));
    }
    objects
}

#[test]
fn changes_come_in_one_order_however_few_are_made_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let options = CreateOptions { seed: [7; 32], tenant: None };
    let mut store = Store::create(&folder.path().join("store"), &options).unwrap();
    for (day, city) in [("2026-11-16T00:00:00Z", "Bern"), ("2026-11-17T00:00:00Z", "Rome")] {
        let mut backup = store.begin(details(day)).unwrap();
        for (token, json) in objects(city) {
            backup.put_json(token, json.as_bytes()).unwrap();
        }
        backup.commit().unwrap();
    }
    let ids: Vec<BackupId> = store.backups().iter().map(|backup| backup.id).collect();
    for (from, to) in [(&ids[0], &ids[1]), (&ids[1], &ids[0])] {
        let all = store.difference(from, to, &DifferenceFilter::default()).unwrap();
        assert_eq!(all.len(), 80);
        assert!(all.is_sorted_by_key(|change| (change.type_token.clone(), change.id.clone())));
        for batch_length in [1, 3, 7] {
            let difference = store.compare(from, to, &DifferenceFilter::default()).unwrap();
            let difference = Difference { batch_length, ..difference };
            let changes: Vec<Change> = difference.changes().unwrap().collect::<Result<_, _>>().unwrap();
            assert_eq!(changes, all, "{batch_length}");
        }
    }
}

#[test]
fn more_objects_than_a_chunk_has_rows_change_at_once() {
    let count = 66_000;
    let folder = tempfile::tempdir().unwrap();
    let options = CreateOptions { seed: [7; 32], tenant: None };
    let mut store = Store::create(&folder.path().join("store"), &options).unwrap();
    for (day, city) in [("2026-11-16T00:00:00Z", "Bern"), ("2026-11-17T00:00:00Z", "Rome")] {
        let mut backup = store.begin(details(day)).unwrap();
        for number in 0..count {
            let json = format!(r#"{{"id": "u{number}", "displayName": "U{number}", "city": "{city}"}}"#);
            backup.put_json("user", json.as_bytes()).unwrap();
        }
        backup.commit().unwrap();
    }
    let ids: Vec<BackupId> = store.backups().iter().map(|backup| backup.id).collect();
    let changes = store.difference(&ids[0], &ids[1], &DifferenceFilter::default()).unwrap();
    assert_eq!(changes.len(), count);
    assert_eq!(changes[0].display_name, "U0");
}

#[test]
fn patches_unpacked_at_once_say_what_they_say_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let options = CreateOptions { seed: [7; 32], tenant: None };
    let mut store = Store::create(&folder.path().join("store"), &options).unwrap();
    // Some values go, come back, become null or stay away; one attribute changes every day.
    let cities = ["\"Bern\"", "null", "\"Rome\"", "\"a \\\" b\"", "\"Bern\"", "[1]"];
    for (day, city) in cities.iter().enumerate() {
        let mut backup = store.begin(details(&format!("2026-11-{:02}T00:00:00Z", day + 10))).unwrap();
        for number in 0..30 {
            let office =
                if number % 3 == day % 3 { String::new() } else { format!(r#", "office": {number}"#) };
            let city = if number % 4 == 0 { cities[0] } else { city };
            let json = format!(r#"{{"id": "u{number}", "displayName": "U{day}", "city": {city}{office}}}"#);
            backup.put_json("user", json.as_bytes()).unwrap();
        }
        backup.commit().unwrap();
    }
    let ids: Vec<BackupId> = store.backups().iter().map(|backup| backup.id).collect();
    for (from, to) in [(&ids[0], &ids[5]), (&ids[5], &ids[0])] {
        let at_once = store.difference(from, to, &DifferenceFilter::default()).unwrap();
        assert_eq!(at_once.len(), 30);
        for change in at_once {
            // For one object nothing is unpacked.
            let filter = DifferenceFilter { ids: vec![change.id.to_string()], ..DifferenceFilter::default() };
            assert_eq!(store.difference(from, to, &filter).unwrap(), [change]);
        }
    }
}
