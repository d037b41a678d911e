//! Tests of alerts that are new, stay and are undone, without a store.

use std::cell::RefCell;

use jiff::Timestamp;

use super::*;
use crate::change::{AttributeRow, LinkRow};

/// Changes, each by the backup before it and the ID of its object; all backups but `gone` are there.
#[derive(Default)]
struct Known(RefCell<BTreeSet<(String, String)>>);

impl Known {
    fn set(&self, changes: &[(&str, &str)]) {
        *self.0.borrow_mut() = changes.iter().map(|(from, id)| ((*from).into(), (*id).into())).collect();
    }
}

impl Changes for Known {
    fn are_there(&self, from: &str, changes: &[&AlertChange]) -> Outcome<Option<Vec<bool>>> {
        let known = self.0.borrow();
        let is_there = |change: &&AlertChange| known.contains(&(from.to_owned(), change.id.clone()));
        Ok((from != "gone").then(|| changes.iter().map(is_there).collect()))
    }
}

fn alert(id: &str) -> Alert {
    let change = AlertChange { id: id.into(), ..AlertChange::default() };
    let key = format!("guest-added {id}");
    Alert {
        key,
        rule: "guest-added".into(),
        sentence: format!("{id} is a guest"),
        change,
        ..Alert::default()
    }
}

fn at(day: &str) -> Moment {
    Moment { time: format!("{day}T12:00:00Z").parse::<Timestamp>().unwrap(), backup: "llll".into() }
}

fn waivers() -> Waivers {
    let text = r#"{"waivers": [{"rule": "guest-added", "objectId": "u1", "reason": "audit", "until": "2026-12-31"}]}"#;
    serde_json::from_str(text).unwrap()
}

/// Takes what is queued.
fn queued(state: &mut WatchState) -> Vec<String> {
    let pending = std::mem::take(&mut state.pending);
    pending.iter().map(|pending| format!("{} {}", pending.state.name(), pending.alert.change.id)).collect()
}

#[test]
fn an_alert_is_queued_once_until_undone_and_again_when_made_again() {
    let (known, none, day) = (Known::default(), Waivers::default(), at("2026-12-01"));
    let mut state = WatchState::default();
    known.set(&[("kkkk", "u1")]);
    take(&mut state, vec![alert("u1")], "kkkk", &known, &none, &day).unwrap();
    assert_eq!(queued(&mut state), ["new u1"]);
    look_after(&mut state, &known, &none, &day).unwrap();
    take(&mut state, Vec::new(), "llll", &known, &none, &day).unwrap();
    assert!(queued(&mut state).is_empty());
    known.set(&[]);
    look_after(&mut state, &known, &none, &day).unwrap();
    assert_eq!(queued(&mut state), ["gone u1"]);
    known.set(&[("mmmm", "u1")]);
    take(&mut state, vec![alert("u1")], "mmmm", &known, &none, &day).unwrap();
    assert_eq!(queued(&mut state), ["new u1"]);
}

#[test]
fn a_finding_without_a_change_is_queued_once_and_ends_without_notice() {
    let (known, none, day) = (Known::default(), Waivers::default(), at("2026-12-01"));
    let mut state = WatchState::default();
    for from in ["kkkk", "llll"] {
        look_after(&mut state, &known, &none, &day).unwrap();
        take(&mut state, vec![alert("u1")], from, &known, &none, &day).unwrap();
    }
    assert_eq!(queued(&mut state), ["new u1"]);
    take(&mut state, Vec::new(), "mmmm", &known, &none, &day).unwrap();
    assert!(queued(&mut state).is_empty() && state.open.is_empty());
    take(&mut state, vec![alert("u1")], "nnnn", &known, &none, &day).unwrap();
    assert_eq!(queued(&mut state), ["new u1"]);
}

#[test]
fn the_same_change_made_again_is_queued_again_and_replaces_the_old() {
    let (known, none, day) = (Known::default(), Waivers::default(), at("2026-12-01"));
    let mut state = WatchState::default();
    known.set(&[("kkkk", "u1"), ("llll", "u1")]);
    for from in ["kkkk", "llll"] {
        take(&mut state, vec![alert("u1")], from, &known, &none, &day).unwrap();
    }
    assert_eq!(queued(&mut state), ["new u1", "new u1"]);
    assert_eq!((state.open.len(), &*state.open[0].from), (1, "llll"));
}

#[test]
fn a_waiver_keeps_an_alert_back_until_its_last_day_is_over() {
    let known = Known::default();
    let mut state = WatchState::default();
    known.set(&[("kkkk", "u1"), ("kkkk", "u2")]);
    take(&mut state, vec![alert("u1"), alert("u2")], "kkkk", &known, &waivers(), &at("2026-12-01")).unwrap();
    assert_eq!(queued(&mut state), ["new u2"]);
    look_after(&mut state, &known, &waivers(), &at("2026-12-31")).unwrap();
    assert!(queued(&mut state).is_empty());
    look_after(&mut state, &known, &waivers(), &at("2027-01-01")).unwrap();
    assert!(state.pending[0].expired_waiver.contains("audit"), "{:?}", state.pending);
    assert_eq!(queued(&mut state), ["new u1"]);
    look_after(&mut state, &known, &waivers(), &at("2027-01-02")).unwrap();
    assert!(queued(&mut state).is_empty());
}

#[test]
fn a_waived_alert_is_sent_neither_when_new_nor_when_undone() {
    let known = Known::default();
    let mut state = WatchState::default();
    known.set(&[("kkkk", "u1")]);
    take(&mut state, vec![alert("u1")], "kkkk", &known, &waivers(), &at("2026-12-01")).unwrap();
    known.set(&[]);
    look_after(&mut state, &known, &waivers(), &at("2026-12-02")).unwrap();
    assert!(queued(&mut state).is_empty() && state.open.is_empty());
}

#[test]
fn an_alert_without_its_backup_is_dropped_and_troubles_stay() {
    let (known, none, day) = (Known::default(), Waivers::default(), at("2026-12-01"));
    let mut state = WatchState::default();
    state.keep(OpenAlert { from: "gone".into(), is_waived: false, alert: alert("u1") });
    state.keep(OpenAlert { from: String::new(), is_waived: false, alert: Alert::failed("no network") });
    look_after(&mut state, &known, &none, &day).unwrap();
    assert!(queued(&mut state).is_empty());
    assert_eq!(state.open.len(), 1);
    assert!(state.open[0].alert.is_trouble());
}

#[test]
fn a_change_is_held_by_its_attribute_its_link_or_an_object_that_was_added() {
    let row = |change: &str| ChangeRow {
        id: "p1".into(),
        type_token: "conditionalAccessPolicy".into(),
        display_name: String::new(),
        change: change.into(),
        recovery_action: String::new(),
        reason: String::new(),
        attributes: vec![AttributeRow { name: "conditions.users".into(), from_value: None, to_value: None }],
        links: vec![LinkRow {
            relation: "members".into(),
            target_id: "u1".into(),
            change: "added".into(),
            reason: String::new(),
            direction: String::new(),
        }],
        unknown: Vec::new(),
    };
    let change = |name: &str, target: &str| AlertChange {
        type_token: "conditionalAccessPolicy".into(),
        id: "p1".into(),
        kind: String::new(),
        name: name.into(),
        target_id: target.into(),
    };
    for (name, target) in [
        ("conditions.users", ""),
        ("conditions", ""),
        ("conditions.users.excludeUsers", ""),
        ("members", "u1"),
    ] {
        assert!(holds(&row("updated"), &change(name, target)), "{name}");
    }
    for (name, target) in [("conditions.us", ""), ("state", ""), ("", ""), ("members", "u2")] {
        assert!(!holds(&row("updated"), &change(name, target)), "{name}");
        assert!(holds(&row("added"), &change(name, target)), "{name}");
    }
    let other = AlertChange { id: "p2".into(), ..change("conditions", "") };
    assert!(!holds(&row("added"), &other));
}
