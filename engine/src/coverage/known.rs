//! How far a point in time knows a type, its recycle bin or one of its relations: read there, known from before, or
//! never read.
//!
//! *Shape*: each function walks from the manifest of the point towards older ones, and mostly ends at the first.
//!
//! A list that broke off, objects read one by one and a partial import say nothing of objects that they do not have.
//! Changes since a whole reading say as much as another whole reading.

use std::sync::Arc;

use jiff::Timestamp;

use crate::coverage::GapScope;
use crate::manifest::{CoverageRecord, Manifest, ObjectsRead};

/// The source of a backup of files.
pub(crate) const IMPORT: &str = "import";

/// How far a point in time knows something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// The backup of the point read it.
    Read,
    /// It is as an earlier backup found it, at this time.
    Before(Timestamp),
    /// No backup up to the point read it.
    Never,
}

/// What a backup says of all live objects of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Whole,
    /// What changed since they were read whole.
    Changes,
    Nothing,
}

/// How the live objects of a type are known; the manifests are those up to the point, oldest first.
pub(crate) fn of_type(manifests: &[Arc<Manifest>], token: &str) -> Known {
    let mut newest = None;
    for (age, manifest) in manifests.iter().rev().enumerate() {
        let said = said_of(manifest, token);
        if said == Said::Nothing {
            continue;
        }
        let read = *newest.get_or_insert(known_at(age, manifest.taken_at));
        if said == Said::Whole {
            return read;
        }
    }
    Known::Never
}

/// How the recycle bin of a type is known. Of a source that does not say how it read, the data alone decide.
pub(crate) fn of_bin(manifests: &[Arc<Manifest>], token: &str) -> Known {
    for (age, manifest) in manifests.iter().rev().enumerate() {
        if let Some(coverage) = manifest.coverage.get(token)
            && (coverage.bin || is_guessed(manifest, coverage))
        {
            return known_at(age, manifest.taken_at);
        }
    }
    Known::Never
}

/// How a relation of all objects of a type is known.
pub(crate) fn of_relation(manifests: &[Arc<Manifest>], token: &str, relation: &str) -> Known {
    for (age, manifest) in manifests.iter().rev().enumerate() {
        if let Some(time) = read_time(manifest, token, relation) {
            return known_at(age, time);
        }
    }
    Known::Never
}

/// Whether a backup covers all live objects of a type, by itself or as changes since they were read whole.
pub(crate) fn reads_objects(manifest: &Manifest, token: &str) -> bool {
    said_of(manifest, token) != Said::Nothing
}

fn known_at(age: usize, time: Timestamp) -> Known {
    if age == 0 { Known::Read } else { Known::Before(time) }
}

fn said_of(manifest: &Manifest, token: &str) -> Said {
    let Some(coverage) = manifest.coverage.get(token) else { return Said::Nothing };
    // Where too many objects could not be read to name each of them, any may be one of them.
    let is_doubtful = coverage.gaps.iter().any(|gap| match gap.scope {
        GapScope::Type => true,
        GapScope::Object(_) => gap.count > 1,
        _ => false,
    });
    match coverage.objects {
        _ if is_doubtful => Said::Nothing,
        ObjectsRead::Part | ObjectsRead::Nothing => Said::Nothing,
        ObjectsRead::All if !coverage.partial => Said::Whole,
        // A reading beside the backups is of chosen objects; a partial import is of a part.
        ObjectsRead::All if manifest.is_reading() || is_import(manifest) => Said::Nothing,
        ObjectsRead::All => Said::Changes,
    }
}

/// When a backup read a relation, if it did.
fn read_time(manifest: &Manifest, token: &str, relation: &str) -> Option<Timestamp> {
    let coverage = manifest.coverage.get(token)?;
    // Where too many sources could not be read to name each of them, any may be one of them.
    let is_refused = coverage.gaps.iter().any(|gap| match &gap.scope {
        GapScope::Type => true,
        GapScope::Relation(name) => name == relation,
        GapScope::Links { relation: name, .. } => gap.count > 1 && name == relation,
        _ => false,
    });
    if is_refused {
        return None;
    }
    let guessed = is_guessed(manifest, coverage)
        && !coverage.partial
        && coverage.relations.iter().any(|name| name == relation);
    coverage.as_of.get(relation).copied().or(guessed.then_some(manifest.taken_at))
}

/// Whether the source did not say how it read the type, so that the data alone decide.
fn is_guessed(manifest: &Manifest, coverage: &CoverageRecord) -> bool {
    coverage.asked.is_none()
        && coverage.as_of.is_empty()
        && manifest.state.is_null()
        && !manifest.is_reading()
}

/// Whether the backup is of files.
pub(crate) fn is_import(manifest: &Manifest) -> bool {
    manifest.source == IMPORT
}
