//! Arrays as sets.

use std::collections::HashSet;

use super::{Function, MANY, Returns, RowArguments, array_of, or_null};
use crate::compare::{Key, same};
use crate::number::to_real;
use crate::value::{Type, Value};

const DYNAMIC: Returns = Returns::Is(Type::Dynamic);

pub(super) const TABLE: &[Function] = &[
    Function::new("set_union(array, …)", "the elements of any", (2, MANY), DYNAMIC, |call| {
        let all: Option<Vec<&[Value]>> = arrays(call);
        or_null(all, |all| array_of(distinct(all.into_iter().flatten())))
    }),
    Function::new("set_intersect(array, …)", "the elements of all", (2, MANY), DYNAMIC, |call| {
        or_null(arrays(call), |all| {
            let Some((first, rest)) = all.split_first() else { return Value::Null };
            let sets: Vec<HashSet<Key>> = rest.iter().map(|array| keys(array)).collect();
            let shared = |value: &&Value| sets.iter().all(|set| set.contains(&key(value)));
            array_of(distinct(first.iter().filter(shared)))
        })
    }),
    Function::new(
        "set_difference(array, …)",
        "the elements of the first and of no other",
        (2, MANY),
        DYNAMIC,
        |call| {
            or_null(arrays(call), |all| {
                let Some((first, rest)) = all.split_first() else { return Value::Null };
                let sets: Vec<HashSet<Key>> = rest.iter().map(|array| keys(array)).collect();
                let alone = |value: &&Value| !sets.iter().any(|set| set.contains(&key(value)));
                array_of(distinct(first.iter().filter(alone)))
            })
        },
    ),
    Function::new(
        "set_has_element(array, value)",
        "whether a value is an element",
        (2, 2),
        Returns::Is(Type::Bool),
        |call| {
            or_null(call.array(0), |elements| {
                Value::Bool(elements.iter().any(|element| same(element, call.value(1))))
            })
        },
    ),
    Function::new(
        "jaccard_index(a, b)",
        "shared elements over all elements",
        (2, 2),
        Returns::Is(Type::Real),
        |call| {
            let (Some(left), Some(right)) = (call.array(0), call.array(1)) else {
                return Value::Null;
            };
            let (left, right) = (keys(left), keys(right));
            let shared = real(left.intersection(&right).count());
            Value::Real(shared / real(left.union(&right).count()))
        },
    ),
];

fn real(count: usize) -> f64 {
    to_real(i64::try_from(count).unwrap_or(i64::MAX))
}

fn arrays<'a>(call: &RowArguments<'a>) -> Option<Vec<&'a [Value]>> {
    (0..call.len()).map(|index| call.array(index)).collect()
}

fn key(value: &Value) -> Key {
    Key(vec![value.clone()])
}

fn keys(elements: &[Value]) -> HashSet<Key> {
    elements.iter().map(key).collect()
}

fn distinct<'a>(values: impl Iterator<Item = &'a Value>) -> Vec<Value> {
    let mut known = HashSet::new();
    values.filter(|value| known.insert(key(value))).cloned().collect()
}
