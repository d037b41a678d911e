//! Self-service sign-up.

use crate::property::{dynamic, string};
use crate::{Graph, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::AuthenticationFlowsPolicy,
    token: "authenticationFlowsPolicy",
    table: "authenticationFlowsPolicy",
    odata_types: &["microsoft.graph.authenticationFlowsPolicy"],
    contexts: &["policies/authenticationFlowsPolicy"],
    properties: &[
        string("description").read_only(),
        string("displayName").read_only(),
        dynamic("selfServiceSignUp").read_only(),
    ],
    first: &["selfServiceSignUp"],
    is_singleton: true,
    initial: include_str!("../../examples/authentication_flows_policy.json"),
    graph: Graph {
        list: Some("/policies/authenticationFlowsPolicy"),
        get: "/policies/authenticationFlowsPolicy",
        read: &["Policy.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery { write: &["Policy.ReadWrite.AuthenticationFlows"], ..Recovery::NONE },
    ..Type::NONE
};
