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
