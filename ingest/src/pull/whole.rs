//! Owns reading things whole: lists, recycle bins, relations of all objects, and what lives below others.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use engine::{BinExtent, Extent, Gap, GapScope, RelationReading, TypeReading};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::event::{Event, key};
use super::reader::{Reader, Unread, path_of};
use crate::error::Result;
use crate::graph::{Call, Page};
use crate::resource::{Link, Resource, all, by_token};

/// `$expand` shows no more than this many related objects; one that shows as many is asked for the rest.
const EXPANDED_MAX: usize = 20;
/// Objects whose links are asked for together.
const BATCH_LENGTH: usize = 1000;

/// What of a type is read, and how it is asked for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) resource: &'static Resource,
    /// `$select`; empty for everything.
    pub(super) select: Vec<String>,
}

impl Asked {
    /// A call that lists the type, its other options behind.
    pub(super) fn list(&self, path: &str, options: &str) -> Call {
        let mut query = Vec::new();
        if !self.select.is_empty() {
            query.push(format!("$select={}", self.select.join(",")));
        }
        if let Some(page) = self.resource.page {
            query.push(format!("$top={page}"));
        }
        if !options.is_empty() {
            query.push(options.to_owned());
        }
        let path = if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) };
        let selected = u32::from(!self.select.is_empty());
        self.call(path).units(self.resource.units.list.saturating_sub(selected).max(1))
    }

    /// A call that reads something of the type.
    pub(super) fn call(&self, path: String) -> Call {
        Call::get(path).version(self.resource.version).meter(self.resource.throttle)
    }

    /// A call that reads one object.
    pub(super) fn one(&self, id: &str) -> Call {
        let mut path = path_of(&self.resource.get, id);
        if !self.select.is_empty() {
            path = format!("{path}?$select={}", self.select.join(","));
        }
        self.call(path).units(self.resource.units.get)
    }

    fn token(&self) -> &'static str {
        &self.resource.token
    }

    pub(super) fn gap(&self, scope: GapScope, unread: &Unread) -> Event {
        let reason = unread.reason_for(self.resource);
        Event::Gap(Gap { type_token: self.token().to_owned(), scope, reason, count: 1 })
    }
}

/// Objects of a page on their way.
fn objects(token: &'static str, page: &Page, is_deleted: bool) -> Event {
    Event::Objects { token, texts: page.slices().collect(), is_deleted }
}

/// Reads a type's list, or its only object. Nothing when Graph refused it.
pub(super) async fn read_list(reader: &Reader, asked: &Asked) -> Result<Option<u64>> {
    let Some(list) = &asked.resource.list else { return Ok(None) };
    let name = format!("list/{}", asked.token());
    let mut count = 0;
    let read = if asked.resource.singleton {
        match reader.body(&name, &asked.list(list, "")).await? {
            Ok(body) => {
                let texts = vec![without_contained(list, only_object(body))];
                reader.tell(Event::Objects { token: asked.token(), texts, is_deleted: false }).await?;
                count = 1;
                Ok(())
            }
            Err(unread) => Err(unread),
        }
    } else {
        let mut chain = reader.chain(&name, asked.list(list, ""));
        loop {
            match chain.next().await? {
                Some(Ok(page)) => {
                    count += page.len() as u64;
                    reader.tell(objects(asked.token(), &page, false)).await?;
                }
                Some(Err(unread)) => break Err(unread),
                None => break Ok(()),
            }
        }
    };
    match read {
        Ok(()) => Ok(Some(count)),
        Err(unread) => {
            reader.tell(asked.gap(GapScope::Type, &unread)).await?;
            Ok(None)
        }
    }
}

/// A singleton may come as the only item of a page.
fn only_object(body: Bytes) -> Bytes {
    match Page::read(body.clone(), None) {
        Ok(page) if page.len() == 1 => page.slices().next().unwrap_or(body),
        _ => body,
    }
}

/// Without the collections inside a singleton that are read as objects of their own.
fn without_contained(list: &str, body: Bytes) -> Bytes {
    let inside = |resource: &Resource| {
        let (above, name) = resource.list.as_deref()?.rsplit_once('/')?;
        (above == list).then(|| name.to_owned())
    };
    let names: BTreeSet<String> = all().iter().filter_map(inside).collect();
    match serde_json::from_slice::<BTreeMap<&str, &RawValue>>(&body) {
        Ok(mut members) if members.keys().any(|name| names.contains(*name)) => {
            members.retain(|name, _| !names.contains(*name));
            serde_json::to_vec(&members).map_or_else(|_| body.clone(), Bytes::from)
        }
        _ => body,
    }
}

/// Reads a type's recycle bin.
pub(super) async fn read_bin(reader: &Reader, asked: &Asked) -> Result<BinExtent> {
    let Some(bin) = &asked.resource.bin else { return Ok(BinExtent::Whole) };
    let name = format!("bin/{}", asked.token());
    let call = asked.list(&bin.list, "").version(bin.version);
    let mut chain = reader.chain(&name, call);
    while let Some(page) = chain.next().await? {
        match page {
            Ok(page) => reader.tell(objects(asked.token(), &page, true)).await?,
            Err(unread) => {
                reader.tell(asked.gap(GapScope::Bin, &unread)).await?;
                return Ok(BinExtent::NotRead);
            }
        }
    }
    Ok(BinExtent::Whole)
}

/// An object of which only one relation was asked for, its values unparsed.
type Related<'a> = HashMap<&'a str, &'a RawValue>;

#[derive(Deserialize)]
struct Target {
    id: String,
}

fn targets_of(text: &str) -> Vec<String> {
    if let Ok(many) = serde_json::from_str::<Vec<Target>>(text) {
        return many.into_iter().map(|target| target.id).collect();
    }
    serde_json::from_str::<Target>(text).map(|target| vec![target.id]).unwrap_or_default()
}

/// Reads one relation of all objects of a type: the list again, with up to 20 links inside each object, and those with
/// more one by one. Nothing when Graph refused it.
pub(super) async fn read_relation(reader: &Reader, asked: &Asked, link: &'static Link) -> Result<Option<()>> {
    let Some(list) = &asked.resource.list else { return Ok(None) };
    let ids_only = Asked { resource: asked.resource, select: vec!["id".to_owned()] };
    let call = ids_only.list(list, &format!("$expand={}($select=id)", link.name));
    let name = format!("links/{}/{}", asked.token(), link.name);
    let mut large = Vec::new();
    let mut chain = reader.chain(&name, call.units(2));
    while let Some(page) = chain.next().await? {
        match page {
            Ok(page) => {
                for event in links_of_page(asked, link, &page, &mut large) {
                    reader.tell(event).await?;
                }
            }
            Err(unread) if matches!(unread.status, 400 | 501) => return read_each(reader, asked, link).await,
            Err(unread) => {
                reader.tell(asked.gap(GapScope::Relation(link.name.clone()), &unread)).await?;
                return Ok(None);
            }
        }
    }
    read_links_of(reader, asked, link, &large).await?;
    Ok(Some(()))
}

/// The links that a page of a list shows, but those of objects that may have more than it shows.
fn links_of_page(asked: &Asked, link: &'static Link, page: &Page, large: &mut Vec<String>) -> Vec<Event> {
    let mut events = Vec::new();
    for item in page.items() {
        let Ok(related) = serde_json::from_str::<Related<'_>>(item) else { continue };
        let (Some(id), Some(text)) = (related.get("id"), related.get(link.name.as_str())) else { continue };
        let Ok(id) = serde_json::from_str::<String>(id.get()) else { continue };
        let targets = targets_of(text.get());
        if targets.len() >= EXPANDED_MAX {
            large.push(id);
        } else if !targets.is_empty() {
            let source = key(asked.token(), &id);
            events.push(Event::Links { source, relation: &link.name, targets });
        }
    }
    events
}

/// Reads a relation object by object, where lists do not show it.
async fn read_each(reader: &Reader, asked: &Asked, link: &'static Link) -> Result<Option<()>> {
    match read_ids(reader, asked.resource).await? {
        Ok(ids) => {
            read_links_of(reader, asked, link, &ids).await?;
            Ok(Some(()))
        }
        Err(unread) => {
            reader.tell(asked.gap(GapScope::Relation(link.name.clone()), &unread)).await?;
            Ok(None)
        }
    }
}

/// The IDs of all objects of a type.
async fn read_ids(reader: &Reader, resource: &'static Resource) -> Result<Result<Vec<String>, Unread>> {
    let asked = Asked { resource, select: vec!["id".to_owned()] };
    let Some(list) = &resource.list else { return Ok(Ok(Vec::new())) };
    let mut ids = Vec::new();
    let mut chain = reader.chain(&format!("ids/{}", resource.token), asked.list(list, ""));
    while let Some(page) = chain.next().await? {
        match page {
            Ok(page) => {
                let items = page.items().filter_map(|item| serde_json::from_str::<Target>(item).ok());
                ids.extend(items.map(|item| item.id));
            }
            Err(unread) => return Ok(Err(unread)),
        }
    }
    Ok(Ok(ids))
}

/// Reads the links of one relation of some objects, all of them.
pub(super) async fn read_links_of(
    reader: &Reader,
    asked: &Asked,
    link: &'static Link,
    ids: &[String],
) -> Result<()> {
    let call = |id: &String| {
        let path = format!("{}?$select=id", path_of(&link.read, id));
        let path = if link.to_one { path } else { format!("{path}&$top=999") };
        (format!("of/{path}"), asked.call(path).units(link.units.saturating_sub(1).max(1)))
    };
    for ids in ids.chunks(BATCH_LENGTH) {
        let answers = reader.batch(ids.iter().map(call).collect()).await?;
        for (id, answer) in ids.iter().zip(answers) {
            let source = key(asked.token(), id);
            let relation = link.name.as_str();
            let read = match answer {
                Ok(body) if link.to_one => Ok(targets_of(&String::from_utf8_lossy(&body))),
                Ok(body) => all_targets(reader, asked, body).await?,
                // Nobody has no manager: that is how Graph says it.
                Err(unread) if link.to_one && unread.status == 404 => Ok(Vec::new()),
                Err(unread) => Err(unread),
            };
            match read {
                Ok(targets) => reader.tell(Event::Links { source, relation, targets }).await?,
                Err(unread) => {
                    // Of an object that is gone meanwhile the next round tells.
                    if unread.status != 404 {
                        let scope = GapScope::Links { source: id.clone(), relation: relation.to_owned() };
                        reader.tell(asked.gap(scope, &unread)).await?;
                    }
                    reader.tell(Event::KeptLinks(source, relation)).await?;
                }
            }
        }
    }
    Ok(())
}

async fn all_targets(reader: &Reader, asked: &Asked, body: Bytes) -> Result<Result<Vec<String>, Unread>> {
    let malformed = |what| crate::graph::Error::Malformed {
        asked: format!("links of {}", asked.token()),
        what,
        request_id: None,
    };
    let mut page = Page::read(body, None).map_err(malformed)?;
    let mut targets = Vec::new();
    loop {
        let items = page.items().filter_map(|item| serde_json::from_str::<Target>(item).ok());
        targets.extend(items.map(|target| target.id));
        let Some(next) = page.next_link else { return Ok(Ok(targets)) };
        match reader.page(&format!("more/{next}"), &asked.call(next.clone())).await? {
            Ok(read) => page = read,
            Err(unread) => return Ok(Err(unread)),
        }
    }
}

/// Reads what lives below the objects of another type. Nothing when Graph refused all of it.
pub(super) async fn read_children(reader: &Reader, asked: &Asked) -> Result<Option<u64>> {
    let Some(parent) = &asked.resource.parent else { return Ok(None) };
    let Some(parents) = by_token(&parent.token) else { return Ok(None) };
    let ids = match read_ids(reader, parents).await? {
        Ok(ids) => ids,
        Err(unread) => {
            reader.tell(asked.gap(GapScope::Type, &unread)).await?;
            return Ok(None);
        }
    };
    let (mut count, mut refused) = (0, 0);
    for chunk in ids.chunks(BATCH_LENGTH) {
        let call = |id: &String| {
            let path = path_of(&parent.path, id);
            (format!("of/{path}"), asked.call(path).units(asked.resource.units.list))
        };
        let answers = reader.batch(chunk.iter().map(call).collect()).await?;
        for (id, answer) in chunk.iter().zip(answers) {
            match children_of(reader, asked, answer).await? {
                Ok(found) => count += found,
                Err(unread) if unread.status == 404 => {}
                Err(unread) => {
                    refused += 1;
                    let scope = GapScope::Object(format!("below {id}"));
                    reader.tell(asked.gap(scope, &unread)).await?;
                }
            }
        }
    }
    Ok((refused == 0).then_some(count))
}

async fn children_of(
    reader: &Reader,
    asked: &Asked,
    body: Result<Bytes, Unread>,
) -> Result<Result<u64, Unread>> {
    let body = match body {
        Ok(body) => body,
        Err(unread) => return Ok(Err(unread)),
    };
    let malformed = |what| crate::graph::Error::Malformed {
        asked: format!("list of {}", asked.token()),
        what,
        request_id: None,
    };
    let mut page = Page::read(body, None).map_err(malformed)?;
    let mut count = 0;
    loop {
        count += page.len() as u64;
        if !page.is_empty() {
            reader.tell(objects(asked.token(), &page, false)).await?;
        }
        let Some(next) = page.next_link else { return Ok(Ok(count)) };
        match reader.page(&format!("more/{next}"), &asked.call(next.clone())).await? {
            Ok(read) => page = read,
            Err(unread) => return Ok(Err(unread)),
        }
    }
}

/// A reading of a type, before its relations are known.
pub(super) fn reading(asked: &Asked, extent: Extent, bin: BinExtent) -> TypeReading {
    let properties = (!asked.select.is_empty()).then(|| asked.select.clone());
    TypeReading { extent, bin, properties, relations: Vec::new() }
}

/// A relation that was read whole now.
pub(super) fn relation(link: &Link, extent: Extent, as_of: jiff::Timestamp) -> RelationReading {
    RelationReading { name: link.name.clone(), extent, as_of }
}
