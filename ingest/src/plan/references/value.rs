//! Owns IDs inside of values: policies that name groups, applications that name others, rules that name groups.

use std::collections::HashSet;

use engine::scan::Space;
use engine::schema::{self, Type, TypeId};

use crate::plan::Result;
use crate::plan::draft::{Draft, Outcome, Returns, Wanted, WantedMap};
use crate::plan::lookup::{self, Attributes, Lookup};
use crate::plan::property::{self, Writing};
use crate::plan::request::{object_path, request, update_of};
use crate::plan::update::{update_draft, whole};
use crate::plan::value::written_value;
use crate::plan::{PlanObject, StepKind};

/// Types whose objects are many, and name others by links only, or in the properties looked at apart.
const MANY: [TypeId; 6] = [
    TypeId::User,
    TypeId::Group,
    TypeId::Device,
    TypeId::OrgContact,
    TypeId::ServicePrincipal,
    TypeId::Application,
];

/// The note of a step that only re-points.
const NEW_IDS: &str = "names objects by their new IDs";

/// What rules of groups name others in.
const RULE: &str = "membershipRule";

/// Re-points IDs that change inside of values. The placeholders come in with the order of the steps.
pub(super) fn draft(lookup: &mut Lookup, returns: &Returns, drafts: &[Draft]) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    if returns.renamed.is_empty() {
        return Ok(outcome);
    }
    for resource in schema::types() {
        let is_many = MANY.contains(&resource.id);
        if resource.recovery.write.is_empty() || lookup::is_relation_object(resource.token) {
            continue;
        }
        if !is_many || resource.id == TypeId::Application {
            outcome.append(of_type(lookup, resource, returns, drafts)?);
        }
    }
    outcome.append(rules(lookup, returns, drafts)?);
    Ok(outcome)
}

fn of_type(lookup: &Lookup, resource: &'static Type, returns: &Returns, drafts: &[Draft]) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    for object in lookup.newest.objects(resource.token)? {
        let object = object?;
        let is_named = returns.is_named_in(object.attributes_json());
        if object.deleted || !is_named || returns.renamed.contains_key(&object.key.id) {
            continue;
        }
        let shown = PlanObject {
            id: object.key.id.clone(),
            type_token: resource.token.to_owned(),
            display_name: object.display_name(),
        };
        let planned = planned_properties(drafts, &shown.id);
        let of_object = if whole::replaces_whole(resource) {
            of_whole(lookup, resource, &shown, returns, &planned)?
        } else {
            of_object(resource, &shown, &object.attributes(), returns, &planned)
        };
        outcome.append(of_object);
    }
    Ok(outcome)
}

fn of_object(
    resource: &'static Type,
    object: &PlanObject,
    attributes: &Attributes,
    returns: &Returns,
    planned: &HashSet<&str>,
) -> Outcome {
    let mut outcome = Outcome::default();
    let (mut together, mut apart) = (WantedMap::new(), Vec::new());
    for (name, value) in attributes {
        if !returns.is_named_by(value) || planned.contains(name.as_str()) || name == "id" {
            continue;
        }
        let same = || {
            let value = written_value(resource.token, name, value.clone());
            (name.clone(), Wanted { before: value.clone(), after: value })
        };
        match property::writing(resource, name) {
            Writing::Update => together.extend([same()]),
            Writing::Alone => apart.push(WantedMap::from([same()])),
            Writing::Never(reason) => outcome.leave(object, name.clone(), reason),
            Writing::Inside(_) => {
                outcome.leave(object, name.clone(), "an element of it names what gets another ID");
            }
            _ => {}
        }
    }
    apart.extend((!together.is_empty()).then_some(together));
    for wanted in apart {
        let request = update_of(resource, &object.id, attributes);
        let mut draft = update_draft(resource, object, request, wanted);
        draft.notes.push(NEW_IDS.to_owned());
        outcome.add(draft);
    }
    outcome
}

/// Re-points IDs inside of an object that an update replaces whole; an update of it that is planned says them already.
fn of_whole(
    lookup: &Lookup,
    resource: &'static Type,
    object: &PlanObject,
    returns: &Returns,
    planned: &HashSet<&str>,
) -> Result<Outcome> {
    // What stands is held against the state that the plan names, so it is taken from there.
    let standing = lookup::attributes(&lookup.to, resource.token, &object.id)?.unwrap_or_default();
    let mut wanted = WantedMap::new();
    whole::rename(resource, &standing, returns, &mut wanted);
    // What no update writes is listed as it is of other types.
    let mut outcome = of_object(resource, object, &standing, returns, planned);
    outcome.drafts.clear();
    if wanted.keys().all(|name| planned.contains(name.as_str())) {
        return Ok(outcome);
    }
    match whole::body(resource, &standing, &wanted) {
        Ok(members) => {
            let mut request = update_of(resource, &object.id, &standing);
            if let Some(body) = request.body.as_object_mut() {
                body.extend(members);
            }
            let mut draft = update_draft(resource, object, request, wanted);
            draft.notes.push(NEW_IDS.to_owned());
            outcome.add(draft);
        }
        Err(missing) => {
            wanted.keys().for_each(|name| outcome.leave(object, name.clone(), &missing.to_string()));
        }
    }
    Ok(outcome)
}

fn rules(lookup: &mut Lookup, returns: &Returns, drafts: &[Draft]) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let resource = TypeId::Group.info();
    let scan = lookup.newest.scan(resource.token);
    let rows = scan.live()?;
    let rules = scan.cells(Space::Core, RULE, &rows.versions)?;
    for (row, rule) in rules.iter().enumerate().filter(|(_, rule)| !rule.is_empty()) {
        let rule = engine::scan::decode(rule);
        if !returns.is_named_by(&rule) {
            continue;
        }
        let id = scan.ids(&[rows.ordinals[row]])?;
        let id = String::from_utf8_lossy(id.get(0)).into_owned();
        lookup.learn(&[id.as_str()].into())?;
        let object = lookup.shown(&id);
        if planned_properties(drafts, &id).contains(RULE) || returns.renamed.contains_key(&id) {
            continue;
        }
        let path = object_path(resource, &id, &Attributes::new());
        let wanted = WantedMap::from([(RULE.to_owned(), Wanted { before: rule.clone(), after: rule })]);
        let request = request(resource, resource.recovery.update, path);
        outcome.add(update_draft(resource, &object, request, wanted));
    }
    Ok(outcome)
}

/// Properties of an object that a step writes already.
fn planned_properties<'d>(drafts: &'d [Draft], id: &str) -> HashSet<&'d str> {
    let updates = drafts.iter().filter(|draft| draft.kind == StepKind::Update && draft.object.id == id);
    updates.flat_map(|draft| draft.after.keys().map(String::as_str)).collect()
}
