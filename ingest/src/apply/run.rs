//! Owns the order of a recovery: waves of steps whose dependencies are done, each read, recorded, sent and recorded.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use super::error::{Error, Result};
use super::record::{self, Beginning, Created, created_by};
use super::report_only::only_report;
use super::send::{self, Sent};
use super::stand::{self, Look};
use super::standing::{Image, Standing};
use super::swap::{self, Swap};
use super::template::Filling;
use super::{ApplyProgress, ApplyRequest, OnConflict, crash_here};
use crate::graph::{self, Call, Client};
use crate::plan::{NEW_ID_PREFIX, Step, StepKind};
use engine::records::{RecoveryJournal, Remaining, StepOutcome, StepStatus};

/// Steps that go together: a few batches, so that a wish to stop is heard soon.
const WAVE_LENGTH: usize = 200;
/// How long to wait before something is asked again that replicas may not show yet: a part of the time that they are given,
/// within bounds.
const RESTS: u32 = 20;
const REST_MIN: Duration = Duration::from_millis(100);
const REST_MAX: Duration = Duration::from_secs(5);
/// How often a request is sent again that a replica refused because it does not know what was just made.
const LAG_TRIES: u32 = 24;
/// Characters of a password that is made for a user and told nobody.
const PASSWORD_LENGTH: usize = 40;

/// A recovery being applied.
pub(super) struct Applier<'a> {
    pub(super) client: &'a Client,
    pub(super) steps: Cow<'a, [Step]>,
    pub(super) started: jiff::Timestamp,
    pub(super) journal: RecoveryJournal,
    pub(super) outcomes: BTreeMap<String, StepOutcome>,
    pub(super) created: Created,
    pub(super) request: &'a ApplyRequest<'a>,
    /// Types of whose objects Graph refused every property for want of a permission.
    pub(super) hopeless: RefCell<BTreeSet<String>>,
    /// What is not as wanted at the end, once it was looked.
    pub(super) remaining: Option<Vec<Remaining>>,
    /// Steps that only report, as they were asked to.
    pub(super) softened: BTreeSet<String>,
    pub(super) swaps: Vec<Swap>,
    cancel_file: PathBuf,
    password_count: Cell<u64>,
    /// A conflict ended it.
    is_stopped: bool,
}

/// A step that is to be sent.
pub(super) struct Ready {
    pub(super) index: usize,
    pub(super) image: Image,
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
        let created = created_by(&outcomes);
        let swaps = swap::swaps(&steps);
        let (started, password_count) = (beginning.summary.started, Cell::new(0));
        Self {
            client,
            steps,
            started,
            journal,
            outcomes,
            created,
            request,
            hopeless: RefCell::default(),
            remaining: None,
            softened,
            swaps,
            cancel_file,
            password_count,
            is_stopped: false,
        }
    }

    pub(super) fn into_parts(
        self,
    ) -> (RecoveryJournal, BTreeMap<String, StepOutcome>, Option<Vec<Remaining>>) {
        (self.journal, self.outcomes, self.remaining)
    }

    /// Takes all steps; says whether it was stopped before its end.
    pub(super) async fn run(&mut self, progress: &dyn ApplyProgress) -> Result<bool> {
        loop {
            if self.is_cancelled() {
                return Ok(true);
            }
            let wave = self.next_wave()?;
            match self.give_names_back().await {
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
        match self.read_back().await {
            Err(Error::Graph(graph::Error::Cancelled)) => Ok(true),
            result => result.map(|()| false),
        }
    }

    fn is_cancelled(&self) -> bool {
        self.is_stopped || self.client.settings().cancel.is_cancelled() || self.cancel_file.exists()
    }

    fn report(&self, progress: &dyn ApplyProgress) {
        let decided = self.outcomes.values().filter(|outcome| outcome.status.is_final());
        let (mut count, mut troubled) = (0, 0);
        for outcome in decided {
            count += 1;
            troubled += u64::from(!outcome.status.is_good());
        }
        progress.steps(count, self.steps.len() as u64, troubled);
    }

    pub(super) fn status(&self, id: &str) -> StepStatus {
        self.outcomes.get(id).map_or(StepStatus::Pending, |outcome| outcome.status)
    }

    /// The next steps whose dependencies are done. A phase waits until every step of those before it is decided; what
    /// depends on a step that was not done is skipped.
    fn next_wave(&mut self) -> Result<Vec<usize>> {
        let open = |step: &&Step| !self.status(&step.id).is_final();
        let earliest = self.steps.iter().filter(open).map(|step| step.phase).min();
        let (mut wave, mut skipped) = (Vec::new(), Vec::new());
        for (index, step) in self.steps.iter().enumerate() {
            if self.status(&step.id).is_final() || Some(step.phase) != earliest {
                continue;
            }
            let statuses = step.depends_on.iter().map(|id| self.status(id));
            let is_lost = |status: &StepStatus| status.is_final() && !status.is_good();
            if let Some(lost) = step.depends_on.iter().find(|id| is_lost(&self.status(id))) {
                let mut outcome = record::outcome_of(step, StepStatus::Skipped);
                outcome.error = json!({ "message": format!("step {lost} was not done") });
                outcome.completed = Some(self.client.clock().now());
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
        self.decide(skipped)?;
        // What depends on the skipped ones is skipped in its turn.
        self.next_wave()
    }

    /// Records outcomes.
    pub(super) fn decide(&mut self, outcomes: Vec<StepOutcome>) -> Result<()> {
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

    async fn take(&mut self, wave: &[usize]) -> Result<()> {
        let standings = self.read_settled(wave).await?;
        let lost: Vec<usize> = wave.iter().copied().filter(|index| self.is_lost(*index)).collect();
        let mut found = self.find_lost(&lost).await?;
        let (mut ready, mut decided) = (Vec::new(), Vec::new());
        for (&index, standing) in wave.iter().zip(standings) {
            let found = found.remove(&index).and_then(|found| self.found_outcome(index, found));
            match found.map_or_else(|| self.judge(index, standing), |outcome| Err(Box::new(outcome))) {
                Ok(image) => ready.push(Ready { index, image }),
                Err(outcome) => decided.push(*outcome),
            }
        }
        self.decide(decided)?;
        let intended = ready.iter().map(|ready| self.intended(ready)).collect();
        self.decide(intended)?;
        if ready.is_empty() || self.is_stopped {
            return Ok(());
        }
        crash_here(self.request, "request")?;
        self.send(ready).await
    }

    pub(super) async fn read(&self, indexes: &[usize]) -> Result<Vec<Standing>> {
        let look = |index: &usize| {
            let step = &self.steps[*index];
            Look { step, is_again: self.status(&step.id) != StepStatus::Pending }
        };
        let looks: Vec<Look<'_>> = indexes.iter().map(look).collect();
        let password = || self.password();
        stand::read(self.client, &looks, &self.filling(&password)).await
    }

    /// Reads what stands; what comes back with something restored or made is given time to show.
    async fn read_settled(&self, wave: &[usize]) -> Result<Vec<Standing>> {
        let begun = self.client.clock().monotonic();
        loop {
            let standings = self.read(wave).await?;
            let is_awaited = |(index, standing): (&usize, &Standing)| {
                self.may_change_by_itself(&self.steps[*index], standing)
            };
            let waited = self.client.clock().monotonic().saturating_sub(begun);
            if waited >= self.request.settle || !wave.iter().zip(&standings).any(is_awaited) {
                return Ok(standings);
            }
            self.rest().await?;
        }
    }

    /// Whether what stands is perhaps only what a replica shows, or not yet what Graph brings back by itself.
    fn may_change_by_itself(&self, step: &Step, standing: &Standing) -> bool {
        match standing {
            // Links come back with what was restored.
            Standing::AsBefore(_) => step.kind == StepKind::AddLink && self.follows(step, StepKind::Restore),
            // What came back may not be there yet.
            Standing::Unread(_, is_missing) => *is_missing && self.follows_a_return(step),
            // Neither live nor in the bin: it is on its way, when its restoration left before a crash.
            Standing::Other(..) => {
                step.kind == StepKind::Restore && self.status(&step.id) == StepStatus::Intended
            }
            Standing::AsWanted => false,
        }
    }

    fn follows(&self, step: &Step, kind: StepKind) -> bool {
        let of_kind = |id: &String| self.outcomes.get(id).is_some_and(|outcome| outcome.kind == kind);
        step.depends_on.iter().any(of_kind)
    }

    pub(super) fn filling<'f>(&'f self, password: &'f dyn Fn() -> String) -> Filling<'f> {
        Filling { endpoint: &self.client.settings().endpoint, created: &self.created, password }
    }

    /// What is to be done with a step: sent over what stands, or decided at once.
    fn judge(&mut self, index: usize, standing: Standing) -> Result<Image, Box<StepOutcome>> {
        let step = self.steps[index].clone();
        let earlier = self.outcomes.get(&step.id).filter(|outcome| outcome.status == StepStatus::Intended);
        let was_intended = earlier.is_some();
        let mut outcome = earlier.cloned().unwrap_or_else(|| record::outcome_of(&step, StepStatus::Pending));
        outcome.completed = Some(self.client.clock().now());
        let decided = match standing {
            Standing::AsBefore(image) => return Ok(image),
            // It left before the crash, and took effect.
            Standing::AsWanted if was_intended => StepStatus::Done,
            Standing::AsWanted => StepStatus::Already,
            Standing::Other(image, what) => match self.request.on_conflict {
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

    /// Whether a create left before a crash, and nobody heard what became of it.
    fn is_lost(&self, index: usize) -> bool {
        let step = &self.steps[index];
        step.kind == StepKind::Recreate && self.status(&step.id) == StepStatus::Intended
    }

    pub(super) async fn rest(&self) -> Result<()> {
        let rest = (self.request.settle / RESTS).clamp(REST_MIN, REST_MAX);
        let sleep = self.client.clock().sleep(rest);
        Ok(self.client.settings().cancel.guard(sleep).await?)
    }

    fn intended(&self, ready: &Ready) -> StepOutcome {
        let step = &self.steps[ready.index];
        let known = self.outcomes.get(&step.id).filter(|outcome| outcome.status == StepStatus::Intended);
        let mut outcome = known.cloned().unwrap_or_else(|| record::outcome_of(step, StepStatus::Intended));
        if known.is_none() {
            outcome.before.clone_from(&ready.image.values);
            // Links that stood as wanted are not what this step did, so nothing undoes them.
            let links = step.links.iter().filter(|link| {
                link.target_id.contains(NEW_ID_PREFIX) || ready.image.targets.contains(&link.target_id)
            });
            outcome.links = links.map(|link| json!(link)).collect();
        }
        outcome.completed = Some(self.client.clock().now());
        outcome
    }

    async fn send(&mut self, ready: Vec<Ready>) -> Result<()> {
        let mut open = ready;
        for tries in 0..=LAG_TRIES {
            let sent = self.send_once(&open).await?;
            let (mut decided, mut again, mut unanswered) = (Vec::new(), Vec::new(), Vec::new());
            for (ready, sent) in open.into_iter().zip(sent) {
                let step = &self.steps[ready.index];
                if let Sent::Refused { status, error, .. } = &sent
                    && tries < LAG_TRIES
                    && send::may_be_lag(*status, error)
                    && (step.kind == StepKind::Restore || self.follows_a_return(step))
                {
                    again.push(ready);
                    continue;
                }
                match sent {
                    Sent::Held => {}
                    Sent::Unanswered => unanswered.push(ready.index),
                    sent => match self.send_apart(ready.index, sent).await {
                        Sent::Held => {}
                        sent => decided.push(self.outcome_of(ready.index, sent)),
                    },
                }
            }
            self.decide(decided)?;
            self.settle_unanswered(&unanswered).await?;
            if again.is_empty() {
                return Ok(());
            }
            self.rest().await?;
            open = self.still_open(again).await?;
        }
        Ok(())
    }

    /// Those of refused steps that are not as wanted meanwhile: what was done before a crash may show late.
    async fn still_open(&mut self, refused: Vec<Ready>) -> Result<Vec<Ready>> {
        let indexes: Vec<usize> = refused.iter().map(|ready| ready.index).collect();
        let standings = self.read(&indexes).await?;
        let (mut open, mut decided) = (Vec::new(), Vec::new());
        for (ready, standing) in refused.into_iter().zip(standings) {
            if standing == Standing::AsWanted {
                let done = Sent::Done { created: BTreeMap::new(), request_id: None };
                decided.push(self.outcome_of(ready.index, done));
            } else {
                open.push(ready);
            }
        }
        self.decide(decided)?;
        Ok(open)
    }

    /// Whether a replica may not know yet what a step is about.
    fn follows_a_return(&self, step: &Step) -> bool {
        self.follows(step, StepKind::Restore) || self.follows(step, StepKind::Recreate)
    }

    pub(super) async fn send_once(&self, ready: &[Ready]) -> Result<Vec<Sent>> {
        let password = || self.password();
        let filling = self.filling(&password);
        let mut calls: Vec<Call> = Vec::new();
        let mut ends = Vec::with_capacity(ready.len());
        for Ready { index, image } in ready {
            calls.extend(self.calls_of(*index, image, &filling));
            ends.push(calls.len());
        }
        let mut answers = self.client.batch(calls).await.into_iter();
        let mut sent = Vec::with_capacity(ready.len());
        let mut start = 0;
        for (Ready { index, image }, end) in ready.iter().zip(ends) {
            let step = &self.steps[*index];
            let own = answers.by_ref().take(end - start).collect();
            let mut outcome = send::read_link_answers(step, &image.targets, own);
            start = end;
            let is_bulk = step.kind == StepKind::AddLink && image.targets.len() > 1;
            if is_bulk
                && matches!(outcome, Sent::Refused { status: 400 | 404, .. })
                && let Some(calls) = send::one_by_one(step, &image.targets, &filling)
            {
                // All or nothing: one link that is there already refuses them all.
                outcome = send::read_link_answers(step, &image.targets, self.client.batch(calls).await);
            }
            sent.push(outcome);
        }
        Ok(sent)
    }

    fn calls_of(&self, index: usize, image: &Image, filling: &Filling<'_>) -> Vec<Call> {
        let step = &self.steps[index];
        let mut calls = filling.calls(step, &image.targets);
        if let (Some(id), [call]) = (&image.graph_id, calls.as_mut_slice())
            && step.request.method == "DELETE"
            && let Some((above, _)) = call.path.rsplit_once('/')
        {
            // Graph gives a relation object a new ID each time it is made.
            call.path = format!("{above}/{}", graph::escape(id));
        }
        calls
    }

    /// What is known of a step after its answer; a lost one says nothing.
    pub(super) fn outcome_of(&self, index: usize, sent: Sent) -> StepOutcome {
        let step = &self.steps[index];
        let known = self.outcomes.get(&step.id).cloned();
        let mut outcome = known.unwrap_or_else(|| record::outcome_of(step, StepStatus::Intended));
        outcome.completed = Some(self.client.clock().now());
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

    /// Keeps of a refused step the links that were made or taken away all the same, so that undoing knows them.
    fn keep_made(&self, step: &Step, outcome: &mut StepOutcome, made: &[String]) {
        let Some(relation) = step.links.first().map(|link| link.relation.clone()) else { return };
        if made.is_empty() {
            return;
        }
        let password = String::new;
        let filling = self.filling(&password);
        if let Some(links) = outcome.links.as_array_mut() {
            links.retain(|link| made.contains(&filling.text(link["targetId"].as_str().unwrap_or_default())));
        }
        outcome.written = vec![relation];
    }

    /// A password that nobody is told.
    pub(super) fn password(&self) -> String {
        let count = self.password_count.get();
        self.password_count.set(count + 1);
        let mut hasher = blake3::Hasher::new_derive_key("entrasnap 2026-11 password");
        hasher.update(&self.request.seed).update(&count.to_le_bytes());
        hasher.update(self.client.clock().now().to_string().as_bytes());
        let mut bytes = [0; PASSWORD_LENGTH];
        hasher.finalize_xof().fill(&mut bytes);
        let letters = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_.";
        let text = bytes.iter().map(|byte| char::from(letters[usize::from(*byte) % letters.len()]));
        // One of each kind, as every password policy asks for.
        format!("{}aZ7!", text.collect::<String>())
    }
}
