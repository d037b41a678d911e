//! Rules run: each over the two points, its rows made into findings, and these put in order.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::{ChangeKey, Finding, RelatedObject, Rule, RuleError, RuleProblem, Rules, Severity};
use crate::bind::Parameters;
use crate::error::Diagnostic;
use crate::limits::Limits;
use crate::row::Row;
use crate::script::{Context, ResultTable};
use crate::table::Tables;
use crate::value::Value;

/// What rules are run over.
#[derive(Clone, Copy)]
pub(crate) struct ComparedPoints<'t> {
    /// The tables; one of them must not be `findings`.
    pub(crate) tables: &'t dyn Tables,
    /// The earlier point, as tables take it.
    pub(crate) from: &'t str,
    /// The later point.
    pub(crate) to: &'t str,
    /// The instant of the later point.
    pub(crate) now: Timestamp,
    /// What each rule may use.
    pub(crate) limits: Limits<'t>,
}

/// Columns that a rule must give.
const REQUIRED: [&str; 3] = ["sentence", "type", "id"];

/// Runs those rules that are wanted, and puts their findings in order.
///
/// # Errors
/// The first rule that cannot be run, or gives what is no finding.
pub(crate) fn run(
    sides: &ComparedPoints<'_>,
    rules: &Rules,
    is_wanted: &dyn Fn(&Rule) -> bool,
) -> Result<Vec<Finding>, RuleError> {
    let mut findings = Vec::new();
    for rule in rules.iter().filter(|rule| is_wanted(rule)) {
        findings.extend(findings_of(sides, rules, rule)?);
    }
    findings.sort_by(|one, other| key(one).cmp(&key(other)));
    Ok(findings)
}

/// The order of findings: the gravest first.
fn key(finding: &Finding) -> (std::cmp::Reverse<Severity>, &str, &ChangeKey, &str) {
    (std::cmp::Reverse(finding.severity), &finding.rule.id, &finding.change, &finding.sentence)
}

fn findings_of(
    sides: &ComparedPoints<'_>,
    rules: &Rules,
    rule: &Arc<Rule>,
) -> Result<Vec<Finding>, RuleError> {
    let failed = |problem| RuleError { rule: rule.file.clone(), text: Arc::clone(&rule.text), problem };
    let stopped = |diagnostic: Diagnostic| failed(RuleProblem::Query(vec![diagnostic]));
    let parameters = [("from", sides.from), ("to", sides.to)];
    let parameters: Parameters =
        parameters.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let context = Context {
        definitions: rules.shared.clone(),
        parameters,
        limits: sides.limits,
        ..Context::new(sides.tables, sides.now)
    };
    let prepared = rule.script.bind(&context).map_err(|found| failed(RuleProblem::Query(found)))?;
    let results = prepared.run().map_err(stopped)?;
    let [result] = results.as_slice() else {
        let message = format!("expected one query, found {}", results.len());
        return Err(failed(RuleProblem::Result(message)));
    };
    let lost = |column: &&&str| !result.schema.iter().any(|field| field.name == ***column);
    if let Some(column) = REQUIRED.iter().find(lost) {
        return Err(failed(RuleProblem::Result(format!("expected a column `{column}`, found none"))));
    }
    rows(rule, result).map_err(failed)
}

/// The rows of a rule as findings, each once.
fn rows(rule: &Arc<Rule>, result: &ResultTable) -> Result<Vec<Finding>, RuleProblem> {
    let mut seen = HashSet::new();
    let mut findings = Vec::with_capacity(result.row_count());
    for row in result.rows() {
        let finding = finding(rule, row)?;
        if seen.insert((finding.change.clone(), finding.sentence.clone())) {
            findings.push(finding);
        }
    }
    Ok(findings)
}

fn finding(rule: &Arc<Rule>, row: Row<'_>) -> Result<Finding, RuleProblem> {
    let text = |column: &str| row.text(column).unwrap_or_default().to_owned();
    let value = |column: &str| row.get(column).map(std::borrow::Cow::into_owned).unwrap_or_default();
    let severity = match row.text("severity").unwrap_or_default() {
        "" => rule.severity,
        name => Severity::from_name(name).ok_or_else(|| {
            let names = Severity::ALL.map(Severity::as_str).join(", ");
            RuleProblem::Result(format!("expected a severity, one of {names}; found \"{name}\""))
        })?,
    };
    let change = change_key(&text);
    let undo = elements(&value("undo")).iter().map(|one| change_key(&|name| member(one, name))).collect();
    let undo: Vec<ChangeKey> = undo;
    let named = value("related");
    let related = elements(&named).iter().map(|one| RelatedObject {
        type_token: member(one, "type"),
        id: member(one, "id"),
        display_name: member(one, "displayName"),
    });
    Ok(Finding {
        severity,
        rule: Arc::clone(rule),
        sentence: text("sentence"),
        display_name: text("displayName"),
        from_value: value("fromValue"),
        to_value: value("toValue"),
        related: related.filter(|object| !object.id.is_empty()).collect(),
        undo: if undo.is_empty() { vec![change.clone()] } else { undo },
        change,
    })
}

/// The change that a row or a bag names; what kind it is follows from the rest, unless it says so.
fn change_key(text: &dyn Fn(&str) -> String) -> ChangeKey {
    let (name, target_id, kind) = (text("name"), text("targetId"), text("kind"));
    let kind = match (kind.is_empty(), name.is_empty(), target_id.is_empty()) {
        (false, ..) => kind,
        (_, true, _) => "object".to_owned(),
        (_, _, true) => "attribute".to_owned(),
        (..) => "link".to_owned(),
    };
    ChangeKey { type_token: text("type"), id: text("id"), kind, name, target_id }
}

fn elements(value: &Value) -> &[Value] {
    match value {
        Value::Array(elements) => elements,
        _ => &[],
    }
}

/// A text in a bag; empty where there is none.
fn member(value: &Value, name: &str) -> String {
    let Value::Object(pairs) = value else { return String::new() };
    match pairs.iter().find(|(known, _)| **known == *name) {
        Some((_, Value::String(text))) => text.to_string(),
        _ => String::new(),
    }
}
