//! Attributes back to what they were: one update for an object, and what has a request of its own.

mod credential;
mod licence;
mod permission;

pub(super) use licence::LICENCES;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use engine::{AttributeChange, ChangeKind, RecoveryAction, is_same};
use rayon::prelude::*;
use serde_json::Value;

use super::contain;
use super::draft::Draft;
use super::lookup::{self, Attributes, Lookup};
use super::make::{Picked, Planner, resource_of, shown};
use super::merge::cleared;
use super::property::{self, Writing};
use super::value::{copy_path, path_names, written_value};
use super::{Body, Named, PlanObject, RequestTemplate, StepKind};
use crate::plan::Result;
use crate::resource::Resource;

/// A property with the value that stands and the one that is wanted.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) before: Value,
    pub(super) after: Value,
}

/// Properties of one object by name.
pub(super) type WantedMap = Named<Wanted>;

/// An object's properties at the two states; read when first needed.
struct Sides<'a> {
    token: &'a str,
    id: &'a str,
    read: Option<(Attributes, Attributes)>,
}

impl Sides<'_> {
    fn read(&mut self, lookup: &Lookup) -> Result<&(Attributes, Attributes)> {
        if self.read.is_none() {
            let from = lookup::attributes(&lookup.from, self.token, self.id)?;
            let to = lookup::attributes(&lookup.to, self.token, self.id)?;
            self.read = Some((from.unwrap_or_default(), to.unwrap_or_default()));
        }
        Ok(self.read.as_ref().expect("it was read above"))
    }
}

impl Planner {
    /// Plans the chosen attributes of an object that stood on both sides.
    pub(super) fn plan_update(&mut self, picked: &Picked, values: Option<Values>) -> Result<()> {
        let change = &picked.change;
        self.skip_unobserved(picked);
        if picked.attributes.is_empty() {
            if picked.is_bare {
                self.skip(change, "", property::NOT_CHOSEN);
            }
            return Ok(());
        }
        if change.action == RecoveryAction::None {
            self.skip_attributes(picked, change.reason.unwrap_or(property::UNSUPPORTED));
            return Ok(());
        }
        let Some(resource) = resource_of(change) else {
            self.skip_attributes(picked, property::UNSUPPORTED);
            return Ok(());
        };
        let mut sides = Sides { token: &change.type_token, id: &picked.id, read: None };
        if let Some(reason) = self.obstacle(resource, &mut sides)? {
            self.skip_attributes(picked, reason);
            return Ok(());
        }
        let Values { mut wanted, skipped } = values.unwrap_or_default();
        for (place, reason) in skipped {
            self.skip(change, &change.attributes[place].name, reason);
        }
        let conflicts = self.compare_with_reading(picked, resource, &mut wanted)?;
        let first = self.drafts.list.len();
        self.write(resource, &shown(change), wanted, &mut sides)?;
        for draft in &mut self.drafts.list[first..] {
            let own = conflicts.iter().filter(|name| draft.before.contains_key(name));
            draft.notes.extend(own.map(|name| format!("{name} has changed since: a conflict")));
        }
        Ok(())
    }

    /// Drops what a newer reading has as it is wanted, and names what it has otherwise than both sides.
    fn compare_with_reading(
        &mut self,
        picked: &Picked,
        resource: &'static Resource,
        wanted: &mut WantedMap,
    ) -> Result<Vec<String>> {
        let change = &picked.change;
        let mut conflicts = Vec::new();
        if !self.lookup.has_reading {
            return Ok(conflicts);
        }
        let Some(now) = lookup::attributes(&self.lookup.newest, resource.token, &picked.id)? else {
            return Ok(conflicts);
        };
        let mut done = Vec::new();
        for (name, values) in wanted.iter() {
            let now = written_value(resource.token, name, now.get(name).cloned().unwrap_or_default());
            if is_same(resource.token, name, &now, &values.after) {
                done.push(name.clone());
            } else if !is_same(resource.token, name, &now, &values.before) {
                conflicts.push(name.clone());
            }
        }
        for name in done {
            wanted.remove(&name);
            self.skip(change, &name, property::AS_WANTED);
        }
        Ok(conflicts)
    }

    /// What was asked for by name and one of the sides does not have.
    fn skip_unobserved(&mut self, picked: &Picked) {
        let change = &picked.change;
        let asked = self.options.attributes.iter().chain(&self.options.links);
        let unknown: Vec<String> = asked.filter(|name| change.unknown.contains(name)).cloned().collect();
        for name in unknown {
            self.skip(change, &name, property::UNOBSERVED);
        }
    }

    fn skip_attributes(&mut self, picked: &Picked, reason: &str) {
        for place in &picked.attributes {
            self.skip(&picked.change, &picked.change.attributes[*place].name, reason);
        }
    }

    /// Why nothing of an object can be written, if nothing can.
    fn obstacle(&self, resource: &Resource, sides: &mut Sides<'_>) -> Result<Option<&'static str>> {
        let id = sides.id;
        if self.is_gone(id) {
            return Ok(Some("it is not there any more"));
        }
        Ok(match resource.token {
            "group" if self.is_exchange_group(id) => Some(property::EXCHANGE),
            "roleDefinition" => {
                let is_built_in = sides.read(&self.lookup)?.1.get("isBuiltIn") == Some(&Value::Bool(true));
                is_built_in.then_some(property::READ_ONLY)
            }
            "authenticationStrengthPolicy" => {
                let kind = sides.read(&self.lookup)?.1.get("policyType").and_then(Value::as_str);
                (kind == Some("builtIn")).then_some(property::READ_ONLY)
            }
            "permissionGrantPolicy" if id.starts_with("microsoft-") => Some(property::READ_ONLY),
            _ => None,
        })
    }

    /// Drafts the requests for some properties of an object.
    fn write(
        &mut self,
        resource: &'static Resource,
        object: &PlanObject,
        mut wanted: WantedMap,
        sides: &mut Sides<'_>,
    ) -> Result<()> {
        for name in property::CREDENTIALS {
            if matches!(property::writing(resource, name), Writing::Credential)
                && let Some(values) = wanted.remove(name)
            {
                self.plan_credentials(resource, object, name, &values);
            }
        }
        let depends_on = self.disable_permissions(resource, object, &mut wanted);
        let first = self.drafts.list.len();
        let (mut together, mut licences) = (WantedMap::new(), None);
        for (name, values) in wanted {
            match property::writing(resource, &name) {
                Writing::Licence => licences = Some(values),
                Writing::Update => {
                    together.insert(name, values);
                }
                Writing::Alone => {
                    let request = self.update_request(resource, object, sides)?;
                    self.add_update(resource, object, request, WantedMap::from([(name, values)]));
                }
                Writing::Request(write) => {
                    let path = filled(&write.path, &object.id);
                    let request = request(resource, &write.method, path);
                    self.add_update(resource, object, request, WantedMap::from([(name, values)]));
                }
                Writing::Inside(inside) => self.plan_elements(resource, object, inside, &values),
                Writing::Credential | Writing::Never(_) => {}
            }
        }
        if !together.is_empty() {
            let request = self.update_request(resource, object, sides)?;
            self.add_update(resource, object, request, together);
        }
        for draft in &mut self.drafts.list[first..] {
            if permission::offers(&draft.after) {
                draft.depends_on.extend(depends_on);
            }
        }
        if let Some(values) = licences {
            // Licences need the country, which the update before may set.
            let first = self.drafts.list.len().checked_sub(1).filter(|last| {
                let last = &self.drafts.list[*last];
                last.object == *object && last.after.contains_key("usageLocation")
            });
            let (from, to) = sides.read(&self.lookup)?.clone();
            if let Some(step) = self.plan_licences(resource, object, &values, [&to, &from]) {
                self.drafts.list[step].depends_on.extend(first);
            }
        }
        Ok(())
    }

    /// Plans what of a restored object differs from what it was.
    pub(super) fn update_differing(
        &mut self,
        resource: &'static Resource,
        object: &PlanObject,
        from: &Attributes,
        to: &Attributes,
    ) -> Result<()> {
        let mut wanted = WantedMap::new();
        let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
        for name in names {
            let of = |side: &Attributes| {
                written_value(resource.token, name, side.get(name).cloned().unwrap_or_default())
            };
            let (before, after) = (of(to), of(from));
            let is_written = !matches!(property::writing(resource, name), Writing::Never(_));
            if !is_written || is_same(resource.token, name, &before, &after) {
                continue;
            }
            let after = if after.is_null() { unset(resource, name) } else { after };
            wanted.insert(name.clone(), Wanted { before, after });
        }
        let mut sides =
            Sides { id: &object.id, token: resource.token, read: Some((from.clone(), to.clone())) };
        self.write(resource, object, wanted, &mut sides)
    }

    /// The update of an object before it has a body; of a type that is replaced whole, all that stands is in it.
    fn update_request(
        &self,
        resource: &'static Resource,
        object: &PlanObject,
        sides: &mut Sides<'_>,
    ) -> Result<RequestTemplate> {
        let path =
            object_path(resource, &object.id, &sides.read_if(resource.graph.parent.is_some(), &self.lookup)?);
        let mut request = request(resource, resource.recovery.update, path);
        let mut body = Named::new();
        if resource.recovery.update == "PUT" {
            for (name, value) in &sides.read(&self.lookup)?.1 {
                if matches!(property::writing(resource, name), Writing::Update) {
                    body.insert(name.clone(), written_value(resource.token, name, value.clone()));
                }
            }
        }
        if resource.recovery.is_typed {
            let stated = sides.read(&self.lookup)?.1.get("@odata.type").cloned();
            body.extend(stated.map(|stated| ("@odata.type".to_owned(), stated)));
        }
        request.body = body.into();
        Ok(request)
    }

    /// Adds an update with a request whose body gets the wanted values.
    pub(super) fn add_update(
        &mut self,
        resource: &'static Resource,
        object: &PlanObject,
        mut request: RequestTemplate,
        wanted: WantedMap,
    ) -> super::draft::DraftId {
        if request.body.is_null() {
            request.body = Named::new().into();
        }
        let phase = contain::phase_of_update(resource.token, &wanted);
        let mut draft = Draft::new(StepKind::Update, phase, object.clone(), request);
        if let Some(note) = contain::note_of_update(&wanted) {
            draft.notes.push(note.to_owned());
        }
        let is_merged = draft.request.method != "PUT";
        for (name, Wanted { before, after }) in wanted {
            let after = if is_merged { cleared(&name, &before, after) } else { after };
            if let Some(body) = draft.request.body.as_object_mut() {
                body.insert(name.clone(), after.clone());
            }
            draft.before.insert(name.clone(), before);
            draft.after.insert(name, after);
        }
        self.drafts.add(draft)
    }

    /// Whether the newest state does not have an object, and no step brings it back.
    pub(super) fn is_gone(&self, id: &str) -> bool {
        let is_there = self.lookup.known(id).is_none_or(|known| known.presence == lookup::Presence::Live);
        !is_there && !self.drafts.returns.contains_key(id) && !self.drafts.renames.contains_key(id)
    }

    /// Whether a group is one that Exchange alone writes: with mail, and no Microsoft 365 group.
    pub(super) fn is_exchange_group(&self, id: &str) -> bool {
        let is_mail = self.lookup.cell("group", id, "mailEnabled") == &Value::Bool(true);
        is_mail && !has_text(self.lookup.cell("group", id, "groupTypes"), "Unified")
    }
}

impl Sides<'_> {
    /// The properties on the other side, if they are needed; else nothing.
    fn read_if(&mut self, is_needed: bool, lookup: &Lookup) -> Result<Attributes> {
        if is_needed { Ok(self.read(lookup)?.1.clone()) } else { Ok(Attributes::new()) }
    }
}

/// What an update of an object would write, and the places of attributes that nobody writes, each with its reason.
#[derive(Debug, Default)]
pub(super) struct Values {
    wanted: WantedMap,
    skipped: Vec<(usize, &'static str)>,
}

/// Whole properties before and after, by type and name, then by the objects' IDs.
type Wholes = BTreeMap<(String, String), [HashMap<String, Value>; 2]>;

/// Looks up the values of all changes: of complex values the whole is needed, which is read for many objects at once.
pub(super) fn read_values(lookup: &Lookup, picked: &[Picked]) -> Result<Vec<Option<Values>>> {
    let resource = |picked: &Picked| {
        let is_update = picked.change.kind == ChangeKind::Updated && !picked.attributes.is_empty();
        resource_of(&picked.change).filter(|_| is_update && picked.change.action != RecoveryAction::None)
    };
    let mut wanted: BTreeMap<(String, String), BTreeSet<&str>> = BTreeMap::new();
    for picked in picked.iter().filter(|picked| resource(picked).is_some()) {
        for place in &picked.attributes {
            let name = &picked.change.attributes[*place].name;
            if name.contains(['.', '[']) {
                let key = (picked.change.type_token.to_string(), top_name(name));
                wanted.entry(key).or_default().insert(&picked.id);
            }
        }
    }
    let mut wholes = Wholes::new();
    for ((token, name), ids) in wanted {
        let ids: Vec<&str> = ids.into_iter().collect();
        let to = lookup::read_property(&lookup.to, &token, &name, &ids)?;
        let from = lookup::read_property(&lookup.from, &token, &name, &ids)?;
        wholes.insert((token, name), [to, from]);
    }
    let values = picked.par_iter().with_min_len(64);
    Ok(values.map(|picked| resource(picked).map(|resource| values_of(resource, picked, &wholes))).collect())
}

/// The chosen properties that can be written, with their whole values.
fn values_of(resource: &'static Resource, picked: &Picked, wholes: &Wholes) -> Values {
    let mut by_property: BTreeMap<String, Vec<&AttributeChange>> = BTreeMap::new();
    let mut values = Values::default();
    for place in &picked.attributes {
        let attribute = &picked.change.attributes[*place];
        let name = top_name(&attribute.name);
        match property::writing(resource, &name) {
            Writing::Never(reason) => values.skipped.push((*place, reason)),
            _ => by_property.entry(name).or_default().push(attribute),
        }
    }
    for (name, changes) in by_property {
        let [before, after] = match changes.as_slice() {
            [change] if *change.name == *name => {
                [decoded(change.to.as_deref()), decoded(change.from.as_deref())]
            }
            _ => whole(&name, &changes, picked, wholes),
        };
        let after = if after.is_null() { unset(resource, &name) } else { after };
        let [before, after] = [before, after].map(|value| written_value(resource.token, &name, value));
        values.wanted.insert(name, Wanted { before, after });
    }
    values
}

/// What is written for a property that was never set.
fn unset(resource: &Resource, name: &str) -> Value {
    if resource.unset(name) == "[]" { Value::Array(Vec::new()) } else { Value::Null }
}

/// The outermost name of a path.
fn top_name(path: &str) -> String {
    if path.starts_with('[') {
        return path_names(path).into_iter().next().unwrap_or_default();
    }
    path[..path.find(['.', '[']).unwrap_or(path.len())].to_owned()
}

pub(super) fn decoded(text: Option<&str>) -> Value {
    text.map_or(Value::Null, |text| engine::scan::decode(text.as_bytes()))
}

/// The whole value of a property before and after: what was not chosen of it stays as it stands.
fn whole(name: &str, changes: &[&AttributeChange], picked: &Picked, wholes: &Wholes) -> [Value; 2] {
    let key = (picked.change.type_token.to_string(), name.to_owned());
    let sides = wholes.get(&key);
    let of = |side: usize| sides.and_then(|sides| sides[side].get(&picked.id)).cloned().unwrap_or_default();
    let (before, wanted) = (of(0), of(1));
    let all = picked.change.attributes.iter().filter(|attribute| top_name(&attribute.name) == *name).count();
    if all == changes.len() {
        return [before, wanted];
    }
    let mut after = before.clone();
    for change in changes {
        copy_path(&mut after, &wanted, &path_names(&change.name)[1..]);
    }
    [before, after]
}

/// Where an object is written. What lives below others says so in `parentId`, as a reading keeps it.
pub(super) fn object_path(resource: &Resource, id: &str, attributes: &Attributes) -> String {
    let path = filled(resource.graph.get, id);
    match attributes.get("parentId").and_then(Value::as_str) {
        Some(parent) => path.replace("{parentId}", &escaped(parent)),
        None => path,
    }
}

/// The update of an object that stands, before it has values; of types that are many in one it says which.
pub(super) fn update_of(resource: &Resource, id: &str, attributes: &Attributes) -> RequestTemplate {
    let mut request = request(resource, resource.recovery.update, object_path(resource, id, attributes));
    let stated = attributes.get_key_value("@odata.type").filter(|_| resource.recovery.is_typed);
    let stated = stated.map(|(name, stated)| (name.clone(), stated.clone()));
    request.body = Value::Object(stated.into_iter().collect()).into();
    request
}

/// A request without a body.
pub(super) fn request(resource: &Resource, method: &str, path: String) -> RequestTemplate {
    RequestTemplate { method: method.to_owned(), version: resource.graph.version, path, body: Body::NULL }
}

/// A path of the table with an object's ID in it.
pub(super) fn filled(path: &str, id: &str) -> String {
    path.replace("{id}", &escaped(id)).replace("{tenantId}", &escaped(id))
}

/// An ID as part of a path.
pub(super) fn escaped(id: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@'(){}:".contains(&byte);
    let mut text = String::with_capacity(id.len());
    for byte in id.bytes() {
        if is_plain(byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.extend(
                [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])),
            );
        }
    }
    text
}

/// Whether a collection of texts has one.
pub(super) fn has_text(value: &Value, text: &str) -> bool {
    value.as_array().is_some_and(|values| values.iter().any(|value| value == text))
}
