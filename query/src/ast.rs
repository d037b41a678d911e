//! The syntax tree of a query, with the span of every node in the text.

mod expression;

use crate::value::Type;

pub use expression::{
    Access, Argument, Between, Call, Expression, ExpressionKind, ListTest, Side, Sign, TextTest, TextTestKind,
};

/// Bytes `start..end` of the text of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
}

/// A name and its span.
#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    /// The name without quotes.
    pub text: String,
    /// Its span in the text.
    pub span: Span,
}

/// One part of a script, ended by `;` or the end of the text.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    /// `let name = …`.
    Let(Let),
    /// `declare query_parameters(…)`.
    Parameters(Vec<Parameter>),
    /// A query.
    Pipe(Pipe),
}

/// A name given to a value, a table or a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Let {
    /// The name.
    pub name: Name,
    /// What it stands for.
    pub value: LetValue,
}

/// What a `let` can name.
#[derive(Debug, Clone, PartialEq)]
pub enum LetValue {
    /// A scalar or a table.
    Pipe(Pipe),
    /// A function.
    Function(FunctionDefinition),
}

/// A function written in the query.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionDefinition {
    /// What it takes.
    pub parameters: Vec<Parameter>,
    /// `let` statements, then the result.
    pub body: Vec<Statement>,
    /// Its span in the text.
    pub span: Span,
}

/// A parameter of a function or of the query.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: Name,
    /// What it accepts.
    pub kind: ParameterKind,
    /// The value when none is given.
    pub default: Option<Expression>,
}

/// What a parameter accepts.
#[derive(Debug, Clone, PartialEq)]
pub enum ParameterKind {
    /// A scalar of a type.
    Scalar(Type),
    /// A table with at least these columns; none means any table.
    Table(Vec<ColumnDeclaration>),
}

/// `name:type`.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnDeclaration {
    /// The column.
    pub name: Name,
    /// Its type.
    pub kind: Type,
}

/// A source and the stages its rows go through. Without stages it may be a scalar.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipe {
    /// Where the rows come from.
    pub source: Source,
    /// What is done to them, in order.
    pub stages: Vec<Stage>,
    /// Its span in the text.
    pub span: Span,
}

/// The start of a pipe.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A table, a call, a pipe in parentheses, or a scalar.
    Expression(Expression),
    /// `print a = 1`.
    Print(Vec<Named>),
    /// `range x from a to b step c`.
    Range(Box<Range>),
    /// `union A, B`.
    Union(Union),
    /// `search "x"`.
    Search(Box<Search>),
    /// `datatable(a:long)[1]`.
    Datatable(Datatable),
}

/// Evenly spaced values of one column.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// The column.
    pub name: Name,
    /// First value.
    pub from: Expression,
    /// Last value at most.
    pub to: Expression,
    /// Distance of two values.
    pub step: Expression,
}

/// Rows of several tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Union {
    /// `kind=`, `withsource=`, …
    pub options: Vec<OptionSetting>,
    /// The tables.
    pub members: Vec<Source>,
    /// Its span in the text.
    pub span: Span,
}

/// Rows in which words occur.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// `kind=`.
    pub options: Vec<OptionSetting>,
    /// The tables to look in; none means all, or the rows of the pipe.
    pub tables: Vec<Source>,
    /// What to look for.
    pub predicate: Expression,
    /// Its span in the text.
    pub span: Span,
}

/// Rows written in the query.
#[derive(Debug, Clone, PartialEq)]
pub struct Datatable {
    /// The columns.
    pub columns: Vec<ColumnDeclaration>,
    /// The cells, row after row.
    pub cells: Vec<Expression>,
    /// Its span in the text.
    pub span: Span,
}

/// `name=value` after the word of an operator.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionSetting {
    /// The name.
    pub name: Name,
    /// The value.
    pub value: Name,
}

/// An expression, perhaps with names for its result.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// The names given; several for a function with several results.
    pub names: Vec<Name>,
    /// The expression.
    pub value: Expression,
}

/// One stage of a pipe.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// What it does.
    pub operator: Operator,
    /// Its span in the text.
    pub span: Span,
}

/// What a stage does.
#[derive(Debug, Clone, PartialEq)]
pub enum Operator {
    /// Keeps the rows for which it is true.
    Where(Expression),
    /// Makes new columns only.
    Project(Vec<Named>),
    /// Drops columns.
    ProjectAway(Vec<Name>),
    /// Keeps columns.
    ProjectKeep(Vec<Name>),
    /// Renames columns: new, old.
    ProjectRename(Vec<(Name, Name)>),
    /// Puts columns first.
    ProjectReorder(Vec<(Name, Option<Direction>)>),
    /// Adds or replaces columns.
    Extend(Vec<Named>),
    /// Groups rows.
    Summarize(Summarize),
    /// Counts rows.
    Count,
    /// Drops repeated rows.
    Distinct(Vec<Named>),
    /// Sorts rows.
    Sort(Vec<Order>),
    /// The first rows of a sort.
    Top(Box<Expression>, Vec<Order>),
    /// Some rows.
    Take(Expression),
    /// Pairs rows of two tables.
    Join(Box<Join>),
    /// Adds columns of a second table.
    Lookup(Box<Join>),
    /// Adds rows of other tables.
    Union(Union),
    /// Makes a row of each element.
    MvExpand(MvExpand),
    /// Takes text apart.
    Parse(Box<Parse>),
    /// Looks for words.
    Search(Box<Search>),
    /// Names the rows so far.
    As(Name),
    /// Describes the columns.
    GetSchema,
    /// Says how to draw the result.
    Render(Render),
    /// Calls a function with the rows.
    Invoke(Expression),
    /// Chooses changes to recover.
    Recover(Recover),
}

/// Aggregates and the keys of their groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Summarize {
    /// What to compute for a group.
    pub aggregates: Vec<Named>,
    /// What makes a group.
    pub keys: Vec<Named>,
    /// Whether `by` was written.
    pub span: Span,
}

/// Direction of a sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Small values first.
    Ascending,
    /// Large values first.
    Descending,
}

/// Where a sort puts nulls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nulls {
    /// Before the values.
    First,
    /// After the values.
    Last,
}

/// One key of a sort.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// What to sort by.
    pub value: Expression,
    /// Descending when none is given.
    pub direction: Option<Direction>,
    /// First when ascending and none is given.
    pub nulls: Option<Nulls>,
}

/// A second table and how its rows meet.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// `kind=`, `hint.…=`.
    pub options: Vec<OptionSetting>,
    /// The second table.
    pub right: Source,
    /// Columns of both, or `$left.a == $right.b`.
    pub conditions: Vec<Expression>,
}

/// Columns whose elements become rows.
#[derive(Debug, Clone, PartialEq)]
pub struct MvExpand {
    /// `kind=`, `bagexpansion=`, `with_itemindex=`.
    pub options: Vec<OptionSetting>,
    /// The columns, each perhaps with a type for its elements.
    pub items: Vec<(Named, Option<Type>)>,
    /// Most rows made of one.
    pub limit: Option<Expression>,
}

/// A text and the pattern that takes it apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Parse {
    /// `kind=`, `flags=`.
    pub options: Vec<OptionSetting>,
    /// The text.
    pub value: Expression,
    /// The pattern.
    pub parts: Vec<ParsePart>,
}

/// One part of a pattern of `parse`.
#[derive(Debug, Clone, PartialEq)]
pub enum ParsePart {
    /// Any text.
    Star,
    /// This text, or this regular expression.
    Text(String, Span),
    /// A new column.
    Column(Name, Type),
}

/// How to draw a result.
#[derive(Debug, Clone, PartialEq)]
pub struct Render {
    /// The kind of chart.
    pub kind: Name,
    /// `title="…"` and the like; several values where several are given.
    pub properties: Vec<(Name, Vec<String>)>,
}

/// Which changes to recover, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Recover {
    /// Attributes; none means all.
    pub attributes: Option<Vec<Name>>,
    /// Relations; none means all.
    pub links: Option<Vec<Name>>,
    /// `with (name = value)`.
    pub options: Vec<(Name, Expression)>,
}
