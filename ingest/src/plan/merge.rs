//! Owns what is sent for a complex value so that it becomes the wanted one: Graph merges complex values in a PATCH, so that
//! what came inside one and is only left out stays.
//!
//! Invariants
//! 1. What is sent says the wanted value: beside it stand only nulls and empty collections.
//! 2. Collections are replaced whole, so nothing is cleared inside their elements.
//! 3. Nothing is cleared that does not stand: a member that no side has is not named.
//!
//! *Sources.* microsoft-graph-docs issue 20335 (members that are not named stay); of custom security attributes, which are
//! an open type, each value is cleared by itself, beside the type of its set (Graph reference, "Assign, update, list or
//! remove custom security attributes"), so a set is never null; of a user's extension attributes each is cleared by itself.

use serde_json::{Map, Value};

/// Properties whose values are cleared one by one, however deep they stand.
const BY_LEAF: [&str; 2] = ["customSecurityAttributes", "onPremisesExtensionAttributes"];

/// The value to send, and to expect: the wanted one, with all other observed members cleared by name.
pub(crate) fn cleared(property: &str, before: &Value, after: Value) -> Value {
    let clears_leaves = BY_LEAF.contains(&property);
    match after {
        Value::Object(after) => merge(before, after, clears_leaves),
        Value::Null if clears_leaves && before.is_object() => merge(before, Map::new(), true),
        after => after,
    }
}

fn merge(before: &Value, mut after: Map<String, Value>, clears_leaves: bool) -> Value {
    let Value::Object(before) = before else { return Value::Object(after) };
    let has_left = before.keys().any(|name| !after.contains_key(name));
    for (name, standing) in before {
        match after.get_mut(name) {
            Some(wanted @ Value::Object(_)) => {
                if let Value::Object(inner) = wanted.take() {
                    *wanted = merge(standing, inner, clears_leaves);
                }
            }
            Some(_) => {}
            // A set of attributes says its type, or Graph does not know what to clear.
            None if name == "@odata.type" && (clears_leaves && has_left) => {
                after.insert(name.clone(), standing.clone());
            }
            None if name.contains('@') => {}
            None => {
                if let Some(clear) = clearing(standing, clears_leaves) {
                    after.insert(name.clone(), clear);
                }
            }
        }
    }
    Value::Object(after)
}

/// What clears a value that is not wanted at all; nothing where there is none.
fn clearing(standing: &Value, clears_leaves: bool) -> Option<Value> {
    match standing {
        Value::Null => None,
        Value::Array(values) => (!values.is_empty()).then(|| Value::Array(Vec::new())),
        Value::Object(_) if clears_leaves => Some(merge(standing, Map::new(), true)),
        _ => Some(Value::Null),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// What Graph does with a PATCH.
    fn patched(standing: &Value, sent: &Value) -> Value {
        match (standing, sent) {
            (Value::Object(members), Value::Object(sent)) => {
                let mut members = members.clone();
                for (name, value) in sent {
                    let old = members.get(name).cloned().unwrap_or_default();
                    members.insert(name.clone(), patched(&old, value));
                }
                Value::Object(members)
            }
            _ => sent.clone(),
        }
    }

    /// A value without what says nothing.
    fn bare(value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let members = members.iter().map(|(name, value)| (name.clone(), bare(value)));
                let members: Map<String, Value> = members.filter(|(_, value)| !value.is_null()).collect();
                if members.keys().all(|name| name.contains('@')) {
                    Value::Null
                } else {
                    Value::Object(members)
                }
            }
            Value::Array(values) if values.is_empty() => Value::Null,
            value => value.clone(),
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            "[ab]{0,2}".prop_map(Value::from),
            prop::collection::vec("[ab]{1}", 0..3).prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop::collection::btree_map("[abc]", inner, 0..4).prop_map(|members| json!(members))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_graph_merges_becomes_what_is_wanted(
            before in values(), after in values(), index in 0_usize..4
        ) {
            let property = ["web", "conditions", "customSecurityAttributes", "onPremisesExtensionAttributes"][index];
            let sent = cleared(property, &before, after.clone());
            prop_assert_eq!(bare(&patched(&before, &sent)), bare(&after));
            // Nothing but clearing stands beside what is wanted.
            prop_assert_eq!(bare(&sent), bare(&after));
        }
    }

    #[test]
    fn each_value_that_came_is_cleared_by_name() {
        let type_name = "#microsoft.graph.customSecurityAttributeValue";
        let set = |values: Value| {
            let mut set = json!({"@odata.type": type_name});
            set.as_object_mut().unwrap().extend(values.as_object().unwrap().clone());
            set
        };
        let cases = [
            (
                "onPremisesExtensionAttributes",
                json!({"a": "x", "b": "evil"}),
                json!({"a": "x"}),
                json!({"a": "x", "b": null}),
            ),
            ("onPremisesExtensionAttributes", json!({"b": "evil"}), Value::Null, json!({"b": null})),
            (
                "web",
                json!({"logoutUrl": "https://evil", "redirectUris": ["u"]}),
                json!({"redirectUris": []}),
                json!({"redirectUris": [], "logoutUrl": null}),
            ),
            (
                "web",
                json!({"newer": {"than": ["all"]}, "list": ["x"]}),
                json!({}),
                json!({"newer": null, "list": []}),
            ),
            (
                "web",
                json!({"implicitGrantSettings": {"a": true, "b": 1}}),
                json!({"implicitGrantSettings": {"a": false}}),
                json!({"implicitGrantSettings": {"a": false, "b": null}}),
            ),
            (
                "web",
                json!({"list": [{"a": 1, "b": 2}]}),
                json!({"list": [{"a": 1}]}),
                json!({"list": [{"a": 1}]}),
            ),
            (
                "customSecurityAttributes",
                json!({"Engineering": set(json!({"Level": "1", "Clearance": "top", "Tags": ["x"], "Tags@odata.type": "#Collection(String)"})), "Second": set(json!({"Door": true}))}),
                json!({"Engineering": set(json!({"Level": "1"}))}),
                json!({"Engineering": set(json!({"Level": "1", "Clearance": null, "Tags": []})), "Second": set(json!({"Door": null}))}),
            ),
            (
                "customSecurityAttributes",
                json!({"Second": set(json!({"Door": true}))}),
                Value::Null,
                json!({"Second": set(json!({"Door": null}))}),
            ),
            ("employeeOrgData", json!({"division": "x"}), Value::Null, Value::Null),
            ("city", json!("x"), Value::Null, Value::Null),
        ];
        for (property, before, after, sent) in cases {
            assert_eq!(cleared(property, &before, after), sent, "{property} {before}");
        }
    }
}
