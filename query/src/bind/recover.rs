//! `recover`: which changes were chosen. It says what, never how, and sends nothing.

use std::sync::Arc;

use crate::ast::{Name, Recover};
use crate::error::{Code, Diagnostic};
use crate::plan::{Plan, Scalar, Scan, Step};
use crate::value::Value;

use super::{Binder, Environment, Span};

/// The changes chosen by `recover`: the rows of the result, and what to recover of each.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// The table the rows come from: `diff` or `changes`.
    pub source: String,
    /// Its arguments: the two points in time.
    pub arguments: Vec<Value>,
    /// Attributes to recover; none given means all.
    pub attributes: Option<Vec<String>>,
    /// Relations to recover; none given means all.
    pub links: Option<Vec<String>>,
    /// What was written after `with`, in order.
    pub options: Vec<(String, Value)>,
}

/// Tables whose rows are changes, and the columns that say which.
const SOURCES: [(&str, &[&str]); 2] =
    [("diff", &["id", "type"]), ("changes", &["id", "type", "kind", "name", "targetId"])];

impl<'a> Binder<'a> {
    /// What a `recover` at the end of a pipe chooses.
    pub(super) fn selection(
        &mut self,
        recover: &'a Recover,
        plan: &Arc<Plan>,
        span: Span,
        environment: &Environment<'a>,
    ) -> Option<Selection> {
        let mut scans = Vec::new();
        changes_in(plan, &mut scans);
        let [changes] = scans.as_slice() else {
            let message = "`recover` requires rows of exactly one `diff` or `changes`";
            self.report(Diagnostic::invalid(span, message));
            return None;
        };
        let needed = SOURCES.iter().find(|(name, _)| *name == changes.name);
        for column in needed.map_or(&[][..], |(_, columns)| columns) {
            if !plan.schema.iter().any(|field| field.name == *column) {
                let message = format!("`recover` requires the column `{column}`");
                self.report(Diagnostic::new(Code::UnknownColumn, span, message));
            }
        }
        let options = recover.options.iter().map(|(name, value)| {
            let value = self.scalar(value, &[], environment).scalar;
            if let Scalar::Constant(value) = value {
                return (name.text.clone(), value);
            }
            self.report(Diagnostic::invalid(name.span, "a constant is required here"));
            (name.text.clone(), Value::Null)
        });
        let options = options.collect();
        let texts = |names: &Vec<Name>| names.iter().map(|name| name.text.clone()).collect();
        Some(Selection {
            source: changes.name.clone(),
            arguments: changes.arguments.clone(),
            attributes: recover.attributes.as_ref().map(texts),
            links: recover.links.as_ref().map(texts),
            options,
        })
    }
}

/// The tables of changes below a step.
fn changes_in<'p>(plan: &'p Plan, found: &mut Vec<&'p Scan>) {
    if let Step::Scan(scan) = &plan.step
        && SOURCES.iter().any(|(name, _)| *name == scan.name)
        && !found.iter().any(|other| std::ptr::eq(*other, scan))
    {
        found.push(scan);
    }
    for input in plan.step.inputs() {
        changes_in(input, found);
    }
}
