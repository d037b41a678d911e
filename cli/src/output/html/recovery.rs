//! A recovery on a page: how it ended, what did not go as planned, and what became of each step.

use std::io::{self, Write};

use ingest::apply::{RecoverySummary, StepOutcome};

use super::super::recovery::{counts, differing, message, status_name, step_rows};
use super::super::text::{counted, escaped_html as escaped};
use super::table;

/// Writes the body of the page of a recovery.
pub(crate) fn write(out: &mut dyn Write, summary: &RecoverySummary, steps: &[StepOutcome]) -> io::Result<()> {
    writeln!(
        out,
        "<section class=\"box calm\">\n<h2>How it ended</h2>\n<p>{}</p>\n</section>",
        escaped(&counts(summary))
    )?;
    let odd: Vec<&StepOutcome> = steps.iter().filter(|step| !message(step).is_empty()).collect();
    if !odd.is_empty() {
        let count = counted(odd.len() as u64, "step");
        writeln!(out, "<section class=\"box alarm\">\n<h2>Not as planned: {count}</h2>\n<ul>")?;
        for step in odd {
            let object = &step.object;
            writeln!(
                out,
                "<li>{} {}: {} <strong>{}</strong>: {}</li>",
                escaped(&step.id),
                escaped(&status_name(step.status)),
                escaped(&object.type_token),
                escaped(&object.display_name),
                escaped(&message(step))
            )?;
        }
        out.write_all(b"</ul>\n</section>\n")?;
    }
    if !summary.remaining.is_empty() {
        out.write_all(b"<section class=\"box warn\">\n<h2>Still differs</h2>\n<ul>\n")?;
        for left in &summary.remaining {
            writeln!(out, "<li>{}</li>", escaped(&differing(left)))?;
        }
        out.write_all(b"</ul>\n</section>\n")?;
    }
    if !summary.reset_passwords.is_empty() {
        out.write_all(b"<section class=\"box warn\">\n<h2>Passwords that nobody knows</h2>\n<ul>\n")?;
        for object in &summary.reset_passwords {
            writeln!(out, "<li>{} <code>{}</code></li>", escaped(&object.display_name), escaped(&object.id))?;
        }
        out.write_all(b"</ul>\n</section>\n")?;
    }
    out.write_all(b"<section>\n<h2>Steps</h2>\n")?;
    table(out, &step_rows(steps))?;
    out.write_all(b"</section>\n")
}
