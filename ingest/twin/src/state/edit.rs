//! Owns changing a tenant: every function here changes one thing and writes it into the log. No rules are asked.

use std::borrow::Cow;
use std::sync::Arc;

use engine::schema::TypeId;
use serde_json::{Map, Value};

use super::load::find_target;
use super::{Change, Handle, Life, Relation, State, What};
use crate::body::Members;
use crate::clock::to_iso;
use crate::resource::Kind;

/// How long deleted objects lie in the bin.
const BIN_MS: i64 = 30 * 86_400_000;

/// Whether delta queries tell of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trace {
    /// As of everything that people and programs do through Graph.
    Told,
    /// As of what a native recovery does.
    Silent,
}

/// When a change happens, and whether delta queries tell of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct When {
    pub(crate) now_ms: i64,
    pub(crate) trace: Trace,
}

impl When {
    /// An ordinary change.
    pub(crate) fn told(now_ms: i64) -> Self {
        Self { now_ms, trace: Trace::Told }
    }
}

impl State {
    /// Gives the changes from a sequence number on.
    pub(crate) fn changes_since(&self, sequence: usize) -> &[Change] {
        self.log.get(sequence..).unwrap_or(&[])
    }

    fn write(&mut self, when: When, handle: Handle, what: What) {
        let silent = when.trace == Trace::Silent;
        self.log.push(Change { at_ms: when.now_ms, handle, what, silent });
    }

    /// Makes an object.
    pub(crate) fn create(&mut self, when: When, kind: Kind, id: &str, values: &Map<String, Value>) -> Handle {
        let texts = texts(values);
        let members = texts.iter().map(|(name, text)| (Cow::Borrowed(*name), text.as_str())).collect();
        self.create_from(when, kind, id, members)
    }

    fn create_from(&mut self, when: When, kind: Kind, id: &str, members: Members<'_>) -> Handle {
        let key = Value::from(id).to_string();
        let mut members: Members<'_> = members;
        members.retain(|(name, _)| name != "id");
        if kind.resource().key_name() == "id" {
            members.push((Cow::Borrowed("id"), &key));
        }
        let body = self.body(kind, &members);
        let handle = self.insert(kind, id, body, Life::Live);
        self.attach_references(handle);
        self.write(when, handle, What::Created);
        self.follow_role(when, handle);
        handle
    }

    /// Sets properties; those that have the value already do not count.
    pub(crate) fn update(&mut self, when: When, handle: Handle, values: &Map<String, Value>) {
        let before = Arc::clone(&self.record(handle).body);
        let texts = texts(values);
        let changed: Vec<(&str, &str)> = texts
            .iter()
            .filter(|(name, _)| before.value(name).is_none() || before.tree(name) != values[*name])
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        self.update_from(when, handle, &changed);
    }

    /// Sets properties to these texts.
    fn update_from(&mut self, when: When, handle: Handle, changed: &[(&str, &str)]) {
        if changed.is_empty() {
            return;
        }
        let record = self.record(handle);
        let (kind, before) = (record.kind, Arc::clone(&record.body));
        let mut members = before.to_members();
        for (name, text) in changed {
            match members.iter_mut().find(|(found, _)| found == name) {
                Some(member) => member.1 = text,
                None => members.push((Cow::Borrowed(*name), text)),
            }
        }
        let body = Arc::new(self.body(kind, &members));
        self.forget_keys(handle);
        self.records[handle as usize].body = body;
        if self.is_live(handle) {
            self.index_keys(handle);
        }
        let names = changed.iter().map(|(name, _)| (*name).into()).collect();
        drop(members);
        self.write(when, handle, What::Updated { names, before });
    }

    /// Members of an activated role follow its tenant-wide assignments, as they come and go.
    fn follow_role(&mut self, when: When, assignment: Handle) {
        let record = self.record(assignment);
        let is_tenant_wide = record.body.text("directoryScopeId").as_deref() == Some("/");
        if record.kind != TypeId::RoleAssignment || !is_tenant_wide {
            return;
        }
        let added = record.life == Life::Live;
        let definition = record.body.text("roleDefinitionId").unwrap_or_default();
        let principal = record.body.text("principalId").and_then(|id| self.find_directory_object(&id));
        let role = self
            .handles(Kind::of(TypeId::DirectoryRole))
            .iter()
            .copied()
            .find(|&role| self.record(role).body.text("roleTemplateId").as_deref() == Some(&*definition));
        let (Some(role), Some(principal)) = (role, principal) else { return };
        if added {
            self.link(when, role, Relation::MEMBERS, principal);
        } else {
            self.unlink(when, role, Relation::MEMBERS, principal);
        }
    }

    /// Deletes an object: into the bin when its type has one, else for good.
    pub(crate) fn delete(&mut self, when: When, handle: Handle) {
        let kind = self.record(handle).kind;
        // Of devices those that are joined on-premises have no bin.
        let is_hybrid = kind == TypeId::Device
            && self.record(handle).body.text("trustType").as_deref() == Some("ServerAd");
        if !kind.resource().has_bin() || is_hybrid {
            self.purge(when, handle);
            return;
        }
        self.forget_keys(handle);
        self.set_deleted(handle, Some(when.now_ms));
        self.records[handle as usize].life = Life::Binned;
        self.records[handle as usize].deleted_ms = when.now_ms;
        self.write(when, handle, What::Deleted);
        self.remove_relation_objects(when, handle);
        if kind == TypeId::Application {
            self.delete_home_principal(when, handle);
        }
    }

    /// An application takes its service principal in the same tenant along.
    fn delete_home_principal(&mut self, when: When, application: Handle) {
        let Some(app_id) = self.record(application).body.text("appId").map(Cow::into_owned) else { return };
        let principal = self.find_by_key(Kind::of(TypeId::ServicePrincipal), super::Key::AppId, &app_id);
        if let Some(principal) = principal.filter(|&principal| self.is_live(principal)) {
            self.delete(when, principal);
        }
    }

    /// Assignments and grants of a deleted object go for good.
    fn remove_relation_objects(&mut self, when: When, handle: Handle) {
        let incoming = self.record(handle).incoming.clone();
        for (relation, source) in incoming {
            let id = self.record(source).kind.id();
            let falls = matches!(id, Some(TypeId::AppRoleAssignment | TypeId::Oauth2PermissionGrant));
            if relation.is_reference() && falls && self.is_live(source) {
                self.purge(when, source);
            }
        }
    }

    fn set_deleted(&mut self, handle: Handle, moment: Option<i64>) {
        let body = Arc::clone(&self.record(handle).body);
        let text = moment.map_or_else(|| "null".to_owned(), |now_ms| Value::from(to_iso(now_ms)).to_string());
        let mut members = body.to_members();
        match members.iter_mut().find(|(name, _)| name == "deletedDateTime") {
            Some(member) => member.1 = &text,
            None => members.push((Cow::Borrowed("deletedDateTime"), &text)),
        }
        let body = self.body(self.record(handle).kind, &members);
        self.records[handle as usize].body = Arc::new(body);
    }

    /// Takes an object out of the bin.
    pub(crate) fn restore(&mut self, when: When, handle: Handle) {
        self.set_deleted(handle, None);
        self.records[handle as usize].life = Life::Live;
        self.index_keys(handle);
        self.write(when, handle, What::Restored);
    }

    /// Deletes an object for good.
    pub(crate) fn purge(&mut self, when: When, handle: Handle) {
        let before = self.record(handle).life;
        if before == Life::Gone {
            return;
        }
        self.forget_keys(handle);
        self.records[handle as usize].life = Life::Gone;
        self.write(when, handle, What::Purged { before });
        self.follow_role(when, handle);
        self.remove_relation_objects(when, handle);
        let children: Vec<Handle> = [TypeId::ExtensionProperty, TypeId::FederatedIdentityCredential]
            .into_iter()
            .flat_map(|id| self.handles(Kind::of(id)).iter().copied())
            .filter(|&child| self.record(child).parent == Some(handle) && self.is_live(child))
            .collect();
        for child in children {
            self.purge(when, child);
        }
    }

    /// Says whether time has taken something: objects that lay in the bin too long, schedules that ended.
    pub(crate) fn has_expired(&self, now_ms: i64) -> bool {
        self.is_bin_due(now_ms) || self.ends.first().is_some_and(|(end, _)| *end <= now_ms)
    }

    fn is_bin_due(&self, now_ms: i64) -> bool {
        self.log.get(self.expired).is_some_and(|change| change.at_ms + BIN_MS <= now_ms)
    }

    /// Purges what lay in the bin too long, and ends schedules; what lay there when the tenant was loaded stays.
    pub(crate) fn expire(&mut self, now_ms: i64) {
        self.end_due(now_ms);
        while self.is_bin_due(now_ms) {
            let Change { handle, at_ms, .. } = self.log[self.expired];
            let is_deletion = matches!(self.log[self.expired].what, What::Deleted);
            let record = self.record(handle);
            if is_deletion && record.life == Life::Binned && record.deleted_ms == at_ms {
                self.purge(When::told(at_ms + BIN_MS), handle);
            }
            self.expired += 1;
        }
    }

    /// Adds a link; false when it is there.
    pub(crate) fn link(&mut self, when: When, source: Handle, relation: Relation, target: Handle) -> bool {
        if relation.is_to_one() {
            if self.targets(source, relation) == [target] {
                return false;
            }
            for old in self.targets(source, relation).to_vec() {
                self.unlink(when, source, relation, old);
            }
        }
        let added = self.attach(source, relation, target);
        if added {
            self.write(when, source, What::Linked(relation, target));
        }
        added
    }

    /// Takes a link away; false when it is not there.
    pub(crate) fn unlink(&mut self, when: When, source: Handle, relation: Relation, target: Handle) -> bool {
        let removed = self.detach(source, relation, target);
        if removed {
            self.write(when, source, What::Unlinked(relation, target));
        }
        removed
    }

    /// Puts an object below another.
    pub(crate) fn set_parent(&mut self, handle: Handle, parent: Handle) {
        self.records[handle as usize].parent = Some(parent);
    }

    /// Makes the tenant hold exactly what an object's JSON says, links included; makes, restores or deletes it.
    pub(crate) fn put(&mut self, when: When, token: &str, text: &str) -> Option<Handle> {
        let mut members = crate::body::split(text)?;
        let kind = super::load::kind_of(token, &members)?;
        let links = super::load::take_links(kind, &mut members);
        let key = kind.resource().key_name();
        let id =
            members.iter().find(|(name, _)| name == key).and_then(|(_, value)| crate::body::to_text(value));
        let id = id.map_or_else(|| kind.resource().token.to_owned(), Cow::into_owned);
        let deleted = members.iter().any(|(name, value)| name == "deletedDateTime" && *value != "null");
        let found = self.find(kind, &id).filter(|&handle| self.record(handle).life != Life::Gone);
        let handle = match found {
            Some(handle) => {
                if !deleted && self.record(handle).life == Life::Binned {
                    self.restore(when, handle);
                }
                let body = Arc::clone(&self.record(handle).body);
                let changed: Vec<(&str, &str)> = members
                    .iter()
                    .map(|(name, value)| (&**name, *value))
                    .filter(|(name, value)| body.value(name) != Some(value))
                    .filter(|(name, _)| *name != "id" && *name != "deletedDateTime")
                    .collect();
                self.update_from(when, handle, &changed);
                handle
            }
            None => self.create_from(when, kind, &id, members),
        };
        for (relation, ids) in links {
            self.put_links(when, handle, relation, ids);
        }
        if deleted && self.is_live(handle) {
            self.delete(when, handle);
        }
        Some(handle)
    }

    fn put_links(&mut self, when: When, source: Handle, relation: Relation, ids: &str) {
        let ids = super::load::ids_in(ids);
        let wanted: Vec<Handle> = ids.iter().filter_map(|id| find_target(self, relation, id)).collect();
        let there: std::collections::HashSet<Handle> = wanted.iter().copied().collect();
        for target in self.targets(source, relation).to_vec() {
            if !there.contains(&target) {
                self.unlink(when, source, relation, target);
            }
        }
        for target in wanted {
            self.link(when, source, relation, target);
        }
    }
}

/// Writes values as JSON.
fn texts(values: &Map<String, Value>) -> Vec<(&str, String)> {
    values.iter().map(|(name, value)| (name.as_str(), value.to_string())).collect()
}
