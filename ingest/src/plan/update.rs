//! Owns attributes on their way back: one update for an object, and what has a request of its own.

mod credential;
mod licence;
mod permission;
mod values;
pub(super) mod whole;

use std::collections::BTreeSet;

use engine::RecoveryAction;
use engine::same::is_same;
use engine::schema::{Type, TypeId};
use serde_json::Value;

use super::draft::{Draft, Outcome, Wanted, WantedMap};
use super::elements;
use super::facts::Facts;
use super::lookup::{self, Attributes, Lookup};
use super::merge::cleared;
use super::phase;
use super::pick::Picked;
use super::property::{self, Writing};
use super::request::{filled, request, update_of};
use super::value::written_value;
use super::{Named, PlanObject, RequestTemplate, StepKind};
use crate::plan::Result;
pub(super) use licence::draft as licences;
pub(super) use values::{Values, read as read_values};

/// An object's properties at the two states; read when first needed.
struct Sides<'a> {
    token: &'a str,
    id: &'a str,
    read: Option<(Attributes, Attributes)>,
}

impl Sides<'_> {
    fn read(&mut self, lookup: &Lookup) -> Result<&(Attributes, Attributes)> {
        if self.read.is_none() {
            let from = lookup::attributes(&lookup.from, self.token, self.id)?;
            let to = lookup::attributes(&lookup.to, self.token, self.id)?;
            self.read = Some((from.unwrap_or_default(), to.unwrap_or_default()));
        }
        Ok(self.read.as_ref().expect("it was read above"))
    }

    /// The properties at the state whose values are replaced, if they are needed; else nothing.
    fn read_if(&mut self, is_needed: bool, lookup: &Lookup) -> Result<Attributes> {
        if is_needed { Ok(self.read(lookup)?.1.clone()) } else { Ok(Attributes::new()) }
    }
}

/// Drafts the chosen attributes of an object that is there at both states.
pub(super) fn draft(facts: &Facts<'_>, picked: &Picked, values: Option<Values>) -> Result<Outcome> {
    let change = &picked.change;
    let object = picked.object();
    let mut outcome = Outcome::default();
    skip_unobserved(facts, picked, &object, &mut outcome);
    if picked.attributes.is_empty() {
        if picked.is_bare {
            outcome.skip(&object, "", property::NOT_CHOSEN);
        }
        return Ok(outcome);
    }
    if change.action == RecoveryAction::None {
        let reason = change.reason.unwrap_or(property::UNSUPPORTED);
        skip_attributes(picked, &object, reason, &mut outcome);
        return Ok(outcome);
    }
    let Some(resource) = picked.resource() else {
        skip_attributes(picked, &object, property::UNSUPPORTED, &mut outcome);
        return Ok(outcome);
    };
    let mut sides = Sides { token: &change.type_token, id: &picked.id, read: None };
    if let Some(reason) = obstacle(facts, resource, &mut sides)? {
        skip_attributes(picked, &object, reason, &mut outcome);
        return Ok(outcome);
    }
    let Values { mut wanted, skipped } = values.unwrap_or_default();
    for (index, reason) in skipped {
        outcome.skip(&object, &change.attributes[index].name, reason);
    }
    let Reread { as_wanted, conflicts } = compare_with_reading(facts.lookup, resource, &picked.id, &wanted)?;
    for name in as_wanted {
        wanted.remove(&name);
        outcome.skip(&object, &name, property::AS_WANTED);
    }
    if whole::replaces_whole(resource) {
        let (from, to) = sides.read(facts.lookup)?;
        whole::skip_unobserved(&object, from, &mut wanted, &mut outcome);
        if !wanted.is_empty() {
            whole::rename(resource, to, facts.returns, &mut wanted);
        }
    }
    let mut written = write(facts.lookup, resource, &object, wanted, &mut sides)?;
    for draft in &mut written.drafts {
        let own = conflicts.iter().filter(|name| draft.before.contains_key(name));
        draft.notes.extend(own.map(|name| format!("{name} has changed since: a conflict")));
    }
    outcome.append(written);
    Ok(outcome)
}

/// Drafts what of a restored object differs from what it was.
pub(super) fn draft_differing(
    lookup: &Lookup,
    resource: &'static Type,
    object: &PlanObject,
    from: Attributes,
    to: Attributes,
) -> Result<Outcome> {
    let mut wanted = WantedMap::new();
    let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    for name in names {
        let of = |side: &Attributes| {
            written_value(resource.token, name, side.get(name).cloned().unwrap_or_default())
        };
        let (before, after) = (of(&to), of(&from));
        let is_written = !matches!(property::writing(resource, name), Writing::Never(_));
        if !is_written || is_same(resource.token, name, &before, &after) {
            continue;
        }
        let after = if after.is_null() { values::unset(resource, name) } else { after };
        wanted.insert(name.clone(), Wanted { before, after });
    }
    let mut outcome = Outcome::default();
    if whole::replaces_whole(resource) {
        whole::skip_unobserved(object, &from, &mut wanted, &mut outcome);
    }
    let mut sides = Sides { id: &object.id, token: resource.token, read: Some((from, to)) };
    outcome.append(write(lookup, resource, object, wanted, &mut sides)?);
    Ok(outcome)
}

/// An update: a request whose body gets the wanted values.
pub(super) fn update_draft(
    resource: &'static Type,
    object: &PlanObject,
    mut request: RequestTemplate,
    wanted: WantedMap,
) -> Draft {
    if request.body.is_null() {
        request.body = Named::new().into();
    }
    let phase = phase::of_update(resource.id, &wanted);
    let mut draft = Draft::new(StepKind::Update, phase, object.clone(), request);
    if let Some(note) = phase::note_of_update(&wanted) {
        draft.notes.push(note.to_owned());
    }
    let is_merged = draft.request.method != "PUT";
    for (name, Wanted { before, after }) in wanted {
        let after = if is_merged { cleared(&name, &before, after) } else { after };
        if let Some(body) = draft.request.body.as_object_mut() {
            body.insert(name.clone(), after.clone());
        }
        draft.before.insert(name.clone(), before);
        draft.after.insert(name, after);
    }
    draft
}

/// Skips what was asked for by name and one of the two states does not have.
fn skip_unobserved(facts: &Facts<'_>, picked: &Picked, object: &PlanObject, outcome: &mut Outcome) {
    let options = &facts.given.options;
    let asked = options.attributes.iter().chain(&options.links);
    for name in asked.filter(|name| picked.change.unknown.contains(name)) {
        outcome.skip(object, name, property::UNOBSERVED);
    }
}

fn skip_attributes(picked: &Picked, object: &PlanObject, reason: &str, outcome: &mut Outcome) {
    for index in &picked.attributes {
        outcome.skip(object, &picked.change.attributes[*index].name, reason);
    }
}

/// What a newer reading says of wanted properties.
#[derive(Debug, Default)]
struct Reread {
    as_wanted: Vec<String>,
    /// Neither as they were nor as they are wanted.
    conflicts: Vec<String>,
}

fn compare_with_reading(
    lookup: &Lookup,
    resource: &'static Type,
    id: &str,
    wanted: &WantedMap,
) -> Result<Reread> {
    let mut reread = Reread::default();
    if !lookup.has_reading {
        return Ok(reread);
    }
    let Some(now) = lookup::attributes(&lookup.newest, resource.token, id)? else { return Ok(reread) };
    for (name, values) in wanted {
        let now = written_value(resource.token, name, now.get(name).cloned().unwrap_or_default());
        if is_same(resource.token, name, &now, &values.after) {
            reread.as_wanted.push(name.clone());
        } else if !is_same(resource.token, name, &now, &values.before) {
            reread.conflicts.push(name.clone());
        }
    }
    Ok(reread)
}

/// Why nothing of an object can be written, if nothing can.
fn obstacle(facts: &Facts<'_>, resource: &Type, sides: &mut Sides<'_>) -> Result<Option<&'static str>> {
    let id = sides.id;
    if let Some(reason) = facts.absence(id) {
        return Ok(Some(reason));
    }
    Ok(match resource.id {
        TypeId::Group if facts.lookup.is_exchange_group(id) => Some(property::EXCHANGE),
        TypeId::RoleDefinition => {
            let is_built_in = sides.read(facts.lookup)?.1.get("isBuiltIn") == Some(&Value::Bool(true));
            is_built_in.then_some(property::READ_ONLY)
        }
        TypeId::AuthenticationStrengthPolicy => {
            let kind = sides.read(facts.lookup)?.1.get("policyType").and_then(Value::as_str);
            (kind == Some("builtIn")).then_some(property::READ_ONLY)
        }
        TypeId::PermissionGrantPolicy if id.starts_with("microsoft-") => Some(property::READ_ONLY),
        _ => None,
    })
}

/// Drafts the requests for some properties of an object.
fn write(
    lookup: &Lookup,
    resource: &'static Type,
    object: &PlanObject,
    mut wanted: WantedMap,
    sides: &mut Sides<'_>,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let is_whole = whole::replaces_whole(resource);
    for name in property::CREDENTIALS {
        if matches!(property::writing(resource, name), Writing::Credential)
            && let Some(values) = wanted.remove(name)
        {
            outcome.append(credential::draft(resource, object, name, &values));
        }
    }
    let disabled = permission::disable(resource, object, &mut wanted).map(|draft| outcome.add(draft));
    let first = outcome.drafts.len();
    let (mut together, mut licences) = (WantedMap::new(), None);
    for (name, values) in wanted {
        match property::writing(resource, &name) {
            Writing::Licence => licences = Some(values),
            Writing::Update => drop(together.insert(name, values)),
            Writing::Alone if is_whole => drop(together.insert(name, values)),
            Writing::Alone => {
                let request = update_request(lookup, resource, object, sides)?;
                outcome.add(update_draft(resource, object, request, WantedMap::from([(name, values)])));
            }
            Writing::Request(write) => {
                let request = request(resource, write.method, filled(write.path, &object.id));
                outcome.add(update_draft(resource, object, request, WantedMap::from([(name, values)])));
            }
            Writing::Inside(inside) => {
                outcome.append(elements::draft(resource, object, inside, &values));
            }
            Writing::Credential | Writing::Never(_) => {}
        }
    }
    if is_whole {
        outcome.append(update_whole(lookup, resource, object, together, sides)?);
    } else if !together.is_empty() {
        let request = update_request(lookup, resource, object, sides)?;
        outcome.add(update_draft(resource, object, request, together));
    }
    for draft in &mut outcome.drafts[first..] {
        if permission::offers(&draft.after) {
            draft.depends_on.extend(disabled);
        }
    }
    if let Some(values) = licences {
        // Licences need the country, which the update before may set.
        let sets_country = outcome.drafts.last().is_some_and(|last| last.after.contains_key("usageLocation"));
        let country = outcome.drafts.len().checked_sub(1).filter(|_| sets_country);
        let (from, to) = sides.read(lookup)?;
        let first = outcome.append(licence::draft(resource, object, &values, [to, from]));
        for draft in &mut outcome.drafts[first..] {
            draft.depends_on.extend(country);
        }
    }
    Ok(outcome)
}

/// The update that replaces an object whole; without it, why it is not made.
fn update_whole(
    lookup: &Lookup,
    resource: &'static Type,
    object: &PlanObject,
    wanted: WantedMap,
    sides: &mut Sides<'_>,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    if wanted.is_empty() {
        return Ok(outcome);
    }
    match whole::body(resource, &sides.read(lookup)?.1, &wanted) {
        Ok(members) => {
            let mut request = update_request(lookup, resource, object, sides)?;
            if let Some(body) = request.body.as_object_mut() {
                body.extend(members);
            }
            outcome.add(update_draft(resource, object, request, wanted));
        }
        Err(missing) => wanted.keys().for_each(|name| outcome.skip(object, name, missing.to_string())),
    }
    Ok(outcome)
}

/// The update of an object before it has values; of types that are many in one it says which.
fn update_request(
    lookup: &Lookup,
    resource: &'static Type,
    object: &PlanObject,
    sides: &mut Sides<'_>,
) -> Result<RequestTemplate> {
    let is_read = resource.graph.parent.is_some() || resource.recovery.is_typed;
    Ok(update_of(resource, &object.id, &sides.read_if(is_read, lookup)?))
}
