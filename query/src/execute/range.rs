//! `range`: evenly spaced values, made part by part.

use super::Execution;
use super::branch::Base;
use crate::ast::Span;
use crate::batch::{Batch, Column};
use crate::error::{Code, Diagnostic, TableError};
use crate::function::array::Sequence;
use crate::plan::Typed;
use crate::table::Parts;
use crate::value::{Type, Value};

/// Values that are made when their part is read.
struct Spaced {
    values: Sequence,
    part_rows: usize,
}

impl Parts for Spaced {
    fn count(&self) -> usize {
        self.values.count.div_ceil(self.part_rows)
    }

    fn read(&self, part: usize) -> Result<Batch, TableError> {
        let from = part * self.part_rows;
        let values = self.values.values(from..self.values.count.min(from + self.part_rows));
        Ok(Batch { row_count: values.len(), columns: vec![Column::of(values)] })
    }
}

/// The values from one bound to the other.
pub(super) fn base<'a>(
    execution: &Execution<'_>,
    from: &Typed,
    to: &Typed,
    step: &Typed,
) -> Result<Base<'a>, Diagnostic> {
    let is_real = [from, to, step].iter().any(|bound| bound.kind == Type::Real);
    let bound = |bound: &Typed| {
        Ok(match execution.single(&bound.scalar)? {
            Value::Long(long) if is_real => Value::Real(crate::number::to_real(long)),
            other => other,
        })
    };
    let values = Sequence::new(&bound(from)?, &bound(to)?, &bound(step)?).ok_or_else(|| {
        let message = "`range` requires bounds of one type, a step that leads from one to the \
                       other, and at most 1048576 rows";
        Diagnostic::new(Code::Limit, Span::default(), message)
    })?;
    Ok(Base::Parts(Box::new(Spaced { values, part_rows: execution.guard.rows_max(1) })))
}
