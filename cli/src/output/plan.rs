//! Draws a recovery plan for people: its steps, the changes it leaves out, its guards.
//!
//! Invariants: 1. plans that send different requests are drawn differently. 2. Whatever a plan file says goes through the
//! one function that disarms it, line by line.

mod value;

pub(super) use value::details;

use std::io::{self, Write};

use ingest::plan::{Named, Plan, PlanObject, Step, StepKind};
use serde_json::{Map, Value};

use super::change::detail::{Detail, Mark, of_step_link};
use super::change::text::{Frame, lines};
use super::text::{counted, grouped, people_time, printable};
use super::{Look, unread};
use crate::names::{Names, Side};
use crate::sentence;

/// Skipped changes that are shown, of each reason.
const SKIPPED_MAX: usize = 3;
/// The lines below a step; the line of the step says what happens.
const BELOW_STEP: Frame = Frame { indent: 11, has_marks: false };

/// A page in the making.
struct Page {
    text: String,
    look: Look,
}

impl Page {
    /// Adds a line; nothing in it steers a terminal or ends the line.
    fn line(&mut self, text: &str) {
        self.text.push_str(&printable(text));
        self.text.push('\n');
    }

    /// Adds the lines of a detail below a step. Values are whole: a plan is signed for what it shows.
    fn below(&mut self, detail: &Detail) {
        self.text.push_str(&lines(detail, BELOW_STEP, Look { whole: true, ..self.look }));
    }

    fn note(&mut self, text: String) {
        self.below(&Detail::Note(text));
    }

    fn gap(&mut self) {
        self.text.push('\n');
    }
}

/// What a step does to its object.
pub(crate) fn mark(kind: StepKind) -> Mark {
    match kind {
        StepKind::Update => Mark::Changed,
        StepKind::AddLink | StepKind::Restore | StepKind::Recreate => Mark::Added,
        StepKind::RemoveLink | StepKind::SoftDelete | StepKind::HardDelete => Mark::Removed,
    }
}

/// Writes a plan as text, step by step.
pub(crate) fn draw(out: &mut dyn Write, plan: &Plan, names: &mut Names, look: Look) -> io::Result<()> {
    each_part(plan, names, look, &mut |part| out.write_all(part.as_bytes()))
}

/// Makes the parts of a plan as text, one after the other.
fn each_part(
    plan: &Plan,
    names: &mut Names,
    look: Look,
    take: &mut dyn FnMut(&str) -> io::Result<()>,
) -> io::Result<()> {
    let mut page = Page { text: String::new(), look };
    page.line(&format!(
        "plan {}: back to {} ({}), where {} ({}) still stands",
        plan.plan_id,
        plan.from.point,
        people_time(plan.from.taken_at),
        plan.to.point,
        people_time(plan.to.taken_at)
    ));
    page.gap();
    for step in &plan.steps {
        draw_step(&mut page, step, names);
        take(&page.text)?;
        page.text.clear();
    }
    if plan.steps.is_empty() {
        page.line("Nothing is to be done.");
    }
    draw_rest(&mut page, plan, names);
    take(&page.text)
}

fn draw_step(page: &mut Page, step: &Step, names: &mut Names) {
    let mark = mark(step.kind);
    let headline = format!("{:4} {:<10} {}", step.id, kind_name(step.kind), titled(step, names));
    page.text.push_str(&page.look.marked_sign(mark));
    page.line(&format!(" {headline}"));
    for detail in details(step, names) {
        page.below(&detail);
    }
    for link in &step.links {
        page.below(&of_step_link(mark, link));
    }
    for note in &step.notes {
        page.note(format!("note: {note}"));
    }
    if page.look.whole {
        draw_request(page, step);
    }
}

fn draw_request(page: &mut Page, step: &Step) {
    if !step.depends_on.is_empty() {
        page.note(format!("after {}", step.depends_on.join(", ")));
    }
    let request = &step.request;
    let version = serde_json::to_value(request.version).unwrap_or_default();
    let version = version.as_str().unwrap_or_default();
    page.note(format!("sends {} /{version}{}", request.method, request.path));
    if !request.body.is_null() {
        page.note(format!("  {}", request.body));
    }
}

fn draw_rest(page: &mut Page, plan: &Plan, names: &mut Names) {
    let mut reasons: std::collections::BTreeMap<&str, Vec<String>> = std::collections::BTreeMap::new();
    for skipped in &plan.skipped {
        let name = if skipped.name.is_empty() { String::new() } else { format!(".{}", skipped.name) };
        let object = &skipped.object;
        let what = format!("{} {}{name}", object.type_token, title_of(object, names));
        reasons.entry(&skipped.reason).or_default().push(what);
    }
    if !reasons.is_empty() {
        page.gap();
        page.line("Not undone:");
    }
    let shown_max = if page.look.whole { usize::MAX } else { SKIPPED_MAX };
    for (reason, objects) in reasons {
        let more = objects.len().saturating_sub(shown_max);
        let first: Vec<&str> = objects.iter().take(shown_max).map(String::as_str).collect();
        let more = if more == 0 { String::new() } else { format!(", and {more} more") };
        page.line(&format!("  {reason}: {}{more}", first.join(", ")));
    }
    for unfixable in &plan.unfixable {
        let object = &unfixable.object.display_name;
        let known = names.get_at(Side::From, &unfixable.reference).name;
        let known = if known.is_empty() { known } else { format!(" ({known})") };
        page.line(&format!(
            "  stays behind in {object}: {}{known} ({})",
            unfixable.reference, unfixable.reason
        ));
    }
    if !plan.unread.is_empty() {
        page.gap();
        page.line(&format!("Says nothing of what was {}", unread::sentence(&plan.unread, page.look.whole)));
    }
    for guard in &plan.guards {
        let allowed = if guard.allowed { ", allowed" } else { "" };
        page.gap();
        page.line(&format!("Guard {}{allowed}: {}", guard.name, guard.reason));
        for object in guard.objects.iter().take(shown_max) {
            let title = title_of(object, names);
            page.line(&format!("  {} {title} {}", object.type_token, object.id));
        }
    }
    page.gap();
    page.line(&sentence(plan));
    if !plan.permissions.is_empty() && !plan.steps.is_empty() {
        page.line(&format!("Needs {}.", plan.permissions.join(", ")));
    }
    page.line(&format!("Hash {}", plan.hash));
    for signature in &plan.signatures {
        page.line(&format!("Signed, as it says, by {}", signature.key));
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

/// The object of a step: its type, its name or sentence, its ID.
fn titled(step: &Step, names: &mut Names) -> String {
    format!("{} {} {}", step.object.type_token, title(step, names), step.object.id)
}

/// What the object of a step is called: by its name, by a sentence when it relates others, or by its ID.
pub(super) fn title(step: &Step, names: &mut Names) -> String {
    let object = &step.object;
    let wanted = sentence::of(&object.type_token, &properties(&step.after), names, Side::From);
    let found = wanted
        .or_else(|| sentence::of(&object.type_token, &properties(&step.before), names, Side::To))
        .unwrap_or_else(|| title_of(object, names));
    if found.is_empty() { object.id.clone() } else { found }
}

fn properties(values: &Named) -> Map<String, Value> {
    values.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// What an object is called in the backups, by its name or by a sentence when it relates others.
fn title_of(object: &PlanObject, names: &mut Names) -> String {
    let (token, id) = (&object.type_token, &object.id);
    let found = [Side::To, Side::From].into_iter().find_map(|side| sentence::at(token, id, names, side));
    found.unwrap_or_else(|| object.display_name.clone())
}

/// How a kind of step is written in files too.
pub(crate) fn kind_name(kind: StepKind) -> String {
    name_of(&serde_json::to_value(kind).unwrap_or_default())
}

fn name_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
