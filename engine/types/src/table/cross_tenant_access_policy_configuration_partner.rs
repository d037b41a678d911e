//! Cross-tenant access for one partner; the tenant ID of the partner identifies it.

use crate::property::{boolean, dynamic, string};
use crate::rule::{CROSS_TENANT_SETS, IDENTITY_PROVIDER_ORDER};
use crate::{Bin, Graph, IdSource, KeyPart, Recovery, Type, TypeId, Version};

pub(crate) const TYPE: Type = Type {
    id: TypeId::CrossTenantAccessPolicyConfigurationPartner,
    token: "crossTenantAccessPolicyConfigurationPartner",
    table: "crossTenantAccessPolicyConfigurationPartners",
    odata_types: &["microsoft.graph.crossTenantAccessPolicyConfigurationPartner"],
    contexts: &["policies/crossTenantAccessPolicy/partners"],
    folders: &["Policies/CrossTenantAccessPolicy/Partners"],
    properties: &[
        dynamic("appServiceConnectInbound"),
        dynamic("automaticUserConsentSettings"),
        dynamic("b2bCollaborationInbound"),
        dynamic("b2bCollaborationOutbound"),
        dynamic("b2bDirectConnectInbound"),
        dynamic("b2bDirectConnectOutbound"),
        dynamic("inboundTrust"),
        boolean("isInMultiTenantOrganization").read_only(),
        boolean("isServiceProvider"),
        dynamic("m365CollaborationInbound"),
        dynamic("m365CollaborationOutbound"),
        string("tenantId").immutable(),
        dynamic("tenantRestrictions"),
    ],
    first: &[
        "tenantId",
        "isServiceProvider",
        "inboundTrust",
        "automaticUserConsentSettings",
        "b2bCollaborationInbound",
        "b2bDirectConnectInbound",
    ],
    nested_collections: &[
        "b2bCollaborationInbound/applications/targets",
        "b2bCollaborationInbound/usersAndGroups/targets",
        "b2bCollaborationOutbound/applications/targets",
        "b2bCollaborationOutbound/usersAndGroups/targets",
        "b2bDirectConnectInbound/applications/targets",
        "b2bDirectConnectInbound/usersAndGroups/targets",
        "b2bDirectConnectOutbound/applications/targets",
        "b2bDirectConnectOutbound/usersAndGroups/targets",
        "invitationRedemptionIdentityProviderConfiguration/primaryIdentityProviderPrecedenceOrder",
        "tenantRestrictions/applications/targets",
        "tenantRestrictions/usersAndGroups/targets",
    ],
    natural_key: &[KeyPart::required("tenantId")],
    rules: &[CROSS_TENANT_SETS, IDENTITY_PROVIDER_ORDER],
    graph: Graph {
        list: Some("/policies/crossTenantAccessPolicy/partners"),
        get: "/policies/crossTenantAccessPolicy/partners/{tenantId}",
        bin: Some(Bin {
            list: "/policies/deletedItems/crossTenantPartners",
            restore: "/policies/deletedItems/crossTenantPartners/{tenantId}/restore",
            purge: Some("/policies/deletedItems/crossTenantPartners/{tenantId}"),
            version: Version::Beta,
        }),
        read: &["Policy.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery {
        id: IdSource::Property("tenantId"),
        create_required: &["tenantId"],
        write: &["Policy.ReadWrite.CrossTenantAccess"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
