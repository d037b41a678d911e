//! Named locations: ranges of addresses, and countries.

use crate::property::{boolean, date_time, dynamic, string};
use crate::{Bin, Graph, Limit, Recovery, Rule, Type, TypeId, Version};

pub(crate) const TYPE: Type = Type {
    id: TypeId::NamedLocation,
    token: "namedLocation",
    table: "namedLocations",
    odata_types: &[
        "microsoft.graph.namedLocation",
        "microsoft.graph.ipNamedLocation",
        "microsoft.graph.countryNamedLocation",
    ],
    contexts: &["identity/conditionalAccess/namedLocations", "conditionalAccess/namedLocations"],
    folders: &["Identity/Conditional/NamedLocations"],
    properties: &[
        dynamic("countriesAndRegions").collection().of_subtype(),
        string("countryLookupMethod").of_subtype(),
        date_time("createdDateTime").read_only(),
        date_time("deletedDateTime").read_only(),
        string("displayName"),
        boolean("includeUnknownCountriesAndRegions").of_subtype(),
        dynamic("ipRanges").collection().of_subtype(),
        boolean("isTrusted").of_subtype(),
        date_time("modifiedDateTime").read_only(),
    ],
    first: &[
        "isTrusted",
        "ipRanges",
        "countriesAndRegions",
        "countryLookupMethod",
        "includeUnknownCountriesAndRegions",
    ],
    rules: &[Rule::unordered(
        &["countriesAndRegions", "ipRanges"],
        "a location is the union of its ranges or countries",
    )],
    has_unique_ids: true,
    graph: Graph {
        list: Some("/identity/conditionalAccess/namedLocations"),
        get: "/identity/conditionalAccess/namedLocations/{id}",
        bin: Some(Bin {
            list: "/identity/conditionalAccess/deletedItems/namedLocations",
            restore: "/identity/conditionalAccess/deletedItems/namedLocations/{id}/restore",
            purge: Some("/identity/conditionalAccess/deletedItems/namedLocations/{id}"),
            version: Version::Beta,
        }),
        limit: Limit::ConditionalAccess,
        read: &["Policy.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery {
        is_typed: true,
        create_required: &["@odata.type", "displayName"],
        is_restored_by_people: true,
        write: &["Policy.ReadWrite.ConditionalAccess"],
        write_extra: &["Policy.Read.All"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
