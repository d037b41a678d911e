//! Security defaults.

use crate::property::{boolean, date_time, string};
use crate::{Graph, Limit, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::IdentitySecurityDefaultsEnforcementPolicy,
    token: "identitySecurityDefaultsEnforcementPolicy",
    table: "identitySecurityDefaultsEnforcementPolicy",
    odata_types: &["microsoft.graph.identitySecurityDefaultsEnforcementPolicy"],
    contexts: &["policies/identitySecurityDefaultsEnforcementPolicy"],
    folders: &["Policies/IdentitySecurityDefaultsEnforcementPolicy"],
    properties: &[
        date_time("deletedDateTime").read_only(),
        string("description"),
        string("displayName"),
        boolean("isEnabled"),
    ],
    first: &["isEnabled"],
    is_singleton: true,
    initial: include_str!("../../examples/identity_security_defaults_enforcement_policy.json"),
    graph: Graph {
        list: Some("/policies/identitySecurityDefaultsEnforcementPolicy"),
        get: "/policies/identitySecurityDefaultsEnforcementPolicy",
        limit: Limit::Identity,
        read: &["Policy.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery { write: &["Policy.ReadWrite.SecurityDefaults"], ..Recovery::NONE },
    ..Type::NONE
};
