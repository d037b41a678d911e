//! Owns readings of the live tenant: only what a question needs, kept beside the backups under an ID of its own.

use std::collections::{BTreeMap, BTreeSet};

use engine::{BackupDetails, BackupKind, BackupSummary, BinExtent, Extent, Store, TypeReading};

use super::event::Writer;
use super::reader::Reader;
use super::state::SourceState;
use super::whole::{self, Asked};
use super::{EVENT_COUNT_MAX, SOURCE, changes, chosen, runtime, select, tenant_of};
use crate::error::{Error, Result};
use crate::graph::Client;
use crate::resource::by_token;

/// What of the tenant a question needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveScope {
    /// Type tokens; empty for all.
    pub types: Vec<String>,
    /// Object IDs; empty for all.
    pub ids: Vec<String>,
    /// Relations; `None` for all.
    pub relations: Option<Vec<String>>,
}

impl LiveScope {
    fn wants(&self, relation: &str) -> bool {
        self.relations.as_ref().is_none_or(|wanted| wanted.iter().any(|name| name == relation))
    }
}

/// Reads what a question needs, and commits it as a reading: found by its ID, never by `latest` or a time.
///
/// # Errors
/// As [`super::backup`]; nothing is staged.
pub fn read_live(store: &mut Store, client: &Client, scope: &LiveScope) -> Result<BackupSummary> {
    let runtime = runtime()?;
    let now = client.clock().now();
    let resources = chosen(&scope.types)?;
    let state = SourceState::new(&client.settings().endpoint);
    let asked = runtime.block_on(select(client, resources, &state))?;
    let mut backup = store.begin(BackupDetails {
        kind: BackupKind::Reading,
        tenant: tenant_of(client),
        ..BackupDetails::new(SOURCE, now)
    })?;
    let (events, mut incoming) = tokio::sync::mpsc::channel(EVENT_COUNT_MAX);
    let reader = Reader::new(client, None, events);
    let scope = scope.clone();
    let driver = runtime.spawn(async move { read(reader, asked, scope, now).await });
    let mut writer = Writer::new(&mut backup);
    let mut written = Ok(());
    while let Some(event) = incoming.blocking_recv() {
        written = writer.take(event);
        if written.is_err() {
            break;
        }
    }
    drop(incoming);
    let done = runtime.block_on(driver).map_err(|_| Error::Cancelled)?;
    written?;
    for (token, reading) in done? {
        backup.observe(token, reading)?;
    }
    let ended = client.clock().now();
    backup.conclude(ended, ended, serde_json::Value::Null);
    Ok(backup.commit()?)
}

type Readings = BTreeMap<&'static str, TypeReading>;

async fn read(reader: Reader, asked: Vec<Asked>, scope: LiveScope, now: jiff::Timestamp) -> Result<Readings> {
    let mut tasks = tokio::task::JoinSet::new();
    let mut lists = BTreeSet::new();
    let (first, others): (Vec<Asked>, Vec<Asked>) = asked
        .into_iter()
        .partition(|asked| asked.resource.list.as_ref().is_none_or(|list| lists.insert(list.as_str())));
    for asked in first {
        let (reader, scope) = (reader.clone(), scope.clone());
        tasks.spawn(async move {
            let token = asked.resource.token.as_str();
            let reading = if scope.ids.is_empty() || !has_ids(&asked) {
                read_type(&reader, &asked, &scope, now).await?
            } else {
                read_some(&reader, &asked, &scope, now).await?
            };
            Ok::<_, Error>((token, reading))
        });
    }
    drop(reader);
    let mut readings = Readings::new();
    while let Some(done) = tasks.join_next().await {
        let (token, reading) = done.map_err(|_| Error::Cancelled)??;
        readings.insert(token, reading);
    }
    for asked in others {
        let list = &asked.resource.list;
        let first =
            readings.iter().find(|(token, _)| by_token(token).is_some_and(|found| found.list == *list));
        if let Some(reading) = first.map(|(_, reading)| reading.clone()) {
            readings.insert(&asked.resource.token, reading);
        }
    }
    Ok(readings)
}

/// Whether objects of a type can be asked for by the IDs that people and the store know.
fn has_ids(asked: &Asked) -> bool {
    let is_keyed =
        engine::schema::by_token(&asked.resource.token).is_some_and(|found| !found.natural_key.is_empty());
    !is_keyed && !asked.resource.singleton && asked.resource.parent.is_none()
}

async fn read_type(
    reader: &Reader,
    asked: &Asked,
    scope: &LiveScope,
    now: jiff::Timestamp,
) -> Result<TypeReading> {
    if asked.resource.parent.is_some() {
        let extent = match whole::read_children(reader, asked).await? {
            Some(_) => Extent::Whole,
            None => Extent::Changes,
        };
        return Ok(whole::reading(asked, extent, BinExtent::Whole));
    }
    if whole::read_list(reader, asked).await?.is_none() {
        return Ok(whole::reading(asked, Extent::Changes, BinExtent::NotRead));
    }
    let bin = whole::read_bin(reader, asked).await?;
    let mut reading = whole::reading(asked, Extent::Whole, bin);
    for link in asked.resource.links.iter().filter(|link| scope.wants(&link.name)) {
        if whole::read_relation(reader, asked, link).await?.is_some() {
            reading.relations.push(whole::relation(link, Extent::Whole, now));
        }
    }
    Ok(reading)
}

async fn read_some(
    reader: &Reader,
    asked: &Asked,
    scope: &LiveScope,
    now: jiff::Timestamp,
) -> Result<TypeReading> {
    let ids: Vec<&String> = scope.ids.iter().collect();
    let live = changes::read_objects(reader, asked, &ids).await?;
    let mut reading = whole::reading(asked, Extent::Changes, BinExtent::Changes);
    for link in asked.resource.links.iter().filter(|link| scope.wants(&link.name)) {
        whole::read_links_of(reader, asked, link, &live).await?;
        reading.relations.push(whole::relation(link, Extent::Changes, now));
    }
    Ok(reading)
}
