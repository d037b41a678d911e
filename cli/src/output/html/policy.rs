//! A conditional access policy on a page: its sentence, and its table.

use std::io::{self, Write};

use super::super::text::escaped_html as escaped;
use crate::conditional_access::Reading;

/// Writes the policy.
pub(crate) fn write(out: &mut dyn Write, policy: &Reading) -> io::Result<()> {
    writeln!(
        out,
        "<p class=\"sentence\">{}</p>\n<table class=\"policy\">\n<tbody>",
        escaped(&policy.sentence)
    )?;
    for row in &policy.rows {
        let items = row.items.iter().map(|item| {
            let text = escaped(&item.text);
            if item.missing.is_empty() {
                format!("<li>{text}</li>")
            } else {
                format!("<li>{text} <span class=\"nothing\">({})</span></li>", item.missing)
            }
        });
        let items: Vec<String> = items.collect();
        writeln!(out, "<tr><th>{}</th><td><ul>{}</ul></td></tr>", row.label, items.concat())?;
    }
    out.write_all(b"</tbody>\n</table>\n")
}
