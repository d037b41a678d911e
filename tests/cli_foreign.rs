//! Tests that nothing a tenant, a file or a command line holds steers a terminal, in any format of any verb.

use serde_json::json;

use crate::cli_commands::{Answer, Shell};

/// What nobody may send to a terminal: escapes, control characters of eight bits, changes of direction, letters that
/// are not seen.
const HOSTILE: [char; 12] = [
    '\u{1b}',
    '\u{7}',
    '\u{7f}',
    '\u{9b}',
    '\u{202e}',
    '\u{2066}',
    '\u{200b}',
    '\u{200d}',
    '\u{2028}',
    '\u{feff}',
    '\u{ad}',
    '\u{e0041}',
];

/// A text with all of them, and a line of its own.
fn hostile(name: &str) -> String {
    let letters: String = HOSTILE.iter().collect();
    format!("{name}{letters}[31m\r\nINJECTED {name}")
}

/// One day of a tenant all of whose texts are hostile.
fn day(number: u32) -> String {
    let text = |name: &str| hostile(&format!("{name}{number}"));
    let user = json!({
        "@odata.type": "#microsoft.graph.user", "id": hostile("user"), "displayName": text("name"),
        "userPrincipalName": text("upn"), "department": text("value"), "otherMails": [text("list")],
        hostile("property"): {hostile("inner"): text("value")},
        "manager": text("manager"),
    });
    let group = json!({
        "@odata.type": "#microsoft.graph.group", "id": hostile("group"), "displayName": text("group"),
        "members": [hostile("user"), text("member")],
    });
    let other = json!({"@odata.type": format!("#microsoft.graph.{}", hostile("type")), "id": text("other"), "displayName": "x"});
    let gone = json!({"@odata.type": "#microsoft.graph.user", "id": text("gone"), "displayName": text("gone"), "userType": "Guest"});
    [user, group, other, gone].map(|object| format!("{object}\n")).concat()
}

#[track_caller]
fn expect_harmless(answer: &Answer, words: &[&str], separated: bool) {
    let is_injected = !separated && answer.stdout.lines().any(|line| line.starts_with("INJECTED"));
    assert!(!is_injected, "{words:?} begins a line: {}", answer.stdout);
    for text in [&answer.stdout, &answer.stderr] {
        let found: Vec<char> = HOSTILE.into_iter().filter(|letter| text.contains(*letter)).collect();
        assert!(found.is_empty(), "{words:?} sends {found:?}: {text:?}");
    }
}

fn two_days() -> Shell {
    let shell = Shell::new();
    for number in [1, 2] {
        let file = format!("{number}.ndjson");
        shell.write(&file, &day(number));
        let taken_at = format!("2026-11-1{number}");
        let note = hostile("note");
        let words: [&str; 6] = ["import", &file, "--taken-at", &taken_at, "--note", &note];
        shell.run_words(words.into_iter(), "").expect(0);
    }
    shell
}

#[test]
fn nothing_in_a_tenant_steers_the_terminal() {
    let mut shell = two_days();
    let (user, group, report) = (hostile("user"), hostile("group"), hostile("report"));
    let words: [&str; 5] = ["report", "create", "latest~1", "--name", &report];
    shell.run_words(words.into_iter(), "").expect(0);
    let verbs: [&[&str]; 17] = [
        &["backups"],
        &["stats"],
        &["verify", "--deep"],
        &["diff", "latest~1"],
        &["diff", "latest~1", "--summary"],
        &["diff", "latest~1", "--all", "--explain", "-v"],
        &["diff", "latest~1", "--ids", &user],
        &["findings", "latest~1", "-v"],
        &["show", &user],
        &["show", &group, "-v"],
        &["history", &user],
        &["query", "users | extend x = strcat(displayName, department)"],
        &["query", "objects | union deletedItems"],
        &["query", "links; changes('latest~1', 'latest'); diff('latest~1')"],
        &["report", "list"],
        &["report", "show", &report],
        &["recoveries"],
    ];
    for is_terminal in [true, false] {
        shell.is_terminal = is_terminal;
        for words in verbs {
            for format in ["table", "md", "html", "json", "ndjson", "csv", "tsv"] {
                let separated = matches!(format, "csv" | "tsv");
                // Programs get the exact text.
                if separated && !is_terminal {
                    continue;
                }
                let words: Vec<&str> = words.iter().copied().chain(["-o", format]).collect();
                expect_harmless(&shell.run_words(words.iter().copied(), ""), &words, separated);
            }
        }
    }
}

#[test]
fn no_error_steers_the_terminal() {
    let shell = two_days();
    let text = hostile("x");
    shell.write("broken.ndjson", &format!("{{\"id\": \"{}\"", HOSTILE[0]));
    shell.write("answer.ndjson", &json!({"error": {"code": text, "message": text}}).to_string());
    shell.write("noid.ndjson", &json!({text.clone(): text}).to_string());
    let quoted = format!("users | where displayName == \"{text}\" | nope \"{text}\"");
    let verbs: [&[&str]; 14] = [
        &["show", &text],
        &["history", &text],
        &["diff", &text],
        &["diff", "latest~1", "--types", &text],
        &["diff", "latest~1", "--where", &text],
        &["query", &text],
        &["query", &quoted],
        &["query", "-f", &text],
        &["report", "show", &text],
        &["plan", "show", &text],
        &["import", &text],
        &["import", "broken.ndjson"],
        &["import", "answer.ndjson"],
        &["import", "noid.ndjson"],
    ];
    for words in verbs {
        for format in ["table", "json", "ndjson"] {
            let words: Vec<&str> = words.iter().copied().chain(["-o", format]).collect();
            expect_harmless(&shell.run_words(words.iter().copied(), ""), &words, false);
        }
    }
}
