//! Terms of use.

use crate::property::{boolean, dynamic, string};
use crate::{Graph, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::Agreement,
    token: "agreement",
    table: "agreements",
    odata_types: &["microsoft.graph.agreement"],
    contexts: &["identityGovernance/termsOfUse/agreements"],
    folders: &["IdentityGovernance/TermsOfUse/Agreements"],
    properties: &[
        string("displayName"),
        boolean("isPerDeviceAcceptanceRequired"),
        boolean("isViewingBeforeAcceptanceRequired"),
        dynamic("termsExpiration"),
        string("userReacceptRequiredFrequency"),
    ],
    first: &["isPerDeviceAcceptanceRequired", "isViewingBeforeAcceptanceRequired", "termsExpiration"],
    graph: Graph {
        list: Some("/identityGovernance/termsOfUse/agreements"),
        get: "/identityGovernance/termsOfUse/agreements/{id}",
        is_on_request: true,
        ..Graph::NONE
    },
    recovery: Recovery {
        create_required: &["displayName", "isViewingBeforeAcceptanceRequired", "files"],
        uncreatable: Some("its files cannot be read"),
        write_extra: &["Agreement.Read.All / Agreement.ReadWrite.All are delegated only"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
