//! Owns reading the JSON of an object: its type, its links, and the IDs and moments inside.

use serde_json::Value;

use super::Relation;
use crate::body::{Members, to_text};
use crate::resource::Kind;

/// Gives the type that a token or an `@odata.type` names.
pub(super) fn kind_of(token: &str, members: &Members<'_>) -> Option<Kind> {
    let odata = members.iter().find(|(name, _)| name == "@odata.type").and_then(|(_, value)| to_text(value));
    let by_token = Kind::from_name(token).or_else(|| Kind::from_name(engine::schema::token_from_name(token)));
    by_token.or_else(|| {
        let odata = odata?;
        Kind::from_name(&odata).or_else(|| Kind::from_name(engine::schema::token_from_odata_type(&odata)))
    })
}

/// Removes the links from the members and gives them; removes annotations too, except the type of a derived one.
pub(super) fn take_links<'a>(kind: Kind, members: &mut Members<'a>) -> Vec<(Relation, &'a str)> {
    let mut links = Vec::new();
    members.retain(|(name, value)| {
        if name == "@odata.type" {
            let token = to_text(value);
            return kind.resource().is_abstract() && token.is_some();
        }
        if name.starts_with("@odata.") {
            return false;
        }
        let relation = Relation::from_name(name).filter(|relation| !relation.is_reference());
        match relation {
            Some(relation) if !kind.resource().select.contains(&&**name) => {
                links.push((relation, *value));
                false
            }
            _ => true,
        }
    });
    links
}

/// Gives the IDs of a link's JSON: one ID, or a list of IDs or of objects with an ID.
pub(super) fn ids_in(text: &str) -> Vec<String> {
    // Long lists of plain texts are split at their quotes.
    if let Some(list) = text.strip_prefix('[').filter(|list| !list.contains(['{', '\\'])) {
        return list.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    }
    let id_of = |value: &Value| match value {
        Value::String(id) => Some(id.clone()),
        Value::Object(object) => object.get("id").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(items)) => items.iter().filter_map(id_of).collect(),
        Ok(value) => id_of(&value).into_iter().collect(),
        Err(_) => Vec::new(),
    }
}

/// Reads a moment in milliseconds; 0 for a text that is none.
pub(super) fn to_ms(moment: &str) -> i64 {
    moment.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond)
}
