//! What the conditions of a scan say of single columns of the tables here.

use crate::table::{Admitted, Condition};
use crate::value::Value;

/// The texts that conditions admit in a column, if any condition is about single values of it.
pub(super) fn wanted_texts(conditions: &[Condition], column: usize) -> Option<Vec<&str>> {
    let about = conditions.iter().filter(|condition| condition.column == column);
    about.filter_map(|condition| texts_of(&condition.admitted)).min_by_key(Vec::len)
}

fn texts_of(admitted: &Admitted) -> Option<Vec<&str>> {
    let Admitted::OneOf(values) = admitted else { return None };
    let texts = values.iter().map(|value| match value {
        Value::String(text) => Some(&**text),
        _ => None,
    });
    texts.collect()
}

/// Whether conditions admit a text in a column; those about other kinds of values admit everything.
pub(super) fn admits_text<T>(conditions: &[Condition], column: usize, text: &T) -> bool
where
    T: PartialEq<str> + ?Sized,
{
    conditions.iter().filter(|condition| condition.column == column).all(|condition| {
        let Admitted::OneOf(values) = &condition.admitted else { return true };
        values.iter().any(|value| !matches!(value, Value::String(other) if *text != **other))
    })
}

/// Whether conditions admit a time in a column.
pub(super) fn admits_time(conditions: &[Condition], column: usize, time: i64) -> bool {
    conditions.iter().filter(|condition| condition.column == column).all(|condition| {
        match &condition.admitted {
            Admitted::OneOf(values) => {
                values.iter().any(|value| !matches!(value, Value::Datetime(other) if *other != time))
            }
            Admitted::AtLeast(Value::Datetime(least)) => time >= *least,
            Admitted::AtMost(Value::Datetime(most)) => time <= *most,
            _ => true,
        }
    })
}
