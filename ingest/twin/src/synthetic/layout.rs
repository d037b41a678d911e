//! Owns what a tenant of a given size consists of: how many objects of each type, and their IDs.

use engine::schema::TypeId;

use super::random::{Guid, Source};

/// The types of objects a synthetic tenant holds, in the order in which they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// The tenant itself.
    Organization,
    /// What users and guests may do.
    AuthorizationPolicy,
    /// People, guests and shared mailboxes.
    User,
    /// Security and Microsoft 365 groups.
    Group,
    /// Registered applications.
    Application,
    /// An application as the tenant sees it.
    ServicePrincipal,
    /// Joined and registered devices.
    Device,
    /// Conditional access policies.
    ConditionalAccessPolicy,
    /// Named locations, of addresses or of countries.
    NamedLocation,
    /// Directory roles.
    RoleDefinition,
    /// Who holds a directory role.
    RoleAssignment,
    /// Administrative units.
    AdministrativeUnit,
    /// Who holds a role of an application.
    AppRoleAssignment,
    /// Delegated permissions that were consented to.
    PermissionGrant,
}

impl ObjectKind {
    /// How many there are.
    pub(crate) const COUNT: usize = 14;

    /// All of them, in the order in which they are written.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Organization,
        Self::AuthorizationPolicy,
        Self::User,
        Self::Group,
        Self::Application,
        Self::ServicePrincipal,
        Self::Device,
        Self::ConditionalAccessPolicy,
        Self::NamedLocation,
        Self::RoleDefinition,
        Self::RoleAssignment,
        Self::AdministrativeUnit,
        Self::AppRoleAssignment,
        Self::PermissionGrant,
    ];

    /// Gives the type token, as in the last part of `@odata.type`.
    ///
    /// Named locations are `namedLocation` here, though each says in its `@odata.type` which of
    /// the two derived types it is.
    #[must_use]
    pub fn token(self) -> &'static str {
        let odata_type = self.id().info().odata_types[0];
        odata_type.trim_start_matches("microsoft.graph.")
    }

    /// Gives the type.
    fn id(self) -> TypeId {
        match self {
            Self::Organization => TypeId::Organization,
            Self::AuthorizationPolicy => TypeId::AuthorizationPolicy,
            Self::User => TypeId::User,
            Self::Group => TypeId::Group,
            Self::Application => TypeId::Application,
            Self::ServicePrincipal => TypeId::ServicePrincipal,
            Self::Device => TypeId::Device,
            Self::ConditionalAccessPolicy => TypeId::ConditionalAccessPolicy,
            Self::NamedLocation => TypeId::NamedLocation,
            Self::RoleDefinition => TypeId::RoleDefinition,
            Self::RoleAssignment => TypeId::RoleAssignment,
            Self::AdministrativeUnit => TypeId::AdministrativeUnit,
            Self::AppRoleAssignment => TypeId::AppRoleAssignment,
            Self::PermissionGrant => TypeId::Oauth2PermissionGrant,
        }
    }

    /// Gives the index of the type in [`ObjectKind::ALL`].
    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

/// One object: its type and its number among the objects of that type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) kind: ObjectKind,
    pub(crate) index: u32,
}

/// The size of a tenant on its first day.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// Random numbers for everything.
    pub(crate) source: Source,
    /// Objects in all.
    pub(crate) objects: u32,
    counts: [u32; ObjectKind::COUNT],
}

impl Layout {
    /// Divides a number of objects among the types.
    pub(crate) fn new(objects: u32, seed: u64) -> Self {
        let share = |permille: u64| u32::try_from(u64::from(objects) * permille / 1000).unwrap_or(u32::MAX);
        let mut counts = [0; ObjectKind::COUNT];
        let mut set = |kind: ObjectKind, count: u32| counts[kind.index()] = count;
        set(ObjectKind::Organization, objects.min(1));
        set(ObjectKind::AuthorizationPolicy, u32::from(objects > 1));
        set(ObjectKind::Group, share(110));
        set(ObjectKind::Application, share(50));
        set(ObjectKind::ServicePrincipal, share(90));
        set(ObjectKind::Device, share(40));
        if objects >= 100 {
            set(ObjectKind::ConditionalAccessPolicy, (objects / 2000).clamp(4, 180));
            set(ObjectKind::NamedLocation, (objects / 5000).clamp(3, 90));
            set(ObjectKind::RoleDefinition, (objects / 50).min(30));
            set(ObjectKind::RoleAssignment, (objects / 500).clamp(5, 600));
            set(ObjectKind::AdministrativeUnit, (objects / 1000).clamp(2, 250));
            set(ObjectKind::AppRoleAssignment, share(2));
            set(ObjectKind::PermissionGrant, share(1));
        }
        let others: u32 = counts.iter().sum();
        counts[ObjectKind::User.index()] = objects.saturating_sub(others);
        Self { source: Source::new(seed), objects, counts }
    }

    /// Gives the number of objects of a type on the first day.
    pub(crate) fn count(&self, kind: ObjectKind) -> u32 {
        self.counts[kind.index()]
    }

    /// Gives the number of objects of a type that links may point to: the first ones.
    ///
    /// The last twentieth is never linked to. Only these leave the tenant as the days go by, so
    /// that no link points to a removed object.
    pub(crate) fn stable(&self, kind: ObjectKind) -> u32 {
        let count = self.count(kind);
        count - count / 20
    }

    /// Gives the random numbers of one object.
    pub(crate) fn source(&self, key: Key) -> Source {
        self.source.fork((key.kind.index() as u64) << 40 | u64::from(key.index))
    }

    /// Gives the ID of one object.
    pub(crate) fn id(&self, kind: ObjectKind, index: u32) -> Guid {
        self.source(Key { kind, index }).guid(0)
    }

    /// Gives the ID of the tenant.
    pub(crate) fn tenant_id(&self) -> Guid {
        self.id(ObjectKind::Organization, 0)
    }

    /// Gives the client ID that an application and its service principal share.
    pub(crate) fn client_id(&self, application: u32) -> Guid {
        self.source(Key { kind: ObjectKind::Application, index: application }).guid(1)
    }

    /// Gives the number of the service principal that is Microsoft Graph: the first foreign one.
    pub(crate) fn graph_index(&self) -> u32 {
        self.count(ObjectKind::Application)
    }

    /// Gives the ID of the service principal that is Microsoft Graph.
    pub(crate) fn graph_principal(&self) -> Guid {
        self.id(ObjectKind::ServicePrincipal, self.graph_index())
    }
}
