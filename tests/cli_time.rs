//! What people see of time: backups out of order, days as points, and a full disk behind a finished commit.

use std::io::{Error, ErrorKind, Write};

use crate::cli_commands::Shell;

const ANN: &str =
    r##"{"@odata.type":"#microsoft.graph.user","id":"u1","displayName":"Ann","department":"D"}"##;

/// An output that takes nothing.
struct Full;

impl Write for Full {
    fn write(&mut self, _bytes: &[u8]) -> std::io::Result<usize> {
        Err(Error::from(ErrorKind::StorageFull))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn import(shell: &Shell, department: &str, rest: &str) -> crate::cli_commands::Answer {
    shell.write("day.ndjson", &ANN.replace("\"D\"", &format!("\"{department}\"")));
    shell.run(&format!("import day.ndjson {rest}"))
}

fn with_three_days() -> Shell {
    let shell = Shell::new();
    import(&shell, "Sales", "--taken-at 2026-11-08T08:00:00Z").expect(0);
    import(&shell, "Legal", "--taken-at 2026-11-16T08:00:00Z").expect(0);
    import(&shell, "Ops", "--taken-at 2026-11-12T08:00:00Z --insert").expect(0);
    shell
}

#[test]
fn older_data_is_refused_and_names_both_times_and_the_way_on() {
    let shell = Shell::new();
    import(&shell, "Sales", "--taken-at 2026-11-16").expect(0);
    let files = shell.store();
    let refused = import(&shell, "Legal", "--taken-at 2026-11-15 -o json").expect(3);
    assert_eq!(refused.error()["code"], "outOfOrder");
    for words in ["2026-11-15T00:00:00Z", "2026-11-16T00:00:00Z", "--insert"] {
        assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
    }
    assert_eq!(shell.store(), files);
}

#[test]
fn lists_histories_and_windows_follow_time_whatever_was_committed_last() {
    let shell = with_three_days();
    let backups = shell.run("backups").expect(0).lines();
    let times: Vec<&str> = backups.iter().filter_map(|row| row["takenAt"].as_str()).collect();
    assert_eq!(times, ["2026-11-08T08:00:00Z", "2026-11-12T08:00:00Z", "2026-11-16T08:00:00Z"]);
    assert_eq!(shell.run("show u1").expect(0).lines()[0]["department"], "Legal");
    assert_eq!(shell.run("show u1 --at latest~1").expect(0).lines()[0]["department"], "Ops");
    let values = |answer: &crate::cli_commands::Answer| -> Vec<String> {
        let rows = answer.lines().into_iter().filter(|row| row["kind"] == "attribute");
        rows.map(|row| ["fromValue", "toValue"].map(|side| row[side].as_str().unwrap().to_owned()).join(" "))
            .collect()
    };
    let history = shell.run("history u1").expect(0);
    assert_eq!(values(&history), ["Sales Ops", "Ops Legal"]);
    for (window, expected) in [
        (r#"history("2026-11-08","2026-11-12")"#, vec!["Sales Ops"]),
        (r#"history("2026-11-12","2026-11-16")"#, vec!["Ops Legal"]),
        (r#"changes("2026-11-08","2026-11-16")"#, vec!["Sales Legal"]),
        (r#"history(datetime(2026-11-10),"latest")"#, vec!["Sales Ops", "Ops Legal"]),
    ] {
        let query = format!(r#"{window} | where kind == "attribute""#);
        let answer = shell.run_words(["query", &query].into_iter(), "").expect(0);
        assert_eq!(values(&answer), expected, "{window}");
    }
}

#[test]
fn a_day_is_its_only_backup_and_the_echo_says_what_else_it_means() {
    let shell = with_three_days();
    let alone = shell.run("show u1 --at 2026-11-12").expect(0);
    assert_eq!(alone.lines()[0]["department"], "Ops");
    assert!(!alone.stderr.contains("backups lie in"), "{}", alone.stderr);
    import(&shell, "Board", "--taken-at 2026-11-16T09:00:00Z").expect(0);
    for line in ["show u1 --at 2026-11-16", "diff 2026-11-08 2026-11-16", "query users(\"2026-11-16\")"] {
        let two = shell.run(line).expect(0);
        assert!(two.stderr.contains("because 2 backups lie in that day"), "{line}: {}", two.stderr);
        assert!(two.stdout.contains("Ops"), "{line}: {}", two.stdout);
    }
    let none = shell.run("show u1 --at 2026-11-14").expect(0);
    assert!(none.stderr.contains("no backup lies in 2026-11-14"), "{}", none.stderr);
    let early = shell.run("show u1 --at 2026-11-07").expect(1);
    assert!(early.stderr.contains("`latest~3` names"), "{}", early.stderr);
}

#[test]
fn times_of_one_minute_are_told_apart_and_a_time_to_come_is_warned_of() {
    let shell = Shell::new();
    import(&shell, "Sales", "--taken-at 2026-11-08T08:00:07Z").expect(0);
    import(&shell, "Legal", "--taken-at 2026-11-08T08:00:42Z").expect(0);
    let table = shell.run("backups -o table").expect(0).stdout;
    assert!(table.contains("08:00:07Z") && table.contains("08:00:42Z"), "{table}");
    let future = import(&shell, "Ops", "--taken-at 2999-01-01").expect(4);
    assert!(future.stderr.contains("a time to come"), "{}", future.stderr);
}

#[test]
fn an_output_that_cannot_be_written_does_not_hide_what_is_committed() {
    let shell = Shell::new();
    shell.write("day.ndjson", ANN);
    let answer =
        shell.run_onto("import day.ndjson --taken-at 2026-11-08".split(' '), "", &mut Full).expect(4);
    let backups = shell.run("backups").expect(0).lines();
    let id = backups[0]["id"].as_str().unwrap();
    assert!(answer.stderr.contains(&format!("backup {id} is committed, but")), "{}", answer.stderr);
    import(&shell, "Legal", "--taken-at 2026-11-09").expect(0);
    let answer = shell.run_onto("report create latest~1 --name week".split(' '), "", &mut Full).expect(4);
    assert!(answer.stderr.contains("is committed, but"), "{}", answer.stderr);
    assert_eq!(shell.run("report list").expect(0).lines().len(), 1);
}

#[test]
fn another_writer_is_waited_for_when_that_is_asked() {
    let shell = with_three_days();
    // The path behind `--wait` is a path, and nobody is there to wait for.
    shell.write("day.ndjson", ANN);
    let free = shell.run("import --wait day.ndjson --taken-at 2026-11-17").expect(0);
    assert!(!free.stderr.contains("waiting for"), "{}", free.stderr);
    let path = shell.folder.path().join("entrasnap.store");
    let mut other = engine::Store::open(&path).unwrap();
    let details = engine::BackupDetails::new("other", jiff::Timestamp::UNIX_EPOCH);
    let details = engine::BackupDetails { taken_at: "2026-11-18T00:00:00Z".parse().unwrap(), ..details };
    let writes = other.begin(details).unwrap();
    for wait in ["", "--wait=0 "] {
        let refused = shell.run(&format!("import {wait}day.ndjson --taken-at 2026-11-18 -o json")).expect(3);
        assert_eq!(refused.error()["code"], "locked");
        assert!(!refused.stderr.contains("waiting for"), "{}", refused.stderr);
    }
    drop(writes);
    shell.run("import --wait=1m day.ndjson --taken-at 2026-11-18").expect(0);
}

#[test]
fn points_are_days_by_name_lengths_of_time_and_notes() {
    let shell = Shell::new();
    // The clock of the shell stands in the morning of 2026-11-18, a Wednesday.
    import(&shell, "Sales", "--taken-at 2026-11-16T08:00:00Z --note before-the-change").expect(0);
    import(&shell, "Legal", "--taken-at 2026-11-17T06:00:00Z --note after-the-change").expect(0);
    import(&shell, "Ops", "--taken-at 2026-11-17T22:00:00Z --note third").expect(0);
    for (point, department) in [
        ("monday", "Sales"),
        ("-1d", "Legal"),
        ("-36h", "Sales"),
        ("before-the-change", "Sales"),
        ("AFTER", "Legal"),
        ("third", "Ops"),
        ("today", "Ops"),
    ] {
        let shown = shell.run(&format!("show u1 --at {point}")).expect(0).stdout;
        assert!(shown.contains(department), "{point}: {shown}");
    }
    let plan = shell.run("plan before-the-change third --out plan.json").expect(0).lines();
    assert_eq!(plan[0]["steps"].as_array().map(Vec::len), Some(1), "{plan:?}");
    let refused = shell.run("show u1 --at the-change").expect(2).error();
    assert_eq!(refused["code"], "ambiguous");
    assert!(refused["message"].as_str().is_some_and(|text| text.contains("before-the-change")), "{refused}");
    shell.run("show u1 --at no-such-note").expect(2);
    let last = shell.run("diff").expect(0).stdout;
    assert!(last.contains("Legal") && last.contains("Ops"), "{last}");
    assert_eq!(last, shell.run("diff after latest").expect(0).stdout);
}
