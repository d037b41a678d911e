//! A plan on a page, as a reviewer signs it: guards and hash first, then what each step does, phase by phase.

use std::io::{self, Write};

use ingest::plan::{Guard, Plan, Step};

use super::super::anchor::anchor;
use super::super::change::page::{class, write_details};
use super::super::plan::{kind_name, mark, sentence};
use super::super::review::{duration, phase_title, phases, request, skipped, step_details, step_sentence};
use super::super::text::{counted, escaped_html as escaped};
use super::filter_bar;
use crate::names::Names;

/// Steps of a plan that are unfolded.
const UNFOLDED_MAX: usize = 60;

/// Writes the body of the page of a plan.
pub(crate) fn write(out: &mut dyn Write, plan: &Plan, names: &mut Names) -> io::Result<()> {
    plan.guards.iter().try_for_each(|guard| guard_box(out, guard))?;
    summary(out, plan)?;
    let phases = phases(plan);
    if plan.steps.is_empty() {
        out.write_all(b"<p>Nothing is to be done.</p>\n")?;
    } else {
        let mut types: Vec<&str> = plan.steps.iter().map(|step| step.object.type_token.as_str()).collect();
        types.sort_unstable();
        types.dedup();
        filter_bar(out, &types, false)?;
    }
    let open = if plan.steps.len() <= UNFOLDED_MAX { " open" } else { "" };
    for (number, (phase, steps)) in phases.iter().enumerate() {
        let count = counted(steps.len() as u64, "step");
        writeln!(
            out,
            "<section class=\"area\">\n<h2>{}. {} <span class=\"count\">{count}</span></h2>",
            number + 1,
            phase_title(*phase)
        )?;
        steps.iter().try_for_each(|step| one(out, step, open, names))?;
        out.write_all(b"</section>\n")?;
    }
    rest(out, plan)?;
    signatures(out, plan)
}

fn guard_box(out: &mut dyn Write, guard: &Guard) -> io::Result<()> {
    let (style, allowed) = if guard.allowed {
        ("warn", "allowed when the plan was made")
    } else {
        ("alarm", "stops the plan unless it is allowed by name")
    };
    writeln!(
        out,
        "<section class=\"box {style}\">\n<h2>Guard {}: {allowed}</h2>\n<p>{}</p>",
        escaped(&guard.name),
        escaped(&guard.reason)
    )?;
    if !guard.objects.is_empty() {
        out.write_all(b"<ul>\n")?;
        for object in &guard.objects {
            let (kind, name) = (escaped(&object.type_token), escaped(&object.display_name));
            writeln!(out, "<li>{kind} <strong>{name}</strong> <code>{}</code></li>", escaped(&object.id))?;
        }
        out.write_all(b"</ul>\n")?;
    }
    out.write_all(b"</section>\n")
}

/// What is signed: counts, cost, permissions, hash.
fn summary(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    let estimate = plan.estimate;
    writeln!(
        out,
        "<section class=\"box calm\">\n<h2>What is to be agreed</h2>\n<p>{}</p>\n<dl class=\"facts\">\n\
         <dt>Estimate</dt><dd>{}, about {}</dd>",
        escaped(&sentence(plan)),
        counted(estimate.requests, "request"),
        duration(estimate.seconds)
    )?;
    if !plan.permissions.is_empty() && !plan.steps.is_empty() {
        writeln!(out, "<dt>Permissions</dt><dd>{}</dd>", escaped(&plan.permissions.join(", ")))?;
    }
    writeln!(
        out,
        "<dt>Hash</dt><dd><code class=\"hash\">{}</code></dd>\n</dl>\n</section>",
        escaped(&plan.hash)
    )
}

/// One step: a sentence, what it changes, what it sends.
fn one(out: &mut dyn Write, step: &Step, open: &str, names: &mut Names) -> io::Result<()> {
    let object = &step.object;
    writeln!(
        out,
        "<details class=\"object\" data-type=\"{}\"{open}>\n\
         <summary>{} <span class=\"badge {}\">{}</span> {}</summary>",
        escaped(&object.type_token),
        escaped(&step.id),
        class(mark(step.kind)),
        kind_name(step.kind),
        escaped(&step_sentence(step, names))
    )?;
    let anchor = anchor(&step.id, &object.id);
    writeln!(
        out,
        "<div class=\"body\" id=\"{anchor}\">\n<p class=\"id\">ID <code>{}</code></p>",
        escaped(&object.id)
    )?;
    write_details(out, &step_details(step, names))?;
    let (line, body) = request(step);
    let body = body.map_or_else(String::new, |body| format!("\n{}", escaped(&body)));
    writeln!(
        out,
        "<details><summary class=\"note\">Request</summary><pre>{}{body}</pre></details>\n</div>\n</details>",
        escaped(&line)
    )
}

/// What the plan leaves as it is.
fn rest(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    if plan.skipped.is_empty() && plan.unfixable.is_empty() {
        return Ok(());
    }
    out.write_all(b"<section>\n<h2>Not undone</h2>\n")?;
    for (reason, objects) in skipped(plan) {
        let count = counted(objects.len() as u64, "change");
        writeln!(out, "<details><summary>{}: {count}</summary>\n<ul>", escaped(reason))?;
        objects.iter().try_for_each(|object| writeln!(out, "<li>{}</li>", escaped(object)))?;
        out.write_all(b"</ul>\n</details>\n")?;
    }
    for unfixable in &plan.unfixable {
        let object = escaped(&unfixable.object.display_name);
        let (reference, reason) = (escaped(&unfixable.reference), escaped(&unfixable.reason));
        writeln!(out, "<p>Stays behind in {object}: {reference} ({reason})</p>")?;
    }
    out.write_all(b"</section>\n")
}

/// Who signed it, and room for two names.
fn signatures(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    out.write_all(b"<section>\n<h2>Signatures</h2>\n")?;
    for signature in &plan.signatures {
        writeln!(out, "<p>Signed, as it says, by <code>{}</code></p>", escaped(&signature.key))?;
    }
    out.write_all(
        b"<div class=\"signatures\">\n<div>Reviewed by: name, date, signature</div>\n\
          <div>Approved by: name, date, signature</div>\n</div>\n</section>\n",
    )
}
