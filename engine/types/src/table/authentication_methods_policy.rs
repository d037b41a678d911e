//! The policy of authentication methods, without the configurations of each.

use crate::property::{date_time, dynamic, int32, string};
use crate::{Graph, Recovery, Rule, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::AuthenticationMethodsPolicy,
    token: "authenticationMethodsPolicy",
    table: "authenticationMethodsPolicy",
    odata_types: &["microsoft.graph.authenticationMethodsPolicy"],
    contexts: &["policies/authenticationMethodsPolicy"],
    properties: &[
        string("description").read_only(),
        string("displayName").read_only(),
        date_time("lastModifiedDateTime").read_only(),
        string("policyMigrationState"),
        string("policyVersion").read_only(),
        int32("reconfirmationInDays"),
        dynamic("registrationEnforcement"),
    ],
    first: &["policyMigrationState", "registrationEnforcement"],
    rules: &[Rule::unordered(
        &[
            "authenticationMethodConfigurations",
            "registrationEnforcement/authenticationMethodsRegistrationCampaign/includeTargets",
            "registrationEnforcement/authenticationMethodsRegistrationCampaign/excludeTargets",
        ],
        "each configuration has an ID of its own; targets form a union",
    )],
    is_singleton: true,
    initial: include_str!("../../examples/authentication_methods_policy.json"),
    graph: Graph {
        list: Some("/policies/authenticationMethodsPolicy"),
        get: "/policies/authenticationMethodsPolicy",
        read: &["Policy.Read.AuthenticationMethod"],
        ..Graph::NONE
    },
    recovery: Recovery { write: &["Policy.ReadWrite.AuthenticationMethod"], ..Recovery::NONE },
    ..Type::NONE
};
