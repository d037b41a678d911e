//! Owns many calls in few requests: groups of 20, whose answers are taken apart without building them.
//!
//! Batches save no quota, only round trips: each call counts alone, is refused alone and is sent again alone. Calls
//! about conditional access go one by one, because one a second is all that a tenant gets.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use tokio::task::{JoinError, JoinSet};

use super::call::{Answer, Call, Meter};
use super::error::Result;
use super::pace::Cost;
use super::retry::Loss;
use super::sender::{Sender, Sending};
use super::transport::{Lost, Received};
use super::trial::{Continuation, Parcel, Trial};
use engine::schema::Version;

#[cfg(test)]
mod tests;

/// The most calls that Graph takes in a batch.
const CALLS_MAX: usize = 20;

/// A call with its index among all, and its address behind the version.
struct Member {
    index: usize,
    call: Call,
    url: String,
}

/// Answers with the indexes of their calls.
type Indexed = Vec<(usize, Result<Answer>)>;

/// Calls that are sent together.
enum Group {
    Alone(usize, Call),
    Batch(Version, Vec<Member>),
}

pub(super) async fn run(sender: &Sender, calls: Vec<Call>, mut each: impl FnMut(usize, Result<Answer>)) {
    let groups = group(sender, calls, &mut each);
    let mut running = JoinSet::new();
    let mut deliver = |answers: Option<Result<Indexed, JoinError>>| match answers {
        Some(Ok(answers)) => answers.into_iter().for_each(|(index, answer)| each(index, answer)),
        Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Some(Err(_)) | None => {}
    };
    for group in groups {
        // Twice as many as may be in flight: while half of them wait for an answer, the others are made ready.
        if running.len() >= sender.in_flight_max() * 2 {
            deliver(running.join_next().await);
        }
        let sender = sender.clone();
        running.spawn(async move { finish(&sender, group).await });
    }
    while !running.is_empty() {
        deliver(running.join_next().await);
    }
}

/// Puts calls into groups, in their order; a call that leads elsewhere is answered at once.
fn group(sender: &Sender, calls: Vec<Call>, each: &mut impl FnMut(usize, Result<Answer>)) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut open: [Vec<Member>; 2] = [Vec::new(), Vec::new()];
    let versions = [Version::V1, Version::Beta];
    for (index, call) in calls.into_iter().enumerate() {
        let address = match sender.address(&call) {
            Ok(address) => address.path_and_query(),
            Err(error) => {
                each(index, Err(error));
                continue;
            }
        };
        let version = versions.iter().position(|version| {
            address.strip_prefix(version.segment()).is_some_and(|rest| rest.starts_with('/'))
        });
        let Some(version) = version.filter(|_| call.meter != Meter::ConditionalAccess) else {
            groups.push(Group::Alone(index, call));
            continue;
        };
        let url = address[versions[version].segment().len()..].to_owned();
        open[version].push(Member { index, call, url });
        if open[version].len() == CALLS_MAX {
            groups.push(Group::Batch(versions[version], std::mem::take(&mut open[version])));
        }
    }
    for (version, members) in versions.into_iter().zip(open) {
        if !members.is_empty() {
            groups.push(Group::Batch(version, members));
        }
    }
    groups
}

async fn finish(sender: &Sender, group: Group) -> Indexed {
    match group {
        Group::Alone(index, call) => vec![(index, sender.send(&call).await)],
        Group::Batch(version, members) => finish_batch(sender, version, &members).await,
    }
}

/// Sends a group until all of its calls are done; those that are not yet go alone into the next batch.
async fn finish_batch(sender: &Sender, version: Version, members: &[Member]) -> Indexed {
    let mut done = Vec::with_capacity(members.len());
    let mut open: Vec<(&Member, Trial<'_>)> =
        members.iter().map(|member| (member, Trial::new(&member.call))).collect();
    while !open.is_empty() {
        let calls: Vec<&Call> = open.iter().map(|(member, _)| &member.call).collect();
        let body = body(open.iter().map(|(member, _)| (&member.call, member.url.as_str())));
        let refused = open.iter().filter_map(|(_, trial)| trial.refused_token).max();
        let sent = match sender.send_once(&Sending::Batch(version, &calls, body), refused).await {
            Ok(sent) => sent,
            Err(error) => {
                done.extend(open.into_iter().map(|(member, _)| (member.index, Err(error.clone()))));
                return done;
            }
        };
        let mut answers = Answers::of(sent.received, open.len());
        let mut longest = Duration::ZERO;
        let mut later = Vec::new();
        for (index, (member, mut trial)) in open.into_iter().enumerate() {
            let (answer, retry_after) = answers.take(sender, index, &member.call);
            match sender.judge(&mut trial, answer, retry_after, sent.token_number) {
                Continuation::Done(answer) => done.push((member.index, answer)),
                Continuation::Again { wait } => {
                    longest = longest.max(wait);
                    later.push((member, trial));
                }
            }
        }
        open = later;
        if let (false, Err(error)) = (open.is_empty(), sender.rest(longest).await) {
            done.extend(open.into_iter().map(|(member, _)| (member.index, Err(error.clone()))));
            return done;
        }
    }
    done
}

/// Writes the body of a batch; IDs are indexes.
fn body<'c>(calls: impl ExactSizeIterator<Item = (&'c Call, &'c str)>) -> Bytes {
    let mut body = Vec::with_capacity(calls.len() * 128);
    body.extend_from_slice(b"{\"requests\":[");
    for (index, (call, url)) in calls.enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let url = serde_json::Value::from(url);
        let head = format!("{comma}{{\"id\":\"{index}\",\"method\":\"{}\",\"url\":{url}", call.method.name());
        body.extend_from_slice(head.as_bytes());
        let mut headers = serde_json::Map::new();
        if call.is_eventual {
            headers.insert("ConsistencyLevel".to_owned(), "eventual".into());
        }
        if let Some(preference) = &call.prefer {
            headers.insert("Prefer".to_owned(), preference.as_str().into());
        }
        if call.body.is_some() {
            headers.insert("Content-Type".to_owned(), "application/json".into());
        }
        if !headers.is_empty() {
            let headers = serde_json::Value::Object(headers);
            body.extend_from_slice(format!(",\"headers\":{headers}").as_bytes());
        }
        if let Some(content) = call.body.as_ref().filter(|content| !content.is_empty()) {
            body.extend_from_slice(b",\"body\":");
            body.extend_from_slice(content);
        }
        body.push(b'}');
    }
    body.extend_from_slice(b"]}");
    body.into()
}

#[derive(Deserialize)]
struct BatchBody<'a> {
    #[serde(borrow)]
    responses: Vec<Response<'a>>,
}

#[derive(Deserialize)]
struct Response<'a> {
    id: String,
    status: u16,
    #[serde(default)]
    headers: Headers,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
}

/// The headers of an answer that are read.
const HEADERS: [&str; 7] = [
    "content-type",
    "request-id",
    "retry-after",
    "location",
    "x-ms-resource-unit",
    "x-ms-throttle-information",
    "x-ms-throttle-limit-percentage",
];

#[derive(Default)]
struct Headers([Option<String>; HEADERS.len()]);

impl Headers {
    fn index(name: &str) -> Option<usize> {
        HEADERS.iter().position(|header| header.eq_ignore_ascii_case(name))
    }

    fn get(&self, name: &str) -> Option<&str> {
        Self::index(name).and_then(|index| self.0[index].as_deref())
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeadersVisitor)
    }
}

struct HeadersVisitor;

impl<'de> Visitor<'de> for HeadersVisitor {
    type Value = Headers;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object of headers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
        let mut headers = Headers::default();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            // A number is as good as its text.
            let value = map.next_value::<&RawValue>()?.get();
            if let Some(index) = Headers::index(&name) {
                let text = serde_json::from_str::<String>(value).unwrap_or_else(|_| value.to_owned());
                headers.0[index] = Some(text);
            }
        }
        Ok(headers)
    }
}

/// The answers of a batch by index, or what all of its calls share.
enum Answers {
    Each(Vec<Option<BatchAnswer>>),
    All(Result<Received, Lost>),
}

/// One answer of a batch.
struct BatchAnswer {
    status: u16,
    headers: Headers,
    body: Bytes,
}

impl Answers {
    fn of(received: Result<Received, Lost>, count: usize) -> Self {
        match received {
            Ok(received) if received.status == 200 => match split(&received.body, count) {
                Ok(answers) => Self::Each(answers),
                Err(error) => {
                    // The calls were answered, and the answers cannot be read: as if the body had been truncated.
                    let what = format!("expected an array `responses` in the batch's answer: {error}");
                    Self::All(Err(Lost { loss: Loss::Truncated { status: 200 }, what }))
                }
            },
            other => Self::All(other),
        }
    }

    /// Gives the answer of one call, and tells the sender what its headers say.
    fn take(
        &mut self,
        sender: &Sender,
        index: usize,
        call: &Call,
    ) -> (Result<Parcel, Lost>, Option<Duration>) {
        match self {
            Self::Each(answers) => {
                if let Some(answer) = answers[index].take() {
                    return answer.deliver(sender, call);
                }
                let what = "the batch's answer leaves this call out".to_owned();
                (Err(Lost { loss: Loss::NoAnswer, what }), None)
            }
            Self::All(Ok(received)) => {
                let retry_after = sender.retry_after(received.header("retry-after"));
                let header = |name: &str| received.header(name).map(str::to_owned);
                let answer = Answer {
                    status: received.status,
                    body: received.body.clone(),
                    request_id: header("request-id"),
                    location: header("location"),
                    page: None,
                };
                (Ok(Parcel { answer, content_type: header("content-type") }), retry_after)
            }
            Self::All(Err(lost)) => (Err(lost.clone()), None),
        }
    }
}

impl BatchAnswer {
    fn deliver(self, sender: &Sender, call: &Call) -> (Result<Parcel, Lost>, Option<Duration>) {
        sender.note(Cost::of(call), self.status, 1, |name| self.headers.get(name));
        let retry_after = sender.retry_after(self.headers.get("retry-after"));
        let owned = |name: &str| self.headers.get(name).map(str::to_owned);
        let (request_id, location) = (owned("request-id"), owned("location"));
        let content_type = owned("content-type");
        let answer = Answer { status: self.status, body: self.body, request_id, location, page: None };
        (Ok(Parcel { answer, content_type }), retry_after)
    }
}

/// Takes a batch's answer apart; answers come in any order.
fn split(body: &Bytes, count: usize) -> Result<Vec<Option<BatchAnswer>>, serde_json::Error> {
    let batch: BatchBody<'_> = serde_json::from_slice(body)?;
    let mut answers: Vec<Option<BatchAnswer>> = (0..count).map(|_| None).collect();
    for Response { id, status, headers, body: content } in batch.responses {
        let content = content.map(|content| body.slice_ref(content.get().as_bytes()));
        let content = content.filter(|content| content.as_ref() != b"null").unwrap_or_default();
        if let Some(slot) = id.parse::<usize>().ok().and_then(|index| answers.get_mut(index)) {
            *slot = Some(BatchAnswer { status, headers, body: content });
        }
    }
    Ok(answers)
}
