//! Backups and recoveries from the command line, against a served twin.

use serde_json::{Value, json};
use twin::Actor;

use crate::cli_commands::Shell;
use crate::incident::{objects, set};
use crate::ingest_backup::ids;
use crate::tenant::Tenant;

/// A shell whose environment leads to a tenant.
pub(crate) fn shell_of(tenant: &Tenant) -> Shell {
    let mut shell = Shell::new();
    let server = &tenant.server;
    shell.variables = vec![
        ("AZURE_TENANT_ID", server.tenant_id().to_owned()),
        ("AZURE_CLIENT_ID", server.client_id().to_owned()),
        ("AZURE_CLIENT_SECRET", server.client_secret().to_owned()),
        ("AZURE_AUTHORITY_HOST", server.endpoint()),
        ("ENTRASNAP_GRAPH_ENDPOINT", server.endpoint()),
    ];
    shell
}

/// A tenant of today, so that its times agree with the clock of the command line.
pub(crate) fn tenant() -> Tenant {
    let tenant = Tenant::new(600, 4);
    tenant.clock.advance_ms(60_000);
    tenant
}

fn spoil(tenant: &Tenant) -> Vec<String> {
    let users: Vec<String> = ids(tenant, "user")
        .into_iter()
        .filter(|id| {
            tenant
                .server
                .object("user", id)
                .is_some_and(|user| !user.contains("\"onPremisesSyncEnabled\":true"))
        })
        .take(5)
        .collect();
    for id in &users {
        let mut user: Value = serde_json::from_str(&tenant.server.object("user", id).unwrap()).unwrap();
        user["department"] = "Spoilt".into();
        assert!(tenant.server.put(Actor::Caller, "user", &user.to_string()));
    }
    users
}

#[test]
fn a_tenant_is_backed_up_compared_live_planned_recovered_and_undone() {
    let tenant = tenant();
    let shell = shell_of(&tenant);
    let first = shell.run("backup").expect(0).lines();
    assert_eq!(first[0]["source"], "graph");
    assert!(first[0]["objects"].as_u64().unwrap() > 500);
    let again = shell.run("backup").expect(0).lines();
    assert_eq!([&again[0]["added"], &again[0]["updated"], &again[0]["deleted"]], [0, 0, 0]);
    let users = spoil(&tenant);
    let live = shell.run("diff latest live --types user").expect(0);
    assert_eq!(live.lines().len(), 5, "{}", live.stdout);
    assert_eq!(shell.run("backups").expect(0).lines().len(), 2, "a reading is no backup");
    let shown = shell.run(&format!("show {} --at live", users[0])).expect(0).lines();
    assert_eq!(shown[0]["department"], "Spoilt");
    let asked =
        shell.run_words(["query", "users('live') | where department == 'Spoilt' | count"].into_iter(), "");
    assert_eq!(asked.expect(0).stdout, "{\"Count\":5}\n");
    let typed = "users('live') | where department == 'Spoilt' | count\n";
    let conversed = shell.run_words(["repl", "-o", "ndjson"].into_iter(), typed);
    assert_eq!(conversed.expect(0).stdout, "{\"Count\":5}\n");
    let conversed = shell.run_words(["repl", "-o", "ndjson", "--read-only"].into_iter(), typed);
    assert_eq!(conversed.expect(0).stdout, "{\"Count\":5}\n");
    let plan =
        shell.run("plan latest live --types user --attributes department --out plan.json").expect(0).lines();
    assert_eq!(plan[0]["steps"].as_array().unwrap().len(), 5);
    shell.run("plan show plan.json -o table").expect(0);
    shell.run("apply plan.json --rehearse").expect(0);
    assert!(
        tenant.server.object("user", &users[0]).unwrap().contains("Spoilt"),
        "a rehearsal changes nothing"
    );
    let refused = shell.run("apply plan.json").expect(3);
    assert_eq!(refused.error()["code"], "notConfirmed");
    let done = shell.run("apply plan.json --yes --reason test").expect(0).lines();
    assert_eq!((&done[0]["status"], &done[0]["modifiedObjects"]), (&"completed".into(), &5.into()));
    assert!(!tenant.server.object("user", &users[0]).unwrap().contains("Spoilt"));
    let id = done[0]["id"].as_str().unwrap();
    assert_eq!(shell.run("recoveries").expect(0).lines()[0]["id"], id);
    let shown = shell.run(&format!("recovery show {id}")).expect(0).lines().remove(0);
    assert_eq!(
        (&shown["id"], &shown["remaining"], &shown["reason"]),
        (&id.into(), &0.into(), &"test".into())
    );
    let steps = shown["steps"].as_array().unwrap();
    assert!(steps.len() == 5 && steps.iter().all(|step| step["status"] == "done"), "{steps:?}");
    let head = shell.run(&format!("recovery show {id} -o table")).expect(0).stdout;
    assert!(head.contains("completed") && head.contains("read again, nothing differs"), "{head}");
    let again = shell.run("apply plan.json --yes").expect(0);
    assert!(again.stderr.contains("applied to its end"), "{}", again.stderr);
    let tables = shell.run_words(["query", "recoveries | project status, modifiedObjects"].into_iter(), "");
    assert_eq!(tables.expect(0).stdout, "{\"status\":\"completed\",\"modifiedObjects\":5}\n");
    shell.run(&format!("recovery undo {id} --yes")).expect(0);
    assert!(tenant.server.object("user", &users[0]).unwrap().contains("Spoilt"));
    shell.run("verify --deep").expect(0);
}

#[test]
fn a_query_that_ends_in_recover_becomes_a_plan() {
    let tenant = tenant();
    let shell = shell_of(&tenant);
    shell.run("backup").expect(0);
    let users = spoil(&tenant);
    shell.run("backup").expect(0);
    let query = format!(
        "diff('latest~1', 'latest') | where id == '{}' | recover attributes = (department)",
        users[1]
    );
    shell.write("one.kql", &query);
    let plan = shell.run("plan -f one.kql --out plan.json").expect(0).lines();
    let steps = plan[0]["steps"].as_array().unwrap();
    assert_eq!((steps.len(), &steps[0]["object"]["id"]), (1, &users[1].as_str().into()));
    shell.write("none.kql", "users | count");
    shell.run("plan -f none.kql").expect(2);
}

#[test]
fn plans_that_were_edited_and_readers_are_refused() {
    let tenant = tenant();
    let mut shell = shell_of(&tenant);
    shell.run("backup").expect(0);
    spoil(&tenant);
    shell.run("backup").expect(0);
    shell.run("plan latest~1 latest --out plan.json").expect(0);
    let path = shell.folder.path().join("plan.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(shell.folder.path().join("edited.json"), text.replace("Spoilt", "Spoiled")).unwrap();
    assert_eq!(shell.run("apply edited.json --yes").expect(3).error()["code"], "planEdited");
    assert_eq!(shell.run("apply plan.json --yes --read-only").expect(3).error()["code"], "readOnly");
    let store = shell.folder.path().join("entrasnap.store");
    std::fs::write(store.join("config.json"), r#"{"profile": "reader"}"#).unwrap();
    assert_eq!(shell.run("apply plan.json --yes").expect(3).error()["code"], "readOnly");
    std::fs::write(store.join("config.json"), r#"{"profil": "reader"}"#).unwrap();
    shell.run("apply plan.json --yes").expect(2);
    std::fs::remove_file(store.join("config.json")).unwrap();
    let before = shell.store();
    shell.run("plan latest~1 live --read-only --out other.json").expect(0);
    assert!(shell.store() == before, "--read-only writes nothing to the store");
    shell.run("apply plan.json --yes --allow nonsense").expect(2);
    shell.variables.retain(|(name, _)| *name != "AZURE_CLIENT_SECRET");
    let missing = shell.run("backup").expect(2);
    assert!(missing.stderr.contains("AZURE_CLIENT_SECRET"), "{}", missing.stderr);
}

#[test]
fn a_plan_is_bound_to_the_hash_that_was_read_to_signatures_and_to_guards_told_first() {
    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK+7dTinEa9GD/H4p32GKFDH9kRaxMLji6iYV4sreK97";
    let tenant = tenant();
    let shell = shell_of(&tenant);
    shell.run("backup").expect(0);
    let users = spoil(&tenant);
    shell.run("backup").expect(0);
    let plan = shell.run("plan latest~1 latest --out plan.json").expect(0).lines().remove(0);
    let hash = plan["hash"].as_str().unwrap();
    let shown = shell.run("plan show plan.json -o table").expect(0).stdout;
    assert!(shown.contains(&format!("Hash {hash}")), "{shown}");
    let other = shell.run("apply plan.json --yes --hash 0123456789abcdef").expect(3);
    assert_eq!(other.error()["code"], "planHash");
    shell.run("apply plan.json --yes --accept-unsealed").expect(2);
    let config = shell.folder.path().join("entrasnap.store/config.json");
    let signed = format!(r#"{{"plan": {{"signatures": {{"required": 1, "keys": ["{KEY} ann"]}}}}}}"#);
    std::fs::write(&config, signed).unwrap();
    let unsigned = shell.run("apply plan.json --yes").expect(3);
    assert!(unsigned.stderr.contains("needs 1 of the signatures"), "{}", unsigned.stderr);
    shell.write("key", "no key");
    let odd = shell.run("plan sign plan.json --key key").expect(1);
    assert!(odd.stderr.contains("ssh-keygen"), "{}", odd.stderr);
    shell.run("plan sign plan.json").expect(2);
    // Nobody is asked, and yet the guard is told: it stands before the question.
    std::fs::write(&config, r#"{"limits": {"tooManyObjects": 2}}"#).unwrap();
    let guarded = shell.run("apply plan.json").expect(3);
    assert!(guarded.stderr.contains("too-many"), "{}", guarded.stderr);
    let asked = shell.run("apply plan.json --allow too-many").expect(3);
    assert_eq!(asked.error()["code"], "notConfirmed");
    assert!(
        asked.stderr.contains("guard too-many, allowed") && asked.stderr.contains(hash),
        "{}",
        asked.stderr
    );
    assert!(tenant.server.object("user", &users[0]).unwrap().contains("Spoilt"));
    let line = format!("apply plan.json --yes --allow too-many --hash {}", &hash[..16]);
    assert_eq!(shell.run(&line).expect(0).lines()[0]["status"], "completed");
    let nothing = shell.run("plan latest latest --out none.json").expect(0).lines().remove(0);
    assert_eq!(nothing["steps"].as_array().unwrap().len(), 0);
    let done = shell.run("apply none.json").expect(0);
    assert!(done.stderr.contains("nothing is to be done"), "{}", done.stderr);
}

#[test]
fn what_may_not_be_read_is_a_warning_and_a_wrong_secret_is_never_told() {
    let tenant = tenant();
    let mut shell = shell_of(&tenant);
    tenant.set_faults("403=device");
    let warned = shell.run("backup").expect(4);
    assert!(warned.stderr.contains("Device.Read.All"), "{}", warned.stderr);
    let secret = "not-the-secret-of-this-tenant";
    for (name, value) in &mut shell.variables {
        if *name == "AZURE_CLIENT_SECRET" {
            secret.clone_into(value);
        }
    }
    let refused = shell.run("backup -v").expect(1);
    assert!(!refused.stderr.contains(secret) && !refused.stdout.contains(secret));
    assert_eq!(refused.error()["code"], "signIn");
}

#[test]
fn permissions_are_the_least_and_setup_is_a_script() {
    let shell = Shell::new();
    let read = shell.run("permissions backup --types user,group").expect(0).lines();
    let names: Vec<&str> = read.iter().map(|row| row["permission"].as_str().unwrap()).collect();
    let own = ["CustomSecAttributeAssignment.Read.All", "User-LifeCycleInfo.Read.All"];
    assert_eq!(names, [own[0], "Group.Read.All", own[1], "User.Read.All"]);
    let write = shell.run("permissions apply --types user").expect(0).stdout;
    assert!(write.contains("User.ReadWrite.All") && write.contains("User.DeleteRestore.All"));
    shell.run("permissions nothing").expect(2);
    let script = shell.run("setup").expect(0).stdout;
    assert!(script.starts_with("#!/usr/bin/env bash") && !script.to_lowercase().contains("password="));
}

#[test]
fn what_no_step_undoes_is_told_at_the_end_and_by_the_exit_status() {
    let tenant = tenant();
    let shell = shell_of(&tenant);
    let users = objects(&tenant, "user");
    let synced = users.iter().find(|user| user["onPremisesSyncEnabled"] == true).expect("a synced user");
    let (id, department) = (synced["id"].as_str().unwrap(), &synced["department"]);
    shell.run("backup").expect(0);
    spoil(&tenant);
    set(&tenant, "user", id, &json!({"department": "Elsewhere"}));
    shell.run("backup").expect(0);
    let plan = "plan latest~1 latest --types user --attributes department --out plan.json";
    assert_eq!(shell.run(plan).expect(0).lines()[0]["skipped"].as_array().unwrap().len(), 1);
    let done = shell.run("apply plan.json --yes").expect(4).lines().remove(0);
    assert_eq!(
        [&done["status"], &done["modifiedObjects"], &done["notUndone"], &done["remaining"]],
        [&json!("completed"), &json!(5), &json!(1), &json!(1)]
    );
    shell.run("apply plan.json --yes").expect(4);
    let recovery = done["id"].as_str().unwrap();
    let shown = shell.run(&format!("recovery show {recovery}")).expect(0).lines().remove(0);
    let left = &shown["remainingSteps"][0];
    assert_eq!((&left["step"], &left["object"]["id"]), (&json!(""), &json!(id)));
    assert_eq!(left["what"], "department: not undone: synced from on-premises");
    let head = shell.run(&format!("recovery show {recovery} -o table")).expect(0).stdout;
    assert!(head.contains("completed, 1 change not undone"), "{head}");
    // Once the other directory has put it back, nothing of what was chosen differs, and that is what is told.
    shell.run(&format!("recovery undo {recovery} --yes")).expect(0);
    set(&tenant, "user", id, &json!({"department": department}));
    shell.run(plan).expect(0);
    let done = shell.run("apply plan.json --yes").expect(0).lines().remove(0);
    assert_eq!([&done["notUndone"], &done["remaining"]], [&json!(0), &json!(0)]);
}
