//! Stages of two tables or more: join, lookup, union.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::ast::{Access, Expression, ExpressionKind, Join, OptionSetting, Side, Sign, Source, Span, Union};
use crate::batch::{Field, Schema};
use crate::error::{Code, Diagnostic};
use crate::plan::{JoinKind, JoinStep, Plan, Scalar, Step};
use crate::value::{Type, Value};

use super::binder::Binder;
use super::environment::Environment;
use super::expression::report_unknown_column;
use super::{bind_source, bind_stored_table, bind_table, name};

/// The kinds of a join by their names.
const KINDS: [(&str, JoinKind); 13] = [
    ("innerunique", JoinKind::InnerUnique),
    ("inner", JoinKind::Inner),
    ("leftouter", JoinKind::LeftOuter),
    ("rightouter", JoinKind::RightOuter),
    ("fullouter", JoinKind::FullOuter),
    ("leftsemi", JoinKind::LeftSemi),
    ("leftanti", JoinKind::LeftAnti),
    ("leftantisemi", JoinKind::LeftAnti),
    ("anti", JoinKind::LeftAnti),
    ("rightsemi", JoinKind::RightSemi),
    ("rightanti", JoinKind::RightAnti),
    ("rightantisemi", JoinKind::RightAnti),
    ("semi", JoinKind::LeftSemi),
];

/// The names of the kinds.
pub(crate) fn join_kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(name, _)| *name)
}

/// Which columns of its tables a union has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnionColumns {
    /// Every column of any.
    All,
    /// The columns of all.
    Shared,
}

/// The value of an option.
pub(super) fn option<'o>(options: &'o [OptionSetting], name: &str) -> Option<&'o OptionSetting> {
    options.iter().find(|option| option.name.text == name)
}

fn join_kind(binder: &mut Binder<'_>, options: &[OptionSetting], default: JoinKind) -> JoinKind {
    let Some(kind) = option(options, "kind") else { return default };
    let found = KINDS.iter().find(|(name, _)| *name == kind.value.text);
    found.map_or_else(
        || {
            let message = format!("`{}` is not a kind of join", kind.value.text);
            let names: Vec<&str> = join_kinds().collect();
            let diagnostic = Diagnostic::invalid(kind.value.span, message);
            binder.report(diagnostic.with_help(format!("kinds: {}", names.join(", "))));
            default
        },
        |(_, kind)| *kind,
    )
}

pub(super) fn bind_join<'a>(
    binder: &mut Binder<'a>,
    join: &'a Join,
    plan: &Arc<Plan>,
    span: Span,
    environment: &Environment<'a>,
) -> Arc<Plan> {
    let kind = join_kind(binder, &join.options, JoinKind::InnerUnique);
    let right = bind_source(binder, &join.right, span, environment);
    let pairs = bind_conditions(binder, &join.conditions, plan, &right);
    let one_side = match kind {
        JoinKind::LeftSemi | JoinKind::LeftAnti => Some(plan.schema.clone()),
        JoinKind::RightSemi | JoinKind::RightAnti => Some(right.schema.clone()),
        _ => None,
    };
    let all: Vec<usize> = (0..right.schema.len()).collect();
    let schema = one_side.unwrap_or_else(|| both(&plan.schema, &right.schema, &all));
    let join = join_step(kind, &pairs, all);
    let step = Step::Join { left: Arc::clone(plan), right, join };
    binder.step(step, schema, span)
}

pub(super) fn bind_lookup<'a>(
    binder: &mut Binder<'a>,
    join: &'a Join,
    plan: &Arc<Plan>,
    span: Span,
    environment: &Environment<'a>,
) -> Arc<Plan> {
    let kind = join_kind(binder, &join.options, JoinKind::LeftOuter);
    if !matches!(kind, JoinKind::LeftOuter | JoinKind::Inner) {
        binder.report(Diagnostic::invalid(span, "a lookup is leftouter or inner"));
    }
    let right = bind_source(binder, &join.right, span, environment);
    let pairs = bind_conditions(binder, &join.conditions, plan, &right);
    let others: Vec<usize> =
        (0..right.schema.len()).filter(|index| !pairs.iter().any(|(_, key)| key == index)).collect();
    let schema = both(&plan.schema, &right.schema, &others);
    let join = join_step(kind, &pairs, others);
    let step = Step::Join { left: Arc::clone(plan), right, join };
    binder.step(step, schema, span)
}

/// The columns of both sides that must be equal.
fn bind_conditions(
    binder: &mut Binder<'_>,
    conditions: &[Expression],
    left: &Arc<Plan>,
    right: &Arc<Plan>,
) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for condition in conditions {
        match &condition.kind {
            ExpressionKind::And(parts) => {
                let inner = parts.iter().filter_map(|part| bind_condition_pair(binder, part, left, right));
                pairs.extend(inner.collect::<Vec<_>>());
            }
            _ => pairs.extend(bind_condition_pair(binder, condition, left, right)),
        }
    }
    for (index, other) in &pairs {
        let (left, right) = (&left.schema[*index], &right.schema[*other]);
        let span = conditions.first().map(|condition| condition.span).unwrap_or_default();
        check_key_types(binder, left, right, span);
    }
    pairs
}

fn check_key_types(binder: &mut Binder<'_>, left: &Field, right: &Field, span: Span) {
    let whole = |kind: Type| matches!(kind, Type::Int | Type::Long);
    if left.kind == right.kind || (whole(left.kind) && whole(right.kind)) {
        return;
    }
    let message = format!(
        "`{}` is a {} and `{}` a {}: the keys of a join must have one type",
        left.name,
        left.kind.as_str(),
        right.name,
        right.kind.as_str()
    );
    binder.report(Diagnostic::new(Code::Type, span, message));
}

/// `a`, or `$left.a == $right.b` in either order.
fn bind_condition_pair(
    binder: &mut Binder<'_>,
    condition: &Expression,
    left: &Arc<Plan>,
    right: &Arc<Plan>,
) -> Option<(usize, usize)> {
    match &condition.kind {
        ExpressionKind::Name(name) => {
            let span = condition.span;
            let left = key_column(binder, name, span, left);
            let right = key_column(binder, name, span, right);
            left.zip(right)
        }
        ExpressionKind::Chain(first, rest) => match rest.as_slice() {
            [(Sign::Equal, second)] => {
                let (side, name) = bind_side(binder, first)?;
                let (other, other_name) = bind_side(binder, second)?;
                let (in_left, in_right) = match (side, other) {
                    (Side::Left, Side::Right) => (name, other_name),
                    (Side::Right, Side::Left) => (other_name, name),
                    _ => return refuse_condition(binder, condition.span),
                };
                let left = key_column(binder, in_left, condition.span, left);
                let right = key_column(binder, in_right, condition.span, right);
                left.zip(right)
            }
            _ => refuse_condition(binder, condition.span),
        },
        _ => refuse_condition(binder, condition.span),
    }
}

fn refuse_condition<T>(binder: &mut Binder<'_>, span: Span) -> Option<T> {
    let message = "a column of both tables, or `$left.a == $right.b`, is required here";
    binder.report(Diagnostic::invalid(span, message));
    None
}

fn bind_side<'e>(binder: &mut Binder<'_>, value: &'e Expression) -> Option<(Side, &'e str)> {
    if let ExpressionKind::Path(base, steps) = &value.kind
        && let (ExpressionKind::Side(side), [step]) = (&base.kind, steps.as_slice())
    {
        match step {
            Access::Member(name) => return Some((*side, &name.text)),
            Access::Index(Expression { kind: ExpressionKind::Literal(Value::String(name), _), .. }) => {
                return Some((*side, name));
            }
            _ => {}
        }
    }
    refuse_condition(binder, value.span)
}

fn key_column(binder: &mut Binder<'_>, name: &str, span: Span, plan: &Arc<Plan>) -> Option<usize> {
    let index = plan.schema.iter().position(|field| field.name == name);
    if index.is_none() {
        report_unknown_column(binder, name, span, &plan.schema, &Environment::default());
    }
    index
}

pub(super) fn bind_union<'a>(
    binder: &mut Binder<'a>,
    union: &'a Union,
    first: Option<&Arc<Plan>>,
    environment: &Environment<'a>,
) -> Arc<Plan> {
    let mut tables: Vec<(String, Arc<Plan>)> = Vec::new();
    if let Some(plan) = first {
        tables.push(("union_arg0".to_owned(), Arc::clone(plan)));
    }
    for member in &union.members {
        bind_member(binder, member, "union_arg", union.span, environment, &mut tables);
    }
    let source = option(&union.options, "withsource").or_else(|| option(&union.options, "with_source"));
    let inner = option(&union.options, "kind").is_some_and(|kind| kind.value.text == "inner");
    let keep = if inner { UnionColumns::Shared } else { UnionColumns::All };
    let source = source.map(|source| source.value.text.as_str());
    unite(binder, &tables, source, keep, union.span)
}

/// Adds the tables a member of a union or a search names.
pub(super) fn bind_member<'a>(
    binder: &mut Binder<'a>,
    member: &'a Source,
    unnamed: &str,
    span: Span,
    environment: &Environment<'a>,
    tables: &mut Vec<(String, Arc<Plan>)>,
) {
    if let Source::Expression(value) = member
        && let ExpressionKind::Name(name) = &value.kind
    {
        if name.contains('*') {
            bind_wildcard(binder, name, value.span, environment, tables);
            return;
        }
        if environment.find(name).is_none() {
            tables.push((name.clone(), bind_table(binder, value, environment)));
            return;
        }
    }
    let name = format!("{unnamed}{}", tables.len());
    tables.push((name, bind_source(binder, member, span, environment)));
}

fn bind_wildcard<'a>(
    binder: &mut Binder<'a>,
    pattern: &str,
    span: Span,
    environment: &Environment<'a>,
    tables: &mut Vec<(String, Arc<Plan>)>,
) {
    let before = tables.len();
    for (name, plan) in environment.tables() {
        if name::fits(pattern, name) {
            tables.push((name.to_owned(), Arc::clone(plan)));
        }
    }
    for name in binder.tables.names() {
        if name::fits(pattern, &name) {
            let plan = bind_stored_table(binder, &name, &[], span);
            tables.push((name, plan));
        }
    }
    if tables.len() == before {
        let message = format!("unknown table `{pattern}`: no name fits");
        let names = binder.tables.names();
        let diagnostic = Diagnostic::new(Code::UnknownTable, span, message);
        binder.report(diagnostic.with_list("tables", names.iter().map(String::as_str)));
    }
}

/// Gives tables the same columns and puts their rows together.
pub(super) fn unite(
    binder: &mut Binder<'_>,
    tables: &[(String, Arc<Plan>)],
    source: Option<&str>,
    keep: UnionColumns,
    span: Span,
) -> Arc<Plan> {
    let fields = shared_fields(tables, keep);
    let mut schema: Schema = fields.iter().map(|field| field.shown.clone()).collect();
    if let Some(source) = source {
        schema.insert(0, Field::new(source, Type::String));
    }
    let inputs = tables.iter().map(|(name, plan)| {
        let mut columns: Vec<Scalar> = Vec::with_capacity(schema.len());
        if source.is_some() {
            columns.push(Scalar::Constant(Value::text(name)));
        }
        columns.extend(fields.iter().map(|field| {
            let index = plan.schema.iter().position(|other| *other == field.real);
            index.map_or_else(|| Scalar::Constant(Value::missing(field.real.kind)), Scalar::Column)
        }));
        binder.step(Step::Project { input: Arc::clone(plan), columns }, schema.clone(), span)
    });
    let inputs: Vec<Arc<Plan>> = inputs.collect();
    binder.step(Step::Union(inputs), schema, span)
}

fn join_step(kind: JoinKind, pairs: &[(usize, usize)], right_columns: Vec<usize>) -> JoinStep {
    JoinStep {
        kind,
        left_keys: pairs.iter().map(|(index, _)| Scalar::Column(*index)).collect(),
        right_keys: pairs.iter().map(|(_, index)| Scalar::Column(*index)).collect(),
        right_columns,
    }
}

/// The columns of both sides; a taken name gets a number.
fn both(left: &[Field], right: &[Field], kept: &[usize]) -> Schema {
    let (mut schema, mut names) = (left.to_vec(), name::Names::of(left));
    for index in kept {
        let field = &right[*index];
        schema.push(Field::new(names.take(&field.name), field.kind));
    }
    schema
}

/// A column of a union: as its tables have it, and as it is shown.
struct SharedField {
    real: Field,
    shown: Field,
}

/// The columns of a union in order of appearance; two types of one name make two columns.
fn shared_fields(tables: &[(String, Arc<Plan>)], keep: UnionColumns) -> Vec<SharedField> {
    let (mut all, mut known) = (Vec::new(), HashSet::new());
    for (_, plan) in tables {
        for field in &plan.schema {
            if known.insert((field.name.as_str(), field.kind)) {
                all.push(field.clone());
            }
        }
    }
    if keep == UnionColumns::Shared {
        all.retain(|field| tables.iter().all(|(_, plan)| plan.schema.contains(field)));
    }
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for field in &all {
        *counts.entry(&field.name).or_default() += 1;
    }
    let shown = |field: &Field| {
        let twice = counts[field.name.as_str()] > 1;
        let name = if twice { format!("{}_{}", field.name, field.kind.as_str()) } else { field.name.clone() };
        SharedField { shown: Field::new(name, field.kind), real: field.clone() }
    };
    all.iter().map(shown).collect()
}
