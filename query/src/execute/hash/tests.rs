//! Keys and their numbers.

use std::borrow::Cow;
use std::collections::HashMap;

use proptest::prelude::*;

use super::{Cells, Hashed, Interner};
use crate::compare::Key;
use crate::value::Value;

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(Value::Real(f64::NAN)),
        Just(Value::Real(-0.0)),
        Just(Value::Real(0.0)),
        (0_i64..9).prop_map(Value::Long),
        "[ab]{0,2}".prop_map(|text| Value::text(&text)),
    ]
}

proptest! {
    #[test]
    fn keys_are_numbered_as_they_come(keys in proptest::collection::vec(proptest::collection::vec(value(), 0..3), 0..200)) {
        let (mut known, mut table) = (HashMap::new(), Interner::default());
        for values in keys {
            let next = u32::try_from(known.len()).unwrap();
            let expected = *known.entry(Key(values.clone())).or_insert(next);
            let key = Hashed::new(Cells::Many(values.into()));
            prop_assert_eq!(table.find(&key), (expected != next).then_some(expected));
            prop_assert_eq!(table.number(Cow::Borrowed(&key)), expected);
        }
        prop_assert_eq!(table.len(), known.len());
    }
}
