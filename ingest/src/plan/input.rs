//! What a plan is made of: changes, the two states between which they lie, what was chosen of them, and who asks.

use std::collections::{BTreeSet, HashMap};

use engine::coverage::Unread;
use engine::{Change, Snapshot};
use jiff::{SignedDuration, Timestamp};

use super::PlanOptions;

/// Everything a plan is made of.
#[derive(Debug)]
pub struct PlanInput {
    /// The changes from `from` to `to`.
    pub changes: Vec<Change>,
    /// What was not read at one of the two states, so that the plan says nothing of it.
    pub unread: Vec<Unread>,
    /// The state that is wanted back.
    pub from: Snapshot,
    /// The state whose values are to be replaced.
    pub to: Snapshot,
    /// A reading newer than `to`, when there is one.
    pub live: Option<Snapshot>,
    /// What was chosen of the changes; everything when none is given.
    pub selection: Option<Selection>,
    /// What was asked for besides.
    pub options: PlanOptions,
    /// Who asks, when, and for what tenant.
    pub context: PlanContext,
}

/// Who asks for a plan, when, and for what tenant.
#[derive(Debug, Clone)]
pub struct PlanContext {
    /// The tenant that the plan is for.
    pub tenant_id: String,
    /// Random bytes that the plan's ID is made of.
    pub seed: [u8; 32],
    /// The time.
    pub now: Timestamp,
    /// The wanted state as it was written, such as `latest~1`.
    pub from_point: String,
    /// The other state as it was written, such as `live`.
    pub to_point: String,
    /// The query or the filters, as they were written.
    pub query: String,
    /// Who will apply the plan.
    pub identity: Identity,
    /// IDs of accounts that no policy may cover.
    pub break_glass: Vec<String>,
    /// When a plan is too large or too old.
    pub limits: GuardLimits,
    /// Names of guards that are allowed.
    pub allow: Vec<String>,
}

/// Who will apply a plan, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The application's client ID.
    pub app_id: Option<String>,
    /// The object ID of its service principal.
    pub service_principal_id: Option<String>,
    /// The object ID of the user.
    pub user_id: Option<String>,
}

/// When a plan is too large or too old.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GuardLimits {
    /// Objects that may be touched.
    pub object_count_max: usize,
    /// The share of a type's objects that may be touched, from 0 to 1.
    pub type_share_max: f64,
    /// So many objects of a type may be touched whatever their share.
    pub type_count_min: usize,
    /// How old the newest state may be.
    pub age_max: SignedDuration,
}

impl Default for GuardLimits {
    fn default() -> Self {
        Self {
            object_count_max: 1000,
            type_share_max: 0.05,
            type_count_min: 20,
            age_max: SignedDuration::from_hours(24),
        }
    }
}

/// What was chosen of the changes: each object by its type and its ID as the change shows it.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    objects: HashMap<String, HashMap<String, Chosen>>,
}

/// One chosen row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChosenRow {
    /// A row of `diff`: whatever differs of the object.
    Whole,
    /// The row of an object among `changes`: its creation or deletion.
    Presence,
    /// The row of an attribute among `changes`, by its dotted path.
    Attribute(String),
    /// The row of a link among `changes`.
    Link {
        /// The relation.
        relation: String,
        /// The other end.
        target_id: String,
    },
}

/// What was chosen of one object.
#[derive(Debug, Clone, Default)]
pub(super) struct Chosen {
    pub(super) is_whole: bool,
    pub(super) has_presence: bool,
    attributes: BTreeSet<String>,
    links: BTreeSet<(String, String)>,
}

impl Selection {
    /// Adds a row.
    pub fn add(&mut self, type_token: &str, id: &str, row: ChosenRow) {
        let objects = match self.objects.get_mut(type_token) {
            Some(objects) => objects,
            None => self.objects.entry(type_token.to_owned()).or_default(),
        };
        let chosen = objects.entry(id.to_owned()).or_default();
        match row {
            ChosenRow::Whole => chosen.is_whole = true,
            ChosenRow::Presence => chosen.has_presence = true,
            ChosenRow::Attribute(name) => _ = chosen.attributes.insert(name),
            ChosenRow::Link { relation, target_id } => _ = chosen.links.insert((relation, target_id)),
        }
    }

    /// What was chosen of an object.
    pub(super) fn of(&self, change: &Change) -> Option<&Chosen> {
        self.objects.get(&*change.type_token)?.get(&change.id.to_string())
    }
}

impl Chosen {
    pub(super) fn has_attribute(&self, name: &str) -> bool {
        self.is_whole || self.attributes.contains(name)
    }

    pub(super) fn has_link(&self, relation: &str, target_id: &str) -> bool {
        self.is_whole || self.links.iter().any(|(name, target)| name == relation && target == target_id)
    }

    /// Whether the row of the object is the only one.
    pub(super) fn is_bare(&self) -> bool {
        self.has_presence && !self.is_whole && self.attributes.is_empty() && self.links.is_empty()
    }
}
