//! Random backups against a model made of maps: every snapshot, difference, history and count must be the model's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use engine::disk::Disk;
use engine::{AttributeChange, Change, ChangeKind, LinkAction, LinkEnd, Text, schema};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Map, Value, json};
use tests::Shelf;
use tests::shelf::{ROOT, contents};

mod checks;
mod days;
mod known;

use checks::check;
use days::{Day, IDS, Row, TYPES, days, targets};
use known::{KnownFrom, known_from};

/// Where an object is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Presence {
    Gone,
    Live,
    Bin,
}

#[derive(Debug, Clone)]
struct Thing {
    presence: Presence,
    core: Value,
    moving: Value,
}

/// The tenant after one backup.
#[derive(Debug, Clone, Default)]
struct Model {
    things: BTreeMap<(String, String), Thing>,
    /// Members of groups ever observed, dormant ones too.
    members: BTreeMap<String, BTreeSet<&'static str>>,
    /// The types that this backup observed, and whether it read their bin.
    observed: BTreeMap<&'static str, bool>,
    /// The types of which this backup read all live objects.
    whole: BTreeSet<&'static str>,
    /// This backup read the members of all groups.
    members_read: bool,
    /// Which backup it is, in the order in which they were made; 0 before them.
    number: usize,
    /// The tenant before it, as it was known when this backup was made.
    before: Option<Arc<Model>>,
}

impl Model {
    fn after(&self, day: &Day) -> Self {
        let mut next = Self {
            observed: BTreeMap::new(),
            whole: BTreeSet::new(),
            before: Some(Arc::new(self.clone())),
            ..self.clone()
        };
        for row in &day.rows {
            *next.observed.entry(row.token()).or_default() |= row.deleted;
        }
        let mut seen: BTreeSet<(String, String)> = day.rows.iter().map(Row::key).collect();
        let complete: Vec<_> =
            (0..3).filter(|bit| day.complete >> bit & 1 == 1).map(|bit| TYPES[bit]).collect();
        if day.members_complete && !next.observed.contains_key("group") && !complete.contains(&"group") {
            // The groups themselves are carried.
            let groups = self.things.iter().filter(|((token, _), _)| token == "group");
            seen.extend(
                groups.filter(|(_, thing)| thing.presence != Presence::Gone).map(|(key, _)| key.clone()),
            );
            next.observed.insert("group", false);
        }
        if !day.partial {
            next.whole.extend(day.rows.iter().map(Row::token).chain(complete.iter().copied()));
        }
        for token in complete {
            next.observed.entry(token).or_default();
        }
        let last: BTreeMap<_, _> = day.rows.iter().map(|row| (row.key(), row)).collect();
        for (key, row) in last {
            next.put(self, key, row);
        }
        if !day.partial {
            next.remove_absent(&seen);
        }
        if !day.apart.is_empty() {
            next.observed.entry("group").or_default();
        }
        next.put_members(self, day, &seen);
        next
    }

    fn put(&mut self, before: &Self, key: (String, String), row: &Row) {
        let old = before.things.get(&key).filter(|thing| thing.presence != Presence::Gone);
        let core = match old {
            Some(old) if row.deleted => old.core.clone(),
            _ => row.core(),
        };
        let presence = if row.deleted { Presence::Bin } else { Presence::Live };
        self.things.insert(key, Thing { presence, core, moving: row.moving() });
    }

    fn remove_absent(&mut self, seen: &BTreeSet<(String, String)>) {
        for (key, thing) in self.things.iter_mut().filter(|(key, _)| !seen.contains(*key)) {
            let Some(&bin) = self.observed.get(&*key.0) else { continue };
            if thing.presence == Presence::Live || (thing.presence == Presence::Bin && bin) {
                *thing = Thing { presence: Presence::Gone, core: json!({}), moving: json!({}) };
            }
        }
    }

    fn put_members(&mut self, before: &Self, day: &Day, seen: &BTreeSet<(String, String)>) {
        let mut wanted: BTreeMap<&str, BTreeSet<&'static str>> = BTreeMap::new();
        for row in &day.rows {
            wanted.extend(row.members.map(|bits| (IDS[row.id], targets(bits))));
        }
        for (group, bits) in day.members_apart() {
            wanted.insert(group, targets(bits));
        }
        let carries = !day.members_complete && (day.partial || wanted.is_empty());
        self.members_read = !day.partial && !carries;
        if !carries {
            for (token, id) in seen {
                let id = IDS.into_iter().find(|known| known == id).filter(|_| token == "group");
                wanted.extend(id.filter(|id| !wanted.contains_key(id)).map(|id| (id, BTreeSet::new())));
            }
        }
        let gone: BTreeSet<String> = self.gone().into_iter().map(str::to_owned).collect();
        for (group, mut targets) in wanted {
            let old = before.members.get(group).into_iter().flatten();
            targets.extend(old.filter(|target| gone.contains(**target)));
            self.members.insert(group.to_owned(), targets);
        }
    }

    /// IDs that were objects and are live under no type.
    fn gone(&self) -> BTreeSet<&str> {
        let ids = |live: bool| {
            let things = self.things.iter();
            things
                .filter(move |(_, thing)| live == (thing.presence == Presence::Live))
                .map(|((_, id), _)| &**id)
        };
        let live: BTreeSet<&str> = ids(true).collect();
        ids(false).filter(|id| !live.contains(id)).collect()
    }

    fn shown_members(&self, group: &str) -> Option<Vec<String>> {
        let gone = self.gone();
        let members = self.members.get(group)?.iter().filter(|target| !gone.contains(**target));
        Some(members.map(|&target| target.to_owned()).collect())
    }

    fn live_count(&self) -> usize {
        self.things.values().filter(|thing| thing.presence == Presence::Live).count()
    }

    fn link_count(&self) -> usize {
        let live = self.things.iter().filter(|(_, thing)| thing.presence == Presence::Live);
        let groups = live.filter(|((token, _), _)| token == "group");
        groups.filter_map(|((_, id), _)| self.shown_members(id)).map(|members| members.len()).sum()
    }

    fn presence(&self, key: &(String, String)) -> Presence {
        self.things.get(key).map_or(Presence::Gone, |thing| thing.presence)
    }
}

/// What of a change the model knows.
type Known = (
    String,
    String,
    ChangeKind,
    Vec<(String, Option<Value>, Option<Value>)>,
    Vec<(String, bool, Option<LinkEnd>)>,
    String,
);

fn known(change: &Change) -> Known {
    let value = |text: &Option<Text>| text.as_ref().map(|text| serde_json::from_str(text).unwrap());
    let attribute =
        |change: &AttributeChange| (change.name.to_string(), value(&change.from), value(&change.to));
    (
        change.type_token.to_string(),
        change.id.to_string(),
        change.kind,
        change.attributes.iter().map(attribute).collect(),
        change
            .links
            .iter()
            .map(|link| (link.target_id.to_string(), link.action == LinkAction::Added, link.cascade))
            .collect(),
        change.display_name.to_string(),
    )
}

/// The difference of two of the models, by place; both places may be 0, before the first backup. What the earlier one
/// never saw, of a type that no backup had read by then, is neither new nor gone, unless its first appearance is asked for.
fn model_difference(models: &[Model], from: usize, to: usize, all: bool, first_seen: bool) -> Vec<Known> {
    let (a, b) = (&models[from], &models[to]);
    let keys: BTreeSet<_> = a.things.keys().chain(b.things.keys()).collect();
    let mut changes = Vec::new();
    for key in keys {
        let between = &models[from.min(to) + 1..=from.max(to)];
        let bin = between.iter().filter_map(|model| model.observed.get(&*key.0)).next_back();
        let has_bin = schema::by_token(&key.0).is_none_or(schema::Type::has_bin);
        let kind = match (a.presence(key), b.presence(key)) {
            (Presence::Live, Presence::Live) => ChangeKind::Updated,
            (Presence::Live, Presence::Bin) => ChangeKind::SoftDeleted,
            (Presence::Live, Presence::Gone) if !has_bin || bin == Some(&true) => ChangeKind::HardDeleted,
            (Presence::Live, Presence::Gone) => ChangeKind::Deleted,
            (Presence::Bin, Presence::Live) => ChangeKind::Restored,
            (Presence::Gone, Presence::Live) => ChangeKind::Added,
            (Presence::Gone, Presence::Bin) => ChangeKind::CreatedAndDeleted,
            (Presence::Bin, Presence::Gone) if all => ChangeKind::Purged,
            _ => continue,
        };
        let early = from.min(to);
        let is_new = !models[early].things.contains_key(key);
        if !first_seen && is_new && known_from(models, early, &key.0) == KnownFrom::Never {
            continue;
        }
        let (mut attributes, mut links) = (Vec::new(), Vec::new());
        if matches!(kind, ChangeKind::Updated | ChangeKind::Restored) {
            attributes = attribute_changes(&a.things[key], &b.things[key], all);
            links = link_changes(a, b, key, from <= to);
        }
        if a.presence(key) == Presence::Live && b.presence(key) != Presence::Live {
            links = lost_links(a, b, key);
        }
        if kind != ChangeKind::Updated || !attributes.is_empty() || !links.is_empty() {
            let shown = if b.presence(key) == Presence::Gone { a } else { b };
            let name = shown.things[key].core["displayName"].as_str().unwrap_or_default().to_owned();
            changes.push((key.0.clone(), key.1.clone(), kind, attributes, links, name));
        }
    }
    changes
}

fn attribute_changes(a: &Thing, b: &Thing, all: bool) -> Vec<(String, Option<Value>, Option<Value>)> {
    let mut sides = [BTreeMap::new(), BTreeMap::new()];
    for (thing, cells) in [a, b].into_iter().zip(&mut sides) {
        flatten("", thing.core.as_object().unwrap(), cells);
        if all {
            flatten("", thing.moving.as_object().unwrap(), cells);
        }
    }
    let names: BTreeSet<_> = sides.iter().flat_map(|cells| cells.keys()).collect();
    let values = names.into_iter().map(|name| (name, sides[0].get(name), sides[1].get(name)));
    // What is null, what is empty and what is missing says the same.
    let is_something = |value: &&Value| value.as_object().is_none_or(|members| !members.is_empty());
    let stated = |value: Option<&Value>| value.filter(is_something).cloned().unwrap_or_default();
    let differing = values.filter(|(_, from, to)| stated(*from) != stated(*to));
    differing.map(|(name, from, to)| (name.clone(), from.cloned(), to.cloned())).collect()
}

fn flatten(path: &str, object: &Map<String, Value>, cells: &mut BTreeMap<String, Value>) {
    for (name, value) in object {
        let name = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Value::Object(inner) if !inner.is_empty() => flatten(&name, inner, cells),
            value => {
                cells.insert(name, value.clone());
            }
        }
    }
}

/// A link that came is shown when its target is there on the later side; one that went, when it is there on one side at
/// least. A side never observed says nothing. `is_forward` tells whether the first model is the older one.
fn link_changes(
    a: &Model,
    b: &Model,
    key: &(String, String),
    is_forward: bool,
) -> Vec<(String, bool, Option<LinkEnd>)> {
    let (Some(from), Some(to)) = (a.members.get(&key.1), b.members.get(&key.1)) else { return Vec::new() };
    if key.0 != "group" {
        return Vec::new();
    }
    let (early, late) = if is_forward { (a, b) } else { (b, a) };
    let late_members = if is_forward { to } else { from };
    let hides = |target: &&str| {
        let came = late_members.contains(*target);
        (came || early.gone().contains(*target)) && late.gone().contains(*target)
    };
    let differing = from.symmetric_difference(to).filter(|target| !hides(target));
    differing.map(|target| ((*target).to_owned(), to.contains(target), None)).collect()
}

/// The links that ended with an object: those that it shows itself, and those of others that show it and whose sets did
/// not lose it by themselves.
fn lost_links(a: &Model, b: &Model, key: &(String, String)) -> Vec<(String, bool, Option<LinkEnd>)> {
    let own = a.shown_members(&key.1).filter(|_| key.0 == "group").unwrap_or_default();
    let mut lost: Vec<_> = own.into_iter().map(|target| (target, false, Some(LinkEnd::Target))).collect();
    let groups = a.things.iter().filter(|((token, _), thing)| {
        token == "group" && thing.presence == Presence::Live && b.gone().contains(&*key.1)
    });
    for (group, _) in groups {
        let shows = a.shown_members(&group.1).is_some_and(|members| members.contains(&key.1));
        let went = b.presence(group) != Presence::Live;
        let keeps = || b.members.get(&group.1).is_some_and(|members| members.contains(&*key.1));
        if shows && (went || keeps()) {
            lost.push((group.1.clone(), false, Some(LinkEnd::Source)));
        }
    }
    lost.sort_by(|a, b| (&a.0, a.2).cmp(&(&b.0, b.2)));
    lost
}

/// What happens to the memo before each backup.
#[derive(Debug, Clone, Copy)]
enum Memo {
    Used,
    Removed,
    Stale,
    Garbled,
}

/// Makes a backup of each day, which is of the time that `times` says; the models are in the order of time.
fn run(days: &[Day], times: &[u32], memo: Memo) -> (Shelf, Vec<Model>) {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let mut models = vec![Model::default()];
    let mut taken: Vec<u32> = Vec::new();
    let path = Path::new(ROOT).join("staging/seen.memo");
    let mut stale = Vec::new();
    for (number, day) in days.iter().enumerate() {
        match memo {
            Memo::Used => {}
            Memo::Removed => assert_eq!(shelf.disk.remove(&path).is_ok(), number > 0),
            Memo::Garbled | Memo::Stale if number == 0 => {}
            Memo::Stale => shelf.disk.damage(&path, |bytes| {
                let newest = bytes.clone();
                if number > 1 {
                    bytes.clone_from(&stale);
                }
                stale = newest;
            }),
            Memo::Garbled => shelf.disk.damage(&path, |bytes| bytes[number] ^= 8),
        }
        let time = times[number];
        day.back_up(&mut store, time);
        let index = taken.partition_point(|other| *other <= time);
        taken.insert(index, time);
        let after = Model { number: number + 1, ..models[index].after(day) };
        models.insert(index + 1, after);
    }
    (shelf, models)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(77),
        ..ProptestConfig::default()
    })]

    #[test]
    fn random_backups_are_the_models(days in days()) {
        for memo in [Memo::Used, Memo::Removed, Memo::Stale, Memo::Garbled] {
            let (shelf, models) = run(&days, &[0, 1, 2, 3, 4, 5], memo);
            check(&shelf.open().unwrap(), &models);
            assert_eq!(shelf.verify().unwrap().errors, []);
        }
    }

    #[test]
    fn backups_in_any_order_of_time_are_the_models_in_the_order_of_time(
        days in days(),
        times in prop::collection::vec(0..4_u32, 6),
    ) {
        for memo in [Memo::Used, Memo::Removed] {
            let (shelf, models) = run(&days, &times, memo);
            let store = shelf.open().unwrap();
            assert!(store.backups().is_sorted_by_key(|backup| backup.taken_at));
            check(&store, &models);
            assert_eq!(shelf.verify().unwrap().errors, []);
        }
    }
}

#[test]
fn a_property_left_out_twice_is_carried_twice_whatever_the_memo_knows() {
    let users = |changed: u32, with_city: bool| -> Vec<String> {
        let user = |id: u32| {
            let mut user =
                json!({"@odata.type": "#microsoft.graph.user", "id": format!("u{id}"), "city": "Bern"});
            user["displayName"] = (id < changed).to_string().into();
            if !with_city {
                user.as_object_mut().unwrap().remove("city");
            }
            user.to_string()
        };
        (0..30).map(user).collect()
    };
    for changed in [5, 25] {
        let shelf = Shelf::default();
        let mut store = shelf.create().unwrap();
        for (day, texts) in [(0, users(0, true)), (1, users(0, false)), (2, users(changed, false))] {
            let backup = tests::shelf::back_up(&mut store, day, &texts).unwrap();
            let shown = contents(&store, &backup.id).unwrap();
            assert!(shown.values().all(|(_, text, _)| text.contains("Bern")), "day {day}, {changed} changed");
        }
        assert_eq!(store.backups()[2].updated, u64::from(changed));
    }
}
