//! The head of a Markdown document: title, facts, what was not read, findings.

use std::fmt::Write as _;

use super::super::head::Head;
use super::super::risk::{Finding, by_severity};
use super::escaped;

/// The head of a document.
pub(crate) fn head(head: &Head) -> String {
    let mut out = format!("# {}\n\n", escaped(&head.title));
    for (label, value) in head.all_facts() {
        writeln!(out, "- **{label}:** {}", escaped(&value)).ok();
    }
    out.push('\n');
    let sentences = head.unread_sentences();
    if !sentences.is_empty() {
        out.push_str("> **What was not read**, so that nothing is said of it here:\n>\n");
        for sentence in sentences {
            writeln!(out, "> - {}", escaped(&sentence)).ok();
        }
        out.push('\n');
    }
    out
}

/// The findings, by risk; nothing when there are none.
pub(crate) fn findings(findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in by_severity(findings) {
        if out.is_empty() {
            out.push_str("## Findings by risk\n\n");
        }
        let (severity, title) = (finding.severity.as_str(), escaped(&finding.title));
        write!(out, "- **{severity}: {title}.** {}", escaped(&finding.sentence)).ok();
        if !finding.undo.is_empty() {
            write!(out, ". Undone by: {}", escaped(&finding.undo)).ok();
        }
        out.push('\n');
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}
