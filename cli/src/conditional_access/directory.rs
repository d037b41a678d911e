//! What the IDs of a policy point at, in a backup.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use engine::schema::TypeId;
use engine::{BackupId, DifferenceFilter, Object, ObjectKey, Snapshot, Store};

use crate::error::Outcome;
use crate::names::Names;

/// What an ID is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ReferenceKind {
    User,
    Group,
    Role,
    /// By its application ID.
    Application,
    ServicePrincipal,
    Location,
    Context,
    Strength,
    Terms,
}

impl ReferenceKind {
    /// The types whose objects have such an ID.
    fn types(self) -> &'static [TypeId] {
        match self {
            Self::User => &[TypeId::User],
            Self::Group => &[TypeId::Group],
            Self::Role => &[TypeId::RoleDefinition, TypeId::DirectoryRoleTemplate],
            Self::Application => &[TypeId::ServicePrincipal, TypeId::Application],
            Self::ServicePrincipal => &[TypeId::ServicePrincipal],
            Self::Location => &[TypeId::NamedLocation],
            Self::Context => &[TypeId::AuthenticationContextClassReference],
            Self::Strength => &[TypeId::AuthenticationStrengthPolicy],
            Self::Terms => &[TypeId::Agreement],
        }
    }
}

/// What was found under an ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// An object, by its name.
    Live(String),
    /// An object in the recycle bin, by its name.
    Deleted(String),
    /// Nothing, though all such objects were read.
    Missing,
    /// Nothing, and such objects were not read.
    Unread,
}

/// Where IDs are looked up.
pub(crate) trait Directory {
    /// What an ID is of.
    fn find(&mut self, kind: ReferenceKind, id: &str) -> Found;
}

/// The objects of a backup.
#[derive(Debug)]
pub(crate) struct Stored {
    snapshot: Snapshot,
    names: Names,
    /// Types that were not read, by token.
    unread: HashSet<String>,
    /// Names by application ID, once they were looked for.
    applications: Option<HashMap<String, Found>>,
}

impl Stored {
    /// The objects of this backup.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn at(store: &Store, backup: &BackupId) -> Outcome<Self> {
        let types = [
            TypeId::User,
            TypeId::Group,
            TypeId::RoleDefinition,
            TypeId::DirectoryRoleTemplate,
            TypeId::ServicePrincipal,
            TypeId::Application,
            TypeId::NamedLocation,
            TypeId::AuthenticationContextClassReference,
            TypeId::AuthenticationStrengthPolicy,
            TypeId::Agreement,
        ];
        let types = types.iter().map(|id| id.token().to_owned()).collect();
        let filter = DifferenceFilter { types, ..DifferenceFilter::default() };
        let unread = store.unread_at(backup, &filter)?;
        let whole = unread
            .into_iter()
            .filter(|found| found.relation.is_none() && found.property.is_none() && found.object.is_none());
        Ok(Self {
            snapshot: store.snapshot(backup)?,
            names: Names::of(store, &[*backup]),
            unread: whole.map(|found| found.type_token).collect(),
            applications: None,
        })
    }

    /// By the ID of an object.
    fn by_id(&self, kind: ReferenceKind, id: &str) -> Option<Found> {
        kind.types().iter().find_map(|type_id| {
            let key = ObjectKey { type_token: Arc::from(type_id.token()), id: id.to_owned() };
            self.snapshot.object(&key).ok().flatten().map(|object| found(&object))
        })
    }

    /// By the application ID of a service principal or an application.
    fn by_application_id(&mut self, id: &str) -> Option<Found> {
        let snapshot = &self.snapshot;
        let known = self.applications.get_or_insert_with(|| {
            let objects = ReferenceKind::Application
                .types()
                .iter()
                .rev()
                .filter_map(|id| snapshot.objects(id.token()).ok());
            objects
                .flatten()
                .filter_map(Result::ok)
                .filter_map(|object| {
                    let id = object.attributes().get("appId")?.as_str()?.to_owned();
                    Some((id, found(&object)))
                })
                .collect()
        });
        known.get(id).cloned()
    }
}

impl Directory for Stored {
    fn find(&mut self, kind: ReferenceKind, id: &str) -> Found {
        let stored = match kind {
            ReferenceKind::Application => self.by_application_id(id),
            _ => self.by_id(kind, id),
        };
        if let Some(found) = stored {
            return found;
        }
        let name = self.names.get(id).name;
        if !name.is_empty() {
            return Found::Live(name);
        }
        // What is missing among some of them may stand among those that were not read.
        let is_unread = kind.types().iter().any(|type_id| self.unread.contains(type_id.token()));
        if is_unread { Found::Unread } else { Found::Missing }
    }
}

fn found(object: &Object) -> Found {
    let name = object.display_name();
    if object.deleted { Found::Deleted(name) } else { Found::Live(name) }
}
