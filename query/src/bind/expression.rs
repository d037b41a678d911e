//! Values: columns, literals, signs and tests.

use crate::ast::{
    Access, Argument, Between, Expression, ExpressionKind, ListTest, Pipe, Sign, Source, Span, TextTest,
    TextTestKind,
};
use crate::error::{Code, Diagnostic, nearest};
use crate::execute::constant;
use crate::function::operator::{self, ACCESS, AND, OR};
use crate::function::{self, Function};
use crate::plan::{Scalar, Typed};
use crate::value::{Type, Value};

use super::{Binder, Binding, Environment, LOST, PARTS_MAX, Rows, SCALAR_DEPTH_MAX, is_table};

/// A value of a type.
pub(super) fn typed(value: Value, kind: Type) -> Typed {
    Typed { scalar: Scalar::Constant(value), kind }
}

/// Stands for a value after an error; it fits everywhere, so one error is not told twice.
pub(super) fn unknown() -> Typed {
    typed(Value::Null, Type::Dynamic)
}

impl<'a> Binder<'a> {
    /// An expression that must be a value.
    pub(super) fn scalar(
        &mut self,
        value: &'a Expression,
        rows: Rows<'_>,
        environment: &Environment<'a>,
    ) -> Typed {
        self.parts += 1;
        if self.parts > PARTS_MAX {
            if self.parts == PARTS_MAX + 1 {
                let message = "the query is too large once its functions are written out";
                self.report(Diagnostic::new(Code::Limit, value.span, message));
            }
            return unknown();
        }
        match &value.kind {
            ExpressionKind::Literal(literal, kind) => typed(literal.clone(), *kind),
            ExpressionKind::TypeOf(kind) => typed(Value::text(kind.as_str()), Type::String),
            ExpressionKind::Name(name) => self.named_value(name, value.span, rows, environment),
            ExpressionKind::Path(base, steps) => self.path(base, steps, rows, environment),
            ExpressionKind::Call(call) => self.call(call, value.span, rows, environment),
            ExpressionKind::And(parts) => self.junction(&AND, parts, rows, environment),
            ExpressionKind::Or(parts) => self.junction(&OR, parts, rows, environment),
            ExpressionKind::Negate(inner) => {
                let inner = self.scalar(inner, rows, environment);
                self.apply(&operator::NEGATE, vec![inner], value.span)
            }
            ExpressionKind::Chain(first, rest) => self.chain(first, rest, rows, environment),
            ExpressionKind::List(test, tested, list) => {
                self.list(*test, tested, list, value.span, rows, environment)
            }
            ExpressionKind::Between(between) => self.between(between, value.span, rows, environment),
            ExpressionKind::Pipe(pipe) => self.scalar_pipe(pipe, rows, environment),
            ExpressionKind::Star | ExpressionKind::Side(_) => {
                let message = "this cannot stand here: a value is required";
                self.report(Diagnostic::new(Code::Syntax, value.span, message));
                unknown()
            }
        }
    }

    /// A pipe where a value stands; it must have no stages.
    pub(super) fn scalar_pipe(
        &mut self,
        pipe: &'a Pipe,
        rows: Rows<'_>,
        environment: &Environment<'a>,
    ) -> Typed {
        match &pipe.source {
            Source::Expression(value) if pipe.stages.is_empty() => self.scalar(value, rows, environment),
            _ => {
                let message = "a value is required here, not a table";
                let diagnostic = Diagnostic::new(Code::Type, pipe.span, message);
                self.report(diagnostic.with_help("toscalar(…) gives the first value of a table"));
                unknown()
            }
        }
    }

    /// Columns hide what `let` has named.
    fn named_value(
        &mut self,
        name: &str,
        span: Span,
        rows: Rows<'_>,
        environment: &Environment<'a>,
    ) -> Typed {
        if let Some(index) = rows.iter().position(|field| field.name == name) {
            return Typed { scalar: Scalar::Column(index), kind: rows[index].kind };
        }
        match environment.find(name) {
            Some(Binding::Scalar(value)) => return value.clone(),
            Some(_) => {
                let message = format!("`{name}` is not a value");
                self.report(Diagnostic::new(Code::Type, span, message));
            }
            None => self.unknown_column(name, span, rows, environment),
        }
        unknown()
    }

    pub(super) fn unknown_column(
        &mut self,
        name: &str,
        span: Span,
        rows: Rows<'_>,
        environment: &Environment<'a>,
    ) {
        if rows.iter().any(|field| field.name == LOST) && !self.diagnostics.is_empty() {
            return;
        }
        let message = format!("unknown column `{name}`");
        let diagnostic = Diagnostic::new(Code::UnknownColumn, span, message);
        let candidates = rows.iter().map(|field| field.name.as_str()).chain(environment.names());
        let near = nearest(name, candidates).map(str::to_owned);
        self.report(match near {
            Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
            None => diagnostic,
        });
    }

    /// Members and elements.
    fn path(
        &mut self,
        base: &'a Expression,
        steps: &'a [Access],
        rows: Rows<'_>,
        environment: &Environment<'a>,
    ) -> Typed {
        let mut value = self.scalar(base, rows, environment);
        for step in steps {
            let (key, span) = match step {
                Access::Member(name) => (typed(Value::text(&name.text), Type::String), name.span),
                Access::Index(index) => (self.scalar(index, rows, environment), index.span),
                Access::Call(call) => {
                    self.report(Diagnostic::unsupported(call.name.span, &call.name.text));
                    return unknown();
                }
            };
            if value.kind != Type::Dynamic {
                let message = format!("a {} has no members", value.kind.as_str());
                let diagnostic = Diagnostic::new(Code::Type, span, message);
                self.report(diagnostic.with_help("parse_json(…) makes a dynamic value of a text"));
                return unknown();
            }
            value = self.apply(&ACCESS, vec![value, key], span);
        }
        value
    }

    fn junction(
        &mut self,
        function: &'static Function,
        parts: &'a [Expression],
        rows: Rows<'_>,
        environment: &Environment<'a>,
    ) -> Typed {
        let mut arguments = Vec::with_capacity(parts.len());
        let mut span = Span::default();
        for part in parts {
            let value = self.scalar(part, rows, environment);
            arguments.push(self.condition(value, part.span));
            span = part.span;
        }
        self.apply(function, arguments, span)
    }

    /// A value used as a condition.
    pub(super) fn condition(&mut self, value: Typed, span: Span) -> Typed {
        if matches!(value.kind, Type::String | Type::Datetime | Type::Timespan | Type::Guid) {
            let message = format!("a condition is required here, not a {}", value.kind.as_str());
            self.report(Diagnostic::new(Code::Type, span, message));
        }
        value
    }

    fn chain(
        &mut self,
        first: &'a Expression,
        rest: &'a [(Sign, Expression)],
        rows: Rows<'_>,
        environment: &Environment<'a>,
    ) -> Typed {
        if let (ExpressionKind::Star, [(Sign::Text(test), right)]) = (&first.kind, rest) {
            let right = self.scalar(right, rows, environment);
            return self.any_column(*test, &right, first.span, rows);
        }
        let mut left = self.scalar(first, rows, environment);
        for (sign, right) in rest {
            let span = Span { start: first.span.start, end: right.span.end };
            let right = self.scalar(right, rows, environment);
            left = self.sign(*sign, left, right, span);
        }
        left
    }

    fn sign(&mut self, sign: Sign, left: Typed, right: Typed, span: Span) -> Typed {
        match sign {
            Sign::Text(test) => self.text_test(test, left, right, span),
            Sign::Colon => {
                let test = TextTest { kind: TextTestKind::Has, case_sensitive: false, negated: false };
                self.text_test(test, left, right, span)
            }
            sign => {
                let compares = !matches!(
                    sign,
                    Sign::Add | Sign::Subtract | Sign::Multiply | Sign::Divide | Sign::Modulo
                );
                if compares && sign != Sign::MatchesRegex {
                    self.comparable(left.kind, right.kind, span);
                }
                if sign == Sign::MatchesRegex {
                    self.pattern(&right, span);
                }
                match operator::of_sign(sign) {
                    Some(function) => self.apply(function, vec![left, right], span),
                    None => unknown(),
                }
            }
        }
    }

    /// Reports a constant that is no regular expression.
    fn pattern(&mut self, value: &Typed, span: Span) {
        if let Scalar::Constant(Value::String(pattern)) = &value.scalar
            && function::compile(pattern).is_err()
        {
            let message = "this is not a regular expression";
            self.report(Diagnostic::invalid(span, message));
        }
    }

    fn comparable(&mut self, left: Type, right: Type, span: Span) {
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
            self.report(Diagnostic::new(Code::Type, span, message).with_help(help));
        }
    }

    pub(super) fn text_test(&mut self, test: TextTest, left: Typed, right: Typed, span: Span) -> Typed {
        let tested = self.apply(operator::of_text_test(test), vec![left, right], span);
        if test.negated { self.inverse(tested, span) } else { tested }
    }

    fn inverse(&mut self, value: Typed, span: Span) -> Typed {
        self.apply(&operator::NOT, vec![value], span)
    }

    /// `* has "x"`: any column.
    pub(super) fn any_column(&mut self, test: TextTest, right: &Typed, span: Span, rows: Rows<'_>) -> Typed {
        let positive = TextTest { negated: false, ..test };
        let tests = rows.iter().enumerate().map(|(index, field)| {
            let column = Typed { scalar: Scalar::Column(index), kind: field.kind };
            self.text_test(positive, column, right.clone(), span)
        });
        let tests: Vec<Typed> = tests.collect();
        let any = self.apply(&OR, tests, span);
        if test.negated { self.inverse(any, span) } else { any }
    }

    fn list(
        &mut self,
        test: ListTest,
        tested: &'a Expression,
        list: &'a [Argument],
        span: Span,
        rows: Rows<'_>,
        environment: &Environment<'a>,
    ) -> Typed {
        let mut arguments = Vec::with_capacity(list.len() + 1);
        if !matches!(tested.kind, ExpressionKind::Star) {
            arguments.push(self.scalar(tested, rows, environment));
        }
        for element in list {
            arguments.push(self.element(&element.value, rows, environment));
        }
        let function = match test {
            ListTest::In | ListTest::NotIn => &operator::IN,
            ListTest::InFold | ListTest::NotInFold => &operator::IN_FOLD,
            ListTest::HasAny => &operator::HAS_ANY,
            ListTest::HasAll => &operator::HAS_ALL,
        };
        let negated = matches!(test, ListTest::NotIn | ListTest::NotInFold);
        if !matches!(tested.kind, ExpressionKind::Star) {
            let value = self.apply(function, arguments, span);
            return if negated { self.inverse(value, span) } else { value };
        }
        let tests = rows.iter().enumerate().map(|(index, field)| {
            let column = Typed { scalar: Scalar::Column(index), kind: field.kind };
            let with_column = std::iter::once(column).chain(arguments.iter().cloned()).collect();
            self.apply(function, with_column, span)
        });
        let tests = tests.collect();
        let any = self.apply(&OR, tests, span);
        if negated { self.inverse(any, span) } else { any }
    }

    /// An element of a list: a value, or a table whose first column is meant.
    fn element(&mut self, pipe: &'a Pipe, rows: Rows<'_>, environment: &Environment<'a>) -> Typed {
        if let Source::Expression(value) = &pipe.source
            && let ExpressionKind::Name(name) = &value.kind
            && rows.iter().any(|field| field.name == *name)
        {
            return self.scalar(value, rows, environment);
        }
        if !is_table(pipe, environment) {
            return self.scalar_pipe(pipe, rows, environment);
        }
        let plan = self.pipe(pipe, environment);
        match self.query_id(&plan, pipe.span) {
            Some(id) => Typed { scalar: Scalar::List { id, plan }, kind: Type::Dynamic },
            None => unknown(),
        }
    }

    fn between(
        &mut self,
        between: &'a Between,
        span: Span,
        rows: Rows<'_>,
        environment: &Environment<'a>,
    ) -> Typed {
        let value = self.scalar(&between.value, rows, environment);
        let low = self.scalar(&between.low, rows, environment);
        let mut high = self.scalar(&between.high, rows, environment);
        if value.kind == Type::Datetime && high.kind == Type::Timespan {
            high = self.sign(Sign::Add, low.clone(), high, span);
        }
        let above = self.sign(Sign::GreaterEqual, value.clone(), low, span);
        let below = self.sign(Sign::LessEqual, value, high, span);
        let inside = self.apply(&AND, vec![above, below], span);
        if between.negated { self.inverse(inside, span) } else { inside }
    }

    /// Applies a function; constants are computed at once.
    pub(super) fn apply(&mut self, function: &'static Function, arguments: Vec<Typed>, span: Span) -> Typed {
        let kinds: Vec<Type> = arguments.iter().map(|argument| argument.kind).collect();
        let Some(kind) = function.result_type(&kinds) else {
            let names: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
            let message = format!("`{}` does not fit {}", function.name, names.join(" and "));
            self.report(Diagnostic::new(Code::Type, span, message));
            return unknown();
        };
        let arguments: Vec<Scalar> = arguments.into_iter().map(|argument| argument.scalar).collect();
        if arguments.iter().all(|argument| matches!(argument, Scalar::Constant(_))) {
            return typed(constant(function, &arguments, &kinds, kind, self.guard), kind);
        }
        let depth = 1 + arguments.iter().map(Scalar::depth).max().unwrap_or(0);
        if depth > SCALAR_DEPTH_MAX {
            let message = format!("more than {SCALAR_DEPTH_MAX} calls are nested here");
            self.report(Diagnostic::new(Code::Limit, span, message));
            return unknown();
        }
        Typed { scalar: Scalar::Call { function, arguments, kinds, kind, depth }, kind }
    }

    /// A value in another type.
    pub(super) fn cast(&mut self, value: Typed, kind: Type) -> Typed {
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
            Some(function) => self.apply(function, vec![value], Span::default()),
            None => unknown(),
        }
    }
}
