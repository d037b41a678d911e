//! Tests of how conditional access policies are put into words.

use serde_json::json;

use super::*;

/// Knows a user by `ann`, a group in the bin by `old`, and has read no application.
struct Few;

impl Directory for Few {
    fn find(&mut self, kind: ReferenceKind, id: &str) -> Found {
        match (kind, id) {
            (ReferenceKind::User, "ann") => Found::Live("Ann".to_owned()),
            (ReferenceKind::Group, "old") => Found::Deleted("Old group".to_owned()),
            (ReferenceKind::Strength, "s1") => Found::Live("Phishing-resistant".to_owned()),
            (ReferenceKind::Application, _) => Found::Unread,
            _ => Found::Missing,
        }
    }
}

fn read(policy: &Value) -> Reading {
    Reading::of(policy, &mut Few)
}

fn row<'r>(reading: &'r Reading, label: &str) -> Vec<&'r str> {
    let row = reading.rows.iter().find(|row| row.label == label);
    row.map(|row| row.items.iter().map(|item| item.text.as_str()).collect()).unwrap_or_default()
}

#[test]
fn a_policy_is_a_sentence_and_a_table() {
    let reading = read(&json!({
        "state": "enabled",
        "conditions": {
            "users": {"includeUsers": ["All"], "excludeUsers": ["ann"]},
            "applications": {"includeApplications": ["Office365"]},
            "locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]},
            "clientAppTypes": ["all"],
            "signInRiskLevels": ["high", "medium"],
        },
        "grantControls": {"operator": "OR", "builtInControls": ["mfa", "compliantDevice"]},
        "sessionControls": {"persistentBrowser": {"isEnabled": true, "mode": "never"},
            "signInFrequency": {"isEnabled": false, "value": 1, "type": "days"}},
    }));
    assert_eq!(
        reading.sentence,
        "On: all users (except user Ann) using Office 365 from any location (except all trusted locations), where the \
         sign-in risk is high or medium: access needs multifactor authentication or a compliant device; sessions have \
         persistent browser sessions: never."
    );
    assert_eq!(row(&reading, "State"), ["On"]);
    assert_eq!(row(&reading, "Except whom"), ["user Ann"]);
    assert_eq!(row(&reading, "Required, one of"), ["multifactor authentication", "a compliant device"]);
    assert!(row(&reading, "Besides").is_empty() && reading.missing().is_empty());
}

#[test]
fn what_points_at_nothing_is_told_and_what_was_not_read_is_not_accused() {
    let reading = read(&json!({
        "state": "disabled",
        "conditions": {
            "users": {"includeUsers": ["gone"], "excludeGroups": ["old"]},
            "applications": {"includeApplications": ["app"]},
        },
        "grantControls": {"operator": "AND", "authenticationStrength": {"id": "s1"}, "builtInControls": ["block"]},
    }));
    assert!(reading.sentence.starts_with("Off, so nothing of this holds: "), "{}", reading.sentence);
    assert!(reading.sentence.ends_with(": access is blocked."), "{}", reading.sentence);
    assert_eq!(
        reading.missing(),
        ["user gone (points at nothing in this backup)", "group Old group (in the recycle bin)"]
    );
    assert_eq!(row(&reading, "To what"), ["application app"]);
    assert_eq!(row(&reading, "Required, all of"), ["block", "authentication strength Phishing-resistant"]);
}

#[test]
fn whatever_has_no_words_stands_in_the_last_row() {
    let reading = read(&json!({
        "state": "enabledForReportingButNotEnforced",
        "conditions": {"users": {"includeUsers": ["All"], "new": {"deep": [1]}}, "clientAppTypes": "browser,other",
            "applications": {"includeApplications": 7}},
        "grantControls": null,
        "sessionControls": {"somethingNew": {"isEnabled": true}},
    }));
    assert_eq!(
        row(&reading, "Besides"),
        [
            "conditions.applications.includeApplications: 7",
            "conditions.users.new.deep: [1]",
            "sessionControls.somethingNew.isEnabled: true"
        ]
    );
    assert_eq!(row(&reading, "Conditions"), ["the client is a browser or one with legacy authentication"]);
    assert!(reading.sentence.starts_with("Report-only, so nothing of this is enforced: "));
}

#[test]
fn no_shape_of_a_policy_is_too_odd() {
    for odd in
        [json!(null), json!([]), json!({"conditions": 1}), json!({"conditions": {"users": []}, "state": 3})]
    {
        assert!(!read(&odd).sentence.is_empty());
    }
}

#[test]
fn long_lists_are_counted_in_the_sentence_and_whole_in_the_table() {
    let users: Vec<String> = (0..9).map(|number| format!("u{number}")).collect();
    let reading = read(&json!({"conditions": {"users": {"includeUsers": users}}, "state": "enabled"}));
    assert!(reading.sentence.starts_with("On: user u0, user u1, user u2 and 6 more"), "{}", reading.sentence);
    assert_eq!(row(&reading, "Who").len(), 9);
}
