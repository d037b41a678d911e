//! Owns reading things whole: lists, recycle bins, and relations of all objects.
//!
//! Relations are read inside lists (`$expand`, 20 targets at most), and only objects that show 20 are asked alone: two
//! orders of magnitude fewer requests than one per object.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use engine::coverage::{BinExtent, GapScope};
use serde_json::value::RawValue;

use super::asked::Asked;
use super::error::Result;
use super::event::{Event, key};
use super::inside;
use super::paging::{Chain, page_behind, page_of};
use super::reader::{Reader, Unread, path_of};
use crate::graph::{Answer, AnswerFault, Call, Identified, Page, Shape, Trail};
use engine::schema::{Bin, Relation, Type, Version, types};

/// `$expand` shows no more than this many related objects; one that shows as many is asked for the rest.
pub(super) const EXPANDED_MAX: usize = 20;
/// Objects whose links are asked for together.
pub(super) const BATCH_LENGTH: usize = 1000;

/// Why the bin of a type is not read in a tenant that has none.
pub(super) const NO_BIN: &str = "the tenant does not have one for this type";

/// Reads a type's list, or its only object. Nothing when it could not be read to its end.
pub(super) async fn read_list(reader: &Reader, asked: &Asked) -> Result<Option<u64>> {
    read_list_as(reader, asked, "list").await
}

/// Reads a type's list under a name of its own, so that pages that were staged are not taken for those of now.
pub(super) async fn read_list_as(reader: &Reader, asked: &Asked, name: &str) -> Result<Option<u64>> {
    let Some(list) = &asked.resource.graph.list else { return Ok(None) };
    let name = format!("{name}/{}", asked.token());
    let mut count = 0;
    let read = if asked.resource.is_singleton {
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
        let mut chain = Chain::new(reader, &name, asked.list(list, ""));
        loop {
            match chain.next().await? {
                Some(Ok(page)) => {
                    count += page.len() as u64;
                    let texts = inside::complete(reader, asked, page.slices().collect()).await?;
                    reader.tell(Event::Objects { token: asked.token(), texts, is_deleted: false }).await?;
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

/// Tenants that lack a bin which only the beta version has refuse it: it is unknown, not empty. Says whether it is so.
pub(super) fn name_missing_bin(bin: &Bin, unread: &mut Unread) -> bool {
    let is_binless = unread.status == 400 && bin.version == Version::Beta;
    if is_binless {
        NO_BIN.clone_into(&mut unread.reason);
    }
    is_binless
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
    let inside = |resource: &Type| {
        let (above, name) = resource.graph.list?.rsplit_once('/')?;
        (above == list).then(|| name.to_owned())
    };
    let names: BTreeSet<String> = types().filter_map(inside).collect();
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
    let Some(bin) = &asked.resource.graph.bin else { return Ok(BinExtent::Whole) };
    let name = format!("bin/{}", asked.token());
    let call = asked.list(bin.list, "").version(bin.version);
    let mut chain = Chain::new(reader, &name, call);
    while let Some(page) = chain.next().await? {
        match page {
            Ok(page) => {
                let texts = page.slices().collect();
                reader.tell(Event::Objects { token: asked.token(), texts, is_deleted: true }).await?;
            }
            Err(mut unread) => {
                name_missing_bin(bin, &mut unread);
                reader.tell(asked.gap(GapScope::Bin, &unread)).await?;
                return Ok(BinExtent::NotRead);
            }
        }
    }
    Ok(BinExtent::Whole)
}

/// An object of which only one relation was asked for, its values unparsed.
pub(super) type Related<'a> = HashMap<&'a str, &'a RawValue>;

/// The IDs in a list of targets, or of the only one; nothing when they cannot be told.
fn targets_of(text: &str) -> Option<Vec<String>> {
    if text.trim() == "null" {
        return Some(Vec::new());
    }
    if let Ok(many) = serde_json::from_str::<Vec<Identified>>(text) {
        return Some(many.into_iter().map(|target| target.id).collect());
    }
    serde_json::from_str::<Identified>(text).map(|target| vec![target.id]).ok()
}

/// Reads one relation of all objects of a type: the list again, with up to 20 links inside each object, and those with
/// more one by one. Nothing when Graph refused it.
pub(super) async fn read_relation(
    reader: &Reader,
    asked: &Asked,
    link: &'static Relation,
) -> Result<Option<()>> {
    let Some(list) = &asked.resource.graph.list else { return Ok(None) };
    let ids_only = Asked { resource: asked.resource, select: vec!["id".to_owned()] };
    let call = ids_only.list(list, &format!("$expand={}($select=id)", link.name));
    let name = format!("links/{}/{}", asked.token(), link.name);
    let mut large = Vec::new();
    let mut chain = Chain::new(reader, &name, call.units(2));
    while let Some(page) = chain.next().await? {
        match page {
            Ok(page) => {
                for event in links_of_page(asked, link, &page, &mut large) {
                    reader.tell(event).await?;
                }
            }
            Err(unread) if matches!(unread.status, 400 | 501) => return read_each(reader, asked, link).await,
            Err(unread) => {
                reader.tell(asked.gap(GapScope::Relation(link.name.to_owned()), &unread)).await?;
                return Ok(None);
            }
        }
    }
    large.sort_unstable();
    large.dedup();
    read_links_of(reader, asked, link, &large).await?;
    // A list that omits an object, or its links, is confirmed by asking for the object.
    let unlinked = reader.unlinked(asked.token(), link.name).await?;
    read_links_of(&reader.unstaged(), asked, link, &unlinked).await?;
    Ok(Some(()))
}

/// The links that a page of a list shows, but those of objects that may have more than it shows.
fn links_of_page(asked: &Asked, link: &'static Relation, page: &Page, large: &mut Vec<String>) -> Vec<Event> {
    let mut events = Vec::new();
    for item in page.items() {
        let Ok(related) = serde_json::from_str::<Related<'_>>(item) else { continue };
        let Some(Ok(id)) = related.get("id").map(|id| serde_json::from_str::<String>(id.get())) else {
            continue;
        };
        let targets = match related.get(link.name) {
            Some(text) => targets_of(text.get()),
            // Graph omits an empty relation to one object, and never an empty list.
            None => link.to_one.then(Vec::new),
        };
        match targets {
            Some(targets) if targets.len() < EXPANDED_MAX => {
                if !targets.is_empty() {
                    let source = key(asked.token(), &id);
                    events.push(Event::Links { source, relation: link.name, targets });
                }
            }
            // A full or unreadable list may be incomplete: all links of the object are read.
            _ => large.push(id),
        }
    }
    events
}

/// Reads a relation object by object, where lists do not show it.
async fn read_each(reader: &Reader, asked: &Asked, link: &'static Relation) -> Result<Option<()>> {
    match read_ids(reader, asked.resource).await? {
        Ok(ids) => {
            read_links_of(reader, asked, link, &ids).await?;
            Ok(Some(()))
        }
        Err(unread) => {
            reader.tell(asked.gap(GapScope::Relation(link.name.to_owned()), &unread)).await?;
            Ok(None)
        }
    }
}

/// The IDs of all objects of a type.
pub(super) async fn read_ids(
    reader: &Reader,
    resource: &'static Type,
) -> Result<Result<Vec<String>, Unread>> {
    let asked = Asked { resource, select: vec!["id".to_owned()] };
    let Some(list) = &resource.graph.list else { return Ok(Ok(Vec::new())) };
    let mut ids = Vec::new();
    let mut chain = Chain::new(reader, &format!("ids/{}", resource.token), asked.list(list, ""));
    while let Some(page) = chain.next().await? {
        match page {
            Ok(page) => {
                let items = page.items().filter_map(|item| serde_json::from_str::<Identified>(item).ok());
                ids.extend(items.map(|item| item.id));
            }
            Err(unread) => return Ok(Err(unread)),
        }
    }
    // A list that was begun anew names some twice.
    ids.sort_unstable();
    ids.dedup();
    Ok(Ok(ids))
}

/// Reads all relations of some objects.
pub(super) async fn read_all_links_of(reader: &Reader, asked: &Asked, ids: &[String]) -> Result<()> {
    for link in asked.resource.links() {
        read_links_of(reader, asked, link, ids).await?;
    }
    Ok(())
}

/// Reads the links of one relation of some objects, all of them.
pub(super) async fn read_links_of(
    reader: &Reader,
    asked: &Asked,
    link: &'static Relation,
    ids: &[String],
) -> Result<()> {
    let Some(read) = link.read else { return Ok(()) };
    let call = |id: &String| {
        let path = format!("{}?$select=id", path_of(read, id));
        let path = if link.to_one { path } else { format!("{path}&$top=999") };
        let shape = if link.to_one { Shape::ObjectOrNone } else { Shape::Page };
        let call = asked.call(path.clone()).units(link.units.saturating_sub(1).max(1)).shape(shape);
        (format!("of/{path}"), call)
    };
    for ids in ids.chunks(BATCH_LENGTH) {
        let answers = reader.batch(ids.iter().map(call).collect()).await?;
        for (id, answer) in ids.iter().zip(answers) {
            let source = key(asked.token(), id);
            let relation = link.name;
            let read = match answer {
                Ok(answer) if link.to_one => {
                    only_target(&answer).ok_or_else(|| Unread::other_object(relation))
                }
                Ok(answer) => all_targets(reader, asked, &call(id).1, answer).await?,
                // Graph answers 404 for an empty relation to one object.
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

fn only_target(answer: &Answer) -> Option<Vec<String>> {
    if answer.body.is_empty() {
        Some(Vec::new())
    } else {
        targets_of(std::str::from_utf8(&answer.body).ok()?)
    }
}

async fn all_targets(
    reader: &Reader,
    asked: &Asked,
    call: &Call,
    answer: Answer,
) -> Result<Result<Vec<String>, Unread>> {
    let mut page = match page_of(reader, call, answer) {
        Ok(page) => page,
        Err(unread) => return Ok(Err(unread)),
    };
    let (mut call, mut trail, mut targets) = (call.clone(), Trail::default(), Vec::new());
    loop {
        for item in page.items() {
            let Ok(target) = serde_json::from_str::<Identified>(item) else {
                let fault = AnswerFault::LinkWithoutId { type_token: asked.token().to_owned() };
                return Ok(Err(reader.broken(&call, fault)));
            };
            targets.push(target.id);
        }
        match page_behind(reader, &call, &mut trail, &page).await? {
            None => return Ok(Ok(targets)),
            Some(Ok(next)) => (call, page) = next,
            Some(Err(unread)) => return Ok(Err(unread)),
        }
    }
}
