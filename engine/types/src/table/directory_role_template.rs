//! Templates of the built-in directory roles.

use crate::property::{date_time, string};
use crate::{Graph, Limit, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::DirectoryRoleTemplate,
    token: "directoryRoleTemplate",
    table: "directoryRoleTemplates",
    odata_types: &["microsoft.graph.directoryRoleTemplate"],
    contexts: &["directoryRoleTemplates"],
    properties: &[
        date_time("deletedDateTime").read_only(),
        string("description").read_only(),
        string("displayName").read_only(),
    ],
    first: &["description"],
    graph: Graph {
        list: Some("/directoryRoleTemplates"),
        get: "/directoryRoleTemplates/{id}",
        limit: Limit::Identity,
        read: &["RoleManagement.Read.Directory"],
        ..Graph::NONE
    },
    recovery: Recovery { is_undeletable: true, ..Recovery::NONE },
    ..Type::NONE
};
