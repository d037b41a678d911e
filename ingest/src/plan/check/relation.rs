//! Relation objects and credentials, which have requests of their own: assignments, grants, schedules, secrets, keys.

use engine::schema::TypeId;
use serde_json::Value;

use super::StepFault;
use super::fault::{Verdict, odd_body};
use super::request::{Checked, is_id};
use crate::plan::{NEW_ID_PREFIX, Named};

/// Where the requests go that change a schedule, by the types whose objects they make or end.
const SCHEDULE_REQUESTS: [(TypeId, &str); 3] = [
    (TypeId::RoleAssignment, "/roleManagement/directory/roleAssignmentScheduleRequests"),
    (TypeId::RoleAssignmentSchedule, "/roleManagement/directory/roleAssignmentScheduleRequests"),
    (TypeId::RoleEligibilitySchedule, "/roleManagement/directory/roleEligibilityScheduleRequests"),
];

/// What such a request says besides the schedule.
const REQUEST_MEMBERS: [&str; 2] = ["action", "justification"];

impl Checked<'_> {
    /// A relation object that is made.
    pub(super) fn made_relation(&self) -> Verdict {
        let after = &self.step.after;
        self.is_known_by(after)?;
        if self.is_schedule_request() {
            self.sends("POST", self.resource.graph.version, &self.step.request.path)?;
            return self.is_body_of("adminAssign", after);
        }
        match self.resource.graph.list {
            Some(list) => self.sends("POST", self.resource.graph.version, list)?,
            None => {
                self.leads_to_resource("POST", "/servicePrincipals/{resourceId}/appRoleAssignedTo", after)?;
            }
        }
        self.is_body_of("", after)
    }

    /// A relation object that is taken away: which one is found by what it relates when the request leaves.
    pub(super) fn removed_relation(&self) -> Verdict {
        let before = &self.step.before;
        self.is_known_by(before)?;
        if self.is_schedule_request() {
            self.sends("POST", self.resource.graph.version, &self.step.request.path)?;
            return self.is_body_of("adminRemove", before);
        }
        self.leads_to_resource("DELETE", self.resource.graph.get, before)?;
        self.has_no_body()
    }

    /// A schedule that gets other times: a request names what it relates, as the object's ID does.
    pub(super) fn changed_schedule(&self) -> Verdict {
        self.sends("POST", self.resource.graph.version, &self.step.request.path)?;
        let body = self.step.request.body.as_object();
        let of_body = |name: &String| body.and_then(|body| body.get(name)).and_then(Value::as_str);
        let mut values: Named = self.step.after.clone();
        for (name, own) in self.named_by_id() {
            if values.contains_key(&name) {
                return Err(StepFault::found("a change of times alone", name));
            }
            // The two states may write one ID in two ways, and one that is made again has no ID yet.
            let is_it = |sent: &&str| {
                own.as_str().is_some_and(|own| own.eq_ignore_ascii_case(sent)) || sent.contains(NEW_ID_PREFIX)
            };
            let sent = of_body(&name).filter(is_it).map(Value::from);
            values.insert(name, sent.unwrap_or(own));
        }
        if let Some(name) = self.step.after.keys().find(|name| body.is_none_or(|it| !it.contains_key(name))) {
            return Err(StepFault::Unsent { verb: "say", name: name.clone() });
        }
        self.is_body_of("adminUpdate", &values)
    }

    /// What the object's ID says that it relates.
    fn named_by_id(&self) -> Named {
        let parts = self.resource.natural_key;
        let own = self.step.object.id.split('|');
        parts.iter().zip(own).map(|(part, own)| (part.name.to_owned(), Value::from(own))).collect()
    }

    /// A secret, a key, or a federated credential that is taken away.
    pub(super) fn removed_credential(&self) -> Verdict {
        let (before, request) = (&self.step.before, &self.step.request);
        let (get, version) = (self.resource.graph.get, self.resource.graph.version);
        if self.resource.id == TypeId::FederatedIdentityCredential {
            self.sends("DELETE", version, get)?;
            return self.has_no_body();
        }
        if !matches!(self.resource.id, TypeId::Application | TypeId::ServicePrincipal) {
            return Err(StepFault::Shape("links, or a credential"));
        }
        let list = |side: &Named, name: &str| side.get(name).and_then(Value::as_array).cloned();
        if let Some(secrets) = list(before, "passwordCredentials") {
            self.sends("POST", version, &format!("{get}/removePassword"))?;
            let body = request.body.as_object().filter(|body| body.len() == 1);
            let key = body.and_then(|body| body.get("keyId"));
            let is_it = |secret: &Value| secret.get("keyId").is_some() && secret.get("keyId") == key;
            let is_right = before.len() == 1 && secrets.len() == 1 && secrets.iter().all(is_it);
            return if is_right { Ok(()) } else { Err(odd_body(&request.body)) };
        }
        let (Some(standing), Some(kept)) =
            (list(before, "keyCredentials"), list(&self.step.after, "keyCredentials"))
        else {
            return Err(StepFault::Shape("the secrets or keys that stand"));
        };
        self.sends("PATCH", version, get)?;
        let body = request.body.as_object().filter(|body| body.len() == 1);
        let sent = body.and_then(|body| body.get("keyCredentials")).and_then(Value::as_array);
        let is_right = sent == Some(&kept) && kept.iter().all(|key| standing.contains(key));
        if is_right { Ok(()) } else { Err(odd_body(&request.body)) }
    }

    pub(super) fn is_schedule_request(&self) -> bool {
        let own = |(id, path): &(TypeId, &str)| *id == self.resource.id && *path == self.step.request.path;
        SCHEDULE_REQUESTS.iter().any(own)
    }

    /// Whether the path leads below the resource that the values name.
    fn leads_to_resource(&self, method: &str, template: &str, values: &Named) -> Verdict {
        let named = values.get("resourceId").and_then(Value::as_str).unwrap_or_default();
        self.matches(method, self.resource.graph.version, template, &|name, part| match name {
            "resourceId" => part == named,
            // An ID that Graph gave once; the one it has now is looked for when the request leaves.
            _ => is_id(part) || part == self.step.object.id,
        })
    }

    /// Whether the values relate what the object's ID says.
    fn is_known_by(&self, values: &Named) -> Verdict {
        for (name, own) in self.named_by_id() {
            let own = own.as_str().unwrap_or_default();
            let Some(value) = values.get(&name).and_then(Value::as_str) else { continue };
            if !value.eq_ignore_ascii_case(own) && !value.contains(NEW_ID_PREFIX) {
                return Err(StepFault::found(format!("{name} to be {own}, as its ID says"), value));
            }
        }
        Ok(())
    }

    /// Whether the body holds values that are shown, and what a request of this kind says besides.
    fn is_body_of(&self, action: &str, values: &Named) -> Verdict {
        let Some(body) = self.step.request.body.as_object() else {
            return Err(odd_body(&self.step.request.body));
        };
        let is_right = |name: &str, value: &Value| match values.get(name) {
            Some(shown) => shown == value,
            None => REQUEST_MEMBERS.contains(&name) && !action.is_empty() && value.is_string(),
        };
        if let Some((name, value)) = body.iter().find(|(name, value)| !is_right(name, value)) {
            return Err(StepFault::found("its request to say what is shown", format!("{name}: {value}")));
        }
        if !action.is_empty() && body.get("action").and_then(Value::as_str) != Some(action) {
            return Err(StepFault::found(format!("the action {action}"), &self.step.request.body));
        }
        if matches!(action, "adminRemove" | "adminUpdate") {
            return Ok(());
        }
        match values.keys().find(|name| !body.contains_key(name)) {
            Some(name) => Err(StepFault::Unsent { verb: "say", name: name.clone() }),
            None => Ok(()),
        }
    }
}
