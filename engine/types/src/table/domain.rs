//! Domains of the tenant.

use crate::property::{boolean, dynamic, int32, string};
use crate::{Graph, IdSource, Limit, Recovery, Rule, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::Domain,
    token: "domain",
    table: "domains",
    odata_types: &["microsoft.graph.domain"],
    contexts: &["domains"],
    folders: &["Domains"],
    properties: &[
        string("authenticationType"),
        string("availabilityStatus"),
        boolean("isAdminManaged"),
        boolean("isDefault"),
        boolean("isInitial"),
        boolean("isRoot"),
        boolean("isVerified"),
        string("manufacturer"),
        string("model"),
        int32("passwordNotificationWindowInDays"),
        int32("passwordValidityPeriodInDays"),
        dynamic("state"),
        dynamic("supportedServices").collection(),
    ],
    first: &["authenticationType", "isVerified", "isDefault", "supportedServices"],
    rules: &[
        Rule::volatile(&["state"], "tells how far the server has come with its last operation"),
        Rule::unordered(&["supportedServices"], "the services form a set"),
    ],
    graph: Graph {
        list: Some("/domains"),
        get: "/domains/{id}",
        limit: Limit::Identity,
        read: &["Domain.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery {
        id: IdSource::Create,
        create_required: &["id"],
        uncreatable: Some("a domain must be verified"),
        is_undeletable: true,
        write: &["Domain.ReadWrite.All"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
