//! Expressions and literals.

use std::sync::Arc;

use super::keyword::Use;
use super::{Rule, RulePair, TreeBuilder, child, children};
use crate::ast::{
    Access, Argument, Between, Call, Expression, ExpressionKind, ListTest, Side, Sign, Source, Span,
    TextTest, TextTestKind,
};
use crate::error::{Code, Diagnostic};
use crate::value::{Type, Value};
use crate::{literal, number, time};

/// The digits of the one integer that only its sign brings into range.
const LEAST: &str = "9223372036854775808";

/// The value of what could not be built; a finding says why.
pub(super) fn nothing(span: Span) -> Expression {
    Expression { kind: ExpressionKind::Literal(Value::Null, Type::Dynamic), span }
}

pub(super) fn name_of(pair: &RulePair<'_>, span: Span) -> Expression {
    Expression { kind: ExpressionKind::Name(pair.as_str().to_owned()), span }
}

impl TreeBuilder {
    pub(super) fn expression(&mut self, pair: RulePair<'_>) -> Expression {
        self.joined(pair, Rule::conjunction, Self::conjunction, ExpressionKind::Or)
    }

    fn conjunction(&mut self, pair: RulePair<'_>) -> Expression {
        self.joined(pair, Rule::equality, Self::equality, ExpressionKind::And)
    }

    /// One part as it is, or several joined by a word.
    fn joined(
        &mut self,
        pair: RulePair<'_>,
        rule: Rule,
        build: impl Fn(&mut Self, RulePair<'_>) -> Expression,
        join: impl Fn(Vec<Expression>) -> ExpressionKind,
    ) -> Expression {
        let span = self.span_of(&pair);
        let parts = pair.into_inner().filter(|part| part.as_rule() == rule);
        let mut parts: Vec<Expression> = parts.map(|part| build(self, part)).collect();
        match parts.len() {
            0 => nothing(span),
            1 => parts.remove(0),
            _ => Expression { kind: join(parts), span },
        }
    }

    fn equality(&mut self, pair: RulePair<'_>) -> Expression {
        let span = self.span_of(&pair);
        let mut inner = pair.into_inner();
        let Some(left) = inner.next().map(|left| self.relation(left)) else {
            return nothing(span);
        };
        let Some(next) = inner.next() else { return left };
        let kind = match next.as_rule() {
            Rule::list_test => self.list_test(left, &next),
            Rule::range_test => self.range_test(left, &next),
            _ => inner.next().map(|right| {
                let right = self.relation(right);
                ExpressionKind::Chain(Box::new(left), vec![(sign(next.as_str()), right)])
            }),
        };
        kind.map_or_else(|| nothing(span), |kind| Expression { kind, span })
    }

    fn list_test(&mut self, left: Expression, pair: &RulePair<'_>) -> Option<ExpressionKind> {
        let test = match child(pair, Rule::list_word)?.as_str() {
            "in" => ListTest::In,
            "in~" => ListTest::InFold,
            "!in" => ListTest::NotIn,
            "!in~" => ListTest::NotInFold,
            "has_any" => ListTest::HasAny,
            _ => ListTest::HasAll,
        };
        let arguments = self.arguments(pair);
        Some(ExpressionKind::List(test, Box::new(left), arguments))
    }

    fn range_test(&mut self, value: Expression, pair: &RulePair<'_>) -> Option<ExpressionKind> {
        let negated = child(pair, Rule::between_word)?.as_str().starts_with('!');
        let mut bounds = children(pair, Rule::additive).into_iter();
        let low = self.additive(bounds.next()?);
        let high = self.additive(bounds.next()?);
        Some(ExpressionKind::Between(Box::new(Between { value, low, high, negated })))
    }

    fn relation(&mut self, pair: RulePair<'_>) -> Expression {
        self.chain(pair, Rule::additive, Self::additive)
    }

    fn additive(&mut self, pair: RulePair<'_>) -> Expression {
        self.chain(pair, Rule::multiplicative, Self::multiplicative)
    }

    fn multiplicative(&mut self, pair: RulePair<'_>) -> Expression {
        self.chain(pair, Rule::text_test, Self::text_test)
    }

    fn text_test(&mut self, pair: RulePair<'_>) -> Expression {
        self.chain(pair, Rule::unary, Self::unary)
    }

    /// Operands with signs between them.
    fn chain(
        &mut self,
        pair: RulePair<'_>,
        rule: Rule,
        build: impl Fn(&mut Self, RulePair<'_>) -> Expression,
    ) -> Expression {
        let span = self.span_of(&pair);
        let (mut first, mut rest, mut last) = (None, Vec::new(), None);
        for part in pair.into_inner() {
            if part.as_rule() != rule {
                last = Some(sign(part.as_str()));
                continue;
            }
            let value = build(self, part);
            match last.take() {
                Some(sign) => rest.push((sign, value)),
                None => first = Some(value),
            }
        }
        let Some(first) = first else { return nothing(span) };
        if rest.is_empty() {
            return first;
        }
        Expression { kind: ExpressionKind::Chain(Box::new(first), rest), span }
    }

    fn unary(&mut self, pair: RulePair<'_>) -> Expression {
        let span = self.span_of(&pair);
        let (mut negative, mut value) = (false, nothing(span));
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::sign => negative = part.as_str() == "-",
                _ if negative && part.as_str().trim() == LEAST => {
                    let kind = ExpressionKind::Literal(Value::Long(i64::MIN), Type::Long);
                    return Expression { kind, span };
                }
                _ => value = self.postfix(part),
            }
        }
        if !negative {
            return value;
        }
        Expression { kind: ExpressionKind::Negate(Box::new(value)), span }
    }

    pub(super) fn postfix(&mut self, pair: RulePair<'_>) -> Expression {
        let span = self.span_of(&pair);
        let mut inner = pair.into_inner();
        let Some(base) = inner.next().map(|base| self.primary(base)) else {
            return nothing(span);
        };
        let steps: Vec<Access> = inner.filter_map(|step| self.access(&step)).collect();
        match (base.kind, steps.is_empty()) {
            (kind, true) => Expression { kind, span: base.span },
            (kind, false) => {
                let base = Box::new(Expression { kind, span: base.span });
                Expression { kind: ExpressionKind::Path(base, steps), span }
            }
        }
    }

    fn access(&mut self, pair: &RulePair<'_>) -> Option<Access> {
        if pair.as_rule() == Rule::index {
            let value = child(pair, Rule::expression)?;
            let index = if self.enter(self.span_of(pair)) {
                self.expression(value)
            } else {
                nothing(self.span_of(pair))
            };
            self.leave();
            return Some(Access::Index(index));
        }
        if let Some(index) = child(pair, Rule::index) {
            return self.access(&index);
        }
        match child(pair, Rule::call) {
            Some(call) => Some(Access::Call(self.call(&call))),
            None => Some(Access::Member(self.checked_name(&child(pair, Rule::name)?, Use::Known))),
        }
    }

    fn primary(&mut self, pair: RulePair<'_>) -> Expression {
        let span = self.span_of(&pair);
        let kind = match pair.as_rule() {
            Rule::literal => return self.literal(pair),
            Rule::type_of => {
                child(&pair, Rule::type_name).map(|kind| ExpressionKind::TypeOf(self.type_name(&kind)))
            }
            Rule::call => return self.call_expression(&pair),
            Rule::side if pair.as_str() == "$left" => Some(ExpressionKind::Side(Side::Left)),
            Rule::side => Some(ExpressionKind::Side(Side::Right)),
            Rule::name => Some(ExpressionKind::Name(self.checked_name(&pair, Use::Known).text)),
            Rule::star => Some(ExpressionKind::Star),
            Rule::group => child(&pair, Rule::pipe).map(|pipe| self.group(pipe)),
            _ => None,
        };
        kind.map_or_else(|| nothing(span), |kind| Expression { kind, span })
    }

    /// A pipe in parentheses; without stages it is the expression itself.
    fn group(&mut self, pair: RulePair<'_>) -> ExpressionKind {
        if !self.enter(self.span_of(&pair)) {
            self.leave();
            return nothing(self.span_of(&pair)).kind;
        }
        let pipe = self.pipe(pair);
        self.leave();
        match pipe.source {
            Source::Expression(expression) if pipe.stages.is_empty() => expression.kind,
            _ => ExpressionKind::Pipe(Box::new(pipe)),
        }
    }

    pub(super) fn call_expression(&mut self, pair: &RulePair<'_>) -> Expression {
        let span = self.span_of(pair);
        Expression { kind: ExpressionKind::Call(self.call(pair)), span }
    }

    fn call(&mut self, pair: &RulePair<'_>) -> Call {
        let name = child(pair, Rule::bare_name).map(|name| self.name(&name));
        let name = name.unwrap_or(crate::ast::Name { text: String::new(), span: self.span_of(pair) });
        Call { name, arguments: self.arguments(pair) }
    }

    fn arguments(&mut self, pair: &RulePair<'_>) -> Vec<Argument> {
        let mut arguments = Vec::new();
        if self.enter(self.span_of(pair)) {
            for argument in children(pair, Rule::argument) {
                let name = child(&argument, Rule::name).map(|name| self.name(&name));
                if let Some(value) = child(&argument, Rule::pipe) {
                    arguments.push(Argument { name, value: self.pipe(value) });
                }
            }
        }
        self.leave();
        arguments
    }

    fn literal(&mut self, pair: RulePair<'_>) -> Expression {
        let span = self.span_of(&pair);
        let Some(inner) = pair.into_inner().next() else { return nothing(span) };
        let (value, kind) = match inner.as_rule() {
            Rule::typed_literal => self.typed_literal(&inner),
            Rule::dynamic_literal => (self.dynamic_literal(&inner), Type::Dynamic),
            Rule::string => (Value::text(&self.string(&inner)), Type::String),
            _ => self.plain_literal(&inner),
        };
        Expression { kind: ExpressionKind::Literal(value, kind), span }
    }

    fn plain_literal(&mut self, pair: &RulePair<'_>) -> (Value, Type) {
        let text = pair.as_str();
        let (value, kind) = match pair.as_rule() {
            Rule::timespan => (time::parse_quantity(text).map(Value::Timespan), Type::Timespan),
            Rule::real => (text.parse().ok().map(Value::Real), Type::Real),
            Rule::boolean => (Some(Value::Bool(text.starts_with(['t', 'T']))), Type::Bool),
            _ => (number::parse_integer(text).map(Value::Long), Type::Long),
        };
        (value.unwrap_or_else(|| self.misread(pair, kind)), kind)
    }

    fn typed_literal(&mut self, pair: &RulePair<'_>) -> (Value, Type) {
        let name = child(pair, Rule::literal_type);
        let kind = name.and_then(|name| Type::from_name(name.as_str())).unwrap_or(Type::Dynamic);
        let raw = child(pair, Rule::raw);
        let value = raw.and_then(|raw| literal::parse_typed(kind, raw.as_str()));
        (value.unwrap_or_else(|| self.misread(pair, kind)), kind)
    }

    fn misread(&mut self, pair: &RulePair<'_>, kind: Type) -> Value {
        let message = format!("`{}` is not a {}", pair.as_str(), kind.as_str());
        self.diagnostics.push(Diagnostic::new(Code::Type, self.span_of(pair), message));
        Value::Null
    }

    fn dynamic_literal(&mut self, pair: &RulePair<'_>) -> Value {
        let inside = child(pair, Rule::json);
        let value = match inside {
            Some(inside) if self.enter(self.span_of(pair)) => self.json(inside),
            _ => Value::Null,
        };
        self.leave();
        value
    }

    fn json(&mut self, pair: RulePair<'_>) -> Value {
        let Some(inner) = pair.into_inner().next() else { return Value::Null };
        match inner.as_rule() {
            Rule::json_null => Value::Null,
            Rule::json_object | Rule::json_array => self.json_nested(&inner),
            Rule::json_number => json_number(inner.as_str()),
            Rule::typed_literal => self.typed_literal(&inner).0,
            Rule::dynamic_literal => self.dynamic_literal(&inner),
            Rule::string_part => Value::text(&self.string_part(&inner)),
            _ => self.plain_literal(&inner).0,
        }
    }

    fn json_nested(&mut self, pair: &RulePair<'_>) -> Value {
        let value = if !self.enter(self.span_of(pair)) {
            Value::Null
        } else if pair.as_rule() == Rule::json_array {
            let elements = children(pair, Rule::json);
            Value::Array(Arc::new(elements.into_iter().map(|part| self.json(part)).collect()))
        } else {
            let pairs = children(pair, Rule::json_pair);
            literal::object(pairs.iter().filter_map(|part| self.json_pair(part)).collect())
        };
        self.leave();
        value
    }

    fn json_pair(&mut self, pair: &RulePair<'_>) -> Option<(Arc<str>, Value)> {
        let key = self.string_part(&child(pair, Rule::string_part)?);
        Some((Arc::from(key), self.json(child(pair, Rule::json)?)))
    }

    /// Adjacent string literals are one text.
    pub(super) fn string(&mut self, pair: &RulePair<'_>) -> String {
        children(pair, Rule::string_part).iter().map(|part| self.string_part(part)).collect()
    }

    pub(super) fn string_part(&mut self, pair: &RulePair<'_>) -> String {
        literal::decode_string(pair.as_str()).unwrap_or_else(|| {
            let message = format!("syntax error: unknown escape in {}", pair.as_str());
            let help = "write `\\\\` for a backslash, or a verbatim string: @\"…\"";
            let diagnostic = Diagnostic::new(Code::Syntax, self.span_of(pair), message);
            self.diagnostics.push(diagnostic.with_help(help));
            String::new()
        })
    }
}

fn json_number(text: &str) -> Value {
    match text.parse::<i64>() {
        Ok(integer) => Value::Long(integer),
        Err(_) => text.parse().map_or(Value::Null, Value::Real),
    }
}

fn sign(text: &str) -> Sign {
    match text {
        "+" => Sign::Add,
        "-" => Sign::Subtract,
        "*" => Sign::Multiply,
        "/" => Sign::Divide,
        "%" => Sign::Modulo,
        "==" => Sign::Equal,
        "!=" | "<>" => Sign::NotEqual,
        "<" => Sign::Less,
        "<=" => Sign::LessEqual,
        ">" => Sign::Greater,
        ">=" => Sign::GreaterEqual,
        ":" => Sign::Colon,
        text if text.starts_with("matches") => Sign::MatchesRegex,
        text => Sign::Text(text_test(text)),
    }
}

fn text_test(text: &str) -> TextTest {
    let (negated, word) = match text.strip_prefix('!') {
        Some("~") => (true, "=~"),
        Some(word) => (true, word),
        None => (false, text),
    };
    let (case_sensitive, word) = match word.strip_suffix("_cs") {
        Some(word) => (true, word),
        None => (false, word),
    };
    let kind = match word {
        "=~" => TextTestKind::Equal,
        "has" => TextTestKind::Has,
        "hasprefix" => TextTestKind::HasPrefix,
        "hassuffix" => TextTestKind::HasSuffix,
        "contains" => TextTestKind::Contains,
        "startswith" => TextTestKind::StartsWith,
        _ => TextTestKind::EndsWith,
    };
    TextTest { kind, case_sensitive, negated }
}
