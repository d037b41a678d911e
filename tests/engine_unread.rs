//! What was not read at one side of a difference: it is neither new nor gone, and answers say so.

use engine::coverage::{BinExtent, Extent, Gap, GapScope, RelationReading, TypeReading, Unread, UnreadSide};
use engine::{Change, ChangeKind, DifferenceFilter, Observation, RecoveryAction, Store, schema};
use jiff::Timestamp;
use serde_json::{Value, json};
use tests::Shelf;
use tests::shelf::details;

/// What a backup says of one type: how it read it, what came, what it could not read.
struct Said {
    token: &'static str,
    reading: Option<TypeReading>,
    objects: Vec<Value>,
    gaps: Vec<GapScope>,
}

fn said(token: &'static str, extent: Extent, objects: Vec<Value>) -> Said {
    let relations = ["members", "owners"].map(|name| RelationReading {
        name: name.to_owned(),
        extent,
        as_of: Timestamp::UNIX_EPOCH,
    });
    let relations = if token == "group" { relations.to_vec() } else { Vec::new() };
    let reading = TypeReading { extent, bin: BinExtent::Whole, properties: None, relations };
    Said { token, reading: Some(reading), objects, gaps: Vec::new() }
}

fn commit(store: &mut Store, day: u32, types: Vec<Said>) -> engine::BackupId {
    let mut backup = store.begin(engine::BackupDetails { source: "graph".into(), ..details(day) }).unwrap();
    let time = details(day).taken_at;
    backup.conclude(time, time, json!({ "day": day }));
    for said in types {
        for object in &said.objects {
            backup.put_json(said.token, object.to_string().as_bytes()).unwrap();
        }
        if let Some(reading) = said.reading {
            backup.observe(Observation::Read { type_token: said.token, reading }).unwrap();
        }
        for scope in said.gaps {
            let gap = Gap { type_token: said.token.into(), scope, reason: "403".into(), count: 1 };
            backup.observe(Observation::Unread(gap)).unwrap();
        }
    }
    backup.commit().unwrap().id
}

fn users() -> Said {
    said("user", Extent::Whole, vec![json!({"id": "ann", "displayName": "Ann"})])
}

fn group(members: &[&str]) -> Value {
    json!({"id": "staff", "displayName": "Staff", "members": members})
}

fn changes(store: &Store, from: &engine::BackupId, to: &engine::BackupId) -> Vec<Change> {
    let changes = store.difference(from, to, &DifferenceFilter::default()).unwrap();
    let listed = store.changed_objects(from, to, &DifferenceFilter::default()).unwrap();
    assert_eq!(listed.len(), changes.len(), "the list of objects is that of the difference");
    changes
}

fn unread(store: &Store, from: &engine::BackupId, to: &engine::BackupId, types: &[&str]) -> Vec<Unread> {
    let types = types.iter().map(|token| (*token).to_owned()).collect();
    store.unread_between(from, to, &DifferenceFilter { types, ..DifferenceFilter::default() }).unwrap()
}

/// An object of a type that has all that its natural key needs.
fn some_object(of: &schema::Type, deleted: bool) -> Value {
    let mut object = json!({"id": "00000000-0000-4000-8000-0000000000aa"});
    for part in of.natural_key {
        object[part.name] = "00000000-0000-4000-8000-0000000000bb".into();
    }
    if deleted {
        object["deletedDateTime"] = "2026-01-01T00:00:00Z".into();
    }
    object
}

#[test]
fn a_type_that_was_never_read_before_is_not_new_whichever_it_is() {
    for of in schema::types().filter(|of| of.token != "user") {
        for deleted in [false, true] {
            if deleted && !of.has_bin() {
                continue;
            }
            let shelf = Shelf::default();
            let mut store = shelf.create().unwrap();
            let first = commit(&mut store, 0, vec![users()]);
            let objects = vec![some_object(of, deleted)];
            let second = commit(&mut store, 1, vec![users(), said(of.token, Extent::Whole, objects)]);
            assert_eq!(changes(&store, &first, &second), [], "{}", of.token);
            assert_eq!(changes(&store, &second, &first), [], "{} backwards", of.token);
            let found = unread(&store, &first, &second, &[]);
            let lack = found.iter().find(|lack| lack.type_token == of.token).expect(of.token);
            assert_eq!((lack.since, lack.objects, lack.side), (None, 1, Some(UnreadSide::From)));
            assert_eq!(unread(&store, &first, &second, &["user"]), [], "only what was asked for");
            let key = store.find_all("00000000-0000-4000-8000-0000000000aa", &second);
            let Ok(key) = key else { continue };
            let history = store.history(&key[0]).unwrap();
            assert_eq!(history.len(), 1, "a history begins with the first appearance");
            assert!(history[0].1.is_unobserved(), "{:?}", history[0]);
        }
    }
}

#[test]
fn a_list_that_broke_off_says_nothing_of_what_did_not_come() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let mut half = said("group", Extent::Changes, vec![json!({"id": "one", "displayName": "before"})]);
    half.gaps.push(GapScope::Type);
    let first = commit(&mut store, 0, vec![users(), half]);
    let both = || vec![json!({"id": "one", "displayName": "changed"}), json!({"id": "two"})];
    let second = commit(&mut store, 1, vec![users(), said("group", Extent::Whole, both())]);
    let found = changes(&store, &first, &second);
    let shown: Vec<_> = found.iter().map(|change| (change.id.to_string(), change.kind)).collect();
    assert_eq!(shown, [("one".to_owned(), ChangeKind::Updated)], "what came can be compared");
    let found = unread(&store, &first, &second, &["group"]);
    assert_eq!((found[0].reason.as_str(), found[0].since, found[0].objects), ("403", None, 2));
    // From here on the type is known, and changes since say as much as another whole reading.
    let third =
        commit(&mut store, 2, vec![users(), said("group", Extent::Changes, vec![json!({"id": "three"})])]);
    let found = changes(&store, &second, &third);
    assert_eq!((found.len(), found[0].kind, found[0].is_unobserved()), (1, ChangeKind::Added, false));
    let fourth =
        commit(&mut store, 3, vec![users(), said("group", Extent::Changes, vec![json!({"id": "four"})])]);
    assert_eq!(changes(&store, &third, &fourth)[0].action, RecoveryAction::SoftDelete);
    assert_eq!(unread(&store, &third, &fourth, &["group"]), []);
}

#[test]
fn what_was_last_read_before_from_is_shown_with_its_time_and_undone_by_nothing() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let both = || vec![json!({"id": "one"}), json!({"id": "two"})];
    let first = commit(&mut store, 0, vec![users(), said("group", Extent::Whole, both())]);
    let left_out = commit(&mut store, 1, vec![users()]);
    let other = vec![json!({"id": "one"}), json!({"id": "three"})];
    let third = commit(&mut store, 2, vec![users(), said("group", Extent::Whole, other)]);
    for (from, to, side) in [(&left_out, &third, "FROM"), (&third, &left_out, "TO")] {
        let found = changes(&store, from, to);
        assert_eq!(found.len(), 2);
        for change in &found {
            assert!(change.is_unobserved());
            assert_eq!((change.action, change.last_read), (RecoveryAction::None, Some(details(0).taken_at)));
            assert_eq!(
                change.reason_text(),
                format!("not observed at {side} (last read {})", details(0).taken_at)
            );
        }
    }
    assert!(changes(&store, &first, &third).iter().all(|change| !change.is_unobserved()));
    let found = unread(&store, &left_out, &third, &[]);
    assert_eq!((found.len(), found[0].since), (1, Some(details(0).taken_at)));
    assert_eq!(found[0].reason, "left out of this backup");
}

#[test]
fn an_object_that_could_not_be_read_is_marked_and_no_other() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let mut one = said("group", Extent::Whole, vec![json!({"id": "one"})]);
    one.gaps.push(GapScope::Object("two".into()));
    let first = commit(&mut store, 0, vec![users(), one]);
    let all = ["one", "two", "three"].map(|id| json!({ "id": id })).to_vec();
    let second = commit(&mut store, 1, vec![users(), said("group", Extent::Whole, all)]);
    let found = changes(&store, &first, &second);
    let marks: Vec<_> = found.iter().map(|change| (change.id.to_string(), change.is_unobserved())).collect();
    assert_eq!(marks, [("three".to_owned(), false), ("two".to_owned(), true)]);
    let found = unread(&store, &first, &second, &[]);
    assert_eq!((found.len(), found[0].object.as_deref()), (1, Some("two")));
    let of_other = DifferenceFilter { ids: vec!["one".into()], ..DifferenceFilter::default() };
    assert_eq!(store.unread_between(&first, &second, &of_other).unwrap(), []);
}

#[test]
fn what_belongs_to_an_object_that_could_not_be_asked_is_marked() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let token = "federatedIdentityCredential";
    let mut none = said(token, Extent::Whole, Vec::new());
    none.gaps.push(GapScope::Object("below app1".into()));
    let first = commit(&mut store, 0, vec![users(), none]);
    let below = |app: &str| json!({"id": format!("of-{app}"), "parentId": app});
    let both = vec![below("app1"), below("app2")];
    let second = commit(&mut store, 1, vec![users(), said(token, Extent::Whole, both)]);
    let found = changes(&store, &first, &second);
    let marks: Vec<_> = found.iter().map(|change| (change.id.to_string(), change.is_unobserved())).collect();
    assert_eq!(marks, [("of-app1".to_owned(), true), ("of-app2".to_owned(), false)]);
}

#[test]
fn a_bin_that_was_refused_makes_nothing_created_and_deleted() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let mut refused = users();
    let reading = refused.reading.as_mut().unwrap();
    reading.bin = BinExtent::NotRead;
    reading.properties = Some(vec!["id".into(), "displayName".into()]);
    refused.gaps.push(GapScope::Bin);
    let first = commit(&mut store, 0, vec![refused]);
    let mut read = users();
    read.objects.push(json!({"id": "old", "deletedDateTime": "2020-01-01T00:00:00Z"}));
    let second = commit(&mut store, 1, vec![read]);
    assert_eq!(changes(&store, &first, &second), []);
    assert_eq!(changes(&store, &second, &first), []);
    let found = unread(&store, &first, &second, &[]);
    assert_eq!((found.len(), found[0].reason.as_str()), (1, "the recycle bin: 403"));
}

#[test]
fn links_of_a_relation_that_from_did_not_read_are_shown_as_unknown() {
    let other = |members: &[&str], owners: &[&str]| {
        let mut group = group(members);
        group["owners"] = owners.into();
        group
    };
    let swept = |group: Value| said("group", Extent::Whole, vec![group]);
    let unswept = |relation: Option<&str>, gap: Option<GapScope>| {
        let mut said = said("group", Extent::Changes, Vec::new());
        said.reading.as_mut().unwrap().relations.retain(|read| relation == Some(read.name.as_str()));
        said.gaps.extend(gap);
        said
    };
    let of_one = || GapScope::Links { source: "staff".into(), relation: "owners".into() };
    for (middle, is_unknown) in [
        (unswept(Some("members"), None), true),
        (unswept(Some("members"), Some(GapScope::Relation("owners".into()))), true),
        (unswept(Some("owners"), Some(of_one())), true),
        (unswept(Some("owners"), None), false),
    ] {
        let shelf = Shelf::default();
        let mut store = shelf.create().unwrap();
        commit(&mut store, 0, vec![users(), swept(other(&["ann"], &["ann"]))]);
        let from = commit(&mut store, 1, vec![users(), middle]);
        let to = commit(&mut store, 2, vec![users(), swept(other(&["ann"], &["ann", "eve"]))]);
        let found = changes(&store, &from, &to);
        assert_eq!((found.len(), found[0].links.len()), (1, 1));
        assert_eq!(found[0].unknown.contains(&"owners".to_owned()), is_unknown);
        let found = unread(&store, &from, &to, &["group"]);
        let is_told = found.iter().any(|lack| lack.relation.as_deref() == Some("owners"));
        assert_eq!(is_told, is_unknown, "{found:?}");
    }
}

#[test]
fn an_import_of_a_part_says_nothing_of_the_rest() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let user = |id: &str| json!({"@odata.type": "#microsoft.graph.user", "id": id}).to_string();
    let mut part = details(0);
    part.partial = true;
    let first = tests::shelf::back_up_with(&mut store, part.clone(), &[user("ann")]).unwrap().id;
    let second = tests::shelf::back_up(&mut store, 1, &[user("ann"), user("bob")]).unwrap().id;
    assert_eq!(changes(&store, &first, &second), []);
    let found = unread(&store, &first, &second, &[]);
    assert_eq!(found[0].reason, "only a part of it was imported");
    part.taken_at = details(2).taken_at;
    let third = tests::shelf::back_up_with(&mut store, part, &[user("cid")]).unwrap().id;
    let all = [user("ann"), user("cid"), user("dan")];
    let fourth = tests::shelf::back_up(&mut store, 3, &all).unwrap().id;
    let found = changes(&store, &third, &fourth);
    assert!(found.iter().all(Change::is_unobserved) && found.len() == 2, "{found:?}");
}

#[test]
fn links_that_came_without_their_objects_do_not_make_a_type_read() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let user = |id: &str| json!({"@odata.type": "#microsoft.graph.user", "id": id}).to_string();
    let mut backup = store.begin(details(0)).unwrap();
    tests::shelf::put(&mut backup, &[user("ann")]).unwrap();
    let staff = engine::ObjectKey { type_token: "group".into(), id: "staff".into() };
    backup.observe(Observation::Links { source: &staff, relation: "members", targets: &["ann"] }).unwrap();
    let first = backup.commit().unwrap().id;
    let mut staff = group(&["ann"]);
    staff["@odata.type"] = "#microsoft.graph.group".into();
    let second = tests::shelf::back_up(&mut store, 1, &[user("ann"), staff.to_string()]).unwrap().id;
    assert_eq!(changes(&store, &first, &second), []);
    assert_eq!(unread(&store, &first, &second, &["group"])[0].since, None);
}

#[test]
fn sources_too_many_to_name_leave_their_relation_unread_and_no_other() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let staff = || vec![json!({"id": "staff", "members": ["ann"], "owners": ["ann"]})];
    let first = commit(&mut store, 0, vec![users(), said("group", Extent::Whole, staff())]);
    let links = |source: String, relation: &str| GapScope::Links { source, relation: relation.into() };
    let mut many = said("group", Extent::Whole, staff());
    many.gaps.extend((0..1_200).map(|number| links(number.to_string(), "members")));
    many.gaps.push(links("staff".into(), "owners"));
    let second = commit(&mut store, 1, vec![users(), many]);
    let found = unread(&store, &first, &second, &["group"]);
    let is_whole =
        |name: &str| found.iter().any(|lack| lack.relation.as_deref() == Some(name) && lack.object.is_none());
    assert!(is_whole("members"), "any group may be one of those that nobody named");
    assert!(!is_whole("owners"), "of the owners it is known whose were not read");
}
