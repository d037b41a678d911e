//! Tests of what is typed: every verb, every refusal, every example of the help.

use super::*;
use crate::args::{Format, wants_json};

fn words(line: &str) -> Vec<OsString> {
    line.split(' ').map(OsString::from).collect()
}

fn parsed(line: &str) -> Command {
    arguments(line).command.expect(line)
}

fn arguments(line: &str) -> Arguments {
    match parse(&words(line), 80, false) {
        Ok(Parsed::Command(found)) => *found,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn the_table_of_arguments_is_consistent() {
    with_planned(whole()).debug_assert();
}

#[test]
fn global_options_stand_before_or_after_the_verb() {
    for line in [
        "entrasnap --store s -o csv --read-only -q report list",
        "entrasnap report list --store s -o csv --read-only -q",
        "entrasnap report --store s --read-only list -q -o csv",
    ] {
        let global = arguments(line).global;
        assert_eq!(global.store, Some("s".into()), "{line}");
        assert_eq!(global.output, Some(Format::Csv), "{line}");
        assert!(global.read_only && global.quiet, "{line}");
    }
}

#[test]
fn lists_are_comma_separated_and_repeated() {
    let Command::Diff(diff) = parsed("entrasnap diff a b --types user,group --types device --ids 1,2") else {
        panic!("no diff")
    };
    assert_eq!(diff.selection.types, ["user", "group", "device"]);
    assert_eq!(diff.selection.ids, ["1", "2"]);
}

#[test]
fn a_difference_ends_at_the_latest_backup_by_default() {
    let Command::Diff(diff) = parsed("entrasnap diff latest~1") else { panic!("no diff") };
    assert_eq!(diff.selection.to, "latest");
    let Command::Diff(diff) = parsed("entrasnap diff --summary") else { panic!("no diff") };
    assert_eq!([diff.selection.from, diff.selection.to], ["latest~1", "latest"]);
    let Command::Diff(diff) = parsed("entrasnap diff -2d -36h --summary") else { panic!("no diff") };
    assert_eq!([diff.selection.from, diff.selection.to], ["2d ago", "36h ago"]);
}

#[test]
fn verbs_not_built_are_recognised_with_whatever_follows() {
    for line in [
        "entrasnap prune --keep-last 7 --dry-run",
        "entrasnap store copy --encrypt elsewhere",
        "entrasnap -o json --store s prune --port 0",
        "entrasnap prune --help",
    ] {
        assert!(matches!(parse(&words(line), 80, false), Ok(Parsed::Planned(_))), "{line}");
    }
}

#[test]
fn verbs_not_built_are_not_listed_as_working() {
    let help = whole().render_long_help().to_string();
    let (verbs, note) = help.split_once("Known, but not built").expect("a note");
    for (name, what) in PLANNED {
        assert!(!verbs.contains(&format!("\n  {name} ")), "{name}");
        assert!(note.contains(name), "{name}");
        assert!(!what.is_empty());
    }
}

#[test]
fn durations_are_read_with_their_units() {
    use crate::args::tenant::parse_duration;
    let seconds = |text: &str| parse_duration(text).map(|duration| duration.as_secs());
    assert_eq!(seconds("90"), Ok(90));
    assert_eq!(seconds("5m"), Ok(300));
    assert_eq!(seconds("7d"), Ok(604_800));
    for text in ["", "d", "5 weeks", "-1s", "99999999999999999999d"] {
        assert!(seconds(text).is_err(), "{text}");
    }
}

#[test]
fn a_verb_nobody_knows_is_a_usage_error() {
    let error = parse(&words("entrasnap dif latest"), 80, false).expect_err("no such verb");
    assert_eq!(error.exit_code(), 2);
    assert!(error.to_string().contains("diff"), "{error}");
}

#[test]
fn verbs_of_other_programs_lead_to_those_of_this_one() {
    use crate::error::verb::{VERBS, instead_of};
    let whole = whole();
    for (names, help) in VERBS {
        for name in names {
            assert!(whole.find_subcommand(name).is_none(), "{name}");
        }
        let named = help.split("`entrasnap ").skip(1).filter_map(|rest| rest.split([' ', '`']).next());
        for verb in named.filter(|verb| !verb.starts_with("--")) {
            assert!(whole.find_subcommand(verb).is_some(), "{verb}: {help}");
        }
    }
    assert_eq!(instead_of("dif"), None);
    assert!(instead_of("Restore").is_some_and(|help| help.contains("plan POINT")));
}

#[test]
fn every_verb_has_an_example_that_parses() {
    let mut stack = vec![whole()];
    let mut count = 0;
    while let Some(verb) = stack.pop() {
        let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
        // Examples are indented; text at the margin is prose.
        let indented = help.lines().filter(|line| line.starts_with("  "));
        let examples: Vec<&str> = indented.filter_map(|line| line.split("entrasnap ").nth(1)).collect();
        assert!(!examples.is_empty(), "{} has no example", verb.get_name());
        for example in examples {
            let quoted = example.split('\'').enumerate().flat_map(|(index, part)| {
                if index % 2 == 1 { vec![part] } else { part.split_whitespace().collect() }
            });
            let args = std::iter::once("entrasnap").chain(quoted).map(OsString::from);
            let args: Vec<OsString> = args.collect();
            assert!(matches!(parse(&args, 80, false), Ok(Parsed::Command(_))), "{example}");
            count += 1;
        }
        stack.extend(verb.get_subcommands().cloned());
    }
    assert!(count >= 18, "{count}");
}

#[test]
fn times_without_offset_are_utc() {
    let time = |text: &str| import::parse_time(text).map(|time| time.to_string());
    assert_eq!(time("2026-11-20").as_deref(), Ok("2026-11-20T00:00:00Z"));
    assert_eq!(time("2026-11-20T08:30").as_deref(), Ok("2026-11-20T08:30:00Z"));
    assert_eq!(time("2026-11-20 08:30").as_deref(), Ok("2026-11-20T08:30:00Z"));
    assert_eq!(time("2026-11-20T08:30:00+02:00").as_deref(), Ok("2026-11-20T06:30:00Z"));
    assert!(time("yesterday").is_err());
    assert!(time("9999-12-31T23:59:59").is_err() || time("9999-12-31T23:59:59").is_ok());
}

#[test]
fn json_errors_follow_the_output_format() {
    for (line, on_terminal, expected) in [
        ("entrasnap nope", true, false),
        ("entrasnap nope", false, true),
        ("entrasnap nope -o json", true, true),
        ("entrasnap -o ndjson nope", true, true),
        ("entrasnap --output=json nope", true, true),
        ("entrasnap -ojson nope", true, true),
        ("entrasnap nope -o csv", false, false),
        ("entrasnap nope -o", false, true),
    ] {
        assert_eq!(wants_json(&words(line), on_terminal), expected, "{line}");
    }
}
