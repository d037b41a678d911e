//! Connected organizations.

use crate::property::{date_time, dynamic, string};
use crate::{Graph, Recovery, Reference, Relation, Rule, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::ConnectedOrganization,
    token: "connectedOrganization",
    table: "connectedOrganizations",
    odata_types: &["microsoft.graph.connectedOrganization"],
    contexts: &["identityGovernance/entitlementManagement/connectedOrganizations"],
    folders: &["IdentityGovernance/EntitlementManagement/ConnectedOrganizations"],
    properties: &[
        date_time("createdDateTime").read_only(),
        string("description"),
        string("displayName"),
        dynamic("identitySources").collection(),
        date_time("modifiedDateTime").read_only(),
        string("state"),
    ],
    first: &["state", "identitySources"],
    relations: &[
        Relation {
            name: "internalSponsors",
            read: Some(
                "/identityGovernance/entitlementManagement/connectedOrganizations/{id}/internalSponsors",
            ),
            targets: &[TypeId::User, TypeId::Group],
            add: Some(Reference::post(
                "/identityGovernance/entitlementManagement/connectedOrganizations/{id}/internalSponsors/$ref",
            )),
            remove: Some(Reference::delete(
                "/identityGovernance/entitlementManagement/connectedOrganizations/{id}/internalSponsors/{targetId}/$ref",
            )),
            ..Relation::NONE
        },
        Relation {
            name: "externalSponsors",
            read: Some(
                "/identityGovernance/entitlementManagement/connectedOrganizations/{id}/externalSponsors",
            ),
            targets: &[TypeId::User, TypeId::Group],
            add: Some(Reference::post(
                "/identityGovernance/entitlementManagement/connectedOrganizations/{id}/externalSponsors/$ref",
            )),
            remove: Some(Reference::delete(
                "/identityGovernance/entitlementManagement/connectedOrganizations/{id}/externalSponsors/{targetId}/$ref",
            )),
            ..Relation::NONE
        },
    ],
    rules: &[Rule::unordered(&["identitySources"], "any one of the sources matches")],
    graph: Graph {
        list: Some("/identityGovernance/entitlementManagement/connectedOrganizations"),
        get: "/identityGovernance/entitlementManagement/connectedOrganizations/{id}",
        read: &["EntitlementManagement.Read.All"],
        is_on_request: true,
        ..Graph::NONE
    },
    recovery: Recovery {
        create_required: &["displayName", "identitySources"],
        write: &["EntitlementManagement.ReadWrite.All"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
