//! The table of aggregates: what is computed over the rows of a group.

mod accumulator;

use std::collections::HashMap;
use std::sync::LazyLock;

pub(crate) use accumulator::Accumulator;

use crate::value::Type;

/// A function of the rows of a group.
pub(crate) struct AggregateFunction {
    /// Its name.
    pub name: &'static str,
    /// How it is written, optional arguments in square brackets.
    pub usage: &'static str,
    /// What it gives.
    pub help: &'static str,
    /// Fewest arguments.
    pub least: usize,
    /// Most arguments.
    pub most: usize,
    pub(crate) kind: Kind,
    /// What precedes the name of a column in the name of the result; nothing keeps the name alone.
    pub(crate) prefix: &'static str,
    /// Whether the last argument is a condition.
    pub(crate) conditional: bool,
}

/// How an aggregate combines rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Count,
    CountIf,
    Distinct,
    Sum,
    Average,
    Least,
    Greatest,
    ArgLeast,
    ArgGreatest,
    Any,
    List,
    ListWithNulls,
    Set,
    Bag,
    Percentile,
    Percentiles,
    Spread(Spread),
}

/// The four measures of spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spread {
    pub(crate) sample: bool,
    pub(crate) root: bool,
}

const fn entry(
    usage: &'static str,
    help: &'static str,
    arguments: (usize, usize),
    kind: Kind,
    prefix: &'static str,
) -> AggregateFunction {
    let bytes = usage.as_bytes();
    let mut length = 0;
    while bytes[length] != b'(' {
        length += 1;
    }
    let name = usage.split_at(length).0;
    let name_bytes = name.as_bytes();
    let conditional = length > 2
        && name_bytes[length - 2] == b'i'
        && name_bytes[length - 1] == b'f'
        && !matches!(kind, Kind::CountIf);
    let (least, most) = arguments;
    AggregateFunction { name, usage, help, least, most, kind, prefix, conditional }
}

const STDEV: Kind = Kind::Spread(Spread { sample: true, root: true });
const STDEVP: Kind = Kind::Spread(Spread { sample: false, root: true });
const VARIANCE: Kind = Kind::Spread(Spread { sample: true, root: false });
const VARIANCEP: Kind = Kind::Spread(Spread { sample: false, root: false });

static ALL: [AggregateFunction; 41] = [
    entry("count([value])", "the number of rows", (0, 1), Kind::Count, "count"),
    entry("countif(condition)", "the number of rows for which it is true", (1, 1), Kind::CountIf, "countif"),
    entry(
        "dcount(value [, accuracy])",
        "the number of distinct values, exact",
        (1, 2),
        Kind::Distinct,
        "dcount",
    ),
    entry(
        "dcountif(value, condition [, accuracy])",
        "as dcount, where it is true",
        (2, 3),
        Kind::Distinct,
        "dcountif",
    ),
    entry(
        "count_distinct(value, …)",
        "the number of distinct values",
        (1, 16),
        Kind::Distinct,
        "count_distinct",
    ),
    entry(
        "count_distinctif(value, condition)",
        "as count_distinct, where it is true",
        (2, 2),
        Kind::Distinct,
        "count_distinctif",
    ),
    entry("sum(value)", "the sum", (1, 1), Kind::Sum, "sum"),
    entry("sumif(value, condition)", "the sum where it is true", (2, 2), Kind::Sum, "sumif"),
    entry("avg(value)", "the mean", (1, 1), Kind::Average, "avg"),
    entry("avgif(value, condition)", "the mean where it is true", (2, 2), Kind::Average, "avgif"),
    entry("min(value)", "the least value", (1, 1), Kind::Least, "min"),
    entry("minif(value, condition)", "the least value where it is true", (2, 2), Kind::Least, "minif"),
    entry("max(value)", "the greatest value", (1, 1), Kind::Greatest, "max"),
    entry("maxif(value, condition)", "the greatest value where it is true", (2, 2), Kind::Greatest, "maxif"),
    entry(
        "arg_min(value, column, …)",
        "columns of the row with the least value",
        (1, 4096),
        Kind::ArgLeast,
        "",
    ),
    entry(
        "argmin(value, column, …)",
        "columns of the row with the least value",
        (1, 4096),
        Kind::ArgLeast,
        "",
    ),
    entry(
        "arg_max(value, column, …)",
        "columns of the row with the greatest value",
        (1, 4096),
        Kind::ArgGreatest,
        "",
    ),
    entry(
        "argmax(value, column, …)",
        "columns of the row with the greatest value",
        (1, 4096),
        Kind::ArgGreatest,
        "",
    ),
    entry("take_any(column, …)", "columns of some row", (1, 4096), Kind::Any, ""),
    entry("take_anyif(column, condition)", "a column of some row where it is true", (2, 2), Kind::Any, ""),
    entry("any(column, …)", "columns of some row", (1, 4096), Kind::Any, "any"),
    entry("anyif(column, condition)", "a column of some row where it is true", (2, 2), Kind::Any, "any"),
    entry("make_list(value [, limit])", "the values as an array", (1, 2), Kind::List, "list"),
    entry("makelist(value [, limit])", "the values as an array", (1, 2), Kind::List, "list"),
    entry(
        "make_list_if(value, condition [, limit])",
        "the values where it is true",
        (2, 3),
        Kind::List,
        "list",
    ),
    entry("make_list_with_nulls(value)", "the values, nulls too", (1, 1), Kind::ListWithNulls, "list"),
    entry("make_set(value [, limit])", "the distinct values as an array", (1, 2), Kind::Set, "set"),
    entry("makeset(value [, limit])", "the distinct values as an array", (1, 2), Kind::Set, "set"),
    entry(
        "make_set_if(value, condition [, limit])",
        "the distinct values where it is true",
        (2, 3),
        Kind::Set,
        "set",
    ),
    entry("make_bag(object [, limit])", "the pairs of all objects", (1, 2), Kind::Bag, "bag"),
    entry(
        "make_bag_if(object, condition [, limit])",
        "the pairs of the objects where it is true",
        (2, 3),
        Kind::Bag,
        "bag",
    ),
    entry(
        "percentile(value, rank)",
        "the value that so many percent do not exceed",
        (2, 2),
        Kind::Percentile,
        "percentile",
    ),
    entry("percentiles(value, rank, …)", "several percentiles", (2, 64), Kind::Percentiles, "percentile"),
    entry("stdev(value)", "the standard deviation of a sample", (1, 1), STDEV, "stdev"),
    entry("stdevif(value, condition)", "as stdev, where it is true", (2, 2), STDEV, "stdevif"),
    entry("stdevp(value)", "the standard deviation of all", (1, 1), STDEVP, "stdevp"),
    entry("stdevpif(value, condition)", "as stdevp, where it is true", (2, 2), STDEVP, "stdevpif"),
    entry("variance(value)", "the variance of a sample", (1, 1), VARIANCE, "variance"),
    entry("varianceif(value, condition)", "as variance, where it is true", (2, 2), VARIANCE, "varianceif"),
    entry("variancep(value)", "the variance of all", (1, 1), VARIANCEP, "variancep"),
    entry(
        "variancepif(value, condition)",
        "as variancep, where it is true",
        (2, 2),
        VARIANCEP,
        "variancepif",
    ),
];

static TABLE: LazyLock<HashMap<&'static str, &'static AggregateFunction>> =
    LazyLock::new(|| ALL.iter().map(|entry| (entry.name, entry)).collect());

/// Lists every aggregate.
pub(crate) fn all() -> impl Iterator<Item = &'static AggregateFunction> {
    ALL.iter()
}

/// Finds an aggregate by its name.
pub(crate) fn find(name: &str) -> Option<&'static AggregateFunction> {
    TABLE.get(name).copied()
}

impl Kind {
    /// The type of the result for a first argument of a type; nothing if that does not fit.
    pub(crate) fn result_type(self, argument: Type) -> Option<Type> {
        let number = argument.is_number() || matches!(argument, Type::Dynamic | Type::Bool);
        match self {
            Self::Count | Self::CountIf | Self::Distinct => Some(Type::Long),
            Self::Sum => match argument {
                Type::Int | Type::Long | Type::Bool => Some(Type::Long),
                Type::Real | Type::Dynamic => Some(Type::Real),
                Type::Timespan => Some(Type::Timespan),
                _ => None,
            },
            Self::Average => match argument {
                Type::Timespan | Type::Datetime => Some(argument),
                _ => number.then_some(Type::Real),
            },
            Self::Spread(_) => (number || argument == Type::Timespan).then_some(Type::Real),
            Self::List | Self::ListWithNulls | Self::Set | Self::Bag => Some(Type::Dynamic),
            _ => Some(argument),
        }
    }
}
