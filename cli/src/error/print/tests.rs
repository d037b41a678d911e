//! Tests of what people and scripts are told when something goes wrong.

use super::*;

#[test]
fn the_json_line_has_code_message_help_file_line_and_span() {
    let index = Excerpt {
        text: "users | mv-apply".to_owned(),
        offset: 8,
        length: 8,
        message: "no".to_owned(),
        help: String::new(),
    };
    let failure = Failure {
        file: Some("q.kql".into()),
        line: Some(3),
        excerpts: Box::new([index]),
        ..Failure::new("query", Status::Usage, "no").with_help("yes")
    };
    assert_eq!(
        failure.json(),
        r#"{"error":{"code":"query","file":"q.kql","help":"yes","line":3,"message":"no","span":{"length":8,"offset":8}}}"#
    );
    assert_eq!(Failure::usage("no").json(), r#"{"error":{"code":"usage","help":"","message":"no"}}"#);
}

#[test]
fn a_position_in_a_text_is_marked() {
    let text = "users\n| mv-apply é to typeof\n";
    let index = |offset, length| Excerpt {
        text: text.to_owned(),
        offset,
        length,
        message: "`mv-apply` is not supported".to_owned(),
        help: "use `mv-expand`".to_owned(),
    };
    let plain = Paint { is_on: false };
    let mut out = String::new();
    write_excerpt(&mut out, &index(8, 8), Some("q.kql"), plain);
    assert_eq!(out, "\n --> q.kql:2:3\n  |\n2 | | mv-apply é to typeof\n  |   ^^^^^^^^");
    for offset in 0..=text.len() + 2 {
        for length in [0, 1, 3, 1_000, usize::MAX] {
            write_excerpt(&mut String::new(), &index(offset, length), None, plain);
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let failure = Failure::output(std::io::ErrorKind::BrokenPipe.into());
    assert!(failure.silent);
    assert_eq!(failure.status, Status::Done);
    assert!(!Failure::output(std::io::ErrorKind::StorageFull.into()).silent);
}

#[test]
fn messages_cannot_steer_the_terminal() {
    let text = human(&Failure::usage("a\u{1b}[2Jb").with_help("c\u{7}"), Paint { is_on: false });
    assert!(!text.contains(['\u{1b}', '\u{7}']), "{text:?}");
}

#[test]
fn of_several_findings_each_has_its_message_position_and_help() {
    let index = |offset, message: &str, help: &str| Excerpt {
        text: "users | where a == b".to_owned(),
        offset,
        length: 1,
        message: message.to_owned(),
        help: help.to_owned(),
    };
    let excerpts = Box::new([index(14, "no `a`", "use `c`"), index(19, "no `b`", "")]);
    let failure = Failure { excerpts, ..Failure::new("query", Status::Usage, "2 errors in the query") };
    assert_eq!(
        human(&failure, Paint { is_on: false }),
        "error: no `a`\n  |\n1 | users | where a == b\n  |               ^\nhelp: use `c`\n\n\
         error: no `b`\n  |\n1 | users | where a == b\n  |                    ^\n\nerror: 2 errors in the query"
    );
    assert!(failure.json().contains(r#""findings":[{"help":"use `c`","line":1,"message":"no `a`","#));
}

#[test]
fn many_positions_in_endless_lines_stay_readable() {
    let text = format!("{}日本\u{202e}here{}", "x".repeat(100_000), "y".repeat(100_000));
    let index = Excerpt { offset: 100_000, length: 6, text, message: "no".to_owned(), help: String::new() };
    let indexes = vec![index; 1_000];
    let failure = Failure {
        excerpts: indexes.into(),
        ..Failure::new("query", Status::Usage, "1000 errors in the query")
    };
    let shown = human(&failure, Paint { is_on: false });
    assert!(shown.lines().all(|line| line.chars().count() < 250), "{shown}");
    assert!(
        shown.lines().count() < 150 && shown.ends_with("1000 errors in the query; the first 20 are above")
    );
    assert!(shown.contains("…") && shown.contains("日本 here") && !shown.contains('\u{202e}'), "{shown}");
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(width(lines[2].split('日').next().unwrap()), width(lines[3].split('^').next().unwrap()));
    assert_eq!(lines[3].matches('^').count(), 4, "wide letters take two columns");
    assert!(failure.json().len() < 10_000);
}
