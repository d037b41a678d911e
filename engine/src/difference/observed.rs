//! What the earlier side of a difference observed of one type: what was not read there is neither new nor gone.
//!
//! *Invariant*: manifests are read on demand, and most types are known by the manifest of the side itself.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use crate::Result;
use crate::coverage::GapScope;
use crate::coverage::known::{self, Known};
use crate::id::Id;
use crate::manifest::Manifest;
use crate::state::State;

/// Begins the ID in a gap that is about what belongs to an object.
const BELOW: &str = "below ";

/// What the earlier side observed of a type.
pub(super) struct Observed<'s> {
    /// Those up to the earlier side, oldest first; none before the first backup.
    manifests: &'s [Arc<Manifest>],
    token: Arc<str>,
    objects: OnceLock<Known>,
    bin: OnceLock<Known>,
    /// Objects that could not be read.
    unread: BTreeSet<u32>,
    /// IDs of objects of which it could not be read what belongs to them.
    parents: BTreeSet<String>,
    /// Objects of which a relation could not be read.
    unlinked: BTreeSet<(u32, String)>,
}

impl<'s> Observed<'s> {
    pub(super) fn new(state: &'s State, early: u64, token: &Arc<str>) -> Result<Self> {
        let mut observed = Self {
            manifests: state.manifests_up_to(early),
            token: Arc::clone(token),
            objects: OnceLock::new(),
            bin: OnceLock::new(),
            unread: BTreeSet::new(),
            parents: BTreeSet::new(),
            unlinked: BTreeSet::new(),
        };
        let own = observed.manifests.last().and_then(|manifest| manifest.coverage.get(&**token));
        for gap in own.map_or(&[][..], |coverage| &coverage.gaps) {
            match &gap.scope {
                GapScope::Object(id) => match id.strip_prefix(BELOW) {
                    Some(parent) => _ = observed.parents.insert(parent.to_owned()),
                    None => observed.unread.extend(state.ordinal(&Id::from_text(id))?),
                },
                GapScope::Links { source, relation } => {
                    let ordinal = state.ordinal(&Id::from_text(source))?;
                    observed.unlinked.extend(ordinal.map(|ordinal| (ordinal, relation.clone())));
                }
                _ => {}
            }
        }
        Ok(observed)
    }

    /// How the live objects are known.
    pub(super) fn objects(&self) -> Known {
        *self.objects.get_or_init(|| self.known(known::of_type))
    }

    /// How the recycle bin is known.
    pub(super) fn bin(&self) -> Known {
        *self.bin.get_or_init(|| self.known(known::of_bin))
    }

    /// Before the first backup of a store there is nothing, and that is known.
    fn known(&self, of: fn(&[Arc<Manifest>], &str) -> Known) -> Known {
        if self.manifests.is_empty() { Known::Read } else { of(self.manifests, &self.token) }
    }

    /// Whether an object could not be read.
    pub(super) fn is_object_unread(&self, ordinal: u32) -> bool {
        self.unread.contains(&ordinal)
    }

    /// Whether it could not be read what belongs to some objects.
    pub(super) fn has_unread_parents(&self) -> bool {
        !self.parents.is_empty()
    }

    /// Whether it could not be read what belongs to an object.
    pub(super) fn is_parent_unread(&self, id: &str) -> bool {
        self.parents.contains(id)
    }

    /// Whether the links of an object in a relation were read.
    pub(super) fn has_links(&self, ordinal: u32, relation: &str) -> bool {
        let own = self.manifests.last().map_or(&[][..], std::slice::from_ref);
        let is_refused = self.unlinked.iter().any(|(source, name)| *source == ordinal && name == relation);
        own.is_empty() || (!is_refused && known::of_relation(own, &self.token, relation) == Known::Read)
    }
}
