//! External authentication methods.

use crate::property::{dynamic, string};
use crate::{Graph, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::ExternalAuthenticationMethodConfiguration,
    token: "externalAuthenticationMethodConfiguration",
    table: "externalAuthenticationMethodConfigurations",
    odata_types: &["microsoft.graph.externalAuthenticationMethodConfiguration"],
    contexts: &["policies/authenticationMethodsPolicy/authenticationMethodConfigurations/external"],
    properties: &[
        string("appId"),
        string("displayName"),
        dynamic("excludeTargets").collection(),
        dynamic("openIdConnectSetting"),
        string("state"),
    ],
    first: &["state", "appId", "excludeTargets"],
    nested_collections: &["includeTargets", "keyRestrictions/aaGuids"],
    graph: Graph {
        list: Some("/policies/authenticationMethodsPolicy/authenticationMethodConfigurations"),
        get: "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/{id}",
        read: &["Policy.Read.AuthenticationMethod"],
        ..Graph::NONE
    },
    recovery: Recovery {
        is_typed: true,
        write: &["Policy.ReadWrite.AuthenticationMethod"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
