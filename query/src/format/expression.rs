//! Values as text. Parentheses are written wherever the tree would otherwise read back differently.

use super::{bare_or_quoted, inline_pipe, join};
use crate::ast::{
    Access, Argument, Call, Expression, ExpressionKind, ListTest, Side, Sign, TextTest, TextTestKind,
};
use crate::json;
use crate::literal::format_guid;
use crate::number::format_real;
use crate::time::{format_datetime, format_timespan};
use crate::value::{Type, Value};

pub(super) fn expression(value: &Expression) -> String {
    match &value.kind {
        ExpressionKind::Literal(value, kind) => literal(value, *kind),
        ExpressionKind::TypeOf(kind) => format!("typeof({})", kind.as_str()),
        ExpressionKind::Name(name) if name.contains('*') => name.clone(),
        ExpressionKind::Name(name) => bare_or_quoted(name),
        ExpressionKind::Star => "*".to_owned(),
        ExpressionKind::Side(Side::Left) => "$left".to_owned(),
        ExpressionKind::Side(Side::Right) => "$right".to_owned(),
        ExpressionKind::Path(base, steps) => {
            let steps: String = steps.iter().map(access).collect();
            match base.kind {
                // A point after digits would read as the point of a real.
                ExpressionKind::Literal(..) => format!("({}){steps}", expression(base)),
                _ => operand(base) + &steps,
            }
        }
        ExpressionKind::Call(of) => call(of),
        ExpressionKind::And(parts) => parts.iter().map(operand).collect::<Vec<_>>().join(" and "),
        ExpressionKind::Or(parts) => parts.iter().map(operand).collect::<Vec<_>>().join(" or "),
        ExpressionKind::Negate(inner) => format!("-{}", operand(inner)),
        ExpressionKind::Chain(first, rest) => {
            let rest = rest.iter().map(|(sign, part)| format!(" {} {}", sign_text(*sign), operand(part)));
            operand(first) + &rest.collect::<String>()
        }
        ExpressionKind::List(test, tested, list) => {
            format!("{} {} ({})", operand(tested), list_test(*test), join(list, argument))
        }
        ExpressionKind::Between(between) => format!(
            "{} {}between ({} .. {})",
            operand(&between.value),
            if between.negated { "!" } else { "" },
            operand(&between.low),
            operand(&between.high)
        ),
        ExpressionKind::Pipe(inner) => format!("({})", inline_pipe(inner)),
    }
}

/// A part of a larger expression.
fn operand(value: &Expression) -> String {
    let alone = matches!(
        value.kind,
        ExpressionKind::Literal(..)
            | ExpressionKind::TypeOf(_)
            | ExpressionKind::Name(_)
            | ExpressionKind::Star
            | ExpressionKind::Side(_)
            | ExpressionKind::Path(..)
            | ExpressionKind::Call(_)
            | ExpressionKind::Pipe(_)
    );
    if alone { expression(value) } else { format!("({})", expression(value)) }
}

fn access(step: &Access) -> String {
    match step {
        Access::Member(name) => format!(".{}", bare_or_quoted(&name.text)),
        Access::Index(index) => format!("[{}]", expression(index)),
        Access::Call(of) => format!(".{}", call(of)),
    }
}

fn call(call: &Call) -> String {
    format!("{}({})", call.name.text, join(&call.arguments, argument))
}

fn argument(argument: &Argument) -> String {
    let value = inline_pipe(&argument.value);
    match &argument.name {
        Some(name) => format!("{} = {value}", bare_or_quoted(&name.text)),
        None => value,
    }
}

/// A text in quotes.
pub(super) fn text(text: &str) -> String {
    let mut quoted = String::new();
    json::write_string(&mut quoted, text);
    quoted
}

fn literal(value: &Value, kind: Type) -> String {
    match value {
        Value::Null => format!("{}(null)", kind.as_str()),
        _ if kind == Type::Dynamic => format!("dynamic({})", inside(value)),
        Value::Bool(bool) => bool.to_string(),
        Value::Long(long) if kind == Type::Int => format!("int({long})"),
        Value::Long(long) if *long < 0 => format!("long({long})"),
        Value::Long(long) => long.to_string(),
        Value::Real(real) => format!("real({})", format_real(*real)),
        Value::String(of) => text(of),
        Value::Datetime(ticks) => format!("datetime({})", format_datetime(*ticks)),
        Value::Timespan(ticks) => format!("timespan({})", format_timespan(*ticks)),
        Value::Guid(guid) => format!("guid({})", format_guid(*guid)),
        Value::Array(_) | Value::Object(_) => json::to_text(value),
    }
}

/// A value inside `dynamic(…)`.
fn inside(value: &Value) -> String {
    match value {
        Value::Array(elements) => format!("[{}]", join(elements, inside)),
        Value::Object(pairs) => {
            let pair =
                |(key, value): &(std::sync::Arc<str>, Value)| format!("{}: {}", text(key), inside(value));
            format!("{{{}}}", join(pairs, pair))
        }
        Value::Null => "null".to_owned(),
        Value::Long(long) => long.to_string(),
        Value::Bool(_) | Value::String(_) => json::to_text(value),
        Value::Real(real) if real.is_finite() => format_real(*real),
        Value::Real(_) => literal(value, Type::Real),
        Value::Datetime(_) => literal(value, Type::Datetime),
        Value::Timespan(_) => literal(value, Type::Timespan),
        Value::Guid(_) => literal(value, Type::Guid),
    }
}

fn list_test(test: ListTest) -> &'static str {
    match test {
        ListTest::In => "in",
        ListTest::InFold => "in~",
        ListTest::NotIn => "!in",
        ListTest::NotInFold => "!in~",
        ListTest::HasAny => "has_any",
        ListTest::HasAll => "has_all",
    }
}

fn sign_text(sign: Sign) -> String {
    let plain = match sign {
        Sign::Add => "+",
        Sign::Subtract => "-",
        Sign::Multiply => "*",
        Sign::Divide => "/",
        Sign::Modulo => "%",
        Sign::Equal => "==",
        Sign::NotEqual => "!=",
        Sign::Less => "<",
        Sign::LessEqual => "<=",
        Sign::Greater => ">",
        Sign::GreaterEqual => ">=",
        Sign::Colon => ":",
        Sign::MatchesRegex => "matches regex",
        Sign::Text(test) => return text_test(test),
    };
    plain.to_owned()
}

fn text_test(test: TextTest) -> String {
    let word = match test.kind {
        TextTestKind::Equal => return if test.negated { "!~" } else { "=~" }.to_owned(),
        TextTestKind::Has => "has",
        TextTestKind::HasPrefix => "hasprefix",
        TextTestKind::HasSuffix => "hassuffix",
        TextTestKind::Contains => "contains",
        TextTestKind::StartsWith => "startswith",
        TextTestKind::EndsWith => "endswith",
    };
    let negation = if test.negated { "!" } else { "" };
    let case = if test.case_sensitive { "_cs" } else { "" };
    format!("{negation}{word}{case}")
}
