//! Links whose targets are gone for a time: what of them a difference shows, for every relation of the table of types.

use engine::{
    BackupId, BackupSummary, Cascades, Change, ChangeKind, DifferenceFilter, LinkAction, LinkEnd, ObjectKey,
    Store, schema,
};
use serde_json::json;
use tests::Shelf;
use tests::shelf::back_up;

const EVE: &str = "00000000-0000-4000-8000-00000000000e";
const BOB: &str = "00000000-0000-4000-8000-00000000000b";
const SOURCE: &str = "00000000-0000-4000-8000-000000000005";
const OTHER: &str = "00000000-0000-4000-8000-000000000006";

/// Where Eve is on a day, and whether the source links to her.
#[derive(Debug, Clone, Copy)]
struct Day {
    eve: Presence,
    is_linked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Presence {
    Live,
    Bin,
    Nowhere,
}

const fn day(eve: Presence, is_linked: bool) -> Day {
    Day { eve, is_linked }
}

/// Three days, the days between which something is asked, and what happened to the link.
type Case = (&'static str, [Day; 3], (usize, usize), Option<LinkAction>);

const CASES: &[Case] = &[
    (
        "a link new to its set, to somebody who was in the bin",
        [day(Presence::Live, false), day(Presence::Bin, false), day(Presence::Live, true)],
        (1, 2),
        Some(LinkAction::Added),
    ),
    (
        "the same, over the whole time",
        [day(Presence::Live, false), day(Presence::Bin, false), day(Presence::Live, true)],
        (0, 2),
        Some(LinkAction::Added),
    ),
    (
        "a link lost on the way through the bin",
        [day(Presence::Live, true), day(Presence::Bin, false), day(Presence::Live, false)],
        (1, 2),
        Some(LinkAction::Removed),
    ),
    (
        "a link to somebody made again under the same ID",
        [day(Presence::Live, false), day(Presence::Nowhere, false), day(Presence::Live, true)],
        (1, 2),
        Some(LinkAction::Added),
    ),
    (
        "a link that came and went to sleep with its target",
        [day(Presence::Live, false), day(Presence::Live, true), day(Presence::Bin, false)],
        (0, 2),
        None,
    ),
    (
        "a link that only slept",
        [day(Presence::Live, true), day(Presence::Bin, false), day(Presence::Live, true)],
        (1, 2),
        None,
    ),
    (
        "a link that went to sleep",
        [day(Presence::Live, true), day(Presence::Bin, false), day(Presence::Bin, false)],
        (0, 1),
        None,
    ),
];

#[test]
fn a_link_that_is_new_to_its_set_is_shown_whoever_was_gone_meanwhile() {
    let mut relation_count = 0;
    for found in schema::types() {
        for relation in found.relations {
            relation_count += 1;
            for case in CASES {
                check(found, relation.name, relation.to_one, case);
            }
        }
    }
    assert!(relation_count > 10, "{relation_count}");
}

fn check(of: &schema::Type, relation: &str, to_one: bool, (name, days, window, expected): &Case) {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let backups: Vec<BackupSummary> = (0..)
        .zip(days)
        .map(|(number, day)| back_up(&mut store, number, &objects(of, relation, to_one, *day)).unwrap())
        .collect();
    let [from, to] = [&backups[window.0].id, &backups[window.1].id];
    let what = format!("{name}: {} {relation}", of.token);
    assert_eq!(link_of(&store, from, to, of.token, relation), *expected, "{what}");
    let backwards = expected.map(|action| match action {
        LinkAction::Added => LinkAction::Removed,
        LinkAction::Removed => LinkAction::Added,
    });
    assert_eq!(link_of(&store, to, from, of.token, relation), backwards, "{what}, backwards");
    let is_listed = |from: &BackupId, to: &BackupId| {
        let filter = DifferenceFilter { ids: vec![SOURCE.to_owned()], ..DifferenceFilter::default() };
        !store.changed_objects(from, to, &filter).unwrap().is_empty()
    };
    assert_eq!(is_listed(from, to), expected.is_some(), "{what}, listed");
    assert_eq!(is_listed(to, from), expected.is_some(), "{what}, listed backwards");
    if window.0 + 1 == window.1 {
        let key = ObjectKey { type_token: of.token.into(), id: SOURCE.to_owned() };
        let history = store.history(&key).unwrap();
        let step = history.iter().find(|(backup, _)| backup.id == *to);
        assert_eq!(step.and_then(|(_, change)| action_in(change, relation)), *expected, "{what}, history");
        assert_eq!(backups[window.1].updated, u64::from(expected.is_some()), "{what}, counted");
    }
}

fn objects(of: &schema::Type, relation: &str, to_one: bool, day: Day) -> Vec<String> {
    let user = |id: &str| json!({"@odata.type": "#microsoft.graph.user", "id": id});
    let mut eve = user(EVE);
    if day.eve == Presence::Bin {
        eve["deletedDateTime"] = "2026-01-01T00:00:00Z".into();
    }
    let source = |id: &str, target: Option<&str>| {
        let mut source = json!({"@odata.type": of.odata_type(), "id": id});
        let named = |id: &str| if to_one { json!(id) } else { json!([id]) };
        if let Some(target) = target {
            source[relation] = named(target);
        }
        source
    };
    let mut objects = vec![user(BOB), source(OTHER, Some(BOB)), source(SOURCE, day.is_linked.then_some(EVE))];
    if day.eve != Presence::Nowhere {
        objects.push(eve);
    }
    objects.iter().map(ToString::to_string).collect()
}

/// What happened to the link from the source to Eve.
fn link_of(store: &Store, from: &BackupId, to: &BackupId, token: &str, relation: &str) -> Option<LinkAction> {
    let changes = store.difference(from, to, &DifferenceFilter::default()).unwrap();
    let mut own =
        changes.iter().filter(|change| &*change.type_token == token && *change.id.to_string() == *SOURCE);
    own.find_map(|change| action_in(change, relation))
}

fn action_in(change: &Change, relation: &str) -> Option<LinkAction> {
    assert_eq!(change.kind, ChangeKind::Updated);
    let mut links = change.links.iter().filter(|link| &*link.relation == relation);
    links.find(|link| *link.target_id.to_string() == *EVE).map(|link| link.action)
}

#[test]
fn an_id_under_two_types_is_two_objects_to_who_asks_for_it() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let object = |token: &str, name: &str| {
        json!({"@odata.type": format!("#microsoft.graph.{token}"), "id": EVE, "displayName": name})
            .to_string()
    };
    let widget = || object("widget", "Thing");
    let days = [vec![object("user", "Eve"), widget()], vec![object("user", "Eva"), widget()], vec![widget()]];
    let mut newest = None;
    for (number, day) in (0..).zip(&days) {
        let mut details = tests::shelf::details(number);
        details.complete = vec!["user".to_owned()];
        newest = Some(tests::shelf::back_up_with(&mut store, details, day).unwrap().id);
    }
    let newest = newest.unwrap();
    let found = store.find_all(EVE, &newest).unwrap();
    let types: Vec<&str> = found.iter().map(|key| &*key.type_token).collect();
    assert_eq!(types, ["user", "widget"], "the user is gone and was one all the same");
    assert_eq!(&*store.find(EVE, &newest).unwrap().type_token, "widget");
}

#[test]
fn links_that_ended_with_their_target_are_told_by_it_and_at_both_ends_to_who_leaves_nothing_out() {
    for found in schema::types() {
        for relation in found.relations {
            for presence in [Presence::Bin, Presence::Nowhere] {
                let shelf = Shelf::default();
                let mut store = shelf.create().unwrap();
                let days = [day(Presence::Live, true), day(presence, false)];
                let ids: Vec<BackupId> = (0..)
                    .zip(days)
                    .map(|(number, day)| {
                        let texts = objects(found, relation.name, relation.to_one, day);
                        back_up(&mut store, number, &texts).unwrap().id
                    })
                    .collect();
                let what = format!("{} {}", found.token, relation.name);
                let shown = |filter: &DifferenceFilter| -> Vec<Known> {
                    let changes = store.difference(&ids[0], &ids[1], filter).unwrap();
                    let listed = store.changed_objects(&ids[0], &ids[1], filter).unwrap();
                    assert_eq!(listed.len(), changes.len(), "{what}");
                    changes.iter().map(known).collect()
                };
                let gone = |links| (EVE.to_owned(), presence == Presence::Bin, links);
                let incoming = vec![(relation.name.to_owned(), SOURCE.to_owned(), Some(LinkEnd::Source))];
                let plain = DifferenceFilter::default();
                assert_eq!(shown(&plain), [gone(incoming.clone())], "{what}");
                let hidden = DifferenceFilter { cascades: Cascades::Hidden, ..plain.clone() };
                assert_eq!(shown(&hidden), [gone(Vec::new())], "{what}");
                let own = DifferenceFilter { ids: vec![EVE.into()], ..plain.clone() };
                assert_eq!(shown(&own), [gone(incoming.clone())], "{what}");
                let of_type = |token: &str| DifferenceFilter { types: vec![token.into()], ..plain.clone() };
                assert_eq!(shown(&of_type("user")), [gone(incoming.clone())], "{what}");
                if found.token != "user" {
                    assert_eq!(shown(&of_type(found.token)), [], "{what}: nothing of the source changed");
                }
                let key = ObjectKey { type_token: "user".into(), id: EVE.into() };
                let history = store.history(&key).unwrap();
                assert_eq!(history.last().map(|(_, change)| known(change)), Some(gone(incoming.clone())));
                let everything = DifferenceFilter { cascades: Cascades::AtBothEnds, all: true, ..plain };
                let outgoing = vec![(relation.name.to_owned(), EVE.to_owned(), Some(LinkEnd::Target))];
                let mut both = vec![(SOURCE.to_owned(), false, outgoing), gone(incoming)];
                let mut told = shown(&everything);
                both.sort_by(|a, b| a.0.cmp(&b.0));
                told.sort_by(|a, b| a.0.cmp(&b.0));
                assert_eq!(told, both, "{what}");
            }
        }
    }
}

/// A group of Eve and Bob, and what is left of it on other days.
fn staff(members: &[&str], others: &[&str]) -> Vec<String> {
    let user = |id: &&str| json!({"@odata.type": "#microsoft.graph.user", "id": id}).to_string();
    let group =
        json!({"@odata.type": "#microsoft.graph.group", "id": SOURCE, "members": members, "owners": [BOB]});
    let groups = if members.is_empty() { Vec::new() } else { vec![group.to_string()] };
    groups.into_iter().chain(others.iter().map(user)).collect()
}

#[test]
fn an_object_that_went_tells_the_links_it_had_and_those_to_it_and_nobody_tells_them_twice() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let user = |id: &str| ("members".to_owned(), id.to_owned(), Some(LinkEnd::Target));
    let days = [
        staff(&[EVE, BOB], &[EVE, BOB, OTHER]),
        // Eve went.
        staff(&[BOB], &[BOB, OTHER]),
        // The group as well.
        staff(&[], &[BOB, OTHER]),
        // Both are back as they were.
        staff(&[EVE, BOB], &[EVE, BOB, OTHER]),
        // Eve left the group and went after that.
        staff(&[BOB], &[EVE, BOB, OTHER]),
        staff(&[BOB], &[BOB, OTHER]),
    ];
    let ids: Vec<BackupId> = (0..)
        .zip(&days)
        .map(|(number, day)| {
            let mut details = tests::shelf::details(number);
            details.complete = vec!["group".to_owned()];
            tests::shelf::back_up_with(&mut store, details, day).unwrap().id
        })
        .collect();
    let told = |from: usize, to: usize| -> Vec<Known> {
        let changes = store.difference(&ids[from], &ids[to], &DifferenceFilter::default()).unwrap();
        let went = changes.iter().filter(|change| change.kind != ChangeKind::Updated);
        went.filter(|change| !change.links.is_empty()).map(known).collect()
    };
    let gone = |id: &str, links| (id.to_owned(), false, links);
    let owner = ("owners".to_owned(), BOB.to_owned(), Some(LinkEnd::Target));
    let from_group = ("members".to_owned(), SOURCE.to_owned(), Some(LinkEnd::Source));
    assert_eq!(told(0, 1), [gone(EVE, vec![from_group.clone()])]);
    let rest = vec![user(BOB), owner.clone()];
    assert_eq!(told(1, 2), [gone(SOURCE, rest)], "the link to Eve ended before");
    let all = vec![user(BOB), user(EVE), owner];
    let both = [gone(SOURCE, all.clone()), gone(EVE, vec![from_group])];
    assert_eq!(told(0, 2), both, "both ends went");
    assert_eq!(told(3, 2), both, "backwards, what was not there is as good as gone");
    for (from, to) in [(2, 3), (1, 3), (0, 3)] {
        assert_eq!(told(from, to), [], "{from} to {to}: nothing went");
    }
    assert_eq!(told(4, 5), [], "she was no member any more");
    assert_eq!(told(3, 5), [], "that link went by itself, which the group tells");
    let of_group = |change: &Change| change.id == SOURCE;
    let changes = store.difference(&ids[3], &ids[5], &DifferenceFilter::default()).unwrap();
    let group = changes.iter().find(|change| of_group(change)).unwrap();
    assert_eq!(group.links.len(), 1);
    assert_eq!((group.links[0].action, group.links[0].cascade), (LinkAction::Removed, None));
}

/// ID, whether it lies in the bin now, links that ended.
type Known = (String, bool, Vec<(String, String, Option<LinkEnd>)>);

fn known(change: &Change) -> Known {
    let links = change.links.iter().map(|link| {
        assert_eq!(link.action, LinkAction::Removed);
        (link.relation.to_string(), link.target_id.to_string(), link.cascade)
    });
    (change.id.to_string(), change.kind == ChangeKind::SoftDeleted, links.collect())
}
