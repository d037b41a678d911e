//! Draws a recovery plan as people read it: what goes, what comes, what changes, and what stands in the way.

use std::fmt::Write as _;

use ingest::plan::{Plan, Step, StepKind};
use serde_json::Value;

use super::{Look, counted, grouped, html, people_time, printable};

/// Letters of a value that are shown.
const VALUE_WIDTH: usize = 60;
/// Skipped changes that are shown, of each reason.
const SKIPPED_MAX: usize = 3;

/// A plan as text.
pub(crate) fn render(plan: &Plan, look: Look) -> String {
    let mut text = String::new();
    writeln!(
        text,
        "plan {}: back to {} ({}), where {} ({}) still stands\n",
        plan.plan_id,
        plan.from.point,
        people_time(plan.from.taken_at),
        plan.to.point,
        people_time(plan.to.taken_at)
    )
    .ok();
    for step in &plan.steps {
        draw_step(&mut text, step, look);
    }
    if plan.steps.is_empty() {
        text.push_str("Nothing is to be done.\n");
    }
    draw_rest(&mut text, plan);
    text
}

fn draw_step(text: &mut String, step: &Step, look: Look) {
    let (mark, colour) = match step.kind {
        StepKind::Update => ("~", "33"),
        StepKind::AddLink | StepKind::Restore | StepKind::Recreate => ("+", "32"),
        StepKind::RemoveLink | StepKind::SoftDelete | StepKind::HardDelete => ("-", "31"),
    };
    let mark = if look.color { format!("\u{1b}[{colour}m{mark}\u{1b}[0m") } else { mark.to_owned() };
    writeln!(text, "{mark} {:4} {:<10} {}", step.id, kind_name(step.kind), named(step)).ok();
    for (name, after) in &step.after {
        let before = step.before.get(name).unwrap_or(&Value::Null);
        writeln!(text, "           {name}: {} -> {}", shown(before), shown(after)).ok();
    }
    for link in &step.links {
        let name = if link.target_name.is_empty() { &link.target_id } else { &link.target_name };
        let name = printable(name);
        writeln!(text, "           {}: {name} {}", link.relation, printable(&link.target_id)).ok();
    }
    for note in &step.notes {
        writeln!(text, "           note: {}", printable(note)).ok();
    }
}

fn draw_rest(text: &mut String, plan: &Plan) {
    let mut reasons: std::collections::BTreeMap<&str, Vec<String>> = std::collections::BTreeMap::new();
    for skipped in &plan.skipped {
        let name = if skipped.name.is_empty() { String::new() } else { format!(".{}", skipped.name) };
        let object = &skipped.object;
        let what = format!("{} {}{name}", object.type_token, printable(&object.display_name));
        reasons.entry(&skipped.reason).or_default().push(what);
    }
    if !reasons.is_empty() {
        text.push_str("\nNot undone:\n");
    }
    for (reason, objects) in reasons {
        let more = objects.len().saturating_sub(SKIPPED_MAX);
        let first: Vec<&str> = objects.iter().take(SKIPPED_MAX).map(String::as_str).collect();
        let more = if more == 0 { String::new() } else { format!(", and {more} more") };
        writeln!(text, "  {reason}: {}{more}", first.join(", ")).ok();
    }
    for unfixable in &plan.unfixable {
        let object = printable(&unfixable.object.display_name);
        writeln!(
            text,
            "  stays behind in {object}: {} ({})",
            printable(&unfixable.reference),
            unfixable.reason
        )
        .ok();
    }
    for guard in &plan.guards {
        let allowed = if guard.allowed { ", allowed" } else { "" };
        writeln!(text, "\nGuard {}{allowed}: {}", guard.name, guard.reason).ok();
        for object in guard.objects.iter().take(SKIPPED_MAX) {
            writeln!(text, "  {} {} {}", object.type_token, printable(&object.display_name), object.id).ok();
        }
    }
    writeln!(text, "\n{}", sentence(plan)).ok();
    if !plan.permissions.is_empty() && !plan.steps.is_empty() {
        writeln!(text, "Needs {}.", plan.permissions.join(", ")).ok();
    }
}

/// A plan in words.
pub(crate) fn sentence(plan: &Plan) -> String {
    let mut counts: std::collections::BTreeMap<StepKind, u64> = std::collections::BTreeMap::new();
    for step in &plan.steps {
        *counts.entry(step.kind).or_default() += 1;
    }
    let kinds: Vec<String> =
        counts.iter().map(|(kind, count)| format!("{} {}", grouped(*count), kind_name(*kind))).collect();
    let links: usize = plan.steps.iter().map(|step| step.links.len()).sum();
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    format!(
        "{}{kinds}, {} in them; {} not undone. About {}, {:.0} s.",
        counted(plan.steps.len() as u64, "step"),
        counted(links as u64, "link"),
        counted(plan.skipped.len() as u64, "change"),
        counted(plan.estimate.requests, "request"),
        plan.estimate.seconds
    )
}

/// A plan as Markdown.
pub(crate) fn markdown(plan: &Plan) -> String {
    format!("# Recovery plan {}\n\n```text\n{}```\n", plan.plan_id, render(plan, Look::plain()))
}

/// A plan as the body of a page.
pub(crate) fn page(out: &mut dyn std::io::Write, plan: &Plan) -> std::io::Result<()> {
    writeln!(out, "<h1>Recovery plan {}</h1>", html::escaped(&plan.plan_id))?;
    writeln!(out, "<p>{}</p>", html::escaped(&sentence(plan)))?;
    writeln!(out, "<pre>{}</pre>", html::escaped(&render(plan, Look::plain())))
}

fn named(step: &Step) -> String {
    let object = &step.object;
    let name = if object.display_name.is_empty() { &object.id } else { &object.display_name };
    format!("{} {} {}", object.type_token, printable(name), printable(&object.id))
}

/// How a kind of step is written in files too.
pub(crate) fn kind_name(kind: StepKind) -> String {
    serde_json::to_value(kind).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn shown(value: &Value) -> String {
    super::grid::cut(&printable(&value.to_string()), VALUE_WIDTH)
}
