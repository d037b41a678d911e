//! Owns updates that replace an object whole: what such a request leaves out falls back to a default of Graph, a quota to 0
//! or a required method to none.
//!
//! Invariants
//! 1. The request has each property that the table of types lets an update write: the wanted value, or else the newest
//!    observed one. Where no state has it, nothing is sent.
//! 2. A property that the restored state never observed keeps the newest observed value: its absence is no wish to unset it.

use std::fmt;

use engine::schema::{Property, Type};

use crate::plan::draft::{Outcome, Returns, Wanted, WantedMap};
use crate::plan::lookup::Attributes;
use crate::plan::property::{self, UNOBSERVED, Writing};
use crate::plan::value::written_value;
use crate::plan::{Named, PlanObject, Step};

/// Whether an update of the type replaces the object.
pub(in crate::plan) fn replaces_whole(resource: &Type) -> bool {
    resource.recovery.update == "PUT"
}

/// Whether a step replaces its object whole, of this type: with such a method, and no link's.
pub(crate) fn is_replacement(resource: &Type, step: &Step) -> bool {
    replaces_whole(resource) && step.request.method == "PUT" && step.links.is_empty()
}

/// Properties that the table names, an update may write, and these names leave out.
pub(in crate::plan) fn missing(resource: &'static Type, has: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let names = resource.names(Property::is_known);
    names.filter(|name| is_member(resource, name) && !has(name)).collect()
}

/// The properties that keep an update from being made: it would have to say them, and no state has them.
#[derive(Debug)]
pub(in crate::plan) struct Unobserved(pub(in crate::plan) Vec<&'static str>);

impl fmt::Display for Unobserved {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.join(", ");
        write!(formatter, "{UNOBSERVED}: the update replaces the whole object, and no state has its {names}")
    }
}

/// The body of an update before the wanted values are in it: what stands of each property that an update may write.
///
/// # Errors
/// What no state has.
pub(in crate::plan) fn body(
    resource: &'static Type,
    standing: &Attributes,
    wanted: &WantedMap,
) -> Result<Named, Unobserved> {
    let missing = missing(resource, |name| standing.contains_key(name) || wanted.contains_key(name));
    if !missing.is_empty() {
        return Err(Unobserved(missing));
    }
    let members = standing.iter().filter(|(name, _)| is_member(resource, name));
    Ok(members
        .map(|(name, value)| (name.clone(), written_value(resource.token, name, value.clone())))
        .collect())
}

/// Takes out of what is wanted the properties that the restored state never observed.
pub(in crate::plan) fn skip_unobserved(
    object: &PlanObject,
    restored: &Attributes,
    wanted: &mut WantedMap,
    outcome: &mut Outcome,
) {
    let names: Vec<String> = wanted.keys().filter(|name| !restored.contains_key(*name)).cloned().collect();
    for name in names {
        wanted.remove(&name);
        outcome.skip(object, &name, UNOBSERVED);
    }
}

/// Adds to what is wanted the standing values that name objects which get another ID: the request says them too.
pub(in crate::plan) fn rename(
    resource: &'static Type,
    standing: &Attributes,
    returns: &Returns,
    wanted: &mut WantedMap,
) {
    for (name, value) in standing {
        if is_member(resource, name) && !wanted.contains_key(name) && returns.is_named_by(value) {
            let value = written_value(resource.token, name, value.clone());
            wanted.insert(name.clone(), Wanted { before: value.clone(), after: value });
        }
    }
}

/// Whether a property is part of the request. One that has an update of its own elsewhere is too: of two such updates,
/// each would take back what the other wrote.
fn is_member(resource: &'static Type, name: &str) -> bool {
    matches!(property::writing(resource, name), Writing::Update | Writing::Alone)
}
