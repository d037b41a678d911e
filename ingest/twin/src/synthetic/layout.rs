//! Owns what a tenant of a given size consists of: how many objects of each type, and their IDs.

use engine::schema::TypeId;

use super::random::{Guid, Source};

/// The types of objects a synthetic tenant holds, in the order in which they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
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
    /// What stands for an application in the tenant.
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

impl Kind {
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

    /// Gives the place of the type in [`Kind::ALL`].
    pub(crate) fn place(self) -> usize {
        self as usize
    }
}

/// One object: its type and its number among the objects of that type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) kind: Kind,
    pub(crate) index: u32,
}

/// The size of a tenant on its first day.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// Random numbers for everything.
    pub(crate) source: Source,
    /// Objects in all.
    pub(crate) objects: u32,
    counts: [u32; Kind::COUNT],
}

impl Layout {
    /// Divides a number of objects among the types.
    pub(crate) fn new(objects: u32, seed: u64) -> Self {
        let share = |permille: u64| u32::try_from(u64::from(objects) * permille / 1000).unwrap_or(u32::MAX);
        let mut counts = [0; Kind::COUNT];
        let mut set = |kind: Kind, count: u32| counts[kind.place()] = count;
        set(Kind::Organization, objects.min(1));
        set(Kind::AuthorizationPolicy, u32::from(objects > 1));
        set(Kind::Group, share(110));
        set(Kind::Application, share(50));
        set(Kind::ServicePrincipal, share(90));
        set(Kind::Device, share(40));
        if objects >= 100 {
            set(Kind::ConditionalAccessPolicy, (objects / 2000).clamp(4, 180));
            set(Kind::NamedLocation, (objects / 5000).clamp(3, 90));
            set(Kind::RoleDefinition, (objects / 50).min(30));
            set(Kind::RoleAssignment, (objects / 500).clamp(5, 600));
            set(Kind::AdministrativeUnit, (objects / 1000).clamp(2, 250));
            set(Kind::AppRoleAssignment, share(2));
            set(Kind::PermissionGrant, share(1));
        }
        let others: u32 = counts.iter().sum();
        counts[Kind::User.place()] = objects.saturating_sub(others);
        Self { source: Source::new(seed), objects, counts }
    }

    /// Gives the number of objects of a type on the first day.
    pub(crate) fn count(&self, kind: Kind) -> u32 {
        self.counts[kind.place()]
    }

    /// Gives the number of objects of a type that links may point to: the first ones.
    ///
    /// The last twentieth is never linked to. Only these leave the tenant as the days go by, so
    /// that nothing ever points to an object that is gone.
    pub(crate) fn stable(&self, kind: Kind) -> u32 {
        let count = self.count(kind);
        count - count / 20
    }

    /// Gives the random numbers of one object.
    pub(crate) fn source(&self, key: Key) -> Source {
        self.source.fork((key.kind.place() as u64) << 40 | u64::from(key.index))
    }

    /// Gives the ID of one object.
    pub(crate) fn id(&self, kind: Kind, index: u32) -> Guid {
        self.source(Key { kind, index }).guid(0)
    }

    /// Gives the ID of the tenant.
    pub(crate) fn tenant_id(&self) -> Guid {
        self.id(Kind::Organization, 0)
    }

    /// Gives the client ID that an application and its service principal share.
    pub(crate) fn client_id(&self, application: u32) -> Guid {
        self.source(Key { kind: Kind::Application, index: application }).guid(1)
    }

    /// Gives the number of the service principal that is Microsoft Graph: the first foreign one.
    pub(crate) fn graph_index(&self) -> u32 {
        self.count(Kind::Application)
    }

    /// Gives the ID of the service principal that is Microsoft Graph.
    pub(crate) fn graph_principal(&self) -> Guid {
        self.id(Kind::ServicePrincipal, self.graph_index())
    }
}
