//! Owns requests whose answers were lost, on the way or with the process that waited: what they may have made is looked
//! for before anything is sent again, so that nothing is made twice.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::crash_here;
use engine::records::{StepOutcome, StepStatus};

use super::error::Result;
use super::run::{Applier, Ready};
use super::send::{self, Found, Sent};
use super::standing::{Image, Standing};
use crate::graph::Call;
use crate::plan::StepKind;

impl Applier<'_> {
    /// What became of requests that left and were not answered, by their places in the plan.
    ///
    /// Replicas may show late what was made, so that what is not there is looked for until they had the time they are
    /// given since the request left; all of them together, so that many wait no longer than one.
    pub(super) async fn find_lost(&self, indexes: &[usize]) -> Result<BTreeMap<usize, Found>> {
        let mut found = BTreeMap::new();
        let mut open = indexes.to_vec();
        let settled_at = indexes.iter().filter_map(|index| self.settled_at(*index)).max();
        while !open.is_empty() {
            let is_settled = settled_at.is_none_or(|at| self.client.clock().now() >= at);
            let looked = self.look(&open).await?;
            found.extend(looked.into_iter().filter(|(_, found)| is_settled || *found != Found::None));
            open.retain(|index| !found.contains_key(index));
            if !open.is_empty() {
                self.rest().await?;
            }
        }
        Ok(found)
    }

    /// When replicas show whatever the request of a step did.
    fn settled_at(&self, index: usize) -> Option<Timestamp> {
        let left_at = self.outcomes.get(&self.steps[index].id)?.completed?;
        let settle = SignedDuration::try_from(self.request.settle).ok()?;
        left_at.saturating_add(settle).ok()
    }

    /// Looks once: for objects by what they are known by, for everything else at what stands.
    async fn look(&self, indexes: &[usize]) -> Result<Vec<(usize, Found)>> {
        let is_made = |index: &&usize| self.steps[**index].kind == StepKind::Recreate;
        let (made, related): (Vec<&usize>, Vec<&usize>) = indexes.iter().partition(is_made);
        let (mut looked, mut asked, mut calls) = (Vec::new(), Vec::new(), Vec::new());
        for &index in made {
            match send::search_call(&self.steps[index], &self.body_of(index)) {
                Ok(call) => {
                    asked.push(index);
                    calls.push(call);
                }
                Err(unclear) => looked.push((index, unclear)),
            }
        }
        let answers = self.client.batch(calls).await;
        looked.extend(
            asked.into_iter().zip(answers.iter().map(|answer| send::read_search(answer, self.started))),
        );
        let related: Vec<usize> = related.into_iter().copied().collect();
        let standings = self.read(&related).await?.into_iter().map(|standing| match standing {
            Standing::AsWanted => Found::One(BTreeMap::new()),
            _ => Found::None,
        });
        looked.extend(related.iter().copied().zip(standings));
        Ok(looked)
    }

    /// What a create sends; a password in it is another one, which nobody searches by.
    fn body_of(&self, index: usize) -> Value {
        let password = || String::new();
        let calls = self.filling(&password).calls(&self.steps[index], &[]);
        let body = calls.first().and_then(|call: &Call| call.body.clone());
        body.and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or_default()
    }

    /// Finds out what unanswered requests of this run did, and sends once more what certainly took no effect.
    pub(super) async fn settle_unanswered(&mut self, indexes: &[usize]) -> Result<()> {
        let (mut decided, mut again) = (Vec::new(), Vec::new());
        for (index, found) in self.find_lost(indexes).await? {
            match self.found_outcome(index, found) {
                Some(outcome) => decided.push(outcome),
                None => again.push(Ready { index, image: Image::default() }),
            }
        }
        self.decide(decided)?;
        if again.is_empty() {
            return Ok(());
        }
        crash_here(self.request, "request")?;
        let sent = self.send_once(&again).await?;
        let outcomes = again.iter().zip(sent).map(|(ready, sent)| match sent {
            Sent::Unanswered => {
                let what = "its answer was lost twice, and it does not show: look for it";
                self.unclear(ready.index, what)
            }
            sent => self.outcome_of(ready.index, sent),
        });
        let outcomes = outcomes.collect();
        self.decide(outcomes)
    }

    /// What is decided by what was found; nothing, when it took no effect.
    pub(super) fn found_outcome(&self, index: usize, found: Found) -> Option<StepOutcome> {
        match found {
            Found::One(created) => Some(self.outcome_of(index, Sent::Done { created, request_id: None })),
            Found::Unclear(what) => Some(self.unclear(index, &what)),
            Found::None => None,
        }
    }

    fn unclear(&self, index: usize, what: &str) -> StepOutcome {
        let mut outcome = self.outcome_of(index, Sent::Held);
        outcome.status = StepStatus::Uncertain;
        outcome.error = json!({ "message": what });
        outcome
    }
}
