//! Assignments of directory roles.

use crate::property::string;
use crate::{Graph, KeyPart, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::RoleAssignment,
    token: "roleAssignment",
    table: "roleAssignments",
    odata_types: &["microsoft.graph.unifiedRoleAssignment"],
    contexts: &["roleManagement/directory/roleAssignments"],
    folders: &["RoleManagement/Directory/RoleAssignments"],
    properties: &[
        string("appScopeId").immutable(),
        string("condition"),
        string("directoryScopeId").immutable(),
        string("principalId").immutable(),
        string("principalOrganizationId"),
        string("roleDefinitionId").immutable(),
    ],
    first: &["principalId", "roleDefinitionId", "directoryScopeId", "appScopeId", "condition"],
    natural_key: &[
        KeyPart::required("principalId"),
        KeyPart::required("roleDefinitionId"),
        KeyPart::required("directoryScopeId"),
    ],
    is_relation_object: true,
    graph: Graph {
        list: Some("/roleManagement/directory/roleAssignments"),
        get: "/roleManagement/directory/roleAssignments/{id}",
        read: &["RoleManagement.Read.Directory"],
        ..Graph::NONE
    },
    recovery: Recovery {
        create_required: &["roleDefinitionId", "principalId", "directoryScopeId|appScopeId"],
        write: &["RoleManagement.ReadWrite.Directory"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
