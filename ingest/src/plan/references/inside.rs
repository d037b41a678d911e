//! IDs inside of values: policies that name groups, applications that name others, rules that name groups.

use std::collections::HashSet;

use engine::scan::Space;
use serde_json::Value;

use super::may_name;
use crate::plan::Result;
use crate::plan::draft::each_id;
use crate::plan::lookup::{self, Attributes};
use crate::plan::make::Planner;
use crate::plan::property::{self, Writing};
use crate::plan::relation::{Holding, TENANT_SCOPE};
use crate::plan::update::{Wanted, WantedMap, object_path, request, update_of};
use crate::plan::value::written_value;
use crate::plan::{PlanObject, StepKind, Unfixable};
use crate::resource::{self, Resource};

/// Types whose objects are many, and name others by links only, or in the properties looked at apart.
const MANY: [&str; 6] = ["user", "group", "device", "orgContact", "servicePrincipal", "application"];

/// What rules of groups name others in.
const RULE: &str = "membershipRule";

impl Planner {
    /// Re-points IDs that change inside of values that stand now. The placeholders come in with the order of the steps.
    pub(super) fn repoint_values(&mut self) -> Result<()> {
        if self.drafts.renames.is_empty() {
            return Ok(());
        }
        for resource in resource::all() {
            let is_many = MANY.contains(&resource.token);
            if resource.recovery.write.is_empty() || lookup::is_relation_object(resource.token) {
                continue;
            }
            if !is_many || resource.token == "application" {
                self.repoint_objects(resource)?;
            }
        }
        self.repoint_rules()
    }

    fn repoint_objects(&mut self, resource: &'static Resource) -> Result<()> {
        let newest = self.lookup.newest.clone();
        for object in newest.objects(resource.token)? {
            let object = object?;
            let mut is_named = false;
            each_id(object.attributes_json(), &mut |part| {
                is_named |= self.drafts.renames.contains_key(part);
            });
            if object.deleted || !is_named || self.drafts.renames.contains_key(&object.key.id) {
                continue;
            }
            let shown = PlanObject {
                id: object.key.id.clone(),
                type_token: resource.token.to_owned(),
                display_name: object.display_name(),
            };
            self.repoint_object(resource, &shown, &object.attributes());
        }
        Ok(())
    }

    fn repoint_object(&mut self, resource: &'static Resource, object: &PlanObject, attributes: &Attributes) {
        let planned = self.planned_properties(object);
        let (mut wanted, mut apart) = (WantedMap::new(), Vec::new());
        for (name, value) in attributes.iter().filter(|(_, value)| may_name(value)) {
            if !self.names_renamed(value) || planned.contains(name) || name == "id" {
                continue;
            }
            match property::writing(resource, name) {
                Writing::Update => {
                    let value = written_value(resource.token, name, value.clone());
                    wanted.insert(name.clone(), Wanted { before: value.clone(), after: value });
                }
                Writing::Alone => {
                    let value = written_value(resource.token, name, value.clone());
                    let values = Wanted { before: value.clone(), after: value };
                    apart.push(WantedMap::from([(name.clone(), values)]));
                }
                Writing::Never(reason) => self.unfixable.push(Unfixable {
                    object: object.clone(),
                    reference: name.clone(),
                    reason: reason.to_owned(),
                }),
                Writing::Inside(_) => self.unfixable.push(Unfixable {
                    object: object.clone(),
                    reference: name.clone(),
                    reason: "an element of it names what gets another ID".to_owned(),
                }),
                _ => {}
            }
        }
        apart.extend((!wanted.is_empty()).then_some(wanted));
        for wanted in apart {
            let request = update_of(resource, &object.id, attributes);
            let step = self.add_update(resource, object, request, wanted);
            self.drafts.list[step].notes.push("names objects by their new IDs".to_owned());
        }
    }

    fn repoint_rules(&mut self) -> Result<()> {
        let Some(resource) = resource::by_token("group") else { return Ok(()) };
        let scan = self.lookup.newest.scan(resource.token);
        let rows = scan.live()?;
        let rules = scan.cells(Space::Core, RULE, &rows.versions)?;
        for (place, rule) in rules.iter().enumerate().filter(|(_, rule)| !rule.is_empty()) {
            let rule = engine::scan::decode(rule);
            if !self.names_renamed(&rule) {
                continue;
            }
            let id = scan.ids(&[rows.ordinals[place]])?;
            let id = String::from_utf8_lossy(id.get(0)).into_owned();
            let ids = [id.as_str()].into();
            self.lookup.learn(&ids)?;
            let object = self.lookup.shown(&id);
            if self.planned_properties(&object).contains(RULE) || self.drafts.renames.contains_key(&id) {
                continue;
            }
            let path = object_path(resource, &id, &Attributes::new());
            let values = Wanted { before: rule.clone(), after: rule };
            let wanted = WantedMap::from([(RULE.to_owned(), values)]);
            self.add_update(resource, &object, request(resource, resource.recovery.update, path), wanted);
        }
        Ok(())
    }

    /// Properties of an object that a step writes already.
    fn planned_properties(&self, object: &PlanObject) -> HashSet<String> {
        let drafts = self.drafts.list.iter().filter(|draft| draft.kind == StepKind::Update);
        let own = drafts.filter(|draft| draft.object.id == object.id);
        own.flat_map(|draft| draft.after.keys().cloned()).collect()
    }

    /// What says the same as a directory role's member does, if a step says it.
    pub(in crate::plan) fn told(
        &self,
        resource: &Resource,
        link: &resource::Link,
        id: &str,
        target: &str,
    ) -> Option<&'static str> {
        let holding = self.holding_of_member(resource, link, id, target)?;
        self.assigned.contains(&holding).then_some("done by the step of the role assignment")
    }

    /// Why a directory role's member must not come back for good, if that is so.
    pub(in crate::plan) fn lasting_obstacle(
        &self,
        resource: &Resource,
        link: &resource::Link,
        id: &str,
        target: &str,
    ) -> Option<&'static str> {
        self.term_obstacle(&self.holding_of_member(resource, link, id, target)?)
    }

    fn holding_of_member(
        &self,
        resource: &Resource,
        link: &resource::Link,
        id: &str,
        target: &str,
    ) -> Option<Holding> {
        if resource.token != "directoryRole" || link.name != "members" {
            return None;
        }
        let Value::String(role) = self.lookup.cell("directoryRole", id, "roleTemplateId") else {
            return None;
        };
        Some((target.to_owned(), role.clone(), TENANT_SCOPE.to_owned()))
    }
}
