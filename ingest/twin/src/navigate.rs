//! Owns navigation properties: `members`, `memberOf`, `appRoleAssignedTo`, and the objects that each leads to.

use std::collections::HashSet;

use engine::schema::TypeId;

use crate::replica::View;
use crate::resource::Kind;
use crate::state::{Handle, Relation};

/// The objects that a navigation property leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) handles: Vec<Handle>,
    /// Whether it leads to one object at most.
    pub(crate) to_one: bool,
    /// The type of the objects, where all are of one.
    pub(crate) kind: Option<Kind>,
}

impl Found {
    fn many(handles: Vec<Handle>) -> Self {
        Self { handles, to_one: false, kind: None }
    }

    fn of(kind: Kind, handles: Vec<Handle>) -> Self {
        Self { handles, to_one: false, kind: Some(kind) }
    }

    fn one(handles: Vec<Handle>) -> Self {
        Self { handles, to_one: true, kind: None }
    }
}

/// Follows a navigation property; none when the type lacks it.
pub(crate) fn navigate(view: &View<'_>, source: Handle, name: &str) -> Option<Found> {
    let kind = view.state.record(source).kind;
    if let Some(relation) = served_relation(kind, name) {
        let handles = view.targets(source, relation);
        return Some(if relation.is_to_one() { Found::one(handles) } else { Found::many(handles) });
    }
    by_reference(view, source, kind, name)
        .or_else(|| inverse(view, source, kind, name))
        .or_else(|| transitive(view, source, kind, name))
}

/// The relations that a type has as links.
pub(crate) fn served_relation(kind: Kind, name: &str) -> Option<Relation> {
    let id = kind.id();
    let has = match name {
        "members" => matches!(id, Some(TypeId::Group | TypeId::AdministrativeUnit | TypeId::DirectoryRole)),
        "owners" => matches!(id, Some(TypeId::Group | TypeId::Application | TypeId::ServicePrincipal)),
        "manager" => matches!(id, Some(TypeId::User | TypeId::OrgContact)),
        "sponsors" => kind == TypeId::User,
        "registeredOwners" | "registeredUsers" => kind == TypeId::Device,
        "scopedRoleMembers" => kind == TypeId::AdministrativeUnit,
        "claimsMappingPolicies" | "homeRealmDiscoveryPolicies" => kind == TypeId::ServicePrincipal,
        "tokenLifetimePolicies" | "tokenIssuancePolicies" | "appManagementPolicies" => {
            matches!(id, Some(TypeId::Application | TypeId::ServicePrincipal))
        }
        "incompatibleGroups" | "incompatibleAccessPackages" => kind == TypeId::AccessPackage,
        "internalSponsors" | "externalSponsors" => kind == TypeId::ConnectedOrganization,
        "appliesTo" => kind == TypeId::FeatureRolloutPolicy,
        _ => false,
    };
    Relation::from_name(name).filter(|_| has)
}

/// Relation objects, and objects below another.
fn by_reference(view: &View<'_>, source: Handle, kind: Kind, name: &str) -> Option<Found> {
    let pointing = |relation: &str, id: TypeId| {
        let relation = Relation::from_name(relation).expect("the relation is in the table");
        let mut handles = view.sources(source, relation);
        handles.retain(|&handle| view.state.record(handle).kind == id);
        Found::of(Kind::of(id), handles)
    };
    let pointed = || {
        let relation = Relation::from_name(name).expect("the relation is in the table");
        Found::one(view.targets(source, relation))
    };
    Some(match (kind.id(), name) {
        (Some(TypeId::User | TypeId::Group | TypeId::ServicePrincipal), "appRoleAssignments") => {
            pointing("principal", TypeId::AppRoleAssignment)
        }
        (Some(TypeId::ServicePrincipal), "appRoleAssignedTo") => {
            pointing("resource", TypeId::AppRoleAssignment)
        }
        (Some(TypeId::ServicePrincipal), "oauth2PermissionGrants") => {
            pointing("client", TypeId::Oauth2PermissionGrant)
        }
        (Some(TypeId::User), "oauth2PermissionGrants") => {
            pointing("principal", TypeId::Oauth2PermissionGrant)
        }
        (Some(TypeId::Application), "extensionProperties") => {
            children(view, source, TypeId::ExtensionProperty)
        }
        (Some(TypeId::Application), "federatedIdentityCredentials") => {
            children(view, source, TypeId::FederatedIdentityCredential)
        }
        (Some(TypeId::AuthenticationMethodsPolicy), "authenticationMethodConfigurations") => {
            all(view, Kind::method_configuration())
        }
        (Some(TypeId::CrossTenantAccessPolicy), "partners") => {
            all(view, Kind::of(TypeId::CrossTenantAccessPolicyConfigurationPartner))
        }
        (Some(TypeId::CrossTenantAccessPolicyConfigurationPartner), "identitySynchronization") => {
            Found::one(Vec::new())
        }
        (
            Some(TypeId::RoleAssignment | TypeId::RoleAssignmentSchedule | TypeId::RoleEligibilitySchedule),
            "principal" | "roleDefinition",
        ) => pointed(),
        _ => return None,
    })
}

fn children(view: &View<'_>, parent: Handle, id: TypeId) -> Found {
    let mut found = all(view, Kind::of(id));
    found.handles.retain(|&handle| view.state.record(handle).parent == Some(parent));
    found
}

fn all(view: &View<'_>, kind: Kind) -> Found {
    let handles = view.state.handles(kind).iter().copied();
    Found::of(kind, handles.filter(|&handle| view.is_live(handle)).collect())
}

/// Relations read against their direction.
fn inverse(view: &View<'_>, source: Handle, kind: Kind, name: &str) -> Option<Found> {
    let from = |relation: &str| {
        let relation = Relation::from_name(relation).expect("the relation is in the table");
        view.sources(source, relation)
    };
    let id = kind.id();
    let principal = matches!(
        id,
        Some(TypeId::User | TypeId::Group | TypeId::ServicePrincipal | TypeId::Device | TypeId::OrgContact)
    );
    Some(match name {
        "memberOf" if principal => Found::many(from("members")),
        "directReports" if kind == TypeId::User => Found::many(from("manager")),
        "ownedObjects" if matches!(id, Some(TypeId::User | TypeId::ServicePrincipal)) => {
            Found::many(from("owners"))
        }
        "ownedDevices" if kind == TypeId::User => Found::many(from("registeredOwners")),
        "registeredDevices" if kind == TypeId::User => Found::many(from("registeredUsers")),
        "appliesTo" => {
            let relation = match id {
                Some(TypeId::ClaimsMappingPolicy) => "claimsMappingPolicies",
                Some(TypeId::HomeRealmDiscoveryPolicy) => "homeRealmDiscoveryPolicies",
                Some(TypeId::TokenLifetimePolicy) => "tokenLifetimePolicies",
                Some(TypeId::TokenIssuancePolicy) => "tokenIssuancePolicies",
                Some(TypeId::AppManagementPolicy) => "appManagementPolicies",
                Some(TypeId::ActivityBasedTimeoutPolicy) => return Some(Found::many(Vec::new())),
                _ => return None,
            };
            Found::many(from(relation))
        }
        "createdObjects"
        | "licenseDetails"
        | "federationConfiguration"
        | "extensions"
        | "scopedMembers"
        | "settings"
        | "groupLifecyclePolicies"
        | "scopedRoleMemberOf" => Found::many(Vec::new()),
        _ => return None,
    })
}

fn transitive(view: &View<'_>, source: Handle, kind: Kind, name: &str) -> Option<Found> {
    let step = |handle: Handle| match name {
        "transitiveMembers" => view.targets(handle, Relation::MEMBERS),
        _ => view.sources(handle, Relation::MEMBERS),
    };
    match name {
        "transitiveMembers" if kind == TypeId::Group => {}
        "transitiveMemberOf"
            if matches!(
                kind.id(),
                Some(TypeId::User | TypeId::Group | TypeId::ServicePrincipal | TypeId::Device)
            ) => {}
        _ => return None,
    }
    let (mut seen, mut found, mut next) = (HashSet::from([source]), Vec::new(), vec![source]);
    while let Some(handle) = next.pop() {
        for reached in step(handle) {
            if seen.insert(reached) {
                found.push(reached);
                next.push(reached);
            }
        }
    }
    Some(Found::many(found))
}
