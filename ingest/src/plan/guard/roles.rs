//! Owns who has which directory role: directly, by activation, as a member of the role, or eligible for it.

use std::collections::{BTreeMap, BTreeSet};

use engine::Snapshot;
use engine::schema::TypeId;
use jiff::Timestamp;
use serde_json::Value;

use crate::plan::Result;
use crate::plan::assignment::{Holding, TENANT_SCOPE, has_begun, holding, is_open};
use crate::plan::lookup::Attributes;

/// The role definition, and role template, of Global Administrator, the same in every tenant.
pub(super) const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";

/// Whether a role is given or taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Given,
    Taken,
}

/// Who has which role where.
#[derive(Debug, Clone, Default)]
pub(super) struct Roles {
    /// In force now.
    pub(super) active: BTreeSet<Holding>,
    /// To be had by asking.
    pub(super) eligible: BTreeSet<Holding>,
    /// Directory roles by ID: the role that each is.
    templates: BTreeMap<String, String>,
}

impl Roles {
    /// Reads them from the newest state.
    pub(super) fn read(newest: &Snapshot, now: Timestamp) -> Result<Self> {
        let mut roles = Self::default();
        roles.read_assignments(newest)?;
        for type_id in [TypeId::RoleAssignmentSchedule, TypeId::RoleEligibilitySchedule] {
            for object in newest.objects(type_id.token())? {
                let object = object?;
                if !object.deleted {
                    roles.change(type_id, &object.attributes(), Way::Given, now);
                }
            }
        }
        for object in newest.objects(TypeId::DirectoryRole.token())? {
            let object = object?;
            let attributes = object.attributes();
            let Some(template) = attributes.get("roleTemplateId").and_then(Value::as_str) else { continue };
            roles.templates.insert(object.key.id.clone(), template.to_owned());
            for (_, members) in object.links.into_iter().filter(|(relation, _)| **relation == *"members") {
                let of = |member: String| (member, template.to_owned(), TENANT_SCOPE.to_owned());
                roles.active.extend(members.into_iter().map(of));
            }
        }
        Ok(roles)
    }

    fn read_assignments(&mut self, newest: &Snapshot) -> Result<()> {
        let scan = newest.scan(TypeId::RoleAssignment.token());
        let rows = scan.live()?;
        for key in scan.ids(&rows.ordinals)?.iter() {
            let key = String::from_utf8_lossy(key);
            if let [principal, role, scope] = key.split('|').collect::<Vec<_>>().as_slice() {
                self.active.insert(((*principal).to_owned(), (*role).to_owned(), (*scope).to_owned()));
            }
        }
        Ok(())
    }

    /// The role that a directory role is.
    pub(super) fn template(&self, id: &str) -> Option<&str> {
        self.templates.get(id).map(String::as_str)
    }

    /// Gives a role, or takes it: an assignment, its schedule and the membership of the role are one. What is over, or has
    /// not begun, gives nothing.
    pub(super) fn change(&mut self, type_id: TypeId, attributes: &Attributes, way: Way, now: Timestamp) {
        let holding = holding(attributes);
        let (set, gives) = match type_id {
            TypeId::RoleAssignment => (&mut self.active, true),
            TypeId::RoleAssignmentSchedule => {
                (&mut self.active, is_open(attributes, now) && has_begun(attributes, now))
            }
            TypeId::RoleEligibilitySchedule => (&mut self.eligible, is_open(attributes, now)),
            _ => return,
        };
        match way {
            Way::Given if gives => _ = set.insert(holding),
            Way::Given => {}
            Way::Taken => _ = set.remove(&holding),
        }
    }

    /// Who holds Global Administrator for the whole tenant.
    pub(super) fn global_administrators(set: &BTreeSet<Holding>) -> impl Iterator<Item = &String> {
        let is_wanted = |(_, role, scope): &&Holding| role == GLOBAL_ADMINISTRATOR && scope == TENANT_SCOPE;
        set.iter().filter(is_wanted).map(|(principal, _, _)| principal)
    }
}
