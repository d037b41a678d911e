//! Tests of sentences, of objects as Graph gives them.

use serde_json::json;

use super::*;
use crate::change::ChangeRow;

const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
const ROLE_MANAGEMENT: &str = "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8";

fn names() -> Names {
    let row = |type_id: TypeId, id: &str, name: &str| ChangeRow {
        id: id.to_owned(),
        type_token: type_id.token().to_owned(),
        display_name: name.to_owned(),
        change: "updated".to_owned(),
        recovery_action: String::new(),
        reason: String::new(),
        attributes: Vec::new(),
        links: Vec::new(),
        unknown: Vec::new(),
    };
    let mut names = Names::none();
    names.learn(&[
        row(TypeId::User, "henrik", "Henrik Virtanen"),
        row(TypeId::Group, "glass", "Break glass"),
        row(TypeId::ServicePrincipal, "payroll", "Payroll Sync"),
        row(TypeId::ServicePrincipal, "graph", "Microsoft Graph"),
        row(TypeId::AdministrativeUnit, "helsinki", "Helsinki"),
    ]);
    names
}

fn sentence(type_token: &str, properties: &Value) -> Option<String> {
    of(type_token, properties.as_object().unwrap(), &mut names(), Side::To)
}

#[test]
fn roles_say_who_has_which_where_and_until_when() {
    let role = |type_id: TypeId, scope: &str, rest: Value| {
        let mut role = json!({"principalId": "henrik", "roleDefinitionId": GLOBAL_ADMINISTRATOR,
            "directoryScopeId": scope});
        role.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        sentence(type_id.token(), &role).unwrap()
    };
    let start = "Henrik Virtanen → Global Administrator";
    assert_eq!(role(TypeId::RoleAssignment, "/", json!({})), format!("{start} (directory)"));
    let unit = role(TypeId::RoleAssignment, "/administrativeUnits/helsinki", json!({}));
    assert_eq!(unit, format!("{start} (administrative unit Helsinki)"));
    assert_eq!(
        role(TypeId::RoleAssignment, "/payroll", json!({})),
        format!("{start} (application Payroll Sync)")
    );
    assert_eq!(role(TypeId::RoleAssignment, "/unknown", json!({})), format!("{start} (/unknown)"));
    let end = json!({"scheduleInfo": {"expiration": {"endDateTime": "2027-05-01T00:00:00Z"}}});
    let eligible = role(TypeId::RoleEligibilitySchedule, "/", end);
    assert_eq!(eligible, format!("{start} (directory), eligible until 2027-05-01T00:00:00Z"));
    let activated = role(TypeId::RoleAssignmentSchedule, "/", json!({"assignmentType": "Activated"}));
    assert_eq!(activated, format!("{start} (directory), activated"));
}

#[test]
fn permissions_say_who_may_do_what_as_whom() {
    let role = |principal: &str, id: &str| {
        let role = json!({"principalId": principal, "resourceId": "graph", "appRoleId": id});
        sentence(TypeId::AppRoleAssignment.token(), &role).unwrap()
    };
    assert_eq!(
        role("payroll", ROLE_MANAGEMENT),
        "Payroll Sync may act as an application with RoleManagement.ReadWrite.Directory on Microsoft Graph"
    );
    assert_eq!(
        role("henrik", ROLE_MANAGEMENT),
        "Henrik Virtanen may use Microsoft Graph as RoleManagement.ReadWrite.Directory"
    );
    assert_eq!(role("glass", DEFAULT_ACCESS), "Break glass may use Microsoft Graph");
    let grant = |principal: Value, scope: &str| {
        let grant =
            json!({"clientId": "payroll", "resourceId": "graph", "principalId": principal, "scope": scope});
        sentence(TypeId::Oauth2PermissionGrant.token(), &grant).unwrap()
    };
    assert_eq!(
        grant(Value::Null, " Mail.Read  User.Read"),
        "Payroll Sync may act for everyone with Mail.Read, User.Read on Microsoft Graph"
    );
    assert_eq!(
        grant("henrik".into(), "Mail.Read"),
        "Payroll Sync may act for Henrik Virtanen with Mail.Read on Microsoft Graph"
    );
}

#[test]
fn every_type_that_relates_objects_has_a_sentence_and_no_other_takes_a_name() {
    let all = json!({"principalId": "henrik", "roleDefinitionId": "r", "directoryScopeId": "/", "resourceId": "graph",
        "appRoleId": "a", "clientId": "payroll", "scope": "s", "displayName": "Named", "templateId": "t"});
    for type_id in TypeId::ALL {
        let found = sentence(type_id.token(), &all);
        assert_eq!(found.is_some(), type_id.info().is_relation_object, "{type_id}: {found:?}");
        assert_eq!(sentence(type_id.token(), &json!({})), None, "{type_id}: nothing is made up");
    }
}

#[test]
fn settings_have_the_name_of_their_template_and_access_to_groups_is_known_by_its_properties() {
    let setting = json!({"templateId": "62375ab9-6b52-47ed-826b-58e47e0e304b"});
    assert_eq!(sentence(TypeId::GroupSetting.token(), &setting).as_deref(), Some("Group.Unified"));
    let access = json!({"accessId": "owner", "groupId": "glass", "principalId": "henrik"});
    assert_eq!(
        sentence("privilegedAccessGroupEligibilitySchedule", &access).as_deref(),
        Some("Henrik Virtanen → Break glass (owner)")
    );
}
