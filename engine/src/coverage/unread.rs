//! What is unknown at one or two points in time, because it was not read there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::known::{self, Known, is_import};
use super::{Gap, GapScope};
use crate::find::find_relations;
use crate::id::Id;
use crate::manifest::Manifest;
use crate::snapshot::Snapshot;
use crate::snapshots::Snapshots;
use crate::state::VectorKind;
use crate::vector::Slot;
use crate::{BackupId, DifferenceFilter, Result, schema};

/// Something that was not read at a point in time, so that an answer about that point says nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unread {
    /// Its type.
    #[serde(rename = "type")]
    pub type_token: String,
    /// The relation, when only that was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// The property, when only that was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
    /// The ID of the object, when only that was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// When it was last read before; none when it never was.
    pub since: Option<Timestamp>,
    /// Why, such as Graph's code.
    pub reason: String,
    /// At which side of a difference; none of a single point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<UnreadSide>,
    /// Objects at the other side of which it is not known whether they were at this one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub objects: u64,
}

/// At which side of a difference something was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UnreadSide {
    /// At the *from* side.
    From,
    /// At the *to* side.
    To,
    /// At both.
    Both,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What was not read: type, relation, property, object.
type Key = (String, Option<String>, Option<String>, Option<String>);

/// What is known of what was not read at one point.
#[derive(Debug)]
struct Lack {
    since: Option<Timestamp>,
    reason: String,
    /// Nothing of the type was read.
    is_whole: bool,
    objects: u64,
}

/// As [`Store::unread_between`](crate::Store::unread_between).
pub(crate) fn unread_between(
    snapshots: &Snapshots,
    from: &BackupId,
    to: &BackupId,
    filter: &DifferenceFilter,
) -> Result<Vec<Unread>> {
    let [from, to] = [from, to].map(|id| snapshots.of(id));
    let (from, to) = (from?, to?);
    let (mut at_from, mut at_to) = (lacks(snapshots, &from, filter)?, lacks(snapshots, &to, filter)?);
    count_objects(&mut at_from, &to)?;
    count_objects(&mut at_to, &from)?;
    let keys: BTreeSet<Key> = at_from.keys().chain(at_to.keys()).cloned().collect();
    let made = keys.into_iter().filter_map(|key| {
        let (one, other) = (at_from.remove(&key), at_to.remove(&key));
        let side = match (&one, &other) {
            (Some(_), Some(_)) => UnreadSide::Both,
            (Some(_), None) => UnreadSide::From,
            _ => UnreadSide::To,
        };
        // Of both, the one that is known from longer ago says more.
        let lack = match (one, other) {
            (Some(one), Some(other)) if other.since < one.since => other,
            (Some(lack), _) | (None, Some(lack)) => lack,
            (None, None) => return None,
        };
        Some(unread(key, lack, Some(side)))
    });
    Ok(made.collect())
}

/// As [`Store::unread_at`](crate::Store::unread_at).
pub(crate) fn unread_at(
    snapshots: &Snapshots,
    backup: &BackupId,
    filter: &DifferenceFilter,
) -> Result<Vec<Unread>> {
    let lacks = lacks(snapshots, &snapshots.of(backup)?, filter)?;
    Ok(lacks.into_iter().map(|(key, lack)| unread(key, lack, None)).collect())
}

fn lacks(snapshots: &Snapshots, point: &Snapshot, filter: &DifferenceFilter) -> Result<BTreeMap<Key, Lack>> {
    let manifests = snapshots.state().manifests_up_to(point.sequence());
    let mut lacks = BTreeMap::new();
    let Some(own) = manifests.last() else { return Ok(lacks) };
    for token in selected_types(snapshots, point, own, filter)? {
        // A reading by IDs is whole for these IDs.
        let is_answer = own.is_reading() && !filter.ids.is_empty() && has_objects(own, &token);
        let known = known::of_type(manifests, &token);
        if known != Known::Read && !is_answer {
            let reason = reason_of(own, &token, known);
            lacks.insert((token, None, None, None), Lack { is_whole: true, ..lack(known, reason) });
            continue;
        }
        add_relations(snapshots, manifests, &token, is_answer, &mut lacks);
        add_gaps(manifests, &token, &filter.ids, &mut lacks);
    }
    Ok(lacks)
}

/// The types that a filter asks for: those it names, those of the IDs it names, or all that the store knows.
fn selected_types(
    snapshots: &Snapshots,
    point: &Snapshot,
    own: &Manifest,
    filter: &DifferenceFilter,
) -> Result<BTreeSet<String>> {
    let mut types: BTreeSet<String> = if filter.types.is_empty() {
        let stored = point.core_keys().map(|key| key.type_token.to_string());
        stored.chain(own.coverage.keys().cloned()).collect()
    } else {
        filter.types.iter().map(|name| schema::token_from_name(name).to_owned()).collect()
    };
    if let Some(of_ids) = types_of(snapshots, &filter.ids)? {
        types.retain(|token| of_ids.contains(token));
    }
    Ok(types)
}

/// The types under which IDs are or were objects; nothing when one of the IDs may be of any type.
fn types_of(snapshots: &Snapshots, ids: &[String]) -> Result<Option<BTreeSet<String>>> {
    let state = snapshots.state();
    let newest = snapshots.at(state.latest());
    let mut types = BTreeSet::new();
    for id in ids {
        let mut found = BTreeSet::new();
        for text in [id.clone(), id.to_ascii_lowercase()] {
            let Some(ordinal) = state.ordinal(&Id::from_text(&text))? else { continue };
            for key in newest.core_keys() {
                if newest.slot(key, ordinal)? != Slot::NEVER {
                    found.insert(key.type_token.to_string());
                }
            }
        }
        if found.is_empty() {
            let relations = find_relations(&newest, &|text| text == id)?;
            found.extend(relations.into_iter().map(|key| key.type_token.to_string()));
        }
        if found.is_empty() {
            return Ok(None);
        }
        types.append(&mut found);
    }
    Ok((!ids.is_empty()).then_some(types))
}

fn add_relations(
    snapshots: &Snapshots,
    manifests: &[Arc<Manifest>],
    token: &str,
    is_answer: bool,
    lacks: &mut BTreeMap<Key, Lack>,
) {
    let keys = snapshots.state().tables.keys().filter(|key| *key.type_token == *token);
    let stored = keys.filter_map(|key| match &key.kind {
        VectorKind::Links(relation) => Some(relation.to_string()),
        _ => None,
    });
    let refused = gaps_of(manifests, token).iter().filter_map(|gap| match &gap.scope {
        GapScope::Relation(relation) => Some(relation.clone()),
        _ => None,
    });
    let names: BTreeSet<String> = stored.chain(refused).collect();
    for relation in names {
        let known = known::of_relation(manifests, token, &relation);
        if known == Known::Read {
            continue;
        }
        let gap = gaps_of(manifests, token)
            .iter()
            .find(|gap| matches!(&gap.scope, GapScope::Relation(name) if *name == relation));
        let reason = match (gap, known) {
            (Some(gap), _) => gap.reason.clone(),
            (None, _) if is_answer => "not part of this reading".to_owned(),
            (None, Known::Never) => "never read".to_owned(),
            (None, _) => "not read again since".to_owned(),
        };
        lacks.insert((token.to_owned(), Some(relation), None, None), lack(known, reason));
    }
}

fn unread((type_token, relation, property, object): Key, lack: Lack, side: Option<UnreadSide>) -> Unread {
    let Lack { since, reason, objects, .. } = lack;
    Unread { type_token, relation, property, object, since, reason, side, objects }
}

fn lack(known: Known, reason: String) -> Lack {
    let since = match known {
        Known::Before(time) => Some(time),
        _ => None,
    };
    Lack { since, reason, is_whole: false, objects: 0 }
}

fn has_objects(manifest: &Manifest, token: &str) -> bool {
    let coverage = manifest.coverage.get(token);
    coverage.is_some_and(|coverage| !coverage.gaps.iter().any(|gap| gap.scope == GapScope::Type))
}

fn gaps_of<'m>(manifests: &'m [Arc<Manifest>], token: &str) -> &'m [Gap] {
    let own = manifests.last().and_then(|manifest| manifest.coverage.get(token));
    own.map_or(&[], |coverage| coverage.gaps.as_slice())
}

/// Why a backup does not know a type by itself.
fn reason_of(own: &Manifest, token: &str, known: Known) -> String {
    let coverage = own.coverage.get(token);
    let gap = coverage.and_then(|coverage| {
        let mut gaps = coverage.gaps.iter();
        gaps.find(|gap| matches!(gap.scope, GapScope::Type | GapScope::Object(_)))
    });
    let said = match (gap, known) {
        (Some(gap), _) => return gap.reason.clone(),
        _ if coverage.is_some() && is_import(own) => "only a part of it was imported",
        (_, Known::Never) if is_import(own) => "in no import",
        (_, Known::Never) => "never read",
        _ if is_import(own) => "not in this import",
        _ if own.is_reading() => "not part of this reading",
        _ => "left out of this backup",
    };
    said.to_owned()
}

/// Adds what a backup could not read of a type that it read.
fn add_gaps(manifests: &[Arc<Manifest>], token: &str, ids: &[String], lacks: &mut BTreeMap<Key, Lack>) {
    let before = manifests.split_last().map_or(&[][..], |(_, before)| before);
    for gap in gaps_of(manifests, token) {
        let (relation, property, object) = match &gap.scope {
            GapScope::Property(name) => (None, Some(name.clone()), None),
            GapScope::Object(id) => (None, None, Some(id.clone())),
            GapScope::Links { source, relation } => (Some(relation.clone()), None, Some(source.clone())),
            GapScope::Bin => (None, None, None),
            GapScope::Type | GapScope::Relation(_) => continue,
        };
        let is_wanted =
            |id: &String| ids.is_empty() || ids.iter().any(|wanted| wanted.eq_ignore_ascii_case(id));
        if object.as_ref().is_some_and(|id| !is_wanted(id)) {
            continue;
        }
        let (known, reason) = match gap.scope {
            GapScope::Bin => (known::of_bin(before, token), format!("the recycle bin: {}", gap.reason)),
            _ => (known::of_type(before, token), gap.reason.clone()),
        };
        // With nothing between, the newest backup before knows it from its own time.
        let since = match known {
            Known::Read => before.last().map(|manifest| manifest.taken_at),
            Known::Before(time) => Some(time),
            Known::Never => None,
        };
        lacks.insert(
            (token.to_owned(), relation, property, object),
            Lack { since, reason, is_whole: false, objects: 0 },
        );
    }
}

/// Counts the objects of types that one side never read, at the other side.
fn count_objects(lacks: &mut BTreeMap<Key, Lack>, other: &Snapshot) -> Result<()> {
    for ((token, ..), lack) in lacks.iter_mut().filter(|(_, lack)| lack.is_whole && lack.since.is_none()) {
        let (live, binned) = other.object_count(token)?;
        lack.objects = live + binned;
    }
    Ok(())
}
