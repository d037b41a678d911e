//! Owns names that are swapped and cannot all be: whoever took another name for a while gets the old one back, so that
//! nothing that was meant to last a moment stays.
//!
//! Shape: the step *aside* gives an object a name for a while, others take the name that is free then, each the one of the
//! next, and the *last* gives the first object the name that is free in the end. When the last is not done, those before it
//! give their names back in turn, the newest first.
//!
//! Invariants
//! 1. That a name is to be given back is durable before the request leaves, and what came of it after.
//! 2. A name that was changed by others meanwhile stays.

use std::collections::HashMap;

use engine::schema::TypeId;
use serde_json::{Value, json};

use super::crash_here;
use super::error::Result;
use super::exchange::Exchange;
use super::ledger::Ledger;
use super::record::Created;
use super::send::{self, Sent};
use super::stand::{self, Look};
use super::standing::Standing;
use crate::plan::{Step, StepKind};
use engine::records::StepStatus;

/// The only property whose values are swapped.
const NAME: &str = "userPrincipalName";

/// The indexes of the steps of one swap.
pub(super) struct Swap {
    /// The step aside, and those that take a name after it, in order.
    taking: Vec<usize>,
    /// The step that gives the first object its name.
    last: usize,
}

/// The swaps of a plan.
pub(super) fn swaps(steps: &[Step]) -> Vec<Swap> {
    let naming: Vec<usize> = (0..steps.len()).filter(|index| is_naming(&steps[*index])).collect();
    let mut indexes: HashMap<&str, usize> = HashMap::new();
    let mut waiting: HashMap<&str, Vec<usize>> = HashMap::new();
    for &index in &naming {
        indexes.insert(&steps[index].id, index);
        for id in &steps[index].depends_on {
            waiting.entry(id).or_default().push(index);
        }
    }
    let swap_of = |last: usize| {
        let step = &steps[last];
        let before = step.depends_on.iter().filter_map(|id| indexes.get(id.as_str()).copied());
        let aside = before.into_iter().find(|index| is_aside(&steps[*index], step))?;
        Some(Swap { taking: taking(steps, aside, last, &waiting), last })
    };
    naming.iter().filter_map(|last| swap_of(*last)).collect()
}

/// Whether a step gives an object the name that a later one takes from it again.
fn is_aside(step: &Step, later: &Step) -> bool {
    step.object == later.object && step.after.len() == 1 && same(step.after.get(NAME), later.before.get(NAME))
}

/// The steps that take a name which the one before gave up, from the step aside on.
fn taking(steps: &[Step], aside: usize, last: usize, waiting: &HashMap<&str, Vec<usize>>) -> Vec<usize> {
    let mut taking = vec![aside];
    let mut newest = aside;
    loop {
        let takes = |index: &&usize| same(steps[**index].after.get(NAME), steps[newest].before.get(NAME));
        let next = waiting.get(steps[newest].id.as_str()).and_then(|indexes| indexes.iter().find(takes));
        match next {
            Some(&next) if next != last && !taking.contains(&next) => {
                taking.push(next);
                newest = next;
            }
            _ => return taking,
        }
    }
}

fn is_naming(step: &Step) -> bool {
    step.kind == StepKind::Update && step.object.type_token == TypeId::User && step.after.contains_key(NAME)
}

/// Whether two names are one to Graph.
fn same(one: Option<&Value>, other: Option<&Value>) -> bool {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_lowercase);
    text(one).is_some() && text(one) == text(other)
}

/// Gives names back where the last step of a swap is decided, and was not done.
pub(super) async fn give_names_back(
    exchange: &Exchange<'_>,
    ledger: &mut Ledger<'_>,
    swaps: &[Swap],
) -> Result<()> {
    for swap in swaps {
        let last = ledger.status_at(swap.last);
        if !last.is_final() || last.is_good() {
            continue;
        }
        let why = ledger.steps[swap.last].id.clone();
        for &step in swap.taking.iter().rev() {
            let is_taken = ledger.status_at(step).is_good();
            if is_taken && !give_back(exchange, ledger, step, &why).await? {
                // The object before it wants a name that is still taken.
                break;
            }
        }
    }
    Ok(())
}

/// Gives an object the name back that a step took from it; false when it keeps the new one.
async fn give_back(
    exchange: &Exchange<'_>,
    ledger: &mut Ledger<'_>,
    index: usize,
    why: &str,
) -> Result<bool> {
    let Some(mut outcome) = ledger.outcomes.get(&ledger.steps[index].id).cloned() else { return Ok(false) };
    let old = outcome.before.get(NAME).filter(|name| name.is_string()).cloned();
    let Some(old) = old else { return Ok(false) };
    outcome.gives_back = true;
    outcome.completed = Some(exchange.now());
    ledger.record(vec![outcome.clone()])?;
    crash_here(exchange.request, "request")?;
    let back = reverse(&ledger.steps[index], &old);
    let error = send_back(exchange, &ledger.created, &back).await?;
    let step = &ledger.steps[index];
    let names = step.after.keys().filter(|name| error.is_some() || *name != NAME);
    outcome.written = names.cloned().collect();
    outcome.status = StepStatus::Failed;
    outcome.error = json!({ "message": told(&old, why, error.as_deref()) });
    outcome.completed = Some(exchange.now());
    ledger.record(vec![outcome])?;
    Ok(error.is_none())
}

/// Sends a name back, unless it was changed by others meanwhile; says why it is not back.
async fn send_back(exchange: &Exchange<'_>, created: &Created, back: &Step) -> Result<Option<String>> {
    let password = String::new;
    let filling = exchange.filling(created, &password);
    let begun = exchange.monotonic();
    loop {
        let looked = stand::read(exchange.client, &[Look { step: back, is_again: true }], &filling).await?;
        // A replica may show the old name still, so that nothing but a third one is a reason to send nothing.
        if let [Standing::Other(_, what) | Standing::Unread(what, _)] = looked.as_slice() {
            return Ok(Some(what.clone()));
        }
        let answers = exchange.client.batch(filling.calls(back, &[])).await;
        let sent = send::read_answers(back, answers);
        let waited = exchange.monotonic().saturating_sub(begun);
        let may_wait = waited < exchange.request.settle;
        match sent {
            Sent::Done { .. } => return Ok(None),
            Sent::Refused { status, error, .. } if !(may_wait && send::may_be_lag(status, &error)) => {
                return Ok(Some(error["message"].as_str().unwrap_or("it was refused").to_owned()));
            }
            // Sending it once more changes nothing.
            Sent::Unanswered if !may_wait => return Ok(Some("its answer was lost".to_owned())),
            Sent::Held => return Err(crate::graph::Error::Cancelled.into()),
            _ => exchange.rest().await?,
        }
    }
}

/// Whether a step only gave an object a temporary name.
pub(super) fn is_for_a_while(swaps: &[Swap], index: usize) -> bool {
    swaps.iter().any(|swap| swap.taking.first() == Some(&index))
}

/// The update that takes nothing but the name back.
fn reverse(step: &Step, old: &Value) -> Step {
    let mut back = step.clone();
    let taken = step.after.get(NAME).cloned().unwrap_or_default();
    back.before = [(NAME.to_owned(), taken)].into_iter().collect();
    back.after = [(NAME.to_owned(), old.clone())].into_iter().collect();
    back.request.body = json!({ NAME: old }).into();
    back
}

fn told(old: &Value, why: &str, error: Option<&str>) -> String {
    let old = old.as_str().unwrap_or_default();
    match error {
        None => format!(
            "it got its name {old} back, because {why} was not done and nobody is to keep a name for a while"
        ),
        Some(error) => format!("{why} was not done, and it did not get its name {old} back: {error}"),
    }
}
