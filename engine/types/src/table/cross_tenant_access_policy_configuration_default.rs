//! Cross-tenant access for tenants that no partner configuration is about.

use crate::property::{boolean, dynamic};
use crate::rule::{CROSS_TENANT_SETS, IDENTITY_PROVIDER_ORDER};
use crate::{Graph, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::CrossTenantAccessPolicyConfigurationDefault,
    token: "crossTenantAccessPolicyConfigurationDefault",
    table: "crossTenantAccessPolicyConfigurationDefault",
    odata_types: &["microsoft.graph.crossTenantAccessPolicyConfigurationDefault"],
    contexts: &["policies/crossTenantAccessPolicy/default"],
    folders: &["Policies/CrossTenantAccessPolicy/Default"],
    properties: &[
        dynamic("appServiceConnectInbound"),
        dynamic("automaticUserConsentSettings").read_only(),
        dynamic("b2bCollaborationInbound"),
        dynamic("b2bCollaborationOutbound"),
        dynamic("b2bDirectConnectInbound"),
        dynamic("b2bDirectConnectOutbound"),
        dynamic("inboundTrust"),
        dynamic("invitationRedemptionIdentityProviderConfiguration"),
        boolean("isServiceDefault"),
        dynamic("m365CollaborationInbound"),
        dynamic("m365CollaborationOutbound"),
        dynamic("tenantRestrictions"),
    ],
    first: &["isServiceDefault", "inboundTrust", "b2bCollaborationInbound", "b2bDirectConnectInbound"],
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
    rules: &[CROSS_TENANT_SETS, IDENTITY_PROVIDER_ORDER],
    is_singleton: true,
    initial: include_str!("../../examples/cross_tenant_access_policy_configuration_default.json"),
    graph: Graph {
        list: Some("/policies/crossTenantAccessPolicy/default"),
        get: "/policies/crossTenantAccessPolicy/default",
        read: &["Policy.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery { write: &["Policy.ReadWrite.CrossTenantAccess"], ..Recovery::NONE },
    ..Type::NONE
};
