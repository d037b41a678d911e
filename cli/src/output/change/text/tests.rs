//! Tests of differences as people read them.

use super::*;
use crate::change::tests::example;

const PLAIN: Look = Look { color: false, width: 80, whole: false };

#[test]
fn a_difference_reads_as_a_tree() {
    let text = render(&example(), &mut Names::none(), PLAIN);
    assert_eq!(
        text,
        "\
~ group Sales (g1): updated; undo: update
    ~ description: \"old\" -> (absent)
    ~ quota: 123456789012345678901234567890 -> 1.0
    ~ tags
      - \"a\"
      + \"c\"
    + members: u1
    - members: u2
    ? not observed on one side: owners
- group g2: softDeleted; undo: restore
+ group New (g3): added; undo: softDelete
3 objects differ (1 added, 1 softDeleted, 1 updated), 3 attributes, 2 links
"
    );
}

#[test]
fn known_targets_have_names() {
    let mut changes = example();
    changes[2].id = "u1".to_owned();
    let mut names = Names::none();
    names.learn(&changes);
    let text = render(&changes, &mut names, PLAIN);
    assert!(text.contains("    + members: group New (u1)\n"), "{text}");
}

#[test]
fn guids_in_values_have_names() {
    let id = "0f3c1a52-6f0e-4a5c-9a52-9e6a7d1c2b3a";
    let mut changes = example();
    changes[2].id = id.to_owned();
    changes[0].attributes[0].to_value = Some(format!("\"{id}\""));
    let mut names = Names::none();
    names.learn(&changes);
    let look = Look { width: 200, ..PLAIN };
    assert!(render(&changes, &mut names, look).contains(&format!("-> \"{id}\" (New)\n")));
}

#[test]
fn names_cannot_steer_the_terminal() {
    let mut changes = example();
    changes[0].display_name = "\u{1b}[2Jgone\r\n\u{202e}".to_owned();
    changes[0].links[0].target_id = "\u{7}".to_owned();
    changes[0].attributes[0].name = "a\u{9b}b".to_owned();
    let text = render(&changes, &mut Names::none(), PLAIN);
    assert!(!text.contains(|letter: char| letter.is_control() && letter != '\n'), "{text:?}");
    assert!(!text.contains('\u{202e}'));
}

#[test]
fn long_values_are_cut_unless_wanted_whole() {
    let mut changes = example();
    changes[0].attributes[0].from_value = Some(format!("\"{}\"", "x".repeat(500)));
    let text = render(&changes, &mut Names::none(), PLAIN);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let whole = render(&changes, &mut Names::none(), Look { whole: true, ..PLAIN });
    assert!(whole.contains(&"x".repeat(500)));
}

#[test]
fn colours_are_closed_again() {
    let text = render(&example(), &mut Names::none(), Look { color: true, ..PLAIN });
    assert_eq!(text.matches("\u{1b}[0m").count() * 2, text.matches('\u{1b}').count());
}

#[test]
fn long_complex_values_stand_part_by_part() {
    let mut changes = example();
    let entry = |scope: &str| format!(r#"[{{"b":["{}"],"a":"{scope}"}}]"#, "x".repeat(90));
    changes[0].attributes.truncate(1);
    changes[0].attributes[0].from_value = Some("[]".to_owned());
    changes[0].attributes[0].to_value = Some(entry("role"));
    let text = render(&changes, &mut Names::none(), PLAIN);
    let lines: Vec<&str> = text.lines().skip(1).take(4).collect();
    assert_eq!(lines[..3], ["    ~ description", "      + a: \"role\"", "        + b"], "{text}");
    assert!(lines[3].starts_with("          + \"xxx") && lines[3].ends_with('…'), "{text}");
}

#[test]
fn texts_that_would_look_alike_when_cut_are_shown_whole() {
    let mut changes = example();
    let long = "x".repeat(200);
    changes[0].attributes[0].from_value = Some(format!("\"{long}1\""));
    changes[0].attributes[0].to_value = Some(format!("\"{long}2\""));
    let text = render(&changes, &mut Names::none(), PLAIN);
    assert!(text.contains("x1\" -> \"x") && text.contains("x2\"\n"), "{text}");
}

#[test]
fn a_text_that_lists_names_is_told_name_by_name() {
    let mut changes = example();
    changes[0].type_token = engine::schema::TypeId::Oauth2PermissionGrant.token().to_owned();
    changes[0].attributes.truncate(1);
    changes[0].attributes[0].name = "scope".to_owned();
    changes[0].attributes[0].from_value = Some("\"Mail.Read  User.Read\"".to_owned());
    changes[0].attributes[0].to_value = Some("\" User.Read Mail.Send\"".to_owned());
    let text = render(&changes, &mut Names::none(), PLAIN);
    assert!(text.contains("    ~ scope\n      - \"Mail.Read\"\n      + \"Mail.Send\"\n"), "{text}");
}
