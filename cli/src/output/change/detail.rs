//! What a change comes to, whatever it is printed as: values path by path, lists element by element, links, each with
//! the names of what it points at; and of an object that is new or gone what it holds.

use engine::listed_names;
use ingest::plan::StepLink;

use super::content;
use super::model::target;
pub(crate) use super::model::{Detail, Extent, Mark, mark_of, side_of};
use super::named::named;
use super::paired::{Pairs, pair};
use super::value::{ValueDifference, differences};
use crate::change::{AttributeRow, ChangeRow, LinkRow};
use crate::names::{Names, Side};
use crate::sentence;

/// What the object of a change is called: by its name, or by a sentence when it relates others; empty when it has neither.
pub(crate) fn title_of(change: &ChangeRow, names: &mut Names) -> String {
    let found = sentence::at(&change.type_token, &change.id, names, side_of(change));
    found.unwrap_or_else(|| change.display_name.clone())
}

/// What undoes a change, or why nothing does; empty when there is nothing to say.
pub(crate) fn undo_of(change: &ChangeRow) -> String {
    match (change.recovery_action.as_str(), change.reason.as_str()) {
        ("none", reason) => reason.to_owned(),
        (action, "") => format!("undo: {action}"),
        (action, reason) => format!("undo: {action} ({reason})"),
    }
}

/// Everything that changed in an object.
pub(crate) fn details(change: &ChangeRow, names: &mut Names, extent: Extent) -> Vec<Detail> {
    let mut details = content::of(change, names, extent);
    content::learn_permissions(change, names);
    for attribute in &change.attributes {
        details.extend(of_attribute(&change.type_token, attribute, names));
    }
    details.extend(change.links.iter().map(|link| of_link(link, names)));
    if !change.unknown.is_empty() {
        details.push(Detail::Unobserved(change.unknown.join(", ")));
    }
    details
}

fn of_attribute(type_token: &str, attribute: &AttributeRow, names: &mut Names) -> Vec<Detail> {
    let AttributeRow { name, from_value, to_value } = attribute;
    let (from, to) = (from_value.as_deref(), to_value.as_deref());
    match (listed_names(type_token, name, from), listed_names(type_token, name, to)) {
        (Some(from), Some(to)) if from != to => paired_values(name, Some(&from), Some(&to), names),
        _ => paired_values(name, from, to, names),
    }
}

/// What differs between the two values at a path, each with the names of its side.
pub(crate) fn values(
    path: &str,
    from: Option<&str>,
    to: Option<&str>,
    sides: [Side; 2],
    names: &mut Names,
) -> Vec<Detail> {
    let found = differences(path, from, to).into_iter();
    found.map(|difference| of_difference(difference, sides, names)).collect()
}

/// As [`values`], with what differs in an element that stands on both sides shown alone.
fn paired_values(path: &str, from: Option<&str>, to: Option<&str>, names: &mut Names) -> Vec<Detail> {
    let sides = [Side::From, Side::To];
    let mut details = Vec::new();
    for difference in differences(path, from, to) {
        let ValueDifference::List { path, removed, added, order } = difference else {
            details.push(of_difference(difference, sides, names));
            continue;
        };
        let pairs = pair(removed, added);
        for (identity, before, after) in pairs.changed {
            let known = names.get(&identity).name;
            let label = if known.is_empty() { &identity } else { &known };
            details.extend(paired_values(&format!("{path}[{label}]"), Some(before), Some(after), names));
        }
        let Pairs { removed, added, .. } = pairs;
        if !(removed.is_empty() && added.is_empty()) {
            details.push(of_difference(ValueDifference::List { path, removed, added, order }, sides, names));
        }
    }
    details
}

fn of_difference(difference: ValueDifference<'_>, [before, after]: [Side; 2], names: &mut Names) -> Detail {
    match difference {
        ValueDifference::Value { path, from, to } => {
            let (from, to) = (named(&path, from, before, names), named(&path, to, after, names));
            Detail::Value { path, from, to }
        }
        ValueDifference::List { path, removed, added, order } => {
            let removed = removed.into_iter().map(|element| (Mark::Removed, before, element));
            let added = added.into_iter().map(|element| (Mark::Added, after, element));
            let elements = removed.chain(added);
            let elements =
                elements.map(|(mark, side, element)| (mark, named(&path, Some(element), side, names)));
            Detail::List { elements: elements.collect(), order: order.map(str::to_owned), path }
        }
    }
}

fn of_link(link: &LinkRow, names: &mut Names) -> Detail {
    let (mark, side) = if link.is_added() { (Mark::Added, Side::To) } else { (Mark::Removed, Side::From) };
    let known = names.get_at(side, &link.target_id);
    Detail::Link {
        mark,
        relation: link.relation.clone(),
        target: target(&known.type_token, &known.name, &link.target_id),
        note: link.how(),
    }
}

/// A link of a step of a plan.
pub(crate) fn of_step_link(mark: Mark, link: &StepLink) -> Detail {
    let target = target(&link.target_type, &link.target_name, &link.target_id);
    Detail::Link { mark, relation: link.relation.clone(), target, note: "" }
}
