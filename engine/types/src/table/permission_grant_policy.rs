//! Conditions under which consent is allowed.

use crate::property::{date_time, string};
use crate::{Graph, IdSource, Inside, Limit, Recovery, Rule, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::PermissionGrantPolicy,
    token: "permissionGrantPolicy",
    table: "permissionGrantPolicies",
    odata_types: &["microsoft.graph.permissionGrantPolicy"],
    contexts: &["policies/permissionGrantPolicies"],
    folders: &["Policies/PermissionGrantPolicies"],
    properties: &[date_time("deletedDateTime").read_only(), string("description"), string("displayName")],
    first: &["description"],
    nested_collections: &["excludes", "includes"],
    rules: &[
        Rule::volatile(
            &["includes/id", "excludes/id"],
            "is given anew when the same conditions are made again",
        ),
        Rule::unordered(&["includes", "excludes"], "a consent is allowed by any set it is included in"),
    ],
    graph: Graph {
        list: Some("/policies/permissionGrantPolicies"),
        get: "/policies/permissionGrantPolicies/{id}",
        inside: &[
            Inside::new("includes", "/policies/permissionGrantPolicies/{id}/includes"),
            Inside::new("excludes", "/policies/permissionGrantPolicies/{id}/excludes"),
        ],
        limit: Limit::Identity,
        read: &["Policy.Read.PermissionGrant"],
        ..Graph::NONE
    },
    recovery: Recovery {
        id: IdSource::Create,
        create_required: &["id", "displayName"],
        write: &["Policy.ReadWrite.PermissionGrant"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
