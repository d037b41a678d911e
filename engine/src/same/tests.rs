//! Tests of what is the same: over all types and properties of the table, whatever form Graph chooses.

mod days;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::schema::types;

fn is_same_text(token: &str, path: &str, a: &str, b: &str) -> bool {
    let canonical = |text: &str| {
        let mut out = Vec::new();
        if !text.is_empty() {
            canonicalize(text.as_bytes(), &mut out).unwrap();
        }
        out
    };
    let comparer = Comparer::new(token, path);
    let (a, b) = (canonical(a), canonical(b));
    let found = comparer.is_same(&a, &b);
    assert_eq!(found, comparer.is_same(&b, &a), "{token} {path}: the order of the two must not matter");
    assert_eq!(
        found,
        comparer.is_annotation || comparer.normal(&a) == comparer.normal(&b),
        "{token} {path}: a glance must not decide otherwise"
    );
    found
}

/// Type, path, and two texts of one value.
const FORMS: &[(&str, &str, &str, &str)] = &[
    ("user", "otherMails", "[]", "null"),
    ("user", "otherMails", "", "[]"),
    ("user", "employeeOrgData", "{}", "null"),
    ("user", "unknown", r#"{"a":[]}"#, r#"{"a":null,"b":{}}"#),
    ("user", "unknown", r#"{"a":[]}"#, ""),
    ("user", "unknown", "1", "1.0"),
    ("user", "unknown", "1e2", "100"),
    ("user", "unknown", r#""2026-03-01T10:00:00Z""#, r#""2026-03-01T12:00:00.000+02:00""#),
    ("user", "employeeHireDate", r#""2026-03-01T10:00:00Z""#, r#""2026-03-01T10:00:00.0000000Z""#),
    ("user", "employeeHireDate", r#""2026-03-01T10:00:00Z""#, r#""\/Date(1772359200000)\/""#),
    ("user", "employeeHireDate", r#""2026-03-01T10:00:00.5+00:00""#, r#""/Date(1772359200500+0200)/""#),
    ("user", "createdDateTime", r#""1969-12-31T23:59:59.5Z""#, r#""/Date(-500)/""#),
    ("user", "createdDateTime", r#""2024-02-29T23:30:00-01:00""#, r#""2024-03-01T00:30:00Z""#),
    ("user", "certificateUserIds", r#"["a","b"]"#, r#"["b","a"]"#),
    ("user", "extension_abc_colours", r#"["red","green"]"#, r#"["green","red"]"#),
    (
        "user",
        "passwordPolicies",
        r#""DisablePasswordExpiration, DisableStrongPassword""#,
        r#""DisableStrongPassword,DisablePasswordExpiration""#,
    ),
    ("user", "passwordPolicies", r#""""#, "null"),
    (
        "application",
        "groupMembershipClaims",
        r#""SecurityGroup,DirectoryRole""#,
        r#""DirectoryRole, SecurityGroup""#,
    ),
    ("oauth2PermissionGrant", "scope", r#""User.Read Mail.Read""#, r#"" Mail.Read  User.Read""#),
    (
        "appRoleAssignment",
        "appRoleId",
        r#""ABCDEF00-0000-0000-0000-00000000000A""#,
        r#""abcdef00-0000-0000-0000-00000000000a""#,
    ),
    (
        "authenticationStrengthPolicy",
        "allowedCombinations",
        r#"["password,sms","fido2"]"#,
        r#"["fido2","sms, password"]"#,
    ),
    (
        "conditionalAccessPolicy",
        "conditions/authenticationFlows/transferMethods",
        r#""deviceCodeFlow,authenticationTransfer""#,
        r#""authenticationTransfer,deviceCodeFlow""#,
    ),
    (
        "conditionalAccessPolicy",
        "conditions/users/includeGuestsOrExternalUsers/guestOrExternalUserTypes",
        r#""internalGuest,serviceProvider""#,
        r#""serviceProvider,internalGuest""#,
    ),
    ("conditionalAccessPolicy", "conditions/somethingNew/values", r#"["b","a"]"#, r#"["a","b"]"#),
    (
        "adminConsentRequestPolicy",
        "reviewers",
        r#"[{"query":"/users/1"},{"query":"/users/2"}]"#,
        r#"[{"query":"/users/2"},{"query":"/users/1"}]"#,
    ),
    ("crossTenantAccessPolicy", "allowedCloudEndpoints", r#"["a","b"]"#, r#"["b","a"]"#),
    (
        "emailAuthenticationMethodConfiguration",
        "countriesBlockedForMinors",
        r#"["DE","FR"]"#,
        r#"["FR","DE"]"#,
    ),
    (
        "appManagementPolicy",
        "restrictions/passwordCredentials",
        r#"[{"a":1},{"b":2}]"#,
        r#"[{"b":2.0},{"a":1}]"#,
    ),
    (
        "accessPackageAssignmentPolicy",
        "requestApprovalSettings/stages",
        r#"[{"primaryApprovers":[{"id":"a"},{"id":"b"}]},{"primaryApprovers":[]}]"#,
        r#"[{"primaryApprovers":[{"id":"b"},{"id":"a"}]},{"primaryApprovers":null}]"#,
    ),
    (
        "roleManagementPolicy",
        "rules",
        r#"[{"id":"x","setting":{"approvalStages":[{"primaryApprovers":["a","b"]}]}}]"#,
        r#"[{"id":"x","setting":{"approvalStages":[{"primaryApprovers":["b","a"]}]}}]"#,
    ),
    ("custom", "anything", r#"[["a","b"],["c"]]"#, r#"[["c"],["b","a"]]"#),
    ("custom", "anything", r##"{"v@odata.type":"#Collection(String)","v":["a"]}"##, r#"{"v":["a"]}"#),
];

#[test]
fn the_forms_of_one_value_are_the_same() {
    for (token, path, a, b) in FORMS {
        assert!(is_same_text(token, path, a, b), "{token} {path}: {a} and {b}");
    }
}

#[test]
fn a_change_is_never_taken_for_another_form() {
    for (token, path, a, b) in [
        ("user", "displayName", r#""2026-03-01T10:00:00Z""#, r#""2026-03-01T10:00:00.000Z""#),
        (
            "user",
            "displayName",
            r#""ABCDEF00-0000-0000-0000-00000000000A""#,
            r#""abcdef00-0000-0000-0000-00000000000a""#,
        ),
        ("user", "displayName", r#""a, b""#, r#""b, a""#),
        ("user", "displayName", r#""""#, "null"),
        ("user", "accountEnabled", "true", "false"),
        ("user", "accountEnabled", "false", "null"),
        ("user", "unknown", "0", "null"),
        ("user", "unknown", "1", "\"1\""),
        ("user", "unknown", "123456789012345678901234567890", "123456789012345678901234567891"),
        ("user", "unknown", "1E400", "1E401"),
        ("user", "unknown", "[null]", "[]"),
        ("user", "unknown", "[{}]", "null"),
        ("user", "unknown", "[1,1,2]", "[1,2,2]"),
        ("user", "unknown", r#""2026-02-30T10:00:00Z""#, r#""2026-02-30T10:00:00.0Z""#),
        ("user", "unknown", r#""2026-03-01T10:00:00""#, r#""2026-03-01T10:00:00.0""#),
        ("user", "unknown", r#""2026-03-01T10:00:00Z""#, r#""1772359200""#),
        ("user", "unknown", r#""2026-03-01T10:00:00Z""#, r#""2026-03-01T10:00:00.0000001Z""#),
        ("user", "unknown", r##"{"@odata.type":"#a"}"##, r##"{"@odata.type":"#b"}"##),
        ("oauth2PermissionGrant", "scope", r#""User.Read""#, r#""User.Read User.ReadWrite""#),
        (
            "crossTenantAccessPolicyConfigurationDefault",
            "invitationRedemptionIdentityProviderConfiguration/primaryIdentityProviderPrecedenceOrder",
            r#"["azureActiveDirectory","externalFederation"]"#,
            r#"["externalFederation","azureActiveDirectory"]"#,
        ),
        (
            "crossTenantAccessPolicyConfigurationDefault",
            "invitationRedemptionIdentityProviderConfiguration",
            r#"{"primaryIdentityProviderPrecedenceOrder":["a","b"]}"#,
            r#"{"primaryIdentityProviderPrecedenceOrder":["b","a"]}"#,
        ),
        (
            "accessPackageAssignmentPolicy",
            "requestApprovalSettings/stages",
            r#"[{"a":1},{"b":1}]"#,
            r#"[{"b":1},{"a":1}]"#,
        ),
        (
            "roleManagementPolicy",
            "rules",
            r#"[{"id":"x","setting":{"approvalStages":[1,2]}}]"#,
            r#"[{"id":"x","setting":{"approvalStages":[2,1]}}]"#,
        ),
    ] {
        assert!(!is_same_text(token, path, a, b), "{token} {path}: {a} and {b}");
    }
}

#[test]
fn the_start_of_a_schedule_counts_where_it_has_an_end() {
    let moved = |expiration: &Value| {
        let at = |day: u32| json!({"startDateTime": format!("2026-11-0{day}T00:00:00Z"), "expiration": expiration});
        is_same("roleAssignmentSchedule", "scheduleInfo", &at(1), &at(2))
    };
    assert!(moved(&json!({"type": "noExpiration"})));
    assert!(moved(&json!({"type": "noExpiration", "endDateTime": null, "duration": null})));
    assert!(moved(&Value::Null));
    assert!(!moved(&json!({"type": "afterDateTime", "endDateTime": "2026-12-01T00:00:00Z"})));
    assert!(!moved(&json!({"type": "afterDuration", "duration": "PT8H"})));
}

#[test]
fn what_a_policy_shows_of_its_strength_is_not_compared_with_it() {
    let control = |name: &str, id: &str| json!({"authenticationStrength": {"id": id, "displayName": name}});
    assert!(is_same("conditionalAccessPolicy", "grantControls", &control("a", "1"), &control("b", "1")));
    assert!(!is_same("conditionalAccessPolicy", "grantControls", &control("a", "1"), &control("a", "2")));
}

#[test]
fn how_another_value_is_written_is_never_compared() {
    let path = "customSecurityAttributes/Engineering/Project@odata.type";
    assert!(is_same_text("user", path, r##""#Collection(String)""##, ""));
    assert!(!is_same_text("user", "customSecurityAttributes/Engineering/@odata.type", r##""#a""##, ""));
}

#[test]
fn every_declared_list_has_no_order_and_loses_no_name() {
    let lists = declared(|kind| match kind {
        RuleKind::CommaList => Some(","),
        RuleKind::SpaceList => Some(" "),
        _ => None,
    });
    for (token, path, separator) in lists {
        let text = |names: &[&str]| Value::from(names.join(separator)).to_string();
        let is_same = |a: &[&str], b: &[&str]| is_same_text(token, path, &text(a), &text(b));
        assert!(is_same(&["a", "b", "c"], &["c", " a", "b"]), "{token} {path}");
        assert!(!is_same(&["a", "b"], &["a", "c"]), "{token} {path}");
        assert!(!is_same(&["a", "b"], &["a"]), "{token} {path}");
    }
}

#[test]
fn every_collection_is_a_set_but_those_declared_in_order() {
    let collections = declared(|kind| match kind {
        RuleKind::Ordered => Some(true),
        RuleKind::Unordered => Some(false),
        _ => None,
    });
    assert!(collections.iter().any(|(_, _, is_ordered)| *is_ordered));
    for (token, path, is_ordered) in collections {
        let is_same = is_same_text(token, path, r#"["x","y"]"#, r#"["y","x"]"#);
        assert_eq!(is_same, !is_ordered, "{token} {path}");
    }
}

/// The paths that rules of some kinds are about, each with its type and what `meaning` makes of the kind.
fn declared<M: Copy>(meaning: impl Fn(RuleKind) -> Option<M>) -> Vec<(&'static str, &'static str, M)> {
    let mut found = Vec::new();
    for (token, rule) in
        types().flat_map(|found| schema::rules_of(found.token).map(move |rule| (found.token, rule)))
    {
        if let Some(meaning) = meaning(rule.kind) {
            found.extend(rule.paths.iter().map(|path| (token, *path, meaning)));
        }
    }
    assert!(!found.is_empty(), "a rule is of one of these kinds");
    found
}

/// Makes states of a property, and the texts in which Graph might give one of them.
struct Graph(u64);

impl Graph {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// A place in a list of this length.
    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap()
    }

    fn state(&mut self, depth: u32) -> Value {
        match self.below(if depth == 0 { 6 } else { 9 }) {
            0 => Value::Null,
            1 => json!(self.below(1000)),
            2 => json!(self.below(2) == 0),
            3 => json!(format!(
                "2026-{:02}-{:02}T{:02}:00:00Z",
                self.below(12) + 1,
                self.below(28) + 1,
                self.below(22)
            )),
            4 => json!(format!("abcdef00-0000-4000-8000-{:012x}", self.below(1 << 30))),
            5 => json!(format!("name {}", self.below(100))),
            6 => (0..self.below(5)).map(|_| self.state(depth - 1)).collect(),
            _ => {
                let count = self.below(4);
                let members = (0..count).map(|_| (format!("m{}", self.below(9)), self.state(depth - 1)));
                Value::Object(members.collect::<Vec<_>>().into_iter().collect())
            }
        }
    }

    /// Another text of the same state, of a property whose texts are no free ones.
    fn rewrite(&mut self, value: &Value) -> String {
        match value {
            Value::Null => ["null", "[]", "{}"][self.index(3)].to_owned(),
            Value::Bool(_) => value.to_string(),
            Value::Number(number) => match self.below(3) {
                0 => format!("{number}.0"),
                1 => format!("{number}e0"),
                _ => number.to_string(),
            },
            Value::String(text) => Value::from(self.rewrite_text(text)).to_string(),
            Value::Array(values) => {
                let mut texts: Vec<String> = values.iter().map(|value| self.rewrite(value)).collect();
                for last in (1..texts.len()).rev() {
                    let other = self.index(last + 1);
                    texts.swap(last, other);
                }
                if texts.is_empty() { self.rewrite(&Value::Null) } else { format!("[{}]", texts.join(" ,")) }
            }
            Value::Object(members) => self.rewrite_object(members),
        }
    }

    fn rewrite_object(&mut self, members: &Map<String, Value>) -> String {
        let mut texts = Vec::new();
        for (name, value) in members {
            if !value.is_null() || self.below(2) == 0 {
                texts.push(format!("\"{name}\": {}", self.rewrite(value)));
            }
        }
        if self.below(2) == 0 {
            texts.push("\"nothing\":[]".to_owned());
        }
        texts.reverse();
        format!("{{{}}}", texts.join(","))
    }

    fn rewrite_text(&mut self, text: &str) -> String {
        if text.starts_with("2026-") {
            let (day, hour) = (&text[..11], text[11..13].parse::<u64>().unwrap());
            return match self.below(4) {
                0 => text.replace('Z', ".000Z"),
                1 => text.replace('Z', ".0000000+00:00"),
                2 => {
                    format!("{day}{:02}{}+02:00", hour + 2, &text[13..19])
                }
                _ => text.to_owned(),
            };
        }
        if text.starts_with("abcdef00-") && self.below(2) == 0 {
            text.to_uppercase()
        } else {
            text.to_owned()
        }
    }

    /// A state that differs in one value.
    fn change(&mut self, value: &Value) -> Value {
        match value {
            Value::Null => json!("now set"),
            Value::Bool(is_set) => json!(!is_set),
            Value::Number(number) => json!(number.as_u64().unwrap() + 1),
            Value::String(text) if text.starts_with("2026-") => json!(text.replace(":00Z", ":01Z")),
            Value::String(text) => json!(format!("{text}1")),
            Value::Array(values) => {
                let mut values = values.clone();
                match self.below(3) {
                    0 if !values.is_empty() => drop(values.pop()),
                    1 if !values.is_empty() => {
                        let index = self.index(values.len());
                        values[index] = self.change(&values[index].clone());
                    }
                    _ => values.push(json!("one more")),
                }
                values.into()
            }
            Value::Object(members) => {
                let mut members = members.clone();
                let names: Vec<String> = members.keys().cloned().collect();
                if names.is_empty() || self.below(3) == 0 {
                    members.insert("one more".into(), json!(1));
                } else {
                    let name = &names[self.index(names.len())];
                    members[name] = self.change(&members[name].clone());
                }
                members.into()
            }
        }
    }
}

proptest! {
    #[test]
    fn no_text_that_graph_might_choose_is_a_change_and_every_change_is_one(seed: u64) {
        let mut graph = Graph(seed);
        for found in types() {
            let names = found.columns().map(|(name, _)| name).chain(["extension_x", "new"]);
            for name in names.filter(|name| !is_exact(found.token, name)) {
                let comparer = Comparer::new(found.token, name);
                if comparer.here != Meaning::default() || !comparer.below.is_empty() {
                    // What is declared has tests of its own.
                    continue;
                }
                let state = graph.state(3);
                let (a, b) = (graph.rewrite(&state), graph.rewrite(&state));
                prop_assert!(is_same_text(found.token, name, &a, &b), "{} {}: {} and {}", found.token, name, a, b);
                let (a, b) = (serde_json::from_str(&a).unwrap(), serde_json::from_str(&b).unwrap());
                prop_assert!(is_same(found.token, name, &a, &b), "{} {}: {} and {}", found.token, name, a, b);
                let changed = graph.change(&state);
                let text = graph.rewrite(&changed);
                prop_assert!(!is_same_text(found.token, name, &a.to_string(), &text), "{} {}: {} and {}", found.token, name, a, text);
                prop_assert!(!is_same(found.token, name, &a, &changed), "{} {}: {} and {}", found.token, name, a, changed);
            }
        }
    }

    #[test]
    fn no_bytes_make_a_comparison_panic(a: Vec<u8>, b: Vec<u8>) {
        for path in ["conditions", "scheduleInfo", "scope", "displayName"] {
            for token in ["conditionalAccessPolicy", "roleAssignmentSchedule", "oauth2PermissionGrant"] {
                Comparer::new(token, path).is_same(&a, &b);
            }
        }
    }
}
