//! Stages that make rows or columns of what is inside a cell: mv-expand, parse, search.

use std::sync::Arc;

use crate::ast::{
    Expression, ExpressionKind, MvExpand, Parse, ParsePart, Search, Sign, Source, Span, TextTest,
    TextTestKind,
};
use crate::batch::{Field, Schema};
use crate::error::Diagnostic;
use crate::function::operator::{AND, NOT, OR};
use crate::pattern::{self, Mode};
use crate::plan::{ExpandItem, ExpandStep, ParseStep, Plan, Scalar, Step, Typed};
use crate::value::{Type, Value};

use super::apply::{apply, apply_text_test, typed, unknown};
use super::binder::{Binder, nothing};
use super::environment::Environment;
use super::expression::{bind_row_count, bind_scalar};
use super::join::{UnionColumns, bind_member, option, unite};
use super::{bind_stored_table, name};

/// Replaces the column with the same name, or adds one at the end; gives its index.
fn index_of(schema: &mut Schema, field: Field) -> usize {
    if let Some(index) = schema.iter().position(|other| other.name == field.name) {
        schema[index] = field;
        index
    } else {
        schema.push(field);
        schema.len() - 1
    }
}

pub(super) fn bind_mv_expand<'a>(
    binder: &mut Binder<'a>,
    expand: &'a MvExpand,
    plan: &Arc<Plan>,
    span: Span,
    environment: &Environment<'a>,
) -> Arc<Plan> {
    let mut schema = plan.schema.clone();
    let mut items = Vec::new();
    for (named, kind) in &expand.items {
        let value = bind_scalar(binder, &named.value, &plan.schema, environment);
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
    let limit = expand.limit.as_ref().map(|limit| bind_row_count(binder, limit, environment));
    let expand = ExpandStep { items, index_column, pairs_as_arrays: bags == "array", limit };
    let step = Step::Expand { input: Arc::clone(plan), expand };
    binder.step(step, schema, span)
}

pub(super) fn bind_parse<'a>(
    binder: &mut Binder<'a>,
    parse: &'a Parse,
    plan: &Arc<Plan>,
    span: Span,
    environment: &Environment<'a>,
) -> Arc<Plan> {
    let value = bind_scalar(binder, &parse.value, &plan.schema, environment);
    let kind = option(&parse.options, "kind").map_or("simple", |kind| kind.value.text.as_str());
    let mode = match kind {
        "simple" => Mode::Simple,
        "relaxed" => Mode::Relaxed,
        "regex" => Mode::Regex,
        other => {
            let message = format!("`{other}` is not a kind of parse: simple, relaxed, regex");
            binder.report(Diagnostic::invalid(span, message));
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
            binder.step(Step::Parse { input: Arc::clone(plan), parse }, schema, span)
        }
        Err(diagnostic) => {
            binder.report(diagnostic);
            nothing(span)
        }
    }
}

pub(super) fn bind_search<'a>(
    binder: &mut Binder<'a>,
    search: &'a Search,
    plan: Option<&Arc<Plan>>,
    environment: &Environment<'a>,
) -> Arc<Plan> {
    let mut tables: Vec<(String, Arc<Plan>)> = Vec::new();
    if let Some(plan) = plan {
        tables.push(("search_arg0".to_owned(), Arc::clone(plan)));
    }
    for member in &search.tables {
        bind_member(binder, member, "search_arg", search.span, environment, &mut tables);
    }
    if tables.is_empty() {
        for name in binder.tables.searched() {
            let table = bind_stored_table(binder, &name, &[], search.span);
            tables.push((name, table));
        }
    }
    let case_sensitive =
        option(&search.options, "kind").is_some_and(|kind| kind.value.text == "case_sensitive");
    let united = unite(binder, &tables, Some("$table"), UnionColumns::All, search.span);
    let scope = SearchScope { case_sensitive, fields: &united.schema };
    let predicate = bind_search_term(binder, &search.predicate, &scope, environment).scalar;
    let schema = united.schema.clone();
    binder.step(Step::Filter { input: united, predicate }, schema, search.span)
}

/// The condition that a search means.
fn bind_search_term<'a>(
    binder: &mut Binder<'a>,
    value: &'a Expression,
    scope: &SearchScope<'_>,
    environment: &Environment<'a>,
) -> Typed {
    match &value.kind {
        ExpressionKind::Star => typed(Value::Bool(true), Type::Bool),
        ExpressionKind::Literal(Value::String(word), _) => {
            word_in_any_column(binder, word, value.span, scope)
        }
        ExpressionKind::Literal(number @ (Value::Long(_) | Value::Real(_)), kind) => {
            let word = crate::convert::to_text(number, *kind);
            word_in_any_column(binder, &word, value.span, scope)
        }
        ExpressionKind::And(parts) => {
            let parts = parts.iter().map(|part| bind_search_term(binder, part, scope, environment)).collect();
            apply(binder, &AND, parts, value.span)
        }
        ExpressionKind::Or(parts) => {
            let parts = parts.iter().map(|part| bind_search_term(binder, part, scope, environment)).collect();
            apply(binder, &OR, parts, value.span)
        }
        ExpressionKind::Pipe(pipe) => match &pipe.source {
            Source::Expression(inner) if pipe.stages.is_empty() => {
                bind_search_term(binder, inner, scope, environment)
            }
            _ => unknown(),
        },
        ExpressionKind::Call(call) if call.name.text == "not" => {
            match call.arguments.first().map(|argument| &argument.value.source) {
                Some(Source::Expression(inner)) => {
                    let inner = bind_search_term(binder, inner, scope, environment);
                    apply(binder, &NOT, vec![inner], value.span)
                }
                _ => unknown(),
            }
        }
        ExpressionKind::Chain(column, rest) => match rest.as_slice() {
            [(Sign::Colon, Expression { kind: ExpressionKind::Literal(word, _), .. })] => {
                let column = bind_scalar(binder, column, scope.fields, environment);
                let word = crate::convert::to_text(word, Type::Dynamic);
                word_in_column(binder, column, &word, value.span, scope)
            }
            _ => bind_scalar(binder, value, scope.fields, environment),
        },
        _ => bind_scalar(binder, value, scope.fields, environment),
    }
}

/// A word as a term of some column; reals have no terms.
fn word_in_any_column(binder: &mut Binder<'_>, word: &str, span: Span, scope: &SearchScope<'_>) -> Typed {
    let searched = scope.fields.iter().enumerate().skip(1).filter(|(_, field)| field.kind != Type::Real);
    let columns = searched.map(|(index, field)| {
        let column = Typed { scalar: Scalar::Column(index), kind: field.kind };
        word_in_column(binder, column, word, span, scope)
    });
    let columns: Vec<Typed> = columns.collect();
    apply(binder, &OR, columns, span)
}

/// A word with `*` at its ends is a part, a start or an end of a term.
fn word_in_column(
    binder: &mut Binder<'_>,
    column: Typed,
    word: &str,
    span: Span,
    scope: &SearchScope<'_>,
) -> Typed {
    let bare = word.trim_matches('*');
    let kind = match (word.starts_with('*'), word.ends_with('*')) {
        (true, true) => TextTestKind::Contains,
        (false, true) => TextTestKind::HasPrefix,
        (true, false) => TextTestKind::HasSuffix,
        (false, false) => TextTestKind::Has,
    };
    let test = TextTest { kind, case_sensitive: scope.case_sensitive, negated: false };
    let bare = typed(Value::text(bare), Type::String);
    apply_text_test(binder, test, column, bare, span)
}

/// What a search looks at.
struct SearchScope<'r> {
    case_sensitive: bool,
    fields: &'r [Field],
}
