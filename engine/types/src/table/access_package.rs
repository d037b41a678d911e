//! Access packages.

use crate::property::{boolean, date_time, string};
use crate::{Graph, Inside, Recovery, Reference, Relation, Rule, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::AccessPackage,
    token: "accessPackage",
    table: "accessPackages",
    odata_types: &["microsoft.graph.accessPackage"],
    contexts: &["identityGovernance/entitlementManagement/accessPackages"],
    folders: &["IdentityGovernance/EntitlementManagement/AccessPackages"],
    properties: &[
        date_time("createdDateTime").read_only(),
        string("description"),
        string("displayName"),
        boolean("isHidden"),
        date_time("modifiedDateTime").read_only(),
    ],
    first: &["description", "isHidden"],
    relations: &[
        Relation {
            name: "incompatibleGroups",
            read: Some("/identityGovernance/entitlementManagement/accessPackages/{id}/incompatibleGroups"),
            targets: &[TypeId::Group],
            add: Some(Reference::post(
                "/identityGovernance/entitlementManagement/accessPackages/{id}/incompatibleGroups/$ref",
            )),
            remove: Some(Reference::delete(
                "/identityGovernance/entitlementManagement/accessPackages/{id}/incompatibleGroups/{targetId}/$ref",
            )),
            ..Relation::NONE
        },
        Relation {
            name: "incompatibleAccessPackages",
            read: Some(
                "/identityGovernance/entitlementManagement/accessPackages/{id}/incompatibleAccessPackages",
            ),
            targets: &[TypeId::AccessPackage],
            add: Some(Reference::post(
                "/identityGovernance/entitlementManagement/accessPackages/{id}/incompatibleAccessPackages/$ref",
            )),
            remove: Some(Reference::delete(
                "/identityGovernance/entitlementManagement/accessPackages/{id}/incompatibleAccessPackages/{targetId}/$ref",
            )),
            ..Relation::NONE
        },
    ],
    rules: &[Rule::volatile(
        &["resourceRoleScopes/id", "resourceRoleScopes/createdDateTime"],
        "is given anew when the same role is added again",
    )],
    graph: Graph {
        list: Some("/identityGovernance/entitlementManagement/accessPackages"),
        get: "/identityGovernance/entitlementManagement/accessPackages/{id}",
        inside: &[Inside {
            is_expanded: true,
            ..Inside::new(
                "resourceRoleScopes",
                "/identityGovernance/entitlementManagement/accessPackages/{id}/resourceRoleScopes",
            )
        }],
        expand: &[
            "catalog,resourceRoleScopes($expand=role($expand=resource),scope)",
            "catalog,resourceRoleScopes($expand=role,scope)",
        ],
        references: &["catalog"],
        read: &["EntitlementManagement.Read.All"],
        is_on_request: true,
        ..Graph::NONE
    },
    recovery: Recovery {
        create_required: &["displayName", "catalog"],
        write: &["EntitlementManagement.ReadWrite.All"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
