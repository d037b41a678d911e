//! A conditional access policy for people: its sentence, its table, and what in it points at nothing.

use std::fmt::Write as _;

use super::Look;
use super::text::{printable, wrapped};
use crate::conditional_access::Reading;

/// Columns of the labels.
const LABEL_WIDTH: usize = 18;

/// The policy as lines of text.
pub(crate) fn text(policy: &Reading, look: Look) -> String {
    let mut out = String::new();
    let room = look.width.saturating_sub(2).max(20);
    for line in wrapped(&printable(&policy.sentence), room) {
        writeln!(out, "  {line}").ok();
    }
    out.push('\n');
    for row in &policy.rows {
        let mut label = row.label;
        for item in &row.items {
            let missing =
                if item.missing.is_empty() { String::new() } else { format!(" ({})", item.missing) };
            let text = printable(&format!("{}{missing}", item.text));
            for line in wrapped(&text, room.saturating_sub(LABEL_WIDTH).max(20)) {
                writeln!(out, "  {label:LABEL_WIDTH$}{line}").ok();
                label = "";
            }
        }
    }
    for missing in policy.missing() {
        writeln!(out, "  ! {}", printable(&missing)).ok();
    }
    out.push('\n');
    out
}
