//! How temporary access passes are allowed.

use crate::property::{boolean, dynamic, int32, string};
use crate::{Graph, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::TemporaryAccessPassAuthenticationMethodConfiguration,
    token: "temporaryAccessPassAuthenticationMethodConfiguration",
    table: "temporaryAccessPassAuthenticationMethodConfigurations",
    odata_types: &["microsoft.graph.temporaryAccessPassAuthenticationMethodConfiguration"],
    contexts: &[
        "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/TemporaryAccessPass",
    ],
    folders: &["Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations/TemporaryAccessPass"],
    properties: &[
        int32("defaultLength"),
        int32("defaultLifetimeInMinutes"),
        dynamic("excludeTargets").collection(),
        boolean("isUsableOnce"),
        int32("maximumLifetimeInMinutes"),
        int32("minimumLifetimeInMinutes"),
        string("state"),
    ],
    first: &["state", "isUsableOnce", "maximumLifetimeInMinutes", "excludeTargets"],
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
