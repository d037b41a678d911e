//! Functions applied to bound values: constants are computed at once, and types that do not fit are refused.

use crate::ast::{Sign, Span, TextTest, TextTestKind};
use crate::batch::Field;
use crate::error::{Code, Diagnostic};
use crate::execute::constant;
use crate::function::operator::{self, OR};
use crate::function::{self, Function};
use crate::plan::{Scalar, Typed};
use crate::value::{Type, Value};

use super::binder::Binder;

/// Deepest nesting of calls after functions of the query are written out.
const SCALAR_DEPTH_MAX: usize = 400;

/// A value of a type.
pub(super) fn typed(value: Value, kind: Type) -> Typed {
    Typed { scalar: Scalar::Constant(value), kind }
}

/// The value after an error; it fits everywhere, so one error is not reported twice.
pub(super) fn unknown() -> Typed {
    typed(Value::Null, Type::Dynamic)
}

/// Applies a function; constants are computed at once.
pub(super) fn apply(
    binder: &mut Binder<'_>,
    function: &'static Function,
    arguments: Vec<Typed>,
    span: Span,
) -> Typed {
    let kinds: Vec<Type> = arguments.iter().map(|argument| argument.kind).collect();
    let Some(kind) = function.result_type(&kinds) else {
        let names: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
        let message = format!("`{}` does not fit {}", function.name, names.join(" and "));
        binder.report(Diagnostic::new(Code::Type, span, message));
        return unknown();
    };
    let arguments: Vec<Scalar> = arguments.into_iter().map(|argument| argument.scalar).collect();
    if arguments.iter().all(|argument| matches!(argument, Scalar::Constant(_))) {
        return typed(constant(function, &arguments, &kinds, kind, binder.guard), kind);
    }
    let depth = 1 + arguments.iter().map(Scalar::depth).max().unwrap_or(0);
    if depth > SCALAR_DEPTH_MAX {
        let message = format!("more than {SCALAR_DEPTH_MAX} calls are nested here");
        binder.report(Diagnostic::new(Code::Limit, span, message));
        return unknown();
    }
    Typed { scalar: Scalar::Call { function, arguments, kinds, kind, depth }, kind }
}

/// A value in another type.
pub(super) fn cast(binder: &mut Binder<'_>, value: Typed, kind: Type) -> Typed {
    if value.kind == kind {
        return value;
    }
    let name = match kind {
        Type::Bool => "tobool",
        Type::Int => "toint",
        Type::Long => "tolong",
        Type::Real => "todouble",
        Type::String => "tostring",
        Type::Datetime => "todatetime",
        Type::Timespan => "totimespan",
        Type::Guid => "toguid",
        Type::Dynamic => return Typed { scalar: value.scalar, kind },
    };
    match function::find(name) {
        Some(function) => apply(binder, function, vec![value], Span::default()),
        None => unknown(),
    }
}

/// A value used as a condition.
pub(super) fn check_condition(binder: &mut Binder<'_>, value: Typed, span: Span) -> Typed {
    if matches!(value.kind, Type::String | Type::Datetime | Type::Timespan | Type::Guid) {
        let message = format!("a condition is required here, not a {}", value.kind.as_str());
        binder.report(Diagnostic::new(Code::Type, span, message));
    }
    value
}

pub(super) fn apply_sign(
    binder: &mut Binder<'_>,
    sign: Sign,
    left: Typed,
    right: Typed,
    span: Span,
) -> Typed {
    match sign {
        Sign::Text(test) => apply_text_test(binder, test, left, right, span),
        Sign::Colon => {
            let test = TextTest { kind: TextTestKind::Has, case_sensitive: false, negated: false };
            apply_text_test(binder, test, left, right, span)
        }
        sign => {
            let compares =
                !matches!(sign, Sign::Add | Sign::Subtract | Sign::Multiply | Sign::Divide | Sign::Modulo);
            if compares && sign != Sign::MatchesRegex {
                check_comparable(binder, left.kind, right.kind, span);
            }
            if sign == Sign::MatchesRegex {
                check_pattern(binder, &right, span);
            }
            match operator::of_sign(sign) {
                Some(function) => apply(binder, function, vec![left, right], span),
                None => unknown(),
            }
        }
    }
}

/// Reports a constant that is no regular expression.
fn check_pattern(binder: &mut Binder<'_>, value: &Typed, span: Span) {
    if let Scalar::Constant(Value::String(pattern)) = &value.scalar
        && function::compile(pattern).is_err()
    {
        let message = "this is not a regular expression";
        binder.report(Diagnostic::invalid(span, message));
    }
}

fn check_comparable(binder: &mut Binder<'_>, left: Type, right: Type, span: Span) {
    let number = |kind: Type| kind.is_number() || kind == Type::Bool;
    let fit = left == right
        || (number(left) && number(right))
        || left == Type::Dynamic
        || right == Type::Dynamic
        || matches!((left, right), (Type::Guid, Type::String) | (Type::String, Type::Guid));
    if !fit {
        let (left, right) = (left.as_str(), right.as_str());
        let message = format!("a {left} cannot be compared with a {right}");
        let help = format!("convert one side, as with to{right}(…)");
        binder.report(Diagnostic::new(Code::Type, span, message).with_help(help));
    }
}

pub(super) fn apply_text_test(
    binder: &mut Binder<'_>,
    test: TextTest,
    left: Typed,
    right: Typed,
    span: Span,
) -> Typed {
    let tested = apply(binder, operator::of_text_test(test), vec![left, right], span);
    if test.negated { apply_not(binder, tested, span) } else { tested }
}

pub(super) fn apply_not(binder: &mut Binder<'_>, value: Typed, span: Span) -> Typed {
    apply(binder, &operator::NOT, vec![value], span)
}

/// `* has "x"`: any column.
pub(super) fn test_any_column(
    binder: &mut Binder<'_>,
    test: TextTest,
    right: &Typed,
    span: Span,
    fields: &[Field],
) -> Typed {
    let positive = TextTest { negated: false, ..test };
    let tests = fields.iter().enumerate().map(|(index, field)| {
        let column = Typed { scalar: Scalar::Column(index), kind: field.kind };
        apply_text_test(binder, positive, column, right.clone(), span)
    });
    let tests: Vec<Typed> = tests.collect();
    let any = apply(binder, &OR, tests, span);
    if test.negated { apply_not(binder, any, span) } else { any }
}
