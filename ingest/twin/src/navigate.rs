//! Owns what stands behind an object: `members`, `memberOf`, `appRoleAssignedTo`, and who is found there.

use std::collections::HashSet;

use crate::replica::View;
use crate::resource::Kind;
use crate::state::{Handle, Relation};

/// What a navigation property leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) handles: Vec<Handle>,
    /// Whether it leads to one object at most.
    pub(crate) to_one: bool,
    /// The type of what is found, where all are of one.
    pub(crate) kind: Option<Kind>,
}

impl Found {
    fn many(handles: Vec<Handle>) -> Self {
        Self { handles, to_one: false, kind: None }
    }

    fn of(token: &'static str, handles: Vec<Handle>) -> Self {
        Self { handles, to_one: false, kind: Some(Kind::of(token)) }
    }

    fn one(handles: Vec<Handle>) -> Self {
        Self { handles, to_one: true, kind: None }
    }
}

/// Follows a navigation property; none when the type has no such one.
pub(crate) fn navigate(view: &View<'_>, source: Handle, name: &str) -> Option<Found> {
    let kind = view.state.record(source).kind;
    let token = kind.resource().token.as_str();
    if let Some(relation) = served_relation(token, name) {
        let handles = view.targets(source, relation);
        return Some(if relation.is_to_one() { Found::one(handles) } else { Found::many(handles) });
    }
    by_reference(view, source, token, name)
        .or_else(|| inverse(view, source, token, name))
        .or_else(|| transitive(view, source, token, name))
}

/// The relations that a type has as links.
pub(crate) fn served_relation(token: &str, name: &str) -> Option<Relation> {
    let has = match name {
        "members" => matches!(token, "group" | "administrativeUnit" | "directoryRole"),
        "owners" => matches!(token, "group" | "application" | "servicePrincipal"),
        "manager" => matches!(token, "user" | "orgContact"),
        "sponsors" => token == "user",
        "registeredOwners" | "registeredUsers" => token == "device",
        "scopedRoleMembers" => token == "administrativeUnit",
        "claimsMappingPolicies" | "homeRealmDiscoveryPolicies" => token == "servicePrincipal",
        "tokenLifetimePolicies" | "tokenIssuancePolicies" | "appManagementPolicies" => {
            matches!(token, "application" | "servicePrincipal")
        }
        "incompatibleGroups" | "incompatibleAccessPackages" => token == "accessPackage",
        "internalSponsors" | "externalSponsors" => token == "connectedOrganization",
        "appliesTo" => token == "featureRolloutPolicy",
        _ => false,
    };
    Relation::from_name(name).filter(|_| has)
}

/// Relation objects, and what lives below others.
fn by_reference(view: &View<'_>, source: Handle, token: &str, name: &str) -> Option<Found> {
    let pointing = |relation: &str, of: &'static str| {
        let relation = Relation::from_name(relation).expect("the relation is in the table");
        let mut handles = view.sources(source, relation);
        handles.retain(|&handle| view.state.record(handle).kind == Kind::of(of));
        Found::of(of, handles)
    };
    let pointed = |relation: &str| {
        let relation = Relation::from_name(relation).expect("the relation is in the table");
        Found::one(view.targets(source, relation))
    };
    Some(match (token, name) {
        ("user" | "group" | "servicePrincipal", "appRoleAssignments") => {
            pointing("principal", "appRoleAssignment")
        }
        ("servicePrincipal", "appRoleAssignedTo") => pointing("resource", "appRoleAssignment"),
        ("servicePrincipal", "oauth2PermissionGrants") => pointing("client", "oauth2PermissionGrant"),
        ("user", "oauth2PermissionGrants") => pointing("principal", "oauth2PermissionGrant"),
        ("application", "extensionProperties") => children(view, source, "extensionProperty"),
        ("application", "federatedIdentityCredentials") => {
            children(view, source, "federatedIdentityCredential")
        }
        ("authenticationMethodsPolicy", "authenticationMethodConfigurations") => {
            all(view, "authenticationMethodConfiguration")
        }
        ("crossTenantAccessPolicy", "partners") => all(view, "crossTenantAccessPolicyConfigurationPartner"),
        ("crossTenantAccessPolicyConfigurationPartner", "identitySynchronization") => Found::one(Vec::new()),
        ("roleAssignment" | "roleAssignmentSchedule" | "roleEligibilitySchedule", "principal") => {
            pointed("principal")
        }
        ("roleAssignment" | "roleAssignmentSchedule" | "roleEligibilitySchedule", "roleDefinition") => {
            pointed("roleDefinition")
        }
        _ => return None,
    })
}

fn children(view: &View<'_>, parent: Handle, token: &'static str) -> Found {
    let mut found = all(view, token);
    found.handles.retain(|&handle| view.state.record(handle).parent == Some(parent));
    found
}

fn all(view: &View<'_>, token: &'static str) -> Found {
    let handles = view.state.handles(Kind::of(token)).iter().copied();
    Found::of(token, handles.filter(|&handle| view.is_live(handle)).collect())
}

/// Relations read against their direction.
fn inverse(view: &View<'_>, source: Handle, token: &str, name: &str) -> Option<Found> {
    let from = |relation: &str| {
        let relation = Relation::from_name(relation).expect("the relation is in the table");
        view.sources(source, relation)
    };
    let principal = matches!(token, "user" | "group" | "servicePrincipal" | "device" | "orgContact");
    Some(match name {
        "memberOf" if principal => Found::many(from("members")),
        "directReports" if token == "user" => Found::many(from("manager")),
        "ownedObjects" if matches!(token, "user" | "servicePrincipal") => Found::many(from("owners")),
        "ownedDevices" if token == "user" => Found::many(from("registeredOwners")),
        "registeredDevices" if token == "user" => Found::many(from("registeredUsers")),
        "appliesTo" => {
            let relation = match token {
                "claimsMappingPolicy" => "claimsMappingPolicies",
                "homeRealmDiscoveryPolicy" => "homeRealmDiscoveryPolicies",
                "tokenLifetimePolicy" => "tokenLifetimePolicies",
                "tokenIssuancePolicy" => "tokenIssuancePolicies",
                "appManagementPolicy" => "appManagementPolicies",
                "activityBasedTimeoutPolicy" => return Some(Found::many(Vec::new())),
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

fn transitive(view: &View<'_>, source: Handle, token: &str, name: &str) -> Option<Found> {
    let step = |handle: Handle| match name {
        "transitiveMembers" => view.targets(handle, Relation::MEMBERS),
        _ => view.sources(handle, Relation::MEMBERS),
    };
    match name {
        "transitiveMembers" if token == "group" => {}
        "transitiveMemberOf" if matches!(token, "user" | "group" | "servicePrincipal" | "device") => {}
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
