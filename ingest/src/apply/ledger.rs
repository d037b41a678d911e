//! Owns what is known of each step of a recovery: recorded in the journal first, then counted.

use std::borrow::Cow;
use std::collections::BTreeMap;

use engine::records::{RecoveryJournal, StepOutcome, StepStatus};
use jiff::Timestamp;
use serde_json::json;

use super::error::Result;
use super::record::{self, Created, created_by};
use super::send::{self, Sent};
use super::template::Filling;
use super::{ApplyRequest, crash_here};
use crate::plan::{ENDPOINT, Step, StepKind};

/// The steps of a recovery, with what is known of each.
pub(super) struct Ledger<'a> {
    pub(super) steps: Cow<'a, [Step]>,
    pub(super) outcomes: BTreeMap<String, StepOutcome>,
    pub(super) created: Created,
    journal: RecoveryJournal,
    request: &'a ApplyRequest<'a>,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(
        steps: Cow<'a, [Step]>,
        journal: RecoveryJournal,
        outcomes: BTreeMap<String, StepOutcome>,
        request: &'a ApplyRequest<'a>,
    ) -> Self {
        let created = created_by(&outcomes);
        Self { steps, outcomes, created, journal, request }
    }

    pub(super) fn into_parts(self) -> (RecoveryJournal, BTreeMap<String, StepOutcome>) {
        (self.journal, self.outcomes)
    }

    pub(super) fn status(&self, id: &str) -> StepStatus {
        self.outcomes.get(id).map_or(StepStatus::Pending, |outcome| outcome.status)
    }

    /// The status of the step with an index.
    pub(super) fn status_at(&self, index: usize) -> StepStatus {
        self.status(&self.steps[index].id)
    }

    /// Whether a step depends on one of a kind.
    pub(super) fn follows(&self, step: &Step, kind: StepKind) -> bool {
        let of_kind = |id: &String| self.outcomes.get(id).is_some_and(|outcome| outcome.kind == kind);
        step.depends_on.iter().any(of_kind)
    }

    /// Whether a replica may not know yet what a step is about.
    pub(super) fn follows_a_return(&self, step: &Step) -> bool {
        self.follows(step, StepKind::Restore) || self.follows(step, StepKind::Recreate)
    }

    /// Records outcomes.
    pub(super) fn record(&mut self, outcomes: Vec<StepOutcome>) -> Result<()> {
        if outcomes.is_empty() {
            return Ok(());
        }
        crash_here(self.request, "record")?;
        self.journal.append(&outcomes)?;
        for outcome in outcomes {
            if !outcome.created.is_empty() {
                self.created.insert(outcome.id.clone(), outcome.created.clone());
            }
            self.outcomes.insert(outcome.id.clone(), outcome);
        }
        Ok(())
    }

    /// What is known of a step after its answer; a lost one says nothing.
    pub(super) fn outcome_of(&self, index: usize, sent: Sent, now: Timestamp) -> StepOutcome {
        let step = &self.steps[index];
        let known = self.outcomes.get(&step.id).cloned();
        let mut outcome = known.unwrap_or_else(|| record::outcome_of(step, StepStatus::Intended));
        outcome.completed = Some(now);
        match sent {
            Sent::Done { created, request_id } => {
                outcome.status = StepStatus::Done;
                (outcome.created, outcome.request_id) = (created, request_id);
            }
            Sent::Refused { error, request_id, made, status } => {
                outcome.status = StepStatus::Failed;
                (outcome.error, outcome.request_id) = (send::explained(step, status, error), request_id);
                self.keep_made(step, &mut outcome, &made);
            }
            Sent::Partly { written, error, request_id } => {
                outcome.status = StepStatus::Failed;
                (outcome.written, outcome.error, outcome.request_id) = (written, error, request_id);
            }
            Sent::Held | Sent::Unanswered => {}
        }
        outcome
    }

    /// What is known of a step that may have taken effect.
    pub(super) fn uncertain(&self, index: usize, what: &str, now: Timestamp) -> StepOutcome {
        let mut outcome = self.outcome_of(index, Sent::Held, now);
        outcome.status = StepStatus::Uncertain;
        outcome.error = json!({ "message": what });
        outcome
    }

    /// Keeps of a refused step the links that were made or taken away all the same, so that undoing knows them.
    fn keep_made(&self, step: &Step, outcome: &mut StepOutcome, made: &[String]) {
        let Some(relation) = step.links.first().map(|link| link.relation.clone()) else { return };
        if made.is_empty() {
            return;
        }
        let filling = Filling { endpoint: ENDPOINT, created: &self.created, password: &String::new };
        if let Some(links) = outcome.links.as_array_mut() {
            links.retain(|link| made.contains(&filling.text(link["targetId"].as_str().unwrap_or_default())));
        }
        outcome.written = vec![relation];
    }
}
