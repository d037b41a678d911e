//! How verifiable credentials are allowed.

use crate::property::{dynamic, string};
use crate::{Graph, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::VerifiableCredentialsAuthenticationMethodConfiguration,
    token: "verifiableCredentialsAuthenticationMethodConfiguration",
    table: "verifiableCredentialsAuthenticationMethodConfigurations",
    odata_types: &["microsoft.graph.verifiableCredentialsAuthenticationMethodConfiguration"],
    contexts: &[
        "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/VerifiableCredentials",
    ],
    properties: &[dynamic("excludeTargets").collection(), string("state")],
    first: &["state", "excludeTargets"],
    nested_collections: &["includeTargets", "keyRestrictions/aaGuids"],
    graph: Graph {
        list: Some("/policies/authenticationMethodsPolicy/authenticationMethodConfigurations"),
        get: "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/{id}",
        read: &["Policy.Read.AuthenticationMethod"],
        ..Graph::NONE
    },
    recovery: Recovery {
        is_typed: true,
        is_undeletable: true,
        write: &["Policy.ReadWrite.AuthenticationMethod"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
