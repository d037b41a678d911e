//! Rows by name and by type, and what is said of those that do not fit.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::RowError;
use crate::testing::run;
use crate::{ResultTable, Value};

fn table(text: &str) -> ResultTable {
    run(text).unwrap().pop().unwrap()
}

fn first<T: for<'t> Deserialize<'t>>(text: &str) -> Result<T, RowError> {
    table(text).read().next().unwrap()
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    display_name: String,
    department: String,
    age: Option<u8>,
    account_enabled: bool,
    employee_org_data: Option<Division>,
    /// No column has this.
    mail: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Division {
    division: String,
}

#[test]
fn rows_come_in_order_with_values_by_name() {
    let users = table("users | project id, age");
    let rows = users.rows();
    assert_eq!((rows.len(), users.row_count()), (5, 5));
    let found: Vec<_> =
        rows.map(|row| (row.text("id").unwrap(), row.get("age").unwrap().into_owned())).collect();
    assert_eq!(found[..2], [("u1", Value::Long(41)), ("u2", Value::Null)]);
    assert_eq!(found[4], ("u5", Value::Long(29)));
    let row = users.rows().next().unwrap();
    assert_eq!((row.get("Id"), row.text("age"), row.columns().len()), (None, None, 2));
    assert_eq!(row.values().count(), 2);
    assert_eq!(users.rows().nth(3).unwrap().text("id"), Some("u4"), "rows go on into the next batch");
    assert_eq!(table("users | where id == 'x'").rows().next().map(|row| row.number), None);
}

#[test]
fn a_row_is_read_into_a_struct() {
    let users = table("users");
    let read: Vec<User> = users.read().collect::<Result<_, _>>().unwrap();
    let ada = User {
        display_name: "Ada".to_owned(),
        department: "Sales".to_owned(),
        age: Some(41),
        account_enabled: true,
        employee_org_data: Some(Division { division: "North".to_owned() }),
        mail: None,
    };
    assert_eq!((read.len(), &read[0]), (5, &ada));
    assert_eq!((read[1].age, &read[3].employee_org_data), (None, &None));
}

#[test]
fn a_row_is_read_into_a_tuple_a_map_and_json() {
    assert_eq!(first::<(String, i64)>("print 'a', 2").unwrap(), ("a".to_owned(), 2));
    let map: BTreeMap<String, f64> = first("print x = 1, y = 0.5").unwrap();
    assert_eq!(map, BTreeMap::from([("x".to_owned(), 1.0), ("y".to_owned(), 0.5)]));
    let json: serde_json::Value =
        first("print a = dynamic({'b': [1, null, 'c']}), d = long(null), s = ''").unwrap();
    assert_eq!(json.to_string(), r#"{"a":{"b":[1,null,"c"]},"d":null,"s":""}"#);
}

#[test]
fn every_type_of_column_has_its_form() {
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    enum Kind {
        Member,
        Guest,
    }
    #[derive(Deserialize)]
    struct All {
        at: Timestamp,
        took: String,
        id: String,
        which: Kind,
        odd: f64,
    }
    let text = "print at = datetime(2026-11-20T08:00:00Z), took = 90m, \
                id = guid(3f0e7a52-7a0c-4a6e-9d5c-2b8f1c9d0a11), which = 'guest', odd = real(nan)";
    let all: All = first(text).unwrap();
    assert_eq!(all.at, "2026-11-20T08:00:00Z".parse().unwrap());
    assert_eq!((&*all.took, &*all.id), ("01:30:00", "3f0e7a52-7a0c-4a6e-9d5c-2b8f1c9d0a11"));
    assert!(matches!(all.which, Kind::Guest) && all.odd.is_nan());
    assert!(matches!(first("print dynamic({'member': null})"), Ok((Kind::Member,))));
}

#[test]
fn what_does_not_fit_is_named_with_row_and_column() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Aged {
        #[serde(rename = "age")]
        _age: u8,
    }
    let text = "users | project age";
    let found = table(text).read::<Aged>().nth(1).unwrap().unwrap_err();
    let expected = RowError::Value {
        row: 1,
        column: "age".to_owned(),
        expected: "u8".to_owned(),
        found: "null".to_owned(),
    };
    assert_eq!(found, expected);
    let said = |text| first::<Aged>(text).unwrap_err().to_string();
    assert_eq!(said("print age = 300"), "row 0, column `age`: expected u8, found integer `300`");
    assert_eq!(said("print age = 'x'"), "row 0, column `age`: expected u8, found string \"x\"");
    assert_eq!(said("print years = 3"), "found a column `years`, which has no field");
    let missing = first::<User>("print displayName = ''").unwrap_err();
    assert_eq!(missing, RowError::NoColumn { column: "department" });
    let inside = first::<BTreeMap<String, Division>>("print a = dynamic({'division': 1})").unwrap_err();
    assert_eq!(inside.to_string(), "row 0, column `a.division`: expected a string, found integer `1`");
    let inside = first::<BTreeMap<String, Division>>("print a = dynamic({})").unwrap_err();
    assert_eq!(inside.to_string(), "row 0, column `a`: expected a member `division`, found none");
    let short = first::<(i64, i64)>("print 1").unwrap_err();
    assert_eq!(short, RowError::Columns { expected: 2, found: 1 });
    let time = first::<(Timestamp,)>("print 'soon'").unwrap_err();
    assert!(matches!(time, RowError::Other { ref column, .. } if column == "print_0"), "{time}");
}
