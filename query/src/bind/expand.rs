//! Stages that make rows or columns of what is inside a cell: mv-expand, parse, search.

use std::sync::Arc;

use crate::ast::{
    Expression, ExpressionKind, MvExpand, Parse, ParsePart, Search, Sign, Source, TextTest, TextTestKind,
};
use crate::batch::{Field, Schema};
use crate::error::Diagnostic;
use crate::function::operator::{AND, NOT, OR};
use crate::pattern::{self, Mode};
use crate::plan::{ExpandItem, ExpandStep, ParseStep, Plan, Scalar, Step, Typed};
use crate::value::{Type, Value};

use super::expression::{typed, unknown};
use super::join::{Keep, option};
use super::{Binder, Environment, Rows, Span, name, nothing};

/// Puts a column in the place of one with its name, or at the end.
fn index_of(schema: &mut Schema, field: Field) -> usize {
    if let Some(index) = schema.iter().position(|other| other.name == field.name) {
        schema[index] = field;
        index
    } else {
        schema.push(field);
        schema.len() - 1
    }
}

impl<'a> Binder<'a> {
    pub(super) fn mv_expand(
        &mut self,
        expand: &'a MvExpand,
        plan: &Arc<Plan>,
        span: Span,
        environment: &Environment<'a>,
    ) -> Arc<Plan> {
        let mut schema = plan.schema.clone();
        let mut items = Vec::new();
        for (named, kind) in &expand.items {
            let value = self.scalar(&named.value, &plan.schema, environment);
            let kind = kind.unwrap_or(Type::Dynamic);
            let given = named.names.first().map(|name| name.text.clone());
            let name = given.or_else(|| name::of(&named.value));
            let name = name.unwrap_or_else(|| format!("Column{}", items.len() + 1));
            let position = index_of(&mut schema, Field::new(name, kind));
            items.push(ExpandItem { value: value.scalar, index: position, kind });
        }
        let bags = option(&expand.options, "kind")
            .or_else(|| option(&expand.options, "bagexpansion"))
            .map_or("bag", |kind| kind.value.text.as_str());
        let index_column = option(&expand.options, "with_itemindex")
            .map(|index| index_of(&mut schema, Field::new(index.value.text.clone(), Type::Long)));
        let limit = expand.limit.as_ref().map(|limit| self.row_count(limit, environment));
        let expand = ExpandStep { items, index_column, pairs_as_arrays: bags == "array", limit };
        let step = Step::Expand { input: Arc::clone(plan), expand };
        self.plan(step, schema, span)
    }

    pub(super) fn parse(
        &mut self,
        parse: &'a Parse,
        plan: &Arc<Plan>,
        span: Span,
        environment: &Environment<'a>,
    ) -> Arc<Plan> {
        let value = self.scalar(&parse.value, &plan.schema, environment);
        let kind = option(&parse.options, "kind").map_or("simple", |kind| kind.value.text.as_str());
        let mode = match kind {
            "simple" => Mode::Simple,
            "relaxed" => Mode::Relaxed,
            "regex" => Mode::Regex,
            other => {
                let message = format!("`{other}` is not a kind of parse: simple, relaxed, regex");
                self.report(Diagnostic::invalid(span, message));
                Mode::Simple
            }
        };
        let flags = option(&parse.options, "flags").map_or("", |flags| flags.value.text.as_str());
        let mut schema = plan.schema.clone();
        let mut indexes = Vec::new();
        for part in &parse.parts {
            if let ParsePart::Column(name, kind) = part {
                let index = index_of(&mut schema, Field::new(name.text.clone(), *kind));
                indexes.push((index, *kind));
            }
        }
        match pattern::compile(&parse.parts, mode, flags, span) {
            Ok(pattern) => {
                let parse = ParseStep { value: value.scalar, kind: value.kind, pattern, indexes };
                self.plan(Step::Parse { input: Arc::clone(plan), parse }, schema, span)
            }
            Err(diagnostic) => {
                self.report(diagnostic);
                nothing(span)
            }
        }
    }

    pub(super) fn search(
        &mut self,
        search: &'a Search,
        plan: Option<&Arc<Plan>>,
        environment: &Environment<'a>,
    ) -> Arc<Plan> {
        let mut tables: Vec<(String, Arc<Plan>)> = Vec::new();
        if let Some(plan) = plan {
            tables.push(("search_arg0".to_owned(), Arc::clone(plan)));
        }
        for member in &search.tables {
            self.member(member, "search_arg", search.span, environment, &mut tables);
        }
        if tables.is_empty() {
            for name in self.tables.names() {
                let table = self.stored_table(&name, &[], search.span);
                tables.push((name, table));
            }
        }
        let case_sensitive =
            option(&search.options, "kind").is_some_and(|kind| kind.value.text == "case_sensitive");
        let united = self.united(&tables, Some("$table"), Keep::All, search.span);
        let look = Look { case_sensitive, rows: &united.schema };
        let predicate = self.sought(&search.predicate, &look, environment).scalar;
        let schema = united.schema.clone();
        self.plan(Step::Filter { input: united, predicate }, schema, search.span)
    }

    /// The condition a search stands for.
    fn sought(&mut self, value: &'a Expression, look: &Look<'_>, environment: &Environment<'a>) -> Typed {
        match &value.kind {
            ExpressionKind::Star => typed(Value::Bool(true), Type::Bool),
            ExpressionKind::Literal(Value::String(word), _) => self.word_anywhere(word, value.span, look),
            ExpressionKind::Literal(number @ (Value::Long(_) | Value::Real(_)), kind) => {
                let word = crate::convert::to_text(number, *kind);
                self.word_anywhere(&word, value.span, look)
            }
            ExpressionKind::And(parts) => {
                let parts = parts.iter().map(|part| self.sought(part, look, environment)).collect();
                self.apply(&AND, parts, value.span)
            }
            ExpressionKind::Or(parts) => {
                let parts = parts.iter().map(|part| self.sought(part, look, environment)).collect();
                self.apply(&OR, parts, value.span)
            }
            ExpressionKind::Pipe(pipe) => match &pipe.source {
                Source::Expression(inner) if pipe.stages.is_empty() => self.sought(inner, look, environment),
                _ => unknown(),
            },
            ExpressionKind::Call(call) if call.name.text == "not" => {
                match call.arguments.first().map(|argument| &argument.value.source) {
                    Some(Source::Expression(inner)) => {
                        let inner = self.sought(inner, look, environment);
                        self.apply(&NOT, vec![inner], value.span)
                    }
                    _ => unknown(),
                }
            }
            ExpressionKind::Chain(column, rest) => match rest.as_slice() {
                [(Sign::Colon, Expression { kind: ExpressionKind::Literal(word, _), .. })] => {
                    let column = self.scalar(column, look.rows, environment);
                    let word = crate::convert::to_text(word, Type::Dynamic);
                    self.word_in(column, &word, value.span, look)
                }
                _ => self.scalar(value, look.rows, environment),
            },
            _ => self.scalar(value, look.rows, environment),
        }
    }

    /// A word as a term of some column; reals have no terms.
    fn word_anywhere(&mut self, word: &str, span: Span, look: &Look<'_>) -> Typed {
        let searched = look.rows.iter().enumerate().skip(1).filter(|(_, field)| field.kind != Type::Real);
        let columns = searched.map(|(index, field)| {
            let column = Typed { scalar: Scalar::Column(index), kind: field.kind };
            self.word_in(column, word, span, look)
        });
        let columns: Vec<Typed> = columns.collect();
        self.apply(&OR, columns, span)
    }

    /// A word with `*` at its ends is a part, a start or an end of a term.
    fn word_in(&mut self, column: Typed, word: &str, span: Span, look: &Look<'_>) -> Typed {
        let bare = word.trim_matches('*');
        let kind = match (word.starts_with('*'), word.ends_with('*')) {
            (true, true) => TextTestKind::Contains,
            (false, true) => TextTestKind::HasPrefix,
            (true, false) => TextTestKind::HasSuffix,
            (false, false) => TextTestKind::Has,
        };
        let test = TextTest { kind, case_sensitive: look.case_sensitive, negated: false };
        let bare = typed(Value::text(bare), Type::String);
        self.text_test(test, column, bare, span)
    }
}

/// What a search looks at.
struct Look<'r> {
    case_sensitive: bool,
    rows: Rows<'r>,
}
