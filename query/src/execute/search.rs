//! Predicates over many texts at once: one scan of their buffer instead of one look at each.

use std::ops::Range;
use std::sync::Arc;

use memchr::memmem;

use super::evaluate::{alone, evaluate};
use crate::ast::{TextTest, TextTestKind};
use crate::batch::{Column, Texts};
use crate::convert;
use crate::function::operator::{fold, passes, text_test_of};
use crate::limits::Guard;
use crate::plan::Scalar;
use crate::value::{Type, Value};

/// What a predicate says of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Truth {
    /// Not computed yet.
    Unset = 0,
    False = 1,
    True = 2,
    Unknown = 3,
}

impl Truth {
    pub(super) fn of(value: &Value) -> Self {
        match convert::to_bool(value) {
            Some(true) => Self::True,
            Some(false) => Self::False,
            None => Self::Unknown,
        }
    }

    fn when(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            other => other,
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Unknown,
        }
    }
}

/// What a predicate over one column says of a range of texts.
pub(super) fn search(
    scalar: &Scalar,
    column: usize,
    texts: &Arc<Texts>,
    range: Range<u32>,
    guard: &Guard<'_>,
) -> Vec<Truth> {
    if let Scalar::Call { function, arguments, kinds, .. } = scalar {
        let inner = |argument| search(argument, column, texts, range.clone(), guard);
        match (function.name, arguments.as_slice()) {
            ("not", [argument]) => return inner(argument).into_iter().map(Truth::not).collect(),
            ("and", [first, rest @ ..]) => {
                return rest.iter().fold(inner(first), |all, part| both(all, &inner(part)));
            }
            ("or", [first, rest @ ..]) => {
                let turned = |argument| inner(argument).into_iter().map(Truth::not).collect::<Vec<_>>();
                let none = rest.iter().fold(turned(first), |all, part| both(all, &turned(part)));
                return none.into_iter().map(Truth::not).collect();
            }
            (name, [Scalar::Column(_), Scalar::Constant(Value::String(wanted))])
                if kinds[..] == [Type::String, Type::String] =>
            {
                let test = if name == "!=" { Some(EQUAL) } else { text_test_of(function) };
                let found = test.and_then(|test| scan(texts, &range, test, wanted));
                let turned = |truths: Vec<Truth>| truths.into_iter().map(Truth::not).collect();
                match found {
                    Some(found) if name == "!=" => return turned(found),
                    Some(found) => return found,
                    None => {}
                }
            }
            _ => {}
        }
    }
    let row_count = range.len();
    let texts = Column::Texts { codes: Arc::new(range.collect()), texts: Arc::clone(texts) };
    let made = evaluate(scalar, &alone(column, texts, row_count), guard);
    (0..row_count).map(|row| Truth::of(&made.get(row))).collect()
}

const EQUAL: TextTest = TextTest { kind: TextTestKind::Equal, case_sensitive: true, negated: false };

fn both(mut left: Vec<Truth>, right: &[Truth]) -> Vec<Truth> {
    for (left, right) in left.iter_mut().zip(right) {
        *left = left.and(*right);
    }
    left
}

/// Tests a range of texts: each that passes contains the pattern, so only its occurrences are tested.
fn scan(texts: &Texts, range: &Range<u32>, test: TextTest, wanted: &str) -> Option<Vec<Truth>> {
    let (texts, wanted) =
        if test.case_sensitive { (texts, wanted.to_owned()) } else { (texts.folded()?, fold(wanted)) };
    let (first, end) = (range.start as usize, range.end as usize);
    if wanted.is_empty() {
        let passes = |index| Truth::when(passes(texts.get(index), &wanted, test.kind));
        return Some((first..end).map(passes).collect());
    }
    let mut found = vec![Truth::False; end - first];
    let (ends, finder) = (&texts.ends()[..end], memmem::Finder::new(&wanted));
    let bytes = &texts.buffer().as_bytes()[..texts.start(end)];
    let (mut index, mut from) = (first, texts.start(first));
    while let Some(offset) = finder.find(&bytes[from..]) {
        let start = from + offset;
        index = holder(ends, index, start);
        let text_end = ends[index] as usize;
        from = start + 1;
        if start + wanted.len() <= text_end {
            if test.kind == TextTestKind::Contains || passes(texts.get(index), &wanted, test.kind) {
                found[index - first] = Truth::True;
            }
            from = text_end;
        }
    }
    Some(found)
}

/// The text that a byte belongs to, not before `index`: in growing steps, for it is seldom far.
fn holder(ends: &[u32], index: usize, byte: usize) -> usize {
    let behind = |end: &u32| *end as usize <= byte;
    let (mut low, mut step) = (index, 1);
    while low + step < ends.len() && behind(&ends[low + step - 1]) {
        low += step;
        step *= 2;
    }
    let high = (low + step).min(ends.len());
    low + ends[low..high].partition_point(behind)
}

#[cfg(test)]
mod tests;
