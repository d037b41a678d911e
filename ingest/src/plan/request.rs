//! Owns the beginnings of requests: paths of the table with IDs in them, and how Graph wants the other end of a link named.

use engine::schema::{self, Relation, Type, TypeId};
use serde_json::Value;

use super::lookup::Attributes;
use super::{Body, ENDPOINT, RequestTemplate, TARGET};

/// A request without a body.
pub(super) fn request(resource: &Type, method: &str, path: String) -> RequestTemplate {
    RequestTemplate { method: method.to_owned(), version: resource.graph.version, path, body: Body::NULL }
}

/// A path of the table with an object's ID in it.
pub(super) fn filled(path: &str, id: &str) -> String {
    path.replace("{id}", &escaped(id)).replace("{tenantId}", &escaped(id))
}

/// The path of an object. What lives below others says so in `parentId`, as a reading keeps it.
pub(super) fn object_path(resource: &Type, id: &str, attributes: &Attributes) -> String {
    let path = filled(resource.graph.get, id);
    match attributes.get("parentId").and_then(Value::as_str) {
        Some(parent) => path.replace("{parentId}", &escaped(parent)),
        None => path,
    }
}

/// The update of an object that exists, before it has values; of types that are many in one it says which.
pub(super) fn update_of(resource: &Type, id: &str, attributes: &Attributes) -> RequestTemplate {
    let mut request = request(resource, resource.recovery.update, object_path(resource, id, attributes));
    let stated = attributes.get_key_value("@odata.type").filter(|_| resource.recovery.is_typed);
    let stated = stated.map(|(name, stated)| (name.clone(), stated.clone()));
    request.body = Value::Object(stated.into_iter().collect()).into();
    request
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

/// The request that takes links away: the only one, because without `/$ref` Graph deletes the object at the other end.
pub(super) fn link_removal(resource: &Type, link: &Relation, id: &str) -> Option<RequestTemplate> {
    let remove = link.remove.as_ref()?;
    let path = filled(remove.path, id).replace("{targetId}", TARGET);
    assert!(path.ends_with("/$ref"), "the removal of a link ends in /$ref: {path}");
    Some(request(resource, remove.method, path))
}

/// How Graph wants the other end of a link named.
pub(crate) fn reference(link: &Relation, target_type: &str) -> String {
    let named =
        if target_type.is_empty() { link.targets.first().map_or("", |id| id.token()) } else { target_type };
    let own = schema::by_token(named).map(|resource| resource.graph.get);
    let is_policy = |path: &str| path.starts_with("/policies/") || path.starts_with("/identityGovernance/");
    let path = match own {
        Some(path) if is_policy(path) || (link.to_one && target_type == TypeId::OrgContact) => {
            path.replace("{id}", TARGET)
        }
        _ if link.to_one => format!("/users/{TARGET}"),
        _ if link.name == "incompatibleGroups" => format!("/groups/{TARGET}"),
        _ => format!("/directoryObjects/{TARGET}"),
    };
    format!("{ENDPOINT}/v1.0{path}")
}
