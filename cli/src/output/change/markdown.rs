//! Changes as a Markdown table, and their counts.

use std::fmt::Write as _;

use super::super::markdown::escaped;
use super::content::Budget;
use super::detail::{Detail, Mark, details, title_of};
use super::{sentence, unshown};
use crate::change::ChangeRow;
use crate::names::Names;

/// A difference.
pub(crate) fn render(changes: &[ChangeRow], names: &mut Names, is_whole: bool) -> String {
    let mut budget = Budget::new(is_whole);
    let mut out =
        String::from("| change | type | name | ID | undo | what |\n| --- | --- | --- | --- | --- | --- |\n");
    for change in changes {
        let title = title_of(change, names);
        let what = details(change, names, budget.next(change));
        let what: Vec<String> = what.iter().flat_map(parts).collect();
        let fields = [&change.change, &change.type_token, &title, &change.id, &change.recovery_action];
        let fields = fields.map(|field| escaped(field)).join(" | ");
        writeln!(out, "| {fields} | {} |", what.join("<br>")).ok();
    }
    let rest = unshown(&budget).map(|text| format!("\n{text}\n")).unwrap_or_default();
    format!("{out}\n{}\n{rest}", sentence(changes))
}

fn parts(detail: &Detail) -> Vec<String> {
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
    use super::*;
    use crate::change::tests::example;

    #[test]
    fn what_markdown_would_read_is_escaped() {
        let mut changes = example();
        changes[0].display_name = "a|b <script>\nc".to_owned();
        let text = render(&changes, &mut Names::none(), false);
        assert!(text.contains("a\\|b &lt;script>\\\\nc"), "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with("| ")).count(), 5, "{text}");
        assert!(text.contains("tags: − \"a\"<br>tags: + \"c\"<br>members added: u1"), "{text}");
    }
}
