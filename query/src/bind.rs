//! Names to tables, columns and functions, and the types of everything; all errors at once.
//!
//! *Shape*: this file binds statements, pipes and sources; `bind/expression.rs` values,
//! `bind/call.rs` calls, `bind/stage.rs` simple stages, `bind/group.rs` summarize, `bind/join.rs`
//! join, lookup and union, `bind/expand.rs` mv-expand, parse and search, `bind/name.rs` the names
//! of results.
//!
//! *Invariants*: 1. Plans are at most `PLAN_DEPTH_MAX` deep, and whatever walks them on a stack of the depth that
//! `deep` gives may recurse; scalars are at most `SCALAR_DEPTH_MAX` deep. 2. Every scalar of a plan refers to columns
//! its input has. 3. Whatever has a name, and so may be taken by several steps, is a shared step.

mod call;
mod environment;
mod expand;
mod expression;
mod group;
mod join;
mod name;
mod recover;
mod stage;

use std::collections::HashMap;
use std::sync::Arc;

use crate::ast::{
    ColumnDeclaration, Datatable, Expression, ExpressionKind, Function, Let, LetValue, Named, Operator,
    Parameter, ParameterKind, Pipe, Range, Render, Source, Span, Stage, Statement,
};
use crate::batch::{Batch, Column, Field, Schema};
use crate::convert;
use crate::error::{Code, Diagnostic, nearest};
use crate::function;
use crate::limits::Guard;
use crate::plan::{Plan, Scalar, Scan, Step, Typed};
use crate::table::{ScanRequest, Tables};
use crate::value::{Type, Value};

use environment::{Binding, Environment};
pub(crate) use join::join_kinds;
pub use recover::Selection;

/// Deepest chain of steps: an operator is up to three of them, and a name is one.
const PLAN_DEPTH_MAX: usize = 5000;
/// Most queries inside values that are nested in one another.
const NESTED_QUERIES_MAX: usize = 64;
/// Deepest nesting of calls after functions of the query are written out.
const SCALAR_DEPTH_MAX: usize = 400;
/// Most parts of expressions of one query after functions are written out.
const PARTS_MAX: usize = 1_000_000;
/// Deepest nesting of functions written in the query.
const INLINE_DEPTH_MAX: usize = 32;
/// Most columns of one step: more than any table has, and few enough for whoever looks at each.
const COLUMNS_MAX: usize = 10_000;
/// Most columns of all steps of one script: a union of all tables alone has tens of thousands.
const ALL_COLUMNS_MAX: usize = 1_000_000;

/// A column that stands for those of a table that was not found; nothing is said about what is not among the others.
const LOST: &str = "\0";

/// Values for `declare query_parameters`, by name, as texts.
pub type Parameters = HashMap<String, String>;

/// A query of a script, ready to run.
pub(crate) struct Bound {
    pub(crate) plan: Arc<Plan>,
    pub(crate) render: Option<Render>,
    pub(crate) selection: Option<Box<Selection>>,
}

/// Binds every query of a script.
pub(crate) fn bind<'s>(
    statements: impl Iterator<Item = &'s Statement>,
    parameters: &'s Parameters,
    tables: &'s dyn Tables,
    guard: &'s Guard<'s>,
) -> Result<Vec<Bound>, Vec<Diagnostic>> {
    let mut binder = Binder {
        tables,
        parameters,
        guard,
        diagnostics: Vec::new(),
        shared_count: 0,
        parts: 0,
        inlined: 0,
        column_count: 0,
    };
    let bound = binder.script(statements);
    // A constant may have been too large to compute, or somebody asked to stop.
    guard.proceed().map_err(|diagnostic| vec![diagnostic])?;
    let mut diagnostics = binder.diagnostics;
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    diagnostics.dedup();
    if diagnostics.is_empty() { Ok(bound) } else { Err(diagnostics) }
}

struct Binder<'a> {
    tables: &'a dyn Tables,
    parameters: &'a Parameters,
    guard: &'a Guard<'a>,
    diagnostics: Vec<Diagnostic>,
    /// Shared steps and queries inside values so far; each has a number.
    shared_count: u32,
    parts: usize,
    inlined: usize,
    /// Columns of all steps made so far.
    column_count: usize,
}

/// The columns a value may refer to.
type Rows<'r> = &'r [Field];

impl<'a> Binder<'a> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn script(&mut self, statements: impl Iterator<Item = &'a Statement>) -> Vec<Bound> {
        let mut environment = Environment::default();
        let mut bound = Vec::new();
        for statement in statements {
            match statement {
                Statement::Let(binding) => environment = self.binding(binding, &environment),
                Statement::Parameters(list) => {
                    for parameter in list {
                        environment = self.query_parameter(parameter, &environment);
                    }
                }
                Statement::Pipe(pipe) => bound.push(self.query(pipe, &environment)),
            }
        }
        bound
    }

    fn query(&mut self, pipe: &'a Pipe, environment: &Environment<'a>) -> Bound {
        let render = pipe.stages.iter().rev().find_map(|stage| match &stage.operator {
            Operator::Render(render) => Some(render.clone()),
            _ => None,
        });
        if let Some((last, before)) = pipe.stages.split_last()
            && let Operator::Recover(recover) = &last.operator
        {
            let plan = self.stages(pipe, before, environment);
            let selection = self.selection(recover, &plan, last.span, environment);
            return Bound { plan, render, selection: selection.map(Box::new) };
        }
        Bound { plan: self.pipe(pipe, environment), render, selection: None }
    }

    fn binding(&mut self, binding: &'a Let, environment: &Environment<'a>) -> Environment<'a> {
        let name = binding.name.text.as_str();
        match &binding.value {
            LetValue::Function(function) => environment.with(name, Self::function(function, environment)),
            LetValue::Pipe(pipe) if is_table(pipe, environment) => {
                let plan = self.pipe(pipe, environment);
                environment.with(name, Binding::Table(self.shared(plan)))
            }
            LetValue::Pipe(pipe) => {
                let value = self.scalar_pipe(pipe, &[], environment);
                environment.with(name, Binding::Scalar(value))
            }
        }
    }

    /// A parameter takes the value given, else its default.
    fn query_parameter(
        &mut self,
        parameter: &'a Parameter,
        environment: &Environment<'a>,
    ) -> Environment<'a> {
        let name = parameter.name.text.as_str();
        let ParameterKind::Scalar(kind) = parameter.kind else {
            self.report(Diagnostic::unsupported(parameter.name.span, "a table as query parameter"));
            return environment.clone();
        };
        let value = match (self.parameters.get(name), &parameter.default) {
            (Some(text), _) => {
                let value = convert::to_type(&Value::text(text), Type::String, kind);
                if value.is_null() {
                    let message = format!("the value of `{name}` is not a {}", kind.as_str());
                    self.report(Diagnostic::new(Code::Type, parameter.name.span, message));
                }
                Typed { scalar: Scalar::Constant(value), kind }
            }
            (None, Some(default)) => {
                let value = self.scalar(default, &[], environment);
                self.cast(value, kind)
            }
            (None, None) => {
                let message = format!("the parameter `{name}` requires a value");
                self.report(Diagnostic::invalid(parameter.name.span, message));
                Typed { scalar: Scalar::Constant(Value::Null), kind }
            }
        };
        environment.with(name, Binding::Scalar(value))
    }

    /// A function and the names it sees.
    fn function(function: &'a Function, environment: &Environment<'a>) -> Binding<'a> {
        let gives_table = gives_table(&function.parameters, &function.body, environment);
        Binding::Function { function, inner: environment.clone(), gives_table }
    }

    fn pipe(&mut self, pipe: &'a Pipe, environment: &Environment<'a>) -> Arc<Plan> {
        self.stages(pipe, &pipe.stages, environment)
    }

    fn stages(&mut self, pipe: &'a Pipe, stages: &'a [Stage], environment: &Environment<'a>) -> Arc<Plan> {
        let mut environment = environment.clone();
        let mut plan = self.source(&pipe.source, pipe.span, &environment);
        for stage in stages {
            if let Operator::As(name) = &stage.operator {
                plan = self.shared(plan);
                environment = environment.with(&name.text, Binding::Table(Arc::clone(&plan)));
                continue;
            }
            plan = self.stage(stage, &plan, &environment);
        }
        plan
    }

    fn source(&mut self, source: &'a Source, span: Span, environment: &Environment<'a>) -> Arc<Plan> {
        match source {
            Source::Expression(value) => self.table(value, environment),
            Source::Print(list) => self.print(list, span, environment),
            Source::Range(range) => self.range(range, span, environment),
            Source::Union(union) => self.union(union, None, environment),
            Source::Search(search) => self.search(search, None, environment),
            Source::Datatable(table) => self.datatable(table, environment),
        }
    }

    /// Makes a step; a chain that is too deep is cut.
    fn plan(&mut self, step: Step, schema: Schema, span: Span) -> Arc<Plan> {
        let plan = Plan::new(step, schema, span);
        if plan.depth > PLAN_DEPTH_MAX {
            let message = format!("more than {PLAN_DEPTH_MAX} steps follow one another");
            self.report(Diagnostic::new(Code::Limit, span, message));
            return Plan::new(Step::Rows(Vec::new()), plan.schema.clone(), span);
        }
        self.column_count = self.column_count.saturating_add(plan.schema.len());
        if let Some(message) = self.too_many_columns(plan.schema.len()) {
            self.report(Diagnostic::new(Code::Limit, span, message));
            return nothing(span);
        }
        plan
    }

    /// Rows that get a name. A table is read again for each step that takes it, so that each reads only what it needs.
    fn shared(&mut self, plan: Arc<Plan>) -> Arc<Plan> {
        if matches!(plan.step, Step::Scan(_) | Step::Rows(_) | Step::Shared { .. }) {
            return plan;
        }
        let (schema, span, id) = (plan.schema.clone(), plan.span, self.next_id());
        Plan::new(Step::Shared { id, input: plan }, schema, span)
    }

    /// A number for what is computed once.
    fn next_id(&mut self) -> u32 {
        self.shared_count += 1;
        self.shared_count
    }

    /// The number for a query inside a value; none where too many are nested.
    fn query_id(&mut self, plan: &Plan, span: Span) -> Option<u32> {
        if plan.nested_queries < NESTED_QUERIES_MAX {
            return Some(self.next_id());
        }
        let message = format!("more than {NESTED_QUERIES_MAX} queries inside values need one another");
        self.report(Diagnostic::new(Code::Limit, span, message));
        None
    }

    /// Why a step with so many columns is refused. A query that was stopped is bound no further either.
    fn too_many_columns(&self, count: usize) -> Option<String> {
        if count > COLUMNS_MAX {
            return Some(format!("{count} columns are more than the {COLUMNS_MAX} that a step may have"));
        }
        if self.column_count > ALL_COLUMNS_MAX {
            return Some(format!("all steps together have more than {ALL_COLUMNS_MAX} columns"));
        }
        self.guard.proceed().err().map(|stopped| stopped.message)
    }

    /// An expression where a table stands.
    fn table(&mut self, value: &'a Expression, environment: &Environment<'a>) -> Arc<Plan> {
        match &value.kind {
            ExpressionKind::Pipe(pipe) => self.pipe(pipe, environment),
            ExpressionKind::Name(name) => match environment.find(name) {
                Some(Binding::Table(plan)) => Arc::clone(plan),
                Some(Binding::Function { function, inner, .. }) if function.parameters.is_empty() => {
                    let (function, inner) = (*function, inner.clone());
                    self.inline_table(function, &[], value.span, &inner, environment)
                }
                Some(_) => {
                    let message = format!("`{name}` is not a table");
                    self.report(Diagnostic::new(Code::Type, value.span, message));
                    nothing(value.span)
                }
                None => self.stored_table(name, &[], value.span),
            },
            ExpressionKind::Call(call) => self.table_call(call, value.span, environment),
            ExpressionKind::Path(base, _) if matches!(base.kind, ExpressionKind::Call(_)) => {
                self.table(base, environment)
            }
            _ => {
                let message = "a table is required here, not a value";
                self.report(Diagnostic::new(Code::Type, value.span, message));
                nothing(value.span)
            }
        }
    }

    fn stored_table(&mut self, name: &str, arguments: &[Value], span: Span) -> Arc<Plan> {
        match self.tables.table(name, arguments) {
            Ok(Some(source)) => {
                let schema = source.schema();
                let columns = (0..schema.len()).collect();
                let request = ScanRequest { columns, conditions: Vec::new() };
                let (name, arguments) = (name.to_owned(), arguments.to_vec());
                self.plan(Step::Scan(Scan { name, arguments, source, request }), schema, span)
            }
            Ok(None) => {
                let message = format!("unknown table `{name}`");
                let diagnostic = Diagnostic::new(Code::UnknownTable, span, message);
                let names = self.tables.names();
                let near = nearest(name, names.iter().map(String::as_str));
                self.report(match near {
                    Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
                    None => diagnostic,
                });
                nothing(span)
            }
            Err(error) => {
                self.report(Diagnostic::of_table(span, error));
                nothing(span)
            }
        }
    }

    fn print(&mut self, list: &'a [Named], span: Span, environment: &Environment<'a>) -> Arc<Plan> {
        let (mut schema, mut scalars) = (Schema::new(), Vec::new());
        for (index, named) in list.iter().enumerate() {
            let value = self.scalar(&named.value, &[], environment);
            let name = match named.names.first() {
                Some(name) => name.text.clone(),
                None => format!("print_{index}"),
            };
            schema.push(Field::new(name::unique(&schema, &name), value.kind));
            scalars.push(value.scalar);
        }
        self.plan(Step::Print(scalars), schema, span)
    }

    fn range(&mut self, range: &'a Range, span: Span, environment: &Environment<'a>) -> Arc<Plan> {
        let mut bound = |value| self.scalar(value, &[], environment);
        let (from, to, step) = (bound(&range.from), bound(&range.to), bound(&range.step));
        let kind = match (from.kind, to.kind, step.kind) {
            (Type::Datetime, ..) => Type::Datetime,
            (Type::Timespan, ..) => Type::Timespan,
            (Type::Real, ..) | (_, Type::Real, _) | (.., Type::Real) => Type::Real,
            _ => Type::Long,
        };
        let schema = vec![Field::new(range.name.text.clone(), kind)];
        self.plan(Step::Range { from, to, step }, schema, span)
    }

    fn datatable(&mut self, table: &'a Datatable, environment: &Environment<'a>) -> Arc<Plan> {
        let width = table.columns.len();
        let mut columns: Vec<Vec<Value>> = vec![Vec::new(); width];
        for (index, cell) in table.cells.iter().enumerate() {
            let declaration = &table.columns[index % width];
            let value = self.cell(cell, declaration, environment);
            columns[index % width].push(value);
        }
        let row_count = columns.first().map_or(0, Vec::len);
        let batch = Batch { columns: columns.into_iter().map(Column::of).collect(), row_count };
        let field = |column: &ColumnDeclaration| Field::new(column.name.text.clone(), column.kind);
        let schema = table.columns.iter().map(field).collect();
        self.plan(Step::Rows(batch.split()), schema, table.span)
    }

    fn cell(
        &mut self,
        cell: &'a Expression,
        column: &ColumnDeclaration,
        environment: &Environment<'a>,
    ) -> Value {
        let value = self.scalar(cell, &[], environment);
        let Scalar::Constant(constant) = &value.scalar else {
            self.report(Diagnostic::invalid(cell.span, "a constant is required here"));
            return Value::missing(column.kind);
        };
        let converted = convert::to_type(constant, value.kind, column.kind);
        if converted.is_null() && !constant.is_null() && value.kind != Type::String {
            let (from, to) = (value.kind.as_str(), column.kind.as_str());
            let message = format!("a {from} does not fit a column of type {to}");
            self.report(Diagnostic::new(Code::Type, cell.span, message));
        }
        converted
    }
}

/// A table without rows, after an error.
fn nothing(span: Span) -> Arc<Plan> {
    Plan::new(Step::Rows(Vec::new()), vec![Field::new(LOST, Type::Dynamic)], span)
}

/// Tells whether a pipe gives rows rather than one value.
fn is_table(pipe: &Pipe, environment: &Environment<'_>) -> bool {
    let Source::Expression(value) = &pipe.source else { return true };
    if !pipe.stages.is_empty() {
        return true;
    }
    match &value.kind {
        ExpressionKind::Pipe(inner) => is_table(inner, environment),
        ExpressionKind::Name(name) => match environment.find(name) {
            Some(Binding::Scalar(_)) => false,
            Some(Binding::Table(_) | Binding::Function { .. }) | None => true,
        },
        ExpressionKind::Call(call) => match environment.find(&call.name.text) {
            Some(Binding::Function { gives_table, .. }) => *gives_table,
            _ if call.name.text == "materialize" => true,
            _ => !function::exists(&call.name.text),
        },
        _ => false,
    }
}

/// Tells whether the last statement of a function gives rows.
fn gives_table(parameters: &[Parameter], body: &[Statement], environment: &Environment<'_>) -> bool {
    let Some(Statement::Pipe(pipe)) = body.last() else { return false };
    let local = |name: &str| {
        let parameter = parameters.iter().find(|parameter| parameter.name.text == name);
        let scalar = parameter.map(|parameter| matches!(parameter.kind, ParameterKind::Scalar(_)));
        scalar.or_else(|| {
            body.iter().find_map(|statement| match statement {
                Statement::Let(binding) if binding.name.text == name => match &binding.value {
                    LetValue::Pipe(pipe) => Some(!is_table(pipe, environment)),
                    LetValue::Function(_) => Some(true),
                },
                _ => None,
            })
        })
    };
    match &pipe.source {
        Source::Expression(value) if pipe.stages.is_empty() => match &value.kind {
            ExpressionKind::Name(name) => match local(name) {
                Some(scalar) => !scalar,
                None => is_table(pipe, environment),
            },
            ExpressionKind::Call(call) if local(&call.name.text).is_some() => false,
            _ => is_table(pipe, environment),
        },
        _ => true,
    }
}

#[cfg(test)]
mod tests;
