//! Owns the end of a recovery: what was written is read back until replicas show it or had time enough, and what is not as
//! wanted then is listed, whatever became of its step.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::element;
use super::error::Result;
use super::exchange::Exchange;
use super::ledger::Ledger;
use super::standing::Standing;
use super::swap::{Swap, is_for_a_while};
use super::template::is_of_new;
use crate::plan::{Step, StepKind};
use engine::records::{Remaining, StepStatus};
use engine::schema;

/// Steps that are read back together.
const READ_BACK_LENGTH: usize = 1000;

/// Reads everything again; gives what is not as wanted. `softened` are steps that only report.
pub(super) async fn read_back(
    exchange: &Exchange<'_>,
    ledger: &mut Ledger<'_>,
    softened: &BTreeSet<String>,
    swaps: &[Swap],
) -> Result<Vec<Remaining>> {
    let last = last_steps(ledger, swaps);
    let is_good = |index: &usize| ledger.status(&ledger.steps[*index].id).is_good();
    let (good, bad): (Vec<usize>, Vec<usize>) = last.into_iter().partition(is_good);
    let mut left = read_until_settled(exchange, ledger, good).await?;
    let unconfirmed = left.keys().filter_map(|index| {
        let mut outcome = ledger.outcomes.get(&ledger.steps[*index].id)?.clone();
        if outcome.status != StepStatus::Done {
            return None;
        }
        outcome.status = StepStatus::Unconfirmed;
        outcome.error = json!({ "message": "it was written, and reading it back does not show it yet" });
        Some(outcome)
    });
    let unconfirmed = unconfirmed.collect();
    ledger.record(unconfirmed)?;
    left.append(&mut read_left(exchange, ledger, bad).await?);
    for (index, step) in ledger.steps.iter().enumerate() {
        if softened.contains(&step.id) {
            left.entry(index).or_insert_with(|| "it only reports, as was asked for".to_owned());
        }
    }
    let remaining = left.into_iter().map(|(index, what)| {
        let step = &ledger.steps[index];
        Remaining { step: step.id.clone(), object: step.object.clone(), what }
    });
    Ok(remaining.collect())
}

/// Reads steps again and again until they are as wanted, or replicas had the time they are given; gives what is not.
async fn read_until_settled(
    exchange: &Exchange<'_>,
    ledger: &Ledger<'_>,
    mut open: Vec<usize>,
) -> Result<BTreeMap<usize, String>> {
    let begun = exchange.monotonic();
    loop {
        let left = read_left(exchange, ledger, open).await?;
        let waited = exchange.monotonic().saturating_sub(begun);
        if left.is_empty() || waited >= exchange.request.settle {
            return Ok(left);
        }
        open = left.into_keys().collect();
        exchange.rest().await?;
    }
}

/// Reads steps once; gives those that are not as wanted, and how they stand.
async fn read_left(
    exchange: &Exchange<'_>,
    ledger: &Ledger<'_>,
    indexes: Vec<usize>,
) -> Result<BTreeMap<usize, String>> {
    let mut left = BTreeMap::new();
    for indexes in indexes.chunks(READ_BACK_LENGTH) {
        let mut readable = Vec::with_capacity(indexes.len());
        for index in indexes {
            match unreadable(ledger, &ledger.steps[*index]) {
                None => readable.push(*index),
                Some(what) => {
                    left.insert(*index, what.to_owned());
                }
            }
        }
        let standings = exchange.read(ledger, &readable).await?;
        let texts = readable.iter().zip(standings).filter_map(|(index, standing)| {
            let text = match standing {
                Standing::AsWanted => return None,
                Standing::AsBefore(_) => "it stands as before".to_owned(),
                Standing::Other(_, what) => what,
                Standing::Unread(what, _) => format!("it could not be read: {what}"),
            };
            Some((*index, text))
        });
        left.extend(texts);
    }
    Ok(left)
}

/// Why nothing can be read that would show a step, if nothing can.
fn unreadable(ledger: &Ledger<'_>, step: &Step) -> Option<&'static str> {
    let is_good = ledger.status(&step.id).is_good();
    if step.kind == StepKind::Recreate && !is_good {
        return Some("it was not made again");
    }
    (is_of_new(step) && !is_good).then_some("what it is about was not made again, or not changed since")
}

/// Steps whose result no later step changes or deletes. What was made again is told by its answer.
fn last_steps(ledger: &Ledger<'_>, swaps: &[Swap]) -> Vec<usize> {
    let mut later: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut deleted: BTreeSet<&str> = BTreeSet::new();
    let mut indexes = Vec::new();
    for (index, step) in ledger.steps.iter().enumerate().rev() {
        let is_good = ledger.status(&step.id).is_good();
        let id = step.object.id.as_str();
        // Elements of one collection say nothing of each other.
        let is_element = schema::by_token(&step.object.type_token)
            .is_some_and(|resource| element::about(resource, step).is_some());
        let names = step.after.keys().filter(|_| !is_element).map(|name| (id, name.as_str()));
        let is_last = !names.clone().any(|name| later.contains(&name)) && !deleted.contains(id);
        if is_good {
            later.extend(names);
            if matches!(step.kind, StepKind::SoftDelete | StepKind::HardDelete) {
                deleted.insert(id);
            }
        }
        let is_over = !is_good && is_for_a_while(swaps, index);
        if is_last && !is_over && !(is_good && step.kind == StepKind::Recreate) {
            indexes.push(index);
        }
    }
    indexes.reverse();
    indexes
}
