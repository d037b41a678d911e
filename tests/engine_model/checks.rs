//! Holds a store to the models: snapshots, differences, lists, contents and histories.

use std::collections::BTreeSet;

use engine::{
    BackupId, Change, ChangeKind, ChangedObject, DifferenceFilter, ObjectKey, RecoveryAction, Store,
};
use serde_json::{Value, json};
use tests::shelf::contents;

use super::days::merge;
use super::known::{KnownFrom, known_from, passed_over};
use super::{Known, Model, Presence, known, model_difference};

pub(super) fn check(store: &Store, models: &[Model]) {
    assert_eq!(store.backups().len() + 1, models.len());
    for (index, backup) in store.backups().iter().enumerate() {
        let model = &models[index + 1];
        check_contents(store, &backup.id, model);
        let before = model.before.as_ref().unwrap();
        let count = |wanted: &dyn Fn(Presence, Presence) -> bool| {
            let keys = model.things.keys();
            keys.filter(|key| wanted(before.presence(key), model.presence(key))).count() as u64
        };
        let changes = model_difference(&[Model::clone(before), model.clone()], 0, 1, false, false);
        let updated = changes.iter().filter(|change| change.2 == ChangeKind::Updated).count();
        assert_eq!(backup.objects, model.live_count() as u64);
        assert_eq!(backup.links, model.link_count() as u64, "links of backup {index}");
        assert_eq!(backup.added, count(&|old, new| old != Presence::Live && new == Presence::Live));
        assert_eq!(backup.deleted, count(&|old, new| old == Presence::Live && new != Presence::Live));
        assert_eq!(backup.updated, updated as u64, "updated of backup {index}");
    }
    for all in [false, true] {
        let filter = DifferenceFilter { all, ..DifferenceFilter::default() };
        for (from, first) in store.backups().iter().enumerate() {
            for (to, second) in store.backups().iter().enumerate() {
                let changes = store.difference(&first.id, &second.id, &filter).unwrap();
                check_marks(&changes, models, [from + 1, to + 1], all);
                check_list(&store.changed_objects(&first.id, &second.id, &filter).unwrap(), &changes);
                let found: Vec<Known> = changes.iter().map(known).collect();
                assert_eq!(
                    found,
                    model_difference(models, from + 1, to + 1, all, false),
                    "{from} to {to}, all: {all}"
                );
            }
        }
    }
    let keys: BTreeSet<_> = models.iter().flat_map(|model| model.things.keys()).collect();
    for key in keys {
        check_history(store, models, key);
    }
}

/// What nobody observed at the earlier side, and what is synced from on-premises, is marked so, and nothing else.
fn check_marks(changes: &[Change], models: &[Model], [from, to]: [usize; 2], all: bool) {
    let early = &models[from.min(to)];
    for change in changes {
        let key = (change.type_token.to_string(), change.id.to_string());
        let side = if models[to].presence(&key) == Presence::Gone { from } else { to };
        let is_synced = models[side].things[&key].core["onPremisesSyncEnabled"] == json!(true);
        let is_carried = change.kind != ChangeKind::Updated
            && known_from(models, from.min(to), &key.0) == KnownFrom::Before;
        let passed = passed_over(models, from.max(to), &key.0);
        let is_doubtful = is_carried || passed.is_some();
        assert_eq!(change.is_unobserved(), is_doubtful, "{change:?}");
        assert_eq!(change.last_read.is_some(), is_carried || passed == Some(true), "{change:?}");
        if is_doubtful {
            assert_eq!(change.action, RecoveryAction::None);
        } else {
            let is_marked = change.reason == Some("synced from on-premises");
            assert!(is_marked == is_synced || (all && change.reason == Some("server-made")), "{change:?}");
        }
        if change.links.iter().any(|link| link.cascade.is_none()) {
            let is_doubtful = change.unknown.iter().any(|name| name == "members");
            assert_eq!(is_doubtful, !early.members_read, "{change:?}");
        }
    }
}

/// The list of changed objects is that of the difference, in another order.
fn check_list(list: &[ChangedObject], changes: &[Change]) {
    let mut listed: Vec<_> =
        list.iter().map(|object| (&*object.type_token, object.id.to_string(), object.kind)).collect();
    listed.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let expected: Vec<_> =
        changes.iter().map(|change| (&*change.type_token, change.id.to_string(), change.kind)).collect();
    assert_eq!(listed, expected);
}

fn check_contents(store: &Store, backup: &BackupId, model: &Model) {
    let shown = contents(store, backup).unwrap();
    let there = model.things.iter().filter(|(_, thing)| thing.presence != Presence::Gone);
    assert_eq!(shown.keys().collect::<Vec<_>>(), there.clone().map(|(key, _)| key).collect::<Vec<_>>());
    for (key, thing) in there {
        let (deleted, text, links) = &shown[key];
        let mut expected = json!({"@odata.type": format!("#microsoft.graph.{}", key.0), "id": key.1});
        merge(&mut expected, &thing.core);
        merge(&mut expected, &thing.moving);
        assert_eq!(*deleted, thing.presence == Presence::Bin, "{key:?}");
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), expected);
        let members = model.shown_members(&key.1).filter(|_| key.0 == "group");
        assert_eq!(*links, members.map(|ids| ("members".to_owned(), ids)).into_iter().collect::<Vec<_>>());
        let key = ObjectKey { type_token: (*key.0).into(), id: key.1.clone() };
        let alone = store.snapshot(backup).unwrap().object(&key).unwrap().unwrap();
        assert_eq!(alone.attributes_json(), text);
    }
}

fn check_history(store: &Store, models: &[Model], key: &(String, String)) {
    let object = ObjectKey { type_token: (*key.0).into(), id: key.1.clone() };
    let found = store.history(&object).unwrap();
    let found: Vec<(BackupId, Known)> =
        found.iter().map(|(backup, change)| (backup.id, known(change))).collect();
    let mut expected = Vec::new();
    for (index, backup) in store.backups().iter().enumerate() {
        let changes = model_difference(models, index, index + 1, false, true).into_iter();
        let of_object = changes.filter(|change| (&change.0, &change.1) == (&key.0, &key.1));
        expected.extend(of_object.map(|change| (backup.id, change)));
    }
    assert_eq!(found, expected);
}
