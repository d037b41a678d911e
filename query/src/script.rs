//! One script from its text to rows, or to whatever else is made of it.
//!
//! *Shape*: a [`Script`] is a text that was read, [`Definitions`] what earlier scripts have named. Bound to a
//! [`Context`], a script becomes [`Prepared`]: it lists what it names and gives, explains itself, and runs.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::Timestamp;

use crate::ast::{
    Argument, Call, Expression, ExpressionKind, Name, Named, Operator, Pipe, Render, Source, Span, Stage,
    Statement,
};
use crate::batch::{Batch, Field, Schema};
use crate::bind::{self, Bound, Parameters, Selection};
use crate::check::calls;
use crate::deep::{with_stack, with_stack_and_sink};
use crate::error::Diagnostic;
use crate::execute::Execution;
use crate::explain::explain_plan;
use crate::format::write_script;
use crate::limits::{Guard, Limits};
use crate::plan::{Plan, Step};
use crate::point::ResolvedPoint;
use crate::rewrite::rewrite;
use crate::syntax;
use crate::table::Tables;
use crate::value::{Type, Value};

/// What is wrong with a script, in the order of its text; never nothing.
pub type Diagnostics = Vec<Diagnostic>;

/// A script that was read.
#[derive(Debug, Clone)]
pub struct Script {
    statements: Vec<Statement>,
    /// The text it was read from; none when it was made by the program.
    text: Option<Arc<str>>,
}

impl Script {
    /// Reads a script. Tables, columns and functions are not looked up.
    ///
    /// # Errors
    /// Where the text stops being a script, or everything in it that is outside the subset of KQL.
    pub fn parse(text: &str) -> Result<Self, Diagnostics> {
        Ok(Self { statements: syntax::parse(text)?, text: Some(text.into()) })
    }

    /// Reports calls of functions that there are none of. Tables and columns are not looked up.
    ///
    /// # Errors
    /// Every finding, in the order of the text.
    pub fn check(&self) -> Result<(), Diagnostics> {
        let findings = calls(&self.statements);
        if findings.is_empty() { Ok(()) } else { Err(findings) }
    }

    /// Writes the script with one stage a line, in canonical form.
    #[must_use]
    pub fn format(&self) -> String {
        write_script(&self.statements)
    }

    /// The names that `declare query_parameters` declares.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        let declared = self.statements.iter().filter_map(|statement| match statement {
            Statement::Parameters(list) => Some(list),
            Statement::Let(_) | Statement::Pipe(_) => None,
        });
        declared.flatten().map(|parameter| parameter.name.text.as_str())
    }

    /// Looks up every name, and prepares the queries to run.
    ///
    /// # Errors
    /// Every finding about the text, in its order. What is wrong with an earlier definition has no span in this text.
    pub fn bind<'c>(&self, context: &'c Context<'c>) -> Result<Prepared<'c>, Diagnostics> {
        let guard = context.guard();
        let statements = context.definitions.statements.iter().chain(&self.statements);
        let queries = bind::bind(statements, &context.parameters, context.tables, &guard)?;
        Ok(Prepared { context, queries })
    }
}

/// What earlier scripts have named, for later ones. A clone is cheap.
#[derive(Debug, Clone, Default)]
pub struct Definitions {
    statements: Arc<Vec<Statement>>,
}

impl Definitions {
    /// Adds what a script names; a later name hides an earlier one.
    pub fn add(&mut self, script: &Script) {
        // Findings about them must not point into the text of a later script.
        let without_spans = script.text.as_deref().and_then(|text| syntax::parse_without_spans(text).ok());
        let statements = without_spans.unwrap_or_default();
        let defined = statements.into_iter().filter(|statement| !matches!(statement, Statement::Pipe(_)));
        Arc::make_mut(&mut self.statements).extend(defined);
    }

    /// The names, in the order in which they were given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().filter_map(|statement| match statement {
            Statement::Let(binding) => Some(binding.name.text.as_str()),
            Statement::Parameters(_) | Statement::Pipe(_) => None,
        })
    }
}

/// What the names of a script mean, and within which bounds it runs.
#[derive(Clone)]
pub struct Context<'c> {
    /// The tables.
    pub tables: &'c dyn Tables,
    /// What earlier scripts have named.
    pub definitions: Definitions,
    /// Values for `declare query_parameters`.
    pub parameters: Parameters,
    /// The instant that `now()` and `ago()` mean.
    pub now: Timestamp,
    /// What it may use.
    pub limits: Limits<'c>,
}

impl<'c> Context<'c> {
    /// Tables and an instant; no definitions, no parameters, the limits that are used unless others are chosen.
    #[must_use]
    pub fn new(tables: &'c dyn Tables, now: Timestamp) -> Self {
        let (definitions, parameters) = (Definitions::default(), Parameters::new());
        Self { tables, definitions, parameters, now, limits: Limits::default() }
    }

    fn guard(&self) -> Guard<'_> {
        Guard::new(self.now, &self.limits)
    }
}

/// The rows of one query of a script.
#[derive(Debug, Clone)]
pub struct ResultTable {
    /// The columns.
    pub schema: Schema,
    /// The rows.
    pub batches: Vec<Batch>,
    /// How the query renders them.
    pub render: Option<Render>,
    /// What `recover` chose, when the query ends with it.
    pub selection: Option<Box<Selection>>,
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

/// A table that a script names.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTable {
    /// The name.
    pub name: String,
    /// The arguments.
    pub arguments: Vec<Value>,
    /// The points in time that the arguments resolve to.
    pub points: Vec<ResolvedPoint>,
}

/// A script whose names are known: ready to run, as often as is wanted.
pub struct Prepared<'c> {
    context: &'c Context<'c>,
    queries: Vec<Bound>,
}

impl Prepared<'_> {
    /// The tables that the queries read, each as often as they name it.
    #[must_use]
    pub fn tables(&self) -> Vec<NamedTable> {
        let mut found = Vec::new();
        let mut left: Vec<Arc<Plan>> =
            self.queries.iter().rev().map(|query| Arc::clone(&query.plan)).collect();
        let mut seen = HashSet::new();
        while let Some(plan) = left.pop() {
            match &plan.step {
                Step::Scan(scan) => found.push(NamedTable {
                    name: scan.name.clone(),
                    arguments: scan.arguments.clone(),
                    points: scan.source.points(),
                }),
                Step::Shared { id, .. } if !seen.insert(*id) => continue,
                _ => {}
            }
            let before = left.len();
            left.extend(plan.step.inputs().map(Arc::clone));
            plan.step.scalars(&mut |scalar| {
                scalar.queries(&mut |id, inner| {
                    if seen.insert(id) {
                        left.push(Arc::clone(inner));
                    }
                });
            });
            left[before..].reverse();
        }
        found
    }

    /// The points in time that the tables show, each once.
    #[must_use]
    pub fn points(&self) -> Vec<ResolvedPoint> {
        let mut points: Vec<ResolvedPoint> = Vec::new();
        for point in self.tables().into_iter().flat_map(|table| table.points) {
            if !points.contains(&point) {
                points.push(point);
            }
        }
        points
    }

    /// The columns of each query.
    #[must_use]
    pub fn columns(&self) -> impl DoubleEndedIterator<Item = &[Field]> {
        self.queries.iter().map(|query| query.plan.schema.as_slice())
    }

    /// Writes how each query would be run, a step a line.
    ///
    /// # Errors
    /// [`crate::Code::Limit`] when a plan is too deep for the machine.
    pub fn explain(&self) -> Result<String, Diagnostic> {
        let plans = self.queries.iter().map(|query| {
            let plan = &query.plan;
            with_stack(plan.depth, || Ok(explain_plan(&rewrite(plan))))
        });
        plans.collect()
    }

    /// Gives all rows of each query.
    ///
    /// # Errors
    /// What stopped a query from running; [`crate::Code::Limit`] when a limit was reached or it was stopped.
    pub fn run(&self) -> Result<Vec<ResultTable>, Diagnostic> {
        let guard = self.context.guard();
        let mut results = Vec::with_capacity(self.queries.len());
        // The results of all queries are held at once, and each counts until the last one is there.
        let mut all = Vec::with_capacity(self.queries.len());
        for query in &self.queries {
            let (schema, rows) = with_stack(query.plan.depth, || {
                let plan = rewrite(&query.plan);
                let rows = Execution::new(&guard).rows(&plan)?;
                Ok((plan.schema.clone(), rows))
            })?;
            results.push(ResultTable { batches: rows.batches.clone(), ..query.head(schema) });
            all.push(rows);
        }
        Ok(results)
    }

    /// As [`Prepared::run`], but gives the rows as they come instead of holding them all. After [`ControlFlow::Break`]
    /// the query that began last is at its end, and the next one begins.
    ///
    /// # Errors
    /// As [`Prepared::run`]. Rows that were given before stay given.
    pub fn stream(&self, take: &mut dyn FnMut(ResultPart) -> ControlFlow<()>) -> Result<(), Diagnostic> {
        let guard = self.context.guard();
        for query in &self.queries {
            let plan = &query.plan;
            if take(ResultPart::Table(query.head(plan.schema.clone()))).is_break() {
                continue;
            }
            let stream = |sink: &mut dyn FnMut(Batch) -> ControlFlow<()>| {
                Execution::new(&guard).stream(&rewrite(plan), &mut |batch| Ok(sink(batch)))
            };
            with_stack_and_sink(plan.depth, stream, &mut |batch| take(ResultPart::Rows(batch)))?;
        }
        Ok(())
    }
}

impl Bound {
    /// What is known of the result before there are rows.
    fn head(&self, schema: Schema) -> ResultTable {
        let (render, selection) = (self.render.clone(), self.selection.clone());
        ResultTable { schema, batches: Vec::new(), render, selection }
    }
}

/// A condition for the rows of a table.
#[derive(Debug, Clone)]
pub struct Predicate(Expression);

/// Reads a condition without a query around it.
///
/// # Errors
/// Where the text stops being one, such as at a `|`, or everything in it that is outside the subset of KQL.
pub fn predicate(text: &str) -> Result<Predicate, Diagnostics> {
    syntax::parse_predicate(text).map(Predicate)
}

impl Predicate {
    /// The script that gives some columns of those rows of a table for which the condition is true.
    #[must_use]
    pub fn over(self, table: &str, arguments: &[&str], columns: &[&str]) -> Script {
        let span = Span::default();
        let expression = |kind| Expression { kind, span };
        let name = |text: &str| Name { text: text.to_owned(), span };
        let argument = |text: &&str| {
            let literal = ExpressionKind::Literal(Value::text(text), Type::String);
            let value = Pipe { source: Source::Expression(expression(literal)), stages: Vec::new(), span };
            Argument { name: None, value }
        };
        let column = |text: &&str| {
            let value = expression(ExpressionKind::Name((*text).to_owned()));
            Named { names: Vec::new(), value }
        };
        let call = Call { name: name(table), arguments: arguments.iter().map(argument).collect() };
        let project = Operator::Project(columns.iter().map(column).collect());
        let stages = Vec::from([Operator::Where(self.0), project].map(|operator| Stage { operator, span }));
        let source = Source::Expression(expression(ExpressionKind::Call(call)));
        Script { statements: vec![Statement::Pipe(Pipe { source, stages, span })], text: None }
    }
}

/// Reads a script and runs its queries.
///
/// # Errors
/// As [`Script::parse`], [`Script::bind`] and [`Prepared::run`].
pub fn run(text: &str, context: &Context<'_>) -> Result<Vec<ResultTable>, Diagnostics> {
    Script::parse(text)?.bind(context)?.run().map_err(|diagnostic| vec![diagnostic])
}
