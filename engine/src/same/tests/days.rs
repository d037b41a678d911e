//! The same state in other words through a store: backups, differences, what comes out.

use serde_json::{Value, json};

use super::Graph;
use crate::schema::types;

/// A store on which objects are put day by day.
struct Days {
    folder: tempfile::TempDir,
    store: crate::Store,
    backups: Vec<crate::BackupId>,
}

impl Days {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = crate::CreateOptions { seed: [7; 32], tenant: None };
        let store = crate::Store::create(&folder.path().join("store"), &options).unwrap();
        Self { folder, store, backups: Vec::new() }
    }

    fn put(&mut self, objects: &[(&str, String)]) -> crate::BackupSummary {
        let day = i64::try_from(self.backups.len()).unwrap();
        let taken_at = jiff::Timestamp::from_second(1_790_000_000 + day * 86_400).unwrap();
        let mut backup = self.store.begin(crate::BackupDetails::new("test", taken_at)).unwrap();
        for (token, text) in objects {
            backup.put_json(token, text.as_bytes()).unwrap();
        }
        let summary = backup.commit().unwrap();
        self.backups.push(summary.id);
        summary
    }

    /// The changes from one day to another.
    fn changes(&self, from: usize, to: usize) -> Vec<crate::Change> {
        let filter = crate::DifferenceFilter::default();
        let changes = self.store.difference(&self.backups[from], &self.backups[to], &filter).unwrap();
        let named = self.store.changed_objects(&self.backups[from], &self.backups[to], &filter).unwrap();
        assert_eq!(named.len(), changes.len(), "the list of changed objects must agree");
        changes
    }

    fn shown(&self, day: usize, token: &str, id: &str) -> crate::Object {
        let key = crate::ObjectKey { type_token: token.into(), id: id.into() };
        let snapshot = self.store.snapshot(&self.backups[day]).unwrap();
        snapshot.object(&key).unwrap().expect("it is there")
    }
}

#[test]
fn a_backup_of_the_same_state_in_other_words_changes_nothing_and_keeps_the_words() {
    for seed in [1, 2, 3] {
        let mut graph = Graph(seed);
        let mut days = Days::new();
        let states: Vec<(&str, Value)> = types()
            .filter(|found| found.natural_key.is_empty() && found.token != "organization")
            .map(|found| (found.token, graph.state(3)))
            .collect();
        let object = |(token, value): (&'static str, String)| {
            (token, format!(r#"{{"id":"the {token}","new":{value},"extension_x":{value}}}"#))
        };
        let write = |graph: &mut Graph, states: &[(&'static str, Value)]| -> Vec<(&'static str, String)> {
            states.iter().map(|(token, state)| object((token, graph.rewrite(state)))).collect()
        };
        let first = write(&mut graph, &states);
        let second = write(&mut graph, &states);
        days.put(&first);
        let again = days.put(&second);
        assert_eq!((again.added, again.updated, again.deleted), (0, 0, 0));
        assert_eq!(days.changes(0, 1), []);
        assert_eq!(days.changes(1, 0), []);
        for (token, text) in &second {
            let came: Value = serde_json::from_str(text).unwrap();
            let shown = days.shown(1, token, &format!("the {token}")).attributes();
            assert_eq!(shown["new"], came["new"], "{token}: what comes out is what went in");
        }
        let changed: Vec<(&str, Value)> =
            states.iter().map(|(token, state)| (*token, graph.change(state))).collect();
        let third = write(&mut graph, &changed);
        let updated = days.put(&third);
        assert_eq!(updated.updated, states.len() as u64);
        assert_eq!(days.changes(1, 2).len(), states.len());
        // Back to words that were used before: the versions of that day are used again.
        days.put(&second);
        assert_eq!(days.changes(1, 3), []);
        assert_eq!(days.changes(2, 3).len(), states.len());
    }
}

#[test]
fn words_that_return_after_a_change_are_listed_as_little_as_they_are_compared() {
    let user = |mails: &str| [("user", format!(r#"{{"id":"u","otherMails":{mails}}}"#))];
    let (words, other_words, change) = (r#"["a","b"]"#, r#"["b","a"]"#, r#"["c"]"#);
    let mut days = Days::new();
    for (mails, updated) in [(words, 0), (other_words, 0), (words, 0), (change, 1), (other_words, 1)] {
        assert_eq!(days.put(&user(mails)).updated, updated, "{mails}");
    }
    // The last day has the version of the second one, which came after that of the first one and the third one.
    for (from, to, count) in [(2, 4, 0), (4, 2, 0), (0, 4, 0), (2, 3, 1), (3, 4, 1), (0, 3, 1)] {
        assert_eq!(days.changes(from, to).len(), count, "{from} to {to}");
    }
}

#[test]
fn a_target_that_graph_moved_among_the_applications_is_no_change_and_what_comes_with_it_is_one() {
    let (microsoft, internet) =
        ("c08f52c9-8f03-4558-a0ea-9a4c878cf343", "5dc48733-b5df-475c-a49b-fa307ef00853");
    let other = "00000003-0000-0ff1-ce00-000000000000";
    let traffic = json!({"@odata.type": "#microsoft.graph.someTraffic"});
    for (from, to, is_same) in [
        (json!({"includeApplications": [], "globalSecureAccess": traffic}), json!([microsoft]), true),
        (json!({"includeApplications": null, "networkAccess": traffic}), json!([internet, microsoft]), true),
        (json!({"includeApplications": ["None"], "networkAccess": traffic}), json!([internet]), true),
        (
            json!({"includeApplications": [other], "globalSecureAccess": traffic}),
            json!([microsoft, other]),
            true,
        ),
        (json!({"includeApplications": [], "globalSecureAccess": traffic}), json!([microsoft, other]), false),
        (json!({"includeApplications": [other], "globalSecureAccess": traffic}), json!([microsoft]), false),
        (json!({"includeApplications": [], "globalSecureAccess": traffic}), json!(["All"]), false),
        (json!({"includeApplications": [], "globalSecureAccess": traffic}), json!([]), false),
        (json!({"includeApplications": [], "globalSecureAccess": null}), json!([microsoft]), false),
        (json!({"includeApplications": [other]}), json!([microsoft, other]), false),
    ] {
        let to = json!({"includeApplications": to, "globalSecureAccess": null, "networkAccess": null});
        let policy = |applications: &Value, user: &str| {
            let conditions = json!({"applications": applications, "users": {"includeUsers": [user]}});
            let policy = json!({"id": "p", "displayName": "Internet", "conditions": conditions});
            [("conditionalAccessPolicy", policy.to_string())]
        };
        let conditions = |applications: &Value| json!({"applications": applications, "users": null});
        let (a, b) = (conditions(&from), conditions(&to));
        for (a, b) in [(&a, &b), (&b, &a)] {
            let found = super::is_same("conditionalAccessPolicy", "conditions", a, b);
            assert_eq!(found, is_same, "{a} and {b}");
            assert!(is_same || !super::is_same("application", "conditions", a, b));
        }
        let mut days = Days::new();
        days.put(&policy(&from, "Ann"));
        let count = usize::from(!is_same);
        assert_eq!(days.put(&policy(&to, "Ann")).updated, count as u64, "{from} to {to}");
        days.put(&policy(&to, "Bob"));
        assert_eq!(days.changes(0, 1).len(), count, "{from} to {to}");
        assert_eq!(days.changes(1, 0).len(), count, "{to} to {from}");
        let changes = days.changes(0, 2);
        assert_eq!(changes.len(), 1, "the users changed");
        let paths: Vec<&str> = changes[0].attributes.iter().map(|attribute| &*attribute.name).collect();
        assert_eq!(paths == ["conditions.users.includeUsers"], is_same, "{paths:?}");
        assert_eq!(
            days.shown(1, "conditionalAccessPolicy", "p").attributes()["conditions"]["applications"],
            to
        );
    }
}

#[test]
fn a_guid_in_another_case_is_the_same_object() {
    let lower = "abcdef00-0000-4000-8000-00000000000a";
    let upper = lower.to_uppercase();
    let mut days = Days::new();
    let user = |id: &str| ("user", format!(r#"{{"id":"{id}","displayName":"Ann"}}"#));
    let group = |member: &str| ("group", format!(r#"{{"id":"g","members":["{member}"]}}"#));
    let grant = |id: &str| {
        ("appRoleAssignment", format!(r#"{{"principalId":"{id}","resourceId":"{id}","appRoleId":"{id}"}}"#))
    };
    days.put(&[user(&upper), group(lower), grant(&upper)]);
    let again = days.put(&[user(lower), group(&upper), grant(lower)]);
    assert_eq!((again.added, again.updated, again.deleted), (0, 0, 0));
    assert_eq!(days.changes(0, 1), []);
    for id in [lower, &upper] {
        assert_eq!(days.shown(1, "user", id).key.id, upper, "it is shown as it first came");
        assert_eq!(days.store.find(id, &days.backups[1]).unwrap().id, upper);
    }
    let filter = crate::DifferenceFilter { ids: vec![lower.into()], ..crate::DifferenceFilter::default() };
    days.put(&[("user", format!(r#"{{"id":"{lower}","displayName":"Anna"}}"#)), group(lower), grant(lower)]);
    let changes = days.store.difference(&days.backups[1], &days.backups[2], &filter).unwrap();
    assert_eq!(changes.len(), 1);
    let path = days.folder.path().join("store");
    assert_eq!(crate::Store::verify(&path, crate::verify::Depth::Deep).unwrap().errors, []);
}

#[test]
fn the_start_of_an_assignment_that_graph_moves_is_no_change() {
    let schedule = |start: &str, expiration: &str| {
        let text = format!(
            r#"{{"principalId":"p","roleDefinitionId":"r","directoryScopeId":"/","scheduleInfo":{{"startDateTime":"{start}","expiration":{expiration}}}}}"#
        );
        ("roleEligibilitySchedule", text)
    };
    let (first, second) = ("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z");
    for (expiration, count) in [
        (r#"{"type":"noExpiration"}"#, 0),
        (r#"{"type":"noExpiration","endDateTime":null,"duration":null}"#, 0),
        (r#"{"type":"afterDateTime","endDateTime":"2027-01-01T00:00:00Z"}"#, 1),
        (r#"{"type":"afterDuration","duration":"PT8H"}"#, 1),
    ] {
        let mut days = Days::new();
        days.put(&[schedule(first, expiration)]);
        assert_eq!(days.put(&[schedule(second, expiration)]).updated, count, "{expiration}");
        assert_eq!(days.changes(0, 1).len() as u64, count, "{expiration}");
    }
}
