//! How passkeys are allowed.

use crate::property::{boolean, dynamic, string};
use crate::{Graph, Recovery, Rule, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::Fido2AuthenticationMethodConfiguration,
    token: "fido2AuthenticationMethodConfiguration",
    table: "fido2AuthenticationMethodConfigurations",
    odata_types: &["microsoft.graph.fido2AuthenticationMethodConfiguration"],
    contexts: &["policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Fido2"],
    folders: &["Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations/FIDO2"],
    properties: &[
        string("defaultPasskeyProfile"),
        dynamic("excludeTargets").collection(),
        boolean("isAttestationEnforced"),
        boolean("isSelfServiceRegistrationAllowed"),
        dynamic("keyRestrictions"),
        string("state"),
    ],
    first: &[
        "state",
        "isAttestationEnforced",
        "isSelfServiceRegistrationAllowed",
        "keyRestrictions",
        "excludeTargets",
    ],
    nested_collections: &["includeTargets", "keyRestrictions/aaGuids"],
    rules: &[
        Rule::unordered(&["keyRestrictions/aaGuids"], "the keys allowed or blocked form a set"),
        Rule::comma_list(
            &["passkeyProfiles/passkeyTypes"],
            "the flags of an enumeration stand in one text, in any order",
        ),
    ],
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
