//! Requests for the consent of administrators.

use crate::property::{boolean, dynamic, int32};
use crate::{Graph, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::AdminConsentRequestPolicy,
    token: "adminConsentRequestPolicy",
    table: "adminConsentRequestPolicy",
    odata_types: &["microsoft.graph.adminConsentRequestPolicy"],
    contexts: &["policies/adminConsentRequestPolicy"],
    folders: &["Policies/AdminConsentRequestPolicy"],
    properties: &[
        boolean("isEnabled"),
        boolean("notifyReviewers"),
        boolean("remindersEnabled"),
        int32("requestDurationInDays"),
        dynamic("reviewers").collection(),
        int32("version").read_only(),
    ],
    first: &["isEnabled", "reviewers"],
    is_singleton: true,
    initial: include_str!("../../examples/admin_consent_request_policy.json"),
    graph: Graph {
        list: Some("/policies/adminConsentRequestPolicy"),
        get: "/policies/adminConsentRequestPolicy",
        read: &["Policy.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery { write: &["Policy.ReadWrite.ConsentRequest"], ..Recovery::NONE },
    ..Type::NONE
};
