//! The authorization policy: what users and guests may do.

use crate::property::{boolean, date_time, dynamic, guid, string};
use crate::{Graph, Limit, Recovery, Rule, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::AuthorizationPolicy,
    token: "authorizationPolicy",
    table: "authorizationPolicy",
    odata_types: &["microsoft.graph.authorizationPolicy"],
    contexts: &["policies/authorizationPolicy", "policies/authorizationPolicy/authorizationPolicy"],
    folders: &["Policies/AuthorizationPolicy"],
    properties: &[
        boolean("allowEmailVerifiedUsersToJoinOrganization"),
        string("allowInvitesFrom"),
        boolean("allowUserConsentForRiskyApps"),
        boolean("allowedToSignUpEmailBasedSubscriptions"),
        boolean("allowedToUseSSPR"),
        boolean("blockMsolPowerShell"),
        dynamic("defaultUserRolePermissions"),
        date_time("deletedDateTime").read_only(),
        string("description"),
        string("displayName"),
        guid("guestUserRoleId"),
    ],
    first: &[
        "allowInvitesFrom",
        "guestUserRoleId",
        "defaultUserRolePermissions",
        "allowEmailVerifiedUsersToJoinOrganization",
    ],
    nested_collections: &[
        "defaultUserRolePermissions/permissionGrantPoliciesAssigned",
        "permissionGrantPolicyIdsAssignedToDefaultUserRole",
    ],
    rules: &[Rule::unordered(
        &[
            "defaultUserRolePermissions/permissionGrantPoliciesAssigned",
            "permissionGrantPolicyIdsAssignedToDefaultUserRole",
        ],
        "any one of the grant policies allows a consent",
    )],
    is_singleton: true,
    initial: include_str!("../../examples/authorization_policy.json"),
    graph: Graph {
        list: Some("/policies/authorizationPolicy"),
        get: "/policies/authorizationPolicy",
        limit: Limit::Identity,
        read: &["Policy.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery { write: &["Policy.ReadWrite.Authorization"], ..Recovery::NONE },
    ..Type::NONE
};
