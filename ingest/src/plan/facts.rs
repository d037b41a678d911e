//! Owns what every draft is made from and no draft changes, and the questions that several kinds of change ask of it.

use super::assignment::Terms;
use super::draft::Returns;
use super::lookup::{Lookup, Presence};
use super::{PlanContext, PlanObject, PlanOptions, StepLink};

/// What was asked for, and how long roles of the wanted state were to last.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) options: PlanOptions,
    pub(super) context: PlanContext,
    pub(super) terms: Terms,
}

/// What drafts of one stage are made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'p> {
    pub(super) given: &'p Given,
    pub(super) lookup: &'p Lookup,
    pub(super) returns: &'p Returns,
}

/// It was there at an older state alone.
const GONE: &str = "it is not there any more";

impl Facts<'_> {
    /// Why nothing of an object can be changed, if the newest state does not have it and no step brings it back.
    pub(super) fn absence(&self, id: &str) -> Option<&'static str> {
        let is_there = self.lookup.known(id).is_none_or(|known| known.presence == Presence::Live);
        (!is_there && !self.returns.contains(id)).then_some(GONE)
    }

    /// Why nothing can be linked to an object, if nothing can.
    pub(super) fn target_obstacle(&self, target: &str) -> Option<&'static str> {
        if self.returns.contains(target) {
            return None;
        }
        match self.lookup.known(target)?.presence {
            Presence::Live => None,
            Presence::Binned => Some("the other end is in the recycle bin"),
            Presence::Gone => Some("the other end is gone"),
        }
    }

    /// A link as plans show it.
    pub(super) fn step_link(&self, relation: &str, target: &str) -> StepLink {
        let PlanObject { id, type_token, display_name } = self.lookup.shown(target);
        StepLink {
            relation: relation.to_owned(),
            target_id: id,
            target_type: type_token,
            target_name: display_name,
        }
    }
}
