//! Owns a tenant before it is served: synthetic, from objects, or from a backup.

use crate::state::{Loader, State};
use crate::synthetic::Tenant;

/// A tenant in memory, ready to be served.
pub struct Twin {
    pub(crate) state: State,
}

/// The day of a synthetic tenant that is served.
const DAY: u32 = 1;

impl Twin {
    /// Makes a synthetic tenant of so many objects.
    #[must_use]
    pub fn from_synthetic(objects: u64, seed: u64) -> Self {
        let tenant = Tenant::new(objects, seed);
        Self::from_objects(seed, tenant.objects(DAY))
    }

    /// Loads objects: type token and JSON with links inside, in any order. A text that is no object of a type that
    /// Graph serves is left out.
    #[must_use]
    pub fn from_objects<T: AsRef<str>>(seed: u64, objects: impl IntoIterator<Item = (T, String)>) -> Self {
        let mut loader = Loader::new(seed);
        for (token, text) in objects {
            loader.add(token.as_ref(), &text);
        }
        Self { state: loader.finish() }
    }

    /// Loads a backup, with the links that a restore from the bin brings back.
    ///
    /// # Errors
    /// Whatever reading the store answers.
    pub fn from_snapshot(snapshot: &engine::Snapshot, seed: u64) -> engine::Result<Self> {
        let (snapshot, mut loader) = (snapshot.with_dormant_links(), Loader::new(seed));
        for token in snapshot.types()? {
            for object in snapshot.objects(&token)? {
                loader.add(&token, &object?.to_json());
            }
        }
        Ok(Self { state: loader.finish() })
    }

    /// Gives the tenant's ID.
    #[must_use]
    pub fn tenant_id(&self) -> &str {
        &self.state.tenant_id
    }
}

impl std::fmt::Debug for Twin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Twin").field("tenant_id", &self.state.tenant_id).finish_non_exhaustive()
    }
}
