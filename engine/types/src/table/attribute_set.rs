//! Sets of custom security attributes.

use crate::property::{int32, string};
use crate::{Graph, IdSource, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::AttributeSet,
    token: "attributeSet",
    table: "attributeSets",
    odata_types: &["microsoft.graph.attributeSet"],
    contexts: &["directory/attributeSets"],
    properties: &[string("description"), int32("maxAttributesPerSet")],
    first: &["description"],
    graph: Graph {
        list: Some("/directory/attributeSets"),
        get: "/directory/attributeSets/{id}",
        read: &["CustomSecAttributeDefinition.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery {
        id: IdSource::Create,
        create_required: &["id"],
        is_undeletable: true,
        write: &["CustomSecAttributeDefinition.ReadWrite.All"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
