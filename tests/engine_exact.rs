//! Exact reconstruction: the JSON that comes out is the JSON that went in, whatever it is and however it is kept.

use std::collections::BTreeMap;

use engine::Store;
use serde_json::json;
use tests::Shelf;
use tests::shelf::{back_up, contents};

/// Values in canonical form, each with something that a careless store loses.
fn values() -> Vec<String> {
    let plain = [
        "null",
        "true",
        "false",
        "0",
        "1",
        "-1",
        "1.0",
        "-0.0",
        "0.1",
        "0.30000000000000004",
        "1e300",
        "5e-324",
        "1.7976931348623157e308",
        "9007199254740993",
        "-9007199254740993",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "123456789012345678901234567890",
        "-123456789012345678901234567890",
        "12345678901234567890.5",
        r#""""#,
        "[]",
        "{}",
        "[[],{},[null]]",
        r#"[1,1.0,"1",true,null]"#,
        r#""?""#,
        r#""null""#,
        r#""1""#,
        r#""2026-01-01T00:00:00Z""#,
        r#""2026-01-01T00:00:00.0000000Z""#,
        r#""2026-02-30T00:00:00Z""#,
        r#""2026-01-01""#,
        r#""PT1H""#,
        r#""00000000-0000-4000-8000-00000000000a""#,
        r#""00000000-0000-4000-8000-00000000000A""#,
        r#""{00000000-0000-4000-8000-00000000000a}""#,
        r#""\ud800""#,
        r#""\udc00x\ud800""#,
        r#""\u0000\u001f\n\t\"\\""#,
        "\"\u{7f}\u{85}\u{2028}\u{feff}\"",
        "\"é e\u{301} \u{1f468}\u{200d}\u{1f469} 中文 \u{5d0}\"",
        r#""a@b""#,
        r#""@""#,
        r##"{"@odata.type":"#microsoft.graph.x","v":1}"##,
        r#"{"a":null,"b":{},"c":[],"d":""}"#,
        r#"{"a":{"b":5},"a.b":1,"a/b":2,"a~1b":4,"a~b":3}"#,
        r#"[{"a.b":1,"a/b":{"~":[]}}]"#,
    ];
    let mut values: Vec<String> = plain.map(str::to_owned).into();
    values.push(format!("{}7{}", r#"{"d":"#.repeat(40), "}".repeat(40)));
    values.push(format!("{}7{}", "[".repeat(40), "]".repeat(40)));
    values.push(format!("\"{}\"", "long é ".repeat(1000)));
    values
}

/// An object by its properties, each a canonical text; tells its canonical text.
#[derive(Clone)]
struct Thing {
    token: &'static str,
    id: String,
    properties: BTreeMap<String, String>,
}

impl Thing {
    fn new(token: &'static str, id: impl Into<String>) -> Self {
        Self { token, id: id.into(), properties: BTreeMap::new() }
    }

    fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.properties.insert(name.into(), value.into());
        self
    }

    fn text(&self) -> String {
        let mut properties = self.properties.clone();
        properties.insert("id".into(), json!(self.id).to_string());
        properties.insert("@odata.type".into(), format!("\"#microsoft.graph.{}\"", self.token));
        let members = properties.iter().map(|(name, value)| format!("{}:{value}", json!(name)));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }
}

#[track_caller]
fn check(store: &Store, backup: &engine::BackupId, things: &[Thing]) {
    let shown = contents(store, backup).unwrap();
    assert_eq!(shown.len(), things.len());
    for thing in things {
        let (_, text, _) = &shown[&(thing.token.to_owned(), thing.id.clone())];
        let expected = thing.text();
        if *text != expected {
            let start = text.bytes().zip(expected.bytes()).position(|(a, b)| a != b).unwrap_or_default();
            let part = |text: &str| text.chars().skip(start.saturating_sub(60)).take(160).collect::<String>();
            panic!("{}: expected {}, found {}", thing.id, part(&expected), part(text));
        }
    }
}

/// Backs up each day and checks every one of them, then again after opening the store.
fn check_days(days: &[Vec<Thing>]) -> Shelf {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    for (number, things) in (0..).zip(days) {
        let texts: Vec<String> = things.iter().map(Thing::text).collect();
        let backup = back_up(&mut store, number, &texts).unwrap();
        check(&store, &backup.id, things);
    }
    let store = shelf.open().unwrap();
    for (backup, things) in store.backups().iter().zip(days) {
        check(&store, &backup.id, things);
    }
    assert_eq!(shelf.verify().unwrap().errors, []);
    shelf
}

/// Objects with every value under one name, so that one column has them all; `turn` moves them on.
fn of_all_types(token: &'static str, turn: usize) -> Vec<Thing> {
    let values = values();
    let value = |index: usize| values[(index + turn) % values.len()].clone();
    let thing = |index: usize| {
        Thing::new(token, format!("id {index}"))
            .with("always", value(index))
            .with(format!("only {index}"), value(index))
            .with("list", format!("[{},{}]", value(index), value(index + 1)))
            .with("within", format!(r#"{{"more":{}}}"#, value(index)))
    };
    (0..values.len()).map(thing).collect()
}

#[test]
fn one_property_may_hold_anything() {
    for token in ["user", "neverHeardOf"] {
        check_days(&[of_all_types(token, 0)]);
    }
}

#[test]
fn a_chain_of_changes_keeps_everything_and_is_cut_by_whole_rows() {
    let days: Vec<Vec<Thing>> = (0..20).map(|turn| of_all_types("user", turn)).collect();
    let shelf = check_days(&days);
    // What comes back is an old version, and costs next to nothing.
    let mut store = shelf.open().unwrap();
    let texts: Vec<String> = days[19].iter().map(Thing::text).collect();
    let last = store.backups()[19].bytes;
    let again = back_up(&mut store, 20, &texts).unwrap();
    assert_eq!(again.updated, 0);
    assert!(again.bytes * 4 < last);
}

#[test]
fn objects_that_change_in_many_attributes_are_kept_whole() {
    let wide = |turn: usize| -> Vec<Thing> {
        let values = values();
        let property =
            |index: usize| (format!("property {index}"), values[(index * turn) % values.len()].clone());
        let thing = |id: usize| {
            let thing = Thing::new("device", format!("wide {id}"));
            (id..id + 90).map(property).fold(thing, |thing, (name, value)| thing.with(name, value))
        };
        (0..5).map(thing).collect()
    };
    check_days(&[wide(1), wide(3), wide(7), wide(2)]);
}

#[test]
fn odd_names_and_ids_are_kept() {
    let names = [
        "a.b",
        "a/b",
        "a~b",
        "~0",
        "~1",
        "/",
        "//",
        "a/",
        "'",
        "['x']",
        "é",
        " ",
        "\u{1f600}",
        "\"",
        "\\",
        "\n",
        "ID",
    ];
    let ids = [
        "00000000-0000-4000-8000-00000000000a",
        "00000000-0000-4000-8000-00000000000B",
        "0000000000004000800000000000000a",
        "x",
        " ",
        "a|b|c",
        "\u{1f600}",
        "\"",
        "ID",
        "id",
    ];
    let day = |turn: usize| -> Vec<Thing> {
        let values = values();
        let thing = |id: &str| {
            let pairs =
                names.iter().enumerate().map(|(index, name)| (name, values[(index * 3 + turn) % 40].clone()));
            pairs.fold(Thing::new("custom", id), |thing, (name, value)| thing.with(*name, value))
        };
        ids.iter().map(|id| thing(id)).collect()
    };
    check_days(&[day(0), day(1), day(5)]);
}

#[test]
fn annotations_are_kept() {
    let day = |number: u32| {
        vec![
            Thing::new("user", "u")
                .with("@odata.etag", format!("\"W/{number}\""))
                .with("@odata.context", "\"https://example.org/$metadata#users/$entity\"")
                .with("manager@odata.navigationLink", format!("\"{number}\""))
                .with("tags@odata.type", "\"#Collection(String)\"")
                .with("tags", "[]"),
        ]
    };
    let shelf = check_days(&[day(1), day(2)]);
    let backups = shelf.open().unwrap().backups().to_vec();
    let changes = shelf.open().unwrap().difference(
        &backups[0].id,
        &backups[1].id,
        &engine::DifferenceFilter::default(),
    );
    assert_eq!(changes.unwrap(), []);
}

#[test]
fn a_megabyte_of_text_is_kept() {
    let text = |letter: char| format!("\"{}\"", letter.to_string().repeat(1 << 20));
    let day = |letter| vec![Thing::new("user", "u").with("aboutMe", text(letter)), Thing::new("user", "v")];
    check_days(&[day('a'), day('b'), day('é')]);
}

/// Users whose other names are made from their user principal name, but for some.
fn named(count: usize, turn: usize) -> Vec<Thing> {
    let values = values();
    let user = |number: usize| {
        let local = format!("user.{number}.{}", if number % 11 == 3 { turn } else { 0 });
        let name = match number {
            7 => "null".into(),
            8 => r#""""#.into(),
            9 => r#""no at sign""#.into(),
            10 => r#""@contoso.com""#.into(),
            11 => r#""quote\"@x""#.into(),
            12 => "[]".into(),
            _ => format!("\"{local}@contoso.com\""),
        };
        let odd = |index: usize| values[(index + turn) % values.len()].clone();
        let is_odd = number % 9 == 4;
        let or_odd = |value: String| if is_odd { odd(number) } else { value };
        let user = Thing::new("user", format!("00000000-0000-4000-8000-{number:012}"));
        let user = if number == 13 { user } else { user.with("userPrincipalName", name) };
        if number % 10 == 6 {
            return user;
        }
        user.with("mail", or_odd(format!("\"{local}@contoso.com\"")))
            .with("mailNickname", or_odd(format!("\"{local}\"")))
            .with("proxies", or_odd(format!("[\"SMTP:{local}@contoso.com\",\"sip:x\"]")))
            .with("displayName", or_odd(format!("\"User {number}\"")))
            .with("greeting", or_odd(format!("\"Hello User {number}!\"")))
    };
    (0..count).map(user).collect()
}

#[test]
fn columns_that_repeat_another_are_kept_exactly() {
    for count in [63, 64, 65, 200] {
        check_days(&[named(count, 0), named(count, 1), named(count, 2)]);
    }
    let same: Vec<Thing> = (0..300)
        .map(|id| Thing::new("user", format!("{id}")).with("mail", format!("\"u{id}@x.org\"")))
        .collect();
    let both: Vec<Thing> = same
        .iter()
        .map(|thing| thing.clone().with("userPrincipalName", thing.properties["mail"].clone()))
        .collect();
    let bytes = |things: &[Thing]| {
        let shelf = check_days(&[things.to_vec()]);
        shelf.open().unwrap().backups()[0].bytes
    };
    assert!(bytes(&both) < bytes(&same) + 1000, "the column that repeats another is not kept as such");
}

#[test]
fn writing_a_value_differently_is_no_change() {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let type_name = r##""@odata.type":"#microsoft.graph.user","id":"u""##;
    let texts = [
        format!(r#"{{{type_name},"a":"é/","n":1.5,"m":100.0,"businessPhones":["1","2"]}}"#),
        format!(r#"{{ "m":1e2, "n":1.50 ,"a":"\u00e9\/", "businessPhones":["2","1"],{type_name} }}"#),
        format!(r#"{{"a":"no","a":"é/",{type_name},"n":15e-1,"m":100.00,"businessPhones":[ "1", "2" ]}}"#),
    ];
    let phones = [r#"["1","2"]"#, r#"["2","1"]"#, r#"["1","2"]"#];
    for ((day, text), phones) in (0..).zip(&texts).zip(phones) {
        let backup = back_up(&mut store, day, &[text]).unwrap();
        assert_eq!((backup.added, backup.updated), (u64::from(day == 0), 0));
        let (_, shown, _) = contents(&store, &backup.id).unwrap().into_values().next().unwrap();
        // The order of a set is no change, and comes out as it came.
        let expected = format!(r#""a":"é/","businessPhones":{phones},"id":"u","m":100.0,"n":1.5"#);
        assert!(shown.contains(&expected), "{shown}");
    }
    assert_eq!(shelf.verify().unwrap().errors, []);
}
