//! Authentication contexts.

use crate::property::{boolean, string};
use crate::{Graph, IdSource, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::AuthenticationContextClassReference,
    token: "authenticationContextClassReference",
    table: "authenticationContextClassReferences",
    odata_types: &["microsoft.graph.authenticationContextClassReference"],
    contexts: &["identity/conditionalAccess/authenticationContextClassReferences"],
    folders: &["Identity/Conditional/AuthenticationContexts"],
    properties: &[string("description"), string("displayName"), boolean("isAvailable")],
    first: &["description", "isAvailable"],
    graph: Graph {
        list: Some("/identity/conditionalAccess/authenticationContextClassReferences"),
        get: "/identity/conditionalAccess/authenticationContextClassReferences/{id}",
        read: &["Policy.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery {
        id: IdSource::Create,
        create_required: &["id", "displayName", "isAvailable"],
        write: &["Policy.ReadWrite.ConditionalAccess"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
