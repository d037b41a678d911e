//! How certificates are allowed.

use crate::property::{dynamic, string};
use crate::{Graph, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::X509CertificateAuthenticationMethodConfiguration,
    token: "x509CertificateAuthenticationMethodConfiguration",
    table: "x509CertificateAuthenticationMethodConfigurations",
    odata_types: &["microsoft.graph.x509CertificateAuthenticationMethodConfiguration"],
    contexts: &["policies/authenticationMethodsPolicy/authenticationMethodConfigurations/X509Certificate"],
    folders: &["Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations/X509Certificate"],
    properties: &[
        dynamic("authenticationModeConfiguration"),
        dynamic("certificateAuthorityScopes").collection(),
        dynamic("certificateUserBindings").collection(),
        dynamic("crlValidationConfiguration"),
        dynamic("excludeTargets").collection(),
        dynamic("issuerHintsConfiguration"),
        string("state"),
    ],
    first: &["state", "authenticationModeConfiguration", "certificateUserBindings", "excludeTargets"],
    nested_collections: &["includeTargets", "keyRestrictions/aaGuids"],
    graph: Graph {
        list: Some("/policies/authenticationMethodsPolicy/authenticationMethodConfigurations"),
        get: "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/{id}",
        read: &["Policy.Read.AuthenticationMethod"],
        ..Graph::NONE
    },
    recovery: Recovery {
        is_typed: true,
        is_undeletable: true,
        write: &["Policy.ReadWrite.AuthenticationMethod"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
