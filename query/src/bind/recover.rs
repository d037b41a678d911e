//! `recover`: which changes are chosen. How they are recovered is not planned here, and nothing is sent.
//!
//! *Invariants*: each row of a selection is one row of its source, `diff` or `changes`, and still says which: the
//! columns that identify it come through the pipe as the source gives them.

use std::sync::Arc;

use crate::ast::{Expression, Name, Recover, Span};
use crate::error::{Code, Diagnostic, nearest};
use crate::plan::{JoinKind, Plan, Scalar, Scan, Step};
use crate::point::ResolvedPoint;
use crate::value::{Type, Value};

use super::binder::{Binder, LOST};
use super::environment::Environment;
use super::expression::bind_scalar;

/// The changes chosen by `recover`: the rows of the result, and what to recover of each.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// The table the rows come from: `diff` or `changes`. A row of `changes` is one chosen object, attribute or link.
    pub source: String,
    /// Its arguments: the two points in time as written.
    pub arguments: Vec<Value>,
    /// The backups they resolve to: from, to. None when the tables know no time.
    pub points: Vec<ResolvedPoint>,
    /// Attributes to recover; none given means all.
    pub attributes: Option<Vec<String>>,
    /// Relations to recover; none given means all.
    pub links: Option<Vec<String>>,
    /// What was written after `with`, in order; only names of [`Selection::OPTIONS`], with values of their types.
    pub options: Vec<(String, Value)>,
}

impl Selection {
    /// What `with` takes: name, type, meaning.
    pub const OPTIONS: [(&'static str, Type, &'static str); 3] = [
        ("recreate", Type::Bool, "creates again what was deleted for good, under a new ID"),
        ("softDelete", Type::Bool, "moves to the recycle bin what was added"),
        ("hardDelete", Type::Bool, "deletes what was added, where the type has no recycle bin"),
    ];
}

/// Tables whose rows are changes, and the columns that say which.
const SOURCES: [(&str, &[&str]); 3] = [
    ("diff", &["id", "type"]),
    ("changes", &["id", "type", "kind", "name", "targetId"]),
    ("findings", &["id", "type", "kind", "name", "targetId"]),
];

/// What every selection needs.
const ONE_SOURCE: &str = "`recover` requires rows of exactly one `diff`, `changes` or `findings`";

/// What a `recover` at the end of a pipe chooses.
pub(super) fn bind_selection<'a>(
    binder: &mut Binder<'a>,
    recover: &'a Recover,
    plan: &Arc<Plan>,
    span: Span,
    environment: &Environment<'a>,
) -> Option<Selection> {
    let options = bind_recover_options(binder, &recover.options, environment);
    if is_nothing(plan) && binder.has_findings() {
        // The cause is reported already.
        return None;
    }
    let changes = match source_of(plan, span) {
        Ok(changes) => changes,
        Err(diagnostic) => {
            binder.report(diagnostic);
            return None;
        }
    };
    let columns =
        SOURCES.iter().find(|(name, _)| *name == changes.name).map_or(&[][..], |(_, columns)| columns);
    for column in columns {
        if let Err(diagnostic) = identity(plan, column, span) {
            binder.report(diagnostic);
        }
    }
    let texts = |names: &Vec<Name>| names.iter().map(|name| name.text.clone()).collect();
    Some(Selection {
        source: changes.name.clone(),
        arguments: changes.arguments.clone(),
        points: changes.source.points(),
        attributes: recover.attributes.as_ref().map(texts),
        links: recover.links.as_ref().map(texts),
        options,
    })
}

fn bind_recover_options<'a>(
    binder: &mut Binder<'a>,
    options: &'a [(Name, Expression)],
    environment: &Environment<'a>,
) -> Vec<(String, Value)> {
    let mut taken: Vec<(String, Value)> = Vec::new();
    for (name, value) in options {
        let typed = bind_scalar(binder, value, &[], environment);
        let known = Selection::OPTIONS.iter().find(|(known, ..)| *known == name.text);
        let finding = match (known, &typed.scalar) {
            (None, _) => Some(unknown_option(name)),
            (Some(_), _) if taken.iter().any(|(other, _)| *other == name.text) => {
                Some(Diagnostic::invalid(name.span, format!("the option `{}` is given twice", name.text)))
            }
            (Some((_, kind, _)), Scalar::Constant(constant))
                if typed.kind == *kind && !constant.is_null() =>
            {
                taken.push((name.text.clone(), constant.clone()));
                None
            }
            (Some((_, kind, _)), Scalar::Constant(_)) => {
                let wanted = kind.as_str();
                let found = if typed.kind == *kind { "null" } else { typed.kind.as_str() };
                let message = format!("the option `{}` requires a {wanted}, found {found}", name.text);
                Some(Diagnostic::new(Code::Type, value.span, message))
            }
            (Some(_), _) => Some(Diagnostic::invalid(value.span, "a constant is required here")),
        };
        if let Some(finding) = finding {
            binder.report(finding);
        }
    }
    taken
}

/// The one table that the rows come from, each of its rows at most once.
fn source_of(plan: &Arc<Plan>, span: Span) -> Result<&Scan, Diagnostic> {
    let mut plan = plan;
    loop {
        if let Some(input) = carrier(&plan.step) {
            plan = input;
            continue;
        }
        let refused =
            |message: &str, help: &str| Err(Diagnostic::invalid(plan.span, message).with_help(help));
        return match &plan.step {
            Step::Scan(table) if SOURCES.iter().any(|(name, _)| *name == table.name) => Ok(table),
            Step::Scan(table) => {
                let help =
                    format!("the rows of `{}` are no changes; `diff(from, to)` gives them", table.name);
                Err(Diagnostic::invalid(span, ONE_SOURCE).with_help(help))
            }
            Step::Group { .. } => refused(
                "`recover` requires single changes, and this makes one row of several",
                "filter with `where` instead, or with `join kind=leftsemi` on the result of a summarize",
            ),
            Step::Join { .. } => refused(
                "`recover` requires each change once, and this join may give it several times",
                "`join kind=leftsemi` and `join kind=leftanti` keep each change once",
            ),
            Step::Expand { .. } => refused(
                "`recover` requires each change once, and this gives a row for each element",
                "`changes(from, to)` has a row for each attribute and link, and each can be recovered",
            ),
            Step::Union(_) => refused(ONE_SOURCE, "recover from each difference in a query of its own"),
            _ => Err(Diagnostic::invalid(span, ONE_SOURCE)),
        };
    }
}

/// Checks that a column still holds what the source gives under that name.
fn identity(plan: &Arc<Plan>, name: &str, span: Span) -> Result<(), Diagnostic> {
    let Some(index) = plan.schema.iter().position(|field| field.name == name) else {
        let message = format!("`recover` requires the column `{name}`");
        let diagnostic = Diagnostic::new(Code::UnknownColumn, span, message);
        let origin = |index: usize| origin(plan, index).is_ok_and(|original| original == name);
        let renamed = (0..plan.schema.len()).find(|index| origin(*index));
        return Err(match renamed {
            Some(index) => {
                let now = &plan.schema[index].name;
                diagnostic.with_help(format!("it is called `{now}` here; leave its name as it is"))
            }
            None => diagnostic.with_help(format!("leave `{name}` among the columns")),
        });
    };
    let (message, step) = match origin(plan, index) {
        Ok(original) if original == name => return Ok(()),
        Ok(original) => (format!("`{name}` holds the column `{original}` of the source here"), plan),
        Err(step) => (format!("`{name}` gets another value here"), step),
    };
    let help = format!("`recover` finds the change by its `{name}`; give the new column another name");
    Err(Diagnostic::invalid(step.span, message).with_help(help))
}

/// Whether rows come from the empty table that follows a reported error.
fn is_nothing(plan: &Plan) -> bool {
    match carrier(&plan.step) {
        Some(input) => is_nothing(input),
        None => matches!(&plan.step, Step::Rows(rows) if rows.is_empty()
            && plan.schema.iter().all(|field| field.name == LOST)),
    }
}

/// The step whose rows come through, each at most once.
fn carrier(step: &Step) -> Option<&Arc<Plan>> {
    match step {
        Step::Shared { input, .. }
        | Step::Filter { input, .. }
        | Step::Project { input, .. }
        | Step::Sort { input, .. }
        | Step::Take { input, .. }
        | Step::Parse { input, .. } => Some(input),
        Step::Join { left, right, join } => match join.kind {
            JoinKind::LeftSemi | JoinKind::LeftAnti => Some(left),
            JoinKind::RightSemi | JoinKind::RightAnti => Some(right),
            _ => None,
        },
        Step::Union(inputs) => match inputs.as_slice() {
            [input] => Some(input),
            _ => None,
        },
        _ => None,
    }
}

/// The name of the source's column that a column is; where it is another value, the step that makes it.
fn origin(plan: &Arc<Plan>, index: usize) -> Result<&str, &Arc<Plan>> {
    let (mut plan, mut index) = (plan, index);
    loop {
        match &plan.step {
            Step::Scan(_) => return Ok(&plan.schema[index].name),
            Step::Project { columns, .. } => match columns.get(index) {
                Some(Scalar::Column(below)) => index = *below,
                _ => return Err(plan),
            },
            Step::Parse { parse, .. } if parse.indexes.iter().any(|(made, _)| *made == index) => {
                return Err(plan);
            }
            _ => {}
        }
        match carrier(&plan.step) {
            Some(input) if index < input.schema.len() => plan = input,
            _ => return Err(plan),
        }
    }
}

fn unknown_option(name: &Name) -> Diagnostic {
    let names = Selection::OPTIONS.iter().map(|(name, ..)| *name);
    let help = match nearest(&name.text, names.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("options: {}", names.collect::<Vec<_>>().join(", ")),
    };
    Diagnostic::invalid(name.span, format!("`recover` has no option `{}`", name.text)).with_help(help)
}

#[cfg(test)]
mod tests;
