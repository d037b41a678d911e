//! Changes as rows of one thing each, as `changes(from, to)` has them: an object, an attribute of it, a link of it.

use engine::ListChange;

use crate::change::{AttributeRow, ChangeRow, LinkRow};
use crate::names::{Known, Names};
use crate::output::{Cell, Rows, json};

/// The columns of every such row.
pub(crate) const COLUMNS: [&str; 14] = [
    "id",
    "type",
    "displayName",
    "change",
    "kind",
    "name",
    "action",
    "fromValue",
    "toValue",
    "targetId",
    "targetType",
    "targetName",
    "added",
    "removed",
];

/// The columns of a difference in which each change has a row.
const DIFFERENCE_COLUMNS: &[&str] = &columns(["recoveryAction", "reason"]);

/// The columns of every such row, and two more behind them.
pub(crate) const fn columns(more: [&'static str; 2]) -> [&'static str; 16] {
    let (mut names, mut index) = ([""; 16], 0);
    while index < names.len() {
        names[index] = if index < COLUMNS.len() { COLUMNS[index] } else { more[index - COLUMNS.len()] };
        index += 1;
    }
    names
}

/// A row for each object that differs, and one for each attribute and link of it that does.
pub(crate) fn rows(changes: &[ChangeRow], names: &mut Names) -> Rows {
    let mut cells = Vec::new();
    for change in changes {
        let whole = object(change);
        for mut row in std::iter::once(whole).chain(details(change, names)) {
            row.extend([&change.recovery_action, &change.reason].map(Cell::text));
            cells.push(row);
        }
    }
    Rows { columns: DIFFERENCE_COLUMNS, cells }
}

/// What a row is about, besides the object.
#[derive(Default)]
struct Thing<'c> {
    kind: &'static str,
    name: &'c str,
    action: &'c str,
    values: [Option<&'c str>; 2],
    lists: Option<ListChange>,
    target_id: &'c str,
    target: Known,
}

/// The row of an object itself.
pub(crate) fn object(change: &ChangeRow) -> Vec<Cell> {
    row(change, Thing { kind: "object", ..Thing::default() })
}

/// The rows of the attributes and links that differ.
pub(crate) fn details(change: &ChangeRow, names: &mut Names) -> Vec<Vec<Cell>> {
    let attributes = change.attributes.iter().map(|attribute| of_attribute(change, attribute));
    let mut rows: Vec<Vec<Cell>> = attributes.collect();
    rows.extend(change.links.iter().map(|link| of_link(change, link, names)));
    rows
}

fn of_attribute(change: &ChangeRow, AttributeRow { name, from_value, to_value }: &AttributeRow) -> Vec<Cell> {
    let values = [from_value.as_deref(), to_value.as_deref()];
    let lists = ListChange::between(&change.type_token, name, values[0], values[1]);
    row(change, Thing { kind: "attribute", name, action: "set", values, lists, ..Thing::default() })
}

fn of_link(change: &ChangeRow, link: &LinkRow, names: &mut Names) -> Vec<Cell> {
    let kind = match (link.reason.as_str(), link.direction.as_str()) {
        ("", _) => "link",
        (_, "") => "lostLink",
        _ => "lostIncomingLink",
    };
    let (name, action, target_id) = (&link.relation, &link.change, &link.target_id);
    let target = names.get(target_id);
    row(change, Thing { kind, name, action, target_id, target, ..Thing::default() })
}

fn row(change: &ChangeRow, thing: Thing<'_>) -> Vec<Cell> {
    let [from, to] = thing.values.map(|value| value.map_or(Cell::Null, value_cell));
    let (added, removed) = thing.lists.map(|lists| (lists.added, lists.removed)).unzip();
    let array = |elements: Option<Vec<String>>| {
        elements.map_or(Cell::Null, |elements| Cell::Json(format!("[{}]", elements.join(","))))
    };
    vec![
        Cell::text(&change.id),
        Cell::text(&change.type_token),
        Cell::text(&change.display_name),
        Cell::text(&change.change),
        Cell::text(thing.kind),
        Cell::text(thing.name),
        Cell::text(thing.action),
        from,
        to,
        Cell::text(thing.target_id),
        Cell::Text(thing.target.type_token),
        Cell::Text(thing.target.name),
        array(added),
        array(removed),
    ]
}

/// A value of an attribute: a text as it is, anything else as JSON.
fn value_cell(value: &str) -> Cell {
    match serde_json::from_str::<String>(value) {
        Ok(text) => Cell::Text(text),
        Err(_) => Cell::Json(json::value(Some(value))),
    }
}
