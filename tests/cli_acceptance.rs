//! Tests of what scripts and hasty people rely on: names, points, refusals, exit statuses, damage.

use std::fs;

use crate::cli_commands::Shell;

const ASSIGNMENT: &str = r##"{"@odata.type":"#microsoft.graph.appRoleAssignment","id":"a1","principalId":"p1","resourceId":"r1","appRoleId":"x"}
"##;
const OTHER_ASSIGNMENT: &str = r##"{"@odata.type":"#microsoft.graph.appRoleAssignment","id":"a2","principalId":"p2","resourceId":"r1","appRoleId":"x"}
"##;

impl Shell {
    fn put(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn path_in_store(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("entrasnap.store").join(name)
    }
}

#[test]
fn a_relation_object_is_found_by_the_id_that_a_difference_shows() {
    let shell = Shell::new();
    shell.write("one.ndjson", ASSIGNMENT);
    shell.write("two.ndjson", OTHER_ASSIGNMENT);
    shell.run("import one.ndjson").expect(0);
    shell.run("import two.ndjson").expect(0);
    let gone = shell.run("diff latest~1 --ids a1").expect(0).lines();
    assert_eq!((gone.len(), &gone[0]["change"]), (1, &"hardDeleted".into()));
    assert_eq!(shell.run("diff latest~1 --ids a2").expect(0).lines()[0]["change"], "added");
    shell.run("show a1 --at latest~1").expect(0);
}

#[test]
fn what_is_gone_still_has_its_history_by_name() {
    let shell = Shell::with_two_days();
    let rows = shell.run("history Bob").expect(0).lines();
    let told: Vec<_> = rows.iter().map(|row| [&row["change"], &row["kind"]]).collect();
    assert_eq!(told, [["added", "object"], ["deleted", "object"], ["deleted", "lostIncomingLink"]]);
}

#[test]
fn a_slip_of_the_hand_is_answered_with_the_nearest_name() {
    let shell = Shell::with_two_days();
    for (typed, nearest) in [("Anm", "nearest: Ann"), ("Cyd", "nearest: Cid"), ("u4", "nearest: u1, u3")] {
        assert_eq!(shell.run(&format!("show {typed}")).expect(1).error()["help"], nearest, "{typed}");
    }
}

#[test]
fn types_and_points_are_read_in_any_case() {
    let shell = Shell::with_two_days();
    for types in ["User", "users", "USERS", "#microsoft.graph.user"] {
        assert_eq!(shell.run(&format!("diff latest~1 --types {types}")).expect(0).lines().len(), 3);
    }
    let newest = shell.run("backups").lines()[1]["id"].as_str().unwrap().to_uppercase();
    for point in ["LATEST", "Latest~0", &newest, &newest[..6]] {
        shell.run(&format!("show Ann --at {point}")).expect(0);
    }
    shell.run("show Ann --at latest~99999999999").expect(1);
    shell.run("show Ann --at latest~-1").expect(2);
}

#[test]
fn data_of_another_tenant_is_refused_with_its_file() {
    let shell = Shell::new();
    let user = r##"{"@odata.type":"#microsoft.graph.user","id":"u1"}"##;
    let organization = |id| format!(r##"{{"@odata.type":"#microsoft.graph.organization","id":"{id}"}}"##);
    shell.write("ours.ndjson", &format!("{user}\n{}\n", organization("t1")));
    shell.write("theirs.ndjson", &format!("{user}\n{user}\n{}\n", organization("t2")));
    shell.put("Export/Organization/Organization.json", r#"{"id":"t2"}"#);
    shell.run("import ours.ndjson").expect(0);
    let before = shell.store();
    let error = shell.run("import theirs.ndjson").expect(3).error();
    assert_eq!((&error["code"], &error["line"]), (&"otherTenant".into(), &3.into()));
    assert!(error["file"].as_str().unwrap().ends_with("theirs.ndjson"), "{error}");
    let error = shell.run("import Export").expect(3).error();
    assert!(error["file"].as_str().unwrap().ends_with("Organization.json"), "{error}");
    assert_eq!(shell.store(), before);
}

#[test]
fn only_what_was_not_taken_as_it_stands_ends_with_warnings() {
    let shell = Shell::new();
    let assignment = r#"{"id":"a1","principalId":"s1","resourceId":"s2","appRoleId":"x"}"#;
    shell.put("Export/ServicePrincipals/s1/s1.json", r#"{"id":"s1"}"#);
    shell.put("Export/ServicePrincipals/s2/s2.json", r#"{"id":"s2"}"#);
    shell.put("Export/ServicePrincipals/s1/AppRoleAssignments/a1/a1.json", assignment);
    shell.put("Export/ServicePrincipals/s2/AppRoleAssignedTo/a1/a1.json", assignment);
    shell.put("Export/readme.txt", "not data");
    let summary = shell.run("import Export").expect(0).lines();
    assert_eq!(summary[0]["warnings"].as_array().unwrap().len(), 1, "{}", summary[0]);
    shell.write("twice.ndjson", "{\"id\":\"u1\"}\n{\"id\":\"u1\"}\n");
    let summary = shell.run("import twice.ndjson --type user").expect(4).lines();
    assert_eq!(summary[0]["warnings"][0]["count"], 1);
}

#[test]
fn a_misspelt_complete_deletes_nothing() {
    let shell = Shell::with_two_days();
    for (name, found) in [("usr", "no type \"usr\""), ("group.member", "no relation \"member\" of group")] {
        let refused = shell.run(&format!("import tuesday.ndjson --complete {name}")).expect(2);
        assert_eq!(refused.error()["message"], found);
    }
    shell.run("import tuesday.ndjson --complete user,group.members").expect(0);
}

#[test]
fn an_error_line_says_what_is_missing() {
    let error = Shell::new().run("history").expect(2).error();
    assert_eq!(error["message"], "the following required arguments were not provided: <OBJECT>");
}

#[test]
fn explain_names_what_was_ignored() {
    let shell = Shell::new();
    let user = |day| format!(r#"{{"id":"u1","onPremisesLastSyncDateTime":"2026-11-{day}T00:00:00Z"}}"#);
    shell.write("user.ndjson", &user(16));
    shell.run("import user.ndjson").expect(0);
    shell.write("user.ndjson", &user(17));
    shell.run("import user.ndjson").expect(0);
    let all = shell.run("diff latest~1 --all").expect(0).lines();
    assert_eq!((&all[0]["attributeCount"], &all[0]["recoveryAction"]), (&1.into(), &"none".into()));
    let answer = shell.run("diff latest~1 --explain --exit-code").expect(0);
    assert!(
        answer.stderr.contains("user: onPremisesLastSyncDateTime differs in 1 object"),
        "{}",
        answer.stderr
    );
}

#[test]
fn a_group_that_lost_its_last_member_lost_it_although_its_own_file_is_the_same() {
    let shell = Shell::new();
    for (id, member) in [("g1", true), ("g2", false)] {
        shell.put(&format!("Export/Groups/{id}/{id}.json"), &format!(r#"{{"id":"{id}"}}"#));
        if member {
            shell.put(&format!("Export/Groups/{id}/Members/u1/u1.json"), r#"{"id":"u1"}"#);
        }
    }
    shell.run("import Export").expect(0);
    fs::remove_dir_all(shell.folder.path().join("Export/Groups/g1/Members")).unwrap();
    shell.put("Export/Groups/g2/Members/u1/u1.json", r#"{"id":"u1"}"#);
    shell.run("import Export").expect(0);
    let rows = shell.run("diff latest~1").expect(0).lines();
    let changes: Vec<_> = rows.iter().map(|row| (&row["id"], &row["links"][0]["change"])).collect();
    assert_eq!(changes, [(&"g1".into(), &"removed".into()), (&"g2".into(), &"added".into())]);
}

#[test]
fn verify_names_a_missing_file_and_ignores_foreign_ones() {
    let shell = Shell::with_two_days();
    shell.run("report create latest~1 --name kept").expect(0);
    fs::write(shell.path_in_store("journals/foreign.log"), "not ours").unwrap();
    fs::write(shell.path_in_store("segments/foreign.seg"), "not ours").unwrap();
    shell.run("verify --deep").expect(0);
    let journal = shell.path_in_store("journals/reports.log");
    let whole = fs::read(&journal).unwrap();
    fs::write(&journal, [&whole[..], b"x"].concat()).unwrap();
    assert_eq!(shell.run("verify --deep").expect(1).lines()[0]["errors"][0]["file"], "journals/reports.log");
    fs::write(&journal, whole).unwrap();
    fs::remove_file(shell.path_in_store("store.json")).unwrap();
    assert_eq!(shell.run("verify").expect(1).lines()[0]["errors"][0]["file"], "store.json");
}
