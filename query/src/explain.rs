//! Plans as text: the pipelines in the order in which they run, and the steps of each in the order in which rows go
//! through them.
//!
//! *Invariants*: 1. A pipeline ends where `execute.rs` ends one: before a step that must see all of its rows, at
//! the side of a join that is hashed, and where several steps take the same rows.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::batch::Field;
use crate::error::counted;
use crate::json;
use crate::plan::{JoinKind, JoinStep, Plan, Scalar, Scan, Step};
use crate::table::Admitted;

/// Deepest step shown; deeper ones are left out.
const DEPTH_MAX: usize = 64;

/// Writes the pipelines of a plan.
pub(crate) fn explain_plan(plan: &Arc<Plan>) -> String {
    let mut explanation = Explanation::default();
    let steps = match &plan.step {
        Step::Take { input, .. } => {
            let mut steps = explanation.steps(input, 0);
            steps.push(format!("{}, then stop reading", describe(plan)));
            steps
        }
        _ => explanation.steps(plan, 0),
    };
    explanation.write(&steps, "result");
    explanation.text
}

#[derive(Default)]
struct Explanation {
    text: String,
    count: usize,
    /// The pipelines whose rows several steps take, by the number of the shared step.
    shared: HashMap<u32, usize>,
}

impl Explanation {
    /// Writes one pipeline; gives its number.
    fn write(&mut self, steps: &[String], end: &str) -> usize {
        self.count += 1;
        let _written = writeln!(self.text, "pipeline {}", self.count);
        for step in steps.iter().map(String::as_str).chain([end]) {
            let _written = writeln!(self.text, "  {step}");
        }
        self.count
    }

    /// The steps that give the rows of a plan; the pipelines they wait for are written first.
    fn steps(&mut self, plan: &Arc<Plan>, depth: usize) -> Vec<String> {
        if depth > DEPTH_MAX {
            return vec!["…".to_owned()];
        }
        if let Step::Shared { id, input } = &plan.step {
            if !self.shared.contains_key(id) {
                let steps = self.own_steps(input, depth);
                let number = self.write(&steps, "hold for several steps");
                self.shared.insert(*id, number);
            }
            return vec![format!("rows of pipeline {}", self.shared[id])];
        }
        self.own_steps(plan, depth)
    }

    fn own_steps(&mut self, plan: &Arc<Plan>, depth: usize) -> Vec<String> {
        let described = describe(plan);
        match &plan.step {
            Step::Group { input, .. } | Step::Sort { input, .. } | Step::Take { input, .. } => {
                let steps = self.steps(input, depth + 1);
                let number = self.write(&steps, &described);
                vec![format!("rows of pipeline {number}")]
            }
            Step::Union(inputs) => {
                let mut steps = vec![described];
                for input in inputs {
                    steps.extend(self.steps(input, depth + 1).into_iter().map(|step| format!("  {step}")));
                }
                steps
            }
            Step::Join { left, right, join } => self.join(left, right, join, depth),
            step => {
                let below = step.inputs().next();
                let mut steps = below.map_or_else(Vec::new, |input| self.steps(input, depth + 1));
                steps.push(described);
                steps
            }
        }
    }

    fn join(&mut self, left: &Arc<Plan>, right: &Arc<Plan>, join: &JoinStep, depth: usize) -> Vec<String> {
        let keys = counted(join.left_keys.len(), "key");
        let (hashed, probed) = match join.kind {
            JoinKind::RightSemi | JoinKind::RightAnti => (left, right),
            _ => (right, left),
        };
        let steps = self.steps(hashed, depth + 1);
        let number = self.write(&steps, &format!("hash by {keys}"));
        let mut steps = self.steps(probed, depth + 1);
        let looked_up = format!("join {:?} on {keys} with pipeline {number}", join.kind);
        match join.kind {
            JoinKind::InnerUnique | JoinKind::RightOuter | JoinKind::FullOuter => {
                let number = self.write(&steps, &looked_up);
                vec![format!("rows of pipeline {number}")]
            }
            _ => {
                steps.push(looked_up);
                steps
            }
        }
    }
}

fn describe(plan: &Plan) -> String {
    let below = plan.step.inputs().next().map_or(&[][..], |input| input.schema.as_slice());
    match &plan.step {
        Step::Scan(scan) => describe_scan(scan, &plan.schema),
        Step::Rows(batches) => {
            format!("rows {}", batches.iter().map(|batch| batch.row_count).sum::<usize>())
        }
        Step::Shared { .. } => "shared".to_owned(),
        Step::Print(_) => "print".to_owned(),
        Step::Range { .. } => "range".to_owned(),
        Step::Filter { predicate, .. } => format!("filter {}", value(predicate, below)),
        Step::Project { columns, .. } => {
            let columns = plan.schema.iter().zip(columns).map(|(field, scalar)| {
                let made = value(scalar, below);
                if made == field.name { made } else { format!("{} = {made}", field.name) }
            });
            format!("project {}", columns.collect::<Vec<_>>().join(", "))
        }
        Step::Group { keys, aggregates, .. } => {
            let keys: Vec<String> = keys.iter().map(|key| value(key, below)).collect();
            format!("group {} by {}", counted(aggregates.len(), "aggregate"), keys.join(", "))
        }
        Step::Sort { keys, limit, .. } => {
            let keys: Vec<String> = keys.iter().map(|key| value(&key.value, below)).collect();
            let word = if limit.is_some() { "top by" } else { "sort by" };
            format!("{word} {}", keys.join(", "))
        }
        Step::Take { count, .. } => format!("take {}", value(count, below)),
        Step::Join { join, .. } => {
            format!("join {:?} on {}", join.kind, counted(join.left_keys.len(), "key"))
        }
        Step::Union(inputs) => format!("union of {}", inputs.len()),
        Step::Expand { expand, .. } => format!("expand {}", counted(expand.items.len(), "column")),
        Step::Parse { parse, .. } => format!("parse {}", value(&parse.value, below)),
    }
}

fn describe_scan(scan: &Scan, schema: &[Field]) -> String {
    let arguments: Vec<String> = scan.arguments.iter().map(json::to_text).collect();
    let columns: Vec<&str> = schema.iter().map(|field| field.name.as_str()).collect();
    let all = scan.source.schema();
    let conditions = scan.request.conditions.iter().map(|condition| {
        let name = all.get(condition.column).map_or("", |field| field.name.as_str());
        match &condition.admitted {
            Admitted::OneOf(values) => {
                let values: Vec<String> = values.iter().map(json::to_text).collect();
                format!("{name} one of {}", values.join(", "))
            }
            Admitted::AtLeast(least) => format!("{name} at least {}", json::to_text(least)),
            Admitted::AtMost(most) => format!("{name} at most {}", json::to_text(most)),
        }
    });
    let conditions: Vec<String> = conditions.collect();
    let (name, arguments, columns) = (&scan.name, arguments.join(", "), columns.join(", "));
    let needed = if conditions.is_empty() { String::new() } else { conditions.join("; ") };
    format!(
        "scan {name}({arguments}) columns {columns}{}{needed}",
        if needed.is_empty() { "" } else { " where " }
    )
}

fn value(scalar: &Scalar, below: &[Field]) -> String {
    match scalar {
        Scalar::Constant(constant) => json::to_text(constant),
        Scalar::Column(column) => {
            below.get(*column).map_or_else(|| format!("#{column}"), |field| field.name.clone())
        }
        Scalar::Call { function, arguments, .. } => {
            let arguments: Vec<String> = arguments.iter().map(|argument| value(argument, below)).collect();
            format!("{}({})", function.name, arguments.join(", "))
        }
        Scalar::Member { value: tested, set } => {
            format!("{} in {} values", value(tested, below), set.len())
        }
        Scalar::Query { .. } => "toscalar(…)".to_owned(),
        Scalar::List { .. } => "(…)".to_owned(),
    }
}

#[cfg(test)]
mod tests;
