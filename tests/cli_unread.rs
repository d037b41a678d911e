//! What the command line says of what was not read: every format, every exit status, plans, reports and queries.

use serde_json::{Value, json};

use crate::cli_commands::Shell;
use crate::cli_recovery::{shell_of, tenant};

const USERS: &str = r##"{"@odata.type":"#microsoft.graph.user","id":"abcdef00-0000-0000-0000-00000000000a","displayName":"Ann"}
"##;
const GROUP: &str = r##"{"@odata.type":"#microsoft.graph.group","id":"abcdef00-0000-0000-0000-00000000001a","displayName":"G","members":["abcdef00-0000-0000-0000-00000000000a"]}
"##;

/// A store whose first import has no groups, and whose second has one.
fn shell() -> Shell {
    let shell = Shell::new();
    shell.write("users.ndjson", USERS);
    shell.write("all.ndjson", &format!("{USERS}{GROUP}"));
    shell.run("import users.ndjson --taken-at 2026-11-16").expect(0);
    shell.run("import all.ndjson --taken-at 2026-11-17").expect(0);
    shell
}

fn last_line(text: &str) -> Value {
    serde_json::from_str(text.lines().last().expect("a line")).expect(text)
}

#[test]
fn what_the_first_import_did_not_have_is_named_and_never_new() {
    let shell = shell();
    let expected = json!({"unread": [
        {"type": "group", "since": null, "reason": "in no import", "side": "from", "objects": 1}
    ]});
    for line in [
        "diff latest~1",
        "diff latest~1 --exit-code -q",
        "diff latest~1 --types group -q",
        "diff latest~1 -o json",
    ] {
        let is_verdict = line.contains("--");
        let answer = shell.run(line).expect(if is_verdict { 4 } else { 0 });
        assert!(["", "[]"].contains(&answer.stdout.trim()), "{line}: {}", answer.stdout);
        assert_eq!(last_line(&answer.stderr), expected, "{line}");
    }
    assert!(!shell.run("diff latest~1 -q").expect(0).stderr.contains("unread"));
    shell.run("diff latest~1 --types user --exit-code").expect(0);
    shell.run("diff latest~1 --ids abcdef00-0000-0000-0000-00000000000a").expect(0);
    shell.run("diff latest~1 --ids abcdef00-0000-0000-0000-00000000001a").expect(4);
    for format in ["table", "md", "html", "csv"] {
        let answer = shell.run(&format!("diff latest~1 --exit-code -q -o {format}")).expect(4);
        assert!(
            answer.stderr.starts_with("warning: not read at FROM: group (in no import"),
            "{}",
            answer.stderr
        );
        let is_told = answer.stdout.contains("not read at FROM: group");
        assert_eq!(is_told, format != "csv", "{}", answer.stdout);
    }
}

#[test]
fn a_difference_that_is_found_keeps_its_status_and_names_what_was_not_read() {
    let shell = shell();
    shell.write("moved.ndjson", &format!("{}{GROUP}", USERS.replace("Ann", "Anna")));
    shell.run("import moved.ndjson --taken-at 2026-11-18").expect(0);
    let answer = shell.run("diff latest~2 --exit-code").expect(10);
    assert_eq!(answer.lines().len(), 1);
    assert_eq!(last_line(&answer.stderr)["unread"][0]["type"], "group");
    let known = shell.run("diff latest~1 --exit-code").expect(10);
    assert!(!known.stderr.contains("unread"), "{}", known.stderr);
}

#[test]
fn plans_reports_and_queries_name_what_was_not_read() {
    let shell = shell();
    let plan = shell.run("plan latest~1 latest --soft-delete --hard-delete").expect(0).lines();
    assert_eq!((&plan[0]["steps"], &plan[0]["skipped"]), (&json!([]), &json!([])));
    assert_eq!(plan[0]["unread"][0]["type"], "group");
    for format in ["table", "md", "html"] {
        let page = shell.run(&format!("plan latest~1 latest -o {format}")).expect(0).stdout;
        assert!(page.contains("not read at FROM: group"), "{format}: {page}");
    }
    shell.run("report create latest~1 --name monday").expect(0);
    let report = shell.run("report show monday -o json").expect(0);
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!((&report["unread"][0]["reason"], &report["changes"]), (&json!("in no import"), &json!([])));
    let page = shell.run("report show monday -o html").expect(0).stdout;
    assert!(page.contains("not read at FROM: group"), "{page}");
    for (query, is_told) in [
        ("groups('latest~1')|count", true),
        ("groups|count", false),
        ("users('latest~1')|count", false),
        ("links('latest~1')|count", true),
        ("diff('latest~1','latest')|count", true),
        ("changes('latest~1')|count", true),
    ] {
        let answer = shell.run(&format!("query {query}")).expect(0);
        assert_eq!(answer.stderr.contains("group (in no import"), is_told, "{query}: {}", answer.stderr);
    }
    let history = shell.run("history G").expect(0).lines();
    assert_eq!((history.len(), &history[0]["change"]), (1, &json!("added")));
}

#[test]
fn an_id_under_two_types_has_both_histories() {
    let shell = Shell::new();
    let id = "abcdef00-0000-0000-0000-00000000002a";
    let template =
        json!({"@odata.type": "#microsoft.graph.directoryRoleTemplate", "id": id, "displayName": "T"});
    let definition =
        json!({"@odata.type": "#microsoft.graph.unifiedRoleDefinition", "id": id, "displayName": "D"});
    for (day, name) in [(16, "D"), (17, "E")] {
        let definition = definition.to_string().replace("\"D\"", &format!("\"{name}\""));
        shell.write("day.ndjson", &format!("{template}\n{definition}\n"));
        shell.run(&format!("import day.ndjson --taken-at 2026-11-{day}")).expect(0);
    }
    let rows = shell.run(&format!("history {id}")).expect(0).lines();
    let shown: Vec<(&str, &str)> = (rows.iter().filter(|row| row["kind"] == "object"))
        .map(|row| (row["type"].as_str().unwrap(), row["change"].as_str().unwrap()))
        .collect();
    let both =
        [("directoryRoleTemplate", "added"), ("roleDefinition", "added"), ("roleDefinition", "updated")];
    assert_eq!(shown, both);
    let query = format!("query history('2026-11-15','latest','{id}')|where(kind=='object')|count");
    assert_eq!(shell.run(&query).expect(0).lines()[0]["Count"], 3);
}

#[test]
fn a_plan_removes_nothing_of_types_that_were_left_out_of_from() {
    let tenant = tenant();
    let shell = shell_of(&tenant);
    shell.run("backup --types user").expect(0);
    shell.run("backup").expect(0);
    let plan = shell.run("plan latest~1 latest --soft-delete --hard-delete").expect(0).lines();
    assert_eq!(plan[0]["steps"], json!([]));
    let unread = plan[0]["unread"].as_array().unwrap();
    let group = unread.iter().find(|lack| lack["type"] == "group").expect("groups were left out");
    assert!(group["since"].is_null() && group["objects"].as_u64() > Some(0), "{group}");
    shell.run("backup --types user").expect(0);
    let marked = shell.run("diff latest~1 latest --types group -q").expect(4);
    assert_eq!(last_line(&marked.stderr)["unread"][0]["reason"], "left out of this backup");
}

#[test]
fn a_bin_that_the_tenant_does_not_have_is_told_and_fails_no_verdict() {
    let tenant = tenant();
    let shell = shell_of(&tenant);
    tenant.set_faults("no-bin=device");
    shell.run("backup --full").expect(0);
    shell.run("backup --full").expect(0);
    let answer = shell.run("diff latest~1 --exit-code").expect(0);
    let told = &last_line(&answer.stderr)["unread"][0];
    assert_eq!(told["type"], "device");
    assert_eq!(told["reason"], "the recycle bin: the tenant does not have one for this type");
}
