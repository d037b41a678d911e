//! Backups whose source says how it read: what is gone, kept, unknown; readings beside backups; open journals; lineage.

use engine::coverage::{BinExtent, Extent, Gap, GapScope, RelationReading, TypeReading};
use engine::{
    BackupDetails, BackupId, BackupKind, ChangeKind, CreateOptions, DifferenceFilter, Error, ObjectKey,
    Observation, Point, Store,
};
use jiff::Timestamp;
use serde_json::json;
use tempfile::TempDir;

struct Shelf {
    _folder: TempDir,
    store: Store,
    day: i64,
}

fn key(token: &str, id: &str) -> ObjectKey {
    ObjectKey { type_token: token.into(), id: id.to_owned() }
}

fn reading(extent: Extent, bin: BinExtent, relations: &[(&str, Extent)]) -> TypeReading {
    let read = |(name, extent): &(&str, Extent)| RelationReading {
        name: (*name).to_owned(),
        extent: *extent,
        as_of: Timestamp::UNIX_EPOCH,
    };
    TypeReading { extent, bin, properties: None, relations: relations.iter().map(read).collect() }
}

fn read(type_token: &str, reading: TypeReading) -> Observation<'_> {
    Observation::Read { type_token, reading }
}

fn change_members(backup: &mut engine::Backup<'_>, added: &[&str], removed: &[&str]) -> engine::Result<()> {
    let source = &key("group", "staff");
    backup.observe(Observation::LinkChanges { source, relation: "members", added, removed })
}

impl Shelf {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = CreateOptions { seed: [7; 32], tenant: None };
        let store = Store::create(&folder.path().join("store"), &options).unwrap();
        Self { _folder: folder, store, day: 0 }
    }

    fn details(&mut self) -> BackupDetails {
        self.day += 1;
        BackupDetails::new("graph", Timestamp::from_second(self.day * 86_400).unwrap())
    }

    /// Commits a backup of what `fill` puts; gives its ID.
    fn commit(&mut self, fill: impl FnOnce(&mut engine::Backup<'_>) -> engine::Result<()>) -> BackupId {
        let details = self.details();
        let mut backup = self.store.begin(details).unwrap();
        fill(&mut backup).unwrap();
        backup.commit().unwrap().id
    }

    /// Three users, and a group with two of them.
    fn first(&mut self) -> BackupId {
        self.commit(|backup| {
            for id in ["ann", "bob", "cid"] {
                backup.put_json("user", json!({ "id": id, "jobTitle": "x" }).to_string().as_bytes())?;
            }
            backup.put_json("group", br#"{"id": "staff", "members": ["ann", "bob"]}"#)?;
            backup.observe(read("user", reading(Extent::Whole, BinExtent::Whole, &[])))?;
            backup.observe(read(
                "group",
                reading(Extent::Whole, BinExtent::Whole, &[("members", Extent::Whole)]),
            ))
        })
    }

    fn kinds(&self, from: &BackupId, to: &BackupId) -> Vec<(String, ChangeKind)> {
        let changes = self.store.difference(from, to, &DifferenceFilter::default()).unwrap();
        changes.into_iter().map(|change| (change.id.to_string(), change.kind)).collect()
    }

    fn members(&self, backup: &BackupId) -> Vec<String> {
        let group = self.store.snapshot(backup).unwrap().object(&key("group", "staff")).unwrap().unwrap();
        let value: serde_json::Value = serde_json::from_str(&group.to_json()).unwrap();
        value["members"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn changes_leave_everything_else_as_it_was() {
    let mut shelf = Shelf::new();
    let first = shelf.first();
    let second = shelf.commit(|backup| {
        backup.put_json("user", br#"{"id": "bob", "jobTitle": "y"}"#)?;
        backup.observe(Observation::Gone(&key("user", "cid")))?;
        change_members(backup, &["cid"], &["ann"])?;
        change_members(backup, &["ann"], &["cid"])?;
        backup.observe(read("user", reading(Extent::Changes, BinExtent::Changes, &[])))?;
        backup.observe(read(
            "group",
            reading(Extent::Changes, BinExtent::Changes, &[("members", Extent::Changes)]),
        ))
    });
    let expected = [("bob".to_owned(), ChangeKind::Updated), ("cid".to_owned(), ChangeKind::HardDeleted)];
    assert_eq!(shelf.kinds(&first, &second), expected);
    assert_eq!(shelf.members(&second), ["ann", "bob"]);
}

#[test]
fn what_came_is_all_but_for_what_was_kept() {
    let mut shelf = Shelf::new();
    let first = shelf.first();
    let second = shelf.commit(|backup| {
        backup.put_json("user", br#"{"id": "ann", "jobTitle": "x"}"#)?;
        backup.observe(Observation::UnreadObject(&key("user", "bob")))?;
        let source = &key("group", "staff");
        backup.observe(Observation::UnreadLinks { source, relation: "members" })?;
        backup.put_json("group", br#"{"id": "staff"}"#)?;
        backup.observe(read("user", reading(Extent::Whole, BinExtent::NotRead, &[])))?;
        backup.observe(read("group", reading(Extent::Whole, BinExtent::Whole, &[("members", Extent::Whole)])))
    });
    // Nobody looked into the bin, so it is not known whether it is there.
    assert_eq!(shelf.kinds(&first, &second), [("cid".to_owned(), ChangeKind::Deleted)]);
    assert_eq!(shelf.members(&second), ["ann", "bob"]);
}

#[test]
fn what_is_unread_stays_also_where_nothing_is_said_of_how_its_type_was_read() {
    let mut shelf = Shelf::new();
    let first = shelf.first();
    let second = shelf.commit(|backup| {
        backup.put_json("user", br#"{"id": "ann", "jobTitle": "x"}"#)?;
        backup.observe(Observation::UnreadObject(&key("user", "bob")))?;
        backup.put_json("group", br#"{"id": "staff"}"#)?;
        backup.put_json("group", br#"{"id": "crew", "members": ["ann"]}"#)?;
        backup.observe(Observation::UnreadLinks { source: &key("group", "staff"), relation: "members" })
    });
    let changed: Vec<String> = shelf.kinds(&first, &second).into_iter().map(|(id, _)| id).collect();
    assert_eq!(changed, ["crew", "cid"]);
    assert_eq!(shelf.members(&second), ["ann", "bob"]);
}

#[test]
fn links_to_what_lies_in_the_bin_are_dormant_however_they_were_read() {
    for told in [true, false] {
        let mut shelf = Shelf::new();
        let first = shelf.first();
        let second = shelf.commit(|backup| {
            let deleted_at = Some(Timestamp::from_second(99).unwrap());
            backup.observe(Observation::InBin { object: &key("user", "ann"), deleted_at })?;
            let unknown = &key("user", "nobody");
            backup.observe(Observation::InBin { object: unknown, deleted_at: None })?;
            if told {
                change_members(backup, &[], &["ann"])?;
            }
            backup.observe(read("user", reading(Extent::Changes, BinExtent::Changes, &[])))?;
            let members = [("members", Extent::Changes)];
            backup.observe(read("group", reading(Extent::Changes, BinExtent::Changes, &members)))
        });
        assert_eq!(shelf.kinds(&first, &second), [("ann".to_owned(), ChangeKind::SoftDeleted)]);
        assert_eq!(shelf.members(&second), ["bob"]);
        let third = shelf.commit(|backup| {
            backup.put_json("user", br#"{"id": "ann", "jobTitle": "x"}"#)?;
            backup.observe(read("user", reading(Extent::Changes, BinExtent::Changes, &[])))
        });
        assert_eq!(shelf.members(&third), ["ann", "bob"], "told {told}");
        assert_eq!(shelf.kinds(&first, &third), []);
    }
}

#[test]
fn a_gap_is_a_warning_and_deletes_nothing() {
    let mut shelf = Shelf::new();
    let first = shelf.first();
    let second = shelf.commit(|backup| {
        for number in 0..3_000 {
            let scope = GapScope::Object(format!("u{number}"));
            let gap = Gap { type_token: "user".into(), scope, reason: "403 Forbidden".into(), count: 1 };
            backup.observe(Observation::Unread(gap))?;
        }
        let scope = GapScope::Relation("owners".into());
        let gap = Gap { type_token: "group".into(), scope, reason: "404".into(), count: 1 };
        backup.observe(Observation::Unread(gap))
    });
    assert_eq!(shelf.kinds(&first, &second), []);
    let warnings = &shelf.store.backups()[1].warnings;
    assert_eq!(warnings.iter().map(|warning| warning.count).collect::<Vec<_>>(), [1, 3_000]);
    let coverage = shelf.store.coverage(&second).unwrap();
    assert!(coverage.types["user"].gaps.len() <= 1_001);
}

#[test]
fn properties_that_were_not_asked_for_are_carried() {
    let mut shelf = Shelf::new();
    let first = shelf.first();
    let second = shelf.commit(|backup| {
        for id in ["ann", "bob", "cid"] {
            backup.put_json("user", json!({ "id": id }).to_string().as_bytes())?;
        }
        let asked = TypeReading {
            properties: Some(vec!["id".into(), "displayName".into()]),
            ..reading(Extent::Whole, BinExtent::Whole, &[])
        };
        backup.observe(read("user", asked))
    });
    assert_eq!(shelf.kinds(&first, &second), []);
    let ann = shelf.store.snapshot(&second).unwrap().object(&key("user", "ann")).unwrap().unwrap();
    assert_eq!(ann.attributes()["jobTitle"], "x");
    assert_eq!(shelf.store.coverage(&second).unwrap().types["user"].carried, ["jobTitle"]);
}

#[test]
fn a_reading_is_found_by_its_id_alone_and_history_shows_what_it_saw() {
    let mut shelf = Shelf::new();
    let first = shelf.first();
    let details = BackupDetails { kind: BackupKind::Reading, ..shelf.details() };
    let mut backup = shelf.store.begin(details).unwrap();
    backup.put_json("user", br#"{"id": "ann", "jobTitle": "seen live"}"#).unwrap();
    backup.observe(read("user", reading(Extent::Changes, BinExtent::NotRead, &[]))).unwrap();
    let live = backup.commit().unwrap().id;
    assert_eq!(shelf.store.backups().len(), 1);
    assert_eq!(shelf.store.readings().map(|found| found.id).collect::<Vec<_>>(), std::slice::from_ref(&live));
    let resolve = |text: &str| shelf.store.resolve(&Point::parse(text).unwrap()).map(|found| found.id);
    assert_eq!(resolve("latest").unwrap(), first);
    assert_eq!(resolve("2030-01-01").unwrap(), first);
    assert_eq!(resolve(&live[..8]).unwrap(), live);
    assert!(matches!(resolve("latest~1"), Err(Error::NoBackup { .. })));
    assert_eq!(shelf.kinds(&first, &live), [("ann".to_owned(), ChangeKind::Updated)]);
    let second = shelf.commit(|_| Ok(()));
    assert_eq!(shelf.store.resolve(&Point::parse("latest~1").unwrap()).unwrap().id, first);
    assert_eq!(shelf.kinds(&live, &second), []);
    let history = shelf.store.history(&key("user", "ann")).unwrap();
    assert_eq!(history.iter().map(|(backup, _)| backup.id).collect::<Vec<_>>(), [first, live]);
}

#[test]
fn what_a_source_leaves_is_there_for_its_next_backup() {
    let mut shelf = Shelf::new();
    let id = shelf.commit(|backup| {
        let time = Timestamp::from_second(86_400).unwrap();
        backup.conclude(time, time, json!({ "link": "somewhere" }));
        Ok(())
    });
    assert_eq!(shelf.store.source_state(&id).unwrap(), json!({ "link": "somewhere" }));
    assert_eq!(shelf.store.newest_state("graph").unwrap().0.id, id);
    assert!(shelf.store.newest_state("import").is_none());
}

#[test]
fn a_journal_held_open_is_its_writers_alone_and_survives_unpinned() {
    let mut shelf = Shelf::new();
    let mut writer = shelf.store.open_journal("recovery-a").unwrap();
    writer.append(&[json!({ "n": 1 })]).unwrap();
    writer.pin(&mut shelf.store).unwrap();
    writer.append(&[json!({ "n": 2 }), json!({ "n": 3 })]).unwrap();
    assert!(matches!(shelf.store.open_journal("recovery-a"), Err(Error::Locked { .. })));
    assert_eq!(shelf.store.records("recovery-a").unwrap().len(), 3);
    drop(writer);
    let mut writer = shelf.store.open_journal("recovery-a").unwrap();
    writer.append(&[json!({ "n": 4 })]).unwrap();
    assert_eq!(shelf.store.records("recovery-a").unwrap().len(), 4);
    assert_eq!(shelf.store.journals().unwrap(), ["recovery-a"]);
    let checked = Store::verify(shelf.store.path(), engine::verify::Depth::Deep).unwrap();
    assert_eq!(checked.errors, []);
}

#[test]
fn one_recovery_runs_at_a_time_and_says_who() {
    let shelf = Shelf::new();
    assert_eq!(shelf.store.recovery_holder().unwrap(), None);
    let lock = shelf.store.lock_recovery("recovery one").unwrap();
    let holder = shelf.store.recovery_holder().unwrap().unwrap();
    assert!(holder.starts_with(&format!("recovery one, process {}", std::process::id())), "{holder}");
    let second = shelf.store.lock_recovery("recovery two").map(drop);
    assert!(matches!(second, Err(Error::Locked { holder }) if holder.contains("recovery one")));
    drop(lock);
    assert_eq!(shelf.store.recovery_holder().unwrap(), None);
}

#[test]
fn an_object_that_was_made_again_keeps_its_history() {
    let mut shelf = Shelf::new();
    let first = shelf.first();
    let second = shelf.commit(|backup| {
        backup.observe(Observation::Gone(&key("user", "ann")))?;
        backup.put_json("user", br#"{"id": "ann2", "jobTitle": "x"}"#)?;
        backup.observe(read("user", reading(Extent::Changes, BinExtent::Changes, &[])))
    });
    let at = Timestamp::from_second(99).unwrap();
    shelf.store.add_lineage(&key("user", "ann"), "ann2", "recovery", at).unwrap();
    for id in ["ann", "ann2"] {
        assert_eq!(shelf.store.lineage(&key("user", id)).unwrap(), ["ann", "ann2"]);
        let history = shelf.store.history(&key("user", id)).unwrap();
        let steps: Vec<_> =
            history.iter().map(|(backup, change)| (backup.id.as_str(), change.kind)).collect();
        assert_eq!(
            steps,
            [
                (first.as_str(), ChangeKind::Added),
                (second.as_str(), ChangeKind::HardDeleted),
                (second.as_str(), ChangeKind::Added),
            ]
        );
    }
}
