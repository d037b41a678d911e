//! Owns writes behind an object: links, the collections inside it, and the objects below it.

use engine::schema::TypeId;
use serde_json::{Map, Value};

use super::Write;
use super::inside::{
    add_element, change_element, check_built_in, check_element, derived_id, find_element, is_changeable,
};
use crate::navigate::served_relation;
use crate::resource::Kind;
use crate::rules::{Refusal, check_link, check_unlink, link_target};
use crate::state::{Handle, Relation};
use crate::wire::Reply;

/// Gives the type of the objects below another one, or made through it, by the property behind the object.
fn child_kind(name: &str) -> Option<Kind> {
    Some(match name {
        "federatedIdentityCredentials" => Kind::of(TypeId::FederatedIdentityCredential),
        "extensionProperties" => Kind::of(TypeId::ExtensionProperty),
        "appRoleAssignedTo" | "appRoleAssignments" => Kind::of(TypeId::AppRoleAssignment),
        "authenticationMethodConfigurations" => Kind::method_configuration(),
        _ => return None,
    })
}

impl Write<'_> {
    /// Answers a write behind an object.
    pub(super) fn under(&mut self, source: Handle, rest: &[String]) -> Result<Reply, Refusal> {
        let segments: Vec<&str> = rest.iter().map(String::as_str).collect();
        let kind = self.state.record(source).kind;
        if let Some(relation) = served_relation(kind, segments[0]) {
            return self.linked(source, relation, &segments[1..]);
        }
        if kind.resource().inside.contains(&segments[0]) {
            return self.element(source, segments[0], &segments[1..]);
        }
        if let Some(child) = child_kind(segments[0]) {
            return self.child(source, child, &segments[1..]);
        }
        self.action(source, segments[0])
    }

    /// Makes, changes or removes an element of a collection below an object.
    fn element(&mut self, source: Handle, name: &str, rest: &[&str]) -> Result<Reply, Refusal> {
        let record = self.state.record(source);
        let kind = record.kind;
        check_built_in(record)?;
        let mut elements = match record.body.tree(name) {
            Value::Array(elements) => elements,
            _ => Vec::new(),
        };
        let reply = match (self.request.method.as_str(), rest) {
            ("POST", []) => {
                let values = self.values()?;
                check_element(kind, &values, &elements)?;
                let id = derived_id(kind, &values).unwrap_or_else(|| self.state.new_id());
                add_element(&mut elements, id, values)
            }
            ("PATCH", [id]) if is_changeable(kind) => {
                let index = find_element(&elements, id)?;
                change_element(&mut elements[index], self.values()?)?
            }
            ("DELETE", [id]) => {
                elements.remove(find_element(&elements, id)?);
                Reply::nothing()
            }
            _ => return Err(Refusal::method_not_allowed()),
        };
        let values = Map::from_iter([(name.to_owned(), Value::Array(elements))]);
        self.state.update(self.when(), source, &values);
        Ok(reply)
    }

    fn linked(&mut self, source: Handle, relation: Relation, rest: &[&str]) -> Result<Reply, Refusal> {
        match (self.request.method.as_str(), rest) {
            ("POST" | "PUT", ["$ref"]) => self.add_link(source, relation),
            ("DELETE", ["$ref"]) if relation.is_to_one() => self.remove_only_link(source, relation),
            ("DELETE", ["$ref"]) => {
                let id = self.request.option("@id").or_else(|| self.request.option("$id"));
                let id = id.ok_or_else(|| Refusal::bad_request("The ID of the object is required."))?;
                let id = link_target(&Value::from(id))?;
                self.remove_link(source, relation, &id)
            }
            ("DELETE", [id, "$ref"]) => self.remove_link(source, relation, id),
            // Without $ref Graph deletes the object itself.
            ("DELETE", [id]) => {
                let target = self.target(relation, id)?;
                if !self.state.targets(source, relation).contains(&target) {
                    return Err(Refusal::not_found(id));
                }
                self.delete(target)
            }
            _ => Err(Refusal::method_not_allowed()),
        }
    }

    fn add_link(&mut self, source: Handle, relation: Relation) -> Result<Reply, Refusal> {
        let values = self.values()?;
        let id = link_target(values.get("@odata.id").unwrap_or(&Value::Null))?;
        let target = self.target(relation, &id)?;
        check_link(self.state, source, relation, target)?;
        self.state.link(self.when(), source, relation, target);
        Ok(Reply::nothing())
    }

    fn remove_link(&mut self, source: Handle, relation: Relation, id: &str) -> Result<Reply, Refusal> {
        let target = self.target(relation, id)?;
        check_unlink(self.state, source, relation, target)?;
        self.state.unlink(self.when(), source, relation, target);
        Ok(Reply::nothing())
    }

    fn remove_only_link(&mut self, source: Handle, relation: Relation) -> Result<Reply, Refusal> {
        let target = self.state.targets(source, relation).first().copied();
        let target = target.ok_or_else(|| Refusal::not_found(relation.name()))?;
        check_unlink(self.state, source, relation, target)?;
        self.state.unlink(self.when(), source, relation, target);
        Ok(Reply::nothing())
    }

    /// Makes, changes or deletes an object below another.
    fn child(&mut self, source: Handle, kind: Kind, rest: &[&str]) -> Result<Reply, Refusal> {
        match (self.request.method.as_str(), rest) {
            ("POST", []) => {
                let mut values = self.values()?;
                if kind == TypeId::ExtensionProperty {
                    self.name_extension(source, &mut values);
                }
                self.create(kind, Some(source), values)
            }
            ("PATCH", [id]) => match self.find_child(source, kind, id) {
                Some(handle) => self.update_object(handle),
                None if self.creates_missing() => {
                    let mut values = self.values()?;
                    let name = id.split_once('=').map_or(*id, |(_, name)| name.trim_matches('\''));
                    values.insert("name".into(), name.into());
                    self.create(kind, Some(source), values)
                }
                None => Err(Refusal::not_found(id)),
            },
            ("DELETE", [id]) => {
                let handle = self.find_child(source, kind, id).ok_or_else(|| Refusal::not_found(id))?;
                self.delete(handle)
            }
            _ => Err(Refusal::method_not_allowed()),
        }
    }

    fn find_child(&self, source: Handle, kind: Kind, id: &str) -> Option<Handle> {
        let wanted = id.split_once('=').map(|(_, name)| name.trim_matches('\''));
        let found = match wanted {
            None => self.state.find_live(kind, id),
            Some(name) => self.state.handles(kind).iter().copied().find(|&handle| {
                let record = self.state.record(handle);
                self.state.is_live(handle)
                    && record.parent == Some(source)
                    && record.body.text("name").as_deref() == Some(name)
            }),
        };
        // An assignment is reached from its principal and from its resource.
        let is_shared = kind == TypeId::AppRoleAssignment;
        found.filter(|&handle| {
            is_shared || self.state.record(handle).parent.is_none_or(|parent| parent == source)
        })
    }

    /// The full name of an extension holds the client ID of its application.
    fn name_extension(&self, application: Handle, values: &mut Map<String, Value>) {
        let app_id = self.state.record(application).body.text("appId").unwrap_or_default().replace('-', "");
        if let Some(name) = values.get("name").and_then(Value::as_str) {
            let full = format!("extension_{app_id}_{name}");
            values.insert("name".into(), full.into());
        }
    }
}
