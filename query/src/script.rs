//! One script from its text to rows, or to whatever else is made of it.

use std::ops::ControlFlow;

use crate::ast::Render;
use crate::batch::{Batch, Schema};
use crate::bind::{self, Parameters, Selection};
use crate::check::calls;
use crate::error::Diagnostic;
use crate::execute::Execution;
use crate::explain::explain_plan;
use crate::format::write_script;
use crate::limits::{Guard, Limits};
use crate::rewrite::rewrite;
use crate::syntax;
use crate::table::Tables;

/// The rows of one query of a script.
#[derive(Debug, Clone)]
pub struct ResultTable {
    /// The columns.
    pub schema: Schema,
    /// The rows.
    pub batches: Vec<Batch>,
    /// How the query asked for them to be drawn.
    pub render: Option<Render>,
    /// What `recover` chose, when the query ends with it.
    pub selection: Option<Box<Selection>>,
}

/// Reads a script and reports what is wrong with it or outside the subset of KQL. Tables and
/// columns are not looked up.
///
/// # Errors
/// Every finding, in the order of the text.
pub fn check(text: &str) -> Result<(), Vec<Diagnostic>> {
    let findings = calls(&syntax::parse(text)?);
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}

/// Writes a script with one stage a line, each thing in one way.
///
/// # Errors
/// Every finding about the text, in its order.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    syntax::parse(text).map(|statements| write_script(&statements))
}

/// Runs every query of a script. `now_ticks` is the instant that `now()` and `ago()` mean.
///
/// # Errors
/// Every finding about the text, in its order; or what stopped a query from running.
pub fn run(
    text: &str,
    parameters: &Parameters,
    tables: &dyn Tables,
    now_ticks: i64,
) -> Result<Vec<ResultTable>, Vec<Diagnostic>> {
    run_within(text, parameters, tables, now_ticks, &Limits::default())
}

/// As [`run`], within limits and until told to stop.
///
/// # Errors
/// As [`run`]; [`crate::Code::Limit`] when a limit was reached or the query was stopped.
pub fn run_within(
    text: &str,
    parameters: &Parameters,
    tables: &dyn Tables,
    now_ticks: i64,
    limits: &Limits<'_>,
) -> Result<Vec<ResultTable>, Vec<Diagnostic>> {
    let guard = Guard::new(now_ticks, limits);
    let bound = bound(text, parameters, tables, &guard)?;
    let mut results = Vec::with_capacity(bound.len());
    // The results of all queries are held at once, and each counts until the last one is there.
    let mut all = Vec::with_capacity(bound.len());
    for query in bound {
        let plan = rewrite(&query.plan);
        let rows = Execution::new(&guard).rows(&plan).map_err(|diagnostic| vec![diagnostic])?;
        let (schema, batches) = (plan.schema.clone(), rows.batches.clone());
        all.push(rows);
        let (render, selection) = (query.render, query.selection);
        results.push(ResultTable { schema, batches, render, selection });
    }
    Ok(results)
}

/// A piece of the results of a script, in the order in which they come.
#[derive(Debug)]
#[non_exhaustive]
pub enum ResultPart {
    /// A query begins: its columns and whatever else is known of it. Its batches follow; here there are none.
    Table(ResultTable),
    /// Some rows of the query that began last; never none.
    Rows(Batch),
}

/// As [`run_within`], but gives the rows as they come instead of holding them all. After [`ControlFlow::Break`] the
/// query that began last is at its end, and the next one begins.
///
/// # Errors
/// As [`run_within`]. Rows that were given before stay given.
pub fn run_streaming(
    text: &str,
    parameters: &Parameters,
    tables: &dyn Tables,
    now_ticks: i64,
    limits: &Limits<'_>,
    take: &mut dyn FnMut(ResultPart) -> ControlFlow<()>,
) -> Result<(), Vec<Diagnostic>> {
    let guard = Guard::new(now_ticks, limits);
    for query in bound(text, parameters, tables, &guard)? {
        let plan = rewrite(&query.plan);
        let (render, selection) = (query.render, query.selection);
        let table = ResultTable { schema: plan.schema.clone(), batches: Vec::new(), render, selection };
        if take(ResultPart::Table(table)).is_break() {
            continue;
        }
        let execution = Execution::new(&guard);
        let streamed = execution.stream(&plan, &mut |batch| Ok(take(ResultPart::Rows(batch))));
        streamed.map_err(|diagnostic| vec![diagnostic])?;
    }
    Ok(())
}

fn bound(
    text: &str,
    parameters: &Parameters,
    tables: &dyn Tables,
    guard: &Guard<'_>,
) -> Result<Vec<bind::Bound>, Vec<Diagnostic>> {
    bind::bind(&syntax::parse(text)?, parameters, tables, guard)
}

/// Writes how every query of a script would be run, a step a line.
///
/// # Errors
/// Every finding about the text, in its order.
pub fn explain(
    text: &str,
    parameters: &Parameters,
    tables: &dyn Tables,
    now_ticks: i64,
) -> Result<String, Vec<Diagnostic>> {
    let limits = Limits::default();
    let bound = bound(text, parameters, tables, &Guard::new(now_ticks, &limits))?;
    let plans = bound.iter().map(|query| explain_plan(&rewrite(&query.plan)));
    Ok(plans.collect())
}
