//! Owns creates whose answers were lost, on the way or with the process that waited: they are looked for before anything is
//! sent again, so that nothing is made twice.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::crash_here;
use super::record::{StepOutcome, StepStatus};
use super::run::{Applier, Ready};
use super::send::{self, Found, Sent};
use super::stand::{Image, Standing};
use crate::error::Result;
use crate::plan::{Step, StepKind};

/// How often what may have been made is looked for before it is taken not to be there.
const MISSES: u32 = 5;

impl Applier<'_> {
    /// A create whose answer was lost with the process that sent it.
    pub(super) async fn judge_lost(
        &mut self,
        step: &Step,
        image: Image,
        mut outcome: StepOutcome,
    ) -> Result<Result<Image, Box<StepOutcome>>> {
        match self.search(step).await? {
            Found::None => return Ok(Ok(image)),
            Found::One(created) => {
                outcome.created = created;
                outcome.status = StepStatus::Done;
            }
            Found::Unclear(what) => {
                outcome.error = json!({ "message": what });
                outcome.status = StepStatus::Uncertain;
            }
        }
        Ok(Err(Box::new(outcome)))
    }

    /// Looks for what a create made until it is found, or was missed often enough.
    pub(super) async fn search(&self, step: &Step) -> Result<Found> {
        let password = || String::new();
        let body = match self.filling(&password).calls(step, &[]).first().and_then(|call| call.body.clone()) {
            Some(body) => serde_json::from_slice(&body).unwrap_or_default(),
            None => Value::Null,
        };
        for miss in 0..MISSES {
            if miss > 0 {
                self.rest().await?;
            }
            match send::look_for(self.client, step, &body, self.started).await {
                Found::None => {}
                found => return Ok(found),
            }
        }
        Ok(Found::None)
    }

    /// What a create made whose answer was lost on the way.
    pub(super) async fn settle_unanswered(
        &mut self,
        step: &Step,
        place: usize,
        outcome: &mut StepOutcome,
    ) -> Result<()> {
        let found = if step.kind == StepKind::Recreate {
            self.search(step).await?
        } else {
            self.search_related(place).await?
        };
        match found {
            Found::One(created) => {
                outcome.created = created;
                outcome.status = StepStatus::Done;
            }
            Found::None => self.send_again(place, outcome).await?,
            Found::Unclear(what) => {
                outcome.error = json!({ "message": what });
                outcome.status = StepStatus::Uncertain;
            }
        }
        Ok(())
    }

    /// Sends once more what certainly took no effect.
    pub(super) async fn send_again(&mut self, place: usize, outcome: &mut StepOutcome) -> Result<()> {
        crash_here(self.request, "request")?;
        let ready = Ready { place, image: Image::default() };
        match self.send_once(&[ready]).await?.pop() {
            Some(Sent::Done { created, request_id }) => {
                outcome.status = StepStatus::Done;
                outcome.error = Value::Null;
                (outcome.created, outcome.request_id) = (created, request_id);
            }
            Some(Sent::Refused { error, request_id, .. }) => {
                outcome.status = StepStatus::Failed;
                (outcome.error, outcome.request_id) = (error, request_id);
            }
            _ => {
                outcome.status = StepStatus::Uncertain;
                outcome.error =
                    json!({ "message": "its answer was lost twice, and it does not show: look for it" });
            }
        }
        Ok(())
    }

    pub(super) async fn search_related(&self, place: usize) -> Result<Found> {
        for miss in 0..MISSES {
            if miss > 0 {
                self.rest().await?;
            }
            if let Some(Standing::AsWanted) = self.read(&[place]).await?.pop() {
                return Ok(Found::One(BTreeMap::new()));
            }
        }
        Ok(Found::None)
    }
}
