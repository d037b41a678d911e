//! Owns synthetic tenants: realistic objects of any number, as a pure function of size, seed and day.
//!
//! ```
//! use entrasnap_twin::synthetic::{Incident, Tenant};
//!
//! # fn main() -> std::io::Result<()> {
//! let tenant = Tenant::new(1000, 7);
//! let mut lines = Vec::new();
//! let counts = tenant.write_ndjson(1, &mut lines)?;
//! assert_eq!(counts.bytes, lines.len() as u64);
//!
//! let expected = tenant.day_expectation(1);
//! assert_eq!((expected.added, expected.removed), (1, 1));
//!
//! let incident = Incident::new(&tenant, 1);
//! for sentence in incident.describe() {
//!     assert!(!sentence.is_empty());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! *Shape.* Nothing is kept per object. The content of an object follows from its number; what
//! changed since the first day is a history per object that has one.
//!
//! ```text
//! Layout (counts per type) ───┐
//! DayState (changes so far) ──┴─> Draft (one object) ─> render ─> JSON
//! ```

mod attribute;
mod churn;
mod draft;
mod expectation;
mod folder;
mod incident;
mod json;
mod layout;
mod link;
mod page;
mod pools;
pub(crate) mod random;
mod render;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::path::Path;

use churn::DayState;
use draft::Draft;
pub use expectation::{Change, ChangeAction, Expectation};
pub use incident::Incident;
pub use layout::ObjectKind;
use layout::{Key, Layout};

/// A tenant that can be written as it was on any day.
#[derive(Clone, Debug)]
pub struct Tenant {
    layout: Layout,
}

/// How many objects and bytes were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectCounts {
    /// Objects, those in the bin included.
    pub objects: u64,
    /// Objects in the bin.
    pub in_bin: u64,
    /// Bytes of text.
    pub bytes: u64,
    by_kind: [(u64, u64); ObjectKind::COUNT],
}

impl ObjectCounts {
    /// Gives the number of objects of a type.
    #[must_use]
    pub fn objects_of(&self, kind: ObjectKind) -> u64 {
        self.by_kind[kind.index()].0
    }

    /// Gives the bytes of the objects of a type, line ends included.
    #[must_use]
    pub fn bytes_of(&self, kind: ObjectKind) -> u64 {
        self.by_kind[kind.index()].1
    }
}

impl Tenant {
    /// Describes a tenant of so many objects on its first day.
    ///
    /// Sizes beyond two billion objects are cut to that.
    #[must_use]
    pub fn new(objects: u64, seed: u64) -> Self {
        let objects = u32::try_from(objects.min(2_000_000_000)).unwrap_or(u32::MAX);
        Self { layout: Layout::new(objects, seed) }
    }

    /// Gives the tenant's ID.
    #[must_use]
    pub fn id(&self) -> String {
        self.layout.tenant_id().to_string()
    }

    /// Gives the tenant as it is on a day.
    #[must_use]
    pub fn on(&self, day: u32) -> Snapshot<'_> {
        Snapshot { layout: &self.layout, state: DayState::at(&self.layout, day) }
    }

    /// Writes the tenant as it is on a day, one object per line.
    ///
    /// # Errors
    /// Whatever the writer answers.
    pub fn write_ndjson(&self, day: u32, out: &mut impl Write) -> io::Result<ObjectCounts> {
        self.on(day).write_ndjson(out)
    }

    /// Walks over the objects of a day: type token and JSON, in the order of the files.
    pub fn objects(&self, day: u32) -> impl Iterator<Item = (&'static str, String)> + '_ {
        self.on(day).into_objects()
    }

    /// Writes the tenant as it is on a day in the layout of the `EntraExporter` module.
    ///
    /// # Errors
    /// Whatever the file system answers.
    pub fn write_entra_exporter(&self, day: u32, directory: &Path) -> io::Result<ObjectCounts> {
        self.on(day).write_entra_exporter(directory)
    }
}

/// A tenant as it is at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot<'a> {
    layout: &'a Layout,
    state: DayState,
}

impl<'a> Snapshot<'a> {
    /// Writes everything, the bin included, one object per line.
    ///
    /// # Errors
    /// Whatever the writer answers.
    pub fn write_ndjson(&self, out: &mut impl Write) -> io::Result<ObjectCounts> {
        let mut counts = ObjectCounts::default();
        let mut text = String::with_capacity(1 << 17);
        for key in self.keys() {
            let start = text.len();
            render::push_object(&mut text, &self.draft(key));
            text.push('\n');
            counts.add(key, self.state.is_live(key), text.len() - start);
            if text.len() > 1 << 16 {
                out.write_all(text.as_bytes())?;
                text.clear();
            }
        }
        out.write_all(text.as_bytes())?;
        Ok(counts)
    }

    /// Walks over everything, the bin included: type token and JSON.
    pub fn into_objects(self) -> impl Iterator<Item = (&'static str, String)> + 'a {
        let keys: Vec<_> = self.keys().collect();
        keys.into_iter().map(move |key| {
            let mut text = String::with_capacity(4096);
            render::push_object(&mut text, &self.draft(key));
            (key.kind.token(), text)
        })
    }

    /// Gathers the facts about an object.
    fn draft(&self, key: Key) -> Draft<'_> {
        Draft::new(self.layout, &self.state, key)
    }

    /// Walks over everything that a reading of the tenant finds, the bin included.
    fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        ObjectKind::ALL.into_iter().flat_map(|kind| self.keys_of(kind))
    }

    /// Walks over the objects of a type.
    fn keys_of(&self, kind: ObjectKind) -> impl Iterator<Item = Key> + '_ {
        (0..self.state.count(kind))
            .map(move |index| Key { kind, index })
            .filter(|key| self.state.history(*key).is_none_or(|history| !history.removed))
    }

    /// Walks over the objects of a type that are not in the bin.
    fn live_keys_of(&self, kind: ObjectKind) -> impl Iterator<Item = Key> + '_ {
        self.keys_of(kind).filter(|key| self.state.is_live(*key))
    }
}

impl ObjectCounts {
    fn add(&mut self, key: Key, live: bool, bytes: usize) {
        let bytes = bytes as u64;
        self.objects += 1;
        self.in_bin += u64::from(!live);
        self.bytes += bytes;
        let kind = &mut self.by_kind[key.kind.index()];
        kind.0 += 1;
        kind.1 += bytes;
    }
}
