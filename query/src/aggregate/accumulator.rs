//! Owns what an aggregate holds of the rows of one group.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Kind, Spread};
use crate::batch::value_bytes;
use crate::compare::{Key, order};
use crate::convert::{real_of, to_long};
use crate::number::{to_integer, to_real};
use crate::value::{Type, Value};

/// What one aggregate holds for one group.
pub(crate) enum Accumulator {
    Count(i64),
    Distinct {
        known: HashSet<Key>,
        bytes: usize,
    },
    Longs {
        sum: i64,
        kind: Type,
    },
    Reals(f64),
    Mean {
        sum: f64,
        whole: i64,
        ticks: i128,
        count: i64,
        kind: Type,
    },
    /// The values of the best row so far, the one compared first.
    Best {
        row: Option<Vec<Value>>,
        width: usize,
        greatest: bool,
    },
    Any {
        row: Option<Vec<Value>>,
        kinds: Vec<Type>,
    },
    List {
        values: Vec<Value>,
        limit: usize,
        nulls: bool,
        flatten: bool,
        bytes: usize,
    },
    Set {
        values: Vec<Value>,
        known: HashSet<Key>,
        limit: usize,
        flatten: bool,
        bytes: usize,
    },
    Bag {
        pairs: Vec<(Arc<str>, Value)>,
        known: HashSet<Arc<str>>,
        bytes: usize,
    },
    Ranks {
        values: Vec<Value>,
        ranks: Vec<f64>,
        bytes: usize,
    },
    /// Count, mean and sum of squared distances (Welford).
    Spread {
        count: i64,
        mean: f64,
        squares: f64,
        spread: Spread,
    },
}

impl Accumulator {
    pub(crate) fn new(aggregate: Kind, kinds: &[Type], settings: &[Value], width: usize) -> Self {
        let kind = kinds.first().copied().unwrap_or(Type::Long);
        let limit = settings.first().and_then(to_long);
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(1 << 20);
        let flatten = kind == Type::Dynamic;
        match aggregate {
            Kind::Count | Kind::CountIf => Self::Count(0),
            Kind::Distinct => Self::Distinct { known: HashSet::new(), bytes: 0 },
            Kind::Sum if matches!(kind, Type::Real | Type::Dynamic) => Self::Reals(0.0),
            Kind::Sum => Self::Longs { sum: 0, kind },
            Kind::Average => Self::Mean { sum: 0.0, whole: 0, ticks: 0, count: 0, kind },
            Kind::Least | Kind::ArgLeast | Kind::Greatest | Kind::ArgGreatest => Self::Best {
                row: None,
                width,
                greatest: matches!(aggregate, Kind::Greatest | Kind::ArgGreatest),
            },
            Kind::Any => Self::Any { row: None, kinds: kinds.to_vec() },
            Kind::List => Self::List { values: Vec::new(), limit, nulls: false, flatten, bytes: 0 },
            Kind::ListWithNulls => Self::List { values: Vec::new(), limit, nulls: true, flatten, bytes: 0 },
            Kind::Set => Self::Set { values: Vec::new(), known: HashSet::new(), limit, flatten, bytes: 0 },
            Kind::Bag => Self::Bag { pairs: Vec::new(), known: HashSet::new(), bytes: 0 },
            Kind::Percentile | Kind::Percentiles => Self::Ranks {
                values: Vec::new(),
                ranks: settings.iter().filter_map(real_of).collect(),
                bytes: 0,
            },
            Kind::Spread(spread) => Self::Spread { count: 0, mean: 0.0, squares: 0.0, spread },
        }
    }

    /// Takes the arguments of one row.
    pub(crate) fn add(&mut self, row: &[&Value]) {
        let value = row.first().copied().unwrap_or(&Value::Null);
        match self {
            Self::Count(count) => *count += 1,
            Self::Distinct { known, bytes } => {
                if !row.iter().any(|value| value.is_null())
                    && known.insert(Key(row.iter().copied().cloned().collect()))
                {
                    *bytes += row.iter().map(|value| held_bytes(value)).sum::<usize>();
                }
            }
            Self::Longs { sum, .. } => *sum = sum.wrapping_add(to_long(value).unwrap_or(0)),
            Self::Reals(sum) => *sum += real_of(value).unwrap_or(0.0),
            Self::Mean { sum, whole, ticks, count, .. } => match value {
                Value::Long(long) => {
                    *whole = whole.wrapping_add(*long);
                    *count += 1;
                }
                Value::Datetime(long) | Value::Timespan(long) => {
                    *ticks += i128::from(*long);
                    *count += 1;
                }
                value => {
                    if let Some(real) = real_of(value) {
                        *sum += real;
                        *count += 1;
                    }
                }
            },
            Self::Best { row: best, greatest, .. } => keep_best(best, row, *greatest),
            Self::Any { row: kept, .. } => {
                if kept.as_ref().is_none_or(|kept| kept[0].is_null()) && !value.is_null() {
                    *kept = Some(row.iter().copied().cloned().collect());
                }
            }
            Self::Ranks { values, bytes, .. } => {
                if !value.is_null() {
                    *bytes += held_bytes(value);
                    values.push(value.clone());
                }
            }
            Self::Spread { count, mean, squares, .. } => {
                if let Some(real) = real_of(value) {
                    *count += 1;
                    let distance = real - *mean;
                    *mean += distance / to_real(*count);
                    *squares += distance * (real - *mean);
                }
            }
            Self::List { .. } | Self::Set { .. } | Self::Bag { .. } => self.collect(value),
        }
    }

    fn collect(&mut self, value: &Value) {
        match self {
            Self::List { values, limit, nulls, flatten, bytes } => {
                let each = elements(value, *flatten);
                let wanted = |value: &&Value| *nulls || *flatten || !value.is_null();
                let room = limit.saturating_sub(values.len());
                for value in each.iter().filter(wanted).take(room) {
                    *bytes += held_bytes(value);
                    values.push(value.clone());
                }
            }
            Self::Set { values, known, limit, flatten, bytes } => {
                for element in elements(value, *flatten).iter().filter(|value| !value.is_null()) {
                    if values.len() < *limit && known.insert(Key(vec![element.clone()])) {
                        *bytes += 2 * held_bytes(element);
                        values.push(element.clone());
                    }
                }
            }
            Self::Bag { pairs, known, bytes } => {
                let Value::Object(new) = value else { return };
                for (key, value) in new.iter() {
                    if known.insert(key.clone()) {
                        *bytes += VALUE_BYTES + key.len() + held_bytes(value);
                        pairs.push((key.clone(), value.clone()));
                    }
                }
            }
            _ => {}
        }
    }

    /// Takes what another state took of later rows of the same group.
    pub(crate) fn merge(&mut self, later: Self) {
        match (self, later) {
            (Self::Count(count), Self::Count(more)) => *count += more,
            (Self::Distinct { known, bytes }, Self::Distinct { known: more, bytes: more_bytes }) => {
                if known.is_empty() {
                    (*known, *bytes) = (more, more_bytes);
                } else {
                    for key in more {
                        let key_bytes = key.0.iter().map(held_bytes).sum::<usize>();
                        *bytes += if known.insert(key) { key_bytes } else { 0 };
                    }
                }
            }
            (Self::Longs { sum, .. }, Self::Longs { sum: more, .. }) => *sum = sum.wrapping_add(more),
            (Self::Reals(sum), Self::Reals(more)) => *sum += more,
            (
                Self::Mean { sum, whole, ticks, count, .. },
                Self::Mean { sum: reals, whole: longs, ticks: spans, count: more, .. },
            ) => {
                *sum += reals;
                *whole = whole.wrapping_add(longs);
                *ticks += spans;
                *count += more;
            }
            (Self::Best { row: best, greatest, .. }, Self::Best { row: Some(row), .. }) => {
                keep_best(best, &row.iter().collect::<Vec<_>>(), *greatest);
            }
            (Self::Any { row: kept @ None, .. }, Self::Any { row: Some(row), .. }) => *kept = Some(row),
            (Self::List { values, limit, bytes, .. }, Self::List { values: more, bytes: more_bytes, .. }) => {
                let room = limit.saturating_sub(values.len());
                *bytes += if room > 0 { more_bytes } else { 0 };
                values.extend(more.into_iter().take(room));
            }
            (Self::Set { values, known, limit, bytes, .. }, Self::Set { values: more, .. }) => {
                for value in more {
                    if values.len() < *limit && known.insert(Key(vec![value.clone()])) {
                        *bytes += 2 * held_bytes(&value);
                        values.push(value);
                    }
                }
            }
            (Self::Bag { pairs, known, bytes }, Self::Bag { pairs: more, .. }) => {
                for (key, value) in more {
                    if known.insert(key.clone()) {
                        *bytes += VALUE_BYTES + key.len() + held_bytes(&value);
                        pairs.push((key, value));
                    }
                }
            }
            (Self::Ranks { values, bytes, .. }, Self::Ranks { values: more, bytes: more_bytes, .. }) => {
                *bytes += more_bytes;
                values.extend(more);
            }
            _ => {}
        }
    }

    /// About how many bytes were taken of the rows that went by, beside the state itself.
    pub(crate) fn held_bytes(&self) -> usize {
        match self {
            Self::Distinct { bytes, .. }
            | Self::List { bytes, .. }
            | Self::Ranks { bytes, .. }
            | Self::Set { bytes, .. }
            | Self::Bag { bytes, .. } => *bytes,
            Self::Best { row, .. } | Self::Any { row, .. } => row.iter().flatten().map(held_bytes).sum(),
            _ => 0,
        }
    }

    /// Gives the columns of the result.
    pub(crate) fn finish(self) -> Vec<Value> {
        match self {
            Self::Count(count) => vec![Value::Long(count)],
            Self::Distinct { known, .. } => vec![crate::function::length(known.len())],
            Self::Longs { sum, kind: Type::Timespan } => vec![Value::Timespan(sum)],
            Self::Longs { sum, .. } => vec![Value::Long(sum)],
            Self::Reals(sum) => vec![Value::Real(sum)],
            Self::Mean { sum, whole, ticks, count, kind } => {
                vec![mean(sum + to_real(whole), ticks, count, kind)]
            }
            Self::Best { row, width, .. } => row.unwrap_or_else(|| vec![Value::Null; width]),
            Self::Any { row, kinds } => {
                row.unwrap_or_else(|| kinds.iter().map(|kind| Value::missing(*kind)).collect())
            }
            Self::List { values, .. } | Self::Set { values, .. } => {
                vec![crate::function::array_of(values)]
            }
            Self::Bag { pairs, .. } => vec![Value::Object(Arc::new(pairs))],
            Self::Ranks { mut values, ranks, .. } => {
                values.sort_by(order);
                ranks.iter().map(|rank| ranked(&values, *rank)).collect()
            }
            Self::Spread { count, squares, spread, .. } => {
                let divisor = if spread.sample { count - 1 } else { count };
                let variance = if divisor > 0 { squares / to_real(divisor) } else { 0.0 };
                vec![Value::Real(if spread.root { variance.sqrt() } else { variance })]
            }
        }
    }
}

/// A value without what is behind it, and what finds it.
const VALUE_BYTES: usize = 64;

/// About how many bytes a value takes that a state keeps.
fn held_bytes(value: &Value) -> usize {
    match value {
        Value::String(_) | Value::Array(_) | Value::Object(_) => VALUE_BYTES + value_bytes(value),
        _ => VALUE_BYTES,
    }
}

/// Keeps the first of the best rows; a row without a value only if there is no other.
fn keep_best(best: &mut Option<Vec<Value>>, row: &[&Value], greatest: bool) {
    let Some(value) = row.first() else { return };
    let better = match best.as_ref().and_then(|best| best.first()) {
        None => true,
        Some(Value::Null) => !value.is_null(),
        Some(Value::Real(kept)) if kept.is_nan() => false,
        Some(kept) => {
            let nan = matches!(value, Value::Real(real) if real.is_nan());
            let ordering = order(value, kept);
            !value.is_null() && (nan || if greatest { ordering.is_gt() } else { ordering.is_lt() })
        }
    };
    if better {
        *best = Some(row.iter().copied().cloned().collect());
    }
}

/// The elements of an array where arrays are flattened, else the value.
fn elements(value: &Value, flatten: bool) -> &[Value] {
    match value {
        Value::Array(elements) if flatten => elements,
        value => std::slice::from_ref(value),
    }
}

fn mean(sum: f64, ticks: i128, count: i64, kind: Type) -> Value {
    match kind {
        Type::Datetime | Type::Timespan if count == 0 => Value::Null,
        Type::Datetime | Type::Timespan => {
            let ticks = i64::try_from(ticks / i128::from(count)).unwrap_or(0);
            if kind == Type::Datetime { Value::Datetime(ticks) } else { Value::Timespan(ticks) }
        }
        _ => Value::Real(sum / to_real(count)),
    }
}

/// The value at the nearest rank of sorted values.
fn ranked(values: &[Value], rank: f64) -> Value {
    let count = to_real(i64::try_from(values.len()).unwrap_or(i64::MAX));
    let index = to_integer((rank / 100.0 * count).ceil()).unwrap_or(1).max(1) - 1;
    let index = usize::try_from(index).unwrap_or(0).min(values.len().saturating_sub(1));
    values.get(index).cloned().unwrap_or(Value::Null)
}
