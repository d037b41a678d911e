//! What the program does besides keeping and comparing backups: twin, demo, manual, log, and what it refuses.

use super::*;

#[test]
fn the_twin_says_how_to_reach_it_and_ends_when_told() {
    let shell = Shell::new();
    shell.interrupt.ask();
    let answer = shell.run("twin --objects 100 -q").expect(0);
    let names: Vec<&str> = answer.stdout.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    let azure =
        ["TENANT_ID", "CLIENT_ID", "CLIENT_SECRET", "AUTHORITY_HOST"].map(|name| format!("AZURE_{name}"));
    assert_eq!(names[..4], azure);
    assert_eq!(names[4..], ["ENTRASNAP_GRAPH_ENDPOINT"]);
    assert!(answer.stderr.is_empty(), "{}", answer.stderr);

    let shell = Shell::with_two_days();
    shell.interrupt.ask();
    let secret = shell.run("twin --from latest~1").expect(0);
    assert!(secret.stderr.contains("serving") && secret.stderr.contains("2026-11-16"), "{}", secret.stderr);
    let line = secret.stdout.lines().nth(2).unwrap();
    assert!(!secret.stderr.contains(line.split_once('=').unwrap().1));
    let refused = shell.run("twin --from latest~7").expect(1);
    assert_eq!(refused.error()["code"], "noBackup");
}

#[test]
fn verbs_not_built_are_refused_by_name() {
    let shell = Shell::new();
    for verb in ["prune", "store"] {
        let answer = shell.run(&format!("{verb} --whatever x")).expect(1);
        assert!(answer.stderr.contains(&format!("`{verb}` is not built yet")), "{verb}");
        assert_eq!(answer.error()["code"], "notBuilt");
    }
}

#[test]
fn a_query_is_checked_without_a_store() {
    let shell = Shell::new();
    shell.write("good.kql", "users | where department == \"Sales\" | count");
    shell.run("query --check -f good.kql").expect(0);
    let answer = shell.run_with("query --check -f -", "users\n| mv-apply x").expect(2);
    let error = answer.error();
    assert_eq!((&error["code"], &error["line"]), (&"query".into(), &2.into()), "{error}");
    assert_eq!(error["span"]["offset"], 8);
    assert!(answer.stdout.is_empty());
}

#[test]
fn the_demo_tells_its_story() {
    let shell = Shell::new();
    let story = shell.run("demo --objects 300 --seed 7").expect(0).stdout;
    for typed in [
        "backup --note before",
        "diff latest~1 --summary",
        "findings latest~1",
        "query ",
        "plan ",
        "apply plan.json --rehearse",
        "apply plan.json --yes",
        "recovery undo ",
        "verify --deep",
    ] {
        assert!(story.contains(&format!("$ entrasnap {typed}")), "{typed}\n{story}");
    }
    assert!(story.contains("-> \"Legal\""), "what was changed rightly stays: {story}");
    assert_eq!(std::fs::read_dir(shell.folder.path()).unwrap().count(), 0);
}

#[test]
fn what_is_said_is_logged_too() {
    let shell = Shell::with_two_days();
    shell.run("diff latest~1 -q --log run.log").expect(0);
    shell.run("diff latest~9 -q --log run.log").expect(1);
    let log = std::fs::read_to_string(shell.folder.path().join("run.log")).unwrap();
    let levels: Vec<Value> =
        log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["level"].clone()).collect();
    assert_eq!(levels, ["note", "error"]);
}

#[test]
fn manual_and_completions_are_written() {
    let shell = Shell::new();
    let files = shell.run("man manual").expect(0).lines();
    assert!(files.iter().any(|row| row["file"] == "entrasnap-diff.1"), "{files:?}");
    assert!(!files.iter().any(|row| row["file"] == "entrasnap-prune.1"));
    assert!(shell.run("completions bash").expect(0).stdout.contains("entrasnap"));
}

#[test]
fn the_examples_of_the_help_work_when_pasted() {
    let shell = Shell::new();
    for verb in [
        "import",
        "backups",
        "show",
        "history",
        "diff",
        "findings",
        "report create",
        "report list",
        "report show",
        "report delete",
        "report",
        "export",
        "verify",
        "stats",
        "reindex",
        "query",
        "repl",
        "completions",
        "man",
    ] {
        let help = shell.run(&format!("{verb} --help")).expect(0).stdout;
        let example = help.rsplit("Example:\n").next().and_then(|after| after.lines().next()).expect(verb);
        let (before, typed) = example.split_once("entrasnap ").expect(verb);
        let stdin = before.trim().trim_start_matches("echo '").trim_end_matches("' |");
        // Words of a quoted text are joined, as this shell splits at every blank.
        let typed: Vec<&str> = typed.split('\'').collect();
        let args = typed.iter().enumerate().flat_map(|(index, part)| match index % 2 {
            0 => part.split_whitespace().collect(),
            _ => vec![*part],
        });
        shell.run_words(args, stdin).expect(0);
    }
}

#[test]
fn a_verb_of_another_program_is_told_what_does_it_here() {
    let shell = Shell::new();
    for (verb, instead) in [
        ("restore", "plan POINT"),
        ("log", "backups"),
        ("list", "backups"),
        ("init", "first"),
        ("status", "live"),
    ] {
        let answer = shell.run(verb).expect(2);
        let error = answer.error();
        assert_eq!(error["message"], format!("there is no verb `{verb}`"));
        assert!(
            error["help"].as_str().is_some_and(|help| help.contains(instead)),
            "{verb}: {}",
            answer.stderr
        );
    }
}

#[test]
fn objects_of_one_name_are_told_apart_and_what_one_is_a_member_of_is_shown() {
    let shell = Shell::new();
    shell.write(
        "day.ndjson",
        r##"{"@odata.type":"#microsoft.graph.user","id":"u1","displayName":"Sam","userPrincipalName":"sam@example.org"}
{"@odata.type":"#microsoft.graph.application","id":"a1","displayName":"Sam","appId":"c1"}
{"@odata.type":"#microsoft.graph.group","id":"g1","displayName":"Staff","members":["u1"],"owners":["u1"]}
"##,
    );
    shell.run("import day.ndjson --taken-at 2026-11-16").expect(0);
    for line in ["show Sam", "history Sam"] {
        let error = shell.run(line).expect(1).error();
        let help = error["help"].as_str().unwrap();
        assert!(help.contains("u1  user: Sam, userPrincipalName sam@example.org"), "{line}: {help}");
        assert!(help.contains("a1  application: Sam, appId c1"), "{line}: {help}");
    }
    let shown = shell.run("show u1 -o table").expect(0).stdout;
    assert!(
        shown.ends_with("  in members of (1)\n    group Staff g1\n  in owners of (1)\n    group Staff g1\n"),
        "{shown}"
    );
    assert!(!shell.run("show a1 -o table").expect(0).stdout.contains(" of ("));
}
