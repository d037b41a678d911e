//! What an object holds that is new or gone: the properties that people want to know first, or all of them.

use std::collections::BTreeMap;

use engine::Object;
use engine::schema::{self, TypeId};
use serde_json::value::RawValue;

use super::model::{Detail, Extent, Mark, side_of, target};
use super::named::named;
use super::path_part;
use crate::change::ChangeRow;
use crate::names::{Names, Side};
use crate::sentence;

/// Links of one relation that are listed unless everything is.
const LINK_COUNT_MAX: usize = 5;
/// How deep complex values are shown member by member; what lies below is shown whole.
const DEPTH_MAX: usize = 32;

/// Changes whose objects are shown with what they hold, unless everything is.
pub(crate) const CONTENT_COUNT_MAX: usize = 1_000;

/// How much is shown of each change, in their order: what objects hold that are new or gone is read for a bounded number.
pub(crate) struct Budget {
    is_whole: bool,
    left: usize,
    /// Objects of which nothing but the headline was shown.
    pub(crate) unshown: u64,
}

impl Budget {
    /// The budget of an output.
    pub(crate) fn new(is_whole: bool) -> Self {
        Self { is_whole, left: CONTENT_COUNT_MAX, unshown: 0 }
    }

    /// How much is shown of the next change.
    pub(crate) fn next(&mut self, change: &ChangeRow) -> Extent {
        if self.is_whole {
            return Extent::Whole;
        }
        if mark_of_content(change).is_none() {
            return Extent::First;
        }
        if self.left == 0 {
            self.unshown += 1;
            return Extent::Headline;
        }
        self.left -= 1;
        Extent::First
    }
}

/// Whether the object of a change stood on one side only, and on which.
fn mark_of_content(change: &ChangeRow) -> Option<Mark> {
    match change.change.as_str() {
        "added" | "createdAndDeleted" => Some(Mark::Added),
        "updated" | "restored" => None,
        _ => Some(Mark::Removed),
    }
}

/// What the object of a change holds, when it stood on one side only.
pub(super) fn of(change: &ChangeRow, names: &mut Names, extent: Extent) -> Vec<Detail> {
    let Some(mark) = mark_of_content(change).filter(|_| extent != Extent::Headline) else {
        return Vec::new();
    };
    let side = if mark == Mark::Added { Side::To } else { Side::From };
    let Some(object) = names.object_at(side, &change.type_token, &change.id) else { return Vec::new() };
    let known = schema::by_token(&change.type_token);
    let is_whole = extent == Extent::Whole;
    let is_said = known.is_some_and(|known| known.is_relation_object)
        && sentence::of(&change.type_token, &object.attributes(), names, side).is_some();
    if is_said && !is_whole {
        return Vec::new();
    }
    let properties: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(object.attributes_json()).unwrap_or_default();
    let is_told = |name: &&str| !matches!(*name, "id" | "displayName" | "@odata.type");
    let first = known.map_or(&[][..], |known| known.first);
    let wanted: Vec<&str> = if is_whole || known.is_none() {
        let rest = properties.keys().map(String::as_str).filter(|name| !first.contains(name));
        first.iter().copied().chain(rest).filter(is_told).collect()
    } else {
        first.to_vec()
    };
    learn_resource(&change.type_token, &change.id, side, names);
    let mut details = Vec::new();
    for name in wanted {
        if let Some(value) = properties.get(name) {
            flatten(path_part(name), value.get(), (mark, side), DEPTH_MAX, names, &mut details);
        }
    }
    // The links that ended with an object are changes already.
    if change.links.is_empty() {
        links(&object, (mark, side), is_whole, names, &mut details);
    }
    details
}

/// Adds the members of a value that hold something.
fn flatten(
    path: String,
    text: &str,
    (mark, side): (Mark, Side),
    depth_left: usize,
    names: &mut Names,
    details: &mut Vec<Detail>,
) {
    if matches!(text, "null" | "[]" | "{}" | "\"\"") {
        return;
    }
    let members: Option<BTreeMap<String, &RawValue>> =
        if depth_left > 0 && text.starts_with('{') { serde_json::from_str(text).ok() } else { None };
    let Some(members) = members else {
        details.push(Detail::Held { mark, value: named(&path, Some(text), side, names), path });
        return;
    };
    for (name, value) in members {
        let path = format!("{path}.{}", path_part(&name));
        flatten(path, value.get(), (mark, side), depth_left - 1, names, details);
    }
}

/// Adds the links of an object: a few of each relation, or all.
fn links(
    object: &Object,
    (mark, side): (Mark, Side),
    is_whole: bool,
    names: &mut Names,
    details: &mut Vec<Detail>,
) {
    for (relation, targets) in &object.links {
        let shown = if is_whole { targets.len() } else { LINK_COUNT_MAX };
        for id in targets.iter().take(shown) {
            let known = names.get_at(side, id);
            let target = target(&known.type_token, &known.name, id);
            details.push(Detail::Link { mark, relation: relation.to_string(), target, note: "" });
        }
        if let Some(more) = targets.len().checked_sub(shown).filter(|more| *more > 0) {
            details.push(Detail::Note(format!("{relation}: and {more} more")));
        }
    }
}

/// Reads the permissions that the object of a change offers, which its own values name by their IDs.
pub(super) fn learn_permissions(change: &ChangeRow, names: &mut Names) {
    if !change.attributes.is_empty() {
        learn_resource(&change.type_token, &change.id, side_of(change), names);
    }
}

fn learn_resource(type_token: &str, id: &str, side: Side, names: &mut Names) {
    if matches!(TypeId::from_token(type_token), Some(TypeId::Application | TypeId::ServicePrincipal)) {
        names.learn_permissions(side, id);
    }
}
