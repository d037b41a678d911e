//! How voice calls are allowed.

use crate::property::{boolean, dynamic, string};
use crate::{Graph, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::VoiceAuthenticationMethodConfiguration,
    token: "voiceAuthenticationMethodConfiguration",
    table: "voiceAuthenticationMethodConfigurations",
    odata_types: &["microsoft.graph.voiceAuthenticationMethodConfiguration"],
    contexts: &["policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Voice"],
    folders: &["Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations/Voice"],
    properties: &[dynamic("excludeTargets").collection(), boolean("isOfficePhoneAllowed"), string("state")],
    first: &["state", "isOfficePhoneAllowed", "excludeTargets"],
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
