//! What the cache lets go of, and what it keeps.

use std::sync::Arc;

use super::{Cache, CacheKey, Cached};
use crate::batch::Column;
use crate::value::{Type, Value};

fn part(name: &str, first: usize) -> CacheKey {
    let (backup, token, rows) = ("b".into(), "user".into(), first..first + 1);
    CacheKey::Part { backup, token, deleted: false, name: name.into(), depth: 1, kind: Type::String, rows }
}

fn cells(number: i64) -> Cached {
    Cached::Part(Column::Constant(Value::Long(number)))
}

fn number(cached: Option<&Cached>) -> Option<i64> {
    match cached {
        Some(Cached::Part(Column::Constant(Value::Long(number)))) => Some(*number),
        _ => None,
    }
}

#[test]
fn what_was_used_longest_ago_goes_first() {
    let cache = Arc::new(Cache::new(100));
    for index in 0..3 {
        cache.keep(part("a", index), cells(7), 40);
        assert_eq!(number(cache.get(&part("a", 0)).as_ref()), Some(7));
    }
    assert_eq!(number(cache.get(&part("a", 1)).as_ref()), None);
    assert_eq!(number(cache.get(&part("a", 2)).as_ref()), Some(7));
}

#[test]
fn what_shares_values_goes_with_them_and_is_used_with_them() {
    let cache = Cache::new(100);
    cache.keep(part("column", 0), cells(1), 0);
    cache.charge(&part("column", 0), 60);
    cache.keep_with(part("a", 0), cells(2), 10, Some(part("column", 0)));
    cache.keep(part("other", 0), cells(3), 20);
    assert_eq!(number(cache.get(&part("a", 0)).as_ref()), Some(2));
    cache.keep(part("other", 1), cells(4), 20);
    assert_eq!(
        number(cache.get(&part("other", 0)).as_ref()),
        None,
        "older than the column, which was used with its part"
    );
    cache.keep(part("large", 0), cells(5), 90);
    assert_eq!(number(cache.get(&part("a", 0)).as_ref()), None);
    assert_eq!(number(cache.get(&part("large", 0)).as_ref()), Some(5));
}

#[test]
fn who_comes_second_gets_what_is_kept() {
    let cache = Cache::new(100);
    cache.keep(part("a", 0), cells(1), 10);
    assert_eq!(number(Some(&cache.keep(part("a", 0), cells(2), 10))), Some(1));
}
