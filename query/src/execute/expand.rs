//! Rows of the elements of a cell, and columns of the parts of a text.

use std::ops::ControlFlow;
use std::sync::Arc;

use regex::Captures;

use super::Execution;
use super::branch::{Emit, MapBatch, SplitBatch};
use super::evaluate::{Formula, Pieces, unmeasured};

use crate::batch::{Batch, Column, row_number};
use crate::convert;
use crate::error::Diagnostic;
use crate::function::array_of;
use crate::limits::Guard;
use crate::pattern::Mode;
use crate::plan::{ExpandStep, ParseStep};
use crate::value::{Type, Value};

/// An `mv-expand` ready for many batches.
pub(super) struct Expansion<'a> {
    step: ExpandStep,
    items: Vec<Formula<'a>>,
    limit: usize,
    width: usize,
}

/// A `parse` ready for many batches.
pub(super) struct Parsing<'a> {
    step: ParseStep,
    value: Formula<'a>,
    width: usize,
}

impl<'a> Expansion<'a> {
    pub(super) fn new(
        execution: &Execution<'a>,
        expand: &ExpandStep,
        width: usize,
    ) -> Result<Self, Diagnostic> {
        let limit = expand.limit.as_ref().map(|limit| execution.count(limit)).transpose()?;
        let items = expand.items.iter().map(|item| execution.formula(&item.value));
        let items = items.collect::<Result<Vec<_>, _>>()?;
        Ok(Self { step: expand.clone(), items, limit: limit.unwrap_or(usize::MAX), width })
    }
}

impl SplitBatch for Expansion<'_> {
    fn split(
        &self,
        guard: &Guard<'_>,
        batch: &Batch,
        emit: &mut Emit<'_>,
    ) -> Result<ControlFlow<()>, Diagnostic> {
        if batch.row_count <= 1 || !self.is_large() {
            return self.expand(guard, batch, emit);
        }
        let mut pieces = Pieces::new(batch.row_count, guard);
        let mut emit = |made: Batch| unmeasured(|| emit(made));
        while let Some(flow) = pieces.next(|rows| self.expand(guard, &batch.gather(rows), &mut emit)) {
            if flow?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

impl Expansion<'_> {
    /// Whether what is expanded is made first, and may be much larger than the row it is made of.
    fn is_large(&self) -> bool {
        self.items.iter().any(Formula::is_large)
    }

    /// Makes the rows of a batch, and hands them on whenever they fill one.
    fn expand(
        &self,
        guard: &Guard<'_>,
        batch: &Batch,
        emit: &mut Emit<'_>,
    ) -> Result<ControlFlow<()>, Diagnostic> {
        let values: Vec<Column> = self.items.iter().map(|item| item.column(batch)).collect();
        guard.proceed()?;
        let rows_max = guard.rows_max(self.width);
        let mut rows = Expanded::new(self.items.len());
        for row in 0..batch.row_count {
            let parts: Vec<Vec<Value>> =
                values.iter().map(|column| elements(&column.get(row), self.step.pairs_as_arrays)).collect();
            let count = parts.iter().map(Vec::len).max().unwrap_or(0).min(self.limit);
            for index in 0..count {
                rows.sources.push(row_number(row));
                rows.indexes.push(crate::function::length(index));
                for ((part, item), column) in parts.iter().zip(&self.step.items).zip(&mut rows.elements) {
                    let element = part.get(index).unwrap_or(&Value::Null);
                    let element = convert::to_type(element, Type::Dynamic, item.kind);
                    if let Value::String(text) = &element {
                        rows.text_bytes += text.len();
                    }
                    column.push(element);
                }
                if rows.sources.len() == rows_max || rows.text_bytes > guard.batch_bytes() {
                    let full = std::mem::replace(&mut rows, Expanded::new(self.items.len()));
                    if self.hand_on(guard, batch, full, emit)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
            }
        }
        self.hand_on(guard, batch, rows, emit)
    }

    fn hand_on(
        &self,
        guard: &Guard<'_>,
        batch: &Batch,
        rows: Expanded,
        emit: &mut Emit<'_>,
    ) -> Result<ControlFlow<()>, Diagnostic> {
        let mut held = guard.memory.account("`mv-expand`");
        held.grow(rows.sources.len() * self.width * size_of::<Value>() + rows.text_bytes)?;
        emit(self.finish(batch, rows))
    }

    fn finish(&self, batch: &Batch, rows: Expanded) -> Batch {
        let row_count = rows.sources.len();
        let mut columns: Vec<Column> =
            batch.columns.iter().map(|column| column.gather(&rows.sources)).collect();
        columns.resize(self.width, Column::Constant(Value::Null));
        for (item, column) in self.step.items.iter().zip(rows.elements) {
            columns[item.index] = Column::of(column);
        }
        if let Some(index) = self.step.index_column {
            columns[index] = Column::of(rows.indexes);
        }
        Batch { columns, row_count }
    }
}

/// Rows made of elements: the row each comes from, its index among the elements, and the elements of each column.
struct Expanded {
    sources: Vec<u32>,
    indexes: Vec<Value>,
    elements: Vec<Vec<Value>>,
    /// Bytes of the texts among the elements.
    text_bytes: usize,
}

impl Expanded {
    fn new(width: usize) -> Self {
        Self { sources: Vec::new(), indexes: Vec::new(), elements: vec![Vec::new(); width], text_bytes: 0 }
    }
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

impl<'a> Parsing<'a> {
    pub(super) fn new(
        execution: &Execution<'a>,
        parse: &ParseStep,
        width: usize,
    ) -> Result<Self, Diagnostic> {
        Ok(Self { step: parse.clone(), value: execution.formula(&parse.value)?, width })
    }
}

impl MapBatch for Parsing<'_> {
    fn map(&self, batch: Batch) -> Batch {
        let (parse, texts) = (&self.step, self.value.column(&batch));
        let mut made: Vec<Vec<Value>> = vec![Vec::with_capacity(batch.row_count); parse.indexes.len()];
        for row in 0..batch.row_count {
            let text = convert::to_text(&texts.get(row), parse.kind);
            let captures = parse.pattern.regex.captures(&text);
            let values = captures.and_then(|captures| converted(&captures, parse));
            for (index, (column, (_, kind))) in made.iter_mut().zip(&parse.indexes).enumerate() {
                let value = values.as_ref().map(|values| values[index].clone());
                column.push(value.unwrap_or_else(|| Value::missing(*kind)));
            }
        }
        let mut columns = batch.columns;
        columns.resize(self.width, Column::Constant(Value::Null));
        for ((position, _), column) in parse.indexes.iter().zip(made) {
            columns[*position] = Column::of(column);
        }
        Batch { columns, row_count: batch.row_count }
    }
}

/// The captured texts in their types; nothing if one does not convert and that matters.
fn converted(captures: &Captures<'_>, parse: &ParseStep) -> Option<Vec<Value>> {
    let convert = |(index, (_, kind)): (usize, &(usize, Type))| {
        let text = captures.name(&format!("c{index}")).map_or("", |found| found.as_str());
        let value = convert::to_type(&Value::text(text), Type::String, *kind);
        let failed = value.is_null() && parse.pattern.mode != Mode::Relaxed;
        (!failed).then_some(value)
    };
    parse.indexes.iter().enumerate().map(convert).collect()
}
