//! Devices that are registered or joined.

use crate::property::{boolean, date_time, dynamic, int32, string};
use crate::rule::{DIRECTORY_SETS, SYNC_TIMES};
use crate::{Bin, Graph, Limit, Page, Recovery, Reference, Relation, Rule, Type, TypeId, Version};

pub(crate) const TYPE: Type = Type {
    id: TypeId::Device,
    token: "device",
    table: "devices",
    odata_types: &["microsoft.graph.device"],
    contexts: &["devices"],
    folders: &["Devices"],
    properties: &[
        boolean("accountEnabled"),
        dynamic("alternativeSecurityIds").collection().immutable(),
        date_time("approximateLastSignInDateTime").read_only(),
        date_time("complianceExpirationDateTime").read_only(),
        date_time("deletedDateTime").read_only(),
        string("deviceCategory").read_only(),
        string("deviceId").immutable(),
        string("deviceMetadata"),
        string("deviceOwnership").read_only(),
        int32("deviceVersion"),
        string("displayName"),
        string("enrollmentProfileName").read_only(),
        string("enrollmentType").read_only(),
        boolean("isCompliant").read_only(),
        boolean("isManaged"),
        boolean("isManagementRestricted").read_only(),
        boolean("isRooted").read_only(),
        string("managementType").read_only(),
        string("manufacturer").read_only(),
        string("mdmAppId").read_only(),
        string("model").read_only(),
        date_time("onPremisesLastSyncDateTime").read_only(),
        string("onPremisesSecurityIdentifier").read_only(),
        boolean("onPremisesSyncEnabled").read_only(),
        string("operatingSystem"),
        string("operatingSystemVersion"),
        dynamic("physicalIds").collection().read_only(),
        string("profileType"),
        date_time("registrationDateTime").read_only(),
        dynamic("systemLabels").collection().read_only(),
        string("trustType").read_only(),
    ],
    first: &["operatingSystem", "trustType", "accountEnabled", "isCompliant", "isManaged"],
    relations: &[
        Relation {
            name: "registeredOwners",
            read: Some("/devices/{id}/registeredOwners"),
            targets: &[TypeId::User],
            add: Some(Reference::post("/devices/{id}/registeredOwners/$ref")),
            remove: Some(Reference::delete("/devices/{id}/registeredOwners/{targetId}/$ref")),
            is_delegated_only: true,
            ..Relation::NONE
        },
        Relation {
            name: "registeredUsers",
            read: Some("/devices/{id}/registeredUsers"),
            targets: &[TypeId::User],
            add: Some(Reference::post("/devices/{id}/registeredUsers/$ref")),
            remove: Some(Reference::delete("/devices/{id}/registeredUsers/{targetId}/$ref")),
            is_delegated_only: true,
            ..Relation::NONE
        },
    ],
    rules: &[
        SYNC_TIMES,
        Rule::volatile(
            &["approximateLastSignInDateTime", "complianceExpirationDateTime"],
            "moves with every sign-in or check-in of the device; isCompliant is compared",
        ),
        DIRECTORY_SETS,
    ],
    has_unique_ids: true,
    graph: Graph {
        list: Some("/devices"),
        get: "/devices/{id}",
        delta: Some("/devices/delta"),
        page: Some(Page { default: 100, max: 999 }),
        bin: Some(Bin {
            list: "/directory/deletedItems/microsoft.graph.device",
            restore: "/directory/deletedItems/{id}/restore",
            purge: Some("/directory/deletedItems/{id}"),
            version: Version::Beta,
        }),
        limit: Limit::Identity,
        read: &["Device.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery {
        create_required: &[
            "accountEnabled",
            "alternativeSecurityIds",
            "deviceId",
            "displayName",
            "operatingSystem",
            "operatingSystemVersion",
        ],
        uncreatable: Some("devices register themselves"),
        is_undeletable: true,
        write: &["Device.ReadWrite.All"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
