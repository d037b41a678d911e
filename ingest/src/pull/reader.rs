//! Owns reading pages and batches for a backup: from Graph, or from what an interrupted run staged.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc::Sender;

use super::event::Event;
use super::stage::Stage;
use crate::error::{Error, Result};
use crate::graph::{self, Answer, Call, Client, Page};
use crate::resource::Resource;

/// Reads for one run. Clones share everything.
#[derive(Clone)]
pub(super) struct Reader {
    pub(super) client: Client,
    stage: Option<Arc<Stage>>,
    events: Sender<Event>,
}

/// Why something could not be read, when the rest can be.
#[derive(Debug, Clone)]
pub(super) struct Unread {
    /// The status of Graph's answer.
    pub(super) status: u16,
    /// Graph's code and message.
    pub(super) reason: String,
}

/// A collection being read.
pub(super) struct Chain<'r> {
    reader: &'r Reader,
    key: String,
    number: u32,
    next: Option<Call>,
}

impl Chain<'_> {
    /// The next page; none after the last one. The inner result says that Graph refused it for good.
    pub(super) async fn next(&mut self) -> Result<Option<Result<Page, Unread>>> {
        let Some(call) = self.next.take() else { return Ok(None) };
        let key = format!("{}/{}", self.key, self.number);
        self.number += 1;
        let page = match self.reader.page(&key, &call).await? {
            Ok(page) => page,
            Err(unread) => return Ok(Some(Err(unread))),
        };
        if let Some(link) = &page.next_link {
            if *link == call.path {
                let what = "expected a link to the next page, found one to this page".to_owned();
                let asked = self.key.clone();
                return Err(graph::Error::Malformed { asked, what, request_id: None }.into());
            }
            self.next = Some(Call { path: link.clone(), ..call });
        }
        Ok(Some(Ok(page)))
    }
}

impl Reader {
    pub(super) fn new(client: &Client, stage: Option<Arc<Stage>>, events: Sender<Event>) -> Self {
        Self { client: client.clone(), stage, events }
    }

    /// Waits, unless somebody asks to stop.
    pub(super) async fn rest(&self, wait: std::time::Duration) -> Result<()> {
        let sleep = self.client.clock().sleep(wait);
        Ok(self.client.settings().cancel.guard(sleep).await?)
    }

    /// Hands something to who writes the backup.
    pub(super) async fn tell(&self, event: Event) -> Result<()> {
        // Nobody listens any more when writing failed; that error is the one to show.
        self.events.send(event).await.map_err(|_| Error::Cancelled)
    }

    /// Reads a collection page by page.
    pub(super) fn chain(&self, key: &str, first: Call) -> Chain<'_> {
        Chain { reader: self, key: key.to_owned(), number: 0, next: Some(first) }
    }

    /// Reads one page.
    pub(super) async fn page(&self, key: &str, call: &Call) -> Result<Result<Page, Unread>> {
        let body = match self.body(key, call).await? {
            Ok(body) => body,
            Err(unread) => return Ok(Err(unread)),
        };
        let malformed = |what| graph::Error::Malformed { asked: key.to_owned(), what, request_id: None };
        Ok(Ok(Page::read(body, None).map_err(malformed)?))
    }

    /// Reads one answer.
    pub(super) async fn body(&self, key: &str, call: &Call) -> Result<Result<Bytes, Unread>> {
        if let Some(body) = self.stage.as_ref().and_then(|stage| stage.get(key)) {
            return Ok(Ok(body));
        }
        match sort_out(self.client.send(call).await)? {
            Ok(answer) => {
                if let Some(stage) = &self.stage {
                    stage.put(key, &answer.body)?;
                }
                Ok(Ok(answer.body))
            }
            Err(unread) => Ok(Err(unread)),
        }
    }

    /// Asks many things in batches, in the order of the calls, without staging.
    pub(super) async fn ask(&self, calls: Vec<Call>) -> Result<Vec<Result<Bytes, Unread>>> {
        let answers = self.client.batch(calls).await.into_iter().map(sort_out);
        answers.map(|answer| Ok(answer?.map(|answer| answer.body))).collect()
    }

    /// Reads many answers in batches, in the order of the calls; what was staged is not asked again.
    pub(super) async fn batch(&self, calls: Vec<(String, Call)>) -> Result<Vec<Result<Bytes, Unread>>> {
        let staged = |key: &str| self.stage.as_ref().and_then(|stage| stage.get(key));
        let mut bodies: Vec<Option<Result<Bytes, Unread>>> = Vec::with_capacity(calls.len());
        let (mut keys, mut asked) = (Vec::new(), Vec::new());
        for (key, call) in calls {
            let known = staged(&key);
            if known.is_none() {
                keys.push((bodies.len(), key));
                asked.push(call);
            }
            bodies.push(known.map(Ok));
        }
        for ((place, key), answer) in keys.into_iter().zip(self.client.batch(asked).await) {
            let answer = sort_out(answer)?;
            if let (Some(stage), Ok(answer)) = (&self.stage, &answer) {
                stage.put(&key, &answer.body)?;
            }
            bodies[place] = Some(answer.map(|answer| answer.body));
        }
        // Every call was staged or answered.
        Ok(bodies.into_iter().flatten().collect())
    }
}

/// Tells what only concerns one question from what ends the run.
fn sort_out(result: graph::Result<Answer>) -> Result<Result<Answer, Unread>> {
    match result {
        Ok(answer) => Ok(Ok(answer)),
        Err(error) => match error.refusal() {
            // What stays throttled or broken after all tries is no state of the tenant, and another run may do better.
            Some(refusal) if refusal.status != 401 && refusal.status != 429 && refusal.status < 500 => {
                Ok(Err(Unread::of(refusal)))
            }
            Some(refusal) if refusal.status == 501 => Ok(Err(Unread::of(refusal))),
            _ => Err(error.into()),
        },
    }
}

impl Unread {
    /// No delta query tells of it.
    pub(super) fn untracked() -> Self {
        Self { status: 0, reason: "no delta query".to_owned() }
    }

    fn of(refusal: &graph::Refusal) -> Self {
        let mut reason = format!("{} {}", refusal.status, refusal.code);
        if refusal.code.is_empty() {
            reason = format!("status {}", refusal.status);
        }
        if !refusal.message.is_empty() {
            reason = format!("{reason}: {}", refusal.message);
        }
        Self { status: refusal.status, reason }
    }

    /// The reason, with what would mend it.
    pub(super) fn reason_for(&self, resource: &Resource) -> String {
        if self.status == 403 && !resource.read.is_empty() {
            return format!("{} (reading needs the permission {})", self.reason, resource.read.join(", "));
        }
        self.reason.clone()
    }
}

/// A path with its `{id}` filled in.
pub(super) fn path_of(template: &str, id: &str) -> String {
    template.replace("{id}", &graph::escape(id)).replace("{tenantId}", &graph::escape(id))
}
