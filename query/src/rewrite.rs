//! The same rows with less work: filters move toward the tables, tables give only the columns that
//! are used and are given which rows are needed.
//!
//! *Invariants*: 1. A rewritten plan gives the rows of the plain one, in the same order. 2. What several steps share
//! is computed once, so nothing moves into it; what is taken once is shared no more.

use std::collections::HashMap;
use std::sync::Arc;

use crate::function::operator::{self, AND};
use crate::plan::{JoinKind, Plan, Scalar, Scan, Step};
use crate::table::{Admitted, Condition};
use crate::value::{Type, Value};

mod prune;

/// Rewrites a plan.
pub(crate) fn rewrite(plan: &Arc<Plan>) -> Arc<Plan> {
    let mut push = Push { taken: taken(plan), known: HashMap::new() };
    prune::prune(&push.plan(plan, Vec::new()))
}

/// How often the rows of each shared step are taken.
fn taken(plan: &Arc<Plan>) -> HashMap<u32, usize> {
    let mut taken: HashMap<u32, usize> = HashMap::new();
    let mut left = vec![plan];
    while let Some(plan) = left.pop() {
        if let Step::Shared { id, .. } = &plan.step {
            let count = taken.entry(*id).or_default();
            *count += 1;
            if *count > 1 {
                continue;
            }
        }
        left.extend(plan.step.inputs());
    }
    taken
}

/// Moves conditions down to where their columns come from.
struct Push {
    taken: HashMap<u32, usize>,
    /// Shared steps once rewritten.
    known: HashMap<u32, Arc<Plan>>,
}

impl Push {
    fn plan(&mut self, plan: &Arc<Plan>, conditions: Vec<Scalar>) -> Arc<Plan> {
        let Step::Shared { id, input } = &plan.step else { return self.step(plan, conditions) };
        if self.taken.get(id).is_none_or(|count| *count < 2) {
            return self.plan(input, conditions);
        }
        if let Some(known) = self.known.get(id) {
            return filtered(Arc::clone(known), conditions);
        }
        let input = self.plan(input, Vec::new());
        let shared = Plan::new(Step::Shared { id: *id, input }, plan.schema.clone(), plan.span);
        self.known.insert(*id, Arc::clone(&shared));
        filtered(shared, conditions)
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
                filtered(Plan::new(step, schema, plan.span), up)
            }
            Step::Union(inputs) => {
                let inputs = inputs.iter().map(|input| self.plan(input, conditions.clone()));
                Plan::new(Step::Union(inputs.collect()), schema, plan.span)
            }
            Step::Sort { input, keys, limit: None } => {
                let input = self.plan(input, conditions);
                let step = Step::Sort { input, keys: keys.clone(), limit: None };
                Plan::new(step, schema, plan.span)
            }
            Step::Join { left, right, join } if keeps_left(join.kind) => {
                let width = left.schema.len();
                let (down, up) = split(conditions, |column| column < width);
                let (left, right) = (self.plan(left, down), self.plan(right, Vec::new()));
                let step = Step::Join { left, right, join: join.clone() };
                filtered(Plan::new(step, schema, plan.span), up)
            }
            Step::Scan(scan) => {
                let mut scan = scan.clone();
                let found = conditions.iter().filter_map(|condition| admitted(condition, &scan));
                let found: Vec<Condition> = found.collect();
                scan.request.conditions.extend(found);
                filtered(Plan::new(Step::Scan(scan), schema, plan.span), conditions)
            }
            step => {
                let step = step.with_inputs(&mut |input| self.plan(input, Vec::new()));
                filtered(Plan::new(step, schema, plan.span), conditions)
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
    let (schema, span) = (plan.schema.clone(), plan.span);
    Plan::new(Step::Filter { input: plan, predicate: all_of(conditions) }, schema, span)
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
    let Scalar::Column(index) = first else { return None };
    let column = *scan.request.columns.get(*index)?;
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
