//! Owns the exact difference between a day and the day before.

use std::collections::BTreeMap;

use super::Tenant;
use super::attribute;
use super::churn::{DayPlan, DayState, Links};
use super::layout::{Key, Layout};
use super::link::{self, MemberSequence};

/// How many things differ between a day and the day before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// Objects that are new; on day 0, all of them.
    pub added: u64,
    /// Objects that left: `soft_deleted` and `hard_deleted` together.
    pub removed: u64,
    /// Objects that moved to the bin; they are still read, with their `deletedDateTime`.
    pub soft_deleted: u64,
    /// Objects that were live the day before and are not read any more.
    pub hard_deleted: u64,
    /// Objects that were in the bin the day before and are not read any more.
    pub purged: u64,
    /// Objects live on both days with other attributes, other links, or both.
    pub changed: u64,
    /// Those of them with other attributes.
    pub attributes_changed_in: u64,
    /// Attributes that differ in objects live on both days, by path, arrays counting as one.
    pub attribute_changes: u64,
    /// Members, managers that are new in objects live on both days.
    pub links_added: u64,
    /// Members, managers that left objects live on both days.
    pub links_removed: u64,
    /// The attribute changes by type token and path.
    pub by_attribute: BTreeMap<(&'static str, &'static str), u64>,
}

/// The change of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The type token.
    pub token: &'static str,
    /// The object's ID.
    pub id: String,
    /// How it differs.
    pub action: ChangeAction,
}

/// The ways in which an object differs from the day before.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeAction {
    /// It is new.
    Added,
    /// It moved to the bin.
    SoftDeleted,
    /// It went without passing through the bin.
    HardDeleted,
    /// It left the bin for good.
    Purged,
    /// It is live on both days and differs.
    Updated {
        /// The paths that differ, in the order of the type's table.
        attributes: Vec<&'static str>,
        /// IDs that are new in `members` or `manager`.
        links_added: Vec<String>,
        /// IDs that left `members` or `manager`.
        links_removed: Vec<String>,
    },
}

impl Tenant {
    /// Says how many things differ between a day and the day before.
    #[must_use]
    pub fn day_expectation(&self, day: u32) -> Expectation {
        let Some((_, plan)) = self.plan(day) else {
            let added = u64::from(self.layout.objects);
            return Expectation { added, ..Expectation::default() };
        };
        let mut expectation = Expectation {
            added: plan.added.len() as u64,
            removed: (plan.soft_deleted.len() + plan.hard_deleted.len()) as u64,
            soft_deleted: plan.soft_deleted.len() as u64,
            hard_deleted: plan.hard_deleted.len() as u64,
            purged: plan.purged.len() as u64,
            changed: plan.changed.len() as u64,
            ..Expectation::default()
        };
        for changed in &plan.changed {
            expectation.attributes_changed_in += u64::from(!changed.entries.is_empty());
            for entry in &changed.entries {
                for path in attribute::entries(changed.key.kind)[*entry] {
                    expectation.attribute_changes += 1;
                    *expectation.by_attribute.entry((changed.key.kind.token(), path)).or_default() += 1;
                }
            }
            let (left, joined) = match changed.links {
                Links::Same => (0, 0),
                Links::Members { left, joined } => (left, joined),
                Links::Manager => (1, 1),
            };
            expectation.links_removed += u64::from(left);
            expectation.links_added += u64::from(joined);
        }
        expectation
    }

    /// Gives the change of each object between a day and the day before; none on day 0.
    #[must_use]
    pub fn day_changes(&self, day: u32) -> Vec<Change> {
        let Some((before, plan)) = self.plan(day) else {
            return Vec::new();
        };
        let layout = &self.layout;
        let mut changes = Vec::new();
        let whole = [
            (&plan.added, ChangeAction::Added),
            (&plan.soft_deleted, ChangeAction::SoftDeleted),
            (&plan.hard_deleted, ChangeAction::HardDeleted),
            (&plan.purged, ChangeAction::Purged),
        ];
        for (keys, action) in whole {
            changes.extend(keys.iter().map(|key| change(layout, *key, action.clone())));
        }
        for changed in &plan.changed {
            let mut entries = changed.entries.clone();
            entries.sort_unstable();
            let table = attribute::entries(changed.key.kind);
            let attributes = entries.iter().flat_map(|entry| table[*entry].iter().copied()).collect();
            let (links_removed, links_added) = moved(layout, &before, changed.key, changed.links);
            let action = ChangeAction::Updated { attributes, links_added, links_removed };
            changes.push(change(layout, changed.key, action));
        }
        changes
    }

    /// Plans a day, and gives the state before it.
    fn plan(&self, day: u32) -> Option<(DayState, DayPlan)> {
        let before = DayState::at(&self.layout, day.checked_sub(1)?);
        let plan = before.next_day(&self.layout);
        Some((before, plan))
    }
}

/// Names the changed object.
fn change(layout: &Layout, key: Key, action: ChangeAction) -> Change {
    Change { token: key.kind.token(), id: layout.id(key.kind, key.index).to_string(), action }
}

/// Gives the IDs of removed links and of added ones.
fn moved(layout: &Layout, before: &DayState, key: Key, links: Links) -> (Vec<String>, Vec<String>) {
    let history = before.history(key).cloned().unwrap_or_default();
    let user = |index: u32| layout.id(super::ObjectKind::User, index).to_string();
    match links {
        Links::Same => (Vec::new(), Vec::new()),
        Links::Members { left, joined } => {
            let members = MemberSequence::of(layout, key.index);
            let front = history.window.left;
            let back = members.first_count + history.window.joined;
            let ids = |from: u32, count: u32| {
                (from..from + count).map(|position| user(members.member(position))).collect()
            };
            (ids(front, left), ids(back, joined))
        }
        Links::Manager => {
            let manager = |revision| link::manager(layout, key.index, revision).map(user);
            (
                manager(history.manager).into_iter().collect(),
                manager(history.manager + 1).into_iter().collect(),
            )
        }
    }
}
