//! Federated credentials of app registrations.

use crate::property::{dynamic, string};
use crate::{Graph, Parent, Recovery, Rule, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::FederatedIdentityCredential,
    token: "federatedIdentityCredential",
    table: "federatedIdentityCredentials",
    odata_types: &["microsoft.graph.federatedIdentityCredential"],
    contexts: &["applications/federatedIdentityCredentials"],
    properties: &[
        dynamic("audiences").collection(),
        string("description"),
        string("issuer"),
        string("name").immutable(),
        string("subject"),
    ],
    first: &["name", "issuer", "subject", "audiences"],
    rules: &[Rule::unordered(&["audiences"], "any one of the audiences matches")],
    graph: Graph {
        get: "/applications/{parentId}/federatedIdentityCredentials/{id}",
        parent: Some(Parent {
            id: TypeId::Application,
            path: "/applications/{id}/federatedIdentityCredentials",
        }),
        is_always_read: true,
        read: &["Application.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery {
        create_required: &["name", "issuer", "subject", "audiences"],
        write: &["Application.ReadWrite.All"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
