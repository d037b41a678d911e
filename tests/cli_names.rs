//! Tests of what people read of a night's intrusion: names for IDs, sentences for relations, lists by their elements.
//!
//! The tenant is in `names/`: a policy weakened, roles assigned, consents given, a user deleted, a guest invited.

use std::collections::BTreeSet;

use serde_json::json;

use crate::cli_commands::Shell;

const COMPLETE: &str = "--complete appRoleAssignment,oauth2PermissionGrant,roleAssignmentSchedule,roleEligibilitySchedule,groupSetting,user";
const POLICY: &str = "00000061-aaaa-4000-8000-000000000061";
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

pub(crate) fn shell() -> Shell {
    let shell = Shell::new();
    shell.write("before.ndjson", include_str!("names/before.ndjson"));
    shell.write("after.ndjson", include_str!("names/after.ndjson"));
    shell.run(&format!("import before.ndjson --taken-at 2026-11-16 {COMPLETE}")).expect(0);
    shell.run(&format!("import after.ndjson --taken-at 2026-11-17 {COMPLETE}")).expect(0);
    shell
}

pub(crate) fn expect_lines(text: &str, lines: &[&str]) {
    let found: Vec<&str> = text.lines().map(str::trim).collect();
    for line in lines {
        assert!(found.iter().any(|found| found.contains(line)), "expected {line:?} in\n{text}");
    }
}

#[test]
fn relations_are_sentences_above_changes_plans_and_events() {
    let shell = shell();
    let text = shell.run("diff latest~1 -o table").expect(0).stdout;
    expect_lines(
        &text,
        &[
            "+ roleAssignment Henrik Virtanen → Global Administrator (directory) (ra1): added",
            "+ roleAssignment Role holders → User Administrator (administrative unit Helsinki) (ra2): added",
            "+ roleAssignment Henrik Virtanen → Payroll operators (application Payroll Sync) (ra3): added",
            "- roleAssignment Bob Berg → Payroll operators (administrative unit Helsinki) (ra-old): hardDeleted",
            "Ann Lee → Global Administrator (directory), eligible until 2027-05-01T00:00:00Z (re1): added",
            "Ann Lee → Global Administrator (directory), activated (rs1): added",
            "Payroll Sync may act as an application with RoleManagement.ReadWrite.Directory on Microsoft Graph (ar1)",
            "Ann Lee may use Payroll Sync (ar2): added",
            "Payroll Sync may act for everyone with Mail.Read, User.Read on Microsoft Graph (og1): added",
            "Payroll Sync may act for Henrik Virtanen with Mail.Send on Microsoft Graph (og2): added",
        ],
    );
    let plan = shell.run("plan latest~1 latest -o table --recreate --soft-delete").expect(0).stdout;
    expect_lines(
        &plan,
        &[
            "removeLink roleAssignment Henrik Virtanen → Global Administrator (directory) ",
            "addLink    roleAssignment Bob Berg → Payroll operators (administrative unit Helsinki) ",
            "directoryScopeId: null -> \"/administrativeUnits/00000031-aaaa-4000-8000-000000000031\" (Helsinki)",
            "- \"00000003-0000-0000-c000-000000000000\" (Microsoft Graph)",
        ],
    );
    let history = shell.run("history ra1 -o table").expect(0).stdout;
    expect_lines(&history, &["Henrik Virtanen → Global Administrator (directory)"]);
    let markdown = shell.run("diff latest~1 -o md").expect(0).stdout;
    expect_lines(
        &markdown,
        &["- **added** Henrik Virtanen → Global Administrator (directory) (ra1); undo: remove"],
    );
    let page = shell.run("diff latest~1 -o html").expect(0).stdout;
    expect_lines(&page, &["Henrik Virtanen → Global Administrator (directory)"]);
}

#[test]
fn ids_in_policies_and_lists_have_the_names_of_their_side() {
    let shell = shell();
    for format in ["table -v", "md", "html"] {
        let text = shell.run(&format!("diff latest~1 -o {format}")).expect(0).stdout;
        let text = text.replace("&quot;", "\"");
        for expected in [
            "\"c1\" (Trading)",
            // It was renamed since.
            "\"00000041-aaaa-4000-8000-000000000041\" (Head office)",
            "\"00000021-aaaa-4000-8000-000000000021\" (Break glass)",
            "\"00000001-aaaa-4000-8000-000000000001\" (Henrik Virtanen)",
            "\"00000000-0000-0000-0000-000000000004\" (Phishing-resistant MFA)",
            "\"00000013-aaaa-4000-8000-000000000013\" (Payroll Sync)",
            "\"797f4846-ba00-4fd7-ba43-dac1f8f63013\" (Windows Azure Service Management API)",
            "\"9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8\" (RoleManagement.ReadWrite.Directory)",
            "\"e1fe6dd8-ba31-4d61-89e7-88639da4683d\" (User.Read)",
            &format!("\"{GRAPH}\" (Microsoft Graph)"),
        ] {
            assert!(text.contains(expected), "{format}: expected {expected} in\n{text}");
        }
        assert!(!text.contains("\"GuestsOrExternalUsers\" ("), "{text}");
    }
}

#[test]
fn new_and_deleted_objects_show_what_matters_of_them_and_all_when_wanted() {
    let shell = shell();
    let text = shell.run("diff latest~1 -o table --types user,conditionalAccessPolicy").expect(0).stdout;
    expect_lines(
        &text,
        &[
            "+ userPrincipalName: \"mallory@evil.example\"",
            "+ userType: \"Guest\"",
            "- department: \"Sales\"",
            "+ state: \"disabled\"",
            "+ conditions.users.excludeGroups: [\"00000021-aaaa-4000-8000-000000000021\" (Break glass)]",
            "+ grantControls.builtInControls: [\"block\"]",
        ],
    );
    let group = shell.run("diff latest~1 -o table --types group").expect(0).stdout;
    expect_lines(&group, &["+ members: user Ann Lee (00000002-aaaa-4000-8000-000000000002)"]);
    let role =
        ["diff latest~1 -o table --types roleAssignment", "diff latest~1 -o table --types roleAssignment -v"];
    let [few, all] = role.map(|line| shell.run(line).expect(0).stdout);
    assert!(!few.contains("principalId"), "the sentence says it: {few}");
    assert!(
        all.contains("+ principalId: \"00000001-aaaa-4000-8000-000000000001\" (Henrik Virtanen)"),
        "{all}"
    );
}

#[test]
fn what_is_too_long_for_a_line_is_never_shown_alike_on_both_sides() {
    let shell = Shell::new();
    let application = |scope: &str| {
        json!({"@odata.type": "#microsoft.graph.application", "id": "a", "displayName": "App", "notes":
            format!("{}{scope}", "x".repeat(200)), "requiredResourceAccess": [{"resourceAppId": GRAPH,
            "resourceAccess": [{"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "type": "Scope"},
            {"id": scope, "type": "Role"}]}]})
        .to_string()
    };
    shell.write("one.ndjson", &application("7ab1d382-f21e-4acd-a863-ba3e13f7da61"));
    shell.write("two.ndjson", &application("9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"));
    shell.run("import one.ndjson").expect(0);
    shell.run("import two.ndjson").expect(0);
    let text = shell.run("diff latest~1 -o table").expect(0).stdout;
    expect_lines(
        &text,
        &[
            "~ requiredResourceAccess[Microsoft Graph].resourceAccess",
            "\"7ab1d382-f21e-4acd-a863-ba3e13f7da61\" (Directory.Read.All)",
            "\"9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8\" (RoleManagement.ReadWrite.Directory)",
        ],
    );
    assert!(!text.contains("User.Read"), "what stays is not shown: {text}");
    let notes = text.lines().find(|line| line.contains("notes")).unwrap();
    assert!(notes.contains("xx7ab1") && notes.contains("xx9e3f"), "{notes}");
}

#[test]
fn programs_read_what_lists_gained_and_lost() {
    let shell = shell();
    let lists = |name: &str| {
        let query = format!(
            "changes('latest~1') | where id == '{POLICY}' and name == '{name}' | project added, removed"
        );
        shell.run_words(["query", &query].into_iter(), "").expect(0).lines()
    };
    let users = lists("conditions.users.excludeUsers");
    let added = json!(["00000001-aaaa-4000-8000-000000000001", "GuestsOrExternalUsers"]);
    assert_eq!(users, [json!({"added": added, "removed": []})]);
    assert_eq!(lists("grantControls.builtInControls"), [json!({"added": [], "removed": ["mfa"]})]);
    assert_eq!(lists("state"), [json!({"added": null, "removed": null})]);
    let typed = shell.run(&format!("history {POLICY}")).expect(0).lines();
    let query = format!("history('latest~1', 'latest', '{POLICY}')");
    let asked = shell.run_words(["query", &query].into_iter(), "").expect(0).lines();
    let keys = |row: &serde_json::Value| row.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(keys(&typed[0]), keys(&asked[0]));
    let later = typed.iter().filter(|row| row["kind"] == "attribute");
    let of = |row: &serde_json::Value| [row["name"].clone(), row["added"].clone(), row["removed"].clone()];
    let asked = asked.iter().filter(|row| row["kind"] == "attribute");
    assert_eq!(later.map(of).collect::<Vec<_>>(), asked.map(of).collect::<Vec<_>>());
}

#[test]
fn programs_read_the_names_that_graph_gives() {
    let shell = shell();
    let rows = shell.run("diff latest~1 --types roleAssignment,oauth2PermissionGrant").expect(0).lines();
    assert!(rows.len() > 4 && rows.iter().all(|row| row["displayName"] == ""), "{rows:?}");
}
