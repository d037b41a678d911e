//! Licences that the tenant has.

use crate::property::{dynamic, guid, int32, string};
use crate::{Graph, Limit, Recovery, Rule, Type, TypeId, Units};

pub(crate) const TYPE: Type = Type {
    id: TypeId::SubscribedSku,
    token: "subscribedSku",
    table: "subscribedSkus",
    odata_types: &["microsoft.graph.subscribedSku"],
    contexts: &["subscribedSkus"],
    folders: &["SubscribedSkus"],
    properties: &[
        string("accountId"),
        string("accountName"),
        string("appliesTo"),
        string("capabilityStatus"),
        int32("consumedUnits"),
        dynamic("prepaidUnits"),
        dynamic("servicePlans").collection(),
        guid("skuId"),
        string("skuPartNumber"),
        dynamic("subscriptionIds").collection(),
    ],
    first: &["skuPartNumber", "skuId", "capabilityStatus", "consumedUnits"],
    rules: &[
        Rule::volatile(&["consumedUnits"], "counts what is assigned, which shows on users and groups"),
        Rule::unordered(&["servicePlans", "subscriptionIds"], "the plans form a set"),
    ],
    graph: Graph {
        list: Some("/subscribedSkus"),
        get: "/subscribedSkus/{id}",
        limit: Limit::Identity,
        units: Units { get: 1, list: 3 },
        read: &["LicenseAssignment.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery { is_undeletable: true, ..Recovery::NONE },
    ..Type::NONE
};
