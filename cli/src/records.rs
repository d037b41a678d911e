//! Records of the store as rows: columns and cells follow from the fields of their types.

use engine::records::{Field, FieldKind, FieldValue};

use crate::output::{Cell, json};

/// The names of fields, and of `more` columns behind them.
pub(crate) const fn columns<R, const N: usize, const M: usize>(
    fields: &[Field<R>; N],
    more: &[&'static str],
) -> [&'static str; M] {
    assert!(N + more.len() == M, "there is a column for each field, and for each of the others");
    let (mut names, mut index) = ([""; M], 0);
    while index < M {
        names[index] = if index < N { fields[index].name } else { more[index - N] };
        index += 1;
    }
    names
}

/// A record's values, in the order of its fields.
pub(crate) fn cells<R>(fields: &[Field<R>], record: &R) -> Vec<Cell> {
    fields.iter().map(|field| cell(field, record)).collect()
}

/// A record's values under some columns, each the name of a field.
pub(crate) fn cells_under<R>(columns: &[&str], fields: &[Field<R>], record: &R) -> Vec<Cell> {
    let field = |name: &&str| fields.iter().find(|field| field.name == *name);
    columns.iter().map(|name| field(name).map_or(Cell::Null, |field| cell(field, record))).collect()
}

fn cell<R>(field: &Field<R>, record: &R) -> Cell {
    match ((field.value)(record), field.kind) {
        (FieldValue::Null, FieldKind::Time) => Cell::Json("null".to_owned()),
        (FieldValue::Null, _) => Cell::Null,
        (FieldValue::Text(text), _) => Cell::text(text),
        (FieldValue::Count(count), _) => Cell::Number(count),
        (FieldValue::Time(time), _) => Cell::Time(time),
        (FieldValue::Json(value), _) => Cell::Json(json::value(Some(&value.to_string()))),
    }
}
