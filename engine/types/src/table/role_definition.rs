//! Definitions of directory roles, built in and custom.

use crate::property::{boolean, dynamic, string};
use crate::{Bin, Graph, Recovery, Rule, Type, TypeId, Version};

pub(crate) const TYPE: Type = Type {
    id: TypeId::RoleDefinition,
    token: "roleDefinition",
    table: "roleDefinitions",
    odata_types: &["microsoft.graph.unifiedRoleDefinition"],
    contexts: &["roleManagement/directory/roleDefinitions"],
    folders: &["RoleManagement/Directory/RoleDefinitions"],
    properties: &[
        string("description"),
        string("displayName"),
        boolean("isBuiltIn").read_only(),
        boolean("isEnabled"),
        dynamic("resourceScopes").collection(),
        dynamic("rolePermissions").collection(),
        string("templateId").immutable(),
        string("version"),
    ],
    first: &["description", "isBuiltIn", "isEnabled", "rolePermissions"],
    rules: &[
        Rule::unordered(&["rolePermissions"], "a role allows the union of its permissions"),
        Rule::unordered(&["resourceScopes"], "a role is assignable in any of its scopes"),
    ],
    graph: Graph {
        list: Some("/roleManagement/directory/roleDefinitions"),
        get: "/roleManagement/directory/roleDefinitions/{id}",
        bin: Some(Bin {
            list: "/roleManagement/directory/deletedItems/roleDefinitions",
            restore: "/roleManagement/directory/deletedItems/roleDefinitions/{id}/restore",
            purge: Some("/roleManagement/directory/deletedItems/roleDefinitions/{id}"),
            version: Version::Beta,
        }),
        read: &["RoleManagement.Read.Directory"],
        ..Graph::NONE
    },
    recovery: Recovery {
        create_required: &["displayName", "isEnabled", "rolePermissions"],
        write: &["RoleManagement.ReadWrite.Directory"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
