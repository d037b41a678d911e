//! Queries of very many operators: they run, or a finding names the limit, and no stack overflows.

use crate::Code;
use crate::testing::{findings, rows, run};

const STEPS: usize = 1000;

fn repeated(source: &str, step: &str, count: usize) -> String {
    format!("{source}{}", format!(" | {step}").repeat(count))
}

/// The lines of a query, or the findings that are no limit.
fn lines(text: &str) -> Vec<String> {
    let found = run(text);
    assert!(found.is_ok(), "{}: {:?}", &text[..60], found.err());
    rows(text)
}

#[test]
fn a_thousand_operators_run() {
    let small = "users | where id == 'u1' | project id, age, department";
    for step in [
        "where true",
        "where age > 1",
        "extend age = age + 1",
        "project id, age, department",
        "project-rename x = id | project-rename id = x",
        "sort by id",
        "top 5 by id",
        "take 3",
        "distinct *",
        "as t",
        "summarize take_any(age) by id, department",
        "summarize arg_max(age, *) by id",
        "mv-expand age to typeof(long)",
        "extend department = strcat('', department)",
        "parse department with * 'a' department",
        "search 'u1' | project id, age, department",
        "join kind=leftsemi users on id",
        "join kind=leftanti (users | where id == 'u2') on id",
        "lookup (users | project id) on id",
        "join kind=inner (users | project id) on id | project id, age, department",
        "join (users | project id) on id | project id, age, department",
        "join kind=rightouter (users | where id == 'u1' | project id) on id | project id, age, department",
        "union (users | where id == 'u9' | project id, age, department)",
        "invoke same()",
    ] {
        let count = STEPS / (1 + usize::from(step.contains(" | project")));
        let text = format!("let same = (T:(*)) {{ T | where true }}; {}", repeated(small, step, count));
        assert_eq!(lines(&text).len(), 1, "{step}");
    }
}

#[test]
fn a_thousand_names_and_members_run() {
    let lets = |value: &str| {
        let lets = (1..STEPS).map(|n| format!("let t{n} = {}; ", value.replace('#', &(n - 1).to_string())));
        format!("let t0 = users | where age > 60; {}t{} | count", lets.collect::<String>(), STEPS - 1)
    };
    assert_eq!(lines(&lets("t# | where true")), ["1"]);
    assert_eq!(lines(&lets("union (users | where age > 60), t#")), ["1000"]);
    assert_eq!(lines(&lets("t# | join kind=leftsemi t# on id")), ["1"]);
    let members = vec!["(users | take 1)"; STEPS].join(", ");
    assert_eq!(lines(&format!("union {members} | count")), ["1000"]);
    let values: Vec<String> = (1..STEPS).map(|n| format!("let v{n} = v{} + 1; ", n - 1)).collect();
    let values = values.concat();
    assert_eq!(lines(&format!("let v0 = 1; {values}print v{}", STEPS - 1)), ["1000"]);
    let numbers = vec!["1"; STEPS].join(" + ");
    assert_eq!(lines(&format!("print {numbers}")), ["1000"]);
    let conditions = vec!["age > 60"; 10 * STEPS];
    assert_eq!(lines(&format!("users | where {} | count", conditions.join(" and "))), ["1"]);
    assert_eq!(lines(&format!("users | where {} | count", conditions.join(" or "))), ["1"]);
}

#[test]
fn ten_thousand_operators_are_refused_by_the_name_of_the_limit() {
    for step in ["where true", "union users", "sort by id", "mv-expand age", "as t | where true"] {
        let (code, message, _) =
            findings(&repeated("users | project id, age", step, 10 * STEPS)).swap_remove(0);
        assert_eq!(
            (code, message.as_str()),
            (Code::Limit, "more than 5000 steps follow one another"),
            "{step}"
        );
    }
    for nested in ["(", "tostring(", "toscalar(users | where id == ", "dynamic([", "x[", "(users | where "] {
        let (code, ..) = findings(&format!("print {}", nested.repeat(10 * STEPS))).swap_remove(0);
        assert!(matches!(code, Code::Limit | Code::Syntax), "{nested}");
        let closing = ")".repeat(10 * STEPS);
        let (code, ..) = findings(&format!("print {}1{closing}", nested.repeat(10 * STEPS))).swap_remove(0);
        assert!(matches!(code, Code::Limit | Code::Syntax), "{nested}");
    }
}

#[test]
fn queries_inside_values_that_need_one_another_are_few() {
    let lets = |count: usize| {
        let lets =
            (1..count).map(|n| format!("let n{n} = toscalar(users | where age > n{} | count); ", n - 1));
        format!("let n0 = toscalar(users | count); {}print n{}", lets.collect::<String>(), count - 1)
    };
    assert_eq!(lines(&lets(60)), ["4"]);
    let (code, message, _) = findings(&lets(100)).swap_remove(0);
    let expected = "more than 64 queries inside values need one another";
    assert_eq!((code, message.as_str()), (Code::Limit, expected));
    // Each is computed once, however often the next one names it.
    let doubling = (1..60).map(|n| format!("let n{n} = toscalar(print n{0} + n{0}); ", n - 1));
    let text = format!("let n0 = 1; {}print n59", doubling.collect::<String>());
    assert_eq!(lines(&text), [(1_i64 << 59).to_string()]);
}
