//! Findings on a page, by risk, each with links to the objects that it is about.

use std::collections::HashSet;
use std::io::{self, Write};

use super::super::anchor::anchor;
use super::super::risk::{Finding, SEVERITIES, badge, by_severity};
use super::super::text::{counted, escaped_html as escaped};
use crate::change::ChangeRow;

/// Objects of a finding that the page links; more are counted.
const OBJECTS_MAX: usize = 12;

/// Writes the findings of a page about some changes; nothing when there are none.
pub(crate) fn write(out: &mut dyn Write, findings: &[Finding], changes: &[ChangeRow]) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    let counts = SEVERITIES.into_iter().rev().filter_map(|severity| {
        let count = findings.iter().filter(|finding| finding.severity == severity).count();
        (count > 0).then(|| format!("<span class=\"badge {0}\">{count} {0}</span>", severity.as_str()))
    });
    let counts: Vec<String> = counts.collect();
    writeln!(
        out,
        "<section id=\"findings\">\n<h2>Findings by risk</h2>\n<p>{}</p>\n<ul class=\"findings\">",
        counts.join(" ")
    )?;
    let shown: HashSet<(&str, &str)> =
        changes.iter().map(|change| (change.type_token.as_str(), change.id.as_str())).collect();
    by_severity(findings).into_iter().try_for_each(|finding| one(out, finding, &shown))?;
    out.write_all(b"</ul>\n</section>\n")
}

/// One finding; the objects that the page shows are links to their sections.
fn one(out: &mut dyn Write, finding: &Finding, shown: &HashSet<(&str, &str)>) -> io::Result<()> {
    let (badge, title) = (badge(finding.severity), escaped(&finding.title));
    writeln!(out, "<li>{badge} <strong>{title}</strong>\n<p>{}</p>", escaped(&finding.sentence))?;
    let links: Vec<String> = (finding.objects.iter().take(OBJECTS_MAX))
        .map(|object| {
            let name = if object.name.is_empty() { &object.id } else { &object.name };
            let (kind, name) = (escaped(&object.type_token), escaped(name));
            if shown.contains(&(object.type_token.as_str(), object.id.as_str())) {
                format!("<a href=\"#{}\">{kind} {name}</a>", anchor(&object.type_token, &object.id))
            } else {
                format!("{kind} {name}")
            }
        })
        .collect();
    let more = match finding.objects.len().saturating_sub(OBJECTS_MAX) {
        0 => String::new(),
        more => format!(" and {} more", counted(more as u64, "object")),
    };
    if !links.is_empty() {
        writeln!(out, "<p>{}{more}</p>", links.join(", "))?;
    }
    if !finding.undo.is_empty() {
        writeln!(out, "<p class=\"note\">Undone by: {}</p>", escaped(&finding.undo))?;
    }
    out.write_all(b"</li>\n")
}
