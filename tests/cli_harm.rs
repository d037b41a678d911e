//! Recoveries from the command line that did harm once: roles that were activated for a time, what took another's place, and
//! what came inside a complex value.

use serde_json::{Value, json};
use twin::Actor;

use crate::cli_commands::Shell;
use crate::cli_recovery::{shell_of, tenant};

const TUESDAY: &str = r##"{"@odata.type":"#microsoft.graph.user","id":"abcdef00-0000-0000-0000-00000000000a","displayName":"Ann"}
{"@odata.type":"#microsoft.graph.unifiedRoleAssignmentSchedule","id":"s0","principalId":"abcdef00-0000-0000-0000-0000000000ee","roleDefinitionId":"62e90394-69f5-4237-9190-012177145e10","directoryScopeId":"/","assignmentType":"Assigned","scheduleInfo":{"startDateTime":"2026-10-01T00:00:00Z","expiration":{"type":"noExpiration"}}}
{"@odata.type":"#microsoft.graph.unifiedRoleAssignment","id":"r0","principalId":"abcdef00-0000-0000-0000-0000000000ee","roleDefinitionId":"62e90394-69f5-4237-9190-012177145e10","directoryScopeId":"/"}
"##;
const ACTIVATED: &str = r##"{"@odata.type":"#microsoft.graph.unifiedRoleAssignmentSchedule","id":"s1","principalId":"abcdef00-0000-0000-0000-00000000000a","roleDefinitionId":"62e90394-69f5-4237-9190-012177145e10","directoryScopeId":"/","assignmentType":"Activated","scheduleInfo":{"startDateTime":"2026-11-01T00:00:00Z","expiration":{"type":"afterDateTime","endDateTime":"2026-11-01T08:00:00Z"}}}
{"@odata.type":"#microsoft.graph.unifiedRoleAssignment","id":"r1","principalId":"abcdef00-0000-0000-0000-00000000000a","roleDefinitionId":"62e90394-69f5-4237-9190-012177145e10","directoryScopeId":"/"}
"##;
const EXTENDED: &str = r##"{"@odata.type":"#microsoft.graph.user","id":"abcdef00-0000-0000-0000-00000000000a","displayName":"Ann","onPremisesExtensionAttributes":{"extensionAttribute1":"x"}}
"##;

/// The plan that brings the first of two imports back where the second stands.
fn planned(first: &str, second: &str) -> Value {
    let shell = Shell::new();
    shell.write("first.ndjson", first);
    shell.write("second.ndjson", second);
    shell.run("import first.ndjson --taken-at 2026-11-16").expect(0);
    shell.run("import second.ndjson --taken-at 2026-11-17").expect(0);
    shell.run("plan latest~1 latest").expect(0).lines().remove(0)
}

#[test]
fn nothing_gives_a_role_back_that_was_activated_for_a_time() {
    let plan = planned(&format!("{TUESDAY}{ACTIVATED}"), TUESDAY);
    assert_eq!(plan["steps"], json!([]));
    let reasons: Vec<&str> = (plan["skipped"].as_array().unwrap().iter())
        .filter(|skipped| skipped["object"]["type"] == "roleAssignment")
        .filter_map(|skipped| skipped["reason"].as_str())
        .collect();
    assert_eq!(reasons, ["it was activated for a time"]);
}

#[test]
fn a_member_that_came_inside_a_complex_value_is_cleared_by_name() {
    let spoilt = EXTENDED.replace("\"x\"", "\"x\",\"extensionAttribute2\":\"evil\"");
    let plan = planned(EXTENDED, &spoilt);
    let wanted = json!({"extensionAttribute1": "x", "extensionAttribute2": null});
    assert_eq!(plan["steps"].as_array().unwrap().len(), 1);
    assert_eq!(plan["steps"][0]["request"]["body"], json!({"onPremisesExtensionAttributes": wanted}));
}

#[test]
fn a_service_principal_made_anew_goes_before_the_one_that_had_its_client_id_comes_back() {
    let tenant = tenant();
    let shell = shell_of(&tenant);
    let [app, old, new, client] =
        ["a1", "a2", "a3", "a4"].map(|end| format!("abcdef00-0000-4000-8000-0000000000{end}"));
    let put = |token: &str, object: Value| {
        assert!(tenant.server.put(Actor::Caller, token, &object.to_string()), "{token} {object}");
    };
    let principal =
        |id: &str| json!({"id": id, "appId": client, "displayName": "Payroll", "accountEnabled": true});
    put("application", json!({"id": app, "appId": client, "displayName": "Payroll"}));
    put("servicePrincipal", principal(&old));
    shell.run("backup").expect(0);
    assert!(tenant.server.delete(Actor::Caller, "application", &app));
    assert!(tenant.server.restore(Actor::Caller, "application", &app));
    put("servicePrincipal", principal(&new));
    shell.run("plan latest live --soft-delete --out p.json").expect(0);
    shell.run("apply p.json --yes --reason t").expect(0);
    let is_binned = |id: &str| {
        let object = tenant.server.object("servicePrincipal", id).unwrap();
        let object: Value = serde_json::from_str(&object).unwrap();
        !object["deletedDateTime"].is_null()
    };
    assert_eq!((is_binned(&old), is_binned(&new)), (false, true));
}
