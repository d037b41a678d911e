//! The same rows with less work: filters move toward the tables, tables give only the columns that
//! are used and are told which rows are needed.
//!
//! *Invariants*: 1. A rewritten plan gives the rows of the plain one, in the same order. 2. A step
//! that several others take is computed once, so nothing moves into it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::function::operator::{self, AND};
use crate::plan::{JoinKind, Plan, Scalar, Scan, Step};
use crate::table::{Admitted, Condition};
use crate::value::{Type, Value};

mod prune;

/// Rewrites a plan.
pub(crate) fn rewrite(plan: &Arc<Plan>) -> Arc<Plan> {
    let mut push = Push { shared: shared(plan), known: HashMap::new() };
    prune::prune(&push.plan(plan, Vec::new()))
}

/// The addresses of steps that several others take. A table is none: it is read again for each of them, so that each
/// reads only what it needs.
fn shared(plan: &Arc<Plan>) -> HashSet<*const Plan> {
    let (mut seen, mut shared) = (HashSet::new(), HashSet::new());
    let mut left = vec![plan];
    while let Some(plan) = left.pop() {
        if seen.insert(Arc::as_ptr(plan)) {
            left.extend(plan.step.inputs());
        } else if !matches!(plan.step, Step::Scan(_)) {
            shared.insert(Arc::as_ptr(plan));
        }
    }
    shared
}

/// Moves conditions down to where their columns come from.
struct Push {
    shared: HashSet<*const Plan>,
    /// Shared steps once rewritten.
    known: HashMap<*const Plan, Arc<Plan>>,
}

impl Push {
    fn plan(&mut self, plan: &Arc<Plan>, conditions: Vec<Scalar>) -> Arc<Plan> {
        let address = Arc::as_ptr(plan);
        if !self.shared.contains(&address) {
            return self.step(plan, conditions);
        }
        let known = self.known.get(&address).map(Arc::clone);
        let rewritten = known.unwrap_or_else(|| self.step(plan, Vec::new()));
        self.known.insert(address, Arc::clone(&rewritten));
        filtered(rewritten, conditions)
    }

    fn step(&mut self, plan: &Arc<Plan>, conditions: Vec<Scalar>) -> Arc<Plan> {
        let schema = plan.schema.clone();
        match &plan.step {
            Step::Filter { input, predicate } => {
                let mut all = conjuncts(predicate.clone());
                all.extend(conditions);
                self.plan(input, all)
            }
            Step::Project { input, columns } => {
                let unchanged =
                    |column: usize| matches!(columns[column], Scalar::Column(_) | Scalar::Constant(_));
                let (down, up) = split(conditions, unchanged);
                let moved = down.iter().map(|below| below.moved(&|c| columns[c].clone()));
                let input = self.plan(input, moved.collect());
                let step = Step::Project { input, columns: columns.clone() };
                filtered(Arc::new(Plan { step, schema }), up)
            }
            Step::Union(inputs) => {
                let inputs = inputs.iter().map(|input| self.plan(input, conditions.clone()));
                Arc::new(Plan { step: Step::Union(inputs.collect()), schema })
            }
            Step::Sort { input, keys, limit: None } => {
                let input = self.plan(input, conditions);
                let step = Step::Sort { input, keys: keys.clone(), limit: None };
                Arc::new(Plan { step, schema })
            }
            Step::Join { left, right, join } if keeps_left(join.kind) => {
                let width = left.schema.len();
                let (down, up) = split(conditions, |column| column < width);
                let (left, right) = (self.plan(left, down), self.plan(right, Vec::new()));
                let step = Step::Join { left, right, join: join.clone() };
                filtered(Arc::new(Plan { step, schema }), up)
            }
            Step::Scan(scan) => {
                let mut scan = scan.clone();
                let found = conditions.iter().filter_map(|condition| admitted(condition, &scan));
                let found: Vec<Condition> = found.collect();
                scan.request.conditions.extend(found);
                filtered(Arc::new(Plan { step: Step::Scan(scan), schema }), conditions)
            }
            step => {
                let step = step.with_inputs(&mut |input| self.plan(input, Vec::new()));
                filtered(Arc::new(Plan { step, schema }), conditions)
            }
        }
    }
}

fn keeps_left(kind: JoinKind) -> bool {
    matches!(kind, JoinKind::Inner | JoinKind::LeftOuter | JoinKind::LeftSemi | JoinKind::LeftAnti)
}

/// Conditions all of whose columns are wanted, and the others.
fn split(conditions: Vec<Scalar>, wanted: impl Fn(usize) -> bool) -> (Vec<Scalar>, Vec<Scalar>) {
    conditions.into_iter().partition(|condition| {
        let mut all = true;
        condition.columns(&mut |column| all &= wanted(column));
        all
    })
}

fn filtered(plan: Arc<Plan>, conditions: Vec<Scalar>) -> Arc<Plan> {
    if conditions.is_empty() {
        return plan;
    }
    let schema = plan.schema.clone();
    Arc::new(Plan { step: Step::Filter { input: plan, predicate: all_of(conditions) }, schema })
}

/// The parts of a condition that must all be true.
fn conjuncts(condition: Scalar) -> Vec<Scalar> {
    match condition {
        Scalar::Call { function, arguments, .. } if std::ptr::eq(function, &raw const AND) => {
            arguments.into_iter().flat_map(conjuncts).collect()
        }
        other => vec![other],
    }
}

fn all_of(mut conditions: Vec<Scalar>) -> Scalar {
    if conditions.len() == 1 {
        return conditions.remove(0);
    }
    let depth = 1 + conditions.iter().map(Scalar::depth).max().unwrap_or(0);
    let kinds = vec![Type::Bool; conditions.len()];
    Scalar::Call { function: &AND, arguments: conditions, kinds, kind: Type::Bool, depth }
}

/// What a condition says about one column of a table.
fn admitted(condition: &Scalar, scan: &Scan) -> Option<Condition> {
    let Scalar::Call { function, arguments, kinds, .. } = condition else { return None };
    let (first, rest) = arguments.split_first()?;
    let Scalar::Column(place) = first else { return None };
    let column = *scan.request.columns.get(*place)?;
    let kind = *kinds.first()?;
    if kind == Type::Dynamic || kinds.iter().any(|other| *other != kind) {
        return None;
    }
    let constants = rest.iter().map(|value| match value {
        Scalar::Constant(value) if !value.is_null() => Some(value.clone()),
        _ => None,
    });
    let constants: Vec<Value> = constants.collect::<Option<_>>()?;
    let first = constants.first()?.clone();
    let admitted = match operator::asks(function)? {
        operator::Asks::OneOf => Admitted::OneOf(constants),
        operator::Asks::AtLeast => Admitted::AtLeast(first),
        operator::Asks::AtMost => Admitted::AtMost(first),
    };
    Some(Condition { column, admitted })
}

#[cfg(test)]
mod tests;
