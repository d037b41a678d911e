//! What Graph itself moved from one property to another: neither its end there nor its beginning here is a change.
//!
//! Conditional access had Global Secure Access as a target of its own, in `globalSecureAccess` or `networkAccess`;
//! Graph rewrote such policies to include applications that mean the same, and nothing of what they do changed. The
//! applications and the move are in Microsoft's note of 2024-06-26, "Planned change to Conditional Access target
//! resources assignment".
//!
//! *Invariant*: only the move itself is no change. An application that is added or removed besides is one, and so is an
//! end of the old target without a new one.

use serde_json::Value;

use crate::schema::TypeId;
use crate::value::{NULL, UNKNOWN, decode};

/// The type of which values moved.
const TYPE: TypeId = TypeId::ConditionalAccessPolicy;
/// The property in which they did.
const PROPERTY: &str = "conditions";
const APPLICATIONS: &str = "applications";
/// The property that has them since.
const INCLUDED: &str = "includeApplications";
/// The properties that had them.
const FORMER: [&str; 2] = ["globalSecureAccess", "networkAccess"];
/// What they became: Microsoft apps, and all internet resources, with Global Secure Access.
const STANDING_FOR: [&str; 2] =
    ["c08f52c9-8f03-4558-a0ea-9a4c878cf343", "5dc48733-b5df-475c-a49b-fa307ef00853"];
/// What is included where no application is.
const NO_APPLICATION: &str = "None";

/// Whether values of a type moved.
pub(crate) fn can_move(type_token: &str) -> bool {
    *type_token == TYPE
}

/// Whether the cell at this path takes part in a move.
pub(crate) fn takes_part(path: &str) -> bool {
    name_of(path).is_some_and(|name| name == INCLUDED || is_former(name))
}

/// Whether the cells in which two versions of an object differ, by path, hold a move.
pub(crate) fn is_move<'c>(cells: impl Iterator<Item = (impl AsRef<str>, &'c [u8], &'c [u8])>) -> bool {
    let mut had = [false; 2];
    let mut included = [Value::Null, Value::Null];
    for (path, from, to) in cells {
        match name_of(path.as_ref()) {
            Some(INCLUDED) => included = [decode(from), decode(to)],
            Some(name) if is_former(name) => had = [had[0] || is_stated(from), had[1] || is_stated(to)],
            _ => {}
        }
    }
    became(had, [&included[0], &included[1]])
}

/// Two values of a property without what moved between them; nothing when nothing did.
pub(super) fn without_moved(property: &str, a: &Value, b: &Value) -> Option<[Value; 2]> {
    if property != PROPERTY {
        return None;
    }
    let sides = [a, b].map(|side| side.get(APPLICATIONS).unwrap_or(&Value::Null));
    let is_target = |former: &Value| former.as_object().is_some_and(|members| !members.is_empty());
    let had = sides.map(|side| FORMER.iter().any(|name| side.get(name).is_some_and(is_target)));
    let included = sides.map(|side| side.get(INCLUDED).unwrap_or(&Value::Null));
    became(had, included).then(|| {
        [a, b].map(|side| {
            let mut rest = side.clone();
            if let Some(Value::Object(members)) = rest.get_mut(APPLICATIONS) {
                members.retain(|name, _| name != INCLUDED && !FORMER.contains(&name.as_str()));
            }
            rest
        })
    })
}

/// Whether one side has the former target, and the other one what it became and else the same applications.
fn became(had: [bool; 2], included: [&Value; 2]) -> bool {
    let (before, after) = match had {
        [true, false] => (included[0], included[1]),
        [false, true] => (included[1], included[0]),
        _ => return false,
    };
    let (before, after) = (applications(before), applications(after));
    let mut new = after.iter().filter(|id| !before.contains(id)).peekable();
    new.peek().is_some()
        && new.all(|id| STANDING_FOR.contains(&id.as_str()))
        && before.iter().all(|id| after.contains(id))
}

fn applications(list: &Value) -> Vec<String> {
    let ids = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    ids.filter(|id| *id != NO_APPLICATION).map(str::to_ascii_lowercase).collect()
}

/// The part of this path below the applications of a policy.
fn name_of(path: &str) -> Option<&str> {
    path.strip_prefix(PROPERTY)?.strip_prefix('/')?.strip_prefix(APPLICATIONS)?.strip_prefix('/')
}

/// Whether this is a former target. It is an object of nothing but its type.
fn is_former(name: &str) -> bool {
    FORMER.contains(&name.strip_suffix("/@odata.type").unwrap_or(name))
}

fn is_stated(text: &[u8]) -> bool {
    !matches!(text, b"" | b"{}" | NULL | UNKNOWN)
}
