//! Owns what a step may send: its request follows from its kind, object, values and links by the table of types, and one
//! that says anything else is refused by name.
//!
//! A plan file is read by people as objects and values, and applied as requests; so both must say the same. Nothing a
//! step shows leaves it open which method, path and version are used, and a body holds the values that are shown, what
//! clears members that were added to a complex value since, and members that the table fixes.

use engine::schema::{self, Relation, Type, TypeId, Version};
use serde_json::{Value, json};

use super::body::{is_reference_to, is_written, licences};
use super::fault::{Verdict, odd_body};
use super::{Makers, StepFault};
use crate::plan::property::LICENCES;
use crate::plan::update::whole::{is_replacement, missing};
use crate::plan::{NEW_ID_PREFIX, Named, PASSWORD, PlanObject, Step, StepKind, StepLink, TARGET};

/// A name in a path of the table, and the part of a request's path that stands for it.
type Captured<'t> = Vec<(&'t str, String)>;

/// Checks the request of a step; `makers` are the steps before it that make objects again.
///
/// # Errors
/// What was expected, and what was found.
pub(super) fn check(step: &Step, makers: &Makers<'_>) -> Verdict {
    let token = &step.object.type_token;
    let resource = schema::by_token(token).ok_or_else(|| StepFault::found_name("a known type", token))?;
    let checked = Checked { step, resource, makers };
    let is_relation = resource.is_relation_object;
    match step.kind {
        StepKind::AddLink | StepKind::RemoveLink if !step.links.is_empty() => checked.links(),
        StepKind::AddLink if is_relation => checked.made_relation(),
        StepKind::AddLink => checked.made_element(),
        StepKind::RemoveLink if is_relation => checked.removed_relation(),
        StepKind::RemoveLink if checked.is_about_element(&step.before) => checked.removed_element(),
        StepKind::RemoveLink => checked.removed_credential(),
        _ if !step.links.is_empty() => Err(StepFault::Shape("no links")),
        StepKind::Update => checked.update(is_relation),
        StepKind::Restore => checked.restore(),
        StepKind::Recreate => checked.recreate(),
        StepKind::SoftDelete if resource.graph.bin.is_none() => {
            Err(StepFault::Shape("a type with a recycle bin"))
        }
        StepKind::SoftDelete | StepKind::HardDelete => checked.deletion(),
    }
}

/// A step whose request is held against what the step shows.
pub(super) struct Checked<'p> {
    pub(super) step: &'p Step,
    pub(super) resource: &'static Type,
    makers: &'p Makers<'p>,
}

impl Checked<'_> {
    /// Links that come or go.
    fn links(&self) -> Verdict {
        let relation = self.step.links[0].relation.as_str();
        if self.step.links.iter().any(|link| link.relation != relation) {
            return Err(StepFault::Shape("links of one relation"));
        }
        let link = self.resource.link(relation);
        let link = link.ok_or_else(|| StepFault::found_name("a relation of the type", relation))?;
        if let Some(odd) = self.step.links.iter().find(|link| !self.is_end(link)) {
            return Err(StepFault::found_name("the ID of an object at the other end", &odd.target_id));
        }
        let is_own = |name: &&String| **name != link.name;
        if let Some(odd) = self.step.after.keys().chain(self.step.before.keys()).find(is_own) {
            return Err(StepFault::found_name(format!("values of \"{relation}\" alone"), odd));
        }
        match self.step.kind {
            StepKind::AddLink => self.added_links(link),
            _ => self.removed_links(link),
        }
    }

    fn added_links(&self, link: &'static Relation) -> Verdict {
        let add = link.add.as_ref().ok_or(StepFault::Shape("a relation that can be written"))?;
        let ends = &self.step.links;
        let wanted = self.step.after.get(link.name);
        if link.to_one && wanted.is_some_and(|wanted| *wanted != json!(ends[0].target_id)) {
            return Err(StepFault::Shape("the link to be the value that is wanted"));
        }
        let is_named = |reference: &Value| is_reference_to(reference, link);
        let bind = format!("{}@odata.bind", link.name);
        let body = self.step.request.body.as_object().filter(|body| body.len() == 1);
        let of = |name: &str| body.and_then(|body| body.get(name));
        if let Some(Value::Array(bulk)) = of(&bind)
            && let [only] = bulk.as_slice()
            && link.bulk_max.is_some_and(|most| ends.len() <= most as usize)
        {
            self.sends("PATCH", self.resource.graph.version, self.resource.graph.get)?;
            return if is_named(only) { Ok(()) } else { Err(odd_body(only)) };
        }
        self.sends(add.method, self.resource.graph.version, add.path)?;
        match of("@odata.id") {
            Some(reference) if is_named(reference) => Ok(()),
            _ => Err(odd_body(&self.step.request.body)),
        }
    }

    fn removed_links(&self, link: &'static Relation) -> Verdict {
        let remove = link.remove.as_ref().ok_or(StepFault::Shape("a relation that can be written"))?;
        self.sends(remove.method, self.resource.graph.version, remove.path)?;
        self.has_no_body()
    }

    /// Attributes of an object, or the scopes of a grant.
    fn update(&self, is_relation: bool) -> Verdict {
        let Step { after, before, request, .. } = self.step;
        if after.is_empty() {
            return Err(StepFault::Shape("a value that is wanted"));
        }
        if self.is_about_element(after) {
            return self.changed_element();
        }
        if is_relation && self.is_schedule_request() {
            return self.changed_schedule();
        }
        if is_relation {
            // The ID in the path is one that Graph gave; it is compared with the object when that is read.
            self.matches("PATCH", self.resource.graph.version, self.resource.graph.get, &|_, part| {
                is_id(part) || part == self.step.object.id
            })?;
            return self.is_body_of_values();
        }
        let mut names = after.keys();
        let only = names.next().filter(|_| after.len() == 1);
        if let Some(write) =
            only.and_then(|only| self.resource.recovery.writes.iter().find(|it| it.property == *only))
        {
            self.sends(write.method, self.resource.graph.version, write.path)?;
            return self.is_body_of_values();
        }
        if only.is_some_and(|only| only == LICENCES) {
            self.sends(
                "POST",
                self.resource.graph.version,
                &format!("{}/assignLicense", self.resource.graph.get),
            )?;
            let of = |side: &Named| side.get(LICENCES).cloned().unwrap_or_default();
            return licences(&request.body.to_value(), &of(before), &of(after));
        }
        self.sends(self.resource.recovery.update, self.resource.graph.version, self.resource.graph.get)?;
        self.is_body_of_values()
    }

    /// Whether the body holds each wanted value, and nothing that the table does not allow besides.
    pub(super) fn is_body_of_values(&self) -> Verdict {
        let Step { after, before, request, .. } = self.step;
        let Some(body) = request.body.as_object() else { return Err(odd_body(&request.body)) };
        for (name, wanted) in after {
            let standing = before.get(name).unwrap_or(&Value::Null);
            if !body.get(name).is_some_and(|sent| is_written(sent, standing, wanted)) {
                return Err(StepFault::Unwritten(name.clone()));
            }
        }
        // What replaces an object whole has all of it; that is held against the state when the plan is applied.
        let is_whole = is_replacement(self.resource, self.step);
        if is_whole && let Some(name) = missing(self.resource, |name| body.contains_key(name)).first() {
            return Err(StepFault::Partial(name));
        }
        let is_allowed = |name: &str, value: &Value| {
            after.contains_key(name) || is_whole || (self.resource.recovery.is_typed && is_type(name, value))
        };
        match body.iter().find(|(name, value)| !is_allowed(name, value)) {
            Some((name, _)) => Err(StepFault::found("its request to write nothing else", name)),
            None => Ok(()),
        }
    }

    fn restore(&self) -> Verdict {
        let bin = self.resource.graph.bin.as_ref().ok_or(StepFault::Shape("a type with a recycle bin"))?;
        self.sends("POST", bin.version, bin.restore)?;
        let sent = self.step.request.body.get("newUserPrincipalName");
        let is_sent =
            |(name, value): &(&String, &Value)| *name == "userPrincipalName" && sent == Some(*value);
        if let Some((name, _)) = self.step.after.iter().find(|shown| !is_sent(shown)) {
            return Err(StepFault::found("a restore to show only what it sends", name));
        }
        let sent = &self.step.request.body;
        match sent.as_object() {
            None if sent.is_null() => Ok(()),
            Some(body) if !body.is_empty() && self.resource.id == TypeId::User => {
                // Under another name than it had, and without the addresses that others took.
                let renamed = self.step.after.get("userPrincipalName");
                let is_shown = |name: &str, value: &Value| match name {
                    "newUserPrincipalName" => renamed == Some(value),
                    "autoReconcileProxyConflict" => value.is_boolean(),
                    _ => false,
                };
                match body.iter().find(|(name, value)| !is_shown(name, value)) {
                    Some((name, _)) => Err(StepFault::found("a restore alone", name)),
                    None => Ok(()),
                }
            }
            _ => Err(odd_body(sent)),
        }
    }

    fn recreate(&self) -> Verdict {
        let list = self.resource.graph.list.ok_or(StepFault::Shape("a type that can be made"))?;
        let is_user = self.resource.id == TypeId::User;
        let is_invitation = is_user && self.step.request.path == "/invitations";
        let path = if is_invitation { "/invitations" } else { list };
        self.sends("POST", self.resource.graph.version, path)?;
        let Some(body) = self.step.request.body.as_object() else {
            return Err(odd_body(&self.step.request.body));
        };
        let password = json!({ "forceChangePasswordNextSignIn": true, "password": PASSWORD });
        let is_allowed = |name: &str, value: &Value| match self.step.after.get(name) {
            Some(shown) => shown == value,
            None => is_user && !is_invitation && name == "passwordProfile" && *value == password,
        };
        if let Some((name, _)) = body.iter().find(|(name, value)| !is_allowed(name, value)) {
            return Err(StepFault::found("its request to make what is shown", name));
        }
        match self.step.after.keys().find(|name| !body.contains_key(name)) {
            Some(name) => Err(StepFault::Unsent { verb: "have", name: name.clone() }),
            None => Ok(()),
        }
    }

    fn deletion(&self) -> Verdict {
        self.sends("DELETE", self.resource.graph.version, self.resource.graph.get)?;
        self.has_no_body()
    }

    pub(super) fn has_no_body(&self) -> Verdict {
        let sent = &self.step.request.body;
        if sent.is_null() { Ok(()) } else { Err(odd_body(sent)) }
    }

    /// Whether the request is a method, a version and a path of the table, filled with this step's object.
    pub(super) fn sends(&self, method: &str, version: Version, template: &str) -> Verdict {
        self.matches(method, version, template, &|name, part| match name {
            "id" | "tenantId" => self.is_own(part),
            "targetId" => part == TARGET,
            "parentId" => self.is_parent(part),
            _ => false,
        })
    }

    pub(super) fn matches(
        &self,
        method: &str,
        version: Version,
        template: &str,
        is_fit: &dyn Fn(&str, &str) -> bool,
    ) -> Verdict {
        let request = &self.step.request;
        let is_right = request.method == method
            && request.version == version
            && captured(template, &request.path)
                .is_some_and(|parts| parts.iter().all(|(name, part)| is_fit(name, part)));
        if is_right {
            return Ok(());
        }
        Err(StepFault::Request {
            method: method.to_owned(),
            template: template.to_owned(),
            id: self.step.object.id.clone(),
            version,
            found: Box::new(request.clone()),
        })
    }

    /// Whether a part of a path names this step's object: by its ID, or by the one it is given by an earlier step.
    pub(super) fn is_own(&self, part: &str) -> bool {
        let is_it = |made: &PlanObject| {
            made.id == self.step.object.id && made.type_token == self.step.object.type_token
        };
        part == self.step.object.id || self.maker(part).is_some_and(is_it)
    }

    /// The object that a placeholder stands for, if it does for one.
    fn maker(&self, text: &str) -> Option<&PlanObject> {
        let name = text.strip_prefix(NEW_ID_PREFIX)?.strip_suffix('}')?;
        let step = name.split('.').next()?;
        let is_awaited = self.step.depends_on.iter().any(|before| before == step);
        self.makers.get(step).copied().filter(|_| is_awaited)
    }

    fn is_parent(&self, part: &str) -> bool {
        let shown = self.step.before.get("parentId").or_else(|| self.step.after.get("parentId"));
        match (shown.and_then(Value::as_str), self.maker(part)) {
            (Some(shown), _) => part == shown,
            (None, Some(made)) => {
                self.resource.graph.parent.as_ref().is_some_and(|parent| parent.id.token() == made.type_token)
            }
            // Held against the state when the plan is applied.
            (None, None) => is_id(part),
        }
    }

    fn is_end(&self, link: &StepLink) -> bool {
        is_id(&link.target_id) || self.maker(&link.target_id).is_some()
    }
}

/// Whether a text can be an ID: nothing in it could lead a path or an address elsewhere.
pub(super) fn is_id(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_letter) && !text.bytes().all(|byte| byte == b'.')
}

fn is_type(name: &str, value: &Value) -> bool {
    name == "@odata.type" && value.as_str().is_some_and(|text| text.starts_with("#microsoft.graph."))
}

/// The parts of a path behind the names of a template of the table, decoded; nothing when it is another path.
pub(crate) fn captured<'t>(template: &'t str, path: &str) -> Option<Captured<'t>> {
    let mut found = Captured::new();
    let (mut wanted, mut parts) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), parts.next()) {
            (None, None) => return Some(found),
            (Some(wanted), Some(part)) => {
                match wanted.strip_prefix('{').and_then(|wanted| wanted.strip_suffix('}')) {
                    Some(name) => found.push((name, decoded(part)?)),
                    None if wanted == part => {}
                    None => return None,
                }
            }
            _ => return None,
        }
    }
}

/// A part of a path without its escapes; nothing when it could end the path or mean another one.
fn decoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'?' | b'#' | b'\\' => return None,
            b'%' => {
                let digits = [rest.next()?, rest.next()?].map(|digit| char::from(digit).to_digit(16));
                let [Some(high), Some(low)] = digits else { return None };
                bytes.push(u8::try_from(high * 16 + low).ok()?);
            }
            byte => bytes.push(byte),
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    (!matches!(text.as_str(), "" | "." | "..")).then_some(text)
}
