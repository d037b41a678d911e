//! The rules of findings: each on small tenants of its own, with what it must find and what it must not; the table, the verb.
//!
//! Each `findings/RULE.ndjson` has a case a line: objects that stand on `both` sides, those of `from` and of `to`, and what is
//! `found`. A case in which nothing is found is a near miss.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::{BackupDetails, schema};
use query::{Limits, PointArgument, ResolvedPoint, Rules, Severity, StoreTables};
use serde_json::{Value, json};
use tests::Shelf;
use tests::shelf::{back_up_with, details};

use crate::cli_commands::Shell;
use crate::query_rows::{refusals, rows, run, tables};

/// What a case finds: severity, ID and sentence.
type Found = Vec<(String, String, String)>;

fn cases(rule: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("findings");
    let text = fs::read_to_string(folder.join(format!("{rule}.ndjson"))).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The objects of a side as Graph writes them.
fn objects(case: &Value, side: &str) -> Vec<String> {
    let all = ["both", side].into_iter().filter_map(|name| case[name].as_array()).flatten();
    all.map(|object| {
        let mut object = object.clone();
        let token = object["type"].take();
        object.as_object_mut().unwrap().remove("type");
        object["@odata.type"] = format!("#microsoft.graph.{}", token.as_str().unwrap()).into();
        object.to_string()
    })
    .collect()
}

/// A store with both sides, each of them complete.
fn tenant(case: &Value) -> StoreTables {
    let mut store = Shelf::default().create().unwrap();
    for (day, side) in (0..).zip(["from", "to"]) {
        let complete = schema::types().map(|found| found.token.to_owned()).collect();
        back_up_with(&mut store, BackupDetails { complete, ..details(day) }, &objects(case, side)).unwrap();
    }
    tables(&Arc::new(store))
}

fn sides(tables: &StoreTables) -> [ResolvedPoint; 2] {
    let backups = tables.store().backups();
    [0, 1].map(|index| ResolvedPoint::new(&PointArgument::latest(), &backups[index]))
}

fn found(rows: &[Value]) -> Found {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let mut found: Found =
        rows.iter().map(|row| (text(row, "severity"), text(row, "id"), text(row, "sentence"))).collect();
    found.sort();
    found
}

#[test]
fn every_rule_finds_what_it_must_and_misses_what_is_near() {
    let mut wrong = Vec::new();
    for rule in Rules::shipped().iter() {
        let cases = cases(&rule.id);
        let is_near_miss = |case: &&Value| case["found"].as_array().unwrap().is_empty();
        let near = cases.iter().filter(is_near_miss).count();
        assert!(near > 0 && near < cases.len(), "{} needs a finding and a near miss", rule.id);
        for case in &cases {
            let tables = tenant(case);
            let query = format!("findings('latest~1', 'latest') | where rule == '{}'", rule.id);
            let rows = rows(&tables, &query);
            let (is, must) = (found(&rows), found(case["found"].as_array().unwrap()));
            if is != must {
                wrong.push(format!("{}, {}:\n  found {is:?}\n  not   {must:?}", rule.id, case["case"]));
            }
            wrong.extend(changes_that_are_none(&tables, &rows));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What rows name as changes and `changes` does not have: those could never be undone.
fn changes_that_are_none(tables: &StoreTables, findings: &[Value]) -> Vec<String> {
    let key = |row: &Value| ["type", "id", "kind", "name", "targetId"].map(|name| row[name].to_string());
    let known: BTreeSet<_> = rows(tables, "changes('latest~1', 'latest')").iter().map(key).collect();
    let undone = findings.iter().flat_map(|row| {
        let own = std::iter::once(row).filter(|row| row["id"] != "");
        own.chain(row["undo"].as_array().unwrap()).map(|change| (&row["sentence"], key(change)))
    });
    undone
        .filter(|(_, key)| !known.contains(key))
        .map(|(sentence, key)| format!("{sentence}: {key:?} is no change"))
        .collect()
}

#[test]
fn every_case_is_of_a_rule() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("findings");
    let names = fs::read_dir(folder).unwrap().map(|entry| PathBuf::from(entry.unwrap().file_name()));
    for name in names {
        let rule = name.file_stem().unwrap().to_str().unwrap();
        assert!(Rules::shipped().get(rule).is_some(), "{rule}");
    }
}

/// Rules whose first cases have no object in common.
const BUSY: [&str; 6] = [
    "conditional-access-disabled",
    "credential-added",
    "domain-added",
    "mass-overwrite",
    "named-location-widened",
    "privileged-role-assigned",
];

/// A day on which much happens.
fn busy() -> StoreTables {
    let first: Vec<Value> = BUSY.iter().map(|rule| cases(rule)[0].clone()).collect();
    let all = |side: &str| {
        let all = first.iter().filter_map(|case| case[side].as_array()).flatten();
        Value::Array(all.cloned().collect())
    };
    tenant(&json!({"both": all("both"), "from": all("from"), "to": all("to")}))
}

#[test]
fn the_gravest_come_first_and_the_same_way_each_time() {
    let tables = busy();
    let [from, to] = sides(&tables);
    let find = || tables.findings([&from, &to], Rules::shipped(), &Limits::default()).unwrap();
    let findings = find();
    assert!(findings.len() > 15, "{}", findings.len());
    let order = |severity: Severity, rule: &str| (std::cmp::Reverse(severity), rule.to_owned());
    assert!(findings.is_sorted_by_key(|finding| order(finding.severity, &finding.rule.id)));
    let shown = |findings: &[query::Finding]| format!("{findings:?}");
    assert_eq!(shown(&findings), shown(&find()));
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(shown(&alone.install(find)), shown(&findings));
    // The same through the table, also when only some of it is needed.
    let table = rows(&tables, "findings('latest~1')");
    assert_eq!(table.len(), findings.len());
    let grave = rows(&tables, "findings('latest~1') | where severity in ('critical', 'high')");
    let is_grave = |row: &&Value| row["severity"] == "critical" || row["severity"] == "high";
    assert_eq!(grave, table.iter().filter(is_grave).cloned().collect::<Vec<_>>());
    assert_eq!(rows(&tables, "findings('latest', 'latest') | count"), [json!({"Count": 0})]);
}

#[test]
fn findings_are_changes_that_can_be_recovered() {
    let tables = tenant(&cases("conditional-access-disabled")[0]);
    let results =
        run(&tables, "findings('latest~1', 'latest') | where severity == 'high' | recover").unwrap();
    let selection = results[0].selection.as_ref().unwrap();
    assert_eq!((selection.source.as_str(), selection.points.len()), ("findings", 2));
    assert_eq!(results[0].row_count(), 2);
}

const OWN: &str = "// id: own\n// title: Own\n// severity: low\n// why: Why.\n// undo: Undo.\n";

#[test]
fn a_rule_cannot_wait_for_itself_and_says_what_it_lacks() {
    let tables = tenant(&cases("guest-added")[0]);
    let [from, to] = sides(&tables);
    let refusal = |query: &str| {
        let mut rules = Rules::shipped().clone();
        rules.add("own.kql", &format!("{OWN}{query}")).unwrap();
        let error = tables.findings([&from, &to], &rules, &Limits::default()).unwrap_err();
        error.to_string()
    };
    let expected = "a rule cannot name `findings`, which runs every rule in the rule own.kql";
    assert_eq!(refusal("findings(from, to)"), expected);
    let expected = "expected a column `sentence`, found none in the rule own.kql";
    assert_eq!(refusal("users(to) | project type = 'user', id"), expected);
    let odd = "users(to) | project type = 'user', id, sentence = 'x', severity = 'odd'";
    let expected =
        "expected a severity, one of critical, high, medium, low, info; found \"odd\" in the rule own.kql";
    assert_eq!(refusal(odd), expected);
    assert_eq!(refusal("print 1; print 2"), "expected one query, found 2 in the rule own.kql");
    assert!(refusal("users(to) | where nothing == 1").starts_with("unknown column"));
    assert_eq!(refusals(&tables, "findings()").len(), 1);
}

#[test]
fn what_was_not_read_is_no_finding_and_is_said() {
    let mut store = Shelf::default().create().unwrap();
    let user = r##"{"@odata.type":"#microsoft.graph.user","id":"u1","displayName":"Ann"}"##;
    let role = r##"{"@odata.type":"#microsoft.graph.unifiedRoleAssignment","id":"a1","principalId":"u1","roleDefinitionId":"62e90394-69f5-4237-9190-012177145e10","directoryScopeId":"/"}"##;
    back_up_with(&mut store, details(0), &[user]).unwrap();
    back_up_with(&mut store, details(1), &[user, role]).unwrap();
    let tables = tables(&Arc::new(store));
    assert_eq!(rows(&tables, "findings('latest~1', 'latest')"), [] as [Value; 0]);
    let notes = tables.take_notes();
    assert!(
        notes.iter().any(|note| note.starts_with("findings: not read at both sides: roleAssignment")),
        "{notes:?}"
    );
}

/// A store in which a guest came, and a policy is no longer enforced.
fn shell() -> Shell {
    let shell = Shell::new();
    let policy = |state: &str| {
        format!(
            r##"{{"@odata.type":"#microsoft.graph.conditionalAccessPolicy","id":"p1","displayName":"Require MFA","state":"{state}"}}"##
        )
    };
    let user = r##"{"@odata.type":"#microsoft.graph.user","id":"u1","displayName":"Ann"}"##;
    let guest =
        r##"{"@odata.type":"#microsoft.graph.user","id":"g1","displayName":"Eve","userType":"Guest"}"##;
    shell.write("monday.ndjson", &format!("{user}\n{}\n", policy("enabled")));
    // Of groups the first file says nothing.
    let group = r##"{"@odata.type":"#microsoft.graph.group","id":"s1","displayName":"Staff"}"##;
    shell.write("tuesday.ndjson", &format!("{user}\n{guest}\n{group}\n{}\n", policy("disabled")));
    shell.run("import monday.ndjson --taken-at 2026-11-16").expect(0);
    shell.run("import tuesday.ndjson --taken-at 2026-11-17").expect(0);
    shell
}

#[test]
fn the_verb_tells_findings_by_risk_and_its_status_is_a_verdict() {
    let mut shell = shell();
    let told = |line: &str, status: u8| -> Vec<String> {
        let lines = shell.run(line).expect(status).lines();
        lines.iter().map(|row| row["rule"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(told("findings", 0), ["conditional-access-disabled", "guest-added"]);
    assert_eq!(told("findings latest~1 latest --severity high", 0), ["conditional-access-disabled"]);
    assert_eq!(told("findings --severity critical", 0), [] as [&str; 0]);
    assert_eq!(told("findings --severity critical --fail-on high", 10), [] as [&str; 0]);
    assert_eq!(told("findings latest latest", 0), [] as [&str; 0]);
    // What happened to groups is not known, so that nothing critical was found says little.
    assert_eq!(told("findings --fail-on critical", 4).len(), 2);
    shell.run("findings --severity grave").expect(2);
    shell.is_terminal = true;
    let answer = shell.run("findings").expect(0).stdout;
    let lines: Vec<&str> = answer.lines().collect();
    assert_eq!(lines[0], "high      The policy Require MFA is disabled, and was enforced");
    assert_eq!(lines[1], "          conditional-access-disabled: conditionalAccessPolicy p1, state");
    assert_eq!(lines.last(), Some(&"2 findings: 1 high, 1 info"));
    assert!(shell.run("findings -v").expect(0).stdout.contains("          undo: Set the state back.\n"));
}

#[test]
fn rules_of_a_folder_add_to_the_shipped_ones() {
    let shell = shell();
    fs::create_dir(shell.folder.path().join("own")).unwrap();
    assert!(shell.run("findings --rules own").expect(2).stderr.contains("expected files `*.kql` in "));
    let query =
        "users(to) | where displayName == 'Eve' | project sentence = 'Eve is here', type = 'user', id";
    shell.write(
        "own/eve.kql",
        &format!("{}{query}", OWN.replace("// severity: low", "// severity: critical")),
    );
    let rows = shell.run("findings --rules own --severity critical").expect(0).lines();
    assert_eq!((&rows[0]["rule"], &rows[0]["sentence"]), (&"own".into(), &"Eve is here".into()));
    let listed = shell.run("findings --list --rules own").expect(0).lines();
    assert_eq!(listed.len(), Rules::shipped().iter().count() + 1);
    shell.write("own/eve.kql", &format!("{OWN}users(to)\n| projct id"));
    let answer = shell.run("findings --rules own").expect(2);
    let error: Value = serde_json::from_str(answer.stderr.lines().last().unwrap()).unwrap();
    assert!(error["error"]["file"].as_str().unwrap().ends_with("eve.kql"), "{error}");
    assert_eq!(error["error"]["line"], 7);
    shell.write("own/eve.kql", &OWN.replace("low", "odd"));
    let answer = shell.run("findings --rules own").expect(2);
    let error: Value = serde_json::from_str(answer.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(error["error"]["line"], 3, "{error}");
}

#[test]
fn the_conversation_lists_and_prints_rules() {
    let shell = Shell::new();
    let listed = shell.run_with("repl", ".rules").expect(0).lines();
    assert_eq!(listed.len(), Rules::shipped().iter().count());
    let answer = shell.run_with("repl", ".rules security-defaults-off").expect(0).stdout;
    assert_eq!(answer, &*Rules::shipped().get("security-defaults-off").unwrap().text);
    assert!(
        shell
            .run_with("repl", ".rules shared/weaker.kql")
            .expect(0)
            .stdout
            .contains("let weaker = datatable")
    );
    assert!(shell.run_with("repl", ".rules nothing").expect(2).stderr.contains("no rule \\\"nothing\\\""));
}
