//! Calls: functions of the table, functions written in the query, and those of the binder itself.

use std::sync::Arc;

use crate::aggregate;
use crate::ast::{
    Argument, Call, Expression, ExpressionKind, FunctionDefinition, LetValue, Parameter, ParameterKind, Span,
    Statement,
};
use crate::batch::Field;
use crate::error::{Code, Diagnostic, counted};
use crate::function::{self, Body, Function};
use crate::plan::{Plan, Scalar, Typed};
use crate::value::{Type, Value};

use super::super::apply::{apply, cast, typed, unknown};
use super::super::binder::{Binder, nothing};
use super::super::environment::{Binding, Environment, placeholder};
use super::super::{bind_let, bind_pipe, bind_stored_table, function_binding, is_table};
use super::{bind_scalar, bind_scalar_pipe};

pub(in crate::bind) fn bind_call<'a>(
    binder: &mut Binder<'a>,
    call: &'a Call,
    span: Span,
    fields: &[Field],
    environment: &Environment<'a>,
) -> Typed {
    let name = call.name.text.as_str();
    if let Some(Binding::Function { function: written, inner, .. }) = environment.find(name) {
        let (written, inner) = (*written, inner.clone());
        return inline_scalar(binder, written, &call.arguments, span, fields, &inner, environment);
    }
    if aggregate::find(name).is_some()
        && let Some(Binding::Scalar(made)) = environment.find(&placeholder(call))
    {
        return made.clone();
    }
    let Some(found) = function::find(name) else {
        report_unknown_function(binder, call);
        return unknown();
    };
    if let Some(named) = call.arguments.iter().find_map(|argument| argument.name.as_ref()) {
        let message = format!("`{name}` takes no named arguments");
        binder.report(Diagnostic::invalid(named.span, message));
    }
    if !argument_count_fits(binder, found.usage, found.least, found.most, call.arguments.len(), span) {
        return unknown();
    }
    if matches!(found.body, Body::Binder) {
        return bind_binder_function(binder, found, call, span, fields, environment);
    }
    let arguments = call.arguments.iter();
    let arguments = arguments.map(|argument| bind_scalar_pipe(binder, &argument.value, fields, environment));
    let arguments: Vec<Typed> = arguments.collect();
    if name == "extract" && arguments.len() == 4 {
        return apply_extract(binder, found, arguments, span);
    }
    apply(binder, found, arguments, span)
}

fn report_unknown_function(binder: &mut Binder<'_>, call: &Call) {
    let name = call.name.text.as_str();
    let diagnostic = if aggregate::find(name).is_some() {
        let message = format!("the aggregate `{name}` can only stand in `summarize`");
        Diagnostic::invalid(call.name.span, message)
    } else {
        let message = format!("the function `{name}` is not supported");
        let diagnostic = Diagnostic::new(Code::UnknownFunction, call.name.span, message);
        diagnostic.with_names(name, "functions", function::names())
    };
    binder.report(diagnostic);
}

pub(in crate::bind) fn argument_count_fits(
    binder: &mut Binder<'_>,
    usage: &str,
    least: usize,
    most: usize,
    count: usize,
    span: Span,
) -> bool {
    let fits = (least..=most).contains(&count);
    if !fits {
        let verb = if count == 1 { "does" } else { "do" };
        let message = format!("{} {verb} not fit `{usage}`", counted(count, "argument"));
        binder.report(Diagnostic::invalid(span, message));
    }
    fits
}

/// `extract` with a type converts what it found.
fn apply_extract(
    binder: &mut Binder<'_>,
    found: &'static Function,
    mut arguments: Vec<Typed>,
    span: Span,
) -> Typed {
    let kind = match arguments.pop().map(|kind| kind.scalar) {
        Some(Scalar::Constant(Value::String(name))) => Type::from_name(&name),
        _ => None,
    };
    let text = apply(binder, found, arguments, span);
    cast(binder, text, kind.unwrap_or(Type::String))
}

fn bind_binder_function<'a>(
    binder: &mut Binder<'a>,
    found: &'static Function,
    call: &'a Call,
    span: Span,
    fields: &[Field],
    environment: &Environment<'a>,
) -> Typed {
    let first = call.arguments.first().map(|argument| &argument.value);
    match (found.name, first) {
        ("toscalar", Some(pipe)) if is_table(pipe, environment) => {
            let plan = bind_pipe(binder, pipe, environment);
            let kind = plan.schema.first().map_or(Type::Dynamic, |field| field.kind);
            match binder.query_id(&plan, span) {
                Some(id) => Typed { scalar: Scalar::Query { id, plan }, kind },
                None => unknown(),
            }
        }
        ("toscalar" | "materialize", Some(pipe)) => bind_scalar_pipe(binder, pipe, fields, environment),
        ("column_ifexists", Some(pipe)) => {
            let name = bind_scalar_pipe(binder, pipe, fields, environment);
            let position = match &name.scalar {
                Scalar::Constant(Value::String(name)) => fields.iter().position(|field| field.name == **name),
                _ => None,
            };
            match position {
                Some(index) => Typed { scalar: Scalar::Column(index), kind: fields[index].kind },
                None => bind_scalar_pipe(binder, &call.arguments[1].value, fields, environment),
            }
        }
        ("pack_all", first) => {
            let without_empty = first.is_some_and(|pipe| {
                let flag = bind_scalar_pipe(binder, pipe, fields, environment);
                matches!(flag.scalar, Scalar::Constant(Value::Bool(true)))
            });
            pack_all(binder, if without_empty { "bag_pack_present" } else { "bag_pack" }, fields, span)
        }
        _ => unknown(),
    }
}

fn pack_all(binder: &mut Binder<'_>, name: &str, fields: &[Field], span: Span) -> Typed {
    let pairs = fields.iter().enumerate().flat_map(|(index, field)| {
        let key = typed(Value::text(&field.name), Type::String);
        [key, Typed { scalar: Scalar::Column(index), kind: field.kind }]
    });
    match function::find(name) {
        Some(function) => apply(binder, function, pairs.collect(), span),
        None => unknown(),
    }
}

/// A call that must be a table.
pub(in crate::bind) fn bind_table_call<'a>(
    binder: &mut Binder<'a>,
    call: &'a Call,
    span: Span,
    environment: &Environment<'a>,
) -> Arc<Plan> {
    let name = call.name.text.as_str();
    if let Some(Binding::Function { function: written, inner, .. }) = environment.find(name) {
        let (written, inner) = (*written, inner.clone());
        return inline_table(binder, written, &call.arguments, span, &inner, environment);
    }
    if let ("materialize", [argument]) = (name, call.arguments.as_slice()) {
        return bind_pipe(binder, &argument.value, environment);
    }
    if function::is_foreign(name) {
        binder.report(Diagnostic::unsupported(call.name.span, name));
        return nothing(span);
    }
    if function::find(name).is_some() {
        let message = format!("`{name}` gives a value; a table is required here");
        binder.report(Diagnostic::new(Code::Type, call.name.span, message));
        return nothing(span);
    }
    let mut arguments = Vec::new();
    for argument in &call.arguments {
        if let Scalar::Constant(value) = bind_scalar_pipe(binder, &argument.value, &[], environment).scalar {
            arguments.push(value);
        } else {
            let message = "the arguments of a table must be constants";
            binder.report(Diagnostic::invalid(argument.value.span, message));
        }
    }
    bind_stored_table(binder, name, &arguments, span)
}

fn inline_scalar<'a>(
    binder: &mut Binder<'a>,
    written: &'a FunctionDefinition,
    arguments: &'a [Argument],
    span: Span,
    fields: &[Field],
    inner: &Environment<'a>,
    outer: &Environment<'a>,
) -> Typed {
    if !binder.enter_function(span) {
        return unknown();
    }
    let local = bind_parameters(binder, written, arguments, span, fields, inner, outer);
    let (local, last) = bind_body(binder, &written.body, local);
    let value = match last {
        Some(Statement::Pipe(pipe)) => bind_scalar_pipe(binder, pipe, &[], &local),
        _ => unknown(),
    };
    binder.leave_function();
    value
}

pub(in crate::bind) fn inline_table<'a>(
    binder: &mut Binder<'a>,
    written: &'a FunctionDefinition,
    arguments: &'a [Argument],
    span: Span,
    inner: &Environment<'a>,
    outer: &Environment<'a>,
) -> Arc<Plan> {
    if !binder.enter_function(span) {
        return nothing(span);
    }
    let local = bind_parameters(binder, written, arguments, span, &[], inner, outer);
    let (local, last) = bind_body(binder, &written.body, local);
    let plan = match last {
        Some(Statement::Pipe(pipe)) => bind_pipe(binder, pipe, &local),
        _ => nothing(span),
    };
    binder.leave_function();
    plan
}

/// Gives the parameters of a function their values.
fn bind_parameters<'a>(
    binder: &mut Binder<'a>,
    written: &'a FunctionDefinition,
    arguments: &'a [Argument],
    span: Span,
    fields: &[Field],
    inner: &Environment<'a>,
    outer: &Environment<'a>,
) -> Environment<'a> {
    let mut local = inner.clone();
    if arguments.len() > written.parameters.len() {
        let (given, taken) = (arguments.len(), written.parameters.len());
        let message = format!("{} for {}", counted(given, "argument"), counted(taken, "parameter"));
        binder.report(Diagnostic::invalid(span, message));
    }
    for (index, parameter) in written.parameters.iter().enumerate() {
        let name = parameter.name.text.as_str();
        let named =
            arguments.iter().find(|argument| argument.name.as_ref().is_some_and(|given| given.text == name));
        let positional = arguments.get(index).filter(|argument| argument.name.is_none());
        let binding = match named.or(positional) {
            Some(argument) => bind_argument(binder, parameter, argument, fields, outer),
            None => bind_default(binder, parameter, span, inner),
        };
        local = local.with(name, binding);
    }
    local
}

fn bind_argument<'a>(
    binder: &mut Binder<'a>,
    parameter: &'a Parameter,
    argument: &'a Argument,
    fields: &[Field],
    outer: &Environment<'a>,
) -> Binding<'a> {
    match &parameter.kind {
        ParameterKind::Scalar(kind) => {
            let value = bind_scalar_pipe(binder, &argument.value, fields, outer);
            Binding::Scalar(cast(binder, value, *kind))
        }
        ParameterKind::Table(columns) => {
            let plan = bind_pipe(binder, &argument.value, outer);
            for column in columns {
                let name = &column.name.text;
                if !plan.schema.iter().any(|field| field.name == *name) {
                    let message = format!("the table has no column `{name}`");
                    let diagnostic = Diagnostic::new(Code::UnknownColumn, argument.value.span, message);
                    let columns = plan.schema.iter().map(|field| field.name.as_str());
                    binder.report(diagnostic.with_names(name, "columns", columns));
                }
            }
            Binding::Table(binder.shared(plan))
        }
    }
}

fn bind_default<'a>(
    binder: &mut Binder<'a>,
    parameter: &'a Parameter,
    span: Span,
    inner: &Environment<'a>,
) -> Binding<'a> {
    if let Some(default) = &parameter.default {
        let value = bind_scalar(binder, default, &[], inner);
        if let ParameterKind::Scalar(kind) = parameter.kind {
            return Binding::Scalar(cast(binder, value, kind));
        }
    }
    let message = format!("the parameter `{}` requires a value", parameter.name.text);
    binder.report(Diagnostic::invalid(span, message));
    Binding::Scalar(unknown())
}

/// Binds the `let` statements of a body and gives its last statement.
fn bind_body<'a>(
    binder: &mut Binder<'a>,
    body: &'a [Statement],
    mut local: Environment<'a>,
) -> (Environment<'a>, Option<&'a Statement>) {
    let Some((last, before)) = body.split_last() else { return (local, None) };
    for statement in before {
        if let Statement::Let(binding) = statement {
            if let LetValue::Function(function) = &binding.value {
                let binding_of = function_binding(function, &local);
                local = local.with(&binding.name.text, binding_of);
            } else {
                local = bind_let(binder, binding, &local);
            }
        }
    }
    (local, Some(last))
}

/// `T | invoke f(…)`: the rows are the first argument.
pub(in crate::bind) fn bind_invoke<'a>(
    binder: &mut Binder<'a>,
    value: &'a Expression,
    plan: &Arc<Plan>,
    environment: &Environment<'a>,
) -> Arc<Plan> {
    let ExpressionKind::Call(call) = &value.kind else { return nothing(value.span) };
    let Some(Binding::Function { function: written, inner, .. }) = environment.find(&call.name.text) else {
        report_unknown_function(binder, call);
        return nothing(value.span);
    };
    let (written, inner) = (*written, inner.clone());
    let Some((first, rest)) = written.parameters.split_first() else {
        let message = format!("`{}` takes no table", call.name.text);
        binder.report(Diagnostic::invalid(value.span, message));
        return nothing(value.span);
    };
    if !binder.enter_function(value.span) {
        return nothing(value.span);
    }
    let mut local = inner.with(&first.name.text, Binding::Table(binder.shared(Arc::clone(plan))));
    for (index, parameter) in rest.iter().enumerate() {
        let binding = match call.arguments.get(index) {
            Some(argument) => bind_argument(binder, parameter, argument, &[], environment),
            None => bind_default(binder, parameter, value.span, &inner),
        };
        local = local.with(&parameter.name.text, binding);
    }
    let (local, last) = bind_body(binder, &written.body, local);
    let result = match last {
        Some(Statement::Pipe(pipe)) => bind_pipe(binder, pipe, &local),
        _ => nothing(value.span),
    };
    binder.leave_function();
    result
}
