//! Eligibility for directory roles.

use crate::property::{date_time, dynamic, string};
use crate::rule::{SCHEDULE_STAMPS, SCHEDULE_START};
use crate::{Graph, KeyPart, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::RoleEligibilitySchedule,
    token: "roleEligibilitySchedule",
    table: "roleEligibilitySchedules",
    odata_types: &["microsoft.graph.unifiedRoleEligibilitySchedule"],
    contexts: &["roleManagement/directory/roleEligibilitySchedules"],
    properties: &[
        string("appScopeId"),
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
    first: &["principalId", "roleDefinitionId", "directoryScopeId", "scheduleInfo"],
    natural_key: &[
        KeyPart::required("principalId"),
        KeyPart::required("roleDefinitionId"),
        KeyPart::required("directoryScopeId"),
    ],
    rules: &[SCHEDULE_STAMPS, SCHEDULE_START],
    is_relation_object: true,
    graph: Graph {
        list: Some("/roleManagement/directory/roleEligibilitySchedules"),
        get: "/roleManagement/directory/roleEligibilitySchedules/{id}",
        read: &["RoleEligibilitySchedule.Read.Directory"],
        ..Graph::NONE
    },
    recovery: Recovery { write: &["RoleEligibilitySchedule.ReadWrite.Directory"], ..Recovery::NONE },
    ..Type::NONE
};
