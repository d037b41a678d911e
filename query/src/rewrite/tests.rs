//! Rewritten plans against plain ones, and what reaches the tables.

use proptest::prelude::*;

use super::rewrite;
use crate::execute::Execution;
use crate::limits::Guard;
use crate::testing::{Directory, NOW, explained};
use crate::{Parameters, Type};

#[test]
fn tables_give_only_the_columns_that_are_used() {
    assert!(
        explained("users | where age > 30 | project id").contains("scan users() columns id, age"),
        "{}",
        explained("users | where age > 30 | project id")
    );
    assert!(
        explained("users | count").contains("columns \n") || explained("users | count").contains("columns  "),
        "{}",
        explained("users | count")
    );
    let text = "users | extend x = strlen(id) | summarize sum(age) by department";
    assert!(explained(text).contains("columns department, age"), "{}", explained(text));
}

#[test]
fn every_step_asks_for_no_more_than_is_used() {
    for (text, expected) in [
        ("union users, users | summarize count() by department", "columns department"),
        ("users | sort by age | project id", "columns id, age"),
        ("users | take 2 | project id", "columns id"),
        ("users | where age > 3 | count", "columns age where age at least 3"),
        ("users | mv-expand part = split(department, 'a') | project id", "columns id, department"),
        (
            "users | where employeeOrgData.division == 'x' | project id",
            "columns id, employeeOrgData.division",
        ),
        (
            "users | summarize count() by tostring(employeeOrgData['division'])",
            "columns employeeOrgData.division",
        ),
        (
            "users | sort by id | take 3 | project employeeOrgData.division",
            "columns id, employeeOrgData.division",
        ),
        (
            "users | project x = employeeOrgData | where x.division == ''| project x.division",
            "columns employeeOrgData.division",
        ),
        (
            "union users, users | where employeeOrgData.division == '' | count",
            "columns employeeOrgData.division",
        ),
    ] {
        let plan = explained(text);
        let scans: Vec<&str> = plan.lines().map(str::trim).filter(|line| line.starts_with("scan")).collect();
        assert!(!scans.is_empty() && scans.iter().all(|scan| scan.ends_with(expected)), "{text}: {plan}");
    }
    let plan = explained("users | join kind=inner memberships on $left.id == $right.member | project age");
    assert!(
        plan.contains("users() columns id, age\n") && plan.contains("memberships() columns member\n"),
        "{plan}"
    );
}

#[test]
fn tables_are_told_which_rows_are_needed() {
    let text = "users | extend x = 1 | sort by id | where department in ('IT', 'HR') and age >= 30 \
                | project id";
    let plan = explained(text);
    assert!(plan.contains("where department one of \"IT\", \"HR\"; age at least 30"), "{plan}");
    let plan =
        explained("users | join kind=leftouter memberships on $left.id == $right.member | where id == 'u1'");
    assert!(plan.contains("id one of \"u1\""), "{plan}");
}

/// The rows of a script with and without rewriting.
fn both(text: &str) -> Option<(Vec<String>, Vec<String>)> {
    let statements = crate::syntax::parse(text).ok()?;
    let (limits, parameters) = (crate::Limits::default(), Parameters::new());
    let guard = Guard::new(NOW, &limits);
    let bound = crate::bind::bind(statements.iter(), &parameters, &Directory, &guard).ok()?;
    let of = |plan| {
        let rows = Execution::new(&guard).rows(plan).expect("small tables are within every limit");
        let rows = rows.batches.iter().flat_map(|batch| {
            (0..batch.row_count).map(|row| {
                let cells = batch.columns.iter().map(|column| column.get(row).to_json(Type::Dynamic));
                cells.collect::<Vec<_>>().join(" ")
            })
        });
        rows.collect::<Vec<_>>()
    };
    let plan = &bound.first()?.plan;
    Some((of(plan), of(&rewrite(plan))))
}

/// Stages that any of them may follow.
const STAGES: [&str; 36] = [
    "where age > 30",
    "where department == 'IT' or accountEnabled",
    "where id in ('u1', 'u3') and age < 50",
    "where isnotempty(department)",
    "extend age = age * 2",
    "extend department = tolower(department), two = 2",
    "project id, age, department, accountEnabled, displayName",
    "project department = displayName, id, age, accountEnabled, displayName",
    "project-rename x = age | extend age = x",
    "sort by age asc, id",
    "sort by id desc | take 3",
    "top 2 by age",
    "summarize age = sum(age), id = min(id), displayName = any(id) by department, accountEnabled",
    "distinct id, age, department, accountEnabled, displayName",
    "join kind=leftouter (memberships | project id = member, group) on id",
    "join kind=inner (users | where age > 20) on id",
    "join kind=leftanti (memberships | project id = member) on id",
    "join kind=rightouter (users | project id, k = 1) on id",
    "lookup (memberships | project id = member, group) on id",
    "union (users | where age == 29)",
    "mv-expand part = split(department, 'a') to typeof(string)",
    "where employeeOrgData.division == 'North' or employeeOrgData['division'] has 'south'",
    "where isnull(employeeOrgData.division) or employeeOrgData.division.x != 1",
    "extend division = tostring(['employeeOrgData'].division), none = employeeOrgData.costCenter",
    "extend employeeOrgData = bag_pack('division', id)",
    "project id, age, department, accountEnabled, displayName, employeeOrgData = employeeOrgData",
    "summarize age = count(), id = max(tostring(employeeOrgData.division)) by d = tostring(employeeOrgData.division)",
    "sort by tostring(employeeOrgData.division) desc, id asc",
    "top 3 by strlen(tostring(employeeOrgData.division))",
    "take 4",
    "mv-expand employeeOrgData",
    "parse displayName with a 'e' department",
    "join kind=rightsemi (users | where employeeOrgData.division == 'South') on id",
    "join kind=fullouter (users | project id, other = employeeOrgData) on id | where isnull(other.division)",
    "join kind=inner (users | project id, other = employeeOrgData.division) on id | extend department = tostring(other)",
    "as here | join kind=leftsemi (here | where age > 28) on id",
];

proptest! {
    #[test]
    fn rewriting_changes_no_row(stages in proptest::collection::vec(proptest::sample::select(STAGES.to_vec()), 0..6)) {
        let text = format!("let start = users | where age != 1; start | {} | union start", if stages.is_empty() { "take 9".to_owned() } else { stages.join(" | ") });
        if let Some((plain, rewritten)) = both(&text) {
            prop_assert_eq!(plain, rewritten, "{}", text);
        }
    }
}

#[test]
fn every_stage_is_tried() {
    for stage in STAGES {
        assert!(both(&format!("users | {stage}")).is_some(), "{stage}");
    }
}
