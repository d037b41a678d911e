//! How software tokens are allowed.

use crate::property::{dynamic, string};
use crate::{Graph, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::SoftwareOathAuthenticationMethodConfiguration,
    token: "softwareOathAuthenticationMethodConfiguration",
    table: "softwareOathAuthenticationMethodConfigurations",
    odata_types: &["microsoft.graph.softwareOathAuthenticationMethodConfiguration"],
    contexts: &["policies/authenticationMethodsPolicy/authenticationMethodConfigurations/SoftwareOath"],
    folders: &["Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations/SoftwareOath"],
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
