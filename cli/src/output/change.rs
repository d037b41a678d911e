//! Changes: as rows, counted, and drawn for people ([`text`], [`page`], [`markdown`]), all of the same [`detail`].

pub(crate) mod content;
pub(crate) mod detail;
pub(crate) mod event;
pub(crate) mod markdown;
mod model;
pub(crate) mod named;
pub(crate) mod page;
mod paired;
pub(crate) mod text;
mod value;

pub(crate) use value::path_part;

use std::collections::BTreeMap;

use super::risk::Finding;
use super::text::{counted, grouped};
use super::{Cell, Rows, json};
use crate::change::{AttributeRow, ChangeRow, LinkRow, Totals};
use crate::conditional_access::Reading;

/// A difference as pages and documents show it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Difference<'d> {
    pub(crate) changes: &'d [ChangeRow],
    pub(crate) findings: &'d [Finding],
    /// The conditional access policies among the changed objects, by ID.
    pub(crate) policies: &'d BTreeMap<String, Reading>,
    /// Whether everything is shown of what new and deleted objects hold.
    pub(crate) is_whole: bool,
}

/// Columns of a difference.
const COLUMNS: &[&str] = &[
    "id",
    "type",
    "displayName",
    "change",
    "recoveryAction",
    "reason",
    "attributes",
    "links",
    "attributeCount",
    "linkCount",
    "unknown",
];

/// Columns of a summary.
const SUMMARY_COLUMNS: &[&str] = &["type", "change", "objects", "attributes", "links"];

/// The rows under their columns.
pub(crate) fn rows(changes: &[ChangeRow]) -> Rows {
    Rows { columns: COLUMNS, cells: changes.iter().map(cells).collect() }
}

/// The rows as one JSON array.
pub(crate) fn json_array(changes: &[ChangeRow]) -> String {
    array(changes.iter().map(|change| json::row_text(COLUMNS, &cells(change))))
}

fn cells(change: &ChangeRow) -> Vec<Cell> {
    vec![
        Cell::text(&change.id),
        Cell::text(&change.type_token),
        Cell::text(&change.display_name),
        Cell::text(&change.change),
        Cell::text(&change.recovery_action),
        Cell::text(&change.reason),
        Cell::Json(array(change.attributes.iter().map(attribute_json))),
        Cell::Json(array(change.links.iter().map(link_json))),
        Cell::Number(change.attributes.len() as u64),
        Cell::Number(change.links.len() as u64),
        Cell::Json(array(change.unknown.iter().map(|name| json::quoted(name)))),
    ]
}

fn attribute_json(attribute: &AttributeRow) -> String {
    let value = |text: &Option<String>| Cell::Json(json::value(text.as_deref()));
    let cells = [Cell::text(&attribute.name), value(&attribute.from_value), value(&attribute.to_value)];
    json::row_text(&["name", "fromValue", "toValue"], &cells)
}

fn link_json(link: &LinkRow) -> String {
    let members = [
        ("relation", &link.relation),
        ("targetId", &link.target_id),
        ("change", &link.change),
        ("reason", &link.reason),
        ("direction", &link.direction),
    ];
    // What has nothing to say is left out, but for the three that every link has.
    let told = members.iter().enumerate().filter(|(index, (_, value))| *index < 3 || !value.is_empty());
    let (names, cells): (Vec<&str>, Vec<Cell>) =
        told.map(|(_, (name, value))| (*name, Cell::text(*value))).unzip();
    json::row_text(&names, &cells)
}

fn array(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

/// Counts per type and kind of change, sorted by both.
pub(crate) fn summary(changes: &[ChangeRow]) -> Rows {
    let mut groups: BTreeMap<(&str, &str), Totals> = BTreeMap::new();
    for change in changes {
        groups.entry((&change.type_token, &change.change)).or_default().add(change);
    }
    let cells = groups.into_iter().map(|((type_token, change), totals)| {
        let numbers = [totals.objects, totals.attributes, totals.links].map(Cell::Number);
        [Cell::text(type_token), Cell::text(change)].into_iter().chain(numbers).collect()
    });
    Rows { columns: SUMMARY_COLUMNS, cells: cells.collect() }
}

/// One sentence that counts: `3 objects differ (1 added, 2 updated), 4 attributes, 1 link`.
pub(crate) fn sentence(changes: &[ChangeRow]) -> String {
    if changes.is_empty() {
        return "no difference".to_owned();
    }
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for change in changes {
        *kinds.entry(&change.change).or_default() += 1;
    }
    let kinds: Vec<String> =
        kinds.into_iter().map(|(kind, count)| format!("{} {kind}", grouped(count))).collect();
    let totals = Totals::of(changes);
    let verb = if totals.objects == 1 { "differs" } else { "differ" };
    format!(
        "{} {verb} ({}), {}, {}",
        counted(totals.objects, "object"),
        kinds.join(", "),
        counted(totals.attributes, "attribute"),
        counted(totals.links, "link")
    )
}

/// What to know of objects whose contents were left out; nothing when none were.
fn unshown(budget: &content::Budget) -> Option<String> {
    (budget.unshown > 0).then(|| {
        format!("what {} more hold is shown with --verbose", counted(budget.unshown, "new or deleted object"))
    })
}

#[cfg(test)]
mod tests;
