//! A plan as a reviewer reads it, whatever it is written as: its steps by phase, each a sentence with what it changes.

use std::collections::BTreeMap;

use ingest::plan::{Phase, Plan, Skipped, Step, StepKind};

use super::change::detail::{Detail, Mark, of_step_link};
use super::plan::{details, mark, title};
use super::text::counted;
use crate::names::Names;

/// Ends of links that the sentence of a step names.
const TARGETS_MAX: usize = 3;

/// Steps by phase, in the order in which they are done.
pub(crate) fn phases(plan: &Plan) -> BTreeMap<Phase, Vec<&Step>> {
    let mut phases: BTreeMap<Phase, Vec<&Step>> = BTreeMap::new();
    for step in &plan.steps {
        phases.entry(step.phase).or_default().push(step);
    }
    phases
}

/// What is done in a phase.
pub(crate) fn phase_title(phase: Phase) -> &'static str {
    match phase {
        Phase::Containment => "Take back what an intruder gained",
        Phase::Definitions => "Put back what other objects refer to",
        Phase::Objects => "Restore and re-create objects",
        Phase::Attributes => "Write properties",
        Phase::Links => "Add links, assignments and grants",
        Phase::ConditionalAccess => "Put conditional access back",
        Phase::Unlinking => "Take links away",
        Phase::Deletion => "Delete what was not there",
    }
}

/// A step in a sentence.
pub(crate) fn step_sentence(step: &Step, names: &mut Names) -> String {
    let object = format!("{} {}", step.object.type_token, title(step, names));
    match (step.kind, step.links.as_slice()) {
        (StepKind::Update, _) => {
            let names: Vec<&str> = step.after.iter().map(|(name, _)| name.as_str()).collect();
            format!("Sets {} of {object}", series(&names))
        }
        (StepKind::AddLink, []) => format!("Makes {object} again"),
        (StepKind::RemoveLink, []) => format!("Takes {object} away"),
        (StepKind::AddLink, _) => format!("Adds {} to {object}", targets(step)),
        (StepKind::RemoveLink, _) => format!("Removes {} from {object}", targets(step)),
        (StepKind::Restore, _) => format!("Restores {object} from the recycle bin"),
        (StepKind::Recreate, _) => format!("Creates {object} again, with a new ID"),
        (StepKind::SoftDelete, _) => format!("Moves {object} to the recycle bin"),
        (StepKind::HardDelete, _) => format!("Deletes {object} for good"),
    }
}

/// The other ends of a step's links, by relation.
fn targets(step: &Step) -> String {
    let mut relations: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for link in &step.links {
        let name = if link.target_name.is_empty() { &link.target_id } else { &link.target_name };
        relations.entry(&link.relation).or_default().push(name);
    }
    let relations = relations.into_iter().map(|(relation, names)| {
        if names.len() > TARGETS_MAX {
            format!("{} ({relation})", counted(names.len() as u64, "object"))
        } else {
            format!("{} ({relation})", series(&names))
        }
    });
    relations.collect::<Vec<_>>().join(" and ")
}

/// Words one after another, with `and` before the last.
fn series(words: &[&str]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Everything that a step changes, and what is worth knowing of it.
pub(crate) fn step_details(step: &Step, names: &mut Names) -> Vec<Detail> {
    let mut found = details(step, names);
    let mark = if mark(step.kind) == Mark::Removed { Mark::Removed } else { Mark::Added };
    found.extend(step.links.iter().map(|link| of_step_link(mark, link)));
    found.extend(step.notes.iter().cloned().map(Detail::Note));
    if !step.depends_on.is_empty() {
        found.push(Detail::Note(format!("after {}", step.depends_on.join(", "))));
    }
    found
}

/// The request of a step, and its body where it has one.
pub(crate) fn request(step: &Step) -> (String, Option<String>) {
    let request = &step.request;
    let version = serde_json::to_value(request.version).unwrap_or_default();
    let line = format!("{} /{}{}", request.method, version.as_str().unwrap_or_default(), request.path);
    (line, (!request.body.is_null()).then(|| request.body.to_string()))
}

/// Changes that no step undoes, by reason.
pub(crate) fn skipped(plan: &Plan) -> BTreeMap<&str, Vec<String>> {
    let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for Skipped { object, name, reason } in &plan.skipped {
        let name = if name.is_empty() { String::new() } else { format!(": {name}") };
        let what = format!("{} {}{name}", object.type_token, object.display_name);
        reasons.entry(reason).or_default().push(what);
    }
    reasons
}

/// Seconds for people: `40 s`, `12 min`, `3 h`.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        short if short < 90.0 => format!("{short:.0} s"),
        long if long < 5_400.0 => format!("{:.0} min", long / 60.0),
        longer => format!("{:.1} h", longer / 3_600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_in_a_series_and_seconds_in_the_unit_that_fits() {
        assert_eq!(series(&["a", "b", "c"]), "a, b and c");
        assert_eq!(series(&["a"]), "a");
        assert_eq!(["3 s", "2 min", "2.0 h"], [3.0, 121.0, 7_200.0].map(duration));
    }
}
