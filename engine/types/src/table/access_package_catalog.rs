//! Catalogs of access packages.

use crate::property::{boolean, date_time, string};
use crate::{Graph, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::AccessPackageCatalog,
    token: "accessPackageCatalog",
    table: "accessPackageCatalogs",
    odata_types: &["microsoft.graph.accessPackageCatalog"],
    contexts: &["identityGovernance/entitlementManagement/catalogs"],
    properties: &[
        string("catalogType"),
        date_time("createdDateTime").read_only(),
        string("description"),
        string("displayName"),
        boolean("isExternallyVisible"),
        date_time("modifiedDateTime").read_only(),
        string("state"),
    ],
    first: &["description", "state", "isExternallyVisible"],
    graph: Graph {
        list: Some("/identityGovernance/entitlementManagement/catalogs"),
        get: "/identityGovernance/entitlementManagement/catalogs/{id}",
        read: &["EntitlementManagement.Read.All"],
        is_on_request: true,
        ..Graph::NONE
    },
    recovery: Recovery {
        create_required: &["displayName"],
        write: &["EntitlementManagement.ReadWrite.All"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
