//! How one-time codes by mail are allowed.

use crate::property::{dynamic, string};
use crate::{Graph, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::EmailAuthenticationMethodConfiguration,
    token: "emailAuthenticationMethodConfiguration",
    table: "emailAuthenticationMethodConfigurations",
    odata_types: &["microsoft.graph.emailAuthenticationMethodConfiguration"],
    contexts: &["policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Email"],
    folders: &["Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations/Email"],
    properties: &[
        string("allowExternalIdToUseEmailOtp"),
        dynamic("excludeTargets").collection(),
        string("state"),
    ],
    first: &["state", "allowExternalIdToUseEmailOtp", "excludeTargets"],
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
