//! Owns reading the collections inside an object that are served below it, and the objects that it refers to.

use engine::schema::TypeId;
use serde_json::{Value, json};

use super::Read;
use crate::query::Expand;
use crate::render::{Append as _, push_object};
use crate::resource::Kind;
use crate::rules::Refusal;
use crate::state::Handle;
use crate::wire::Reply;

/// Elements of a page: few, so that a client that reads one page only is found out.
const ELEMENTS_MAX: usize = 2;

impl Read<'_> {
    /// Answers a collection below an object, or one of its elements.
    pub(super) fn inside(&self, source: Handle, name: &str, rest: &[&str]) -> Result<Reply, Refusal> {
        let record = self.view.state.record(source);
        let elements = match self.view.body(source).tree(name) {
            Value::Array(elements) => elements,
            _ => Vec::new(),
        };
        let path = record.kind.resource().path;
        let context = format!("{}{path}('{}')/{name}", self.request.metadata(), record.id);
        match rest {
            [] => {
                let start =
                    self.request.option("$skiptoken").and_then(|token| token.parse().ok()).unwrap_or(0);
                let shown: Vec<&Value> = elements.iter().skip(start).take(ELEMENTS_MAX).collect();
                let mut page = json!({"@odata.context": context, "value": shown});
                if start + ELEMENTS_MAX < elements.len() {
                    let request = self.request;
                    let next = start + ELEMENTS_MAX;
                    let own = request.segments.join("/");
                    page["@odata.nextLink"] =
                        format!("{}/{}/{own}?$skiptoken={next}", request.base, request.version).into();
                }
                Ok(Reply::json(page.to_string()))
            }
            [id] => {
                let found = elements.into_iter().find(|element| element["id"] == **id);
                let mut found = found.ok_or_else(|| Refusal::not_found(id))?;
                found["@odata.context"] = format!("{context}/$entity").into();
                Ok(Reply::json(found.to_string()))
            }
            [_, behind, ..] => Err(Refusal::no_segment(behind)),
        }
    }

    /// Appends a property that shows only where it is expanded, as deep as the expansion goes.
    pub(super) fn push_hidden(&self, out: &mut String, handle: Handle, expand: &Expand) {
        let mut value = self.view.body(handle).tree(&expand.name);
        let name = Value::from(expand.name.as_str());
        let target = match expand.name.as_str() {
            "catalog" => Some(TypeId::AccessPackageCatalog),
            "accessPackage" => Some(TypeId::AccessPackage),
            _ => None,
        };
        if let Some(kind) = target.map(Kind::of) {
            let id = value["id"].as_str().unwrap_or_default();
            let found = self.view.state.find(kind, id);
            if let Some(found) = found.filter(|&found| self.view.is_live(found)) {
                out.append(format_args!("{name}:"));
                let mut form = crate::render::Form::new(kind, None, false);
                push_object(out, self.view, &mut form, found, |_| ());
                out.push(',');
                return;
            }
        }
        for element in value.as_array_mut().into_iter().flatten() {
            let Some(members) = element.as_object_mut() else { continue };
            members.retain(|name, value| !value.is_object() || expand.inner.contains(name.as_str()));
            if let Some(role) = members.get_mut("role").and_then(Value::as_object_mut)
                && !expand.inner.contains("$expand=resource")
            {
                role.remove("resource");
            }
        }
        out.append(format_args!("{name}:{value},"));
    }
}
