//! Owns the tenant before a plan and after it: both answer the same questions, so that guards report differences alone.
//!
//! Shape: the newest state, and over it what the steps change, one after the other, as Graph would; nothing of it is looked
//! at one by one by the guards. What a step makes again is known by its old ID.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use engine::schema::TypeId;
use engine::{ObjectKey, Snapshot};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::plan::Result;
use crate::plan::assignment::TENANT_SCOPE;
use crate::plan::lookup::{self, Attributes, Lookup};
use crate::plan::{NEW_ID_PREFIX, Named, Step, StepKind};

use super::roles::{Roles, Way};

/// A tenant.
pub(super) struct Tenant<'p> {
    lookup: &'p Lookup,
    now: Timestamp,
    newest: Snapshot,
    pub(super) roles: Roles,
    /// Objects that are not there any more, and those that are there again.
    gone: BTreeSet<String>,
    back: BTreeSet<String>,
    /// Types of objects that are brought back, by ID.
    returned: BTreeMap<String, String>,
    values: HashMap<String, Named>,
    /// Members that groups gain and lose.
    added: BTreeMap<String, BTreeSet<String>>,
    removed: BTreeMap<String, BTreeSet<String>>,
    /// Groups whose members follow from another rule than before: they are unknown.
    pub(super) unsure: BTreeSet<String>,
}

impl<'p> Tenant<'p> {
    /// The tenant as it is.
    pub(super) fn before(lookup: &'p Lookup, now: Timestamp) -> Result<Self> {
        let newest = lookup.newest.clone();
        let roles = Roles::read(&newest, now)?;
        Ok(Self::with(lookup, now, newest, roles))
    }

    /// The tenant as the steps leave it.
    pub(super) fn after(before: &Self, steps: &[Step]) -> Result<Self> {
        let newest = before.newest.clone();
        // What is restored has the links again with which it went.
        let has_returns = steps.iter().any(|step| step.kind == StepKind::Restore);
        let newest = if has_returns { newest.with_dormant_links() } else { newest };
        let mut tenant = Self::with(before.lookup, before.now, newest, before.roles.clone());
        let names: HashMap<String, String> = (steps.iter())
            .filter(|step| step.kind == StepKind::Recreate)
            .map(|step| (format!("{NEW_ID_PREFIX}{}}}", step.id), step.object.id.clone()))
            .collect();
        for step in steps {
            tenant.take(step, &names)?;
        }
        Ok(tenant)
    }

    fn with(lookup: &'p Lookup, now: Timestamp, newest: Snapshot, roles: Roles) -> Self {
        Self {
            lookup,
            now,
            newest,
            roles,
            gone: BTreeSet::new(),
            back: BTreeSet::new(),
            returned: BTreeMap::new(),
            values: HashMap::new(),
            added: BTreeMap::new(),
            removed: BTreeMap::new(),
            unsure: BTreeSet::new(),
        }
    }

    /// Does what a step does.
    fn take(&mut self, step: &Step, names: &HashMap<String, String>) -> Result<()> {
        let id = step.object.id.clone();
        let token = &step.object.type_token;
        match step.kind {
            StepKind::SoftDelete | StepKind::HardDelete => {
                if *token == TypeId::Application {
                    self.gone.extend(self.home_principal(&id)?);
                }
                self.back.remove(&id);
                self.gone.insert(id);
            }
            StepKind::Restore | StepKind::Recreate => {
                self.gone.remove(&id);
                self.returned.insert(id.clone(), token.clone());
                self.back.insert(id.clone());
                self.write(&id, &step.after, names);
            }
            StepKind::Update => {
                let rule = ["membershipRule", "membershipRuleProcessingState", "groupTypes"];
                if *token == TypeId::Group && rule.iter().any(|name| step.after.contains_key(name)) {
                    self.unsure.insert(id.clone());
                }
                self.write(&id, &step.after, names);
            }
            StepKind::AddLink | StepKind::RemoveLink if step.links.is_empty() => {
                let is_removal = step.kind == StepKind::RemoveLink;
                let side = if is_removal { &step.before } else { &step.after };
                let side: Attributes =
                    side.iter().map(|(name, value)| (name.clone(), renamed(value, names))).collect();
                let way = if is_removal { Way::Taken } else { Way::Given };
                if let Some(type_id) = TypeId::from_token(token) {
                    self.roles.change(type_id, &side, way, self.now);
                }
            }
            StepKind::AddLink | StepKind::RemoveLink => self.take_links(step, names),
        }
        Ok(())
    }

    fn take_links(&mut self, step: &Step, names: &HashMap<String, String>) {
        let id = &step.object.id;
        let is_removal = step.kind == StepKind::RemoveLink;
        for link in step.links.iter().filter(|link| link.relation == "members") {
            let target = names.get(&link.target_id).unwrap_or(&link.target_id).clone();
            if let Some(role) = self.roles.template(id) {
                let holding = json!({"principalId": target, "roleDefinitionId": role, "directoryScopeId": TENANT_SCOPE});
                let holding = holding.as_object().cloned().unwrap_or_default();
                let way = if is_removal { Way::Taken } else { Way::Given };
                self.roles.change(TypeId::RoleAssignment, &holding, way, self.now);
                continue;
            }
            let (gains, loses) = if is_removal {
                (&mut self.removed, &mut self.added)
            } else {
                (&mut self.added, &mut self.removed)
            };
            if let Some(others) = loses.get_mut(id) {
                others.remove(&target);
            }
            gains.entry(id.clone()).or_default().insert(target);
        }
    }

    fn write(&mut self, id: &str, after: &Named, names: &HashMap<String, String>) {
        let values = self.values.entry(id.to_owned()).or_default();
        values.extend(after.iter().map(|(name, value)| (name.clone(), renamed(value, names))));
    }

    /// The service principal that an application takes along.
    fn home_principal(&self, application: &str) -> Result<Option<String>> {
        let attributes = self.attributes(TypeId::Application, application)?.unwrap_or_default();
        let Some(app_id) = attributes.get("appId").and_then(Value::as_str) else { return Ok(None) };
        let principals = lookup::by_app_id(&self.newest, false)?;
        Ok(principals.get(app_id).map(|(id, _)| id.clone()))
    }

    /// The properties of an object that is there.
    pub(super) fn attributes(&self, type_id: TypeId, id: &str) -> Result<Option<Attributes>> {
        if self.gone.contains(id) {
            return Ok(None);
        }
        let found = match Self::object(&self.newest, type_id, id)? {
            Some(object) if !object.deleted => Some(object.attributes()),
            // An object in the bin is restored as it was deleted.
            Some(object) if self.back.contains(id) => Some(object.attributes()),
            _ if self.back.contains(id) && self.returned.get(id).is_some_and(|own| *own == type_id) => {
                let to = lookup::attributes(&self.lookup.to, type_id.token(), id)?;
                let found = match to {
                    Some(found) => Some(found),
                    None => lookup::attributes(&self.lookup.from, type_id.token(), id)?,
                };
                Some(found.unwrap_or_else(Map::new))
            }
            _ => None,
        };
        let Some(mut found) = found else { return Ok(None) };
        if let Some(values) = self.values.get(id) {
            found.extend(values.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        Ok(Some(found))
    }

    fn object(snapshot: &Snapshot, type_id: TypeId, id: &str) -> Result<Option<engine::Object>> {
        let key = ObjectKey { type_token: type_id.token().into(), id: id.to_owned() };
        Ok(snapshot.object(&key)?)
    }

    /// Whether an object is there.
    pub(super) fn is_there(&self, type_id: TypeId, id: &str) -> Result<bool> {
        Ok(self.attributes(type_id, id)?.is_some())
    }

    /// Whether a user or service principal can sign in.
    pub(super) fn can_sign_in(&self, id: &str) -> Result<bool> {
        for type_id in [TypeId::User, TypeId::ServicePrincipal] {
            if let Some(attributes) = self.attributes(type_id, id)? {
                return Ok(attributes.get("accountEnabled") != Some(&Value::Bool(false)));
            }
        }
        // One that was not observed.
        Ok(false)
    }

    /// The members of a group.
    pub(super) fn members(&self, id: &str) -> Result<BTreeSet<String>> {
        if !self.is_there(TypeId::Group, id)? {
            return Ok(BTreeSet::new());
        }
        let mut members = BTreeSet::new();
        if let Some(group) = Self::object(&self.newest, TypeId::Group, id)? {
            let links = group.links.into_iter().filter(|(relation, _)| **relation == *"members");
            members.extend(links.flat_map(|(_, targets)| targets));
        }
        let removed = self.removed.get(id);
        members.retain(|member| removed.is_none_or(|removed| !removed.contains(member)));
        members.extend(self.added.get(id).into_iter().flatten().cloned());
        Ok(members)
    }

    /// The accounts that can sign in among holders and, however deep, in groups among them. Applications count: who has
    /// their secrets can help.
    pub(super) fn accounts<'h>(&self, holders: impl Iterator<Item = &'h String>) -> Result<BTreeSet<String>> {
        let mut open: Vec<String> = holders.cloned().collect();
        let mut seen: BTreeSet<String> = open.iter().cloned().collect();
        let mut accounts = BTreeSet::new();
        while let Some(id) = open.pop() {
            if self.can_sign_in(&id)? {
                accounts.insert(id);
                continue;
            }
            for member in self.members(&id)? {
                if seen.insert(member.clone()) {
                    open.push(member);
                }
            }
        }
        Ok(accounts)
    }

    /// Who has a role or is eligible for one, groups and their members however deep among them, and of the service principals
    /// that steps are about those that may do something in the whole tenant.
    pub(super) fn powerful(&self, steps: &[Step]) -> Result<BTreeSet<String>> {
        let holdings = self.roles.active.iter().chain(&self.roles.eligible);
        let mut open: Vec<String> = holdings.map(|(principal, _, _)| principal.clone()).collect();
        let mut powerful: BTreeSet<String> = open.iter().cloned().collect();
        while let Some(id) = open.pop() {
            for member in self.members(&id)? {
                if powerful.insert(member.clone()) {
                    open.push(member);
                }
            }
        }
        let own = steps.iter().filter(|step| step.object.type_token == TypeId::ServicePrincipal);
        let own: BTreeSet<&str> = own.map(|step| step.object.id.as_str()).collect();
        if own.is_empty() {
            return Ok(powerful);
        }
        for type_id in [TypeId::AppRoleAssignment, TypeId::Oauth2PermissionGrant] {
            let scan = self.newest.scan(type_id.token());
            let rows = scan.live()?;
            for key in scan.ids(&rows.ordinals)?.iter() {
                let key = String::from_utf8_lossy(key);
                let mut parts = key.split('|');
                let principal = parts.next().unwrap_or_default();
                let is_whole =
                    type_id != TypeId::Oauth2PermissionGrant || parts.next() == Some("AllPrincipals");
                if is_whole && own.contains(principal) {
                    powerful.insert(principal.to_owned());
                }
            }
        }
        Ok(powerful)
    }

    /// The groups that have an object as a member, directly or through other groups.
    pub(super) fn groups_of(&self, id: &str) -> Result<BTreeSet<String>> {
        let scan = self.newest.scan(TypeId::Group.token());
        let rows = scan.live()?;
        let lists = scan.links("members", &rows.ordinals)?;
        let mut groups: BTreeSet<String> = BTreeSet::new();
        let mut open = vec![id.to_owned()];
        while let Some(member) = open.pop() {
            let mut found: BTreeSet<String> = BTreeSet::new();
            if let Some(ordinal) = scan.ordinal(&member)? {
                let holding = rows.ordinals.iter().enumerate();
                let holding = holding.filter(|(row, _)| lists.get(*row).contains(&ordinal));
                let holding: Vec<u32> = holding.map(|(_, ordinal)| *ordinal).collect();
                let ids = scan.ids(&holding)?;
                let ids = ids.iter().map(|id| String::from_utf8_lossy(id).into_owned());
                let stays =
                    |group: &String| self.removed.get(group).is_none_or(|lost| !lost.contains(&member));
                found.extend(ids.filter(stays));
            }
            let gained = self.added.iter().filter(|(_, members)| members.contains(&member));
            found.extend(gained.map(|(group, _)| group.clone()));
            for group in &self.back {
                if self.members(group)?.contains(&member) {
                    found.insert(group.clone());
                }
            }
            for group in found {
                if self.is_there(TypeId::Group, &group)? && groups.insert(group.clone()) {
                    open.push(group);
                }
            }
        }
        Ok(groups)
    }

    /// The objects of a small type that are there.
    pub(super) fn all(&self, type_id: TypeId) -> Result<BTreeMap<String, Attributes>> {
        let mut ids: BTreeSet<String> = BTreeSet::new();
        for object in self.newest.objects(type_id.token())? {
            ids.insert(object?.key.id);
        }
        let returned = self.returned.iter().filter(|(_, own)| **own == type_id);
        ids.extend(returned.map(|(id, _)| id.clone()));
        let mut all = BTreeMap::new();
        for id in ids {
            if let Some(attributes) = self.attributes(type_id, &id)? {
                all.insert(id, attributes);
            }
        }
        Ok(all)
    }
}

/// A value in which what is made again has its old ID.
fn renamed(value: &Value, names: &HashMap<String, String>) -> Value {
    match value {
        Value::String(text) => {
            let Some(start) = text.find(NEW_ID_PREFIX) else { return value.clone() };
            let end = text[start..].find('}').map_or(text.len(), |end| start + end + 1);
            match names.get(&text[start..end]) {
                Some(id) => Value::String(format!("{}{id}{}", &text[..start], &text[end..])),
                None => value.clone(),
            }
        }
        Value::Array(values) => values.iter().map(|value| renamed(value, names)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), renamed(value, names))).collect()
        }
        value => value.clone(),
    }
}
