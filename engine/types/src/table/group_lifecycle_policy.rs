//! Expiration of groups.

use crate::property::{int32, string};
use crate::{Graph, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::GroupLifecyclePolicy,
    token: "groupLifecyclePolicy",
    table: "groupLifecyclePolicies",
    odata_types: &["microsoft.graph.groupLifecyclePolicy"],
    contexts: &["groupLifecyclePolicies"],
    properties: &[
        string("alternateNotificationEmails"),
        int32("groupLifetimeInDays"),
        string("managedGroupTypes"),
    ],
    first: &["groupLifetimeInDays", "managedGroupTypes"],
    graph: Graph {
        list: Some("/groupLifecyclePolicies"),
        get: "/groupLifecyclePolicies/{id}",
        read: &["Directory.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery {
        create_required: &["groupLifetimeInDays", "managedGroupTypes"],
        write: &["Directory.ReadWrite.All"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
