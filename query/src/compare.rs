//! Which values are equal, which is greater, and which make one group.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use crate::number::{to_integer, to_real};
use crate::value::Value;

/// Compares two values of kinds that can be compared; null, NaN and mixed kinds give nothing.
pub(crate) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    use Value::{Bool, Datetime, Guid, Long, Real, String, Timespan};
    match (left, right) {
        (Bool(left), Bool(right)) => Some(left.cmp(right)),
        (Long(left), Long(right)) | (Datetime(left), Datetime(right)) | (Timespan(left), Timespan(right)) => {
            Some(left.cmp(right))
        }
        (Real(left), Real(right)) => left.partial_cmp(right),
        (Long(left), Real(right)) => to_real(*left).partial_cmp(right),
        (Real(left), Long(right)) => left.partial_cmp(&to_real(*right)),
        (String(left), String(right)) => Some(left.cmp(right)),
        (Guid(left), Guid(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// Orders any two values: nulls, then NaN, then values; kinds that cannot be compared by kind. Unlike [`compare`], it
/// does not round a long that no real can hold, for then three values might go round in a circle.
pub(crate) fn order(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Long(long), Value::Real(real)) if !real.is_nan() => return exact(*long, *real),
        (Value::Real(real), Value::Long(long)) if !real.is_nan() => return exact(*long, *real).reverse(),
        _ => {}
    }
    if let Some(ordering) = compare(left, right) {
        return ordering;
    }
    rank(left).cmp(&rank(right)).then_with(|| match (left, right) {
        (Value::Array(_) | Value::Object(_), _) => {
            crate::json::to_text(left).cmp(&crate::json::to_text(right))
        }
        _ => Ordering::Equal,
    })
}

/// Compares a long with a real that is a number.
fn exact(long: i64, real: f64) -> Ordering {
    match to_real(long).partial_cmp(&real) {
        Some(Ordering::Equal) | None => match to_integer(real) {
            Some(whole) => long.cmp(&whole),
            None if real > 0.0 => Ordering::Less,
            None => Ordering::Greater,
        },
        Some(ordering) => ordering,
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Real(real) if real.is_nan() => 1,
        Value::Bool(_) => 2,
        Value::Long(_) | Value::Real(_) => 3,
        Value::Datetime(_) => 4,
        Value::Timespan(_) => 5,
        Value::Guid(_) => 6,
        Value::String(_) => 7,
        Value::Array(_) => 8,
        Value::Object(_) => 9,
    }
}

/// Values that make one group, one element of a set, or meet in a join.
#[derive(Debug, Clone)]
pub(crate) struct Key(pub(crate) Vec<Value>);

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(left, right)| same(left, right))
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for value in &self.0 {
            hash(value, state);
        }
    }
}

/// Whether two values are identical: null is null and NaN is NaN, 1 is not 1.0.
pub(crate) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Real(left), Value::Real(right)) => bits(*left) == bits(*right),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right.iter()).all(|(l, r)| same(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().zip(right.iter()).all(|(l, r)| l.0 == r.0 && same(&l.1, &r.1))
        }
        _ => left == right,
    }
}

/// Hashes what [`same`] compares.
pub(crate) fn hash<H: Hasher>(value: &Value, state: &mut H) {
    std::mem::discriminant(value).hash(state);
    match value {
        Value::Null => {}
        Value::Bool(bool) => bool.hash(state),
        Value::Long(ticks) | Value::Datetime(ticks) | Value::Timespan(ticks) => ticks.hash(state),
        Value::Real(real) => bits(*real).hash(state),
        Value::String(text) => text.hash(state),
        Value::Guid(guid) => guid.hash(state),
        Value::Array(elements) => elements.iter().for_each(|element| hash(element, state)),
        Value::Object(pairs) => {
            for (key, value) in pairs.iter() {
                key.hash(state);
                hash(value, state);
            }
        }
    }
}

/// The bits of a real with one zero and one NaN.
fn bits(real: f64) -> u64 {
    if real.is_nan() {
        f64::NAN.to_bits()
    } else if real == 0.0 {
        0
    } else {
        real.to_bits()
    }
}
