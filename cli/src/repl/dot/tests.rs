//! Tests of dot commands.

use super::*;

#[test]
fn every_command_of_the_table_is_read() {
    for command in COMMANDS {
        let text = match command.name {
            ".schema" | ".explain" => format!("{} users", command.name),
            ".timing" => ".timing on".to_owned(),
            name => name.to_owned(),
        };
        assert!(parse(&text).is_ok(), "{text}");
        assert!(command.usage.starts_with(command.name) && !command.help.is_empty());
    }
}

#[test]
fn arguments_are_read_and_odd_ones_refused() {
    assert_eq!(parse(" .mode CSV;"), Ok(Dot::Mode(Some(Format::Csv))));
    assert_eq!(parse(".use \"latest~1\""), Ok(Dot::Use(Some("latest~1".to_owned()))));
    assert_eq!(parse(".explain users | take 5"), Ok(Dot::Explain("users | take 5".to_owned())));
    assert_eq!(parse(".output"), Ok(Dot::Output(None)));
    assert_eq!(parse(".exit"), Ok(Dot::Quit));
    for odd in [".mode xml", ".timing", ".schema", ".tables x", ".nothing", "."] {
        assert!(parse(odd).is_err(), "{odd}");
    }
}

#[test]
fn words_that_end_other_programs_end_this_one() {
    for text in ["exit", " QUIT; ", "\\q", ":q", "exit()"] {
        assert_eq!(of_habit(text), Some(Dot::Quit), "{text}");
    }
    assert_eq!(of_habit("help"), Some(Dot::Help(None)));
    assert_eq!(of_habit("exit | take 1"), None);
}

#[test]
fn the_name_of_a_file_says_its_format() {
    for (name, format) in [
        ("a.csv", Some(Format::Csv)),
        ("a.b.JSONL", Some(Format::Ndjson)),
        ("page.html", Some(Format::Html)),
        ("a.txt", Some(Format::Table)),
        ("a.line", None),
        ("a", None),
        (".csv", None),
    ] {
        assert_eq!(format_of(Path::new(name)), format, "{name}");
    }
}

#[test]
fn a_number_is_no_command() {
    assert!(is_dot("  .tables") && is_dot("."));
    assert!(!is_dot(".5") && !is_dot("users") && !is_dot(""));
}

#[test]
fn the_name_of_a_command_ends_at_a_blank() {
    assert_eq!(command_end(" .use latest~1"), Some(5));
    assert_eq!(command_end(".tables"), Some(7));
    assert_eq!(command_end("users"), None);
}
