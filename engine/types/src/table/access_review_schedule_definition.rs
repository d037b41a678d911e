//! Access reviews.

use crate::property::{date_time, dynamic, string};
use crate::{Graph, Page, Recovery, Rule, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::AccessReviewScheduleDefinition,
    token: "accessReviewScheduleDefinition",
    table: "accessReviewScheduleDefinitions",
    odata_types: &["microsoft.graph.accessReviewScheduleDefinition"],
    contexts: &["identityGovernance/accessReviews/definitions"],
    folders: &["IdentityGovernance/AccessReviews"],
    properties: &[
        dynamic("additionalNotificationRecipients").collection(),
        dynamic("createdBy").read_only(),
        date_time("createdDateTime").read_only(),
        string("descriptionForAdmins"),
        string("descriptionForReviewers"),
        string("displayName"),
        dynamic("fallbackReviewers").collection(),
        dynamic("instanceEnumerationScope"),
        date_time("lastModifiedDateTime").read_only(),
        dynamic("reviewers").collection(),
        dynamic("scope"),
        dynamic("settings"),
        dynamic("stageSettings").collection(),
        string("status").read_only(),
    ],
    first: &["status", "scope", "reviewers"],
    rules: &[
        Rule::volatile(&["status", "instances"], "moves with the schedule"),
        Rule::ordered(&["stageSettings"], "the stages of a review follow one another"),
    ],
    graph: Graph {
        list: Some("/identityGovernance/accessReviews/definitions"),
        get: "/identityGovernance/accessReviews/definitions/{id}",
        page: Some(Page { default: 100, max: 100 }),
        read: &["AccessReview.Read.All"],
        is_on_request: true,
        ..Graph::NONE
    },
    recovery: Recovery {
        update: "PUT",
        create_required: &["displayName", "scope", "reviewers", "settings"],
        write: &["AccessReview.ReadWrite.All"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
