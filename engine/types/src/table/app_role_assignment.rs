//! App roles that were granted to users, groups and applications.

use crate::property::{date_time, guid, string};
use crate::{Graph, KeyPart, Limit, Parent, Recovery, Rule, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::AppRoleAssignment,
    token: "appRoleAssignment",
    table: "appRoleAssignments",
    odata_types: &["microsoft.graph.appRoleAssignment"],
    contexts: &[
        "appRoleAssignments",
        "servicePrincipals/appRoleAssignedTo",
        "servicePrincipals/appRoleAssignments",
        "users/appRoleAssignments",
        "groups/appRoleAssignments",
    ],
    folders: &["ServicePrincipals/*/AppRoleAssignments", "ServicePrincipals/*/AppRoleAssignedTo"],
    properties: &[
        guid("appRoleId").immutable(),
        date_time("createdDateTime").read_only(),
        date_time("deletedDateTime").read_only(),
        string("principalDisplayName").read_only(),
        guid("principalId").immutable(),
        string("principalType").read_only(),
        string("resourceDisplayName").read_only(),
        guid("resourceId").immutable(),
    ],
    first: &["principalId", "appRoleId", "resourceId"],
    natural_key: &[
        KeyPart::required("principalId"),
        KeyPart::required("resourceId"),
        KeyPart::required("appRoleId"),
    ],
    rules: &[
        Rule::volatile(
            &["createdDateTime", "creationTimestamp"],
            "is stamped anew when the same assignment is made again",
        ),
        Rule::volatile(
            &["principalDisplayName", "resourceDisplayName", "principalType"],
            "is copied from the object it names, where its change shows",
        ),
    ],
    is_relation_object: true,
    graph: Graph {
        get: "/servicePrincipals/{resourceId}/appRoleAssignedTo/{graphId}",
        parent: Some(Parent {
            id: TypeId::ServicePrincipal,
            path: "/servicePrincipals/{id}/appRoleAssignedTo",
        }),
        is_always_read: true,
        limit: Limit::Identity,
        read: &["Application.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery {
        create_required: &["principalId", "resourceId", "appRoleId"],
        write: &["AppRoleAssignment.ReadWrite.All"],
        write_extra: &["Application.Read.All (also required)"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
