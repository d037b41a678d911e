//! Owns writing: making, changing, deleting and restoring objects and links, once the rules allow it.

mod action;
mod fill;
mod inside;
mod link;
mod merge;

use std::sync::Arc;

use engine::schema::TypeId;
use serde_json::{Map, Value};

use crate::clock::to_iso;
use crate::read::{Read, resolve};
use crate::replica::{Lag, Reader, View};
use crate::resource::Kind;
use crate::route::{Id, Route};
use crate::rules::{Reconcile, Refusal, check_create, check_delete, check_restore, check_update};
use crate::seal::Seal;
use crate::state::{Handle, Life, Relation, State, When, end_schedules_of, find_target};
use crate::wire::{Reply, Request};
use fill::{choose_id, expand_strength, fill, fill_app_role};

/// A write being answered.
pub(crate) struct Write<'a> {
    pub(crate) request: &'a Request,
    pub(crate) state: &'a mut State,
    pub(crate) seal: &'a Seal,
    pub(crate) lag: Lag,
    pub(crate) now_ms: i64,
    /// Whether security groups skip the bin, as they did until 2024.
    pub(crate) security_groups_skip_bin: bool,
    /// Whether users who hold roles are guarded from the client.
    pub(crate) guards_privileged: bool,
    /// Whether conditional access restores nothing from its bin.
    pub(crate) keeps_policies_binned: bool,
}

/// Properties of users who hold roles that only those with a higher role may change.
const SENSITIVE: [&str; 7] = [
    "accountEnabled",
    "businessPhones",
    "mobilePhone",
    "onPremisesImmutableId",
    "otherMails",
    "passwordProfile",
    "userPrincipalName",
];

/// The most members that one PATCH adds.
const BOUND_MAX: usize = 20;

impl Write<'_> {
    /// Answers a write.
    pub(crate) fn answer(&mut self, route: Route) -> Result<Reply, Refusal> {
        let method = self.request.method.as_str();
        match (method, route) {
            ("POST", Route::Collection(kind)) => self.create(kind, None, self.values()?),
            ("POST", Route::Invitations) => self.invite(),
            ("POST", Route::ScheduleRequests(kind)) => self.schedule(kind),
            ("POST", Route::BinAction(_, id, action)) if action == "restore" => self.restore(&id),
            ("DELETE", Route::BinObject(_, id)) => self.purge(&id),
            ("PATCH" | "PUT", Route::Object(kind, id)) => self.update(kind, &id),
            ("DELETE", Route::Object(kind, id)) => {
                let handle = self.resolve(kind, &id)?;
                self.delete(handle)
            }
            ("DELETE", Route::DirectoryObject(id)) => {
                let found =
                    self.state.find_directory_object(&id).filter(|&handle| self.state.is_live(handle));
                self.delete(found.ok_or_else(|| Refusal::not_found(&id))?)
            }
            (_, Route::Under(kind, id, rest)) => {
                let handle = self.resolve(kind, &id)?;
                self.under(handle, &rest)
            }
            (_, Route::UnderDirectoryObject(id, rest)) => {
                let found =
                    self.state.find_directory_object(&id).filter(|&handle| self.state.is_live(handle));
                self.under(found.ok_or_else(|| Refusal::not_found(&id))?, &rest)
            }
            _ => Err(Refusal::method_not_allowed()),
        }
    }

    /// Says whether an update may make a missing object.
    fn creates_missing(&self) -> bool {
        self.request.header("prefer").is_some_and(|value| value.contains("create-if-missing"))
    }

    fn when(&self) -> When {
        When::reported(self.now_ms)
    }

    /// Reads the body as an object.
    fn values(&self) -> Result<Map<String, Value>, Refusal> {
        if self.request.body.is_empty() {
            return Ok(Map::new());
        }
        match serde_json::from_slice(&self.request.body) {
            Ok(Value::Object(values)) => Ok(values),
            Ok(Value::Null) => Ok(Map::new()),
            _ => Err(Refusal::new(400, "BadRequest", "Unable to read JSON request payload.")),
        }
    }

    /// Finds an object as the replica sees it that takes writes.
    fn resolve(&self, kind: Kind, id: &Id) -> Result<Handle, Refusal> {
        resolve(&View::new(self.state, self.lag, Reader::Get, self.now_ms), kind, id)
    }

    /// Finds the target of a link, as the replica sees it that takes links.
    fn target(&self, relation: Relation, id: &str) -> Result<Handle, Refusal> {
        let view = View::new(self.state, self.lag, Reader::LinkWrite, self.now_ms);
        find_target(self.state, relation, id)
            .filter(|&handle| view.is_live(handle))
            .ok_or_else(|| Refusal::not_found(id))
    }

    /// Makes an object and answers with all of it.
    fn create(
        &mut self,
        kind: Kind,
        parent: Option<Handle>,
        mut values: Map<String, Value>,
    ) -> Result<Reply, Refusal> {
        check_create(self.state, kind, &values)?;
        let links = self.bound_links(&mut values)?;
        if kind == TypeId::AppRoleAssignment {
            fill_app_role(self.state, &mut values);
        }
        expand_strength(self.state, &mut values)?;
        let id = choose_id(self.state, kind, &values);
        fill(self.state, self.now_ms, kind, &id, &mut values);
        let handle = self.state.create(self.when(), kind, &id, &values);
        if let Some(parent) = parent {
            self.state.set_parent(handle, parent);
        }
        for (relation, target) in links {
            self.state.link(self.when(), handle, relation, target);
        }
        self.created(handle)
    }

    fn created(&self, handle: Handle) -> Result<Reply, Refusal> {
        let view = View::present(self.state);
        let plain = Request { query: Vec::new(), ..self.request.clone() };
        let read = Read { request: &plain, view: &view, seal: self.seal, now_ms: self.now_ms };
        let mut reply = read.entity(handle, false)?;
        reply.status = 201;
        let record = self.state.record(handle);
        let name = match record.kind.id() {
            Some(TypeId::Group) => "Group",
            Some(TypeId::Application) => "Application",
            Some(TypeId::ServicePrincipal) => "ServicePrincipal",
            _ => return Ok(reply),
        };
        let location = format!(
            "{}/v2/{}/directoryObjects/{}/Microsoft.DirectoryServices.{name}",
            self.request.base, self.state.tenant_id, record.id
        );
        reply.headers.push(("location", location));
        Ok(reply)
    }

    /// Removes `members@odata.bind` and `owners@odata.bind` from the values and gives their links.
    fn bound_links(&self, values: &mut Map<String, Value>) -> Result<Vec<(Relation, Handle)>, Refusal> {
        let mut links = Vec::new();
        for (name, relation) in
            [("members@odata.bind", Relation::MEMBERS), ("owners@odata.bind", Relation::OWNERS)]
        {
            let Some(bound) = values.remove(name) else { continue };
            let view = View::new(self.state, self.lag, Reader::LinkWrite, self.now_ms);
            for reference in bound.as_array().into_iter().flatten() {
                let id = crate::rules::link_target(reference)?;
                let target = find_target(self.state, relation, &id).filter(|&handle| view.is_live(handle));
                let target = target.ok_or_else(|| {
                    Refusal::bad_request(
                        "The source resource object or one of the objects being referenced don't exist.",
                    )
                })?;
                links.push((relation, target));
            }
        }
        Ok(links)
    }

    fn update(&mut self, kind: Kind, id: &Id) -> Result<Reply, Refusal> {
        let handle = match (self.resolve(kind, id), id) {
            (Ok(handle), _) => handle,
            (Err(_), Id::By(name, value)) if self.creates_missing() => {
                let mut values = self.values()?;
                values.insert(name.clone(), value.clone().into());
                return self.create(kind, None, values);
            }
            // Authentication contexts are made by PATCH too.
            (Err(_), Id::Plain(id)) if kind == TypeId::AuthenticationContextClassReference => {
                let mut values = self.values()?;
                values.insert("id".into(), id.clone().into());
                return self.create(kind, None, values);
            }
            (Err(refusal), _) => return Err(refusal),
        };
        self.update_object(handle)
    }

    fn update_object(&mut self, handle: Handle) -> Result<Reply, Refusal> {
        let mut values = self.values()?;
        check_update(self.state, handle, &values)?;
        if values.keys().any(|name| SENSITIVE.contains(&name.as_str())) {
            self.check_sensitive(handle)?;
        }
        let kind = self.state.record(handle).kind;
        let bound = values.get("members@odata.bind").and_then(Value::as_array).map_or(0, Vec::len);
        if bound > BOUND_MAX {
            return Err(Refusal::bad_request(
                "The number of references in the request exceeds the maximum of 20.",
            ));
        }
        expand_strength(self.state, &mut values)?;
        let links = self.bound_links(&mut values)?;
        for &(relation, target) in &links {
            crate::rules::check_link(self.state, handle, relation, target)?;
        }
        for (relation, target) in links {
            self.state.link(self.when(), handle, relation, target);
        }
        values.retain(|name, _| !name.contains('@') && name != "passwordProfile");
        if kind.resource().select.contains(&"modifiedDateTime") && !values.is_empty() {
            values.insert("modifiedDateTime".into(), to_iso(self.now_ms).into());
        }
        if self.request.method != "PUT" {
            let body = Arc::clone(&self.state.record(handle).body);
            for (name, value) in values.iter_mut().filter(|(_, value)| value.is_object()) {
                *value = merge::merged(name, body.tree(name), value.take());
            }
        }
        self.state.update(self.when(), handle, &values);
        let outside = values.keys().any(|name| kind.resource().outside.contains(&name.as_str()));
        if outside && kind == TypeId::Group {
            return Ok(Reply { status: 200, ..Reply::default() });
        }
        Ok(Reply::nothing())
    }

    fn delete(&mut self, handle: Handle) -> Result<Reply, Refusal> {
        if self.state.record(handle).kind == Kind::method_configuration() {
            return Ok(Reply::nothing());
        }
        check_delete(self.state, handle)?;
        self.check_sensitive(handle)?;
        let record = self.state.record(handle);
        let is_group = record.kind == TypeId::Group;
        let unified = record.body.value("groupTypes").unwrap_or_default().contains("Unified");
        let skips_bin =
            is_group && !unified && (self.security_groups_skip_bin || record.body.is_true("mailEnabled"));
        if skips_bin {
            self.state.purge(self.when(), handle);
        } else {
            end_schedules_of(self.state, self.when(), handle);
            self.state.delete(self.when(), handle);
        }
        Ok(Reply::nothing())
    }

    /// Users who hold a role, directly or through a group that may, are changed only by those with a higher one.
    fn check_sensitive(&self, handle: Handle) -> Result<(), Refusal> {
        let state = &*self.state;
        if !self.guards_privileged || state.record(handle).kind != TypeId::User {
            return Ok(());
        }
        let principal = Relation::from_name("principal").expect("the relation is in the table");
        let holds = state.sources(handle, principal, Some(Kind::of(TypeId::RoleAssignment))).next().is_some();
        let mut groups = state.sources(handle, Relation::MEMBERS, Some(Kind::of(TypeId::Group)));
        let through_group = groups.any(|group| state.record(group).body.is_true("isAssignableToRole"));
        if holds || through_group { Err(Refusal::forbidden()) } else { Ok(()) }
    }

    /// Finds an object in the bin.
    fn binned(&self, id: &str) -> Result<Handle, Refusal> {
        let found = Kind::all()
            .filter(|kind| kind.resource().has_bin())
            .find_map(|kind| self.state.find(kind, id))
            .filter(|&handle| self.state.record(handle).life == Life::Binned);
        found.ok_or_else(|| Refusal::not_found(id))
    }

    fn restore(&mut self, id: &str) -> Result<Reply, Refusal> {
        let handle = self.binned(id)?;
        let id = self.state.record(handle).kind.id();
        if self.keeps_policies_binned
            && matches!(id, Some(TypeId::ConditionalAccessPolicy | TypeId::NamedLocation))
        {
            return Err(Refusal::forbidden());
        }
        let values = self.values()?;
        let new_name = values.get("newUserPrincipalName").and_then(Value::as_str);
        let reconcile = match values.get("autoReconcileProxyConflict") {
            Some(Value::Bool(true)) => Reconcile::Drop,
            _ => Reconcile::Refuse,
        };
        check_restore(self.state, handle, new_name, reconcile)?;
        self.check_sensitive(handle)?;
        self.state.restore(self.when(), handle);
        if let Some(name) = new_name {
            let values = Map::from_iter([("userPrincipalName".to_owned(), name.into())]);
            self.state.update(self.when(), handle, &values);
        }
        let view = View::present(self.state);
        let plain = Request { query: Vec::new(), ..self.request.clone() };
        let read = Read { request: &plain, view: &view, seal: self.seal, now_ms: self.now_ms };
        let typed = self.state.record(handle).kind.is_directory_object();
        read.entity(handle, typed)
    }

    fn purge(&mut self, id: &str) -> Result<Reply, Refusal> {
        let handle = self.binned(id)?;
        if self.state.record(handle).kind == TypeId::AdministrativeUnit {
            return Err(Refusal::bad_request("Administrative units cannot be deleted permanently."));
        }
        if crate::rules::is_managed_identity(self.state, handle) {
            return Err(Refusal::bad_request("Managed identities cannot be deleted permanently."));
        }
        self.state.purge(self.when(), handle);
        Ok(Reply::nothing())
    }
}
