//! Resolves what all observations together decide: which objects are gone, which links are dormant, what is a change.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::absent;
use super::basis::Basis;
use super::by_name::ByName;
use super::collect::{Collected, Description};
use super::count;
use super::judge::Judge;
use super::links::ResolvedLinks;
use super::projection::{self, Projection};
use super::resolved::{Resolved, ResolvedType};
use super::type_work::{Completeness, TypeWork};
use super::{versions, weave};
use crate::coverage::known::IMPORT;
use crate::coverage::reading::{BinExtent, TypeReading};
use crate::manifest::{CoverageRecord, ObjectsRead};
use crate::rows::Rows;
use crate::segment::writer::SegmentWriter;
use crate::state::VectorKind;
use crate::{BackupDetails, Result, Warning, schema};

/// Resolves objects, links and patches, in this order: each needs the one before.
pub(super) fn resolve(collected: Collected, basis: &Basis) -> Result<Resolved> {
    let Collected { mut description, mut segment, interner, mut types, gaps, .. } = collected;
    let Description { details, warnings, .. } = &mut description;
    warnings.extend(warn_of_duplicates(&types));
    basis.check_time(details)?;
    let complete = absent::read_complete(basis, details, &mut types)?;
    absent::resolve_objects(&mut types, details.partial);
    absent::add_listed_relations(basis, &mut types)?;
    let gone = absent::find_gone(basis, &types)?;
    warnings.extend(gaps.warnings());
    let (mut forms, mut updated) = (Vec::new(), BTreeMap::new());
    let mut coverage = BTreeMap::new();
    let mut types = types.try_map(|token, mut work| {
        forms.push((Arc::clone(token), std::mem::take(&mut work.objects.forms)));
        let links = absent::resolve_links(basis, &mut work, &complete, details.partial, &gone)?;
        let projection = projection::find(basis, &work)?;
        warnings.extend(warn_of_carried(&work, &projection));
        let changes = judge(basis, &work, &projection)?;
        let read = coverage_of(&work, &links, details, &projection, changes.insignificant);
        updated.insert(Arc::clone(token), changes.significant);
        coverage.insert(token.to_string(), read);
        resolve_type(basis, work, links, &projection, &mut segment)
    })?;
    gaps.add_to(&mut coverage);
    let counts = count::count(basis, &types, &gone, updated)?;
    warnings.extend(weave::touch_all(basis, &mut types)?);
    Ok(Resolved { description, segment, interner, types, forms, counts, coverage, gone })
}

/// The objects of a type whose attributes changed: those in a way that counts, and how many did in another.
struct Significance {
    significant: roaring::RoaringBitmap,
    insignificant: u64,
}

fn judge(basis: &Basis, work: &TypeWork, projection: &Projection) -> Result<Significance> {
    let key = work.key(VectorKind::Core);
    let rows = Rows::many(&basis.state, &key);
    let mut judge = Judge::new(&rows, projection);
    let mut changes = Significance { significant: roaring::RoaringBitmap::new(), insignificant: 0 };
    for (ordinal, patch) in &work.core.patches {
        // A hash of table version 1 may differ although no cell does.
        if patch.cells.is_empty() {
            continue;
        }
        if judge.is_significant(patch)? {
            changes.significant.insert(*ordinal);
        } else {
            changes.insignificant += 1;
        }
    }
    Ok(changes)
}

/// Turns the patches of a type into versions.
fn resolve_type(
    basis: &Basis,
    work: TypeWork,
    links: ByName<ResolvedLinks>,
    projection: &Projection,
    segment: &mut SegmentWriter,
) -> Result<ResolvedType> {
    let (state, later) = (&basis.state, work.later.as_ref());
    let [core, volatile] = [VectorKind::Core, VectorKind::Volatile].map(|kind| work.key(kind));
    Ok(ResolvedType {
        core: versions::resolve(state, &core, (work.core, later), projection, segment)?,
        volatile: versions::resolve(
            state,
            &volatile,
            (work.volatile, None),
            &Projection::default(),
            segment,
        )?,
        links,
        unchanged: work.objects.unchanged,
        moved: work.objects.moved,
        carries_properties: !projection.carried.is_empty(),
    })
}

/// What was covered of a type.
fn coverage_of(
    work: &TypeWork,
    links: &ByName<ResolvedLinks>,
    details: &BackupDetails,
    projection: &Projection,
    insignificant: u64,
) -> CoverageRecord {
    let reading = work.claims.reading.as_ref();
    CoverageRecord {
        objects: objects_read(work, details),
        partial: details.partial || reading.is_some_and(TypeReading::is_partial),
        bin: reading.map_or(work.claims.has_bin, |reading| reading.bin != BinExtent::NotRead),
        new_properties: projection.new_properties.iter().cloned().collect(),
        unknown_before: projection.unknown_before.iter().cloned().collect(),
        carried: projection.carried.keys().cloned().collect(),
        relations: links.names().map(ToString::to_string).collect(),
        insignificant,
        asked: reading.and_then(|reading| reading.properties.clone()),
        as_of: reading.map(TypeReading::as_of).unwrap_or_default(),
        gaps: Vec::new(),
    }
}

/// Which objects of a type the data say something of, where that does not follow from the rest: a source that says how it
/// read says so itself, and an import that is partial is one of a part.
fn objects_read(work: &TypeWork, details: &BackupDetails) -> ObjectsRead {
    let completeness = work.claims.completeness;
    let has_links_alone = completeness == Completeness::RelationsOnly
        || (work.objects.seen.is_empty() && completeness == Completeness::Observed);
    match work.claims.reading {
        None if details.partial && details.source != IMPORT => ObjectsRead::Part,
        None if has_links_alone => ObjectsRead::Nothing,
        _ => ObjectsRead::All,
    }
}

/// Warns of properties that are carried forward. A source that names its selection gives no warning.
fn warn_of_carried(work: &TypeWork, projection: &Projection) -> Vec<Warning> {
    let carried = projection.carried.iter().filter(|_| work.claims.reading.is_none());
    let warnings = carried.map(|(property, &count)| Warning {
        type_token: work.token.to_string(),
        reason: format!("the data has no property {property}; its earlier values are carried forward"),
        count,
    });
    warnings.collect()
}

/// Warns of objects that were observed more than once. A source that says how it read a type may well read an object
/// again, to decide what it is.
fn warn_of_duplicates(types: &ByName<TypeWork>) -> Option<Warning> {
    let doubtful = types.values().filter(|work| work.claims.reading.is_none());
    let count: u64 =
        doubtful.map(|work| work.objects.duplicate_count.saturating_sub(repeated_count(work))).sum();
    let reason = "an ID came more than once; the last one counts".to_owned();
    (count > 0).then_some(Warning { type_token: String::new(), reason, count })
}

/// Relation objects that were observed more than once with the same text: exporters write them below both of their
/// ends.
fn repeated_count(work: &TypeWork) -> u64 {
    let is_relation = schema::by_token(&work.token).is_some_and(|info| info.is_relation_object);
    if work.objects.duplicate_count == 0 || !is_relation {
        return 0;
    }
    let mut forms = work.objects.forms.clone();
    forms.sort_unstable_by_key(|(hash, ordinal)| (*ordinal, *hash));
    let runs = forms.chunk_by(|a, b| a.1 == b.1);
    let same = runs.filter(|run| run.iter().all(|form| form.0 == run[0].0));
    same.map(|run| run.len() as u64 - 1).sum()
}
