//! `summarize`, `count` and `distinct`: groups, and the names of their aggregates.

use std::sync::Arc;

use crate::aggregate::{self, AggregateFunction, Kind};
use crate::ast::{Access, Argument, Call, Expression, ExpressionKind, Named, Source, Span, Summarize};
use crate::batch::{Field, Schema};
use crate::error::{Code, Diagnostic};
use crate::plan::{Aggregate, Plan, Scalar, Step, Typed};
use crate::value::{Type, Value};

use super::apply::{check_condition, unknown};
use super::binder::Binder;
use super::columns::{bind_columns, bind_named_columns};
use super::environment::{Binding, Environment, placeholder};
use super::expression::{argument_count_fits, bind_scalar, bind_scalar_pipe};
use super::name;

/// The aggregates of one `summarize` while it is bound.
struct Group<'g> {
    input: &'g Arc<Plan>,
    /// Names of the keys: `*` leaves them out.
    keys: Vec<String>,
    aggregates: Vec<Aggregate>,
    /// The columns the aggregates make, before anything is computed from them.
    made: Schema,
}

pub(super) fn bind_summarize<'a>(
    binder: &mut Binder<'a>,
    summarize: &'a Summarize,
    plan: &Arc<Plan>,
    environment: &Environment<'a>,
) -> Arc<Plan> {
    let span = summarize.span;
    let (mut schema, mut keys) = (Schema::new(), Vec::new());
    for (field, scalar) in bind_columns(binder, &summarize.keys, &plan.schema, environment) {
        schema.push(Field::new(name::unique(&schema, &field.name), field.kind));
        keys.push(scalar);
    }
    let names = schema.iter().map(|field| field.name.clone()).collect();
    let mut group = Group { input: plan, keys: names, aggregates: Vec::new(), made: schema.clone() };
    let mut results: Vec<(Field, Scalar)> = Vec::new();
    for named in &summarize.aggregates {
        bind_aggregate_entry(binder, named, &mut group, &mut schema, &mut results, environment);
    }
    let key_count = keys.len();
    let step = Step::Group { input: Arc::clone(plan), keys, aggregates: group.aggregates };
    let grouped = binder.step(step, group.made, span);
    let columns = (0..key_count).map(Scalar::Column);
    let columns = columns.chain(results.into_iter().map(|(_, scalar)| scalar)).collect();
    binder.step(Step::Project { input: grouped, columns }, schema, span)
}

/// One entry of the list: an aggregate alone, or an expression over aggregates.
fn bind_aggregate_entry<'a>(
    binder: &mut Binder<'a>,
    named: &'a Named,
    group: &mut Group<'_>,
    schema: &mut Schema,
    results: &mut Vec<(Field, Scalar)>,
    environment: &Environment<'a>,
) {
    let given = named.names.first().map(|name| name.text.as_str());
    let made = if let Some((call, function)) = call_of(&named.value) {
        bind_single_aggregate(binder, call, function, given, group, environment)
    } else {
        let value = bind_over_aggregates(binder, &named.value, group, environment);
        let unnamed = results.len() + 1;
        let name = given.map_or_else(|| format!("Column{unnamed}"), str::to_owned);
        vec![(Field::new(name, value.kind), value.scalar)]
    };
    for (index, (field, scalar)) in made.into_iter().enumerate() {
        let given = named.names.get(index).map(|name| name.text.clone());
        let name = name::unique(schema, &given.unwrap_or(field.name));
        schema.push(Field::new(name.clone(), field.kind));
        results.push((Field::new(name, field.kind), scalar));
    }
}

/// An aggregate alone: its columns with their names.
fn bind_single_aggregate<'a>(
    binder: &mut Binder<'a>,
    call: &'a Call,
    function: &'static AggregateFunction,
    given: Option<&str>,
    group: &mut Group<'_>,
    environment: &Environment<'a>,
) -> Vec<(Field, Scalar)> {
    let (fields, first) = add_aggregate(binder, call, function, given, group, environment);
    let position = |(index, field)| (field, Scalar::Column(first + index));
    fields.into_iter().enumerate().map(position).collect()
}

/// An expression over aggregates: each call becomes a column of the group.
fn bind_over_aggregates<'a>(
    binder: &mut Binder<'a>,
    value: &'a Expression,
    group: &mut Group<'_>,
    environment: &Environment<'a>,
) -> Typed {
    let mut local = environment.clone();
    let mut calls = Vec::new();
    aggregates_in(value, &mut calls);
    if calls.is_empty() {
        let message = "an aggregate is required here";
        binder.report(Diagnostic::invalid(value.span, message));
        return unknown();
    }
    for (call, function) in calls {
        let (fields, first) = add_aggregate(binder, call, function, None, group, environment);
        let kind = fields.first().map_or(Type::Dynamic, |field| field.kind);
        let column = Typed { scalar: Scalar::Column(first), kind };
        local = local.with(&placeholder(call), Binding::Scalar(column));
    }
    let keys = group.made[..group.keys.len()].to_vec();
    bind_scalar(binder, value, &keys, &local)
}

/// Adds an aggregate; gives its columns and the index of the first.
fn add_aggregate<'a>(
    binder: &mut Binder<'a>,
    call: &'a Call,
    function: &'static AggregateFunction,
    given: Option<&str>,
    group: &mut Group<'_>,
    environment: &Environment<'a>,
) -> (Vec<Field>, usize) {
    let first = group.made.len();
    let count = call.arguments.len();
    let span = call.name.span;
    if !argument_count_fits(binder, function.usage, function.least, function.most, count, span) {
        return (vec![Field::new(function.name, Type::Dynamic)], first);
    }
    let fields = &group.input.schema;
    let condition = (function.conditional || function.kind == Kind::CountIf).then(|| {
        let index = usize::from(function.conditional);
        let pipe = &call.arguments[index].value;
        let value = bind_scalar_pipe(binder, pipe, fields, environment);
        check_condition(binder, value, pipe.span).scalar
    });
    let (expanded, settings) = bind_aggregate_arguments(binder, call, function, group, environment);
    let kinds: Vec<Type> = expanded.iter().map(|(field, _)| field.kind).collect();
    let kind = kinds.first().copied().unwrap_or(Type::Long);
    let fields = if let Some(fields) = result_fields(call, function, given, &expanded, &settings) {
        fields
    } else {
        let message = format!("`{}` does not fit a {}", function.name, kind.as_str());
        binder.report(Diagnostic::new(Code::Type, span, message));
        vec![Field::new(function.name, Type::Dynamic)]
    };
    let arguments = expanded.into_iter().map(|(_, scalar)| scalar).collect();
    let width = fields.len();
    let kind = function.kind;
    group.aggregates.push(Aggregate { kind, arguments, kinds, condition, settings, width });
    group.made.extend(fields.iter().cloned());
    (fields, first)
}

/// The values an aggregate looks at, and its constant settings.
fn bind_aggregate_arguments<'a>(
    binder: &mut Binder<'a>,
    call: &'a Call,
    function: &'static AggregateFunction,
    group: &Group<'_>,
    environment: &Environment<'a>,
) -> (Vec<(Field, Scalar)>, Vec<Value>) {
    let fields = &group.input.schema;
    let (mut values, mut settings) = (Vec::new(), Vec::new());
    let looked_at = match function.kind {
        Kind::CountIf => 0,
        Kind::ArgLeast | Kind::ArgGreatest | Kind::Any if !function.conditional => usize::MAX,
        Kind::Distinct if function.name == "count_distinct" => usize::MAX,
        _ => 1,
    };
    for (index, argument) in call.arguments.iter().enumerate() {
        if index < looked_at {
            bind_aggregated(binder, argument, function, group, &mut values, environment);
        } else if !(index == 1 && function.conditional) && function.kind != Kind::CountIf {
            let value = bind_scalar_pipe(binder, &argument.value, fields, environment);
            if let Scalar::Constant(value) = value.scalar {
                settings.push(value);
            } else {
                let message = "a constant is required here";
                binder.report(Diagnostic::invalid(argument.value.span, message));
            }
        }
    }
    (values, settings)
}

fn bind_aggregated<'a>(
    binder: &mut Binder<'a>,
    argument: &'a Argument,
    function: &'static AggregateFunction,
    group: &Group<'_>,
    values: &mut Vec<(Field, Scalar)>,
    environment: &Environment<'a>,
) {
    let fields = &group.input.schema;
    let expression = argument.expression();
    if expression.is_some_and(|value| matches!(value.kind, ExpressionKind::Star)) {
        let first = values.first().map(|(field, _)| field.name.clone());
        let others = fields.iter().enumerate().filter(|(_, field)| {
            !group.keys.contains(&field.name)
                && (function.kind == Kind::Any || Some(&field.name) != first.as_ref())
        });
        values.extend(others.map(|(index, field)| (field.clone(), Scalar::Column(index))));
        return;
    }
    let value = bind_scalar_pipe(binder, &argument.value, fields, environment);
    let name = expression.and_then(name::of).unwrap_or_default();
    values.push((Field::new(name, value.kind), value.scalar));
}

pub(super) fn bind_count(binder: &mut Binder<'_>, plan: &Arc<Plan>, span: Span) -> Arc<Plan> {
    let count = Aggregate {
        kind: Kind::Count,
        arguments: Vec::new(),
        kinds: Vec::new(),
        condition: None,
        settings: Vec::new(),
        width: 1,
    };
    let step = Step::Group { input: Arc::clone(plan), keys: Vec::new(), aggregates: vec![count] };
    binder.step(step, vec![Field::new("Count", Type::Long)], span)
}

pub(super) fn bind_distinct<'a>(
    binder: &mut Binder<'a>,
    list: &'a [Named],
    plan: &Arc<Plan>,
    span: Span,
    environment: &Environment<'a>,
) -> Arc<Plan> {
    let (schema, keys) = bind_named_columns(binder, list, plan, environment);
    let step = Step::Group { input: Arc::clone(plan), keys, aggregates: Vec::new() };
    binder.step(step, schema, span)
}

/// Names and types of the columns of an aggregate; nothing if its argument does not fit.
fn result_fields(
    call: &Call,
    function: &'static AggregateFunction,
    given: Option<&str>,
    values: &[(Field, Scalar)],
    settings: &[Value],
) -> Option<Vec<Field>> {
    let argument = call.arguments.first().and_then(Argument::expression);
    let base = argument.and_then(name::of).unwrap_or_default();
    let prefix = function.prefix;
    let kind = values.first().map_or(Type::Long, |(field, _)| field.kind);
    let result = function.kind.result_type(kind)?;
    let single = |name: String| Some(vec![Field::new(name, result)]);
    match function.kind {
        Kind::ArgLeast | Kind::ArgGreatest => Some(arg_fields(function, given, values)),
        Kind::Any => {
            let fields = values.iter().map(|(field, _)| {
                let separator = if prefix.is_empty() { "" } else { "_" };
                Field::new(format!("{prefix}{separator}{}", field.name), field.kind)
            });
            Some(fields.collect())
        }
        Kind::Percentile | Kind::Percentiles => {
            let fields = settings.iter().map(|rank| {
                let rank = crate::convert::to_text(rank, Type::Long).replace('.', "_");
                Field::new(format!("{prefix}_{base}_{rank}"), result)
            });
            Some(fields.collect())
        }
        _ => single(format!("{prefix}_{base}")),
    }
}

/// `arg_max(v, w)` gives `v, w`; a name given replaces the first.
fn arg_fields(function: &AggregateFunction, given: Option<&str>, values: &[(Field, Scalar)]) -> Vec<Field> {
    let named = |(index, (field, _)): (usize, &(Field, Scalar))| {
        let name = match (index, given) {
            (0, Some(given)) => given.to_owned(),
            (0, None) if field.name.is_empty() => function.name.trim_start_matches("arg_").to_owned() + "_",
            _ => field.name.clone(),
        };
        Field::new(name, field.kind)
    };
    values.iter().enumerate().map(named).collect()
}

/// The aggregate an expression is a call of.
fn call_of(value: &Expression) -> Option<(&Call, &'static AggregateFunction)> {
    match &value.kind {
        ExpressionKind::Call(call) => Some((call, aggregate::find(&call.name.text)?)),
        _ => None,
    }
}

/// Gathers the aggregates inside an expression.
fn aggregates_in<'a>(value: &'a Expression, found: &mut Vec<(&'a Call, &'static AggregateFunction)>) {
    if let Some(aggregate) = call_of(value) {
        found.push(aggregate);
        return;
    }
    match &value.kind {
        ExpressionKind::Call(call) => in_arguments(&call.arguments, found),
        ExpressionKind::Path(base, steps) => {
            aggregates_in(base, found);
            for step in steps {
                if let Access::Index(index) = step {
                    aggregates_in(index, found);
                }
            }
        }
        ExpressionKind::And(parts) | ExpressionKind::Or(parts) => {
            for part in parts {
                aggregates_in(part, found);
            }
        }
        ExpressionKind::Negate(inner) => aggregates_in(inner, found),
        ExpressionKind::Chain(first, rest) => {
            aggregates_in(first, found);
            for (_, part) in rest {
                aggregates_in(part, found);
            }
        }
        ExpressionKind::List(_, tested, list) => {
            aggregates_in(tested, found);
            in_arguments(list, found);
        }
        ExpressionKind::Between(between) => {
            aggregates_in(&between.value, found);
            aggregates_in(&between.low, found);
            aggregates_in(&between.high, found);
        }
        _ => {}
    }
}

fn in_arguments<'a>(arguments: &'a [Argument], found: &mut Vec<(&'a Call, &'static AggregateFunction)>) {
    for argument in arguments {
        if let (Source::Expression(value), true) = (&argument.value.source, argument.value.stages.is_empty())
        {
            aggregates_in(value, found);
        }
    }
}
