//! Rows of the elements of a cell, and columns of the parts of a text.

use std::sync::Arc;

use rayon::prelude::*;
use regex::Captures;

use super::{Execution, evaluate};
use crate::batch::{Batch, Column, row_number};
use crate::convert;
use crate::error::Diagnostic;
use crate::function::array_of;
use crate::pattern::Mode;
use crate::plan::{ExpandStep, ParseStep, Plan};
use crate::value::{Type, Value};

impl Execution<'_> {
    pub(super) fn expand(
        &self,
        input: &Arc<Plan>,
        expand: &ExpandStep,
        width: usize,
    ) -> Result<Vec<Batch>, Diagnostic> {
        let limit = expand.limit.as_ref().map(|limit| self.count(limit)).transpose()?;
        let items = expand.items.iter().map(|item| self.prepare(&item.value));
        let items = items.collect::<Result<Vec<_>, _>>()?;
        let batches = self.rows(input)?;
        let made = batches.par_iter().map(|batch| {
            let values: Vec<Column> = items.iter().map(|item| evaluate(item, batch, self.now)).collect();
            let admit = |count: usize| self.limits.admit(count.saturating_mul(width));
            expanded(batch, expand, &values, limit.unwrap_or(usize::MAX), width, admit)
        });
        let made = made.collect::<Result<Vec<Batch>, Diagnostic>>()?;
        Ok(made.into_iter().flat_map(Batch::split).collect())
    }

    pub(super) fn parse(
        &self,
        input: &Arc<Plan>,
        parse: &ParseStep,
        width: usize,
    ) -> Result<Vec<Batch>, Diagnostic> {
        let value = self.prepare(&parse.value)?;
        let batches = self.rows(input)?;
        self.each(&batches, |batch| {
            let texts = evaluate(&value, batch, self.now);
            parsed(batch, parse, &texts, width)
        })
    }
}

fn expanded(
    batch: &Batch,
    expand: &ExpandStep,
    values: &[Column],
    limit: usize,
    width: usize,
    admit: impl Fn(usize) -> Result<(), Diagnostic>,
) -> Result<Batch, Diagnostic> {
    let mut rows: Vec<u32> = Vec::new();
    let mut made: Vec<Vec<Value>> = vec![Vec::new(); values.len()];
    let mut indexes = Vec::new();
    for row in 0..batch.row_count {
        let parts: Vec<Vec<Value>> =
            values.iter().map(|column| elements(&column.get(row), expand.pairs_as_arrays)).collect();
        let count = parts.iter().map(Vec::len).max().unwrap_or(0).min(limit);
        admit(rows.len() + count)?;
        for index in 0..count {
            rows.push(row_number(row));
            indexes.push(crate::function::length(index));
            for ((part, item), column) in parts.iter().zip(&expand.items).zip(&mut made) {
                let element = part.get(index).unwrap_or(&Value::Null);
                column.push(convert::to_type(element, Type::Dynamic, item.kind));
            }
        }
    }
    let mut columns: Vec<Column> = batch.columns.iter().map(|column| column.gather(&rows)).collect();
    columns.resize(width, Column::Constant(Value::Null));
    for (item, column) in expand.items.iter().zip(made) {
        columns[item.place] = Column::of(column);
    }
    if let Some(place) = expand.index_column {
        columns[place] = Column::of(indexes);
    }
    Ok(Batch { columns, row_count: rows.len() })
}

/// What a cell expands to: null and scalars to themselves, empty arrays and objects to nothing.
fn elements(value: &Value, pairs_as_arrays: bool) -> Vec<Value> {
    match value {
        Value::Array(elements) => elements.to_vec(),
        Value::Object(pairs) => {
            let element = |(key, value): &(Arc<str>, Value)| {
                if pairs_as_arrays {
                    array_of(vec![Value::String(key.clone()), value.clone()])
                } else {
                    Value::Object(Arc::new(vec![(key.clone(), value.clone())]))
                }
            };
            pairs.iter().map(element).collect()
        }
        value => vec![value.clone()],
    }
}

fn parsed(batch: &Batch, parse: &ParseStep, texts: &Column, width: usize) -> Batch {
    let mut made: Vec<Vec<Value>> = vec![Vec::with_capacity(batch.row_count); parse.places.len()];
    for row in 0..batch.row_count {
        let text = convert::to_text(&texts.get(row), parse.kind);
        let captures = parse.pattern.regex.captures(&text);
        let values = captures.and_then(|captures| converted(&captures, parse));
        for (index, (column, (_, kind))) in made.iter_mut().zip(&parse.places).enumerate() {
            let value = values.as_ref().map(|values| values[index].clone());
            column.push(value.unwrap_or_else(|| Value::missing(*kind)));
        }
    }
    let mut columns = batch.columns.clone();
    columns.resize(width, Column::Constant(Value::Null));
    for ((place, _), column) in parse.places.iter().zip(made) {
        columns[*place] = Column::of(column);
    }
    Batch { columns, row_count: batch.row_count }
}

/// The captured texts in their types; nothing if one does not convert and that matters.
fn converted(captures: &Captures<'_>, parse: &ParseStep) -> Option<Vec<Value>> {
    let convert = |(index, (_, kind)): (usize, &(usize, Type))| {
        let text = captures.name(&format!("c{index}")).map_or("", |found| found.as_str());
        let value = convert::to_type(&Value::text(text), Type::String, *kind);
        let failed = value.is_null() && parse.pattern.mode != Mode::Relaxed;
        (!failed).then_some(value)
    };
    parse.places.iter().enumerate().map(convert).collect()
}
