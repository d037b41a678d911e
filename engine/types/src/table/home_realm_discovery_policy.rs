//! Home realm discovery policies.

use crate::property::{boolean, date_time, dynamic, string};
use crate::{Graph, Limit, Recovery, Relation, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::HomeRealmDiscoveryPolicy,
    token: "homeRealmDiscoveryPolicy",
    table: "homeRealmDiscoveryPolicies",
    odata_types: &["microsoft.graph.homeRealmDiscoveryPolicy"],
    contexts: &["policies/homeRealmDiscoveryPolicies"],
    folders: &["Policies/HomeRealmDiscoveryPolicy"],
    properties: &[
        dynamic("definition").collection(),
        date_time("deletedDateTime").read_only(),
        string("description"),
        string("displayName"),
        boolean("isOrganizationDefault"),
    ],
    first: &["definition", "isOrganizationDefault"],
    relations: &[Relation { name: "appliesTo", ..Relation::NONE }],
    graph: Graph {
        list: Some("/policies/homeRealmDiscoveryPolicies"),
        get: "/policies/homeRealmDiscoveryPolicies/{id}",
        limit: Limit::Identity,
        read: &["Policy.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery {
        create_required: &["definition", "displayName"],
        write: &["Policy.ReadWrite.ApplicationConfiguration"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
