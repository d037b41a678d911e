//! Owns requests whose answers were lost, on the way or with the process that waited: what they may have made is looked
//! for before anything is sent again, so that nothing is made twice.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::crash_here;
use engine::records::StepOutcome;

use super::error::Result;
use super::exchange::{Exchange, Ready};
use super::ledger::Ledger;
use super::send::{self, SearchResult, Sent};
use super::standing::{Image, Standing};
use crate::graph::Call;
use crate::plan::StepKind;

/// What became of requests that left and were not answered, by their indexes in the plan.
///
/// Replicas may show late what was made, so that what is not there is looked for until they had the time they are
/// given since the request left; all of them together, so that many wait no longer than one.
pub(super) async fn find(
    exchange: &Exchange<'_>,
    ledger: &Ledger<'_>,
    indexes: &[usize],
    started: Timestamp,
) -> Result<BTreeMap<usize, SearchResult>> {
    let mut found = BTreeMap::new();
    let mut open = indexes.to_vec();
    let settled_at = indexes.iter().filter_map(|index| settled_at(exchange, ledger, *index)).max();
    while !open.is_empty() {
        let is_settled = settled_at.is_none_or(|at| exchange.now() >= at);
        let looked = look(exchange, ledger, &open, started).await?;
        found.extend(looked.into_iter().filter(|(_, found)| is_settled || *found != SearchResult::None));
        open.retain(|index| !found.contains_key(index));
        if !open.is_empty() {
            exchange.rest().await?;
        }
    }
    Ok(found)
}

/// When replicas show whatever the request of a step did.
fn settled_at(exchange: &Exchange<'_>, ledger: &Ledger<'_>, index: usize) -> Option<Timestamp> {
    let left_at = ledger.outcomes.get(&ledger.steps[index].id)?.completed?;
    let settle = SignedDuration::try_from(exchange.request.settle).ok()?;
    left_at.saturating_add(settle).ok()
}

/// Looks once: for objects by what they are known by, for everything else at what stands.
async fn look(
    exchange: &Exchange<'_>,
    ledger: &Ledger<'_>,
    indexes: &[usize],
    started: Timestamp,
) -> Result<Vec<(usize, SearchResult)>> {
    let is_made = |index: &&usize| ledger.steps[**index].kind == StepKind::Recreate;
    let (made, related): (Vec<&usize>, Vec<&usize>) = indexes.iter().partition(is_made);
    let (mut looked, mut asked, mut calls) = (Vec::new(), Vec::new(), Vec::new());
    for &index in made {
        match send::search_call(&ledger.steps[index], &body_of(exchange, ledger, index)) {
            Ok(call) => {
                asked.push(index);
                calls.push(call);
            }
            Err(unclear) => looked.push((index, unclear)),
        }
    }
    let answers = exchange.client.batch(calls).await;
    looked.extend(asked.into_iter().zip(answers.iter().map(|answer| send::read_search(answer, started))));
    let related: Vec<usize> = related.into_iter().copied().collect();
    let standings = exchange.read(ledger, &related).await?.into_iter().map(|standing| match standing {
        Standing::AsWanted => SearchResult::One(BTreeMap::new()),
        _ => SearchResult::None,
    });
    looked.extend(related.iter().copied().zip(standings));
    Ok(looked)
}

/// What a create sends, with an empty password: no search needs it.
fn body_of(exchange: &Exchange<'_>, ledger: &Ledger<'_>, index: usize) -> Value {
    let password = String::new;
    let calls = exchange.filling(&ledger.created, &password).calls(&ledger.steps[index], &[]);
    let body = calls.first().and_then(|call: &Call| call.body.clone());
    body.and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or_default()
}

/// Finds out what unanswered requests of this run did, and sends once more what certainly took no effect.
pub(super) async fn settle(
    exchange: &Exchange<'_>,
    ledger: &mut Ledger<'_>,
    indexes: &[usize],
    started: Timestamp,
) -> Result<()> {
    let (mut decided, mut again) = (Vec::new(), Vec::new());
    for (index, found) in find(exchange, ledger, indexes, started).await? {
        match outcome(ledger, index, found, exchange.now()) {
            Some(outcome) => decided.push(outcome),
            None => again.push(Ready { index, image: Image::default() }),
        }
    }
    ledger.record(decided)?;
    if again.is_empty() {
        return Ok(());
    }
    crash_here(exchange.request, "request")?;
    let sent = exchange.send(ledger, &again).await?;
    let outcomes = again.iter().zip(sent).map(|(ready, sent)| match sent {
        Sent::Unanswered => {
            let what = "its answer was lost twice, and it does not show: look for it";
            ledger.uncertain(ready.index, what, exchange.now())
        }
        sent => ledger.outcome_of(ready.index, sent, exchange.now()),
    });
    let outcomes = outcomes.collect();
    ledger.record(outcomes)
}

/// What is decided by what was found; nothing, when it took no effect.
pub(super) fn outcome(
    ledger: &Ledger<'_>,
    index: usize,
    found: SearchResult,
    now: Timestamp,
) -> Option<StepOutcome> {
    match found {
        SearchResult::One(created) => {
            Some(ledger.outcome_of(index, Sent::Done { created, request_id: None }, now))
        }
        SearchResult::Unclear(what) => Some(ledger.uncertain(index, &what, now)),
        SearchResult::None => None,
    }
}
