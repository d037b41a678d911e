//! Plans as text, for people who ask why a query takes its time.

use std::fmt::Write as _;

use crate::batch::Field;
use crate::json;
use crate::plan::{Plan, Scalar, Scan, Step};
use crate::table::Admitted;

/// Deepest step shown; deeper ones are left out.
const DEPTH_MAX: usize = 64;

/// Writes a plan, one step a line, inputs below and further in.
pub(crate) fn explain_plan(plan: &Plan) -> String {
    let mut text = String::new();
    write_step(&mut text, plan, 0);
    text
}

fn write_step(text: &mut String, plan: &Plan, depth: usize) {
    if depth > DEPTH_MAX {
        return;
    }
    let _written = writeln!(text, "{:width$}{}", "", describe(plan), width = depth * 2);
    for input in plan.step.inputs() {
        write_step(text, input, depth + 1);
    }
}

fn describe(plan: &Plan) -> String {
    let below = plan.step.inputs().next().map_or(&[][..], |input| input.schema.as_slice());
    match &plan.step {
        Step::Scan(scan) => describe_scan(scan, &plan.schema),
        Step::Rows(batches) => {
            format!("rows {}", batches.iter().map(|batch| batch.row_count).sum::<usize>())
        }
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
            format!("group {} aggregates by {}", aggregates.len(), keys.join(", "))
        }
        Step::Sort { keys, limit, .. } => {
            let keys: Vec<String> = keys.iter().map(|key| value(&key.value, below)).collect();
            let word = if limit.is_some() { "top by" } else { "sort by" };
            format!("{word} {}", keys.join(", "))
        }
        Step::Take { count, .. } => format!("take {}", value(count, below)),
        Step::Join { join, .. } => format!("join {:?} on {} keys", join.kind, join.left_keys.len()),
        Step::Union(inputs) => format!("union of {}", inputs.len()),
        Step::Expand { expand, .. } => format!("expand {} columns", expand.items.len()),
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
        Scalar::Query(_) => "toscalar(…)".to_owned(),
        Scalar::List(_) => "(…)".to_owned(),
    }
}
