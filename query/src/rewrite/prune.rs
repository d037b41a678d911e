//! Columns nobody uses are not read.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::plan::{Plan, Scalar, Step};

/// Leaves out the columns of tables that no step above uses.
pub(super) fn prune(plan: &Arc<Plan>) -> Arc<Plan> {
    Prune { shared: super::shared(plan), known: HashMap::new() }.plan(plan)
}

struct Prune {
    shared: HashSet<*const Plan>,
    /// Shared steps once rewritten.
    known: HashMap<*const Plan, Arc<Plan>>,
}

impl Prune {
    fn plan(&mut self, plan: &Arc<Plan>) -> Arc<Plan> {
        let address = Arc::as_ptr(plan);
        if let Some(known) = self.known.get(&address) {
            return Arc::clone(known);
        }
        let pruned = Arc::new(Plan { step: self.step(&plan.step), schema: plan.schema.clone() });
        if self.shared.contains(&address) {
            self.known.insert(address, Arc::clone(&pruned));
        }
        pruned
    }

    fn step(&mut self, step: &Step) -> Step {
        match step {
            Step::Project { input, columns } => self.project(input, columns.clone()),
            Step::Group { input, keys, aggregates } => {
                let (mut keys, mut aggregates) = (keys.clone(), aggregates.clone());
                let mut scalars: Vec<&mut Scalar> = keys.iter_mut().collect();
                for aggregate in &mut aggregates {
                    scalars.extend(aggregate.arguments.iter_mut());
                    scalars.extend(aggregate.condition.iter_mut());
                }
                let input = self.narrowed(input, &mut scalars);
                Step::Group { input, keys, aggregates }
            }
            other => other.with_inputs(&mut |input| self.plan(input)),
        }
    }

    fn project(&mut self, input: &Arc<Plan>, mut columns: Vec<Scalar>) -> Step {
        let mut scalars: Vec<&mut Scalar> = columns.iter_mut().collect();
        let input = self.narrowed(input, &mut scalars);
        Step::Project { input, columns }
    }

    /// Narrows what lies below to the columns these values use, and points them to their places.
    fn narrowed(&mut self, input: &Arc<Plan>, scalars: &mut [&mut Scalar]) -> Arc<Plan> {
        if !self.can_narrow(input) {
            return self.plan(input);
        }
        let mut used = vec![false; input.schema.len()];
        for scalar in scalars.iter() {
            scalar.columns(&mut |column| used[column] = true);
        }
        let input = self.narrow(input, &mut used);
        let places = places(&used);
        for scalar in scalars {
            **scalar = scalar.moved(&|column| Scalar::Column(places[column]));
        }
        input
    }

    /// Filters down to a table or a projection that nobody else takes.
    fn can_narrow(&self, plan: &Arc<Plan>) -> bool {
        !self.shared.contains(&Arc::as_ptr(plan))
            && match &plan.step {
                Step::Filter { input, .. } => self.can_narrow(input),
                Step::Scan(_) | Step::Project { .. } => true,
                _ => false,
            }
    }

    /// Keeps the used columns; what a filter looks at is used too.
    fn narrow(&mut self, plan: &Arc<Plan>, used: &mut [bool]) -> Arc<Plan> {
        let step = match &plan.step {
            Step::Filter { input, predicate } => {
                predicate.columns(&mut |column| used[column] = true);
                let input = self.narrow(input, used);
                let places = places(used);
                let predicate = predicate.moved(&|column| Scalar::Column(places[column]));
                Step::Filter { input, predicate }
            }
            Step::Scan(scan) => {
                let mut scan = scan.clone();
                let columns = &scan.request.columns;
                scan.request.columns = kept(used).map(|place| columns[place]).collect();
                Step::Scan(scan)
            }
            Step::Project { input, columns } => {
                let columns = kept(used).map(|place| columns[place].clone()).collect();
                self.project(input, columns)
            }
            other => other.clone(),
        };
        let schema = kept(used).map(|place| plan.schema[place].clone()).collect();
        Arc::new(Plan { step, schema })
    }
}

fn kept(used: &[bool]) -> impl Iterator<Item = usize> + '_ {
    used.iter().enumerate().filter(|(_, used)| **used).map(|(place, _)| place)
}

/// Where each used column is once the others are gone.
fn places(used: &[bool]) -> Vec<usize> {
    let numbered = used.iter().scan(0, |next, used| {
        let place = *next;
        *next += usize::from(*used);
        Some(place)
    });
    numbered.collect()
}
