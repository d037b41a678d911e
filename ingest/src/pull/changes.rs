//! Owns rounds of delta queries: which objects they name, and what became of these.
//!
//! Records of a round come in no order, repeatedly, and may be of different moments. So a record only says *which*
//! object changed; what it is now is asked by its ID. Links alone are taken from records, because a group may be large;
//! where records of a round contradict each other, the links are read whole.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use engine::ObjectKey;
use engine::coverage::{Gap, GapScope};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::asked::Asked;
use super::error::Result;
use super::event::{Event, key};
use super::inside;
use super::reader::{Doubt, Reader, Unread, path_of};
use super::whole::{name_missing_bin, read_all_links_of, read_links_of};
use crate::graph::{AnswerFault, Call, Page, Shape, Trail};
use engine::schema::{Relation, Tier};

/// Objects that are asked for together.
const BATCH_LENGTH: usize = 1000;

/// What a round says of one object.
#[derive(Debug, Default)]
pub(super) struct Touch {
    is_present: bool,
    removed: Option<Removal>,
    links: BTreeMap<&'static str, LinkTouch>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Removal {
    IntoBin,
    ForGood,
}

/// What a round says of one relation of an object.
#[derive(Debug, Default)]
struct LinkTouch {
    added: BTreeSet<String>,
    removed: BTreeSet<String>,
    is_contradictory: bool,
}

impl Touch {
    /// Of an object that is to be read, whatever a round tells.
    pub(super) fn asked_for() -> Self {
        Self { is_present: true, ..Self::default() }
    }
}

/// The objects that a round names, by ID.
pub(super) type Touched = BTreeMap<String, Touch>;

/// What a round gave: the objects, and where the next round begins.
pub(super) struct Round {
    pub(super) touched: Touched,
    pub(super) next: String,
}

#[derive(Deserialize)]
struct Record {
    id: Option<String>,
    #[serde(rename = "@removed")]
    removed: Option<Reason>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Reason {
    reason: Option<String>,
}

/// The call that begins a delta query from now on, or at a link that an earlier round gave.
pub(super) fn latest(asked: &Asked) -> Option<Call> {
    let delta = asked.resource.graph.delta.as_ref()?;
    let mut names = asked.select.clone();
    if !names.is_empty() {
        let tracked = asked.resource.links().filter(|link| link.tier() == Tier::Tracked);
        names.extend(tracked.map(|link| link.name.to_owned()));
    }
    let select = if names.is_empty() { String::new() } else { format!("$select={}&", names.join(",")) };
    Some(asked.call(format!("{delta}?{select}$deltatoken=latest")).shape(Shape::Round))
}

/// Takes the link from which changes count.
pub(super) async fn begin(reader: &Reader, asked: &Asked) -> Result<Result<String, Unread>> {
    let Some(mut call) = latest(asked) else { return Ok(Err(Unread::untracked())) };
    let name = format!("begin/{}", asked.resource.token);
    let mut trail = Trail::default();
    for number in 0_u32.. {
        let page = match reader.page(&format!("{name}/{number}"), &call).await? {
            Ok(page) => page,
            Err(unread) => return Ok(Err(unread)),
        };
        if let Err(fault) = trail.step(&call.path, &page) {
            return Ok(Err(reader.broken(&call, fault)));
        }
        match page {
            Page { delta_link: Some(link), .. } => return Ok(Ok(link)),
            Page { next_link: Some(link), .. } => call.path = link,
            _ => break,
        }
    }
    Ok(Err(reader.broken(&call, AnswerFault::NoRound)))
}

/// Reads a round to its end.
pub(super) async fn read_round(reader: &Reader, asked: &Asked, link: &str) -> Result<Result<Round, Unread>> {
    let mut touched = Touched::new();
    let mut call = asked.call(link.to_owned()).shape(Shape::Round);
    let mut trail = Trail::default();
    loop {
        let page = match reader.page(&format!("round/{}", call.path), &call).await? {
            Ok(page) => page,
            Err(unread) => return Ok(Err(unread)),
        };
        let noted = page.items().try_for_each(|item| note(asked, item, &mut touched));
        if let Err(fault) = noted.and_then(|()| trail.step(&call.path, &page)) {
            return Ok(Err(reader.broken(&call, fault)));
        }
        match (page.next_link, page.delta_link) {
            (Some(next), _) => call.path = next,
            (None, Some(next)) => return Ok(Ok(Round { touched, next })),
            (None, None) => return Ok(Err(reader.broken(&call, AnswerFault::NoLink))),
        }
    }
}

/// Takes note of a record.
///
/// # Errors
/// What was expected and found.
fn note(asked: &Asked, item: &str, touched: &mut Touched) -> Result<(), AnswerFault> {
    let record: Record =
        serde_json::from_str(item).map_err(|error| AnswerFault::Record { reason: error.to_string() })?;
    let id = record.id.ok_or(AnswerFault::RecordWithoutId)?;
    let touch = touched.entry(id).or_default();
    if let Some(Reason { reason }) = record.removed {
        let removal = if reason.as_deref() == Some("deleted") { Removal::ForGood } else { Removal::IntoBin };
        // Into the bin and then for good are two records, in any order.
        if touch.removed != Some(Removal::ForGood) {
            touch.removed = Some(removal);
        }
        return Ok(());
    }
    touch.is_present = true;
    for link in asked.resource.links() {
        let Some(Value::Array(slices)) = record.rest.get(&format!("{}@delta", link.name)) else { continue };
        let links = touch.links.entry(link.name).or_default();
        for slice in slices {
            let Some(target) = slice["id"].as_str() else { continue };
            let (into, other) = if slice.get("@removed").is_some() {
                (&mut links.removed, &links.added)
            } else {
                (&mut links.added, &links.removed)
            };
            links.is_contradictory |= other.contains(target);
            into.insert(target.to_owned());
        }
    }
    Ok(())
}

/// Whether links that a round tells of are taken from it, or read whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkSource {
    /// The links before the round are known exactly.
    Round,
    /// They were read in this run, perhaps before or after what the round tells: they are read again.
    Graph,
}

/// Asks what became of the objects of a round, and tells it.
///
/// A record and an answer that contradict each other are both doubted: see [`resolve`].
pub(super) async fn settle(
    reader: &Reader,
    asked: &Asked,
    touched: &Touched,
    links: LinkSource,
    is_known: impl Fn(&ObjectKey) -> bool,
) -> Result<()> {
    let reader = &reader.unstaged();
    let token: &'static str = asked.resource.token;
    let mut live = Vec::new();
    let all: Vec<&String> = touched.keys().collect();
    for ids in all.chunks(BATCH_LENGTH) {
        // What an earlier round said of them is old.
        reader.settle_doubts(token, ids);
        let found = read_objects(reader, asked, ids).await?;
        let is_gone =
            |id: &String| touched.get(id).is_some_and(|touch| touch.removed == Some(Removal::ForGood));
        for id in found.absent.into_iter().chain(found.unbinned) {
            if is_gone(&id) {
                reader.tell(Event::Removed(key(token, &id))).await?;
            } else {
                reader.tell(Event::Kept(key(token, &id))).await?;
                reader.doubt(token, &id, Doubt::Absent);
            }
        }
        let only_removed =
            |id: &String| touched.get(id).is_some_and(|touch| touch.removed.is_some() && !touch.is_present);
        for id in found.live.iter().filter(|id| only_removed(id)) {
            reader.doubt(token, id, Doubt::Removed);
        }
        live.extend(found.live);
    }
    for link in asked.resource.links() {
        let mut whole = Vec::new();
        for id in &live {
            let source = key(token, id);
            let told = touched.get(id).and_then(|touch| touch.links.get(link.name));
            if links == LinkSource::Graph {
                whole.push(id.clone());
            } else if link.tier() != Tier::Tracked {
                // Of an object that is new nothing is known, and the next sweep may be far.
                if !is_known(&source) {
                    whole.push(id.clone());
                }
            } else if told.is_some_and(|told| told.is_contradictory) {
                whole.push(id.clone());
            } else if let Some(told) = told {
                reader.tell(changed_links(source, link, told)).await?;
            }
        }
        read_links_of(reader, asked, link, &whole).await?;
    }
    Ok(())
}

fn changed_links(source: ObjectKey, link: &'static Relation, told: &LinkTouch) -> Event {
    let added: Vec<String> = told.added.iter().cloned().collect();
    if link.to_one && !added.is_empty() {
        return Event::Links { source, relation: link.name, targets: added };
    }
    let removed = told.removed.iter().cloned().collect();
    Event::ChangedLinks { source, relation: link.name, added, removed }
}

/// Objects that were asked for by their IDs.
#[derive(Debug, Default)]
pub(super) struct FoundObjects {
    /// Those that are live.
    pub(super) live: Vec<String>,
    /// Those that are neither live nor in the bin: of them nothing was told yet.
    pub(super) absent: Vec<String>,
    /// Those that are not live, while the bin gave no answer: of them nothing was told yet.
    pub(super) unbinned: Vec<String>,
    /// What the bin said instead.
    refusal: Option<Unread>,
}

impl FoundObjects {
    /// Those that were not found, as far as anything answered.
    pub(super) fn missing(&self) -> impl Iterator<Item = &String> {
        self.absent.iter().chain(&self.unbinned)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IdAnswer {
    id: Option<String>,
    tenant_id: Option<String>,
}

impl IdAnswer {
    /// Whether the text is an object of this ID.
    fn is(text: &[u8], id: &str) -> bool {
        let named: IdAnswer = serde_json::from_slice(text).unwrap_or(IdAnswer { id: None, tenant_id: None });
        [named.id, named.tenant_id].iter().flatten().any(|found| found.eq_ignore_ascii_case(id))
    }
}

/// Reads objects by their IDs, where they are live or in the bin, and tells what they are.
pub(super) async fn read_objects(reader: &Reader, asked: &Asked, ids: &[&String]) -> Result<FoundObjects> {
    let token: &'static str = asked.resource.token;
    // What changed is asked anew in every run, so nothing of it is staged.
    let answers = reader.ask(ids.iter().map(|id| asked.one(id)).collect()).await?;
    let (mut texts, mut live, mut absent) = (Vec::new(), Vec::new(), Vec::new());
    for (id, answer) in ids.iter().zip(answers) {
        let unread = match answer {
            Ok(answer) if IdAnswer::is(&answer.body, id) => {
                texts.push(without_keys(answer.body));
                live.push((*id).clone());
                continue;
            }
            Ok(_) => Unread::other_object(id),
            Err(unread) if unread.status == 404 => {
                absent.push(*id);
                continue;
            }
            Err(unread) => unread,
        };
        reader.tell(asked.gap(GapScope::Object((*id).clone()), &unread)).await?;
        reader.tell(Event::Kept(key(token, id))).await?;
    }
    let texts = inside::complete(reader, asked, texts).await?;
    reader.tell(Event::Objects { token, texts, is_deleted: false }).await?;
    let found = read_binned(reader, asked, &absent).await?;
    Ok(FoundObjects { live, ..found })
}

/// An object without the certificates in its keys: Graph shows them only of one object whose keys are selected, and as null
/// in every list.
fn without_keys(body: Bytes) -> Bytes {
    const KEYS: &str = "keyCredentials";
    if memchr::memmem::find(&body, KEYS.as_bytes()).is_none() {
        return body;
    }
    let Ok(mut members) = serde_json::from_slice::<BTreeMap<String, Box<RawValue>>>(&body) else {
        return body;
    };
    let keys = members.get(KEYS).and_then(|keys| serde_json::from_str::<Value>(keys.get()).ok());
    let Some(mut keys) = keys.filter(|keys| keys.as_array().is_some_and(|keys| !keys.is_empty())) else {
        return body;
    };
    for key in keys.as_array_mut().into_iter().flatten() {
        if let Some(shown) = key.get_mut("key") {
            *shown = Value::Null;
        }
    }
    if let Ok(keys) = to_raw_value(&keys) {
        members.insert(KEYS.to_owned(), keys);
    }
    serde_json::to_vec(&members).map_or(body, Bytes::from)
}

/// Looks for objects in the bin; gives those that are not in it, and those of which it says nothing.
async fn read_binned(reader: &Reader, asked: &Asked, ids: &[&String]) -> Result<FoundObjects> {
    let token: &'static str = asked.resource.token;
    let mut found = FoundObjects::default();
    let Some(bin) = asked.resource.graph.bin.as_ref().filter(|_| !ids.is_empty()) else {
        found.absent = ids.iter().map(|id| (*id).clone()).collect();
        return Ok(found);
    };
    let call = |id: &&String| {
        // When it went is what the bin adds to what is known of it, and what every directory object has.
        let select = if bin.list.starts_with("/directory/") { "?$select=id,deletedDateTime" } else { "" };
        let path = path_of(bin.restore.trim_end_matches("/restore"), id);
        asked.call(format!("{path}{select}")).version(bin.version).shape(Shape::Object)
    };
    let answers = reader.ask(ids.iter().map(call).collect()).await?;
    for (id, answer) in ids.iter().zip(answers) {
        let unread = match answer {
            Ok(answer) if IdAnswer::is(&answer.body, id) => {
                let texts = vec![answer.body];
                reader.tell(Event::Objects { token, texts, is_deleted: true }).await?;
                continue;
            }
            Ok(_) => Unread::other_object(id),
            Err(unread) if unread.status == 404 => {
                found.absent.push((*id).clone());
                continue;
            }
            Err(unread) => unread,
        };
        found.unbinned.push((*id).clone());
        found.refusal.get_or_insert(unread);
    }
    Ok(found)
}

/// Looks a second time for the objects of a type of which different answers said different things, and tells what is
/// believed: gone is what is twice neither live nor in the bin, and what no list names. Everything else stays, is warned
/// of, and is asked again by the next backup.
pub(super) async fn resolve(reader: &Reader, asked: &Asked) -> Result<()> {
    let reader = &reader.unstaged();
    let token: &'static str = asked.resource.token;
    let doubts = reader.take_doubts(token);
    let ids: Vec<&String> = doubts.keys().collect();
    for ids in ids.chunks(BATCH_LENGTH) {
        let found = read_objects(reader, asked, ids).await?;
        let removed = found.live.iter().filter(|id| doubts.get(*id) == Some(&Doubt::Removed));
        for id in removed {
            let reason = "the delta query says that it is gone, asking for it by its ID finds it";
            reader.tell(contradiction(token, id, reason)).await?;
        }
        read_all_links_of(reader, asked, &found.live).await?;
        let is_binless = tell_refusal(reader, asked, found.refusal.as_ref()).await?;
        let missing: Vec<String> = found.missing().cloned().collect();
        let listed = listed(reader, asked, &missing).await?;
        for (id, is_listed) in missing.iter().zip(listed) {
            if is_listed {
                let reason = "a list names it, asking for it by its ID does not find it";
                reader.tell(contradiction(token, id, reason)).await?;
                reader.tell(Event::Kept(key(token, id))).await?;
            } else if is_binless || found.absent.contains(id) {
                reader.tell(Event::Removed(key(token, id))).await?;
            } else {
                reader.tell(Event::Binned(key(token, id))).await?;
            }
        }
    }
    Ok(())
}

/// Tells that the bin gave no answer; says whether that is because the tenant has none.
async fn tell_refusal(reader: &Reader, asked: &Asked, refusal: Option<&Unread>) -> Result<bool> {
    let (Some(unread), Some(bin)) = (refusal, &asked.resource.graph.bin) else { return Ok(false) };
    let mut unread = unread.clone();
    let is_binless = name_missing_bin(bin, &mut unread);
    reader.tell(asked.gap(GapScope::Bin, &unread)).await?;
    Ok(is_binless)
}

pub(super) fn contradiction(token: &str, id: &str, reason: &str) -> Event {
    let scope = GapScope::Object(id.to_owned());
    Event::Gap(Gap { type_token: token.to_owned(), scope, reason: reason.to_owned(), count: 1 })
}

/// Whether the list of a type names each of some objects; where it cannot be asked, it does not.
async fn listed(reader: &Reader, asked: &Asked, ids: &[String]) -> Result<Vec<bool>> {
    let list = asked.resource.graph.list.as_ref().filter(|_| asked.resource.tier() == Tier::Tracked);
    let Some(list) = list else { return Ok(vec![false; ids.len()]) };
    let call = |id: &String| {
        let filter = crate::graph::escape(&format!("id eq '{}'", id.replace('\'', "''")));
        asked.call(format!("{list}?$filter={filter}&$select=id")).shape(Shape::Page)
    };
    let answers = reader.ask(ids.iter().map(call).collect()).await?;
    let is_listed = |answer: Result<crate::graph::Answer, Unread>| {
        answer.ok().and_then(|answer| answer.page).is_some_and(|page| !page.is_empty())
    };
    Ok(answers.into_iter().map(is_listed).collect())
}
