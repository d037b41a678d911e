//! Owns reading pages and batches for a backup: from Graph, or from what an interrupted run staged.
//!
//! What cannot be read is told apart here: an answer that concerns one question is an [`Unread`], and the run goes on; a
//! tenant that answers nothing any more ends it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use engine::Snapshot;
use engine::coverage::{BinExtent, Gap, GapScope};
use tokio::sync::mpsc::Sender;

use super::error::{Error, Result};
use super::event::Event;
use super::stage::Stage;
use super::state::Pending;
use crate::graph::{self, Answer, AnswerFault, Call, Client, Page, Shape};
use engine::schema::Type;

/// The most properties that are left out of one question because the tenant's cloud does not know them.
const DROPPED_COUNT_MAX: usize = 20;
/// How long it is believed that the tenant answers.
const ANSWERS_FOR: Duration = Duration::from_secs(30);

/// Reads for one run. Clones share everything.
#[derive(Clone)]
pub(super) struct Reader {
    pub(super) client: Client,
    /// What the store has, to keep what cannot be read.
    pub(super) previous: Option<Snapshot>,
    /// The resources of grants of delegated permissions, and objects that had elements of collections read for these.
    pub(super) granted: Arc<BTreeSet<String>>,
    stage: Option<Arc<Stage>>,
    events: Sender<Event>,
    notes: Arc<Mutex<Notes>>,
}

/// What a run finds out on its way.
#[derive(Default)]
struct Notes {
    /// What the next backup asks again.
    again: Pending,
    /// Properties that are left out, by type.
    unknown: BTreeMap<&'static str, BTreeSet<String>>,
    /// Properties that were asked for and could not be read of all objects, by type.
    hidden: BTreeMap<&'static str, BTreeSet<String>>,
    /// Objects that must be looked for a second time before they are taken for gone, or for there, by type.
    doubts: BTreeMap<&'static str, BTreeMap<String, Doubt>>,
    /// The first failure that was not Graph's decision about one question.
    first_failure: Option<Error>,
    /// The first decision of Graph not to answer one question.
    first_refusal: Option<Error>,
    /// Until when the tenant is taken to answer.
    answers_until: Option<Duration>,
}

/// Why an object is looked for a second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// Neither live nor in the bin, although something said that it is there.
    Absent,
    /// There, although the delta query said that it is gone for good.
    Removed,
}

/// Why something could not be read, when the rest can be.
#[derive(Debug, Clone)]
pub(super) struct Unread {
    /// The status of Graph's answer; 0 when there was none that can be understood.
    pub(super) status: u16,
    /// Graph's code and message.
    pub(super) reason: String,
    is_resync: bool,
}

impl Reader {
    pub(super) fn new(client: &Client, stage: Option<Arc<Stage>>, events: Sender<Event>) -> Self {
        let waits = events.downgrade();
        client.on_wait(move |until| {
            // A full queue drops the report of the wait.
            let _outcome = waits.upgrade().map(|events| events.try_send(Event::Waits(until)));
        });
        Self {
            client: client.clone(),
            previous: None,
            granted: Arc::default(),
            stage,
            events,
            notes: Arc::default(),
        }
    }

    /// The same, that knows what the store has.
    pub(super) fn over(self, previous: Option<Snapshot>) -> Self {
        Self { previous, ..self }
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, that asks everything anew: for what was read in this run already.
    pub(super) fn unstaged(&self) -> Self {
        Self { stage: None, ..self.clone() }
    }

    /// Waits, unless the run is cancelled.
    pub(super) async fn rest(&self, wait: Duration) -> Result<()> {
        let sleep = self.client.clock().sleep(wait);
        Ok(self.client.settings().cancel.guard(sleep).await?)
    }

    /// Hands something to who writes the backup.
    pub(super) async fn tell(&self, event: Event) -> Result<()> {
        if let Event::Gap(gap) = &event {
            self.notes().again.note(gap);
        }
        // The channel is closed when writing failed; that error is the one to show.
        self.events.send(event).await.map_err(|_| Error::Cancelled)
    }

    /// The IDs of what the store has of a type and did not come until now.
    pub(super) async fn missing(&self, token: &'static str, bin: BinExtent) -> Result<Vec<String>> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.tell(Event::Missing { token, bin, reply }).await?;
        answer.await.map_err(|_| Error::Cancelled)
    }

    /// The IDs of what came of a type, had links of a relation, and got none until now.
    pub(super) async fn unlinked(&self, token: &'static str, relation: &'static str) -> Result<Vec<String>> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.tell(Event::Unlinked { token, relation, reply }).await?;
        answer.await.map_err(|_| Error::Cancelled)
    }

    /// Remembers an object to look for a second time.
    pub(super) fn doubt(&self, token: &'static str, id: &str, doubt: Doubt) {
        self.notes().doubts.entry(token).or_default().insert(id.to_owned(), doubt);
    }

    /// The objects of a type to look for a second time.
    pub(super) fn take_doubts(&self, token: &str) -> BTreeMap<String, Doubt> {
        self.notes().doubts.remove(token).unwrap_or_default()
    }

    /// Takes back that objects have to be looked for a second time.
    pub(super) fn settle_doubts(&self, token: &str, ids: &[&String]) {
        if let Some(doubts) = self.notes().doubts.get_mut(token) {
            doubts.retain(|id, _| !ids.contains(&id));
        }
    }

    /// Whether there is anything to look for a second time.
    pub(super) fn has_doubts(&self) -> bool {
        !self.notes().doubts.is_empty()
    }

    /// What the next backup asks again.
    pub(super) fn again(&self) -> Pending {
        self.notes().again.clone()
    }

    /// The first failure that was not Graph's decision about one question; else the first such decision.
    pub(super) fn first_failure(&self) -> Option<Error> {
        let mut notes = self.notes();
        let failure = notes.first_failure.take();
        if failure.is_some() { failure } else { notes.first_refusal.take() }
    }

    /// Takes note of a property that could not be read of all objects.
    pub(super) fn note_hidden(&self, token: &'static str, name: &str) {
        self.notes().hidden.entry(token).or_default().insert(name.to_owned());
    }

    /// Takes out of a list of properties what its cloud does not know, or did not show.
    pub(super) fn trim(&self, token: &str, properties: &mut Vec<String>) {
        let notes = self.notes();
        for left_out in [&notes.unknown, &notes.hidden].into_iter().filter_map(|names| names.get(token)) {
            properties.retain(|name| !left_out.contains(name));
        }
    }

    /// Reads one page of a list.
    pub(super) async fn page(&self, key: &str, call: &Call) -> Result<Result<Page, Unread>> {
        let shape = if call.shape == Shape::Round { Shape::Round } else { Shape::Page };
        let answer = match self.answer(key, &call.clone().shape(shape)).await? {
            Ok(answer) => answer,
            Err(unread) => return Ok(Err(unread)),
        };
        let page = match answer.page {
            Some(page) => Ok(page),
            None => Page::read(answer.body, None),
        };
        Ok(page.map_err(|fault| self.broken(call, fault)))
    }

    /// Reads one object.
    pub(super) async fn body(&self, key: &str, call: &Call) -> Result<Result<Bytes, Unread>> {
        let answer = self.answer(key, &call.clone().shape(Shape::Object)).await?;
        Ok(answer.map(|answer| answer.body))
    }

    async fn answer(&self, key: &str, call: &Call) -> Result<Result<Answer, Unread>> {
        if let Some(body) = self.stage.as_ref().and_then(|stage| stage.get(key)) {
            return Ok(Ok(Answer { status: 200, body, request_id: None, location: None, page: None }));
        }
        for _ in 0..DROPPED_COUNT_MAX {
            let sent = self.trimmed(call);
            let result = self.client.send(&sent).await;
            if self.drop_unknown(&sent, &result).await? {
                continue;
            }
            let answer = self.sort_out(result).await?;
            if let (Some(stage), Ok(answer)) = (&self.stage, &answer) {
                stage.put(key, &answer.body)?;
            }
            return Ok(answer);
        }
        self.sort_out(self.client.send(&self.trimmed(call)).await).await
    }

    /// Asks many things in batches, in the order of the calls, without staging.
    pub(super) async fn ask(&self, calls: Vec<Call>) -> Result<Vec<Result<Answer, Unread>>> {
        let mut answers: Vec<Option<Result<Answer, Unread>>> = calls.iter().map(|_| None).collect();
        let mut open: Vec<(usize, Call)> = calls.into_iter().enumerate().collect();
        for round in 0..=DROPPED_COUNT_MAX {
            let sent: Vec<Call> = open.iter().map(|(_, call)| self.trimmed(call)).collect();
            let results = self.client.batch(sent.clone()).await;
            let mut again = Vec::new();
            for (((index, call), sent), result) in open.into_iter().zip(&sent).zip(results) {
                if round < DROPPED_COUNT_MAX && self.drop_unknown(sent, &result).await? {
                    again.push((index, call));
                } else {
                    answers[index] = Some(self.sort_out(result).await?);
                }
            }
            open = again;
            if open.is_empty() {
                break;
            }
        }
        // The last round answers whatever is left.
        Ok(answers.into_iter().flatten().collect())
    }

    /// Reads many answers in batches, in the order of the calls; what was staged is not asked again.
    pub(super) async fn batch(&self, calls: Vec<(String, Call)>) -> Result<Vec<Result<Answer, Unread>>> {
        let staged = |key: &str| self.stage.as_ref().and_then(|stage| stage.get(key));
        let mut answers: Vec<Option<Result<Answer, Unread>>> = Vec::with_capacity(calls.len());
        let (mut keys, mut asked) = (Vec::new(), Vec::new());
        for (key, call) in calls {
            let known = staged(&key);
            if known.is_none() {
                keys.push((answers.len(), key));
                asked.push(call);
            }
            let answer = |body| Answer { status: 200, body, request_id: None, location: None, page: None };
            answers.push(known.map(|body| Ok(answer(body))));
        }
        for ((index, key), answer) in keys.into_iter().zip(self.ask(asked).await?) {
            if let (Some(stage), Ok(answer)) = (&self.stage, &answer) {
                stage.put(&key, &answer.body)?;
            }
            answers[index] = Some(answer);
        }
        // Every call was staged or answered.
        Ok(answers.into_iter().flatten().collect())
    }

    /// A call without the properties that its cloud was found not to know.
    fn trimmed(&self, call: &Call) -> Call {
        let notes = self.notes();
        let Some(unknown) = call.subject.and_then(|token| notes.unknown.get(token)) else {
            return call.clone();
        };
        let Some((before, names, behind)) = select_of(&call.path) else { return call.clone() };
        let kept: Vec<&str> = names.split(',').filter(|name| !unknown.contains(*name)).collect();
        Call { path: format!("{before}{}{behind}", kept.join(",")), ..call.clone() }
    }

    /// Takes note of a property that Graph does not know, where it says so; then the call is worth asking without it.
    async fn drop_unknown(&self, call: &Call, result: &graph::Result<Answer>) -> Result<bool> {
        let (Some(token), Err(error)) = (call.subject, result) else { return Ok(false) };
        let Some(refusal) = error.refusal().filter(|refusal| refusal.status == 400) else { return Ok(false) };
        let Some(name) = named_property(&call.path, &refusal.message) else { return Ok(false) };
        let is_new = self.notes().unknown.entry(token).or_default().insert(name.clone());
        if is_new {
            let reason = Unread::of(refusal).reason;
            self.notes().again.note_property(token, &name, &reason);
            let scope = GapScope::Property(name);
            self.tell(Event::Gap(Gap { type_token: token.to_owned(), scope, reason, count: 1 })).await?;
        }
        Ok(true)
    }

    /// Tells what only concerns one question from what ends the run.
    async fn sort_out(&self, result: graph::Result<Answer>) -> Result<Result<Answer, Unread>> {
        let error = match result {
            Ok(answer) => return Ok(Ok(answer)),
            Err(error) => error,
        };
        let unread = Unread::or_end(error.clone())?;
        let is_total = error.is_of_host() || unread.status == 401;
        if is_total && !self.tenant_answers().await? {
            return Err(error.into());
        }
        let mut notes = self.notes();
        if unread.is_failure() {
            notes.first_failure.get_or_insert(error.into());
        } else if unread.status != 404 {
            notes.first_refusal.get_or_insert(error.into());
        }
        drop(notes);
        Ok(Err(unread))
    }

    /// Whether the tenant still answers, and the token is still good: something else is asked.
    async fn tenant_answers(&self) -> Result<bool> {
        let now = self.client.clock().monotonic();
        if self.notes().answers_until.is_some_and(|until| now < until) {
            return Ok(true);
        }
        match self.client.send(&Call::get("/organization?$select=id")).await {
            Err(graph::Error::Cancelled) => Err(Error::Cancelled),
            Err(graph::Error::Refused(refusal)) if refusal.status == 401 => Ok(false),
            Err(error) if error.is_of_host() || error.kind() == graph::ErrorKind::SignIn => Ok(false),
            _ => {
                self.notes().answers_until = Some(self.client.clock().monotonic() + ANSWERS_FOR);
                Ok(true)
            }
        }
    }

    /// An answer that cannot be followed.
    pub(super) fn broken(&self, call: &Call, fault: AnswerFault) -> Unread {
        let (asked, reason) = (call.asked(), fault.to_string());
        let error = graph::Error::Malformed { asked, fault, tries: None, request_id: None };
        self.notes().first_failure.get_or_insert(error.into());
        Unread { status: 0, reason, is_resync: false }
    }
}

/// A path with `$select` taken apart: what stands before the names, the names, what stands behind.
fn select_of(path: &str) -> Option<(&str, &str, &str)> {
    let begin = path.find("$select=")? + "$select=".len();
    let length = path[begin..].find('&').unwrap_or(path.len() - begin);
    Some((&path[..begin], &path[begin..begin + length], &path[begin + length..]))
}

/// The property of `$select` that a refusal names in quotation marks.
fn named_property(path: &str, message: &str) -> Option<String> {
    let (_, names, _) = select_of(path)?;
    let is_named = |name: &&str| {
        *name != "id" && ["'", "\"", "`"].iter().any(|mark| message.contains(&format!("{mark}{name}{mark}")))
    };
    names.split(',').find(is_named).map(str::to_owned)
}

impl Unread {
    /// No delta query tells of it.
    pub(super) fn untracked() -> Self {
        Self { status: 0, reason: "no delta query".to_owned(), is_resync: false }
    }

    /// What an answer about one object says, when it is of another one.
    pub(super) fn other_object(id: &str) -> Self {
        let reason = format!("expected the object {id}, found another one, or none");
        Self { status: 0, reason, is_resync: false }
    }

    /// What an error says of one question.
    ///
    /// # Errors
    /// The error, when it is of all questions.
    pub(super) fn or_end(error: graph::Error) -> Result<Self> {
        match &error {
            graph::Error::Refused(refusal) => Ok(Self::of(refusal)),
            // Without path and request ID: what is wrong in one way with many objects is one warning.
            graph::Error::Malformed { fault, tries, .. } => {
                let reason = format!("{fault}{}", graph::in_tries(*tries));
                Ok(Self { status: 0, reason, is_resync: false })
            }
            graph::Error::Unreachable { what, .. } | graph::Error::Untrusted { what, .. } => {
                Ok(Self { status: 0, reason: what.clone(), is_resync: false })
            }
            graph::Error::ForeignLink { .. } => {
                Ok(Self { status: 0, reason: error.to_string(), is_resync: false })
            }
            _ => Err(error.into()),
        }
    }

    fn of(refusal: &graph::Refusal) -> Self {
        let mut reason = format!("{} {}", refusal.status, refusal.code);
        if refusal.code.is_empty() {
            reason = format!("status {}", refusal.status);
        }
        if !refusal.message.is_empty() {
            reason = format!("{reason}: {}", refusal.message);
        }
        Self { status: refusal.status, reason, is_resync: refusal.is_resync() }
    }

    /// Whether it says nothing of the tenant: the same question may be answered another day.
    pub(super) fn is_failure(&self) -> bool {
        matches!(self.status, 0 | 401 | 408 | 429) || (self.status >= 500 && self.status != 501)
    }

    /// Whether a link in the middle of a list is one that Graph does not know any more.
    pub(super) fn is_expired(&self) -> bool {
        self.is_resync || matches!(self.status, 400 | 410)
    }

    /// The reason, with what would mend it.
    pub(super) fn reason_for(&self, resource: &Type) -> String {
        if self.status == 403 && !resource.graph.read.is_empty() {
            return format!(
                "{} (reading needs the permission {})",
                self.reason,
                resource.graph.read.join(", ")
            );
        }
        self.reason.clone()
    }
}

/// A path with its `{id}` filled in.
pub(super) fn path_of(template: &str, id: &str) -> String {
    template.replace("{id}", &graph::escape(id)).replace("{tenantId}", &graph::escape(id))
}

#[cfg(test)]
mod tests {
    use super::{named_property, select_of};

    #[test]
    fn the_property_that_a_refusal_names_is_found_among_those_asked_for() {
        let path = "/users?$select=id,faxNumber,state&$top=999";
        let message =
            |name: &str| format!("Could not find a property named '{name}' on type 'microsoft.graph.user'.");
        assert_eq!(named_property(path, &message("state")).as_deref(), Some("state"));
        assert_eq!(named_property(path, &message("id")), None);
        assert_eq!(named_property(path, &message("fax")), None);
        assert_eq!(named_property("/users", &message("state")), None);
        assert_eq!(select_of(path), Some(("/users?$select=", "id,faxNumber,state", "&$top=999")));
        assert_eq!(select_of("/users/a?$select=id"), Some(("/users/a?$select=", "id", "")));
    }
}
