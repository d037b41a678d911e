//! How Microsoft Authenticator is allowed.

use crate::property::{boolean, dynamic, string};
use crate::{Graph, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::MicrosoftAuthenticatorAuthenticationMethodConfiguration,
    token: "microsoftAuthenticatorAuthenticationMethodConfiguration",
    table: "microsoftAuthenticatorAuthenticationMethodConfigurations",
    odata_types: &["microsoft.graph.microsoftAuthenticatorAuthenticationMethodConfiguration"],
    contexts: &[
        "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/MicrosoftAuthenticator",
    ],
    folders: &[
        "Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations/MicrosoftAuthenticator",
    ],
    properties: &[
        dynamic("excludeTargets").collection(),
        dynamic("featureSettings"),
        boolean("isSoftwareOathEnabled"),
        string("state"),
    ],
    first: &["state", "isSoftwareOathEnabled", "featureSettings", "excludeTargets"],
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
