//! Owns drafts: steps without an ID or a position, and what a change or a stage comes to.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::{
    NEW_ID_PREFIX, Named, Phase, PlanObject, RequestTemplate, Skipped, StepKind, StepLink, Unfixable,
};

/// The index of a draft in its list.
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
    /// Indexes in the same list.
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

/// A property with the value that it has and the one that is wanted.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) before: Value,
    pub(super) after: Value,
}

/// Properties of one object by name.
pub(super) type WantedMap = Named<Wanted>;

/// What a change or a stage comes to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) drafts: Vec<Draft>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) unfixable: Vec<Unfixable>,
}

impl Outcome {
    pub(super) fn add(&mut self, draft: Draft) -> DraftId {
        self.drafts.push(draft);
        self.drafts.len() - 1
    }

    /// Lists a property, a relation, or with an empty name an object, as one that no step puts back.
    pub(super) fn skip(&mut self, object: &PlanObject, name: &str, reason: impl Into<String>) {
        self.skipped.push(Skipped { object: object.clone(), name: name.to_owned(), reason: reason.into() });
    }

    /// Lists a reference as one that no step can re-point.
    pub(super) fn leave(&mut self, object: &PlanObject, reference: String, reason: &str) {
        let (object, reason) = (object.clone(), reason.to_owned());
        self.unfixable.push(Unfixable { object, reference, reason });
    }

    /// Takes over what another comes to; gives the index of its first draft.
    pub(super) fn append(&mut self, other: Self) -> DraftId {
        let first = self.drafts.len();
        self.drafts.extend(other.drafts.into_iter().map(|mut draft| {
            if first > 0 && !draft.depends_on.is_empty() {
                draft.depends_on = draft.depends_on.iter().map(|index| index + first).collect();
            }
            draft
        }));
        self.skipped.extend(other.skipped);
        self.unfixable.extend(other.unfixable);
        first
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

/// The objects that steps bring back, by their old IDs. Its stage is the first, so its indexes are those of the plan.
#[derive(Debug, Default)]
pub(super) struct Returns {
    /// Steps after which an object has its old ID again.
    pub(super) kept: HashMap<String, DraftId>,
    /// What IDs become of objects that are made again: the objects' own, and client IDs of applications.
    pub(super) renamed: HashMap<String, NewId>,
}

impl Returns {
    /// Whether a step brings back what has this ID.
    pub(super) fn contains(&self, id: &str) -> bool {
        self.kept.contains_key(id) || self.renamed.contains_key(id)
    }

    /// The step that brings an object back.
    pub(super) fn step(&self, id: &str) -> Option<DraftId> {
        self.kept.get(id).copied().or_else(|| self.renamed.get(id).map(|new| new.step))
    }

    /// Takes over others, whose first draft has an index now.
    pub(super) fn append(&mut self, other: Self, first: DraftId) {
        self.kept.extend(other.kept.into_iter().map(|(id, step)| (id, step + first)));
        let renamed = other.renamed.into_iter();
        self.renamed.extend(renamed.map(|(id, new)| (id, NewId { step: new.step + first, ..new })));
    }

    /// Whether a text names something whose ID changes.
    pub(super) fn is_named_in(&self, text: &str) -> bool {
        let mut is_named = false;
        each_id(text, &mut |part| is_named |= self.renamed.contains_key(part));
        is_named
    }

    /// Whether a value names something whose ID changes.
    pub(super) fn is_named_by(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.is_named_in(text),
            Value::Array(values) => values.iter().any(|value| self.is_named_by(value)),
            Value::Object(values) => values.values().any(|value| self.is_named_by(value)),
            _ => false,
        }
    }
}

/// The ID of the step at a position of the plan.
pub(super) fn step_id(position: usize) -> String {
    format!("s{}", position + 1)
}

/// The placeholder of an ID that the step at a position will make.
pub(super) fn placeholder(position: usize, property: Option<&str>) -> String {
    let step = step_id(position);
    match property {
        Some(property) => format!("{NEW_ID_PREFIX}{step}.{property}}}"),
        None => format!("{NEW_ID_PREFIX}{step}}}"),
    }
}

/// Whether a letter can be part of an ID.
pub(super) fn is_id_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.')
}

/// Every part of a text that may be an ID: between slashes, quotes, brackets and the like.
pub(super) fn each_id(text: &str, note: &mut impl FnMut(&str)) {
    text.split(|letter| !is_id_letter(letter)).filter(|part| !part.is_empty()).for_each(note);
}
