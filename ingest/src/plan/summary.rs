//! A plan in numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::{Plan, StepKind};

/// What a plan does, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Steps by kind.
    pub steps: BTreeMap<StepKind, usize>,
    /// Objects that any step is about, relation objects apart.
    pub objects: usize,
    /// Links made, relation objects among them.
    pub links_added: usize,
    /// Links taken away, relation objects among them; credentials are none.
    pub links_removed: usize,
    /// Credentials taken away.
    pub credentials_removed: usize,
    /// Attributes written.
    pub attributes: usize,
    /// Objects by type and kind of step.
    pub types: BTreeMap<String, BTreeMap<StepKind, usize>>,
    /// Chosen changes that no step undoes.
    pub skipped: usize,
    /// References that no request can re-point.
    pub unfixable: usize,
    /// Guards that are raised and not allowed.
    pub guards: usize,
}

impl Plan {
    /// Counts what the plan does.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary = Summary {
            skipped: self.skipped.len(),
            unfixable: self.unfixable.len(),
            guards: self.guards.iter().filter(|guard| !guard.allowed).count(),
            ..Summary::default()
        };
        let mut objects: BTreeMap<(&str, StepKind), BTreeSet<&str>> = BTreeMap::new();
        let mut touched = BTreeSet::new();
        for step in &self.steps {
            *summary.steps.entry(step.kind).or_default() += 1;
            let token = step.object.type_token.as_str();
            let is_relation = super::lookup::is_relation_object(token);
            let link_count = if is_relation { 1 } else { step.links.len() };
            match step.kind {
                StepKind::Update => summary.attributes += step.after.len(),
                StepKind::AddLink => summary.links_added += link_count,
                StepKind::RemoveLink if link_count == 0 => summary.credentials_removed += 1,
                StepKind::RemoveLink => summary.links_removed += link_count,
                _ => {}
            }
            objects.entry((token, step.kind)).or_default().insert(&step.object.id);
            if !is_relation {
                touched.insert((token, step.object.id.as_str()));
            }
        }
        summary.objects = touched.len();
        for ((token, kind), ids) in objects {
            summary.types.entry(token.to_owned()).or_default().insert(kind, ids.len());
        }
        summary
    }
}
