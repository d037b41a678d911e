//! The cross-tenant access policy, without its default and its partners.

use crate::property::{date_time, dynamic, string};
use crate::{Graph, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::CrossTenantAccessPolicy,
    token: "crossTenantAccessPolicy",
    table: "crossTenantAccessPolicy",
    odata_types: &["microsoft.graph.crossTenantAccessPolicy"],
    contexts: &["policies/crossTenantAccessPolicy"],
    folders: &["Policies/CrossTenantAccessPolicy"],
    properties: &[
        dynamic("allowedCloudEndpoints").collection(),
        date_time("deletedDateTime").read_only(),
        string("description"),
        string("displayName"),
    ],
    first: &["allowedCloudEndpoints"],
    is_singleton: true,
    initial: include_str!("../../examples/cross_tenant_access_policy.json"),
    graph: Graph {
        list: Some("/policies/crossTenantAccessPolicy"),
        get: "/policies/crossTenantAccessPolicy",
        read: &["Policy.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery { write: &["Policy.ReadWrite.CrossTenantAccess"], ..Recovery::NONE },
    ..Type::NONE
};
