//! How text messages are allowed.

use crate::property::{dynamic, string};
use crate::{Graph, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::SmsAuthenticationMethodConfiguration,
    token: "smsAuthenticationMethodConfiguration",
    table: "smsAuthenticationMethodConfigurations",
    odata_types: &["microsoft.graph.smsAuthenticationMethodConfiguration"],
    contexts: &["policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Sms"],
    folders: &["Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations/SMS"],
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
