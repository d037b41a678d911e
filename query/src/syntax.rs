//! Text to syntax tree: the only module that sees the rules of the grammar.
//!
//! *Shape*: this file builds statements and sources, `syntax/stage.rs` the stages of a pipe,
//! `syntax/expression.rs` expressions and literals. `syntax/operator.rs` and `syntax/keyword.rs` are the tables of words,
//! which the language service shows, too.
//!
//! *Invariants*: 1. Nothing here panics, on any text; the parser recurses once for each bracket, and ends by itself
//! where its stack does. 2. The tree is at most [`DEPTH_MAX`] brackets
//! deep, so whatever walks it may recurse.

mod expression;
mod keyword;
mod operator;
mod stage;

pub(crate) use keyword::{BEGINNINGS, KEYWORDS, RESERVED, is_keyword, stands_bare};
use keyword::{Use, requires_brackets};
pub use operator::OperatorHelp;
pub(crate) use operator::{CHARTS, OPERATORS, UNSUPPORTED};

use std::num::NonZeroUsize;

use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};
use pest::iterators::Pair;

use crate::ast::{
    ColumnDeclaration, Datatable, Expression, FunctionDefinition, Let, LetValue, Name, Named, OptionSetting,
    Parameter, ParameterKind, Pipe, Range, Search, Source, Span, Statement, Union,
};
use crate::error::{Code, Diagnostic, counted};
use crate::value::Type;

/// Longest text of a query in bytes.
const TEXT_BYTES_MAX: usize = 1 << 20;
/// Deepest nesting of brackets.
const DEPTH_MAX: usize = 64;
/// Most attempts at a rule, so that no text takes more than a few seconds.
const CALLS_MAX: usize = 60_000_000;

/// The parser that pest makes of the grammar.
#[derive(pest_derive::Parser)]
#[grammar = "grammar.pest"]
struct Grammar;

/// Reads a script: statements separated by `;`.
///
/// # Errors
/// The position where the text stops being a query, or everything in it that is not supported.
pub(crate) fn parse(text: &str) -> Result<Vec<Statement>, Vec<Diagnostic>> {
    build(text, Rule::script, TreeBuilder::default(), |builder, whole| builder.script(&whole))
}

/// As [`parse`], but the tree has no spans: for what outlives its text.
pub(crate) fn parse_without_spans(text: &str) -> Result<Vec<Statement>, Vec<Diagnostic>> {
    build(
        text,
        Rule::script,
        TreeBuilder { without_spans: true, ..TreeBuilder::default() },
        |builder, whole| builder.script(&whole),
    )
}

/// Reads an expression without a query around it.
///
/// # Errors
/// As [`parse`].
pub(crate) fn parse_predicate(text: &str) -> Result<Expression, Vec<Diagnostic>> {
    build(text, Rule::predicate, TreeBuilder::default(), |builder, predicate| {
        child(&predicate, Rule::expression)
            .map_or_else(|| expression::nothing(Span::default()), |value| builder.expression(value))
    })
}

fn build<T>(
    text: &str,
    rule: Rule,
    mut builder: TreeBuilder,
    make: impl FnOnce(&mut TreeBuilder, RulePair<'_>) -> T,
) -> Result<T, Vec<Diagnostic>> {
    if text.len() > TEXT_BYTES_MAX {
        let span = Span { start: TEXT_BYTES_MAX, end: text.len() };
        let message = format!("the query is longer than {TEXT_BYTES_MAX} bytes");
        return Err(vec![Diagnostic::new(Code::Limit, span, message)]);
    }
    pest::set_call_limit(NonZeroUsize::new(CALLS_MAX));
    let mut pairs = Grammar::parse(rule, text).map_err(|error| vec![explain(text, error)])?;
    match pairs.next().map(|whole| make(&mut builder, whole)) {
        Some(tree) if builder.diagnostics.is_empty() => Ok(tree),
        _ => Err(builder.diagnostics),
    }
}

/// Turns pest's error into words of the language.
fn explain(text: &str, error: pest::error::Error<Rule>) -> Diagnostic {
    let start = match error.location {
        InputLocation::Pos(start) | InputLocation::Span((start, _)) => start,
    };
    let span = Span { start, end: token_end(text, start) };
    let ErrorVariant::ParsingError { positives, .. } = error.variant else {
        let message = format!("the query is too complex; brackets may be nested {DEPTH_MAX} deep at most");
        return Diagnostic::new(Code::Limit, span, message);
    };
    let mut expected: Vec<&str> = positives.into_iter().filter_map(describe).collect();
    expected.sort_unstable();
    expected.dedup();
    let found = match &text[span.start..span.end] {
        "" => "syntax error: unexpected end".to_owned(),
        found if found.starts_with(['"', '\'']) => {
            format!("syntax error: unexpected {found} (is a string not closed?)")
        }
        found => format!("syntax error: unexpected `{found}`"),
    };
    let diagnostic = Diagnostic::new(Code::Syntax, span, found);
    if expected.is_empty() || expected.len() > 8 {
        return diagnostic;
    }
    diagnostic.with_help(format!("expected {}", expected.join(", ")))
}

/// The end of the word, string mark or sign that starts at a byte.
fn token_end(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or("");
    let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-');
    match word {
        Some(0) => start + rest.chars().next().map_or(0, char::len_utf8),
        Some(length) => start + length,
        None => text.len(),
    }
}

/// The words for a rule in an error, or nothing for rules that would only confuse.
fn describe(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::by_word => "`by`",
        Rule::on_word => "`on`",
        Rule::to_word => "`to`",
        Rule::from_word => "`from`",
        Rule::step_word => "`step`",
        Rule::with_word => "`with`",
        Rule::and_word | Rule::or_word => "`and` or `or`",
        Rule::assign => "`=`",
        Rule::name | Rule::bare_name | Rule::quoted_name | Rule::target => "a name",
        Rule::type_name => "a type",
        Rule::expression | Rule::literal | Rule::unary | Rule::postfix | Rule::named => "an expression",
        Rule::stage_word | Rule::unknown_stage | Rule::where_stage => "an operator",
        Rule::pipe | Rule::operand => "a table",
        Rule::string | Rule::string_part => "a string",
        Rule::function | Rule::statement => "a statement",
        Rule::EOI => "the end of the query",
        Rule::equal_sign | Rule::relation_sign | Rule::list_word | Rule::text_word => "a comparison",
        Rule::add_sign | Rule::multiply_sign | Rule::between_word => "a sign",
        Rule::render_kind => "a kind of chart",
        Rule::option_value => "a value",
        _ => return None,
    })
}

/// The first part of a pair that was made by a rule.
pub(super) fn child<'i>(pair: &Pair<'i, Rule>, rule: Rule) -> Option<Pair<'i, Rule>> {
    pair.clone().into_inner().find(|inner| inner.as_rule() == rule)
}

/// The parts of a pair that were made by a rule.
pub(super) fn children<'i>(pair: &Pair<'i, Rule>, rule: Rule) -> Vec<Pair<'i, Rule>> {
    pair.clone().into_inner().filter(|inner| inner.as_rule() == rule).collect()
}

/// Builds the tree and gathers what is not supported on the way.
#[derive(Default)]
struct TreeBuilder {
    diagnostics: Vec<Diagnostic>,
    depth: usize,
    /// Whether the tree has no spans.
    without_spans: bool,
}

type RulePair<'i> = Pair<'i, Rule>;

impl TreeBuilder {
    /// The span of a pair.
    fn span_of(&self, pair: &RulePair<'_>) -> Span {
        let span = pair.as_span();
        if self.without_spans { Span::default() } else { Span { start: span.start(), end: span.end() } }
    }

    fn script(&mut self, pair: &RulePair<'_>) -> Vec<Statement> {
        child(pair, Rule::statements).map(|body| self.statements(body)).unwrap_or_default()
    }

    fn statements(&mut self, pair: RulePair<'_>) -> Vec<Statement> {
        pair.into_inner().filter_map(|statement| self.statement(statement)).collect()
    }

    fn statement(&mut self, pair: RulePair<'_>) -> Option<Statement> {
        let inner = pair.into_inner().next()?;
        match inner.as_rule() {
            Rule::declaration => Some(Statement::Parameters(self.parameters(&inner))),
            Rule::binding => self.binding(&inner).map(Statement::Let),
            Rule::pipe => Some(Statement::Pipe(self.pipe(inner))),
            _ => {
                self.refuse_word(&inner);
                None
            }
        }
    }

    /// Refuses by name what starts with a word outside the subset.
    fn refuse_word(&mut self, pair: &RulePair<'_>) {
        if let Some(word) = pair.clone().into_inner().next() {
            self.diagnostics.push(Diagnostic::unsupported(self.span_of(&word), word.as_str()));
        }
    }

    fn binding(&mut self, pair: &RulePair<'_>) -> Option<Let> {
        let name = self.checked_name(&child(pair, Rule::name)?, Use::New);
        let value = match child(pair, Rule::function) {
            Some(function) => LetValue::Function(self.function(&function)),
            None => LetValue::Pipe(self.pipe(child(pair, Rule::pipe)?)),
        };
        Some(Let { name, value })
    }

    fn function(&mut self, pair: &RulePair<'_>) -> FunctionDefinition {
        let span = self.span_of(pair);
        let parameters = self.parameters(pair);
        let body = match child(pair, Rule::statements) {
            Some(body) if self.enter(span) => self.statements(body),
            _ => Vec::new(),
        };
        self.leave();
        FunctionDefinition { parameters, body, span }
    }

    fn parameters(&mut self, pair: &RulePair<'_>) -> Vec<Parameter> {
        let parameters = children(pair, Rule::parameter);
        parameters.iter().filter_map(|parameter| self.parameter(parameter)).collect()
    }

    fn parameter(&mut self, pair: &RulePair<'_>) -> Option<Parameter> {
        let name = self.checked_name(&child(pair, Rule::name)?, Use::New);
        let kind = match child(pair, Rule::table_type) {
            Some(table) => ParameterKind::Table(self.columns(&table)),
            None => ParameterKind::Scalar(self.type_name(&child(pair, Rule::type_name)?)),
        };
        let default = child(pair, Rule::expression).map(|value| self.expression(value));
        Some(Parameter { name, kind, default })
    }

    fn columns(&mut self, pair: &RulePair<'_>) -> Vec<ColumnDeclaration> {
        let columns = children(pair, Rule::column);
        columns.iter().filter_map(|column| self.column(column)).collect()
    }

    fn column(&mut self, pair: &RulePair<'_>) -> Option<ColumnDeclaration> {
        let name = self.checked_name(&child(pair, Rule::name)?, Use::New);
        let kind = self.type_name(&child(pair, Rule::type_name)?);
        Some(ColumnDeclaration { name, kind })
    }

    fn type_name(&mut self, pair: &RulePair<'_>) -> Type {
        Type::from_name(pair.as_str()).unwrap_or_else(|| {
            let names = Type::ALL.map(Type::as_str);
            let message = format!("`{}` is not a type", pair.as_str());
            let diagnostic = Diagnostic::new(Code::Type, self.span_of(pair), message);
            self.diagnostics.push(diagnostic.with_help(format!("types: {}", names.join(", "))));
            Type::Dynamic
        })
    }

    fn name(&mut self, pair: &RulePair<'_>) -> Name {
        let span = self.span_of(pair);
        let mut inner = pair.clone();
        while let Some(next) = inner.clone().into_inner().next() {
            inner = next;
        }
        let text = match inner.as_rule() {
            Rule::string_part => self.string_part(&inner),
            _ => inner.as_str().to_owned(),
        };
        Name { text, span }
    }

    /// A name that KQL reads as one without brackets, too.
    fn checked_name(&mut self, pair: &RulePair<'_>, used: Use) -> Name {
        let name = self.name(pair);
        let text = pair.as_str().trim();
        if requires_brackets(text, used) {
            let message = format!("the name `{text}` requires brackets, as it is a word of KQL");
            let diagnostic = Diagnostic::new(Code::Syntax, name.span, message);
            self.diagnostics.push(diagnostic.with_help(format!("`['{text}']`")));
        }
        name
    }

    fn options(&mut self, pair: &RulePair<'_>) -> Vec<OptionSetting> {
        let options = children(pair, Rule::option);
        options.iter().filter_map(|option| self.option(option)).collect()
    }

    fn option(&mut self, pair: &RulePair<'_>) -> Option<OptionSetting> {
        let name = self.name(&child(pair, Rule::option_name)?);
        let value = child(pair, Rule::option_value)?;
        let text = if value.as_str().contains(['"', '\'', '`']) {
            self.string_part(&value)
        } else {
            value.as_str().to_owned()
        };
        Some(OptionSetting { name, value: Name { text, span: self.span_of(&value) } })
    }

    fn pipe(&mut self, pair: RulePair<'_>) -> Pipe {
        let span = self.span_of(&pair);
        let mut inner = pair.into_inner();
        let source = inner.next().and_then(|source| self.source(source));
        let stages = inner.filter_map(|stage| self.stage(&stage)).collect();
        Pipe { source: source.unwrap_or_else(|| Source::Expression(expression::nothing(span))), stages, span }
    }

    fn source(&mut self, pair: RulePair<'_>) -> Option<Source> {
        Some(match pair.as_rule() {
            Rule::print => Source::Print(self.named_list(&pair)),
            Rule::range => Source::Range(Box::new(self.range(&pair)?)),
            Rule::union => Source::Union(self.union(&pair)),
            Rule::search => Source::Search(Box::new(self.search(&pair)?)),
            Rule::datatable => Source::Datatable(self.datatable(&pair)),
            Rule::expression => Source::Expression(self.expression(pair)),
            _ => {
                self.refuse_word(&pair);
                return None;
            }
        })
    }

    fn named_list(&mut self, pair: &RulePair<'_>) -> Vec<Named> {
        let list = child(pair, Rule::named_list);
        list.map(|list| self.all_named(&list)).unwrap_or_default()
    }

    fn all_named(&mut self, pair: &RulePair<'_>) -> Vec<Named> {
        children(pair, Rule::named).iter().filter_map(|named| self.named(named)).collect()
    }

    fn named(&mut self, pair: &RulePair<'_>) -> Option<Named> {
        let names = child(pair, Rule::target).map(|target| self.new_names(&target)).unwrap_or_default();
        Some(Named { names, value: self.expression(child(pair, Rule::expression)?) })
    }

    fn new_names(&mut self, pair: &RulePair<'_>) -> Vec<Name> {
        children(pair, Rule::name).iter().map(|name| self.checked_name(name, Use::New)).collect()
    }

    fn names(&mut self, pair: &RulePair<'_>) -> Vec<Name> {
        children(pair, Rule::name).iter().map(|name| self.name(name)).collect()
    }

    fn range(&mut self, pair: &RulePair<'_>) -> Option<Range> {
        let name = self.checked_name(&child(pair, Rule::name)?, Use::New);
        let mut bounds = children(pair, Rule::expression).into_iter();
        let mut next = || Some(self.expression(bounds.next()?));
        Some(Range { name, from: next()?, to: next()?, step: next()? })
    }

    fn union(&mut self, pair: &RulePair<'_>) -> Union {
        Union { options: self.options(pair), members: self.members(pair), span: self.span_of(pair) }
    }

    /// The tables of a union or a search; a name may hold `*`.
    fn members(&mut self, pair: &RulePair<'_>) -> Vec<Source> {
        let parts = pair.clone().into_inner();
        parts
            .filter_map(|part| match part.as_rule() {
                Rule::wildcard => Some(Source::Expression(expression::name_of(&part, self.span_of(&part)))),
                Rule::operand => self.operand(part),
                _ => None,
            })
            .collect()
    }

    fn operand(&mut self, pair: RulePair<'_>) -> Option<Source> {
        let inner = pair.into_inner().next()?;
        Some(match inner.as_rule() {
            Rule::datatable => Source::Datatable(self.datatable(&inner)),
            _ => Source::Expression(self.postfix(inner)),
        })
    }

    fn search(&mut self, pair: &RulePair<'_>) -> Option<Search> {
        let tables = child(pair, Rule::search_tables);
        Some(Search {
            options: self.options(pair),
            tables: tables.map(|tables| self.members(&tables)).unwrap_or_default(),
            predicate: self.expression(child(pair, Rule::expression)?),
            span: self.span_of(pair),
        })
    }

    fn datatable(&mut self, pair: &RulePair<'_>) -> Datatable {
        let span = self.span_of(pair);
        let columns = self.columns(pair);
        let cells = children(pair, Rule::expression);
        let cells: Vec<_> = cells.into_iter().map(|cell| self.expression(cell)).collect();
        if !cells.len().is_multiple_of(columns.len().max(1)) {
            let values = counted(cells.len(), "value");
            let message = format!("{values} cannot fill rows of {}", columns.len());
            self.diagnostics.push(Diagnostic::invalid(span, message));
        }
        Datatable { columns, cells, span }
    }

    /// Counts a bracket; past the limit it says so once and the inside is skipped.
    fn enter(&mut self, span: Span) -> bool {
        self.depth += 1;
        if self.depth == DEPTH_MAX + 1 {
            let message = format!("brackets are nested more than {DEPTH_MAX} deep");
            self.diagnostics.push(Diagnostic::new(Code::Limit, span, message));
        }
        self.depth <= DEPTH_MAX
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::QUERIES;
