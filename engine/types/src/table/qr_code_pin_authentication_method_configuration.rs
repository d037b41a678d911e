//! How QR codes with a PIN are allowed.

use crate::property::{dynamic, int32, string};
use crate::{Graph, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::QrCodePinAuthenticationMethodConfiguration,
    token: "qrCodePinAuthenticationMethodConfiguration",
    table: "qrCodePinAuthenticationMethodConfigurations",
    odata_types: &["microsoft.graph.qrCodePinAuthenticationMethodConfiguration"],
    contexts: &["policies/authenticationMethodsPolicy/authenticationMethodConfigurations/QRCodePin"],
    properties: &[
        dynamic("excludeTargets").collection(),
        int32("pinLength"),
        int32("standardQRCodeLifetimeInDays"),
        string("state"),
    ],
    first: &["state", "pinLength", "excludeTargets"],
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
