//! What an aggregate keeps while the rows of a group go by.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Aggregate, Kind, Spread};
use crate::compare::{Key, order};
use crate::convert::{real_of, to_long};
use crate::number::{to_integer, to_real};
use crate::value::{Type, Value};

/// The state of one aggregate in one group.
pub(crate) enum State {
    Count(i64),
    Distinct(HashSet<Key>),
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
    },
    Set {
        values: Vec<Value>,
        known: HashSet<Key>,
        limit: usize,
        flatten: bool,
    },
    Bag {
        pairs: Vec<(Arc<str>, Value)>,
        known: HashSet<Arc<str>>,
    },
    Ranks {
        values: Vec<Value>,
        ranks: Vec<f64>,
    },
    /// Count, mean and sum of squared distances (Welford).
    Spread {
        count: i64,
        mean: f64,
        squares: f64,
        spread: Spread,
    },
}

impl State {
    pub(crate) fn new(aggregate: &Aggregate) -> Self {
        let kind = aggregate.kinds.first().copied().unwrap_or(Type::Long);
        let limit = aggregate.settings.first().and_then(to_long);
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(1 << 20);
        let flatten = kind == Type::Dynamic;
        match aggregate.kind {
            Kind::Count | Kind::CountIf => Self::Count(0),
            Kind::Distinct => Self::Distinct(HashSet::new()),
            Kind::Sum if matches!(kind, Type::Real | Type::Dynamic) => Self::Reals(0.0),
            Kind::Sum => Self::Longs { sum: 0, kind },
            Kind::Average => Self::Mean { sum: 0.0, whole: 0, ticks: 0, count: 0, kind },
            Kind::Least | Kind::ArgLeast | Kind::Greatest | Kind::ArgGreatest => Self::Best {
                row: None,
                width: aggregate.width,
                greatest: matches!(aggregate.kind, Kind::Greatest | Kind::ArgGreatest),
            },
            Kind::Any => Self::Any { row: None, kinds: aggregate.kinds.clone() },
            Kind::List => Self::List { values: Vec::new(), limit, nulls: false, flatten },
            Kind::ListWithNulls => Self::List { values: Vec::new(), limit, nulls: true, flatten },
            Kind::Set => Self::Set { values: Vec::new(), known: HashSet::new(), limit, flatten },
            Kind::Bag => Self::Bag { pairs: Vec::new(), known: HashSet::new() },
            Kind::Percentile | Kind::Percentiles => Self::Ranks {
                values: Vec::new(),
                ranks: aggregate.settings.iter().filter_map(real_of).collect(),
            },
            Kind::Spread(spread) => Self::Spread { count: 0, mean: 0.0, squares: 0.0, spread },
        }
    }

    /// Takes the arguments of one row.
    pub(crate) fn add(&mut self, row: &[&Value]) {
        let value = row.first().copied().unwrap_or(&Value::Null);
        match self {
            Self::Count(count) => *count += 1,
            Self::Distinct(known) => {
                if !row.iter().any(|value| value.is_null()) {
                    known.insert(Key(row.iter().copied().cloned().collect()));
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
            Self::Ranks { values, .. } => {
                if !value.is_null() {
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
            Self::List { values, limit, nulls, flatten } => {
                let each = elements(value, *flatten);
                let wanted = |value: &&Value| *nulls || *flatten || !value.is_null();
                let room = limit.saturating_sub(values.len());
                values.extend(each.iter().filter(wanted).take(room).cloned());
            }
            Self::Set { values, known, limit, flatten } => {
                for element in elements(value, *flatten).iter().filter(|value| !value.is_null()) {
                    if values.len() < *limit && known.insert(Key(vec![element.clone()])) {
                        values.push(element.clone());
                    }
                }
            }
            Self::Bag { pairs, known } => {
                let Value::Object(new) = value else { return };
                for (key, value) in new.iter() {
                    if known.insert(key.clone()) {
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
            (Self::Distinct(known), Self::Distinct(more)) => {
                if known.is_empty() {
                    *known = more;
                } else {
                    known.extend(more);
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
            (Self::List { values, limit, .. }, Self::List { values: more, .. }) => {
                let room = limit.saturating_sub(values.len());
                values.extend(more.into_iter().take(room));
            }
            (Self::Set { values, known, limit, .. }, Self::Set { values: more, .. }) => {
                for value in more {
                    if values.len() < *limit && known.insert(Key(vec![value.clone()])) {
                        values.push(value);
                    }
                }
            }
            (Self::Bag { pairs, known }, Self::Bag { pairs: more, .. }) => {
                pairs.extend(more.into_iter().filter(|(key, _)| known.insert(key.clone())));
            }
            (Self::Ranks { values, .. }, Self::Ranks { values: more, .. }) => values.extend(more),
            _ => {}
        }
    }

    /// About how many bytes were taken of the rows that went by, beside the state itself.
    pub(crate) fn held_bytes(&self) -> usize {
        /// A value, and about what is behind it.
        const VALUE_BYTES: usize = 64;
        VALUE_BYTES
            * match self {
                Self::Distinct(known) => known.len(),
                Self::Best { row, .. } | Self::Any { row, .. } => row.as_ref().map_or(0, Vec::len),
                Self::List { values, .. } | Self::Ranks { values, .. } => values.len(),
                Self::Set { values, .. } => 2 * values.len(),
                Self::Bag { pairs, .. } => 2 * pairs.len(),
                _ => 0,
            }
    }

    /// Gives the columns of the result.
    pub(crate) fn finish(self) -> Vec<Value> {
        match self {
            Self::Count(count) => vec![Value::Long(count)],
            Self::Distinct(known) => vec![crate::function::length(known.len())],
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
            Self::Ranks { mut values, ranks } => {
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
    let place = to_integer((rank / 100.0 * count).ceil()).unwrap_or(1).max(1) - 1;
    let place = usize::try_from(place).unwrap_or(0).min(values.len().saturating_sub(1));
    values.get(place).cloned().unwrap_or(Value::Null)
}
