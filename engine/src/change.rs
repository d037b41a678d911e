//! What a difference is made of: changed objects, their attributes and links, and what would undo them.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use crate::ObjectId;

/// A text of a change. One of at most 23 bytes, as most values are, needs no memory of its own: a difference makes up to
/// millions of them. It reads as a `&str`.
pub use smol_str::SmolStr as Text;

/// How an object's presence or content differs between two points in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// Absent, then live.
    Added,
    /// Live on both sides, with other attributes or links.
    Updated,
    /// Live, then in the recycle bin.
    SoftDeleted,
    /// Live, then gone; the bin was read and it is not there.
    HardDeleted,
    /// Live, then gone; the bin could not be read.
    Deleted,
    /// In the recycle bin, then live.
    Restored,
    /// In the recycle bin, then gone.
    Purged,
    /// Absent, then in the recycle bin.
    CreatedAndDeleted,
}

impl ChangeKind {
    /// The name used in output and in queries, such as `softDeleted`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Updated => "updated",
            Self::SoftDeleted => "softDeleted",
            Self::HardDeleted => "hardDeleted",
            Self::Deleted => "deleted",
            Self::Restored => "restored",
            Self::Purged => "purged",
            Self::CreatedAndDeleted => "createdAndDeleted",
        }
    }
}

/// What would bring the object of a change back to how it was on the *from* side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecoveryAction {
    /// Write the old attributes and links.
    Update,
    /// Restore from the recycle bin.
    Restore,
    /// Move to the recycle bin.
    SoftDelete,
    /// Create again, under a new ID.
    Recreate,
    /// Make a relation object again.
    Add,
    /// Remove a relation object.
    Remove,
    /// Nothing can or need be done; the reason says why.
    None,
}

impl RecoveryAction {
    /// The name used in output and in queries, such as `softDelete`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Restore => "restore",
            Self::SoftDelete => "softDelete",
            Self::Recreate => "recreate",
            Self::Add => "add",
            Self::Remove => "remove",
            Self::None => "none",
        }
    }
}

/// One object that differs between two points in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Type token, such as `user`.
    pub type_token: Arc<str>,
    /// The object's ID as Graph gives it.
    pub id: ObjectId,
    /// The object's display name, from the later side where it has one; empty if it has none.
    pub display_name: Text,
    /// How it differs.
    pub kind: ChangeKind,
    /// What would undo it.
    pub action: RecoveryAction,
    /// Why `action` is `None`, or what prevents it.
    pub reason: Option<&'static str>,
    /// When the object was last read before a side that did not observe it; none when both did, or when it never was.
    pub last_read: Option<Timestamp>,
    /// Attributes that differ, by name; empty unless both sides have the object.
    pub attributes: Vec<AttributeChange>,
    /// Links that differ, those that ended with a deleted object included; by relation, then target ID.
    pub links: Vec<LinkChange>,
    /// Properties and relations not observed on one of the two sides.
    pub unknown: Vec<String>,
}

/// Why nothing undoes a change whose *from* side did not observe whether the object was there.
pub(crate) const UNOBSERVED_AT_FROM: &str = "not observed at FROM";
/// Why nothing undoes a change whose *to* side did not observe whether the object was there.
pub(crate) const UNOBSERVED_AT_TO: &str = "not observed at TO";

impl Change {
    /// Whether one of the sides did not observe whether the object was there, so that it may have been as on the other.
    #[must_use]
    pub fn is_unobserved(&self) -> bool {
        matches!(self.reason, Some(UNOBSERVED_AT_FROM | UNOBSERVED_AT_TO))
    }

    /// The reason as people read it, with the time of the last reading where that is the point; empty if there is none.
    #[must_use]
    pub fn reason_text(&self) -> Cow<'static, str> {
        match (self.reason, self.last_read) {
            (Some(reason), Some(time)) => format!("{reason} (last read {time})").into(),
            (reason, _) => reason.unwrap_or_default().into(),
        }
    }
}

/// One attribute that differs. Values are JSON texts; `None` is an absent property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeChange {
    /// Dotted path, such as `employeeOrgData.division`.
    pub name: Arc<str>,
    /// The value on the *from* side.
    pub from: Option<Text>,
    /// The value on the *to* side.
    pub to: Option<Text>,
}

/// Whether a link was added or removed between the *from* side and the *to* side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkAction {
    /// Not there, then there.
    Added,
    /// There, then not.
    Removed,
}

impl LinkAction {
    /// `added` or `removed`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }
}

/// One link that was added or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkChange {
    /// Relation name, such as `members`.
    pub relation: Arc<str>,
    /// ID of the object at the other end.
    pub target_id: ObjectId,
    /// Whether it was added or removed.
    pub action: LinkAction,
    /// Which end of the link `target_id` is, when it ended because an object at one of its ends was deleted; none when
    /// it was added or removed by itself, and `target_id` is its target.
    pub cascade: Option<LinkEnd>,
}

/// An end of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkEnd {
    /// The object that has the link.
    Source,
    /// The object that it leads to.
    Target,
}
