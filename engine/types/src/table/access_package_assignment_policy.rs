//! Policies by which access packages are assigned.

use crate::property::{date_time, dynamic, string};
use crate::{Graph, Recovery, Rule, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::AccessPackageAssignmentPolicy,
    token: "accessPackageAssignmentPolicy",
    table: "accessPackageAssignmentPolicies",
    odata_types: &["microsoft.graph.accessPackageAssignmentPolicy"],
    contexts: &["identityGovernance/entitlementManagement/assignmentPolicies"],
    properties: &[
        string("allowedTargetScope"),
        dynamic("automaticRequestSettings"),
        date_time("createdDateTime").read_only(),
        string("description"),
        string("displayName"),
        dynamic("expiration"),
        date_time("modifiedDateTime").read_only(),
        dynamic("notificationSettings"),
        dynamic("requestApprovalSettings"),
        dynamic("requestorSettings"),
        dynamic("reviewSettings"),
        dynamic("specificAllowedTargets").collection(),
    ],
    first: &["allowedTargetScope", "expiration", "requestApprovalSettings"],
    rules: &[Rule::ordered(
        &["requestApprovalSettings/stages"],
        "the stages of an approval follow one another",
    )],
    graph: Graph {
        list: Some("/identityGovernance/entitlementManagement/assignmentPolicies"),
        get: "/identityGovernance/entitlementManagement/assignmentPolicies/{id}",
        expand: &["accessPackage"],
        references: &["accessPackage"],
        read: &["EntitlementManagement.Read.All"],
        is_on_request: true,
        ..Graph::NONE
    },
    recovery: Recovery {
        update: "PUT",
        create_required: &["displayName", "accessPackage"],
        write: &["EntitlementManagement.ReadWrite.All"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
