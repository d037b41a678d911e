//! JSON texts with the names of what they point at: behind a value, and inside lists and complex values behind each ID.
//!
//! Invariant: without the names the text is the very text, so that two values that differ are never shown alike.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::value::path_part;
use crate::names::{Names, Side, is_guid};

/// Members that name the resource whose permissions stand beside them.
const RESOURCES: [&str; 3] = ["resourceAppId", "resourceId", "resourceApplication"];
/// Where authentication contexts are named by their short IDs.
const CONTEXTS: &str = "AuthenticationContextClassReferences";
/// How deep resources are looked for.
const DEPTH_MAX: usize = 16;
/// The longest text, in bytes, that is taken apart.
const PARTS_LENGTH_MAX: usize = 64 * 1024;

/// A JSON text, and the name of what it points at, or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Named {
    pub(crate) text: String,
    pub(crate) name: String,
    /// The members of a complex value by name, or the elements of a list under no name, for where it is too long for a line.
    pub(crate) parts: Vec<(String, Named)>,
}

impl Named {
    /// The text with its name behind it, both escaped as a format needs it.
    pub(crate) fn shown(&self, escape: impl Fn(&str) -> String) -> String {
        let text = escape(&self.text);
        if self.name.is_empty() { text } else { format!("{text} ({})", escape(&self.name)) }
    }
}

/// A value at a path, with the names of what it points at on a side.
pub(crate) fn named(path: &str, text: Option<&str>, side: Side, names: &mut Names) -> Named {
    let Some(text) = text else { return Named { text: "(absent)".to_owned(), ..Named::default() } };
    if text.starts_with(['[', '{'])
        && let Ok(value) = serde_json::from_str::<Value>(text)
    {
        learn_resources(&value, side, names, DEPTH_MAX);
    }
    let depth = if text.len() > PARTS_LENGTH_MAX { 0 } else { DEPTH_MAX };
    whole(path, text, side, names, depth)
}

fn whole(path: &str, text: &str, side: Side, names: &mut Names, depth_left: usize) -> Named {
    if let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        let name = name_of(path, inner, side, names).unwrap_or_default();
        return Named { text: text.to_owned(), name, parts: Vec::new() };
    }
    let mut value = Named { text: annotated(path, text, side, names), ..Named::default() };
    if depth_left == 0 {
        return value;
    }
    if let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) {
        let parts = members.into_iter();
        let parts = parts.map(|(name, value)| {
            let part = whole(&name, value.get(), side, names, depth_left - 1);
            (path_part(&name), part)
        });
        value.parts = parts.collect();
        // What an element is stands before what is in it.
        value.parts.sort_by_key(|(_, part)| !part.parts.is_empty());
    } else if let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(text) {
        let parts = elements.into_iter();
        let parts = parts.map(|value| (String::new(), whole(path, value.get(), side, names, depth_left - 1)));
        value.parts = parts.collect();
    }
    value
}

/// The name of what a text points at: by a GUID, alone or at the end of a scope, or by the ID of an authentication context.
fn name_of(path: &str, text: &str, side: Side, names: &mut Names) -> Option<String> {
    let last = text.rsplit('/').next().unwrap_or(text);
    let is_scope = text.starts_with('/') || last.len() == text.len();
    let is_id = is_guid(last) && is_scope || path.ends_with(CONTEXTS);
    let name = is_id.then(|| names.get_at(side, last).name)?;
    (!name.is_empty()).then_some(name)
}

/// Reads the permissions of the resources that a value names, so that the IDs beside them have names.
fn learn_resources(value: &Value, side: Side, names: &mut Names, depth_left: usize) {
    match value {
        Value::Object(members) if depth_left > 0 => {
            for resource in RESOURCES.iter().filter_map(|name| members.get(*name)?.as_str()) {
                names.learn_permissions(side, resource);
            }
            for member in members.values() {
                learn_resources(member, side, names, depth_left - 1);
            }
        }
        Value::Array(elements) if depth_left > 0 => {
            for element in elements {
                learn_resources(element, side, names, depth_left - 1);
            }
        }
        _ => {}
    }
}

/// A list or complex value with a name behind each ID in it.
fn annotated(path: &str, text: &str, side: Side, names: &mut Names) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut member = path.to_owned();
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let Some(length) = string_length(&rest[start..]) else { break };
        let (before, after) = rest.split_at(start + length);
        out.push_str(before);
        let inner = &before[start + 1..before.len() - 1];
        if after.trim_start().starts_with(':') {
            inner.clone_into(&mut member);
        } else if let Some(name) = name_of(&member, inner, side, names) {
            // A name must not end the value that it stands in.
            let quoted = serde_json::to_string(&name).unwrap_or_default();
            out.push_str(" (");
            out.push_str(quoted.trim_matches('"'));
            out.push(')');
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The length of the JSON string at the beginning of a text, its quotes among it.
fn string_length(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(index + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_can_be_taken_apart() {
        let value = named("p", Some(r#"{"b":[1,{"c":2}],"a":"x"}"#), Side::To, &mut Names::none());
        let names: Vec<&str> = value.parts.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        let elements: Vec<&str> = value.parts[1].1.parts.iter().map(|(_, part)| part.text.as_str()).collect();
        assert_eq!(elements, ["1", r#"{"c":2}"#]);
    }

    const ROLE: &str = "62e90394-69f5-4237-9190-012177145e10";

    fn shown(path: &str, text: &str) -> String {
        named(path, Some(text), Side::To, &mut Names::none()).shown(str::to_owned)
    }

    #[test]
    fn ids_have_names_wherever_they_stand_and_words_stay() {
        let quoted = format!("\"{ROLE}\"");
        assert_eq!(shown("roleDefinitionId", &quoted), format!("{quoted} (Global Administrator)"));
        let scope = format!("\"/roleDefinitions/{ROLE}\"");
        assert_eq!(shown("appScopeId", &scope), format!("{scope} (Global Administrator)"));
        let list = format!("[\"All\",{quoted}]");
        assert_eq!(shown("includeRoles", &list), format!("[\"All\",{quoted} (Global Administrator)]"));
        let nested = format!(r#"{{"a\\\"":{{"{ROLE}":1,"b":[{quoted}]}}}}"#);
        let expected = nested.replace(&format!("[{quoted}]"), &format!("[{quoted} (Global Administrator)]"));
        assert_eq!(shown("p", &nested), expected, "names of members are no IDs");
        for word in ["\"All\"", "\"None\"", "\"GuestsOrExternalUsers\"", "1.0", "null", "[]", "\"x/y\""] {
            assert_eq!(shown("includeUsers", word), word);
        }
    }

    #[test]
    fn permissions_beside_their_resource_have_their_values() {
        let id = "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8";
        let text = format!(
            r#"[{{"resourceAccess":[{{"id":"{id}","type":"Role"}}],"resourceAppId":"00000003-0000-0000-c000-000000000000"}}]"#
        );
        let text = shown("requiredResourceAccess", &text);
        assert!(text.contains(&format!("\"{id}\" (RoleManagement.ReadWrite.Directory)")), "{text}");
        assert!(text.contains("\"00000003-0000-0000-c000-000000000000\" (Microsoft Graph)"), "{text}");
    }
}
