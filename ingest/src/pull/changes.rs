//! Owns rounds of delta queries: which objects they name, and what became of these.
//!
//! Records of a round come in no order, repeatedly, and may be of different moments. So a record only says *which*
//! object changed; what it is now is asked by its ID. Links alone are taken from records, because a group may be large;
//! where records of a round contradict each other, the links are read whole.

use std::collections::{BTreeMap, BTreeSet};

use engine::{GapScope, ObjectKey};
use serde::Deserialize;
use serde_json::Value;

use super::event::{Event, key};
use super::reader::{Reader, Unread, path_of};
use super::whole::{Asked, read_links_of};
use crate::error::Result;
use crate::graph::{self, Call, Page};
use crate::resource::{Link, Tier};

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
    let delta = asked.resource.delta.as_ref()?;
    let mut names = asked.select.clone();
    if !names.is_empty() {
        let tracked = asked.resource.links.iter().filter(|link| link.tier() == Tier::Tracked);
        names.extend(tracked.map(|link| link.name.clone()));
    }
    let select = if names.is_empty() { String::new() } else { format!("$select={}&", names.join(",")) };
    Some(asked.call(format!("{delta}?{select}$deltatoken=latest")))
}

/// Takes the link from which changes count.
pub(super) async fn begin(reader: &Reader, asked: &Asked) -> Result<Result<String, Unread>> {
    let Some(mut call) = latest(asked) else { return Ok(Err(Unread::untracked())) };
    let name = format!("begin/{}", asked.resource.token);
    for number in 0_u32.. {
        match reader.page(&format!("{name}/{number}"), &call).await? {
            Ok(Page { delta_link: Some(link), .. }) => return Ok(Ok(link)),
            Ok(Page { next_link: Some(link), .. }) => call.path = link,
            Ok(_) => break,
            Err(unread) => return Ok(Err(unread)),
        }
    }
    let what = "expected a link to the next round, found none".to_owned();
    Err(graph::Error::Malformed { asked: name, what, request_id: None }.into())
}

/// Reads a round to its end.
pub(super) async fn read_round(reader: &Reader, asked: &Asked, link: &str) -> Result<Result<Round, Unread>> {
    let mut touched = Touched::new();
    let mut call = asked.call(link.to_owned());
    loop {
        let page = match reader.page(&format!("round/{}", call.path), &call).await? {
            Ok(page) => page,
            Err(unread) => return Ok(Err(unread)),
        };
        for item in page.items() {
            note(asked, item, &mut touched)?;
        }
        match (page.next_link, page.delta_link) {
            (Some(next), _) => call.path = next,
            (None, Some(next)) => return Ok(Ok(Round { touched, next })),
            (None, None) => {
                let what = "expected a link to the next page or round, found neither".to_owned();
                let asked = format!("delta of {}", asked.resource.token);
                return Err(graph::Error::Malformed { asked, what, request_id: None }.into());
            }
        }
    }
}

fn note(asked: &Asked, item: &str, touched: &mut Touched) -> Result<()> {
    let malformed = |what| graph::Error::Malformed {
        asked: format!("delta of {}", asked.resource.token),
        what,
        request_id: None,
    };
    let record: Record = serde_json::from_str(item).map_err(|error| malformed(error.to_string()))?;
    let Some(id) = record.id else {
        return Err(malformed("expected records with an ID, found one without".to_owned()).into());
    };
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
    for link in &asked.resource.links {
        let Some(Value::Array(slices)) = record.rest.get(&format!("{}@delta", link.name)) else { continue };
        let links = touch.links.entry(&link.name).or_default();
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
pub(super) async fn settle(
    reader: &Reader,
    asked: &Asked,
    touched: &Touched,
    links: LinkSource,
    is_known: impl Fn(&ObjectKey) -> bool,
) -> Result<()> {
    let gone = |touch: &Touch| !touch.is_present && touch.removed == Some(Removal::ForGood);
    let (gone, perhaps): (Vec<_>, Vec<_>) = touched.iter().partition(|(_, touch)| gone(touch));
    for (id, _) in gone {
        reader.tell(Event::Removed(key(&asked.resource.token, id))).await?;
    }
    let mut live = Vec::new();
    for chunk in perhaps.chunks(BATCH_LENGTH) {
        let ids: Vec<&String> = chunk.iter().map(|(id, _)| *id).collect();
        live.extend(read_objects(reader, asked, &ids).await?);
    }
    for link in &asked.resource.links {
        let mut whole = Vec::new();
        for id in &live {
            let source = key(&asked.resource.token, id);
            let told = touched.get(id).and_then(|touch| touch.links.get(link.name.as_str()));
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

fn changed_links(source: ObjectKey, link: &'static Link, told: &LinkTouch) -> Event {
    let added: Vec<String> = told.added.iter().cloned().collect();
    if link.to_one && !added.is_empty() {
        return Event::Links { source, relation: &link.name, targets: added };
    }
    let removed = told.removed.iter().cloned().collect();
    Event::ChangedLinks { source, relation: &link.name, added, removed }
}

/// Reads objects by their IDs, where they are live or in the bin, and tells what they are; gives those that are live.
pub(super) async fn read_objects(reader: &Reader, asked: &Asked, ids: &[&String]) -> Result<Vec<String>> {
    let token: &'static str = &asked.resource.token;
    // What changed is asked anew in every run, so nothing of it is staged.
    let answers = reader.ask(ids.iter().map(|id| asked.one(id)).collect()).await?;
    let (mut texts, mut live, mut absent) = (Vec::new(), Vec::new(), Vec::new());
    for (id, answer) in ids.iter().zip(answers) {
        match answer {
            Ok(body) => {
                texts.push(body);
                live.push((*id).clone());
            }
            Err(unread) if unread.status == 404 => absent.push(*id),
            Err(unread) => {
                reader.tell(asked.gap(GapScope::Object((*id).clone()), &unread)).await?;
                reader.tell(Event::Kept(key(token, id))).await?;
            }
        }
    }
    reader.tell(Event::Objects { token, texts, is_deleted: false }).await?;
    read_binned(reader, asked, &absent).await?;
    Ok(live)
}

/// Looks for objects in the bin.
async fn read_binned(reader: &Reader, asked: &Asked, ids: &[&String]) -> Result<()> {
    let token: &'static str = &asked.resource.token;
    let Some(bin) = asked.resource.bin.as_ref().filter(|_| !ids.is_empty()) else {
        for id in ids {
            reader.tell(Event::Removed(key(token, id))).await?;
        }
        return Ok(());
    };
    let call = |id: &&String| {
        // When it went is what the bin adds to what is known of it, and what every directory object has.
        let select = if bin.list.starts_with("/directory/") { "?$select=id,deletedDateTime" } else { "" };
        let path = path_of(bin.restore.trim_end_matches("/restore"), id);
        asked.call(format!("{path}{select}")).version(bin.version)
    };
    let answers = reader.ask(ids.iter().map(call).collect()).await?;
    for (id, answer) in ids.iter().zip(answers) {
        let key = key(token, id);
        match answer {
            Ok(text) => {
                reader.tell(Event::Objects { token, texts: vec![text], is_deleted: true }).await?;
            }
            Err(unread) if unread.status == 404 => reader.tell(Event::Removed(key)).await?,
            Err(unread) => {
                reader.tell(asked.gap(GapScope::Bin, &unread)).await?;
                reader.tell(Event::Binned(key)).await?;
            }
        }
    }
    Ok(())
}
