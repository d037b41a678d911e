//! Owns what refers to objects that come back: links on both ends, relation objects, and IDs inside of values.

mod value;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use engine::schema::{self, Relation, SYNCED_MARKER, Type, TypeId};
use engine::{ObjectKey, Snapshot};

use super::draft::{Draft, Outcome, Returns};
use super::facts::{Facts, Given};
use super::link::PlannedMemberships;
use super::lookup::{self, Lookup};
use super::relation::{self, AppRoleNames, AssignmentSteps, RelationObject, ends_of, role_member};
use super::{Phase, StepKind, StepLink, link};
use crate::plan::Result;

/// Links of an object: relation, then targets.
type HeldLinks = BTreeMap<&'static str, BTreeSet<String>>;

/// Links by the type and the ID of the objects that have them.
type Holders = BTreeMap<(String, String), HeldLinks>;

/// Objects that come back: types by ID.
type Returned = BTreeMap<String, String>;

/// Adds to a plan what refers to objects that it brings back.
pub(super) fn draft(
    plan: &mut Outcome,
    lookup: &mut Lookup,
    (given, returns): (&Given, &Returns),
    assignments: &mut AssignmentSteps,
    names: &mut AppRoleNames,
) -> Result<()> {
    let returned = returned(&plan.drafts);
    if returned.is_empty() {
        return Ok(());
    }
    let mut holders = own_links(&lookup.from, &returned)?;
    links_to(&lookup.from, &returned, &mut holders)?;
    // Members of directory roles are done by role assignments, so these come first.
    relations_of(plan, lookup, (given, returns), &returned, assignments, names)?;
    learn_holders(lookup, &holders)?;
    let facts = Facts { given, lookup, returns };
    let links = links_of(&facts, assignments, holders, &plan.drafts);
    plan.append(links);
    let values = value::draft(lookup, returns, &plan.drafts)?;
    plan.append(values);
    Ok(())
}

fn returned(drafts: &[Draft]) -> Returned {
    let returned = drafts.iter().filter(|draft| matches!(draft.kind, StepKind::Restore | StepKind::Recreate));
    returned.map(|draft| (draft.object.id.clone(), draft.object.type_token.clone())).collect()
}

/// The links that objects had which come back.
fn own_links(from: &Snapshot, returned: &Returned) -> Result<Holders> {
    let mut holders = Holders::new();
    for (id, type_token) in returned {
        let Some(resource) = schema::by_token(type_token) else { continue };
        if resource.links().next().is_none() {
            continue;
        }
        let key = ObjectKey { type_token: resource.token.into(), id: id.clone() };
        let Some(found) = from.object(&key)? else { continue };
        let held = holders.entry((resource.token.to_owned(), id.clone())).or_default();
        for (relation, targets) in found.links {
            if let Some(link) = resource.link(&relation) {
                held.entry(link.name).or_default().extend(targets);
            }
        }
    }
    Ok(holders)
}

/// The links that others had to objects which come back.
fn links_to(from: &Snapshot, returned: &Returned, holders: &mut Holders) -> Result<()> {
    for resource in schema::types().filter(|resource| resource.links().next().is_some()) {
        let scan = from.scan(resource.token);
        let rows = scan.live()?;
        if rows.ordinals.is_empty() {
            continue;
        }
        let mut wanted: HashMap<u32, &str> = HashMap::new();
        for id in returned.keys() {
            wanted.extend(scan.ordinal(id)?.map(|ordinal| (ordinal, id.as_str())));
        }
        for link in resource.links() {
            let lists = scan.links(link.name, &rows.ordinals)?;
            let targets_of = |row: usize| {
                let found = lists.get(row).iter().filter_map(|target| wanted.get(target));
                found.map(|id| (*id).to_owned()).collect::<Vec<String>>()
            };
            let found: (Vec<u32>, Vec<Vec<String>>) = (rows.ordinals.iter().enumerate())
                .map(|(row, ordinal)| (*ordinal, targets_of(row)))
                .filter(|(_, targets)| !targets.is_empty())
                .unzip();
            for (id, targets) in scan.ids(&found.0)?.iter().zip(found.1) {
                let id = String::from_utf8_lossy(id).into_owned();
                let held = holders.entry((resource.token.to_owned(), id)).or_default();
                held.entry(link.name).or_default().extend(targets);
            }
        }
    }
    Ok(())
}

/// Learns the names of all that links relate, and what decides how links are written.
fn learn_holders(lookup: &mut Lookup, holders: &Holders) -> Result<()> {
    let mut ids: BTreeSet<&str> = holders.keys().map(|(_, id)| id.as_str()).collect();
    ids.extend(holders.values().flat_map(|held| held.values().flatten().map(String::as_str)));
    lookup.learn(&ids)?;
    let of = |wanted: TypeId| {
        let found = holders.keys().filter(|(token, _)| *token == wanted);
        found.map(|(_, id)| id.as_str()).collect::<BTreeSet<&str>>()
    };
    lookup.read_columns(TypeId::User, &of(TypeId::User), &[SYNCED_MARKER])?;
    let names = ["groupTypes", "isAssignableToRole", "mailEnabled", SYNCED_MARKER];
    lookup.read_columns(TypeId::Group, &of(TypeId::Group), &names)?;
    lookup.read_columns(TypeId::AdministrativeUnit, &of(TypeId::AdministrativeUnit), &["membershipType"])?;
    lookup.read_columns(TypeId::DirectoryRole, &of(TypeId::DirectoryRole), &["roleTemplateId"])
}

/// Drafts the links that no step makes yet.
fn links_of(facts: &Facts<'_>, assignments: &AssignmentSteps, holders: Holders, drafts: &[Draft]) -> Outcome {
    let mut planned: HashSet<(&str, &str, &str)> = HashSet::new();
    for draft in drafts.iter().filter(|draft| draft.kind == StepKind::AddLink) {
        let links = draft.links.iter();
        planned.extend(links.map(|link| (&*draft.object.id, &*link.relation, &*link.target_id)));
    }
    let memberships = PlannedMemberships::of(drafts);
    let mut outcome = Outcome::default();
    for ((token, id), held) in holders {
        let Some(resource) = schema::by_token(&token) else { continue };
        for (relation, targets) in held {
            let Some(link) = resource.link(relation) else { continue };
            let is_new = |target: &String| !planned.contains(&(&*id, relation, &**target));
            let targets: Vec<String> = targets.into_iter().filter(is_new).collect();
            let drafted = match link::obstacle(facts, resource, link, &id, &memberships) {
                Some(reason) => lost_links(facts, link, &id, &targets, reason),
                None => links_again(facts, assignments, (resource, link), &id, &targets),
            };
            outcome.append(drafted);
        }
    }
    outcome
}

/// Lists the links to what gets another ID, of an object whose links cannot be written.
fn lost_links(facts: &Facts<'_>, link: &Relation, id: &str, targets: &[String], reason: &str) -> Outcome {
    let mut outcome = Outcome::default();
    if facts.absence(id).is_none() {
        let object = facts.lookup.shown(id);
        for target in targets.iter().filter(|target| facts.returns.renamed.contains_key(*target)) {
            outcome.leave(&object, format!("{}: {}", link.name, facts.lookup.name(target)), reason);
        }
    }
    outcome
}

fn links_again(
    facts: &Facts<'_>,
    assignments: &AssignmentSteps,
    (resource, link): (&'static Type, &'static Relation),
    id: &str,
    targets: &[String],
) -> Outcome {
    let is_left = |target: &&String| {
        let holding = role_member(facts.lookup, resource, link, id, target);
        let done =
            holding.and_then(|held| assignments.done(&held).or_else(|| facts.given.terms.obstacle(&held)));
        facts.target_obstacle(target).or(done).is_none()
    };
    let links: Vec<StepLink> =
        targets.iter().filter(is_left).map(|target| facts.step_link(link.name, target)).collect();
    let drafts = link::add(resource, link, &facts.lookup.shown(id), &links, Phase::Links);
    Outcome { drafts, ..Outcome::default() }
}

/// Adds to a plan the relation objects that went along with what they relate.
fn relations_of(
    plan: &mut Outcome,
    lookup: &mut Lookup,
    (given, returns): (&Given, &Returns),
    returned: &Returned,
    assignments: &mut AssignmentSteps,
    names: &mut AppRoleNames,
) -> Result<()> {
    let planned: HashSet<String> = plan.drafts.iter().map(|draft| draft.object.id.clone()).collect();
    let relations = schema::types().filter(|row| lookup::is_relation_object(row.token));
    // A role assignment says what schedules say again.
    let mut relations: Vec<&'static Type> = relations.collect();
    relations.sort_by_key(|row| row.id != TypeId::RoleAssignment);
    for resource in relations {
        let mut missing = Vec::new();
        for key in keys_naming(&lookup.from, resource.token, returned)? {
            let is_renamed = ends_of(&key).any(|end| returns.renamed.contains_key(end));
            let stands = !is_renamed && lookup::attributes(&lookup.newest, resource.token, &key)?.is_some();
            if !stands && !planned.contains(&key) {
                missing.push(key);
            }
        }
        lookup.learn(&missing.iter().flat_map(|key| ends_of(key)).collect())?;
        let facts = Facts { given, lookup, returns };
        for key in missing {
            let relation = RelationObject::read(lookup, names, (&lookup.from, resource), &key)?;
            plan.append(relation::make(&facts, assignments, relation));
        }
    }
    Ok(())
}

/// The natural keys of relation objects that name one of some objects.
fn keys_naming(snapshot: &Snapshot, token: &str, wanted: &Returned) -> Result<Vec<String>> {
    let scan = snapshot.scan(token);
    let rows = scan.live()?;
    let mut keys = Vec::new();
    for key in scan.ids(&rows.ordinals)?.iter() {
        let key = String::from_utf8_lossy(key);
        if ends_of(&key).any(|end| wanted.contains_key(end)) {
            keys.push(key.into_owned());
        }
    }
    Ok(keys)
}
