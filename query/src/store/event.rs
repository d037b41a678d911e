//! Changes as rows of one subject each: an object itself, one of its attributes, one of its links.

use std::sync::Arc;

use engine::{AttributeChange, Change, DifferenceFilter, LinkChange, LinkEnd, ListChange, ObjectId};

use super::cells::{self, ColumnSpec};
use super::target::{Target, Targets};
use super::{condition, diff};
use crate::batch::{Batch, Column};
use crate::error::TableError;
use crate::table::Condition;
use crate::value::{Type, Value};

/// The columns of `changes`; those of `history` go on with [`MOMENT_COLUMNS`].
pub(super) const COLUMNS: [ColumnSpec; 14] = [
    ("id", Type::String),
    ("type", Type::String),
    ("displayName", Type::String),
    ("change", Type::String),
    ("kind", Type::String),
    ("name", Type::String),
    ("action", Type::String),
    ("fromValue", Type::Dynamic),
    ("toValue", Type::Dynamic),
    ("targetId", Type::String),
    ("targetType", Type::String),
    ("targetName", Type::String),
    ("added", Type::Dynamic),
    ("removed", Type::Dynamic),
];
/// When a change happened, as far as backups tell.
pub(super) const MOMENT_COLUMNS: [ColumnSpec; 2] = [("backup", Type::String), ("takenAt", Type::Datetime)];

pub(super) const ID: usize = 0;
const TYPE: usize = 1;
const DISPLAY_NAME: usize = 2;
const CHANGE: usize = 3;
pub(super) const KIND: usize = 4;
const NAME: usize = 5;
const ACTION: usize = 6;
const FROM_VALUE: usize = 7;
const TO_VALUE: usize = 8;
const TARGET_ID: usize = 9;
const TARGET_TYPE: usize = 10;
const TARGET_NAME: usize = 11;
const ADDED: usize = 12;
const REMOVED: usize = 13;
pub(super) const BACKUP: usize = COLUMNS.len();
pub(super) const TAKEN_AT: usize = COLUMNS.len() + 1;

/// Words of the column `kind`.
const OBJECT: &str = "object";
const ATTRIBUTE: &str = "attribute";
const LINK: &str = "link";
/// A link that ended with the object that had it.
const LOST_LINK: &str = "lostLink";
/// A link of another object that ended with the one it led to; `targetId` is that other object.
const LOST_INCOMING_LINK: &str = "lostIncomingLink";

/// One row: which change, and what of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    change: u32,
    subject: Subject,
}

#[derive(Debug, Clone, Copy)]
enum Subject {
    Object,
    Attribute(u32),
    Link(u32),
}

/// What the engine is to look for.
pub(super) fn filter(conditions: &[Condition]) -> DifferenceFilter {
    let admits = |kinds: &[&str]| kinds.iter().any(|kind| condition::admits_text(conditions, KIND, *kind));
    let needs_lost_links = admits(&[LOST_LINK, LOST_INCOMING_LINK]);
    DifferenceFilter {
        objects_only: !(needs_lost_links || admits(&[ATTRIBUTE, LINK])),
        cascades: diff::cascades(conditions, needs_lost_links),
        ..diff::filter(conditions)
    }
}

/// Whether rows of whole objects may be needed.
pub(super) fn needs_objects(conditions: &[Condition]) -> bool {
    condition::admits_text(conditions, KIND, OBJECT)
}

/// The rows of changes that conditions admit, in the order of the changes.
pub(super) fn events(changes: &[Change], conditions: &[Condition]) -> Vec<Event> {
    let admits = |column, text: &str| condition::admits_text(conditions, column, text);
    let admits_id = |column, id: &ObjectId| condition::admits_text(conditions, column, id);
    let mut events = Vec::with_capacity(changes.len());
    for (position, change) in changes.iter().enumerate() {
        let admitted = admits_id(ID, &change.id)
            && admits(TYPE, &change.type_token)
            && admits(DISPLAY_NAME, &change.display_name)
            && admits(CHANGE, change.kind.name());
        if !admitted {
            continue;
        }
        let attributes = (0..change.attributes.len()).map(|index| Subject::Attribute(number(index)));
        let links = (0..change.links.len()).map(|index| Subject::Link(number(index)));
        for subject in [Subject::Object].into_iter().chain(attributes).chain(links) {
            let row = EventRow { change, subject };
            let is_needed = admits(KIND, row.kind())
                && admits(NAME, row.name())
                && admits(ACTION, row.action())
                && row
                    .link()
                    .map_or_else(|| admits(TARGET_ID, ""), |link| admits_id(TARGET_ID, &link.target_id));
            if is_needed {
                events.push(Event { change: number(position), subject });
            }
        }
    }
    events
}

fn number(index: usize) -> u32 {
    u32::try_from(index).expect("changes are of objects, which ordinals of 32 bits number")
}

/// One row and the change it is of.
#[derive(Clone, Copy)]
struct EventRow<'c> {
    change: &'c Change,
    subject: Subject,
}

impl<'c> EventRow<'c> {
    fn attribute(self) -> Option<&'c AttributeChange> {
        match self.subject {
            Subject::Attribute(index) => self.change.attributes.get(index as usize),
            _ => None,
        }
    }

    fn link(self) -> Option<&'c LinkChange> {
        match self.subject {
            Subject::Link(index) => self.change.links.get(index as usize),
            _ => None,
        }
    }

    fn kind(self) -> &'static str {
        match self.subject {
            Subject::Object => OBJECT,
            Subject::Attribute(_) => ATTRIBUTE,
            Subject::Link(_) => match self.link().and_then(|link| link.cascade) {
                None => LINK,
                Some(LinkEnd::Target) => LOST_LINK,
                Some(LinkEnd::Source) => LOST_INCOMING_LINK,
            },
        }
    }

    fn name(self) -> &'c str {
        let attribute = self.attribute().map(|attribute| &*attribute.name);
        attribute.or_else(|| self.link().map(|link| &*link.relation)).unwrap_or_default()
    }

    fn action(self) -> &'static str {
        match self.subject {
            Subject::Object => "",
            Subject::Attribute(_) => "set",
            Subject::Link(_) => self.link().map_or("", |link| link.action.name()),
        }
    }

    /// Empty where it is no link.
    fn target_id(self) -> String {
        self.link().map_or_else(String::new, |link| link.target_id.to_string())
    }
}

impl Event {
    /// The index of its change.
    pub(super) fn change(self) -> usize {
        self.change as usize
    }
}

/// Rows that make a batch.
pub(super) struct Events<'e> {
    pub(super) changes: &'e [Change],
    pub(super) of: &'e [Event],
    pub(super) targets: &'e Targets<'e>,
    /// The index of the backup that made a change, where there is just one.
    pub(super) index: &'e dyn Fn(usize) -> Option<usize>,
}

impl Events<'_> {
    /// The wanted columns; those of the moment are made by `moment`.
    pub(super) fn batch(
        &self,
        wanted: &[usize],
        moment: &dyn Fn(usize) -> Column,
    ) -> Result<Batch, TableError> {
        let needs_targets = wanted.iter().any(|column| matches!(*column, TARGET_TYPE | TARGET_NAME));
        let targets = if needs_targets { self.targets()? } else { Vec::new() };
        let columns = wanted.iter().map(|column| match *column {
            TARGET_TYPE => cells::names(targets.iter().map(|target| &*target.type_token)),
            TARGET_NAME => cells::names(targets.iter().map(|target| &*target.name)),
            BACKUP.. => moment(*column),
            column => self.column(column),
        });
        Ok(Batch { columns: columns.collect(), row_count: self.of.len() })
    }

    fn targets(&self) -> Result<Vec<Target>, TableError> {
        let indexes = self.of.iter().map(|event| (self.index)(event.change()));
        let ids: Vec<String> = self.rows().map(EventRow::target_id).collect();
        let wanted: Vec<(&str, Option<usize>)> = ids.iter().map(String::as_str).zip(indexes).collect();
        self.targets.find(&wanted)
    }

    fn rows(&self) -> impl Iterator<Item = EventRow<'_>> {
        self.of.iter().map(|event| EventRow { change: &self.changes[event.change()], subject: event.subject })
    }

    fn column(&self, column: usize) -> Column {
        match column {
            ID => self.of_changes(|change| cells::id(&change.id)),
            TYPE => cells::names(self.rows().map(|row| &*row.change.type_token)),
            DISPLAY_NAME => self.of_changes(|change| Value::text(&change.display_name)),
            CHANGE => cells::names(self.rows().map(|row| row.change.kind.name())),
            KIND => cells::names(self.rows().map(EventRow::kind)),
            NAME => cells::names(self.rows().map(EventRow::name)),
            ACTION => cells::names(self.rows().map(EventRow::action)),
            FROM_VALUE => self.values(|attribute| attribute.from.as_deref()),
            TO_VALUE => self.values(|attribute| attribute.to.as_deref()),
            ADDED => self.elements(|change| change.added),
            REMOVED => self.elements(|change| change.removed),
            _ => {
                let ids: Vec<String> = self.rows().map(EventRow::target_id).collect();
                cells::names(ids.iter().map(String::as_str))
            }
        }
    }

    /// A value of each change: the rows of a change follow one another and share it.
    fn of_changes(&self, value: impl Fn(&Change) -> Value) -> Column {
        let mut values: Vec<Value> = Vec::new();
        let (mut codes, mut last) = (Vec::with_capacity(self.of.len()), None);
        for event in self.of {
            if last != Some(event.change) {
                values.push(value(&self.changes[event.change()]));
                last = Some(event.change);
            }
            codes.push(number(values.len() - 1));
        }
        Column::Dictionary { codes: Arc::new(codes), values: Arc::new(values) }
    }

    /// What lists gain, or lose; null where there is none.
    fn elements(&self, of: fn(ListChange) -> Vec<String>) -> Column {
        let value = |row: EventRow<'_>| {
            let AttributeChange { name, from, to } = row.attribute()?;
            let change = ListChange::between(&row.change.type_token, name, from.as_deref(), to.as_deref())?;
            let elements = of(change).into_iter().map(|element| cells::json_value(Some(&element)));
            Some(cells::array(elements.collect()))
        };
        Column::of(self.rows().map(|row| value(row).unwrap_or(Value::Null)).collect())
    }

    fn values<'s>(&'s self, text: impl Fn(&'s AttributeChange) -> Option<&'s str>) -> Column {
        Column::of(self.rows().map(|row| cells::json_value(row.attribute().and_then(&text))).collect())
    }
}
