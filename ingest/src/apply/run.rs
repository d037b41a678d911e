//! Owns the order of a recovery: waves of steps whose dependencies are done, each read, recorded, sent and recorded.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::json;

use super::apart::{self, Hopeless};
use super::error::{Error, Result};
use super::exchange::{Exchange, Ready};
use super::ledger::Ledger;
use super::record::{self, Beginning};
use super::report_only::only_report;
use super::send::{self, Sent};
use super::standing::{Image, Standing};
use super::swap::{self, Swap};
use super::{ApplyProgress, ApplyRequest, OnConflict, confirm, crash_here, lost};
use crate::graph::{self, Client};
use crate::plan::{NEW_ID_PREFIX, Step, StepKind};
use engine::records::{RecoveryJournal, Remaining, StepOutcome, StepStatus};

/// Steps that go together: a few batches, so that a wish to stop is heard soon.
const WAVE_LENGTH: usize = 200;
/// How often a request is sent again that a replica refused because it does not know what was just made.
const LAG_TRIES: u32 = 24;

/// A recovery being applied.
pub(super) struct Applier<'a> {
    exchange: Exchange<'a>,
    ledger: Ledger<'a>,
    started: jiff::Timestamp,
    hopeless: Hopeless,
    /// What is not as wanted at the end, once it was looked.
    remaining: Option<Vec<Remaining>>,
    /// Steps that only report, as they were asked to.
    softened: BTreeSet<String>,
    swaps: Vec<Swap>,
    cancel_file: PathBuf,
    /// A conflict ended it.
    is_stopped: bool,
}

impl<'a> Applier<'a> {
    pub(super) fn new(
        client: &'a Client,
        beginning: &'a Beginning,
        journal: RecoveryJournal,
        outcomes: BTreeMap<String, StepOutcome>,
        request: &'a ApplyRequest<'a>,
        cancel_file: PathBuf,
    ) -> Self {
        let mut steps = Cow::Borrowed(beginning.plan.steps.as_slice());
        let mut softened = BTreeSet::new();
        if beginning.report_only {
            let soft =
                steps.to_mut().iter_mut().filter_map(|step| only_report(step).then(|| step.id.clone()));
            softened.extend(soft);
        }
        let swaps = swap::swaps(&steps);
        Self {
            exchange: Exchange::new(client, request),
            ledger: Ledger::new(steps, journal, outcomes, request),
            started: beginning.summary.started,
            hopeless: Hopeless::default(),
            remaining: None,
            softened,
            swaps,
            cancel_file,
            is_stopped: false,
        }
    }

    pub(super) fn into_parts(
        self,
    ) -> (RecoveryJournal, BTreeMap<String, StepOutcome>, Option<Vec<Remaining>>) {
        let (journal, outcomes) = self.ledger.into_parts();
        (journal, outcomes, self.remaining)
    }

    /// Takes all steps; says whether it was stopped before its end.
    pub(super) async fn run(&mut self, progress: &dyn ApplyProgress) -> Result<bool> {
        loop {
            if self.is_cancelled() {
                return Ok(true);
            }
            let wave = self.next_wave()?;
            match swap::give_names_back(&self.exchange, &mut self.ledger, &self.swaps).await {
                Err(Error::Graph(graph::Error::Cancelled)) => return Ok(true),
                result => result?,
            }
            if wave.is_empty() {
                break;
            }
            match self.take(&wave).await {
                Err(Error::Graph(graph::Error::Cancelled)) => return Ok(true),
                result => result?,
            }
            self.report(progress);
        }
        if self.is_stopped {
            return Ok(true);
        }
        let (softened, swaps) = (&self.softened, &self.swaps);
        match confirm::read_back(&self.exchange, &mut self.ledger, softened, swaps).await {
            Err(Error::Graph(graph::Error::Cancelled)) => Ok(true),
            result => {
                self.remaining = Some(result?);
                Ok(false)
            }
        }
    }

    fn is_cancelled(&self) -> bool {
        self.is_stopped || self.exchange.client.settings().cancel.is_cancelled() || self.cancel_file.exists()
    }

    fn report(&self, progress: &dyn ApplyProgress) {
        let decided = self.ledger.outcomes.values().filter(|outcome| outcome.status.is_final());
        let (mut count, mut troubled) = (0, 0);
        for outcome in decided {
            count += 1;
            troubled += u64::from(!outcome.status.is_good());
        }
        progress.steps(count, self.ledger.steps.len() as u64, troubled);
    }

    /// The next steps whose dependencies are done. A phase waits until every step of those before it is decided; what
    /// depends on a step that was not done is skipped.
    fn next_wave(&mut self) -> Result<Vec<usize>> {
        let open = |step: &&Step| !self.ledger.status(&step.id).is_final();
        let earliest = self.ledger.steps.iter().filter(open).map(|step| step.phase).min();
        let (mut wave, mut skipped) = (Vec::new(), Vec::new());
        for (index, step) in self.ledger.steps.iter().enumerate() {
            if self.ledger.status(&step.id).is_final() || Some(step.phase) != earliest {
                continue;
            }
            let statuses = step.depends_on.iter().map(|id| self.ledger.status(id));
            let is_lost = |status: &StepStatus| status.is_final() && !status.is_good();
            if let Some(lost) = step.depends_on.iter().find(|id| is_lost(&self.ledger.status(id))) {
                let mut outcome = record::outcome_of(step, StepStatus::Skipped);
                outcome.error = json!({ "message": format!("step {lost} was not done") });
                outcome.completed = Some(self.exchange.now());
                skipped.push(outcome);
            } else if statuses.into_iter().all(StepStatus::is_good) {
                wave.push(index);
                if wave.len() == WAVE_LENGTH {
                    break;
                }
            }
        }
        if skipped.is_empty() {
            return Ok(wave);
        }
        self.ledger.record(skipped)?;
        // What depends on the skipped ones is skipped in its turn.
        self.next_wave()
    }

    async fn take(&mut self, wave: &[usize]) -> Result<()> {
        let standings = self.read_settled(wave).await?;
        let lost: Vec<usize> = wave.iter().copied().filter(|index| self.is_lost(*index)).collect();
        let mut found = lost::find(&self.exchange, &self.ledger, &lost, self.started).await?;
        let (mut ready, mut decided) = (Vec::new(), Vec::new());
        for (&index, standing) in wave.iter().zip(standings) {
            let found = found
                .remove(&index)
                .and_then(|found| lost::outcome(&self.ledger, index, found, self.exchange.now()));
            match found.map_or_else(|| self.judge(index, standing), |outcome| Err(Box::new(outcome))) {
                Ok(image) => ready.push(Ready { index, image }),
                Err(outcome) => decided.push(*outcome),
            }
        }
        self.ledger.record(decided)?;
        let intended = ready.iter().map(|ready| self.intended(ready)).collect();
        self.ledger.record(intended)?;
        if ready.is_empty() || self.is_stopped {
            return Ok(());
        }
        crash_here(self.exchange.request, "request")?;
        self.send(ready).await
    }

    /// Reads what stands; what comes back with something restored or made is given time to show.
    async fn read_settled(&self, wave: &[usize]) -> Result<Vec<Standing>> {
        let begun = self.exchange.monotonic();
        loop {
            let standings = self.exchange.read(&self.ledger, wave).await?;
            let is_awaited = |(index, standing): (&usize, &Standing)| {
                self.may_change_by_itself(&self.ledger.steps[*index], standing)
            };
            let waited = self.exchange.monotonic().saturating_sub(begun);
            if waited >= self.exchange.request.settle || !wave.iter().zip(&standings).any(is_awaited) {
                return Ok(standings);
            }
            self.exchange.rest().await?;
        }
    }

    /// Whether what stands is perhaps only what a replica shows, or not yet what Graph brings back by itself.
    fn may_change_by_itself(&self, step: &Step, standing: &Standing) -> bool {
        match standing {
            // Links come back with what was restored.
            Standing::AsBefore(_) => {
                step.kind == StepKind::AddLink && self.ledger.follows(step, StepKind::Restore)
            }
            // What came back may not be there yet.
            Standing::Unread(_, is_missing) => *is_missing && self.ledger.follows_a_return(step),
            // Neither live nor in the bin: it is on its way, when its restoration left before a crash.
            Standing::Other(..) => {
                step.kind == StepKind::Restore && self.ledger.status(&step.id) == StepStatus::Intended
            }
            Standing::AsWanted => false,
        }
    }

    /// What is to be done with a step: sent over what stands, or decided at once.
    fn judge(&mut self, index: usize, standing: Standing) -> Result<Image, Box<StepOutcome>> {
        let step = self.ledger.steps[index].clone();
        let earlier =
            self.ledger.outcomes.get(&step.id).filter(|outcome| outcome.status == StepStatus::Intended);
        let was_intended = earlier.is_some();
        let mut outcome = earlier.cloned().unwrap_or_else(|| record::outcome_of(&step, StepStatus::Pending));
        outcome.completed = Some(self.exchange.now());
        let decided = match standing {
            Standing::AsBefore(image) => return Ok(image),
            // It left before the crash, and took effect.
            Standing::AsWanted if was_intended => StepStatus::Done,
            Standing::AsWanted => StepStatus::Already,
            Standing::Other(image, what) => match self.exchange.request.on_conflict {
                OnConflict::Overwrite if step.kind != StepKind::Restore => return Ok(image),
                on_conflict => {
                    self.is_stopped |= on_conflict == OnConflict::Stop;
                    outcome.before = image.values;
                    outcome.error = json!({ "message": what });
                    StepStatus::Conflict
                }
            },
            Standing::Unread(what, _) => {
                outcome.error = json!({ "message": format!("what stands could not be read: {what}") });
                StepStatus::Failed
            }
        };
        outcome.status = decided;
        Err(Box::new(outcome))
    }

    /// Whether a create was sent before a crash, and its answer was not recorded.
    fn is_lost(&self, index: usize) -> bool {
        let step = &self.ledger.steps[index];
        step.kind == StepKind::Recreate && self.ledger.status(&step.id) == StepStatus::Intended
    }

    fn intended(&self, ready: &Ready) -> StepOutcome {
        let step = &self.ledger.steps[ready.index];
        let known =
            self.ledger.outcomes.get(&step.id).filter(|outcome| outcome.status == StepStatus::Intended);
        let mut outcome = known.cloned().unwrap_or_else(|| record::outcome_of(step, StepStatus::Intended));
        if known.is_none() {
            outcome.before.clone_from(&ready.image.values);
            // Links that stood as wanted are not what this step did, so nothing undoes them.
            let links = step.links.iter().filter(|link| {
                link.target_id.contains(NEW_ID_PREFIX) || ready.image.targets.contains(&link.target_id)
            });
            outcome.links = links.map(|link| json!(link)).collect();
        }
        outcome.completed = Some(self.exchange.now());
        outcome
    }

    async fn send(&mut self, ready: Vec<Ready>) -> Result<()> {
        let mut open = ready;
        for tries in 0..=LAG_TRIES {
            let sent = self.exchange.send(&self.ledger, &open).await?;
            let (mut decided, mut again, mut unanswered) = (Vec::new(), Vec::new(), Vec::new());
            for (ready, sent) in open.into_iter().zip(sent) {
                let step = &self.ledger.steps[ready.index];
                if let Sent::Refused { status, error, .. } = &sent
                    && tries < LAG_TRIES
                    && send::may_be_lag(*status, error)
                    && (step.kind == StepKind::Restore || self.ledger.follows_a_return(step))
                {
                    again.push(ready);
                    continue;
                }
                match sent {
                    Sent::Held => {}
                    Sent::Unanswered => unanswered.push(ready.index),
                    sent => {
                        match apart::send(&self.exchange, &self.ledger, &mut self.hopeless, ready.index, sent)
                            .await
                        {
                            Sent::Held => {}
                            sent => {
                                decided.push(self.ledger.outcome_of(ready.index, sent, self.exchange.now()));
                            }
                        }
                    }
                }
            }
            self.ledger.record(decided)?;
            lost::settle(&self.exchange, &mut self.ledger, &unanswered, self.started).await?;
            if again.is_empty() {
                return Ok(());
            }
            self.exchange.rest().await?;
            open = self.still_open(again).await?;
        }
        Ok(())
    }

    /// Those of refused steps that are not as wanted meanwhile: what was done before a crash may show late.
    async fn still_open(&mut self, refused: Vec<Ready>) -> Result<Vec<Ready>> {
        let indexes: Vec<usize> = refused.iter().map(|ready| ready.index).collect();
        let standings = self.exchange.read(&self.ledger, &indexes).await?;
        let (mut open, mut decided) = (Vec::new(), Vec::new());
        for (ready, standing) in refused.into_iter().zip(standings) {
            if standing == Standing::AsWanted {
                let done = Sent::Done { created: BTreeMap::new(), request_id: None };
                decided.push(self.ledger.outcome_of(ready.index, done, self.exchange.now()));
            } else {
                open.push(ready);
            }
        }
        self.ledger.record(decided)?;
        Ok(open)
    }
}
