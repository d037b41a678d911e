//! Owns what Graph shows of an object only when that one is asked for: collections below it that are part of it, and the
//! object that it hangs from.
//!
//! Most of these types are small and read whole every time, so that this is a request or two for each of their objects.
//! Service principals are many, and classifications of their permissions are few: only those are asked which a grant of
//! delegated permissions leads to, or which had some in the last backup, and these in every backup, as no delta query
//! tells. A classification decides what users may consent to, and a permission that nobody was ever granted on an API has
//! no consent to tell of. To ask each of ten thousand service principals would be five hundred batches a backup.
//!
//! What cannot be read is a gap of the property and never the end of it: the object keeps what the last backup had there.
//!
//! Sources, read 2026-11-30: the Graph reference of
//! [combination configurations](https://learn.microsoft.com/graph/api/authenticationstrengthpolicy-list-combinationconfigurations),
//! [condition sets](https://learn.microsoft.com/graph/api/permissiongrantpolicy-list-includes) and
//! [resource roles](https://learn.microsoft.com/graph/api/accesspackage-list-resourcerolescopes), which are listed by
//! expanding one package only.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use engine::coverage::GapScope;
use engine::scan::Space;
use engine::schema::{Inside, Type, TypeId, by_token};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::asked::Asked;
use super::error::Result;
use super::event::key;
use super::paging::{Chain, page_behind, page_of};
use super::reader::{Reader, Unread, path_of};
use crate::graph::{Answer, AnswerFault, Call, Identified, Shape, Trail};

/// The type of grants of delegated permissions.
const GRANT: &str = TypeId::Oauth2PermissionGrant.token();

/// The members of an object, unparsed.
type RawMembers = BTreeMap<String, Box<RawValue>>;

/// An object on its way.
struct Partial {
    id: String,
    members: RawMembers,
}

/// Completes objects of a list, or such as were asked for, with what only asking for each of them shows.
pub(super) async fn complete(reader: &Reader, asked: &Asked, texts: Vec<Bytes>) -> Result<Vec<Bytes>> {
    if asked.resource.shown_alone().next().is_none() {
        return Ok(texts);
    }
    let is_limited = asked.resource.graph.inside.iter().all(|inside| inside.is_of_granted)
        && asked.resource.graph.expand.is_empty();
    let mut complete = Vec::with_capacity(texts.len());
    let mut objects = Vec::with_capacity(texts.len());
    for text in texts {
        let named = serde_json::from_slice::<Identified>(&text);
        if is_limited && named.as_ref().is_ok_and(|named| !reader.granted.contains(&named.id)) {
            complete.push(text);
            continue;
        }
        match (named, serde_json::from_slice::<RawMembers>(&text)) {
            (Ok(named), Ok(members)) => objects.push(Partial { id: named.id, members }),
            // The writer of the backup reports what is wrong with it.
            _ => complete.push(text),
        }
    }
    for inside in asked.resource.graph.inside.iter().filter(|inside| !inside.is_expanded) {
        read_elements(reader, asked, inside, &mut objects).await?;
    }
    expand(reader, asked, &mut objects).await?;
    for object in &objects {
        if let Ok(text) = serde_json::to_vec(&object.members) {
            complete.push(Bytes::from(text));
        }
    }
    Ok(complete)
}

/// Reads one collection of each object, but of those that show it already.
async fn read_elements(
    reader: &Reader,
    asked: &Asked,
    inside: &'static Inside,
    objects: &mut [Partial],
) -> Result<()> {
    let mut indexes = Vec::new();
    for (index, object) in objects.iter_mut().enumerate() {
        let is_open = object.members.contains_key(&format!("{}@odata.nextLink", inside.name));
        drop_annotations(&mut object.members, inside.name);
        let shown = object.members.get(inside.name).map(|list| list.get());
        let is_shown = shown.is_some_and(|list| list.starts_with('[') && list != "[]") && !is_open;
        if !is_shown && !is_built_in(object) {
            indexes.push(index);
        }
    }
    let call = |index: &usize| {
        let path = path_of(inside.path, &objects[*index].id);
        let call = asked.call(path.clone()).units(asked.resource.graph.units.list).shape(Shape::Page);
        (format!("inside/{path}"), call)
    };
    let calls: Vec<(String, Call)> = indexes.iter().map(call).collect();
    let answers = reader.batch(calls.clone()).await?;
    for ((index, (_, call)), answer) in indexes.into_iter().zip(calls).zip(answers) {
        let read = match answer {
            Ok(answer) => elements_of(reader, &call, answer).await?,
            Err(unread) => Err(unread),
        };
        match read {
            Ok(list) => {
                objects[index].members.insert(inside.name.to_owned(), list);
            }
            Err(unread) => keep(reader, asked, &mut objects[index], inside.name, &unread).await?,
        }
    }
    Ok(())
}

/// The objects of a type that are asked for collections that only matter where something was granted; nothing to say
/// where it has none.
pub(super) async fn granted(reader: &Reader, resource: &'static Type) -> Result<BTreeSet<String>> {
    let mut ids = BTreeSet::new();
    for inside in resource.graph.inside.iter().filter(|inside| inside.is_of_granted) {
        if let Some(previous) = &reader.previous {
            let scan = previous.scan(GRANT);
            let rows = scan.live()?;
            let texts = scan.cells(Space::Core, "resourceId", &rows.versions)?;
            ids.extend(texts.iter().filter_map(text_of));
            let scan = previous.scan(resource.token);
            let rows = scan.live()?;
            let texts = scan.cells(Space::Core, inside.name, &rows.versions)?;
            let has_some = |text: &[u8]| !matches!(text, b"" | b"[]" | b"null" | b"?");
            let own = scan.ids(&rows.ordinals)?;
            let own = own.iter().zip(texts.iter()).filter(|(_, text)| has_some(text));
            ids.extend(own.map(|(id, _)| String::from_utf8_lossy(id).into_owned()));
        } else if let Err(unread) = ask_granted(reader, &mut ids).await? {
            let asked = Asked { resource, select: Vec::new() };
            reader.note_hidden(resource.token, inside.name);
            reader.tell(asked.gap(GapScope::Property(inside.name.to_owned()), &unread)).await?;
        }
    }
    Ok(ids)
}

/// Asks what grants lead to, where no backup tells.
async fn ask_granted(reader: &Reader, ids: &mut BTreeSet<String>) -> Result<Result<(), Unread>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Grant {
        resource_id: String,
    }
    let Some(resource) = by_token(GRANT) else { return Ok(Ok(())) };
    let asked = Asked { resource, select: vec!["id".to_owned(), "resourceId".to_owned()] };
    let list = resource.graph.list.unwrap_or_default();
    let mut chain = Chain::new(reader, "granted", asked.list(list, ""));
    while let Some(page) = chain.next().await? {
        match page {
            Ok(page) => {
                let grants = page.items().filter_map(|item| serde_json::from_str::<Grant>(item).ok());
                ids.extend(grants.map(|grant| grant.resource_id));
            }
            Err(unread) => return Ok(Err(unread)),
        }
    }
    Ok(Ok(()))
}

fn text_of(cell: &[u8]) -> Option<String> {
    engine::scan::decode(cell).as_str().map(str::to_owned)
}

/// All elements of a collection, as one list.
async fn elements_of(reader: &Reader, call: &Call, answer: Answer) -> Result<Result<Box<RawValue>, Unread>> {
    let mut page = match page_of(reader, call, answer) {
        Ok(page) => page,
        Err(unread) => return Ok(Err(unread)),
    };
    let (mut call, mut trail, mut elements) = (call.clone(), Trail::default(), Vec::new());
    loop {
        elements.extend(page.items().map(str::to_owned));
        match page_behind(reader, &call, &mut trail, &page).await? {
            None => break,
            Some(Ok(next)) => (call, page) = next,
            Some(Err(unread)) => return Ok(Err(unread)),
        }
    }
    let list = RawValue::from_string(format!("[{}]", elements.join(",")));
    Ok(list.map_err(|error| reader.broken(&call, AnswerFault::Elements { reason: error.to_string() })))
}

/// Reads each object with what hangs on it, as far as Graph expands that.
async fn expand(reader: &Reader, asked: &Asked, objects: &mut [Partial]) -> Result<()> {
    let mut open: Vec<usize> = (0..objects.len()).collect();
    for (number, options) in asked.resource.graph.expand.iter().enumerate() {
        let call = |index: &usize| {
            let path =
                format!("{}?$expand={options}", path_of(asked.resource.graph.get, &objects[*index].id));
            let call = asked.call(path.clone()).units(asked.resource.graph.units.get).shape(Shape::Object);
            (format!("expanded/{path}"), call)
        };
        let answers = reader.batch(open.iter().map(call).collect()).await?;
        let is_last = number + 1 == asked.resource.graph.expand.len();
        let mut refused = Vec::new();
        for (index, answer) in open.into_iter().zip(answers) {
            match answer {
                Ok(answer) => take_expanded(reader, asked, &mut objects[index], &answer.body).await?,
                Err(unread) if unread.status == 400 && !is_last => refused.push(index),
                Err(unread) => {
                    for name in expanded(asked) {
                        keep(reader, asked, &mut objects[index], name, &unread).await?;
                    }
                }
            }
        }
        open = refused;
    }
    Ok(())
}

/// Takes over what an answer shows of what was expanded.
async fn take_expanded(reader: &Reader, asked: &Asked, object: &mut Partial, body: &[u8]) -> Result<()> {
    let mut found = match serde_json::from_slice::<Identified>(body) {
        Ok(named) if named.id.eq_ignore_ascii_case(&object.id) => {
            serde_json::from_slice::<RawMembers>(body).unwrap_or_default()
        }
        _ => RawMembers::new(),
    };
    for name in expanded(asked) {
        drop_annotations(&mut object.members, name);
        let value = found.remove(name);
        let value =
            if asked.resource.graph.references.contains(&name) { value.and_then(reference) } else { value };
        if let Some(value) = value {
            object.members.insert(name.to_owned(), value);
        } else {
            let unread = Unread::other_object(&object.id);
            keep(reader, asked, object, name, &unread).await?;
        }
    }
    Ok(())
}

/// Properties that are read by expanding them.
fn expanded(asked: &Asked) -> impl Iterator<Item = &'static str> {
    let resource = asked.resource;
    let inside = resource.graph.inside.iter().filter(|inside| inside.is_expanded).map(|inside| inside.name);
    inside.chain(resource.graph.references.iter().copied())
}

/// Another object by its ID alone: what it is, is its own.
fn reference(value: Box<RawValue>) -> Option<Box<RawValue>> {
    if value.get() == "null" {
        return Some(value);
    }
    let named: Identified = serde_json::from_str(value.get()).ok()?;
    to_raw_value(&serde_json::json!({ "id": named.id })).ok()
}

/// Keeps what the last backup had of a property that cannot be read now, and says so.
async fn keep(
    reader: &Reader,
    asked: &Asked,
    object: &mut Partial,
    name: &str,
    unread: &Unread,
) -> Result<()> {
    if let Some(previous) = &reader.previous {
        let known = previous.object(&key(asked.token(), &object.id))?;
        let value = known.and_then(|known| known.attributes().remove(name));
        if let Some(value) = value.and_then(|value| to_raw_value(&value).ok()) {
            object.members.insert(name.to_owned(), value);
        }
    }
    reader.note_hidden(asked.token(), name);
    reader.tell(asked.gap(GapScope::Property(name.to_owned()), unread)).await
}

/// Whether an object is built in, so that it has no elements of the tenant's own.
fn is_built_in(object: &Partial) -> bool {
    let kind = object.members.get("policyType").map(|kind| kind.get());
    kind.is_some_and(|kind| serde_json::from_str::<Value>(kind).is_ok_and(|kind| kind == "builtIn"))
}

/// Takes out what speaks of how a property came, so that it is the same in whichever way it came.
fn drop_annotations(members: &mut RawMembers, name: &str) {
    let prefix = format!("{name}@odata.");
    members.retain(|member, _| !member.starts_with(&prefix) && member != "@odata.context");
}
