//! Directory roles that are activated in the tenant.

use crate::property::{date_time, string};
use crate::{Graph, Limit, Recovery, Reference, Relation, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::DirectoryRole,
    token: "directoryRole",
    table: "directoryRoles",
    odata_types: &["microsoft.graph.directoryRole"],
    contexts: &["directoryRoles"],
    folders: &["DirectoryRoles"],
    properties: &[
        date_time("deletedDateTime").read_only(),
        string("description").read_only(),
        string("displayName").read_only(),
        string("roleTemplateId").immutable(),
    ],
    first: &["roleTemplateId"],
    relations: &[Relation {
        name: "members",
        read: Some("/directoryRoles/{id}/members"),
        targets: &[TypeId::User, TypeId::Group, TypeId::ServicePrincipal],
        add: Some(Reference::post("/directoryRoles/{id}/members/$ref")),
        remove: Some(Reference::delete("/directoryRoles/{id}/members/{targetId}/$ref")),
        has_delta: true,
        ..Relation::NONE
    }],
    graph: Graph {
        list: Some("/directoryRoles"),
        get: "/directoryRoles/{id}",
        delta: Some("/directoryRoles/delta"),
        limit: Limit::Identity,
        read: &["RoleManagement.Read.Directory"],
        ..Graph::NONE
    },
    recovery: Recovery {
        create_required: &["roleTemplateId"],
        is_undeletable: true,
        write: &["RoleManagement.ReadWrite.Directory"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
