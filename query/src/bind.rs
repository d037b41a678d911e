//! Names to tables, columns and functions, and the types of everything; all errors at once.
//!
//! *Shape*: this file binds statements, pipes and tables. `bind/binder.rs` is the context that all stages share,
//! `bind/environment.rs` the names that are given. Sources are in `bind/source.rs`; `bind/stage.rs` chooses the stage of
//! an operator: `bind/columns.rs` projects, `bind/group.rs` summarizes, `bind/join.rs` is join, lookup and union,
//! `bind/expand.rs` mv-expand, parse and search. `bind/expression.rs` binds values, `bind/expression/call.rs` calls,
//! `bind/apply.rs` applies functions to bound values, and `bind/name.rs` names results.
//!
//! *Invariants*: 1. Plans are at most as deep as [`Binder`] allows, and whatever walks them on a stack of the depth that
//! `deep` gives may recurse; scalars are at most `SCALAR_DEPTH_MAX` deep. 2. Every scalar of a plan refers to columns
//! its input has. 3. Whatever has a name, and so may be taken by several steps, is a shared step.

mod apply;
mod binder;
mod columns;
mod environment;
mod expand;
mod expression;
mod group;
mod join;
mod name;
mod recover;
mod source;
mod stage;

use std::collections::HashMap;
use std::sync::Arc;

use crate::ast::{
    Expression, ExpressionKind, FunctionDefinition, Let, LetValue, Operator, Parameter, ParameterKind, Pipe,
    Render, Source, Span, Stage, Statement,
};
use crate::convert;
use crate::error::{Code, Diagnostic};
use crate::function;
use crate::limits::Guard;
use crate::plan::{Plan, Scalar, Scan, Step, Typed};
use crate::table::{ScanRequest, Tables};
use crate::value::{Type, Value};

use apply::cast;
use binder::{Binder, nothing};
use environment::{Binding, Environment};
use expand::bind_search;
use expression::{bind_scalar, bind_scalar_pipe, bind_table_call, inline_table};
use join::bind_union;
pub(crate) use join::join_kinds;
pub use recover::Selection;
use recover::bind_selection;
use source::{bind_datatable, bind_print, bind_range};
use stage::bind_stage;

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
    let mut binder = Binder::new(tables, parameters, guard);
    let bound = bind_script(&mut binder, statements);
    // A constant may have been too large to compute, or the query was stopped.
    guard.proceed().map_err(|diagnostic| vec![diagnostic])?;
    let findings = binder.into_findings();
    if findings.is_empty() { Ok(bound) } else { Err(findings) }
}

fn bind_script<'a>(binder: &mut Binder<'a>, statements: impl Iterator<Item = &'a Statement>) -> Vec<Bound> {
    let mut environment = Environment::default();
    let mut bound = Vec::new();
    for statement in statements {
        match statement {
            Statement::Let(binding) => environment = bind_let(binder, binding, &environment),
            Statement::Parameters(list) => {
                for parameter in list {
                    environment = bind_parameter(binder, parameter, &environment);
                }
            }
            Statement::Pipe(pipe) => bound.push(bind_query(binder, pipe, &environment)),
        }
    }
    bound
}

fn bind_query<'a>(binder: &mut Binder<'a>, pipe: &'a Pipe, environment: &Environment<'a>) -> Bound {
    let render = pipe.stages.iter().rev().find_map(|stage| match &stage.operator {
        Operator::Render(render) => Some(render.clone()),
        _ => None,
    });
    if let Some((last, before)) = pipe.stages.split_last()
        && let Operator::Recover(recover) = &last.operator
    {
        let plan = bind_stages(binder, pipe, before, environment);
        let selection = bind_selection(binder, recover, &plan, last.span, environment);
        return Bound { plan, render, selection: selection.map(Box::new) };
    }
    Bound { plan: bind_pipe(binder, pipe, environment), render, selection: None }
}

fn bind_let<'a>(binder: &mut Binder<'a>, binding: &'a Let, environment: &Environment<'a>) -> Environment<'a> {
    let name = binding.name.text.as_str();
    match &binding.value {
        LetValue::Function(function) => environment.with(name, function_binding(function, environment)),
        LetValue::Pipe(pipe) if is_table(pipe, environment) => {
            let plan = bind_pipe(binder, pipe, environment);
            environment.with(name, Binding::Table(binder.shared(plan)))
        }
        LetValue::Pipe(pipe) => {
            let value = bind_scalar_pipe(binder, pipe, &[], environment);
            environment.with(name, Binding::Scalar(value))
        }
    }
}

/// A parameter takes the value given, else its default.
fn bind_parameter<'a>(
    binder: &mut Binder<'a>,
    parameter: &'a Parameter,
    environment: &Environment<'a>,
) -> Environment<'a> {
    let name = parameter.name.text.as_str();
    let ParameterKind::Scalar(kind) = parameter.kind else {
        binder.report(Diagnostic::unsupported(parameter.name.span, "a table as query parameter"));
        return environment.clone();
    };
    let value = match (binder.parameters.get(name), &parameter.default) {
        (Some(text), _) => {
            let value = convert::to_type(&Value::text(text), Type::String, kind);
            if value.is_null() {
                let message = format!("the value of `{name}` is not a {}", kind.as_str());
                binder.report(Diagnostic::new(Code::Type, parameter.name.span, message));
            }
            Typed { scalar: Scalar::Constant(value), kind }
        }
        (None, Some(default)) => {
            let value = bind_scalar(binder, default, &[], environment);
            cast(binder, value, kind)
        }
        (None, None) => {
            let message = format!("the parameter `{name}` requires a value");
            binder.report(Diagnostic::invalid(parameter.name.span, message));
            Typed { scalar: Scalar::Constant(Value::Null), kind }
        }
    };
    environment.with(name, Binding::Scalar(value))
}

/// A function and the names it sees.
fn function_binding<'a>(function: &'a FunctionDefinition, environment: &Environment<'a>) -> Binding<'a> {
    let gives_table = gives_table(&function.parameters, &function.body, environment);
    Binding::Function { function, inner: environment.clone(), gives_table }
}

fn bind_pipe<'a>(binder: &mut Binder<'a>, pipe: &'a Pipe, environment: &Environment<'a>) -> Arc<Plan> {
    bind_stages(binder, pipe, &pipe.stages, environment)
}

fn bind_stages<'a>(
    binder: &mut Binder<'a>,
    pipe: &'a Pipe,
    stages: &'a [Stage],
    environment: &Environment<'a>,
) -> Arc<Plan> {
    let mut environment = environment.clone();
    let mut plan = bind_source(binder, &pipe.source, pipe.span, &environment);
    for stage in stages {
        if let Operator::As(name) = &stage.operator {
            plan = binder.shared(plan);
            environment = environment.with(&name.text, Binding::Table(Arc::clone(&plan)));
            continue;
        }
        plan = bind_stage(binder, stage, &plan, &environment);
    }
    plan
}

fn bind_source<'a>(
    binder: &mut Binder<'a>,
    source: &'a Source,
    span: Span,
    environment: &Environment<'a>,
) -> Arc<Plan> {
    match source {
        Source::Expression(value) => bind_table(binder, value, environment),
        Source::Print(list) => bind_print(binder, list, span, environment),
        Source::Range(range) => bind_range(binder, range, span, environment),
        Source::Union(union) => bind_union(binder, union, None, environment),
        Source::Search(search) => bind_search(binder, search, None, environment),
        Source::Datatable(table) => bind_datatable(binder, table, environment),
    }
}

/// An expression that must be a table.
fn bind_table<'a>(
    binder: &mut Binder<'a>,
    value: &'a Expression,
    environment: &Environment<'a>,
) -> Arc<Plan> {
    match &value.kind {
        ExpressionKind::Pipe(pipe) => bind_pipe(binder, pipe, environment),
        ExpressionKind::Name(name) => match environment.find(name) {
            Some(Binding::Table(plan)) => Arc::clone(plan),
            Some(Binding::Function { function, inner, .. }) if function.parameters.is_empty() => {
                let (function, inner) = (*function, inner.clone());
                inline_table(binder, function, &[], value.span, &inner, environment)
            }
            Some(_) => {
                let message = format!("`{name}` is not a table");
                binder.report(Diagnostic::new(Code::Type, value.span, message));
                nothing(value.span)
            }
            None => bind_stored_table(binder, name, &[], value.span),
        },
        ExpressionKind::Call(call) => bind_table_call(binder, call, value.span, environment),
        ExpressionKind::Path(base, _) if matches!(base.kind, ExpressionKind::Call(_)) => {
            bind_table(binder, base, environment)
        }
        _ => {
            let message = "a table is required here, not a value";
            binder.report(Diagnostic::new(Code::Type, value.span, message));
            nothing(value.span)
        }
    }
}

fn bind_stored_table(binder: &mut Binder<'_>, name: &str, arguments: &[Value], span: Span) -> Arc<Plan> {
    match binder.tables.table(name, arguments) {
        Ok(Some(source)) => {
            let schema = source.schema();
            let columns = (0..schema.len()).collect();
            let request = ScanRequest { columns, conditions: Vec::new() };
            let (name, arguments) = (name.to_owned(), arguments.to_vec());
            binder.step(Step::Scan(Scan { name, arguments, source, request }), schema, span)
        }
        Ok(None) => {
            let message = format!("unknown table `{name}`");
            let diagnostic = Diagnostic::new(Code::UnknownTable, span, message);
            let names = binder.tables.names();
            binder.report(diagnostic.with_names(name, "tables", names.iter().map(String::as_str)));
            nothing(span)
        }
        Err(error) => {
            binder.report(Diagnostic::of_table(span, error));
            nothing(span)
        }
    }
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
