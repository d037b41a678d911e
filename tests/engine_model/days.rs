//! Random days of a tenant, and how a store is told of them.

use std::collections::BTreeSet;

use engine::{ObjectKey, Observation, Store};
use proptest::prelude::*;
use serde_json::{Value, json};
use tests::shelf::{details, put};

pub(super) const TYPES: [&str; 3] = ["user", "group", "widget"];
pub(super) const IDS: [&str; 8] = [
    "00000000-0000-4000-8000-000000000001",
    "00000000-0000-4000-8000-000000000002",
    "00000000-0000-4000-8000-00000000000A",
    "plain text, not a GUID",
    "f",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "g/h.~i",
    "é\"\\",
];

/// One object in the data of a backup.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) type_index: usize,
    pub(super) id: usize,
    pub(super) deleted: bool,
    pub(super) content: usize,
    pub(super) moving: usize,
    /// Targets as bits, if the object lists its members; groups alone do.
    pub(super) members: Option<u8>,
}

/// The data of a backup.
#[derive(Debug, Clone)]
pub(super) struct Day {
    pub(super) rows: Vec<Row>,
    pub(super) partial: bool,
    /// Types, as bits, that are complete even without data.
    pub(super) complete: u8,
    pub(super) members_complete: bool,
    /// Members of groups that come apart from the objects, or without them: ID, targets as bits.
    pub(super) apart: Vec<(usize, u8)>,
    pub(super) one_by_one: bool,
}

pub(super) fn row() -> impl Strategy<Value = Row> {
    let members = prop_oneof![2 => Just(None), 3 => (1..6_u8).prop_map(|bits| Some(bits * 41))];
    (0..3_usize, 0..IDS.len(), prop::bool::weighted(0.15), 0..7_usize, 0..3_usize, members).prop_map(
        |(type_index, id, deleted, content, moving, members)| Row {
            type_index,
            id,
            deleted,
            content,
            moving,
            members: members.filter(|_| type_index == 1),
        },
    )
}

/// Days of which each repeats some objects of the one before, as tenants do.
pub(super) fn days() -> impl Strategy<Value = Vec<Day>> {
    prop::collection::vec((day(), any::<u32>()), 1..7).prop_map(|drawn| {
        let mut days: Vec<Day> = Vec::new();
        for (mut day, mask) in drawn {
            let before = days.last().map_or(&[][..], |before| &before.rows);
            let repeated = before.iter().enumerate().filter(|(index, _)| mask >> (index % 32) & 1 == 1);
            let mut rows: Vec<Row> = repeated.map(|(_, row)| row.clone()).collect();
            rows.append(&mut day.rows);
            same_members_of_duplicates(&mut rows);
            days.push(Day { rows, ..day });
        }
        days
    })
}

pub(super) fn day() -> impl Strategy<Value = Day> {
    let rows = prop::collection::vec(row(), 0..9);
    let apart = prop::collection::vec((0..IDS.len(), any::<u8>()), 0..2);
    let flags = (prop::bool::weighted(0.3), prop::bool::weighted(0.1), any::<bool>());
    (rows, flags, 0..8_u8, 0..8_u8, apart).prop_map(|(rows, flags, complete, mask, apart)| {
        let (partial, members_complete, one_by_one) = flags;
        Day { rows, partial, complete: complete & mask, members_complete, apart, one_by_one }
    })
}

/// Of an object that comes twice the members are listed every time or never.
pub(super) fn same_members_of_duplicates(rows: &mut [Row]) {
    for index in 0..rows.len() {
        let key = (rows[index].type_index, rows[index].id);
        let same = |row: &Row| (row.type_index, row.id) == key;
        if rows.iter().any(|row| same(row) && row.members.is_some()) {
            for row in rows.iter_mut().filter(|row| same(row)) {
                row.members.get_or_insert(1);
            }
        }
    }
}

impl Row {
    pub(super) fn token(&self) -> &'static str {
        TYPES[self.type_index]
    }

    pub(super) fn key(&self) -> (String, String) {
        (self.token().into(), IDS[self.id].into())
    }

    pub(super) fn core(&self) -> Value {
        match self.content {
            0 => json!({"displayName": "Ann"}),
            1 => json!({"displayName": "Ann", "department": null}),
            2 => json!({"displayName": "Bob", "place": {"city": "Bern", "empty": {}}}),
            3 => json!({"displayName": "Bob", "place": {}, "department": ""}),
            4 => json!({"displayName": "Bob", "place": {"city": 7}, "list": [1, {"b": 2, "a": []}]}),
            5 => json!({"displayName": "Ann", "onPremisesSyncEnabled": true}),
            _ => json!({}),
        }
    }

    pub(super) fn moving(&self) -> Value {
        let mut cells = match self.moving {
            0 => json!({}),
            day => json!({"lastModifiedDateTime": format!("2026-01-0{day}T00:00:00Z")}),
        };
        if self.deleted {
            cells["deletedDateTime"] = format!("2026-02-0{}T00:00:00Z", self.moving + 1).into();
        }
        cells
    }

    pub(super) fn text(&self) -> String {
        let mut object =
            json!({"@odata.type": format!("#microsoft.graph.{}", self.token()), "id": IDS[self.id]});
        merge(&mut object, &self.core());
        merge(&mut object, &self.moving());
        if let Some(members) = self.members {
            object["members"] = targets(members).into_iter().collect();
        }
        object.to_string()
    }
}

pub(super) fn merge(object: &mut Value, other: &Value) {
    for (name, value) in other.as_object().unwrap() {
        object[name] = value.clone();
    }
}

pub(super) fn targets(bits: u8) -> BTreeSet<&'static str> {
    (0..IDS.len()).filter(|bit| bits >> bit & 1 == 1).map(|bit| IDS[bit]).collect()
}

impl Day {
    /// Groups whose members come apart, and their targets as bits; the last of a group counts.
    pub(super) fn members_apart(&self) -> Vec<(&'static str, u8)> {
        self.apart.iter().map(|(id, bits)| (IDS[*id], *bits)).collect()
    }

    pub(super) fn back_up(&self, store: &mut Store, number: u32) {
        let mut details = details(number);
        details.partial = self.partial;
        details.insert = true;
        let complete = (0..3).filter(|bit| self.complete >> bit & 1 == 1).map(|bit| TYPES[bit].to_owned());
        details.complete =
            complete.chain(self.members_complete.then(|| "group.members".to_owned())).collect();
        let mut backup = store.begin(details).unwrap();
        let texts: Vec<String> = self.rows.iter().map(Row::text).collect();
        if self.one_by_one {
            for text in &texts {
                put(&mut backup, &[text]).unwrap();
            }
        } else {
            put(&mut backup, &texts).unwrap();
        }
        for (group, bits) in self.members_apart() {
            let source = ObjectKey { type_token: "group".into(), id: group.into() };
            let targets: Vec<&str> = targets(bits).into_iter().rev().collect();
            let links = Observation::Links { source: &source, relation: "members", targets: &targets };
            backup.observe(links).unwrap();
        }
        backup.commit().unwrap();
    }
}
