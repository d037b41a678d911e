//! Findings and rules: rows for programs, sentences for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use query::{ChangeKey, Finding, RelatedObject, Rules, Severity, Type, Value};
use serde_json::json;

use super::text::{counted, printable, wrapped};
use super::{Cell, Look, Rows};

const COLUMNS: &[&str] = &[
    "severity",
    "rule",
    "title",
    "sentence",
    "type",
    "id",
    "displayName",
    "kind",
    "name",
    "targetId",
    "fromValue",
    "toValue",
    "related",
    "undo",
];

/// What a page and a ticket have of a finding: no values, and no changes to recover.
const PAGE_COLUMNS: &[&str] = &["severity", "sentence", "rule", "type", "displayName", "id", "name"];

const RULE_COLUMNS: &[&str] = &["id", "severity", "title", "why", "undo"];
const PEOPLE_RULE_COLUMNS: &[&str] = &["id", "severity", "title"];

/// The widest severity, and two blanks.
const INDENT: usize = 10;

/// Findings as rows: the columns of the table `findings`.
pub(crate) fn rows(findings: &[Finding]) -> Rows {
    Rows { columns: COLUMNS, cells: findings.iter().map(cells).collect() }
}

/// Findings as rows of a page or a ticket.
pub(crate) fn page_rows(findings: &[Finding]) -> Rows {
    let cells = findings.iter().map(|finding| {
        let change = &finding.change;
        let texts = [
            finding.severity.as_str(),
            &*finding.sentence,
            &*finding.rule.id,
            &*change.type_token,
            &*finding.display_name,
            &*change.id,
            &*change.name,
        ];
        texts.map(Cell::text).to_vec()
    });
    Rows { columns: PAGE_COLUMNS, cells: cells.collect() }
}

fn cells(finding: &Finding) -> Vec<Cell> {
    let change = &finding.change;
    let value = |value: &Value| match value {
        Value::Null => Cell::Null,
        value => Cell::Json(value.to_json(Type::Dynamic)),
    };
    let related: Vec<_> = finding.related.iter().map(related).collect();
    let undo: Vec<_> = finding.undo.iter().map(undone).collect();
    vec![
        Cell::text(finding.severity.as_str()),
        Cell::text(&finding.rule.id),
        Cell::text(&finding.rule.title),
        Cell::text(&finding.sentence),
        Cell::text(&change.type_token),
        Cell::text(&change.id),
        Cell::text(&finding.display_name),
        Cell::text(&change.kind),
        Cell::text(&change.name),
        Cell::text(&change.target_id),
        value(&finding.from_value),
        value(&finding.to_value),
        Cell::Json(json!(related).to_string()),
        Cell::Json(json!(undo).to_string()),
    ]
}

fn related(object: &RelatedObject) -> serde_json::Value {
    json!({"type": object.type_token, "id": object.id, "displayName": object.display_name})
}

fn undone(change: &ChangeKey) -> serde_json::Value {
    json!({
        "type": change.type_token, "id": change.id, "kind": change.kind, "name": change.name,
        "targetId": change.target_id,
    })
}

/// Findings for people: a sentence each, and below it the rule and the object; whole, why it matters and what undoes it.
pub(crate) fn text(findings: &[Finding], look: Look) -> String {
    let mut out = String::new();
    let space = " ".repeat(INDENT);
    let room = look.width.saturating_sub(INDENT).max(20);
    for finding in findings {
        let severity = format!("{:<INDENT$}", finding.severity.as_str());
        let mut lines = wrapped(&printable(&finding.sentence), room).into_iter();
        let first = lines.next().unwrap_or_default();
        writeln!(out, "{}{first}", painted(finding.severity, &severity, look)).ok();
        let below = lines.chain([about(finding)]);
        let explained = [format!("why: {}", finding.rule.why), format!("undo: {}", finding.rule.undo)];
        let explained = explained.iter().filter(|_| look.whole);
        let explained = explained.flat_map(|text| wrapped(&printable(text), room));
        for line in below.chain(explained) {
            writeln!(out, "{space}{line}").ok();
        }
    }
    out
}

/// The rule and the change: `conditional-access-disabled: conditionalAccessPolicy ID, state`.
fn about(finding: &Finding) -> String {
    let change = &finding.change;
    let words = [&*change.type_token, &*change.id].into_iter().filter(|word| !word.is_empty());
    let object = words.collect::<Vec<_>>().join(" ");
    let name = if change.name.is_empty() { String::new() } else { format!(", {}", change.name) };
    printable(&format!("{}: {object}{name}", finding.rule.id))
}

fn painted(severity: Severity, text: &str, look: Look) -> String {
    let color = match severity {
        Severity::Critical | Severity::High => "\u{1b}[31m",
        Severity::Medium => "\u{1b}[33m",
        Severity::Low | Severity::Info => "",
    };
    if look.color && !color.is_empty() { format!("{color}{text}\u{1b}[0m") } else { text.to_owned() }
}

/// How many there are: `4 findings: 1 critical, 3 high`.
pub(crate) fn sentence(findings: &[Finding]) -> String {
    let mut counts: BTreeMap<std::cmp::Reverse<Severity>, u64> = BTreeMap::new();
    for finding in findings {
        *counts.entry(std::cmp::Reverse(finding.severity)).or_default() += 1;
    }
    let all = counted(findings.len() as u64, "finding");
    let counts = counts.iter().map(|(severity, count)| format!("{count} {}", severity.0.as_str()));
    let counts = counts.collect::<Vec<_>>().join(", ");
    if counts.is_empty() { all } else { format!("{all}: {counts}") }
}

/// Rules as rows; people read what each finds, and no reasons.
pub(crate) fn rules(rules: &Rules, for_people: bool) -> Rows {
    let columns = if for_people { PEOPLE_RULE_COLUMNS } else { RULE_COLUMNS };
    let cells = rules.iter().map(|rule| {
        let cells = [&*rule.id, rule.severity.as_str(), &*rule.title, &*rule.why, &*rule.undo];
        cells.into_iter().take(columns.len()).map(Cell::text).collect()
    });
    Rows { columns, cells: cells.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Look = Look { color: false, width: 60, whole: false };

    fn finding() -> Finding {
        let rule = Rules::shipped().get("privileged-role-assigned").unwrap().clone();
        let change = ChangeKey {
            type_token: "roleAssignment".to_owned(),
            id: "a1".to_owned(),
            kind: "object".to_owned(),
            ..ChangeKey::default()
        };
        Finding {
            severity: Severity::Critical,
            rule,
            sentence: "Ann \u{1b}[2J is Global Administrator".to_owned(),
            display_name: "Ann → Global Administrator".to_owned(),
            from_value: Value::Null,
            to_value: Value::Null,
            related: vec![RelatedObject {
                type_token: "user".to_owned(),
                id: "u1".to_owned(),
                display_name: "Ann".to_owned(),
            }],
            undo: vec![change.clone()],
            change,
        }
    }

    #[test]
    fn people_read_a_sentence_and_what_it_is_about() {
        let text = text(&[finding()], PLAIN);
        assert!(!text.contains('\u{1b}'), "{text:?}");
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("critical  Ann "), "{text}");
        assert_eq!(lines[1], "          privileged-role-assigned: roleAssignment a1");
        assert_eq!(lines.len(), 2);
        let whole = super::text(&[finding()], Look { whole: true, ..PLAIN });
        assert!(whole.contains("          undo: Remove the role assignment.\n"), "{whole}");
        assert_eq!(sentence(&[finding(), finding()]), "2 findings: 2 critical");
        assert_eq!(sentence(&[]), "0 findings");
    }

    #[test]
    fn programs_read_the_columns_of_the_table() {
        let rows = rows(&[finding()]);
        assert_eq!(rows.cells[0].len(), COLUMNS.len());
        assert_eq!(
            rows.cells[0][12],
            Cell::Json(r#"[{"displayName":"Ann","id":"u1","type":"user"}]"#.to_owned())
        );
        assert_eq!(rows.cells[0][10], Cell::Null);
        let page = page_rows(&[finding()]);
        assert_eq!((page.cells[0].len(), &page.cells[0][0]), (PAGE_COLUMNS.len(), &Cell::text("critical")));
    }
}
