//! Values: columns, literals, signs and tests.

mod call;

use crate::ast::{Access, Argument, Between, Expression, ExpressionKind, ListTest, Pipe, Sign, Source, Span};
use crate::batch::Field;
use crate::error::{Code, Diagnostic, nearest};
use crate::function::Function;
use crate::function::operator::{self, ACCESS, AND, OR};
use crate::plan::{Scalar, Typed};
use crate::value::{Type, Value};

use super::apply::{apply, apply_not, apply_sign, check_condition, test_any_column, typed, unknown};
use super::binder::{Binder, LOST};
use super::environment::{Binding, Environment};
use super::{bind_pipe, is_table};
use call::bind_call;
pub(super) use call::{argument_count_fits, bind_invoke, bind_table_call, inline_table};

/// An expression that must be a value.
pub(super) fn bind_scalar<'a>(
    binder: &mut Binder<'a>,
    value: &'a Expression,
    fields: &[Field],
    environment: &Environment<'a>,
) -> Typed {
    if !binder.count_part(value.span) {
        return unknown();
    }
    match &value.kind {
        ExpressionKind::Literal(literal, kind) => typed(literal.clone(), *kind),
        ExpressionKind::TypeOf(kind) => typed(Value::text(kind.as_str()), Type::String),
        ExpressionKind::Name(name) => bind_name(binder, name, value.span, fields, environment),
        ExpressionKind::Path(base, steps) => bind_path(binder, base, steps, fields, environment),
        ExpressionKind::Call(call) => bind_call(binder, call, value.span, fields, environment),
        ExpressionKind::And(parts) => bind_junction(binder, &AND, parts, fields, environment),
        ExpressionKind::Or(parts) => bind_junction(binder, &OR, parts, fields, environment),
        ExpressionKind::Negate(inner) => {
            let inner = bind_scalar(binder, inner, fields, environment);
            apply(binder, &operator::NEGATE, vec![inner], value.span)
        }
        ExpressionKind::Chain(first, rest) => bind_chain(binder, first, rest, fields, environment),
        ExpressionKind::List(test, tested, list) => {
            bind_list_test(binder, *test, tested, list, value.span, fields, environment)
        }
        ExpressionKind::Between(between) => bind_between(binder, between, value.span, fields, environment),
        ExpressionKind::Pipe(pipe) => bind_scalar_pipe(binder, pipe, fields, environment),
        ExpressionKind::Star | ExpressionKind::Side(_) => {
            let message = "this cannot stand here: a value is required";
            binder.report(Diagnostic::new(Code::Syntax, value.span, message));
            unknown()
        }
    }
}

/// A pipe that must be a value, so it has no stages.
pub(super) fn bind_scalar_pipe<'a>(
    binder: &mut Binder<'a>,
    pipe: &'a Pipe,
    fields: &[Field],
    environment: &Environment<'a>,
) -> Typed {
    match &pipe.source {
        Source::Expression(value) if pipe.stages.is_empty() => {
            bind_scalar(binder, value, fields, environment)
        }
        _ => {
            let message = "a value is required here, not a table";
            let diagnostic = Diagnostic::new(Code::Type, pipe.span, message);
            binder.report(diagnostic.with_help("toscalar(…) gives the first value of a table"));
            unknown()
        }
    }
}

/// A number of rows: the same for every row.
pub(super) fn bind_row_count<'a>(
    binder: &mut Binder<'a>,
    value: &'a Expression,
    environment: &Environment<'a>,
) -> Scalar {
    let count = bind_scalar(binder, value, &[], environment);
    if !count.kind.is_number() && count.kind != Type::Dynamic {
        let message = format!("a number of rows is required, not a {}", count.kind.as_str());
        binder.report(Diagnostic::invalid(value.span, message));
    }
    count.scalar
}

/// Columns hide what `let` has named.
fn bind_name<'a>(
    binder: &mut Binder<'a>,
    name: &str,
    span: Span,
    fields: &[Field],
    environment: &Environment<'a>,
) -> Typed {
    if let Some(index) = fields.iter().position(|field| field.name == name) {
        return Typed { scalar: Scalar::Column(index), kind: fields[index].kind };
    }
    match environment.find(name) {
        Some(Binding::Scalar(value)) => return value.clone(),
        Some(_) => {
            let message = format!("`{name}` is not a value");
            binder.report(Diagnostic::new(Code::Type, span, message));
        }
        None => report_unknown_column(binder, name, span, fields, environment),
    }
    unknown()
}

pub(super) fn report_unknown_column<'a>(
    binder: &mut Binder<'a>,
    name: &str,
    span: Span,
    fields: &[Field],
    environment: &Environment<'a>,
) {
    if fields.iter().any(|field| field.name == LOST) && binder.has_findings() {
        return;
    }
    let columns = fields.iter().map(|field| field.name.as_str());
    let message = format!("unknown column `{name}`");
    let diagnostic = Diagnostic::new(Code::UnknownColumn, span, message);
    binder.report(match nearest(name, columns.clone().chain(environment.names())) {
        Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
        None => diagnostic.with_list("columns", columns),
    });
}

/// Members and elements.
fn bind_path<'a>(
    binder: &mut Binder<'a>,
    base: &'a Expression,
    steps: &'a [Access],
    fields: &[Field],
    environment: &Environment<'a>,
) -> Typed {
    let mut value = bind_scalar(binder, base, fields, environment);
    for step in steps {
        let (key, span) = match step {
            Access::Member(name) => (typed(Value::text(&name.text), Type::String), name.span),
            Access::Index(index) => (bind_scalar(binder, index, fields, environment), index.span),
            Access::Call(call) => {
                binder.report(Diagnostic::unsupported(call.name.span, &call.name.text));
                return unknown();
            }
        };
        if value.kind != Type::Dynamic {
            let message = format!("a {} has no members", value.kind.as_str());
            let diagnostic = Diagnostic::new(Code::Type, span, message);
            binder.report(diagnostic.with_help("parse_json(…) makes a dynamic value of a text"));
            return unknown();
        }
        value = apply(binder, &ACCESS, vec![value, key], span);
    }
    value
}

fn bind_junction<'a>(
    binder: &mut Binder<'a>,
    function: &'static Function,
    parts: &'a [Expression],
    fields: &[Field],
    environment: &Environment<'a>,
) -> Typed {
    let mut arguments = Vec::with_capacity(parts.len());
    let mut span = Span::default();
    for part in parts {
        let value = bind_scalar(binder, part, fields, environment);
        arguments.push(check_condition(binder, value, part.span));
        span = part.span;
    }
    apply(binder, function, arguments, span)
}

fn bind_chain<'a>(
    binder: &mut Binder<'a>,
    first: &'a Expression,
    rest: &'a [(Sign, Expression)],
    fields: &[Field],
    environment: &Environment<'a>,
) -> Typed {
    if let (ExpressionKind::Star, [(Sign::Text(test), right)]) = (&first.kind, rest) {
        let right = bind_scalar(binder, right, fields, environment);
        return test_any_column(binder, *test, &right, first.span, fields);
    }
    let mut left = bind_scalar(binder, first, fields, environment);
    for (sign, right) in rest {
        let span = Span { start: first.span.start, end: right.span.end };
        let right = bind_scalar(binder, right, fields, environment);
        left = apply_sign(binder, *sign, left, right, span);
    }
    left
}

fn bind_list_test<'a>(
    binder: &mut Binder<'a>,
    test: ListTest,
    tested: &'a Expression,
    list: &'a [Argument],
    span: Span,
    fields: &[Field],
    environment: &Environment<'a>,
) -> Typed {
    let mut arguments = Vec::with_capacity(list.len() + 1);
    if !matches!(tested.kind, ExpressionKind::Star) {
        arguments.push(bind_scalar(binder, tested, fields, environment));
    }
    for element in list {
        arguments.push(bind_element(binder, &element.value, fields, environment));
    }
    let function = match test {
        ListTest::In | ListTest::NotIn => &operator::IN,
        ListTest::InFold | ListTest::NotInFold => &operator::IN_FOLD,
        ListTest::HasAny => &operator::HAS_ANY,
        ListTest::HasAll => &operator::HAS_ALL,
    };
    let negated = matches!(test, ListTest::NotIn | ListTest::NotInFold);
    if !matches!(tested.kind, ExpressionKind::Star) {
        let value = apply(binder, function, arguments, span);
        return if negated { apply_not(binder, value, span) } else { value };
    }
    let tests = fields.iter().enumerate().map(|(index, field)| {
        let column = Typed { scalar: Scalar::Column(index), kind: field.kind };
        let with_column = std::iter::once(column).chain(arguments.iter().cloned()).collect();
        apply(binder, function, with_column, span)
    });
    let tests = tests.collect();
    let any = apply(binder, &OR, tests, span);
    if negated { apply_not(binder, any, span) } else { any }
}

/// An element of a list: a value, or a table whose first column is meant.
fn bind_element<'a>(
    binder: &mut Binder<'a>,
    pipe: &'a Pipe,
    fields: &[Field],
    environment: &Environment<'a>,
) -> Typed {
    if let Source::Expression(value) = &pipe.source
        && let ExpressionKind::Name(name) = &value.kind
        && fields.iter().any(|field| field.name == *name)
    {
        return bind_scalar(binder, value, fields, environment);
    }
    if !is_table(pipe, environment) {
        return bind_scalar_pipe(binder, pipe, fields, environment);
    }
    let plan = bind_pipe(binder, pipe, environment);
    match binder.query_id(&plan, pipe.span) {
        Some(id) => Typed { scalar: Scalar::List { id, plan }, kind: Type::Dynamic },
        None => unknown(),
    }
}

fn bind_between<'a>(
    binder: &mut Binder<'a>,
    between: &'a Between,
    span: Span,
    fields: &[Field],
    environment: &Environment<'a>,
) -> Typed {
    let value = bind_scalar(binder, &between.value, fields, environment);
    let low = bind_scalar(binder, &between.low, fields, environment);
    let mut high = bind_scalar(binder, &between.high, fields, environment);
    if value.kind == Type::Datetime && high.kind == Type::Timespan {
        high = apply_sign(binder, Sign::Add, low.clone(), high, span);
    }
    let above = apply_sign(binder, Sign::GreaterEqual, value.clone(), low, span);
    let below = apply_sign(binder, Sign::LessEqual, value, high, span);
    let inside = apply(binder, &AND, vec![above, below], span);
    if between.negated { apply_not(binder, inside, span) } else { inside }
}
