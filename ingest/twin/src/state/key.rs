//! Owns alternate keys: the values besides its ID that find an object.

use std::collections::HashMap;

use super::Handle;
use crate::body::Body;
use crate::resource::Kind;

/// A property whose value finds an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum AlternateKey {
    UserPrincipalName,
    AppId,
    UniqueName,
    Mail,
}

impl AlternateKey {
    const ALL: [Self; 4] = [Self::UserPrincipalName, Self::AppId, Self::UniqueName, Self::Mail];

    /// Gives the property.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::UserPrincipalName => "userPrincipalName",
            Self::AppId => "appId",
            Self::UniqueName => "uniqueName",
            Self::Mail => "mail",
        }
    }
}

/// The live objects by alternate key; values in lower case.
#[derive(Debug, Default)]
pub(super) struct KeyIndex {
    holders: HashMap<(Kind, AlternateKey, String), Handle>,
}

impl KeyIndex {
    /// Finds the object that has a value.
    pub(super) fn find(&self, kind: Kind, key: AlternateKey, value: &str) -> Option<Handle> {
        self.holders.get(&(kind, key, value.to_ascii_lowercase())).copied()
    }

    /// Adds the values of an object; the last object with a value has it.
    pub(super) fn add(&mut self, handle: Handle, kind: Kind, body: &Body) {
        for (key, value) in values(body) {
            self.holders.insert((kind, key, value), handle);
        }
    }

    /// Removes the values of an object, except those that another object has taken.
    pub(super) fn remove(&mut self, handle: Handle, kind: Kind, body: &Body) {
        for (key, value) in values(body) {
            let entry = (kind, key, value);
            if self.holders.get(&entry) == Some(&handle) {
                self.holders.remove(&entry);
            }
        }
    }
}

fn values(body: &Body) -> impl Iterator<Item = (AlternateKey, String)> + '_ {
    AlternateKey::ALL.into_iter().filter_map(|key| Some((key, body.text(key.name())?.to_ascii_lowercase())))
}
