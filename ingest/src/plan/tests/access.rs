//! Assignments, grants, roles and credentials.

use serde_json::{Value, json};

use super::super::{Phase, StepKind};
use super::{Case, only, reasons, user};

fn principal(id: &str) -> Value {
    json!({"id": id, "appId": format!("{id}-app"), "displayName": format!("SP {id}")})
}

#[test]
fn added_role_assignments_are_removed_first_and_only_once() {
    let names = |id: &str| json!({"id": id, "principalId": "eve", "roleDefinitionId": "admin", "directoryScopeId": "/"});
    let role = |members: &[&str]| json!({"id": "dr", "displayName": "Admin", "roleTemplateId": "admin", "members": members});
    let from = vec![("user", user("eve")), ("directoryRole", role(&[]))];
    let to = vec![
        ("user", user("eve")),
        ("directoryRole", role(&["eve"])),
        ("roleAssignment", names("ra1")),
        ("roleAssignmentSchedule", names("ras1")),
    ];
    let plan = Case::new(from, to).plan();
    let step = only(&plan, StepKind::RemoveLink, "eve|admin|/");
    assert_eq!(plan.steps.len(), 1, "{:#?}", plan.steps);
    assert_eq!(step.phase, Phase::Containment);
    assert_eq!(step.request.method, "DELETE");
    assert_eq!(step.request.path, "/roleManagement/directory/roleAssignments/ra1");
    assert_eq!(step.object.display_name, "User eve → admin");
    assert_eq!(step.before["principalId"], "eve");
    assert_eq!(reasons(&plan, "dr"), [("members", "done by the step of the role assignment")]);
}

#[test]
fn schedules_are_changed_by_requests() {
    let schedule = json!({
        "id": "s1", "principalId": "ann", "roleDefinitionId": "admin", "directoryScopeId": "/",
        "scheduleInfo": {"startDateTime": "2026-01-01T00:00:00Z", "expiration": {"type": "noExpiration"}},
        "memberType": "Direct",
    });
    let from = vec![("user", user("ann")), ("roleEligibilitySchedule", schedule.clone())];
    let other =
        json!({"id": "s2", "principalId": "eve", "roleDefinitionId": "admin", "directoryScopeId": "/"});
    let to = vec![("user", user("ann")), ("roleEligibilitySchedule", other)];
    let plan = Case::new(from, to).plan();
    let path = "/roleManagement/directory/roleEligibilityScheduleRequests";
    let add = only(&plan, StepKind::AddLink, "ann|admin|/");
    assert_eq!((&*add.request.method, &*add.request.path), ("POST", path));
    assert_eq!(add.request.body["action"], "adminAssign");
    assert_eq!(add.request.body["scheduleInfo"], json!({"expiration": {"type": "noExpiration"}}));
    let remove = only(&plan, StepKind::RemoveLink, "eve|admin|/");
    assert_eq!(remove.request.path, path);
    assert_eq!(remove.request.body["action"], "adminRemove");
}

#[test]
fn app_permissions_go_first_and_what_people_use_goes_later() {
    let assigned = |id: &str, principal: &str| json!({"id": id, "principalId": principal, "resourceId": "res", "appRoleId": "role"});
    let base = || {
        vec![
            ("user", user("ann")),
            ("servicePrincipal", principal("sp")),
            ("servicePrincipal", principal("res")),
        ]
    };
    let mut to = base();
    to.push(("appRoleAssignment", assigned("a1", "sp")));
    to.push(("appRoleAssignment", assigned("a2", "ann")));
    let plan = Case::new(base(), to).plan();
    let permission = only(&plan, StepKind::RemoveLink, "sp|res|role");
    assert_eq!(permission.phase, Phase::Containment);
    assert_eq!(permission.request.path, "/servicePrincipals/res/appRoleAssignedTo/a1");
    assert_eq!(only(&plan, StepKind::RemoveLink, "ann|res|role").phase, Phase::Unlinking);
    assert_eq!(plan.permissions, ["AppRoleAssignment.ReadWrite.All", "Application.Read.All"]);
}

#[test]
fn a_grant_gets_its_scopes_back_by_an_update() {
    let of = |scope: &str| {
        json!({"id": "g1", "clientId": "sp", "consentType": "AllPrincipals", "principalId": null,
            "resourceId": "res", "scope": scope})
    };
    let base = || vec![("servicePrincipal", principal("sp")), ("servicePrincipal", principal("res"))];
    let with = |scope: &str| [base(), vec![("oauth2PermissionGrant", of(scope))]].concat();
    let plan = Case::new(with("User.Read"), with("User.Read Mail.ReadWrite")).plan();
    let step = only(&plan, StepKind::Update, "sp|AllPrincipals||res");
    assert_eq!(step.request.path, "/oauth2PermissionGrants/g1");
    assert_eq!(step.request.body, json!({"scope": "User.Read"}));
    assert_eq!(step.phase, Phase::Containment);
    let plan = Case::new(with("User.Read"), base()).plan();
    let step = only(&plan, StepKind::AddLink, "sp|AllPrincipals||res");
    let wanted = json!({"clientId": "sp", "consentType": "AllPrincipals", "resourceId": "res",
        "scope": "User.Read"});
    assert_eq!(step.request.body, wanted);
}

#[test]
fn added_credentials_are_taken_away_and_lost_ones_are_issued_anew() {
    let of = |secrets: &[&str], keys: &[&str]| {
        let entries = |ids: &[&str]| ids.iter().map(|id| json!({"keyId": id})).collect::<Vec<_>>();
        json!({"id": "app", "appId": "app-id", "displayName": "App",
            "passwordCredentials": entries(secrets), "keyCredentials": entries(keys)})
    };
    let from = vec![("application", of(&["old", "lost"], &["cert"]))];
    let to = vec![("application", of(&["old", "evil"], &["cert", "evil-cert"]))];
    let plan = Case::new(from, to).plan();
    let [key, secret] = plan.steps.as_slice() else { panic!("{:#?}", plan.steps) };
    assert_eq!(secret.kind, StepKind::RemoveLink);
    assert_eq!(secret.request.path, "/applications/app/removePassword");
    assert_eq!(secret.request.body, json!({"keyId": "evil"}));
    assert_eq!(key.request.body, json!({"keyCredentials": [{"keyId": "cert"}]}));
    assert!(plan.steps.iter().all(|step| step.phase == Phase::Containment));
    assert_eq!(reasons(&plan, "app"), [("passwordCredentials", "issue anew")]);
    assert_eq!(plan.summary().credentials_removed, 2);
}

#[test]
fn nothing_is_assigned_to_who_is_gone() {
    let role =
        json!({"id": "r1", "principalId": "ann", "roleDefinitionId": "admin", "directoryScopeId": "/"});
    let zed = super::binned(user("zed"));
    let plan = Case::new(vec![("user", user("ann")), ("roleAssignment", role)], vec![("user", zed)]).plan();
    assert!(plan.steps.is_empty());
    assert_eq!(reasons(&plan, "ann|admin|/"), [("", "the other end is gone")]);
}
