//! Definitions of custom security attributes.

use crate::property::{boolean, string};
use crate::{Graph, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::CustomSecurityAttributeDefinition,
    token: "customSecurityAttributeDefinition",
    table: "customSecurityAttributeDefinitions",
    odata_types: &["microsoft.graph.customSecurityAttributeDefinition"],
    contexts: &["directory/customSecurityAttributeDefinitions"],
    properties: &[
        string("attributeSet"),
        string("description"),
        boolean("isCollection"),
        boolean("isSearchable"),
        string("name"),
        string("status"),
        string("type"),
        boolean("usePreDefinedValuesOnly"),
    ],
    first: &["attributeSet", "name", "type", "status"],
    graph: Graph {
        list: Some("/directory/customSecurityAttributeDefinitions"),
        get: "/directory/customSecurityAttributeDefinitions/{id}",
        read: &["CustomSecAttributeDefinition.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery {
        create_required: &[
            "attributeSet",
            "isCollection",
            "isSearchable",
            "name",
            "status",
            "type",
            "usePreDefinedValuesOnly",
        ],
        is_undeletable: true,
        write: &["CustomSecAttributeDefinition.ReadWrite.All"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
