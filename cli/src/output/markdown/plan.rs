//! A plan as a Markdown document for a pull request or a ticket: the same as its page.

use std::io::{self, Write};

use ingest::plan::Plan;

use super::super::change::markdown::parts;
use super::super::head::Head;
use super::super::plan::{kind_name, sentence};
use super::super::review::{duration, phase_title, phases, request, skipped, step_details, step_sentence};
use super::super::text::counted;
use super::{document, escaped};
use crate::names::Names;

/// Writes the document of a plan.
pub(crate) fn write(out: &mut dyn Write, head: &Head, plan: &Plan, names: &mut Names) -> io::Result<()> {
    out.write_all(document::head(head).as_bytes())?;
    for guard in &plan.guards {
        let allowed = if guard.allowed { " (allowed when the plan was made)" } else { "" };
        writeln!(out, "> **Guard {}**{allowed}: {}", escaped(&guard.name), escaped(&guard.reason))?;
        for object in &guard.objects {
            let fields = [&object.type_token, &object.display_name, &object.id].map(|field| escaped(field));
            writeln!(out, "> - {}", fields.join(" "))?;
        }
        out.write_all(b"\n")?;
    }
    writeln!(out, "{}\n", escaped(&sentence(plan)))?;
    let estimate = plan.estimate;
    let requests = counted(estimate.requests, "request");
    writeln!(out, "- **Estimate:** {requests}, about {}", duration(estimate.seconds))?;
    if !plan.permissions.is_empty() && !plan.steps.is_empty() {
        writeln!(out, "- **Permissions:** {}", escaped(&plan.permissions.join(", ")))?;
    }
    writeln!(out, "- **Hash:** {}\n", escaped(&plan.hash))?;
    if plan.steps.is_empty() {
        out.write_all(b"Nothing is to be done.\n\n")?;
    }
    steps(out, plan, names)?;
    rest(out, plan)?;
    for signature in &plan.signatures {
        writeln!(out, "Signed, as it says, by {}\n", escaped(&signature.key))?;
    }
    out.write_all(b"| | name | date |\n| --- | --- | --- |\n| Reviewed by | | |\n| Approved by | | |\n")
}

fn steps(out: &mut dyn Write, plan: &Plan, names: &mut Names) -> io::Result<()> {
    for (number, (phase, steps)) in phases(plan).iter().enumerate() {
        writeln!(out, "## {}. {}\n", number + 1, phase_title(*phase))?;
        for step in steps {
            let (id, kind) = (escaped(&step.id), kind_name(step.kind));
            let (sentence, object) = (escaped(&step_sentence(step, names)), escaped(&step.object.id));
            writeln!(out, "- **{id} {kind}** {sentence} ({object})")?;
            for part in step_details(step, names).iter().flat_map(parts) {
                writeln!(out, "  - {part}")?;
            }
            let (line, body) = request(step);
            let body = body.map_or_else(String::new, |body| format!(" {}", escaped(&body)));
            writeln!(out, "  - sends {}{body}", escaped(&line))?;
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// What the plan leaves as it is.
fn rest(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    if plan.skipped.is_empty() && plan.unfixable.is_empty() {
        return Ok(());
    }
    out.write_all(b"## Not undone\n\n")?;
    for (reason, objects) in skipped(plan) {
        writeln!(out, "- {}: {}", escaped(reason), escaped(&objects.join(", ")))?;
    }
    for unfixable in &plan.unfixable {
        let object = escaped(&unfixable.object.display_name);
        let (reference, reason) = (escaped(&unfixable.reference), escaped(&unfixable.reason));
        writeln!(out, "- stays behind in {object}: {reference} ({reason})")?;
    }
    out.write_all(b"\n")
}
