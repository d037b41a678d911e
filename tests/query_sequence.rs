//! Several questions to one store, as in the REPL: what is kept of one never changes the answer to another.

use std::sync::Arc;

use serde_json::json;
use tests::Shelf;
use tests::shelf::back_up;

use crate::query_rows::{lines, run, tables};

/// Objects with their attributes are read in smaller parts than those without.
#[test]
fn questions_one_after_the_other_answer_as_if_alone() {
    let shelf = Shelf::default();
    let user = |number: u32| {
        json!({"@odata.type": "#microsoft.graph.user", "id": format!("u{number}"), "displayName": format!("{number}")})
            .to_string()
    };
    let users: Vec<String> = (0..9_000).map(user).collect();
    back_up(&mut shelf.create().unwrap(), 1, &users).unwrap();
    let wide = "objects | where tostring(attributes.displayName) != displayName | count";
    let narrow = "objects | summarize n = count(), names = dcount(displayName, 4), empty = countif(isempty(displayName))";
    let fresh = || tables(&Arc::new(shelf.open().unwrap()));
    let alone = lines(&run(&fresh(), narrow).unwrap());
    assert!(alone[0].starts_with(r#"{"n":9000,"#) && alone[0].ends_with(r#""empty":0}"#), "{alone:?}");
    for order in [[wide, narrow, wide], [narrow, wide, narrow]] {
        let tables = fresh();
        for text in order {
            let expected = if text == wide { vec![r#"{"Count":0}"#.to_owned()] } else { alone.clone() };
            assert_eq!(lines(&run(&tables, text).unwrap()), expected, "{text}");
        }
    }
}
