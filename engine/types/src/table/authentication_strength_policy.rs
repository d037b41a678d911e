//! Authentication strengths.

use crate::property::{date_time, dynamic, string};
use crate::{Graph, Inside, PropertyWrite, Recovery, Rule, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::AuthenticationStrengthPolicy,
    token: "authenticationStrengthPolicy",
    table: "authenticationStrengthPolicies",
    odata_types: &["microsoft.graph.authenticationStrengthPolicy"],
    contexts: &[
        "policies/authenticationStrengthPolicies",
        "identity/conditionalAccess/authenticationStrength/policies",
    ],
    properties: &[
        dynamic("allowedCombinations").collection(),
        date_time("createdDateTime").read_only(),
        string("description"),
        string("displayName"),
        date_time("modifiedDateTime").read_only(),
        string("policyType").read_only(),
        string("requirementsSatisfied").read_only(),
    ],
    first: &["policyType", "allowedCombinations", "requirementsSatisfied"],
    nested_collections: &["combinationConfigurations"],
    rules: &[
        Rule::volatile(
            &["combinationConfigurations/id"],
            "is given anew when the same restriction is made again",
        ),
        Rule::unordered(
            &["allowedCombinations", "combinationConfigurations"],
            "any one of the combinations satisfies it",
        ),
        Rule::comma_list(
            &["allowedCombinations", "combinationConfigurations/appliesToCombinations"],
            "the methods of a combination stand in one text, in any order",
        ),
    ],
    graph: Graph {
        list: Some("/policies/authenticationStrengthPolicies"),
        get: "/policies/authenticationStrengthPolicies/{id}",
        inside: &[Inside {
            can_change: true,
            ..Inside::new(
                "combinationConfigurations",
                "/policies/authenticationStrengthPolicies/{id}/combinationConfigurations",
            )
        }],
        read: &["Policy.Read.AuthenticationMethod"],
        ..Graph::NONE
    },
    recovery: Recovery {
        writes: &[PropertyWrite {
            property: "allowedCombinations",
            method: "POST",
            path: "/policies/authenticationStrengthPolicies/{id}/updateAllowedCombinations",
        }],
        create_required: &["displayName", "allowedCombinations"],
        write: &["Policy.ReadWrite.AuthenticationMethod"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
