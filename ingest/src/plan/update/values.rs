//! Owns the values that updates write: of complex ones the whole is needed, which is read for many objects at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use engine::{AttributeChange, ChangeKind, RecoveryAction};
use rayon::prelude::*;
use serde_json::Value;

use crate::plan::Result;
use crate::plan::draft::{Wanted, WantedMap};
use crate::plan::lookup::{self, Lookup};
use crate::plan::pick::Picked;
use crate::plan::property::{self, Writing};
use crate::plan::value::{copy_path, decoded, path_names, top_name, written_value};
use engine::schema::Type;

/// What an update of an object would write, and the indexes of attributes that no request writes, with reasons.
#[derive(Debug, Default)]
pub(in crate::plan) struct Values {
    pub(super) wanted: WantedMap,
    pub(super) skipped: Vec<(usize, &'static str)>,
}

/// Whole properties before and after, by type and name, then by the objects' IDs.
type Wholes = BTreeMap<(String, String), [HashMap<String, Value>; 2]>;

/// Reads the values of all changes; nothing for those that are no updates.
pub(in crate::plan) fn read(lookup: &Lookup, picked: &[Picked]) -> Result<Vec<Option<Values>>> {
    let resource = |picked: &Picked| {
        let is_update = picked.change.kind == ChangeKind::Updated && !picked.attributes.is_empty();
        picked.resource().filter(|_| is_update && picked.change.action != RecoveryAction::None)
    };
    let mut wanted: BTreeMap<(String, String), BTreeSet<&str>> = BTreeMap::new();
    for picked in picked.iter().filter(|picked| resource(picked).is_some()) {
        for index in &picked.attributes {
            let name = &picked.change.attributes[*index].name;
            if name.contains(['.', '[']) {
                let key = (picked.change.type_token.to_string(), top_name(name));
                wanted.entry(key).or_default().insert(&picked.id);
            }
        }
    }
    let mut wholes = Wholes::new();
    for ((token, name), ids) in wanted {
        let ids: Vec<&str> = ids.into_iter().collect();
        let to = lookup::read_property(&lookup.to, &token, &name, &ids)?;
        let from = lookup::read_property(&lookup.from, &token, &name, &ids)?;
        wholes.insert((token, name), [to, from]);
    }
    let values = picked.par_iter().with_min_len(64);
    Ok(values.map(|picked| resource(picked).map(|resource| values_of(resource, picked, &wholes))).collect())
}

/// The chosen properties that can be written, with their whole values.
fn values_of(resource: &'static Type, picked: &Picked, wholes: &Wholes) -> Values {
    let mut by_property: BTreeMap<String, Vec<&AttributeChange>> = BTreeMap::new();
    let mut values = Values::default();
    for index in &picked.attributes {
        let attribute = &picked.change.attributes[*index];
        let name = top_name(&attribute.name);
        match property::writing(resource, &name) {
            Writing::Never(reason) => values.skipped.push((*index, reason)),
            _ => by_property.entry(name).or_default().push(attribute),
        }
    }
    for (name, changes) in by_property {
        let [before, after] = match changes.as_slice() {
            [change] if *change.name == *name => {
                [decoded(change.to.as_deref()), decoded(change.from.as_deref())]
            }
            _ => whole(&name, &changes, picked, wholes),
        };
        let after = if after.is_null() { unset(resource, &name) } else { after };
        let [before, after] = [before, after].map(|value| written_value(resource.token, &name, value));
        values.wanted.insert(name, Wanted { before, after });
    }
    values
}

/// What is written for a property that was never set.
pub(super) fn unset(resource: &Type, name: &str) -> Value {
    if resource.unset(name) == "[]" { Value::Array(Vec::new()) } else { Value::Null }
}

/// The whole value of a property before and after: members that were not chosen keep the observed value.
fn whole(name: &str, changes: &[&AttributeChange], picked: &Picked, wholes: &Wholes) -> [Value; 2] {
    let key = (picked.change.type_token.to_string(), name.to_owned());
    let sides = wholes.get(&key);
    let of = |side: usize| sides.and_then(|sides| sides[side].get(&picked.id)).cloned().unwrap_or_default();
    let (before, wanted) = (of(0), of(1));
    let all = picked.change.attributes.iter().filter(|attribute| top_name(&attribute.name) == *name).count();
    if all == changes.len() {
        return [before, wanted];
    }
    let mut after = before.clone();
    for change in changes {
        copy_path(&mut after, &wanted, &path_names(&change.name)[1..]);
    }
    [before, after]
}
