//! Chooses how each operator is bound, and binds those that keep the columns: where, sort, take, getschema.

use std::sync::Arc;

use crate::ast::{Direction, Expression, Nulls, Operator, Order, Span, Stage};
use crate::batch::{Batch, Column, Field};
use crate::error::Diagnostic;
use crate::plan::{Plan, Scalar, SortKey, Step};
use crate::value::{Type, Value};

use super::apply::check_condition;
use super::binder::Binder;
use super::columns::{
    bind_extend, bind_project, bind_rename, bind_reorder, columns_matching_any, keep_columns,
};
use super::environment::Environment;
use super::expand::{bind_mv_expand, bind_parse, bind_search};
use super::expression::{bind_invoke, bind_row_count, bind_scalar};
use super::group::{bind_count, bind_distinct, bind_summarize};
use super::join::{bind_join, bind_lookup, bind_union};

pub(super) fn bind_stage<'a>(
    binder: &mut Binder<'a>,
    stage: &'a Stage,
    plan: &Arc<Plan>,
    environment: &Environment<'a>,
) -> Arc<Plan> {
    let span = stage.span;
    match &stage.operator {
        Operator::Where(condition) => bind_filter(binder, condition, plan, span, environment),
        Operator::Project(list) => bind_project(binder, list, plan, span, environment),
        Operator::ProjectAway(patterns) => {
            let away = columns_matching_any(binder, patterns, plan);
            keep_columns(binder, plan, span, |index| !away.contains(&index))
        }
        Operator::ProjectKeep(patterns) => {
            let kept = columns_matching_any(binder, patterns, plan);
            keep_columns(binder, plan, span, |index| kept.contains(&index))
        }
        Operator::ProjectRename(renames) => bind_rename(binder, renames, plan, span, environment),
        Operator::ProjectReorder(list) => bind_reorder(binder, list, plan, span),
        Operator::Extend(list) => bind_extend(binder, list, plan, span, environment),
        Operator::Summarize(summarize) => bind_summarize(binder, summarize, plan, environment),
        Operator::Count => bind_count(binder, plan, span),
        Operator::Distinct(list) => bind_distinct(binder, list, plan, span, environment),
        Operator::Sort(orders) => bind_sort(binder, orders, None, plan, span, environment),
        Operator::Top(count, orders) => {
            let limit = bind_row_count(binder, count, environment);
            bind_sort(binder, orders, Some(limit), plan, span, environment)
        }
        Operator::Take(count) => {
            let count = bind_row_count(binder, count, environment);
            let step = Step::Take { input: Arc::clone(plan), count };
            binder.step(step, plan.schema.clone(), span)
        }
        Operator::Join(join) => bind_join(binder, join, plan, span, environment),
        Operator::Lookup(join) => bind_lookup(binder, join, plan, span, environment),
        Operator::Union(union) => bind_union(binder, union, Some(plan), environment),
        Operator::MvExpand(expand) => bind_mv_expand(binder, expand, plan, span, environment),
        Operator::Parse(parse) => bind_parse(binder, parse, plan, span, environment),
        Operator::Search(search) => bind_search(binder, search, Some(plan), environment),
        Operator::GetSchema => bind_get_schema(binder, plan, span),
        Operator::Invoke(value) => bind_invoke(binder, value, plan, environment),
        Operator::As(_) | Operator::Render(_) => Arc::clone(plan),
        Operator::Recover(_) => {
            let message = "`recover` can only end a query";
            binder.report(Diagnostic::invalid(span, message));
            Arc::clone(plan)
        }
    }
}

fn bind_filter<'a>(
    binder: &mut Binder<'a>,
    condition: &'a Expression,
    plan: &Arc<Plan>,
    span: Span,
    environment: &Environment<'a>,
) -> Arc<Plan> {
    let value = bind_scalar(binder, condition, &plan.schema, environment);
    let predicate = check_condition(binder, value, condition.span).scalar;
    let step = Step::Filter { input: Arc::clone(plan), predicate };
    binder.step(step, plan.schema.clone(), span)
}

fn bind_sort<'a>(
    binder: &mut Binder<'a>,
    orders: &'a [Order],
    limit: Option<Scalar>,
    plan: &Arc<Plan>,
    span: Span,
    environment: &Environment<'a>,
) -> Arc<Plan> {
    let keys = orders.iter().map(|order| {
        let descending = order.direction != Some(Direction::Ascending);
        let nulls_first = order.nulls.map_or(!descending, |nulls| nulls == Nulls::First);
        let value = bind_scalar(binder, &order.value, &plan.schema, environment).scalar;
        SortKey { value, descending, nulls_first }
    });
    let keys = keys.collect();
    let step = Step::Sort { input: Arc::clone(plan), keys, limit };
    binder.step(step, plan.schema.clone(), span)
}

fn bind_get_schema(binder: &mut Binder<'_>, plan: &Arc<Plan>, span: Span) -> Arc<Plan> {
    let text = |texts: Vec<&str>| Column::of(texts.into_iter().map(Value::text).collect());
    let fields = &plan.schema;
    let ordinals = (0..).zip(fields).map(|(ordinal, _)| Value::Long(ordinal)).collect();
    let columns = vec![
        text(fields.iter().map(|field| field.name.as_str()).collect()),
        Column::of(ordinals),
        text(fields.iter().map(|field| system_type(field.kind)).collect()),
        text(fields.iter().map(|field| field.kind.as_str()).collect()),
    ];
    let schema = vec![
        Field::new("ColumnName", Type::String),
        Field::new("ColumnOrdinal", Type::Int),
        Field::new("DataType", Type::String),
        Field::new("ColumnType", Type::String),
    ];
    binder.step(Step::Rows(vec![Batch { columns, row_count: fields.len() }]), schema, span)
}

fn system_type(kind: Type) -> &'static str {
    match kind {
        Type::Bool => "System.SByte",
        Type::Int => "System.Int32",
        Type::Long => "System.Int64",
        Type::Real => "System.Double",
        Type::String => "System.String",
        Type::Datetime => "System.DateTime",
        Type::Timespan => "System.TimeSpan",
        Type::Guid => "System.Guid",
        Type::Dynamic => "System.Object",
    }
}
