//! Sources that are not tables: print, range and datatable.

use std::sync::Arc;

use crate::ast::{ColumnDeclaration, Datatable, Expression, Named, Range, Span};
use crate::batch::{Batch, Column, Field, Schema};
use crate::convert;
use crate::error::{Code, Diagnostic};
use crate::plan::{Plan, Scalar, Step};
use crate::value::{Type, Value};

use super::binder::Binder;
use super::environment::Environment;
use super::expression::bind_scalar;
use super::name;

pub(super) fn bind_print<'a>(
    binder: &mut Binder<'a>,
    list: &'a [Named],
    span: Span,
    environment: &Environment<'a>,
) -> Arc<Plan> {
    let (mut schema, mut scalars) = (Schema::new(), Vec::new());
    for (index, named) in list.iter().enumerate() {
        let value = bind_scalar(binder, &named.value, &[], environment);
        let name = match named.names.first() {
            Some(name) => name.text.clone(),
            None => format!("print_{index}"),
        };
        schema.push(Field::new(name::unique(&schema, &name), value.kind));
        scalars.push(value.scalar);
    }
    binder.step(Step::Print(scalars), schema, span)
}

pub(super) fn bind_range<'a>(
    binder: &mut Binder<'a>,
    range: &'a Range,
    span: Span,
    environment: &Environment<'a>,
) -> Arc<Plan> {
    let mut bound = |value| bind_scalar(binder, value, &[], environment);
    let (from, to, step) = (bound(&range.from), bound(&range.to), bound(&range.step));
    let kind = match (from.kind, to.kind, step.kind) {
        (Type::Datetime, ..) => Type::Datetime,
        (Type::Timespan, ..) => Type::Timespan,
        (Type::Real, ..) | (_, Type::Real, _) | (.., Type::Real) => Type::Real,
        _ => Type::Long,
    };
    let schema = vec![Field::new(range.name.text.clone(), kind)];
    binder.step(Step::Range { from, to, step }, schema, span)
}

pub(super) fn bind_datatable<'a>(
    binder: &mut Binder<'a>,
    table: &'a Datatable,
    environment: &Environment<'a>,
) -> Arc<Plan> {
    let width = table.columns.len();
    let mut columns: Vec<Vec<Value>> = vec![Vec::new(); width];
    for (index, cell) in table.cells.iter().enumerate() {
        let declaration = &table.columns[index % width];
        let value = datatable_cell(binder, cell, declaration, environment);
        columns[index % width].push(value);
    }
    let row_count = columns.first().map_or(0, Vec::len);
    let batch = Batch { columns: columns.into_iter().map(Column::of).collect(), row_count };
    let field = |column: &ColumnDeclaration| Field::new(column.name.text.clone(), column.kind);
    let schema = table.columns.iter().map(field).collect();
    binder.step(Step::Rows(batch.split()), schema, table.span)
}

fn datatable_cell<'a>(
    binder: &mut Binder<'a>,
    cell: &'a Expression,
    column: &ColumnDeclaration,
    environment: &Environment<'a>,
) -> Value {
    let value = bind_scalar(binder, cell, &[], environment);
    let Scalar::Constant(constant) = &value.scalar else {
        binder.report(Diagnostic::invalid(cell.span, "a constant is required here"));
        return Value::missing(column.kind);
    };
    let converted = convert::to_type(constant, value.kind, column.kind);
    if converted.is_null() && !constant.is_null() && value.kind != Type::String {
        let (from, to) = (value.kind.as_str(), column.kind.as_str());
        let message = format!("a {from} does not fit a column of type {to}");
        binder.report(Diagnostic::new(Code::Type, cell.span, message));
    }
    converted
}
