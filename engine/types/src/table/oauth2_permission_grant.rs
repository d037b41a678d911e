//! Delegated permissions that were granted to applications.

use crate::property::string;
use crate::{Graph, KeyPart, Limit, Recovery, Rule, Type, TypeId, Units};

pub(crate) const TYPE: Type = Type {
    id: TypeId::Oauth2PermissionGrant,
    token: "oauth2PermissionGrant",
    table: "oauth2PermissionGrants",
    odata_types: &["microsoft.graph.oAuth2PermissionGrant", "microsoft.graph.oauth2PermissionGrant"],
    contexts: &["oauth2PermissionGrants", "servicePrincipals/oauth2PermissionGrants"],
    folders: &["ServicePrincipals/*/Oauth2PermissionGrants"],
    properties: &[
        string("clientId").immutable(),
        string("consentType").immutable(),
        string("principalId").immutable(),
        string("resourceId").immutable(),
        string("scope"),
    ],
    first: &["clientId", "consentType", "principalId", "resourceId", "scope"],
    natural_key: &[
        KeyPart::required("clientId"),
        KeyPart::required("consentType"),
        KeyPart::nullable("principalId"),
        KeyPart::required("resourceId"),
    ],
    rules: &[Rule::space_list(
        &["scope"],
        "the permissions granted stand in one text, in any order and often behind a blank",
    )],
    is_relation_object: true,
    graph: Graph {
        list: Some("/oauth2PermissionGrants"),
        get: "/oauth2PermissionGrants/{id}",
        delta: Some("/oauth2PermissionGrants/delta"),
        limit: Limit::Identity,
        units: Units { get: 2, list: 2 },
        read: &["Directory.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery {
        create_required: &["clientId", "consentType", "resourceId", "scope"],
        write: &["DelegatedPermissionGrant.ReadWrite.All"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
