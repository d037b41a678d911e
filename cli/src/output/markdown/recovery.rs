//! A recovery as a Markdown document: the same as its page.

use std::io::{self, Write};

use ingest::apply::{RecoverySummary, StepOutcome};

use super::super::head::Head;
use super::super::recovery::{counts, differing, message, status_name, step_rows};
use super::super::write_table;
use super::{Markdown, document, escaped};

/// Writes the document of a recovery.
pub(crate) fn write(
    out: &mut dyn Write,
    head: &Head,
    summary: &RecoverySummary,
    steps: &[StepOutcome],
) -> io::Result<()> {
    out.write_all(document::head(head).as_bytes())?;
    writeln!(out, "{}\n", escaped(&counts(summary)))?;
    let odd: Vec<&StepOutcome> = steps.iter().filter(|step| !message(step).is_empty()).collect();
    if !odd.is_empty() {
        out.write_all(b"## Not as planned\n\n")?;
        for step in odd {
            let fields =
                [&step.object.type_token, &step.object.display_name].map(|field| escaped(field)).join(" ");
            let (id, status) = (escaped(&step.id), escaped(&status_name(step.status)));
            writeln!(out, "- **{id} {status}** {fields}: {}", escaped(&message(step)))?;
        }
        out.write_all(b"\n")?;
    }
    if !summary.remaining.is_empty() {
        out.write_all(b"## Still differs\n\n")?;
        for left in &summary.remaining {
            writeln!(out, "- {}", escaped(&differing(left)))?;
        }
        out.write_all(b"\n")?;
    }
    out.write_all(b"## Steps\n\n")?;
    write_table(&mut Markdown::new(out), &step_rows(steps)).map(drop)
}
