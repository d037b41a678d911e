//! The syntax of queries, by package `query`.

use crate::report::Excerpt;

/// What is wrong with a query; nothing when it is well formed.
pub(crate) fn check(text: &str) -> Vec<Excerpt> {
    let findings = query::check(text).err().unwrap_or_default();
    let excerpts = findings.into_iter().map(|finding| Excerpt {
        text: text.to_owned(),
        offset: finding.span.start,
        length: finding.span.end.saturating_sub(finding.span.start),
        message: finding.message,
        help: finding.help.unwrap_or_default(),
    });
    excerpts.collect()
}
