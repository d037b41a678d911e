//! What refers to objects that come back: their links on both ends, relation objects, and IDs inside of values.

mod inside;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use engine::schema::SYNCED_MARKER;
use engine::{ObjectKey, Snapshot};
use serde_json::Value;

use super::lookup;
use super::make::Planner;
use super::{PlanObject, StepKind, StepLink, Unfixable};
use crate::plan::Result;
use crate::resource::{self, Link, Resource};

/// Links of an object: relation, then targets.
type Held = BTreeMap<&'static str, BTreeSet<String>>;

impl Planner {
    /// Plans what refers to objects that come back, and puts deletions into their order.
    pub(super) fn plan_references(&mut self) -> Result<()> {
        let returned = self.returned();
        if !returned.is_empty() {
            let mut holders = self.own_links(&returned)?;
            self.links_to(&returned, &mut holders)?;
            // Members of directory roles are told by role assignments, so these come first.
            self.plan_relations_of(&returned)?;
            self.plan_held(holders)?;
            self.repoint_values()?;
        }
        self.order_deletions();
        Ok(())
    }

    /// Objects that come back, by ID.
    fn returned(&self) -> BTreeMap<String, PlanObject> {
        let objects = self.drafts.list.iter().map(|draft| (draft.kind, &draft.object));
        let returned = objects.filter(|(kind, _)| matches!(kind, StepKind::Restore | StepKind::Recreate));
        returned.map(|(_, object)| (object.id.clone(), object.clone())).collect()
    }

    /// The links that objects had which come back.
    fn own_links(&self, returned: &BTreeMap<String, PlanObject>) -> Result<BTreeMap<(String, String), Held>> {
        let mut holders: BTreeMap<(String, String), Held> = BTreeMap::new();
        for object in returned.values() {
            let Some(resource) = resource::by_token(&object.type_token) else { continue };
            if resource.links().next().is_none() {
                continue;
            }
            let key = ObjectKey { type_token: resource.token.into(), id: object.id.clone() };
            let Some(found) = self.lookup.from.object(&key)? else { continue };
            let held = holders.entry((resource.token.to_owned(), object.id.clone())).or_default();
            for (relation, targets) in found.links {
                if let Some(link) = resource.link(&relation) {
                    held.entry(&link.name).or_default().extend(targets);
                }
            }
        }
        Ok(holders)
    }

    /// The links that others had to objects which come back.
    fn links_to(
        &self,
        returned: &BTreeMap<String, PlanObject>,
        holders: &mut BTreeMap<(String, String), Held>,
    ) -> Result<()> {
        let from = &self.lookup.from;
        for resource in resource::all().filter(|resource| resource.links().next().is_some()) {
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
                let lists = scan.links(&link.name, &rows.ordinals)?;
                let targets_of = |place: usize| {
                    let found = lists.get(place).iter().filter_map(|target| wanted.get(target));
                    found.map(|id| (*id).to_owned()).collect::<Vec<String>>()
                };
                let found: (Vec<u32>, Vec<Vec<String>>) = (rows.ordinals.iter().enumerate())
                    .map(|(place, ordinal)| (*ordinal, targets_of(place)))
                    .filter(|(_, targets)| !targets.is_empty())
                    .unzip();
                for (id, targets) in scan.ids(&found.0)?.iter().zip(found.1) {
                    let id = String::from_utf8_lossy(id).into_owned();
                    let held = holders.entry((resource.token.to_owned(), id)).or_default();
                    held.entry(&link.name).or_default().extend(targets);
                }
            }
        }
        Ok(())
    }

    fn plan_held(&mut self, holders: BTreeMap<(String, String), Held>) -> Result<()> {
        self.learn_held(&holders)?;
        let planned: HashSet<(String, String, String)> = (self.drafts.list.iter())
            .filter(|draft| draft.kind == StepKind::AddLink)
            .flat_map(|draft| {
                let key = |link: &StepLink| {
                    (draft.object.id.clone(), link.relation.clone(), link.target_id.clone())
                };
                draft.links.iter().map(key).collect::<Vec<_>>()
            })
            .collect();
        for ((token, id), held) in holders {
            let Some(resource) = resource::by_token(&token) else { continue };
            for (relation, targets) in held {
                let Some(link) = resource.link(relation) else { continue };
                let is_new =
                    |target: &String| !planned.contains(&(id.clone(), relation.to_owned(), target.clone()));
                let targets: Vec<String> = targets.into_iter().filter(is_new).collect();
                self.plan_held_links(resource, link, &id, &targets);
            }
        }
        Ok(())
    }

    fn learn_held(&mut self, holders: &BTreeMap<(String, String), Held>) -> Result<()> {
        let mut ids: BTreeSet<&str> = holders.keys().map(|(_, id)| id.as_str()).collect();
        ids.extend(holders.values().flat_map(|held| held.values().flatten().map(String::as_str)));
        self.lookup.learn(&ids)?;
        let of = |wanted: &str| {
            let found = holders.keys().filter(|(token, _)| token == wanted);
            found.map(|(_, id)| id.as_str()).collect::<BTreeSet<&str>>()
        };
        self.lookup.read_columns("user", &of("user"), &[SYNCED_MARKER])?;
        let names = ["groupTypes", "isAssignableToRole", "mailEnabled", SYNCED_MARKER];
        self.lookup.read_columns("group", &of("group"), &names)?;
        self.lookup.read_columns("administrativeUnit", &of("administrativeUnit"), &["membershipType"])?;
        self.lookup.read_columns("directoryRole", &of("directoryRole"), &["roleTemplateId"])
    }

    fn plan_held_links(
        &mut self,
        resource: &'static Resource,
        link: &'static Link,
        id: &str,
        targets: &[String],
    ) {
        let object = self.lookup.shown(id);
        if let Some(reason) = self.link_obstacle(resource, link, id) {
            let lost = targets.iter().filter(|target| self.drafts.renames.contains_key(*target));
            let lost: Vec<Unfixable> = (lost)
                .filter(|_| !self.is_gone(id))
                .map(|target| Unfixable {
                    object: object.clone(),
                    reference: format!("{}: {}", link.name, self.lookup.name(target)),
                    reason: reason.to_owned(),
                })
                .collect();
            self.unfixable.extend(lost);
            return;
        }
        let links: Vec<StepLink> = (targets.iter())
            .filter(|target| self.target_obstacle(target).is_none())
            .filter(|target| self.told(resource, link, id, target).is_none())
            .filter(|target| self.lasting_obstacle(resource, link, id, target).is_none())
            .map(|target| self.step_link(&link.name, target))
            .collect();
        self.add_links(resource, link, &object, &links, super::Phase::Links);
    }

    /// Plans the relation objects that went along with what they relate.
    fn plan_relations_of(&mut self, returned: &BTreeMap<String, PlanObject>) -> Result<()> {
        let planned: HashSet<String> = self.drafts.list.iter().map(|draft| draft.object.id.clone()).collect();
        let relations = resource::all().filter(|row| lookup::is_relation_object(row.token));
        // A role assignment says what schedules say again.
        let mut relations: Vec<&'static Resource> = relations.collect();
        relations.sort_by_key(|row| row.token != "roleAssignment");
        for resource in relations {
            let mut missing = Vec::new();
            for key in keys_naming(&self.lookup.from, resource.token, returned)? {
                let is_renamed = key.split('|').any(|part| {
                    let part = part.rsplit('/').next().unwrap_or(part);
                    self.drafts.renames.contains_key(part)
                });
                let stands =
                    !is_renamed && lookup::attributes(&self.lookup.newest, resource.token, &key)?.is_some();
                if !stands && !planned.contains(&key) {
                    missing.push(key);
                }
            }
            let parts = missing.iter().flat_map(|key| key.split('|'));
            let parts = parts.map(|part| part.rsplit('/').next().unwrap_or(part)).collect();
            self.lookup.learn(&parts)?;
            for key in missing {
                let attributes = lookup::attributes(&self.lookup.from, resource.token, &key)?;
                let attributes = attributes.unwrap_or_default();
                let object = self.relation_object(resource, &key, &attributes)?;
                self.make_relation(resource, object, &attributes);
            }
        }
        Ok(())
    }
}

/// The natural keys of relation objects that name one of some objects.
fn keys_naming(
    snapshot: &Snapshot,
    token: &str,
    wanted: &BTreeMap<String, PlanObject>,
) -> Result<Vec<String>> {
    let scan = snapshot.scan(token);
    let rows = scan.live()?;
    let mut keys = Vec::new();
    for key in scan.ids(&rows.ordinals)?.iter() {
        let key = String::from_utf8_lossy(key);
        let is_named = |part: &str| wanted.contains_key(part.rsplit('/').next().unwrap_or(part));
        if key.split('|').any(is_named) {
            keys.push(key.into_owned());
        }
    }
    Ok(keys)
}

/// Whether a value is worth looking into.
fn may_name(value: &Value) -> bool {
    value.is_string() || value.is_array() || value.is_object()
}
