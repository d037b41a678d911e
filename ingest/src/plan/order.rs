//! Owns the order of steps: by phase, none before what it depends on; then their IDs, and new IDs of objects by them.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

use serde_json::Value;

use super::draft::{Draft, DraftId, Returns, each_id, is_id_letter, placeholder, step_id};
use super::{RequestTemplate, Step};

/// Orders drafts, numbers them and names new IDs by them.
pub(super) fn steps(mut drafts: Vec<Draft>, returns: &Returns) -> Vec<Step> {
    find_dependencies(&mut drafts, returns);
    break_cycles(&mut drafts);
    raise_phases(&mut drafts);
    let order = order(&drafts);
    let mut positions = vec![0; drafts.len()];
    for (position, index) in order.iter().enumerate() {
        positions[*index] = position;
    }
    let renames: HashMap<&str, (DraftId, String)> = (returns.renamed.iter())
        .map(|(id, new)| (id.as_str(), (new.step, placeholder(positions[new.step], new.property))))
        .collect();
    let mut slots: Vec<Option<Draft>> = drafts.into_iter().map(Some).collect();
    let mut steps = Vec::with_capacity(slots.len());
    for (position, index) in order.iter().enumerate() {
        let Some(mut draft) = slots[*index].take() else { continue };
        if !renames.is_empty() {
            rename(&mut draft, &|id| {
                renames.get(id).filter(|(step, _)| step != index).map(|(_, new)| new.as_str())
            });
        }
        let mut before: Vec<usize> = draft.depends_on.iter().map(|index| positions[*index]).collect();
        before.sort_unstable();
        steps.push(Step {
            id: step_id(position),
            kind: draft.kind,
            phase: draft.phase,
            object: draft.object,
            before: draft.before,
            after: draft.after,
            links: draft.links,
            depends_on: before.into_iter().map(step_id).collect(),
            request: draft.request,
            notes: draft.notes,
        });
    }
    steps
}

/// Lets each step wait for those that bring back what it is about or names.
fn find_dependencies(drafts: &mut [Draft], returns: &Returns) {
    if returns.kept.is_empty() && returns.renamed.is_empty() {
        return;
    }
    for (index, draft) in drafts.iter_mut().enumerate() {
        let mut found = BTreeSet::new();
        let mut note = |id: &str| {
            found.extend(returns.kept.get(id).copied());
            found.extend(returns.renamed.get(id).map(|new| new.step));
        };
        note(&draft.object.id);
        draft.links.iter().for_each(|link| note(&link.target_id));
        visit_texts(&draft.request, &mut |text| each_id(text, &mut note));
        draft.after.values().for_each(|value| visit_value(value, &mut |text| each_id(text, &mut note)));
        found.remove(&index);
        draft.depends_on.append(&mut found);
    }
}

/// Breaks cycles: of steps that wait for each other, the one that was drafted first is done first. No stage makes cycles on
/// purpose; a plan with all its steps is better than one that lacks some.
fn break_cycles(drafts: &mut [Draft]) {
    let order = topological(drafts);
    if order.len() == drafts.len() {
        return;
    }
    let mut is_caught = vec![true; drafts.len()];
    for index in order {
        is_caught[index] = false;
    }
    for (index, draft) in drafts.iter_mut().enumerate() {
        draft.depends_on.retain(|before| *before < index || !is_caught[*before]);
    }
}

/// Depending on a later phase makes a step part of it.
fn raise_phases(drafts: &mut [Draft]) {
    for index in topological(drafts) {
        let phases = drafts[index].depends_on.iter().map(|before| drafts[*before].phase);
        let latest = phases.max().unwrap_or(drafts[index].phase);
        let draft = &mut drafts[index];
        draft.phase = draft.phase.max(latest);
    }
}

/// The drafts in the order of the plan: by phase, none before what it depends on.
fn order(drafts: &[Draft]) -> Vec<DraftId> {
    let mut order = topological(drafts);
    // A step's phase is no earlier than those it depends on, and the sort is stable.
    order.sort_by_key(|index| drafts[*index].phase);
    order
}

/// The drafts, none before what it depends on, and else by phase and as they were drafted.
fn topological(drafts: &[Draft]) -> Vec<DraftId> {
    let count = drafts.len();
    let mut waiting = vec![0_usize; count];
    let mut followers: Vec<Vec<DraftId>> = vec![Vec::new(); count];
    for (index, draft) in drafts.iter().enumerate() {
        waiting[index] = draft.depends_on.len();
        draft.depends_on.iter().for_each(|before| followers[*before].push(index));
    }
    let key = |index: DraftId| Reverse((drafts[index].phase, index));
    let mut ready: BinaryHeap<_> = (0..count).filter(|index| waiting[*index] == 0).map(key).collect();
    let mut order = Vec::with_capacity(count);
    while let Some(Reverse((_, index))) = ready.pop() {
        order.push(index);
        for follower in &followers[index] {
            waiting[*follower] -= 1;
            if waiting[*follower] == 0 {
                ready.push(key(*follower));
            }
        }
    }
    order
}

fn visit_texts(request: &RequestTemplate, visit: &mut impl FnMut(&str)) {
    visit(&request.path);
    match request.body.as_object() {
        Some(members) => members.values().for_each(|value| visit_value(value, visit)),
        None => visit_value(&request.body.to_value(), visit),
    }
}

fn visit_value(value: &Value, visit: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(values) => values.iter().for_each(|value| visit_value(value, visit)),
        Value::Object(values) => values.values().for_each(|value| visit_value(value, visit)),
        _ => {}
    }
}

/// What an old ID becomes, if it changes.
type Rename<'r> = dyn Fn(&str) -> Option<&'r str> + 'r;

/// Puts placeholders for old IDs into the request and the wanted values; the observed values keep them.
fn rename(draft: &mut Draft, renames: &Rename<'_>) {
    for link in &mut draft.links {
        rename_text(&mut link.target_id, renames);
    }
    rename_text(&mut draft.request.path, renames);
    if let Some(members) = draft.request.body.as_object_mut() {
        members.values_mut().for_each(|value| rename_value(value, renames));
    }
    draft.after.values_mut().for_each(|value| rename_value(value, renames));
}

fn rename_value(value: &mut Value, renames: &Rename<'_>) {
    match value {
        Value::String(text) => rename_text(text, renames),
        Value::Array(values) => values.iter_mut().for_each(|value| rename_value(value, renames)),
        Value::Object(values) => values.values_mut().for_each(|value| rename_value(value, renames)),
        _ => {}
    }
}

fn rename_text(text: &mut String, renames: &Rename<'_>) {
    let mut has_old = false;
    each_id(text, &mut |part| has_old |= renames(part).is_some());
    if !has_old {
        return;
    }
    let mut new = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let end = rest.find(|letter| !is_id_letter(letter)).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        new.push_str(renames(part).unwrap_or(part));
        let separator = after.chars().next().map_or(0, char::len_utf8);
        new.push_str(&after[..separator]);
        rest = &after[separator..];
    }
    *text = new;
}
