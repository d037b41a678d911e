//! Tests of rules: their heads, and what is said of those that are none.

use super::*;

const HEAD: &str = "// id: some-rule\n// title: Something happened\n// severity: low\n// why: It matters\n//   much.\n// undo: Undo it.\n";

fn added(text: &str) -> Result<Rules, RuleError> {
    let mut rules = Rules::shipped().clone();
    rules.add("own.kql", text).map(|()| rules)
}

fn refusal(text: &str) -> String {
    added(text).expect_err("it is no rule").to_string()
}

#[test]
fn the_shipped_rules_are_rules_named_as_their_files() {
    let rules = Rules::shipped();
    assert!(rules.iter().count() >= 30);
    for (rule, (file, text)) in rules.iter().zip(shipped::RULES) {
        assert_eq!(*file, format!("{}.kql", rule.id));
        assert_eq!(*rule.text, **text);
        assert!(rule.title.len() < 80 && !rule.title.ends_with('.'), "{}", rule.id);
        assert!(rule.why.ends_with('.') && rule.undo.ends_with('.'), "{}", rule.id);
        assert!(!rule.text.contains("now(") && !rule.text.contains("ago("), "{}", rule.id);
    }
}

#[test]
fn a_rule_of_ones_own_adds_to_the_others_or_replaces_one() {
    let count = Rules::shipped().iter().count();
    let rules =
        added(&format!("{HEAD}users(to) | project sentence = displayName, type = 'user', id")).unwrap();
    assert_eq!(rules.iter().count(), count + 1);
    let rule = rules.get("some-rule").unwrap();
    assert_eq!((rule.severity, rule.why.as_str()), (Severity::Low, "It matters much."));
    let rules = added(&format!("\n{HEAD}\n// All of them.\nusers(to)")).unwrap();
    assert_eq!(rules.get("some-rule").unwrap().undo, "Undo it.", "an empty line ends the head");
    let known = HEAD.replace("some-rule", "guest-added");
    let rules = added(&format!("{known}users(to)")).unwrap();
    assert_eq!(rules.iter().count(), count);
    assert_eq!(rules.get("guest-added").unwrap().title, "Something happened");
}

#[test]
fn what_is_no_rule_is_refused_with_its_line() {
    assert_eq!(
        refusal("users(to)"),
        "line 1: expected a comment `// id: …` at the beginning, found none in the rule own.kql"
    );
    let odd = HEAD.replace("low", "grave");
    let expected = "line 3: expected a severity, one of critical, high, medium, low, info; found \"grave\" in the rule own.kql";
    assert_eq!(refusal(&odd), expected);
    let twice = format!("{HEAD}// title: Again\nusers(to)");
    assert_eq!(refusal(&twice), "line 7: `title` is given twice in the rule own.kql");
    let odd = HEAD.replace("some-rule", "Some Rule");
    assert_eq!(
        refusal(&odd),
        "line 1: an ID has small letters, digits and hyphens, found \"Some Rule\" in the rule own.kql"
    );
    let error = added(&format!("{HEAD}users(to) | projct id")).unwrap_err();
    let RuleProblem::Query(diagnostics) = &error.problem else { panic!("{error}") };
    assert_eq!(&error.text[diagnostics[0].span.start..diagnostics[0].span.end], "projct");
}

#[test]
fn the_rule_of_the_document_is_one() {
    let document = include_str!("../../rules/README.md");
    let (_, behind) = document.split_once("```kql\n").unwrap();
    let rules = added(behind.split("```").next().unwrap()).unwrap();
    assert_eq!(rules.get("board-group-changed").unwrap().severity, Severity::High);
}

#[test]
fn severities_are_ordered_and_named() {
    let named = Severity::ALL.map(|severity| Severity::from_name(severity.as_str()));
    assert_eq!(named, Severity::ALL.map(Some));
    assert!(Severity::ALL.windows(2).all(|pair| pair[0] > pair[1]));
    assert_eq!(Severity::from_name("High"), None);
}
