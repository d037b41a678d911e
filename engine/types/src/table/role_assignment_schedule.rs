//! Assignments of directory roles for a time, and activations.

use crate::property::{date_time, dynamic, string};
use crate::rule::{SCHEDULE_STAMPS, SCHEDULE_START};
use crate::{Graph, KeyPart, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::RoleAssignmentSchedule,
    token: "roleAssignmentSchedule",
    table: "roleAssignmentSchedules",
    odata_types: &["microsoft.graph.unifiedRoleAssignmentSchedule"],
    contexts: &["roleManagement/directory/roleAssignmentSchedules"],
    properties: &[
        string("appScopeId"),
        string("assignmentType"),
        date_time("createdDateTime").read_only(),
        string("createdUsing"),
        string("directoryScopeId"),
        string("memberType"),
        date_time("modifiedDateTime").read_only(),
        string("principalId"),
        string("roleDefinitionId"),
        dynamic("scheduleInfo"),
        string("status"),
    ],
    first: &["principalId", "roleDefinitionId", "directoryScopeId", "assignmentType", "scheduleInfo"],
    natural_key: &[
        KeyPart::required("principalId"),
        KeyPart::required("roleDefinitionId"),
        KeyPart::required("directoryScopeId"),
        KeyPart::only("assignmentType", "Activated"),
    ],
    rules: &[SCHEDULE_STAMPS, SCHEDULE_START],
    is_relation_object: true,
    graph: Graph {
        list: Some("/roleManagement/directory/roleAssignmentSchedules"),
        get: "/roleManagement/directory/roleAssignmentSchedules/{id}",
        read: &["RoleManagement.Read.Directory"],
        ..Graph::NONE
    },
    recovery: Recovery { write: &["RoleAssignmentSchedule.ReadWrite.Directory"], ..Recovery::NONE },
    ..Type::NONE
};
