//! Plans in files: nothing is lost, nothing is edited unseen.

use serde_json::json;

use super::super::{Plan, support};
use super::{Case, changed, group, user};
use crate::plan::Error;

fn plan() -> Plan {
    let to = changed(user("ann"), json!({"jobTitle": "Boss", "employeeOrgData": {"division": "ü"}}));
    Case::new(
        vec![("user", user("ann")), ("group", group("g", &["ann"]))],
        vec![("user", to), ("group", group("g", &[]))],
    )
    .plan()
}

#[test]
fn a_plan_comes_back_from_its_file() {
    let plan = plan();
    let bytes = plan.to_file_bytes();
    assert_eq!(Plan::from_file_bytes(&bytes).unwrap(), plan);
    assert_eq!(plan.plan_id.len(), 16);
    assert!(plan.plan_id.bytes().all(|letter| (b'k'..=b'z').contains(&letter)));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    assert_eq!(plan().to_file_bytes(), plan().to_file_bytes());
}

#[test]
fn laying_a_file_out_otherwise_edits_nothing() {
    let plan = plan();
    let value: serde_json::Value = serde_json::from_slice(&plan.to_file_bytes()).unwrap();
    assert_eq!(Plan::from_file_bytes(value.to_string().as_bytes()).unwrap(), plan);
}

#[test]
fn an_edited_plan_is_refused() {
    let text = String::from_utf8(plan().to_file_bytes()).unwrap();
    let edits = [
        text.replace("\"Boss\"", "\"Chief\""),
        text.replacen('{', "{ \"extra\": 1,", 1),
        text.replace("\"PATCH\"", "\"DELETE\""),
    ];
    for edited in edits {
        assert_ne!(edited, text);
        let error = Plan::from_file_bytes(edited.as_bytes()).unwrap_err();
        assert!(matches!(error, Error::Edited { .. }), "{error}");
    }
    let mut edited = plan();
    edited.steps.clear();
    assert!(matches!(edited.verify_hash(), Err(Error::Edited { .. })));
}

#[test]
fn what_is_no_plan_says_where() {
    let error = Plan::from_file_bytes(b"{\n  \"formatVersion\": 2,\n  oops\n}").unwrap_err();
    assert!(matches!(error, Error::Text { line: 3, column: 3, .. }), "{error:?}");
    assert_eq!(error.to_string(), "line 3, column 3: expected a recovery plan in JSON: key must be a string");
    let text = String::from_utf8(plan().to_file_bytes()).unwrap();
    let newer = text.replace("\"formatVersion\": 2", "\"formatVersion\": 9");
    let error = Plan::from_file_bytes(newer.as_bytes()).unwrap_err();
    assert!(matches!(error, Error::NewerFormat { found: 9, known: 2 }), "{error:?}");
}

#[test]
fn every_property_says_whether_it_can_be_put_back() {
    let rows = support();
    let of = |token: &str, property: &str| {
        let row = rows.iter().find(|row| row.type_token == token && row.property == property);
        let row = row.unwrap_or_else(|| panic!("{token}.{property}"));
        (row.restorable, row.reason)
    };
    assert_eq!(of("user", "department"), (true, ""));
    assert_eq!(of("user", "createdDateTime"), (false, "read-only"));
    assert_eq!(of("user", "aboutMe"), (false, "held by another service"));
    assert_eq!(of("user", "passwordProfile"), (false, "issue anew"));
    assert_eq!(of("user", "manager"), (true, ""));
    assert_eq!(of("group", "hideFromAddressLists"), (true, "by a request of its own"));
    assert_eq!(of("application", "passwordCredentials"), (false, "issue anew"));
    assert_eq!(of("application", "publisherDomain"), (false, "native recovery only"));
    assert_eq!(of("servicePrincipal", "appRoles"), (false, "copied from the application"));
    assert_eq!(of("device", "registeredOwners"), (false, "read-only for applications"));
    assert_eq!(of("device", ""), (true, "from the bin"));
    assert_eq!(of("appRoleAssignment", ""), (true, "made again; no bin"));
    assert_eq!(of("appRoleAssignment", "principalId"), (true, "made again with the object"));
    assert_eq!(of("authenticationStrengthPolicy", "allowedCombinations"), (true, ""));
    for row in &rows {
        assert!(row.restorable || !row.reason.is_empty(), "{row:?}");
    }
}
