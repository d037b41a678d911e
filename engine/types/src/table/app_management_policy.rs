//! Restrictions on credentials of chosen applications.

use crate::property::{boolean, date_time, dynamic, string};
use crate::{Graph, Limit, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::AppManagementPolicy,
    token: "appManagementPolicy",
    table: "appManagementPolicies",
    odata_types: &["microsoft.graph.appManagementPolicy"],
    contexts: &["policies/appManagementPolicies"],
    folders: &["Policies/AppManagementPolicies"],
    properties: &[
        date_time("deletedDateTime").read_only(),
        string("description"),
        string("displayName"),
        boolean("isEnabled"),
        dynamic("restrictions"),
    ],
    first: &["isEnabled", "restrictions"],
    graph: Graph {
        list: Some("/policies/appManagementPolicies"),
        get: "/policies/appManagementPolicies/{id}",
        limit: Limit::Identity,
        read: &["Policy.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery {
        create_required: &["displayName", "restrictions"],
        write: &["Policy.ReadWrite.ApplicationConfiguration"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
