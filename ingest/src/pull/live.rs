//! Owns readings of the live tenant: only what a question needs, kept beside the backups under an ID of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::coverage::{BinExtent, Extent, TypeReading};
use engine::{BackupDetails, BackupKind, BackupSummary, Observation, Snapshot, Store};

use super::asked::{self, Asked};
use super::error::{Error, Result};
use super::event::{self, Event, Writer};
use super::inside;
use super::missing::{self, Listed};
use super::reader::{Doubt, Reader};
use super::select::select;
use super::state::SourceState;
use super::whole;
use super::{EVENT_COUNT_MAX, SOURCE, below, changes, chosen, has_ids, newest_snapshot, tenant_of};
use crate::graph::{self, Client};
use engine::schema::by_token;

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
    let runtime = graph::runtime()?;
    let now = client.clock().now();
    let resources = chosen(&scope.types)?;
    let state = SourceState::new(&client.settings().endpoint);
    let (asked, gaps) = runtime.block_on(select(client, resources, &state))?;
    let previous = newest_snapshot(store)?;
    let mut backup = store.begin(BackupDetails {
        kind: BackupKind::Reading,
        tenant: tenant_of(client),
        ..BackupDetails::new(SOURCE, now)
    })?;
    let (events, mut incoming) = tokio::sync::mpsc::channel(EVENT_COUNT_MAX);
    let mut reader = Reader::new(client, None, events).over(previous.clone());
    let previous = previous.map(Arc::new);
    let scope = scope.clone();
    let driver = runtime.spawn(async move {
        for gap in gaps {
            reader.tell(Event::Gap(gap)).await?;
        }
        let mut granted = BTreeSet::new();
        for asked in &asked {
            granted.extend(inside::granted(&reader, asked.resource).await?);
        }
        reader.granted = Arc::new(granted);
        read(reader, asked, scope, now, previous).await
    });
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
    let (done, broken) = (done?, writer.broken());
    for (token, mut reading) in done {
        if let Some(gap) = event::gap_of_broken(&broken, token) {
            backup.observe(Observation::Unread(gap))?;
            (reading.extent, reading.bin) = (Extent::Changes, BinExtent::NotRead);
        }
        backup.observe(Observation::Read { type_token: token, reading })?;
    }
    let ended = client.clock().now();
    backup.conclude(ended, ended, serde_json::Value::Null);
    Ok(backup.commit()?)
}

type Readings = BTreeMap<&'static str, TypeReading>;

async fn read(
    reader: Reader,
    asked: Vec<Asked>,
    scope: LiveScope,
    now: jiff::Timestamp,
    previous: Option<Arc<Snapshot>>,
) -> Result<Readings> {
    let mut tasks = tokio::task::JoinSet::new();
    let mut lists = BTreeSet::new();
    let (first, others): (Vec<Asked>, Vec<Asked>) =
        asked.into_iter().partition(|asked| asked.resource.graph.list.is_none_or(|list| lists.insert(list)));
    for asked in first {
        let alike: Vec<Asked> = others
            .iter()
            .filter(|other| other.resource.graph.list == asked.resource.graph.list)
            .cloned()
            .collect();
        let (reader, scope, previous) = (reader.clone(), scope.clone(), previous.clone());
        tasks.spawn(async move {
            let token = asked.resource.token;
            let reading = if scope.ids.is_empty() || !has_ids(&asked) {
                read_type(&reader, &asked, &alike, &scope, now, previous.as_deref()).await?
            } else {
                read_some(&reader, &asked, &scope, now).await?
            };
            changes::resolve(&reader, &asked).await?;
            for asked in &alike {
                changes::resolve(&reader, asked).await?;
            }
            let mut reading = reading;
            if let Some(properties) = &mut reading.properties {
                reader.trim(token, properties);
            }
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
        let list = &asked.resource.graph.list;
        let first =
            readings.iter().find(|(token, _)| by_token(token).is_some_and(|found| found.graph.list == *list));
        if let Some(reading) = first.map(|(_, reading)| reading.clone()) {
            readings.insert(asked.resource.token, reading);
        }
    }
    Ok(readings)
}

async fn read_type(
    reader: &Reader,
    asked: &Asked,
    alike: &[Asked],
    scope: &LiveScope,
    now: jiff::Timestamp,
    previous: Option<&Snapshot>,
) -> Result<TypeReading> {
    if asked.resource.graph.parent.is_some() {
        let is_whole = below::read_children(reader, asked, "below").await?.is_some()
            && missing::look(reader, asked, BinExtent::Whole, previous).await? == Listed::All;
        let extent = if is_whole { Extent::Whole } else { Extent::Changes };
        return Ok(asked::reading(asked, extent, BinExtent::Whole));
    }
    if whole::read_list(reader, asked).await?.is_none() {
        for asked in alike {
            reader.tell(Event::Gap(event::list_gap(asked.resource))).await?;
        }
        return Ok(asked::reading(asked, Extent::Changes, BinExtent::NotRead));
    }
    let bin = whole::read_bin(reader, asked).await?;
    let mut reading = asked::reading(asked, Extent::Whole, bin);
    for asked in std::iter::once(asked).chain(alike) {
        if missing::look(reader, asked, bin, previous).await? == Listed::Perhaps {
            reading.extent = Extent::Changes;
        }
    }
    for link in asked.resource.links().filter(|link| scope.wants(link.name)) {
        if whole::read_relation(reader, asked, link).await?.is_some() {
            reading.relations.push(asked::relation(link, Extent::Whole, now));
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
    let found = changes::read_objects(reader, asked, &ids).await?;
    for id in found.missing() {
        reader.doubt(asked.token(), id, Doubt::Absent);
    }
    let mut reading = asked::reading(asked, Extent::Changes, BinExtent::Changes);
    for link in asked.resource.links().filter(|link| scope.wants(link.name)) {
        whole::read_links_of(reader, asked, link, &found.live).await?;
        reading.relations.push(asked::relation(link, Extent::Changes, now));
    }
    Ok(reading)
}
