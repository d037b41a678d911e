//! Changes in Markdown: findings and counts, then what changed in each object, by area and type.

use std::fmt::Write as _;

use super::super::area::grouped;
use super::super::markdown::{escaped, findings as finding_list, policy_table};
use super::content::Budget;
use super::detail::{Detail, Extent, Mark, details, title_of, undo_of};
use super::{Difference, sentence, unshown};
use crate::change::ChangeRow;
use crate::names::Names;

/// A difference.
pub(crate) fn render(difference: &Difference<'_>, names: &mut Names) -> String {
    let changes = difference.changes;
    let mut budget = Budget::new(difference.is_whole);
    let mut out = finding_list(difference.findings);
    writeln!(out, "{}\n", escaped(&sentence(changes))).ok();
    for (area, types) in grouped(changes, |change| change.type_token.as_str()) {
        writeln!(out, "## {}\n", area.title()).ok();
        for (token, changes) in types {
            writeln!(out, "### {} ({})\n", escaped(token), changes.len()).ok();
            for change in changes {
                out.push_str(&object(change, budget.next(change), difference, names));
            }
            out.push('\n');
        }
    }
    if let Some(text) = unshown(&budget) {
        writeln!(out, "{}", escaped(&text)).ok();
    }
    out
}

/// One object: a line, and below it what changed.
fn object(change: &ChangeRow, extent: Extent, difference: &Difference<'_>, names: &mut Names) -> String {
    let (what, id) = (escaped(&change.change), escaped(&change.id));
    let name = match title_of(change, names).as_str() {
        "" => id,
        name => format!("{} ({id})", escaped(name)),
    };
    let undo = match undo_of(change) {
        undo if undo.is_empty() => undo,
        undo => format!("; {}", escaped(&undo)),
    };
    let mut out = format!("- **{what}** {name}{undo}\n");
    for part in details(change, names, extent).iter().flat_map(parts) {
        writeln!(out, "  - {part}").ok();
    }
    if let Some(policy) = difference.policies.get(&change.id) {
        let table = policy_table(policy);
        let lines =
            table.lines().map(|line| if line.is_empty() { String::new() } else { format!("  {line}") });
        writeln!(out, "\n{}\n", lines.collect::<Vec<_>>().join("\n")).ok();
    }
    out
}

/// The lines of a detail.
pub(crate) fn parts(detail: &Detail) -> Vec<String> {
    match detail {
        Detail::Value { path, from, to } => {
            vec![format!("{}: {} → {}", escaped(path), from.shown(escaped), to.shown(escaped))]
        }
        Detail::List { path, elements, .. } => {
            let sign = |mark: Mark| if mark == Mark::Removed { "−" } else { "+" };
            let parts = elements.iter();
            parts
                .map(|(mark, it)| format!("{}: {} {}", escaped(path), sign(*mark), it.shown(escaped)))
                .collect()
        }
        Detail::Link { mark, relation, target, note } => {
            let what = if *mark == Mark::Removed { "removed" } else { "added" };
            vec![format!("{} {what}{note}: {}", escaped(relation), escaped(target))]
        }
        Detail::Held { path, value, .. } => vec![format!("{}: {}", escaped(path), value.shown(escaped))],
        Detail::Unobserved(names) => vec![format!("not observed on one side: {}", escaped(names))],
        Detail::Note(text) => vec![escaped(text)],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::super::risk::examples;
    use super::*;
    use crate::change::tests::example;

    #[test]
    fn what_markdown_would_read_is_escaped() {
        let mut changes = example();
        changes[0].display_name = "a|b <script>\nc".to_owned();
        let findings = examples(&changes[0]);
        let difference = Difference {
            changes: &changes,
            findings: &findings,
            policies: &BTreeMap::new(),
            is_whole: false,
        };
        let text = render(&difference, &mut Names::none());
        assert!(text.contains("a\\|b &lt;script>\\\\nc"), "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with("- **")).count(), 2 + 3, "{text}");
        assert!(text.contains("  - tags: − \"a\"\n  - tags: + \"c\"\n"), "{text}");
        assert!(text.contains("  - members added: u1\n"), "{text}");
        let (high, medium) = (text.find("**high: "), text.find("**medium: "));
        assert!(high.is_some() && high < medium, "{text}");
    }
}
