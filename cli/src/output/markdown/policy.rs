//! A conditional access policy in Markdown: its sentence, and its table.

use std::fmt::Write as _;

use super::escaped;
use crate::conditional_access::Reading;

/// The policy.
pub(crate) fn render(policy: &Reading) -> String {
    let mut out = format!("{}\n\n| | |\n| --- | --- |\n", escaped(&policy.sentence));
    for row in &policy.rows {
        let items = row.items.iter().map(|item| {
            let text = escaped(&item.text);
            if item.missing.is_empty() { text } else { format!("{text} **({})**", item.missing) }
        });
        let items: Vec<String> = items.collect();
        writeln!(out, "| {} | {} |", row.label, items.join("<br>")).ok();
    }
    out
}
