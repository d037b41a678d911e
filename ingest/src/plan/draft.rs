//! Steps before they have their places: which depend on which, in what order, and what new IDs stand for.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

use serde_json::Value;

use super::{NEW_ID_PREFIX, Named, Phase, PlanObject, RequestTemplate, Step, StepKind, StepLink};

/// The place of a draft among all drafts.
pub(super) type DraftId = usize;

/// A step without an ID.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) kind: StepKind,
    pub(super) phase: Phase,
    pub(super) object: PlanObject,
    pub(super) before: Named,
    pub(super) after: Named,
    pub(super) links: Vec<StepLink>,
    pub(super) depends_on: BTreeSet<DraftId>,
    pub(super) request: RequestTemplate,
    pub(super) notes: Vec<String>,
}

impl Draft {
    pub(super) fn new(kind: StepKind, phase: Phase, object: PlanObject, request: RequestTemplate) -> Self {
        Self {
            kind,
            phase,
            object,
            before: Named::new(),
            after: Named::new(),
            links: Vec::new(),
            depends_on: BTreeSet::new(),
            request,
            notes: Vec::new(),
        }
    }
}

/// What an old ID becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NewId {
    /// The step that makes the object again.
    pub(super) step: DraftId,
    /// The property of the answer that replaces it; `id` when none is named.
    pub(super) property: Option<&'static str>,
}

/// All steps of a plan to be.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    pub(super) list: Vec<Draft>,
    /// Steps that bring an object back, by its old ID.
    pub(super) returns: HashMap<String, DraftId>,
    /// What the IDs of objects become that are made again.
    pub(super) renames: HashMap<String, NewId>,
}

impl Drafts {
    pub(super) fn add(&mut self, draft: Draft) -> DraftId {
        self.list.push(draft);
        self.list.len() - 1
    }

    /// Orders the steps, numbers them and names new IDs by them.
    pub(super) fn into_steps(mut self) -> Vec<Step> {
        self.find_dependencies();
        self.break_cycles();
        self.raise_phases();
        let order = self.order();
        let mut places = vec![0; self.list.len()];
        for (place, draft) in order.iter().enumerate() {
            places[*draft] = place;
        }
        let renames: HashMap<&str, (DraftId, String)> = (self.renames.iter())
            .map(|(id, new)| (id.as_str(), (new.step, placeholder(places[new.step], new.property))))
            .collect();
        let mut slots: Vec<Option<Draft>> = self.list.into_iter().map(Some).collect();
        let mut steps = Vec::with_capacity(slots.len());
        for (place, draft) in order.iter().enumerate() {
            let Some(mut draft) = slots[*draft].take() else { continue };
            if !renames.is_empty() {
                rename(&mut draft, &|id| {
                    renames.get(id).filter(|(step, _)| *step != order[place]).map(|(_, new)| new.as_str())
                });
            }
            let mut before: Vec<usize> = draft.depends_on.iter().map(|id| places[*id]).collect();
            before.sort_unstable();
            steps.push(Step {
                id: step_id(place),
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
    fn find_dependencies(&mut self) {
        if self.returns.is_empty() && self.renames.is_empty() {
            return;
        }
        for (place, draft) in self.list.iter_mut().enumerate() {
            let mut found = BTreeSet::new();
            let mut note = |id: &str| {
                found.extend(self.returns.get(id).copied());
                found.extend(self.renames.get(id).map(|new| new.step));
            };
            note(&draft.object.id);
            draft.links.iter().for_each(|link| note(&link.target_id));
            visit_texts(&draft.request, &mut |text| each_id(text, &mut note));
            draft.after.values().for_each(|value| visit_value(value, &mut |text| each_id(text, &mut note)));
            found.remove(&place);
            draft.depends_on.append(&mut found);
        }
    }

    /// Of steps that wait for each other the one that came first goes first. None are made on purpose; a plan with all
    /// its steps is still better than one without some.
    fn break_cycles(&mut self) {
        let order = self.topological();
        if order.len() == self.list.len() {
            return;
        }
        let mut is_caught = vec![true; self.list.len()];
        for place in order {
            is_caught[place] = false;
        }
        for (place, draft) in self.list.iter_mut().enumerate() {
            draft.depends_on.retain(|before| *before < place || !is_caught[*before]);
        }
    }

    /// Depending on a later phase makes a step part of it.
    fn raise_phases(&mut self) {
        for place in self.topological() {
            let phases = self.list[place].depends_on.iter().map(|id| self.list[*id].phase);
            let latest = phases.max().unwrap_or(self.list[place].phase);
            let draft = &mut self.list[place];
            draft.phase = draft.phase.max(latest);
        }
    }

    /// The drafts in the order of the plan: by phase, none before what it depends on.
    fn order(&self) -> Vec<DraftId> {
        let mut order = self.topological();
        // A step's phase is no earlier than those it depends on, and the sort is stable.
        order.sort_by_key(|place| self.list[*place].phase);
        order
    }

    /// The drafts, none before what it depends on, and else by phase and as they came.
    fn topological(&self) -> Vec<DraftId> {
        let count = self.list.len();
        let mut waiting = vec![0_usize; count];
        let mut followers: Vec<Vec<DraftId>> = vec![Vec::new(); count];
        for (place, draft) in self.list.iter().enumerate() {
            waiting[place] = draft.depends_on.len();
            draft.depends_on.iter().for_each(|before| followers[*before].push(place));
        }
        let key = |place: DraftId| Reverse((self.list[place].phase, place));
        let mut ready: BinaryHeap<_> = (0..count).filter(|place| waiting[*place] == 0).map(key).collect();
        let mut order = Vec::with_capacity(count);
        while let Some(Reverse((_, place))) = ready.pop() {
            order.push(place);
            for follower in &followers[place] {
                waiting[*follower] -= 1;
                if waiting[*follower] == 0 {
                    ready.push(key(*follower));
                }
            }
        }
        order
    }
}

/// The ID of the step at a place of the plan.
fn step_id(place: usize) -> String {
    format!("s{}", place + 1)
}

fn placeholder(place: usize, property: Option<&str>) -> String {
    let step = step_id(place);
    match property {
        Some(property) => format!("{NEW_ID_PREFIX}{step}.{property}}}"),
        None => format!("{NEW_ID_PREFIX}{step}}}"),
    }
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

/// Whether a text can be part of an ID.
fn is_part(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.')
}

/// Every part of a text that may be an ID: between slashes, quotes, brackets and the like.
pub(super) fn each_id(text: &str, note: &mut impl FnMut(&str)) {
    text.split(|letter| !is_part(letter)).filter(|part| !part.is_empty()).for_each(note);
}

/// What an old ID becomes, if it changes.
type Rename<'r> = dyn Fn(&str) -> Option<&'r str> + 'r;

/// Puts placeholders for old IDs into what is sent and what will be; what stands now keeps them.
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
        let end = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        new.push_str(renames(part).unwrap_or(part));
        let separator = after.chars().next().map_or(0, char::len_utf8);
        new.push_str(&after[..separator]);
        rest = &after[separator..];
    }
    *text = new;
}
