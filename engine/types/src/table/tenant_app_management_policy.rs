//! Restrictions on credentials of all applications.

use crate::property::{boolean, date_time, dynamic, string};
use crate::{Graph, Limit, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::TenantAppManagementPolicy,
    token: "tenantAppManagementPolicy",
    table: "tenantAppManagementPolicy",
    odata_types: &["microsoft.graph.tenantAppManagementPolicy"],
    contexts: &["policies/defaultAppManagementPolicy"],
    folders: &["Policies/DefaultAppManagementPolicy"],
    properties: &[
        dynamic("applicationRestrictions"),
        date_time("deletedDateTime").read_only(),
        string("description"),
        string("displayName"),
        boolean("isEnabled"),
        dynamic("servicePrincipalRestrictions"),
    ],
    first: &["isEnabled", "applicationRestrictions", "servicePrincipalRestrictions"],
    is_singleton: true,
    initial: include_str!("../../examples/tenant_app_management_policy.json"),
    graph: Graph {
        list: Some("/policies/defaultAppManagementPolicy"),
        get: "/policies/defaultAppManagementPolicy",
        limit: Limit::Identity,
        read: &["Policy.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery { write: &["Policy.ReadWrite.ApplicationConfiguration"], ..Recovery::NONE },
    ..Type::NONE
};
