//! Owns reading back what was written, until replicas show it or had time enough.

use std::collections::BTreeSet;

use serde_json::json;

use super::record::StepStatus;
use super::run::Applier;
use super::stand::Standing;
use super::template::is_of_new;
use crate::error::Result;
use crate::plan::StepKind;

/// Steps that are read back together.
const READ_BACK_LENGTH: usize = 1000;

impl Applier<'_> {
    /// Reads what was written, until replicas show it or had time enough.
    pub(super) async fn read_back(&mut self) -> Result<()> {
        let mut open = self.to_read_back();
        let begun = self.client.clock().monotonic();
        loop {
            let mut left = Vec::new();
            for places in open.chunks(READ_BACK_LENGTH) {
                let standings = self.read(places).await?;
                let still =
                    places.iter().zip(standings).filter(|(_, standing)| *standing != Standing::AsWanted);
                left.extend(still.map(|(place, _)| *place));
            }
            let waited = self.client.clock().monotonic().saturating_sub(begun);
            if left.is_empty() || waited >= self.request.settle {
                open = left;
                break;
            }
            open = left;
            self.rest().await?;
        }
        let unconfirmed = open.iter().filter_map(|place| {
            let mut outcome = self.outcomes.get(&self.steps[*place].id)?.clone();
            outcome.status = StepStatus::Unconfirmed;
            outcome.error = json!({ "message": "it was written, and reading it back does not show it yet" });
            Some(outcome)
        });
        let unconfirmed = unconfirmed.collect();
        self.decide(unconfirmed)
    }

    /// Steps that were done, and whose result no later step changes.
    pub(super) fn to_read_back(&self) -> Vec<usize> {
        let mut later: BTreeSet<(&str, &str)> = BTreeSet::new();
        let mut places = Vec::new();
        for (place, step) in self.steps.iter().enumerate().rev() {
            let is_done = self.status(&step.id) == StepStatus::Done;
            let names = step.after.keys().map(|name| (step.object.id.as_str(), name.as_str()));
            let is_last = !names.clone().any(|name| later.contains(&name));
            if is_done {
                later.extend(names);
            }
            if is_done && is_last && !is_of_new(step) && step.kind != StepKind::Recreate {
                places.push(place);
            }
        }
        places.reverse();
        places
    }
}
