//! Administrative units.

use crate::property::{boolean, date_time, string};
use crate::{Bin, Graph, Limit, Page, Recovery, Reference, Relation, Type, TypeId, Version};

pub(crate) const TYPE: Type = Type {
    id: TypeId::AdministrativeUnit,
    token: "administrativeUnit",
    table: "administrativeUnits",
    odata_types: &["microsoft.graph.administrativeUnit"],
    contexts: &["directory/administrativeUnits", "administrativeUnits"],
    folders: &["AdministrativeUnits"],
    properties: &[
        date_time("deletedDateTime").read_only(),
        string("description"),
        string("displayName"),
        boolean("isMemberManagementRestricted").immutable(),
        string("membershipRule"),
        string("membershipRuleProcessingState"),
        string("membershipType"),
        string("visibility"),
    ],
    first: &["description", "membershipType", "membershipRule", "isMemberManagementRestricted", "visibility"],
    relations: &[Relation {
        name: "members",
        read: Some("/directory/administrativeUnits/{id}/members"),
        targets: &[TypeId::User, TypeId::Group, TypeId::Device],
        add: Some(Reference::post("/directory/administrativeUnits/{id}/members/$ref")),
        remove: Some(Reference::delete("/directory/administrativeUnits/{id}/members/{targetId}/$ref")),
        has_delta: true,
        ..Relation::NONE
    }],
    has_unique_ids: true,
    graph: Graph {
        list: Some("/directory/administrativeUnits"),
        get: "/directory/administrativeUnits/{id}",
        delta: Some("/directory/administrativeUnits/delta"),
        page: Some(Page { default: 100, max: 999 }),
        bin: Some(Bin {
            list: "/directory/deletedItems/microsoft.graph.administrativeUnit",
            restore: "/directory/deletedItems/{id}/restore",
            purge: None,
            version: Version::V1,
        }),
        limit: Limit::Identity,
        read: &["AdministrativeUnit.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery {
        create_required: &["displayName"],
        write: &["AdministrativeUnit.ReadWrite.All"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
