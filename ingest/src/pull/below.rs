//! Owns reading what lives below the objects of another type: app role assignments, federated credentials, extensions.

use bytes::Bytes;
use engine::coverage::GapScope;
use serde_json::value::RawValue;

use super::asked::Asked;
use super::error::Result;
use super::event::Event;
use super::paging::{Chain, page_behind, page_of};
use super::reader::{Reader, Unread, path_of};
use super::whole::{BATCH_LENGTH, EXPANDED_MAX, Related, read_ids};
use crate::graph::{Answer, Call, Page, Shape, Trail};

/// Reads what lives below the objects of another type: the parents' list, with up to 20 children inside each, and the
/// children of those with more one parent at a time. Nothing when some could not be read.
pub(super) async fn read_children(reader: &Reader, asked: &Asked, name: &str) -> Result<Option<u64>> {
    let Some(parent) = &asked.resource.graph.parent else { return Ok(None) };
    let parents = parent.id.info();
    let (Some(list), Some((_, relation))) = (parents.graph.list, parent.path.rsplit_once('/')) else {
        return Ok(None);
    };
    let ids_only = Asked { resource: parents, select: vec!["id".to_owned()] };
    let call = ids_only.list(list, &format!("$expand={relation}"));
    let mut chain = Chain::new(reader, &format!("{name}/{}", asked.token()), call.units(2));
    let (mut count, mut large) = (0, Vec::new());
    while let Some(page) = chain.next().await? {
        match page {
            Ok(page) => {
                let texts = children_of_page(asked, relation, &page, &mut large);
                count += texts.len() as u64;
                reader.tell(Event::Objects { token: asked.token(), texts, is_deleted: false }).await?;
            }
            Err(unread) if matches!(unread.status, 400 | 501) => {
                large = match read_ids(reader, parents).await? {
                    Ok(ids) => ids,
                    Err(unread) => {
                        reader.tell(asked.gap(GapScope::Type, &unread)).await?;
                        return Ok(None);
                    }
                };
                break;
            }
            Err(unread) => {
                reader.tell(asked.gap(GapScope::Type, &unread)).await?;
                return Ok(None);
            }
        }
    }
    large.sort_unstable();
    large.dedup();
    Ok(read_below(reader, asked, &large, name).await?.map(|below| count + below))
}

/// The children that a page of parents shows, but those of parents that may have more than it shows.
fn children_of_page(asked: &Asked, relation: &str, page: &Page, large: &mut Vec<String>) -> Vec<Bytes> {
    let mut texts = Vec::new();
    for item in page.items() {
        let Ok(related) = serde_json::from_str::<Related<'_>>(item) else { continue };
        let Some(Ok(id)) = related.get("id").map(|id| serde_json::from_str::<String>(id.get())) else {
            continue;
        };
        let children = related.get(relation).map(|list| serde_json::from_str::<Vec<&RawValue>>(list.get()));
        match children {
            Some(Ok(children)) if children.len() < EXPANDED_MAX => {
                texts.extend(children.iter().map(|child| with_parent(asked, &id, child.get())));
            }
            _ => large.push(id),
        }
    }
    texts
}

/// Reads what lives below some objects. Nothing when some could not be read.
pub(super) async fn read_below(
    reader: &Reader,
    asked: &Asked,
    parents: &[String],
    name: &str,
) -> Result<Option<u64>> {
    let Some(parent) = &asked.resource.graph.parent else { return Ok(None) };
    let (mut count, mut refused) = (0, 0);
    for chunk in parents.chunks(BATCH_LENGTH) {
        let call = |id: &String| {
            let path = path_of(parent.path, id);
            let call = asked.call(path.clone()).units(asked.resource.graph.units.list).shape(Shape::Page);
            (format!("{name}/of/{path}"), call)
        };
        let answers = reader.batch(chunk.iter().map(call).collect()).await?;
        for (id, answer) in chunk.iter().zip(answers) {
            let read = match answer {
                Ok(answer) => children_of(reader, asked, id, &call(id).1, answer).await?,
                Err(unread) => Err(unread),
            };
            match read {
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
    parent: &str,
    call: &Call,
    answer: Answer,
) -> Result<Result<u64, Unread>> {
    let mut page = match page_of(reader, call, answer) {
        Ok(page) => page,
        Err(unread) => return Ok(Err(unread)),
    };
    let (mut call, mut trail, mut count) = (call.clone(), Trail::default(), 0);
    loop {
        count += page.len() as u64;
        if !page.is_empty() {
            let texts = page.items().map(|item| with_parent(asked, parent, item)).collect();
            reader.tell(Event::Objects { token: asked.token(), texts, is_deleted: false }).await?;
        }
        match page_behind(reader, &call, &mut trail, &page).await? {
            None => return Ok(Ok(count)),
            Some(Ok(next)) => (call, page) = next,
            Some(Err(unread)) => return Ok(Err(unread)),
        }
    }
}

/// A child with the ID of the object it was found below, where it does not name it itself: without that nobody could
/// write it again.
fn with_parent(asked: &Asked, parent: &str, item: &str) -> Bytes {
    match item.trim_start().strip_prefix('{') {
        Some(rest) if asked.resource.graph.get.contains("{parentId}") => {
            let separator = if rest.trim_start().starts_with('}') { "" } else { "," };
            Bytes::from(format!("{{\"parentId\":{}{separator}{rest}", serde_json::Value::from(parent)))
        }
        _ => Bytes::copy_from_slice(item.as_bytes()),
    }
}
