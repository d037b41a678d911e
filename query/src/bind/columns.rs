//! Stages that choose, rename and compute columns.

use std::sync::Arc;

use crate::ast::{Direction, ExpressionKind, Name, Named, Span};
use crate::batch::{Field, Schema};
use crate::function::operator::ACCESS;
use crate::plan::{Plan, Scalar, Step, Typed};
use crate::value::{Type, Value};

use super::apply::{apply, typed};
use super::binder::Binder;
use super::environment::Environment;
use super::expression::{bind_scalar, report_unknown_column};
use super::name;

/// Makes columns of values, with names for those that were given none.
pub(super) fn bind_columns<'a>(
    binder: &mut Binder<'a>,
    list: &'a [Named],
    fields: &[Field],
    environment: &Environment<'a>,
) -> Vec<(Field, Scalar)> {
    let (mut made, mut unnamed) = (Vec::new(), 0);
    for named in list {
        if matches!(named.value.kind, ExpressionKind::Star) {
            let all = fields.iter().cloned().enumerate();
            made.extend(all.map(|(index, field)| (field, Scalar::Column(index))));
            continue;
        }
        let value = bind_scalar(binder, &named.value, fields, environment);
        if named.names.len() > 1 {
            made.extend(array_elements(binder, &named.names, &value, named.value.span));
            continue;
        }
        let name = named.names.first().map(|name| name.text.clone());
        let name = name.or_else(|| name::of(&named.value)).unwrap_or_else(|| {
            unnamed += 1;
            format!("Column{unnamed}")
        });
        made.push((Field::new(name, value.kind), value.scalar));
    }
    made
}

/// `(a, b) = f(…)`: the elements of an array.
fn array_elements(
    binder: &mut Binder<'_>,
    names: &[Name],
    value: &Typed,
    span: Span,
) -> Vec<(Field, Scalar)> {
    let element = |(index, name): (i64, &Name)| {
        let position = typed(Value::Long(index), Type::Long);
        let arguments = vec![value.clone(), position];
        let element = apply(binder, &ACCESS, arguments, span);
        (Field::new(name.text.clone(), Type::Dynamic), element.scalar)
    };
    (0..).zip(names).map(element).collect()
}

pub(super) fn bind_project<'a>(
    binder: &mut Binder<'a>,
    list: &'a [Named],
    plan: &Arc<Plan>,
    span: Span,
    environment: &Environment<'a>,
) -> Arc<Plan> {
    let (schema, columns) = bind_named_columns(binder, list, plan, environment);
    binder.step(Step::Project { input: Arc::clone(plan), columns }, schema, span)
}

/// The columns of a list, each under a name of its own.
pub(super) fn bind_named_columns<'a>(
    binder: &mut Binder<'a>,
    list: &'a [Named],
    plan: &Arc<Plan>,
    environment: &Environment<'a>,
) -> (Schema, Vec<Scalar>) {
    let (mut schema, mut columns) = (Schema::new(), Vec::new());
    for (field, scalar) in bind_columns(binder, list, &plan.schema, environment) {
        schema.push(Field::new(name::unique(&schema, &field.name), field.kind));
        columns.push(scalar);
    }
    (schema, columns)
}

pub(super) fn bind_extend<'a>(
    binder: &mut Binder<'a>,
    list: &'a [Named],
    plan: &Arc<Plan>,
    span: Span,
    environment: &Environment<'a>,
) -> Arc<Plan> {
    let mut schema = plan.schema.clone();
    let mut columns: Vec<Scalar> = (0..schema.len()).map(Scalar::Column).collect();
    for (field, scalar) in bind_columns(binder, list, &plan.schema, environment) {
        if let Some(index) = schema.iter().position(|other| other.name == field.name) {
            schema[index] = field;
            columns[index] = scalar;
        } else {
            schema.push(field);
            columns.push(scalar);
        }
    }
    binder.step(Step::Project { input: Arc::clone(plan), columns }, schema, span)
}

/// The columns that patterns name.
pub(super) fn columns_matching_any(
    binder: &mut Binder<'_>,
    patterns: &[Name],
    plan: &Arc<Plan>,
) -> Vec<usize> {
    let mut all = Vec::new();
    for pattern in patterns {
        all.extend(columns_matching(binder, pattern, plan));
    }
    all
}

fn columns_matching(binder: &mut Binder<'_>, pattern: &Name, plan: &Arc<Plan>) -> Vec<usize> {
    let fields = plan.schema.iter().enumerate();
    let found: Vec<usize> =
        fields.filter(|(_, field)| name::fits(&pattern.text, &field.name)).map(|(index, _)| index).collect();
    if found.is_empty() && !pattern.text.contains('*') {
        let fields = &plan.schema;
        report_unknown_column(binder, &pattern.text, pattern.span, fields, &Environment::default());
    }
    found
}

pub(super) fn keep_columns(
    binder: &mut Binder<'_>,
    plan: &Arc<Plan>,
    span: Span,
    keep: impl Fn(usize) -> bool,
) -> Arc<Plan> {
    let kept: Vec<usize> = (0..plan.schema.len()).filter(|index| keep(*index)).collect();
    pick_columns(binder, plan, &kept, span)
}

/// Some columns of a table, in the order given.
fn pick_columns(binder: &mut Binder<'_>, plan: &Arc<Plan>, indexes: &[usize], span: Span) -> Arc<Plan> {
    let schema = indexes.iter().map(|index| plan.schema[*index].clone()).collect();
    let columns = indexes.iter().map(|index| Scalar::Column(*index)).collect();
    binder.step(Step::Project { input: Arc::clone(plan), columns }, schema, span)
}

pub(super) fn bind_rename<'a>(
    binder: &mut Binder<'a>,
    renames: &[(Name, Name)],
    plan: &Arc<Plan>,
    span: Span,
    environment: &Environment<'a>,
) -> Arc<Plan> {
    let mut schema = plan.schema.clone();
    for (new, old) in renames {
        match plan.schema.iter().position(|field| field.name == old.text) {
            Some(index) => schema[index].name.clone_from(&new.text),
            None => report_unknown_column(binder, &old.text, old.span, &plan.schema, environment),
        }
    }
    let columns = (0..schema.len()).map(Scalar::Column).collect();
    binder.step(Step::Project { input: Arc::clone(plan), columns }, schema, span)
}

pub(super) fn bind_reorder(
    binder: &mut Binder<'_>,
    list: &[(Name, Option<Direction>)],
    plan: &Arc<Plan>,
    span: Span,
) -> Arc<Plan> {
    let mut indexes: Vec<usize> = Vec::new();
    for (pattern, direction) in list {
        let mut found = columns_matching(binder, pattern, plan);
        found.retain(|index| !indexes.contains(index));
        let by_name = |left: &usize, right: &usize| plan.schema[*left].name.cmp(&plan.schema[*right].name);
        match direction {
            Some(Direction::Ascending) => found.sort_by(by_name),
            Some(Direction::Descending) => found.sort_by(|left, right| by_name(right, left)),
            None => {}
        }
        indexes.extend(found);
    }
    let rest: Vec<usize> = (0..plan.schema.len()).filter(|index| !indexes.contains(index)).collect();
    indexes.extend(rest);
    pick_columns(binder, plan, &indexes, span)
}
