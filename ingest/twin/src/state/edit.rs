//! Owns changing a tenant: every method changes one thing and writes it into the log. Rules are checked before.

use std::borrow::Cow;
use std::sync::Arc;

use engine::schema::TypeId;
use serde_json::{Map, Value};

use super::{AlternateKey, Event, Handle, Life, LogEntry, Relation, State};
use crate::body::Members;
use crate::clock::to_iso;
use crate::resource::Kind;

/// Whether delta queries report a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trace {
    /// They do: people and programs change the tenant through Graph.
    Reported,
    /// They do not: a native recovery changes the tenant.
    Silent,
}

/// When a change happens, and whether delta queries report it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct When {
    pub(crate) now_ms: i64,
    pub(crate) trace: Trace,
}

impl When {
    /// A change that delta queries report.
    pub(crate) fn reported(now_ms: i64) -> Self {
        Self { now_ms, trace: Trace::Reported }
    }
}

impl State {
    fn record_event(&mut self, when: When, handle: Handle, event: Event) {
        let silent = when.trace == Trace::Silent;
        self.log.push(LogEntry { at_ms: when.now_ms, handle, event, silent });
    }

    /// Makes an object.
    pub(crate) fn create(&mut self, when: When, kind: Kind, id: &str, values: &Map<String, Value>) -> Handle {
        let texts = texts(values);
        let members = texts.iter().map(|(name, text)| (Cow::Borrowed(*name), text.as_str())).collect();
        self.create_from(when, kind, id, members)
    }

    /// Makes an object from members as they are in a text; the ID is given apart.
    pub(super) fn create_from(&mut self, when: When, kind: Kind, id: &str, members: Members<'_>) -> Handle {
        let key = Value::from(id).to_string();
        let mut members: Members<'_> = members;
        members.retain(|(name, _)| name != "id");
        if kind.resource().key_name() == "id" {
            members.push((Cow::Borrowed("id"), &key));
        }
        let body = self.body(kind, &members);
        let handle = self.insert(kind, id, body, Life::Live);
        self.attach_references(handle);
        self.record_event(when, handle, Event::Created);
        self.follow_role(when, handle);
        handle
    }

    /// Sets properties; a value that a property has already is no change.
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
    pub(super) fn update_from(&mut self, when: When, handle: Handle, changed: &[(&str, &str)]) {
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
        self.record_event(when, handle, Event::Updated { names, before });
    }

    /// Members of an activated role follow its tenant-wide assignments.
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
        // Devices joined on-premises have no bin.
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
        self.record_event(when, handle, Event::Deleted);
        self.remove_relation_objects(when, handle);
        if kind == TypeId::Application {
            self.delete_home_principal(when, handle);
        }
    }

    /// Deletes the service principal of an application in the same tenant.
    fn delete_home_principal(&mut self, when: When, application: Handle) {
        let Some(app_id) = self.record(application).body.text("appId").map(Cow::into_owned) else { return };
        let principal = self.find_by_key(Kind::of(TypeId::ServicePrincipal), AlternateKey::AppId, &app_id);
        if let Some(principal) = principal.filter(|&principal| self.is_live(principal)) {
            self.delete(when, principal);
        }
    }

    /// Purges assignments and grants of a deleted object.
    fn remove_relation_objects(&mut self, when: When, handle: Handle) {
        let incoming = self.record(handle).incoming.clone();
        for (relation, source) in incoming {
            let id = self.record(source).kind.id();
            let is_purged = matches!(id, Some(TypeId::AppRoleAssignment | TypeId::Oauth2PermissionGrant));
            if relation.is_reference() && is_purged && self.is_live(source) {
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

    /// Restores an object from the bin.
    pub(crate) fn restore(&mut self, when: When, handle: Handle) {
        self.set_deleted(handle, None);
        self.records[handle as usize].life = Life::Live;
        self.index_keys(handle);
        self.record_event(when, handle, Event::Restored);
    }

    /// Deletes an object for good.
    pub(crate) fn purge(&mut self, when: When, handle: Handle) {
        let before = self.record(handle).life;
        if before == Life::Purged {
            return;
        }
        self.forget_keys(handle);
        self.records[handle as usize].life = Life::Purged;
        self.record_event(when, handle, Event::Purged { before });
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

    /// Adds a link; false when there is one.
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
            self.record_event(when, source, Event::Linked(relation, target));
        }
        added
    }

    /// Removes a link; false when there is none.
    pub(crate) fn unlink(&mut self, when: When, source: Handle, relation: Relation, target: Handle) -> bool {
        let removed = self.detach(source, relation, target);
        if removed {
            self.record_event(when, source, Event::Unlinked(relation, target));
        }
        removed
    }

    /// Puts an object below another.
    pub(crate) fn set_parent(&mut self, handle: Handle, parent: Handle) {
        self.records[handle as usize].parent = Some(parent);
    }
}

/// Writes values as JSON.
fn texts(values: &Map<String, Value>) -> Vec<(&str, String)> {
    values.iter().map(|(name, value)| (name.as_str(), value.to_string())).collect()
}
