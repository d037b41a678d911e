//! Tests of the REPL without a terminal: statements and dot commands from lines that are piped in.

use crate::cli_commands::Shell;

#[test]
fn statements_end_at_a_semicolon_an_empty_line_or_the_end() {
    let shell = Shell::new();
    let answer = shell
        .run_with("repl", "print a = 1;\nprint b = 2\n| extend c = 3\n\n// nothing\n\nprint d = 4")
        .expect(0);
    assert_eq!(answer.stdout, "{\"a\":1}\n{\"b\":2,\"c\":3}\n{\"d\":4}\n");
    assert!(shell.run_with("repl", "").expect(0).stdout.is_empty());
}

#[test]
fn definitions_and_settings_stay() {
    let shell = Shell::with_two_days();
    let script = "let f = (x:long) { x * 2 }; // twice\nlet gone = users(\"latest~1\") | join kind=leftanti users on id;\n\
                  print y = f(21);\ngone | project displayName;\n.mode csv\nlet f = (x:long) { x * 3 };\nprint y = f(1);\n\
                  .use latest~1\nusers | count;\n.mode line\nprint s = 'x', n = 1;\n.quit\nprint never = 1;";
    let answer = shell.run_with("repl", script).expect(0);
    let expected = "{\"y\":42}\n{\"displayName\":\"Bob\"}\ny\r\n3\r\nCount\r\n2\r\ns = x\nn = 1\n";
    assert_eq!(answer.stdout, expected);
    let told = answer.stderr.matches("latest~1 is ").count();
    assert_eq!(told, 2, "by the first query and by `.use`, and not again: {}", answer.stderr);
}

#[test]
fn dot_commands_answer_in_the_chosen_format() {
    let shell = Shell::with_two_days();
    let answer = |script: &str| shell.run_with("repl", script).expect(0);
    assert!(answer(".tables").lines().iter().any(|row| row["table"] == "users"));
    let schema = answer(".schema users").lines();
    assert!(schema.iter().any(|row| row["column"] == "accountEnabled" && row["type"] == "bool"));
    assert!(answer(".schema diff").lines().iter().any(|row| row["column"] == "recoveryAction"));
    assert!(answer(".schema users | project x = 1").stdout.contains("{\"column\":\"x\",\"type\":\"long\"}"));
    assert!(answer(".functions").lines().iter().any(|row| row["name"] == "strcat"));
    assert_eq!(answer(".backups").lines().len(), 2);
    assert!(answer(".explain users | take 1").stdout.contains("scan users"));
    assert!(answer(".help").stdout.contains(".schema TABLE"));
    assert!(answer(".help summarize").stdout.contains("users | summarize"));
    assert!(answer(".help strlen").stdout.starts_with("strlen("));
    assert!(answer(".timing on\nprint 1;").stderr.contains(" ms"));
    let modes = answer(".mode").stderr;
    assert!(modes.contains("rows are printed as ndjson") && modes.contains("html, line"), "{modes}");
    let help = answer(".mode table\n.help changes").stdout;
    assert!(
        help.contains("lostIncomingLink") && help.contains("softDeleted") && help.contains("targetName"),
        "{help}"
    );
}

#[test]
fn rows_go_into_a_file_until_they_do_not() {
    let shell = Shell::new();
    let script = ".output out.csv\n.mode csv\nprint a = 1;\nprint b = 2;\n.output\nprint c = 3;";
    assert_eq!(shell.run_with("repl", script).expect(0).stdout, "c\r\n3\r\n");
    let written = std::fs::read_to_string(shell.folder.path().join("out.csv")).unwrap();
    assert_eq!(written, "a\r\n1\r\nb\r\n2\r\n");
    shell.run_with("repl", ".output page.html\nprint a = 1;\n.output other\nprint b = 2;").expect(0);
    let read = |name: &str| std::fs::read_to_string(shell.folder.path().join(name)).unwrap();
    assert!(read("page.html").starts_with("<!DOCTYPE html>"));
    assert_eq!(read("other"), "{\"b\":2}\n");
}

#[test]
fn the_first_error_ends_a_script_with_its_status() {
    let shell = Shell::with_two_days();
    let answer = shell.run_with("repl", "let x = 1;\nprint nosuch(x);\nprint never = 1;").expect(2);
    assert!(answer.stdout.is_empty());
    assert_eq!(answer.error()["span"]["offset"], 6, "places count from the input, not from what stays");
    for (script, status) in
        [(".nothing", 2), (".mode xml", 2), (".use latest~9", 1), ("users('live');", 2), (".schema usres", 2)]
    {
        let answer = shell.run_with("repl", script).expect(status);
        assert!(answer.error()["message"].as_str().is_some_and(|message| !message.is_empty()), "{script}");
    }
}

#[test]
fn tables_of_the_catalogue_need_a_store() {
    let shell = Shell::with_two_days();
    let counted = shell.run_with("repl", "backups | count;").expect(0).stdout;
    assert_eq!(counted, "{\"Count\":2}\n");
    assert_eq!(Shell::new().run_with("repl", "users;").expect(1).error()["code"], "noStore");
}

#[test]
fn no_verb_without_a_terminal_is_a_usage_error() {
    let shell = Shell::new();
    let answer = shell.run_words(std::iter::empty(), "print 1;").expect(2);
    assert!(answer.stderr.contains("Usage: entrasnap"), "{}", answer.stderr);
    assert!(answer.stdout.is_empty());
}
