//! Directory extensions that an application defines.

use crate::property::{boolean, date_time, dynamic, string};
use crate::{Graph, Limit, Parent, Recovery, Rule, Type, TypeId, Units};

pub(crate) const TYPE: Type = Type {
    id: TypeId::ExtensionProperty,
    token: "extensionProperty",
    table: "extensionProperties",
    odata_types: &["microsoft.graph.extensionProperty"],
    contexts: &["applications/extensionProperties"],
    folders: &["Applications/*/ExtensionProperties"],
    properties: &[
        string("appDisplayName").read_only(),
        string("dataType"),
        date_time("deletedDateTime").read_only(),
        boolean("isMultiValued"),
        boolean("isSyncedFromOnPremises").read_only(),
        string("name"),
        dynamic("targetObjects").collection(),
    ],
    first: &["name", "dataType", "targetObjects"],
    rules: &[Rule::unordered(&["targetObjects"], "the types it applies to form a set")],
    graph: Graph {
        get: "/applications/{parentId}/extensionProperties/{id}",
        parent: Some(Parent { id: TypeId::Application, path: "/applications/{id}/extensionProperties" }),
        limit: Limit::Identity,
        units: Units { get: 1, list: 2 },
        read: &["Application.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery {
        create_required: &["name", "dataType", "targetObjects"],
        write: &["Application.ReadWrite.All"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
