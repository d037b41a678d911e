//! Where the objects of an import go: a backup, or a recording in tests.

use engine::content::{ShreddedObjects, Shredder};
use engine::{ObjectKey, Observation, Warning};

/// Turns raw objects into parts; one per worker.
pub(crate) trait Worker: Send {
    /// What `take` gives.
    type Parts: Send;

    /// Whether the object last taken may have a name that stands in answers of delta queries alone.
    fn met_delta_name(&self) -> bool;

    /// Takes one object. An object that is refused leaves no trace.
    fn push(&mut self, raw: &[u8], hint: Option<&str>, is_deleted: bool) -> engine::Result<()>;

    /// What was pushed since the last call.
    fn take(&mut self) -> Self::Parts;
}

/// Takes what the workers made, in the order of the input.
pub(crate) trait Sink {
    /// Its workers.
    type Worker: Worker;

    fn worker(&self) -> Self::Worker;

    fn put(&mut self, parts: <Self::Worker as Worker>::Parts) -> engine::Result<()>;

    fn put_links(&mut self, source: &ObjectKey, relation: &str, targets: &[&str]) -> engine::Result<()>;

    fn warn(&mut self, warning: Warning);
}

impl Worker for Shredder {
    type Parts = ShreddedObjects;

    fn met_delta_name(&self) -> bool {
        Self::met_delta_name(self)
    }

    fn push(&mut self, raw: &[u8], hint: Option<&str>, is_deleted: bool) -> engine::Result<()> {
        Self::push(self, raw, hint, is_deleted)
    }

    fn take(&mut self) -> ShreddedObjects {
        Self::take(self)
    }
}

impl Sink for engine::Backup<'_> {
    type Worker = Shredder;

    fn worker(&self) -> Shredder {
        self.shredder()
    }

    fn put(&mut self, parts: ShreddedObjects) -> engine::Result<()> {
        self.observe(Observation::Objects(parts))
    }

    fn put_links(&mut self, source: &ObjectKey, relation: &str, targets: &[&str]) -> engine::Result<()> {
        self.observe(Observation::Links { source, relation, targets })
    }

    fn warn(&mut self, warning: Warning) {
        Self::warn(self, warning);
    }
}
