//! Staged rollouts of sign-in features.

use crate::property::{boolean, string};
use crate::{Graph, Recovery, Reference, Relation, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::FeatureRolloutPolicy,
    token: "featureRolloutPolicy",
    table: "featureRolloutPolicies",
    odata_types: &["microsoft.graph.featureRolloutPolicy"],
    contexts: &["policies/featureRolloutPolicies"],
    folders: &["Policies/FeatureRolloutPolicies"],
    properties: &[
        string("description"),
        string("displayName"),
        string("feature"),
        boolean("isAppliedToOrganization"),
        boolean("isEnabled"),
    ],
    first: &["feature", "isEnabled", "isAppliedToOrganization"],
    relations: &[Relation {
        name: "appliesTo",
        read: Some("/policies/featureRolloutPolicies/{id}/appliesTo"),
        targets: &[TypeId::Group],
        add: Some(Reference::post("/policies/featureRolloutPolicies/{id}/appliesTo/$ref")),
        remove: Some(Reference::delete("/policies/featureRolloutPolicies/{id}/appliesTo/{targetId}/$ref")),
        ..Relation::NONE
    }],
    graph: Graph {
        list: Some("/policies/featureRolloutPolicies"),
        get: "/policies/featureRolloutPolicies/{id}",
        read: &["Policy.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery {
        create_required: &["displayName", "feature", "isEnabled"],
        write: &["Policy.ReadWrite.FeatureRollout"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
