//! The parts of the tree that are values.

use super::{Name, Pipe, Source, Span};
use crate::value::{Type, Value};

/// A value computed from a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    /// What it is.
    pub kind: ExpressionKind,
    /// Its span in the text.
    pub span: Span,
}

/// Kinds of expressions. Long chains are flat, so depth is bounded by brackets alone.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpressionKind {
    /// A constant; its type matters when it is null.
    Literal(Value, Type),
    /// `typeof(long)`.
    TypeOf(Type),
    /// A column, a table or a `let`.
    Name(String),
    /// `*`.
    Star,
    /// `$left` or `$right`.
    Side(Side),
    /// `a.b[0]`.
    Path(Box<Expression>, Vec<Access>),
    /// `name(arguments)`.
    Call(Call),
    /// True when all are.
    And(Vec<Expression>),
    /// True when one is.
    Or(Vec<Expression>),
    /// `-x`.
    Negate(Box<Expression>),
    /// `a + b - c`: signs of one precedence, from the left.
    Chain(Box<Expression>, Vec<(Sign, Expression)>),
    /// `a in (…)`, `a has_any (…)`.
    List(ListTest, Box<Expression>, Vec<Argument>),
    /// `a between (low .. high)`.
    Between(Box<Between>),
    /// A pipe in parentheses that is more than an expression.
    Pipe(Box<Pipe>),
}

/// A call of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The function.
    pub name: Name,
    /// What it is given.
    pub arguments: Vec<Argument>,
}

/// An argument of a call or an element of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// The parameter it is for, when named.
    pub name: Option<Name>,
    /// The value: a scalar or a table.
    pub value: Pipe,
}

impl Argument {
    /// Its expression, if it is nothing else.
    pub(crate) fn expression(&self) -> Option<&Expression> {
        match &self.value.source {
            Source::Expression(value) if self.value.stages.is_empty() => Some(value),
            _ => None,
        }
    }
}

/// `value between (low .. high)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Between {
    /// What is tested.
    pub value: Expression,
    /// Least.
    pub low: Expression,
    /// Greatest, or a timespan after `low`.
    pub high: Expression,
    /// `!between`.
    pub negated: bool,
}

/// A side of a join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// `$left`.
    Left,
    /// `$right`.
    Right,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq)]
pub enum Access {
    /// `.name`.
    Member(Name),
    /// `[expression]`.
    Index(Expression),
    /// `.name(…)`, which no table of ours has.
    Call(Call),
}

/// Tests against a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListTest {
    /// `in`.
    In,
    /// `in~`.
    InFold,
    /// `!in`.
    NotIn,
    /// `!in~`.
    NotInFold,
    /// `has_any`.
    HasAny,
    /// `has_all`.
    HasAll,
}

/// Signs and words between two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `*`.
    Multiply,
    /// `/`.
    Divide,
    /// `%`.
    Modulo,
    /// `==`.
    Equal,
    /// `!=`, `<>`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterEqual,
    /// `:` in `search`.
    Colon,
    /// `matches regex`.
    MatchesRegex,
    /// `=~`, `has`, `contains` and the like.
    Text(TextTest),
}

/// A test of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextTest {
    /// How the texts must relate.
    pub kind: TextTestKind,
    /// Whether letter case matters.
    pub case_sensitive: bool,
    /// Whether the result is turned round.
    pub negated: bool,
}

/// How two texts must relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextTestKind {
    /// The same.
    Equal,
    /// Is a whole term.
    Has,
    /// Starts a term.
    HasPrefix,
    /// Ends a term.
    HasSuffix,
    /// Occurs anywhere.
    Contains,
    /// Starts the text.
    StartsWith,
    /// Ends the text.
    EndsWith,
}
