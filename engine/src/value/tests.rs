//! Tests of values.

use proptest::prelude::*;
use serde_json::Value;

use super::path::{path_from_display, path_segments};
use super::*;

fn canonical(text: &str) -> String {
    let mut out = Vec::new();
    canonicalize(text.as_bytes(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn each_kind_of_value_has_its_canonical_text() {
    for (raw, expected) in [
        ("0", "0"),
        ("-0", "-0.0"),
        ("-0.0e7", "-0.0"),
        ("0e99999999999999999999", "0.0"),
        ("1.0", "1.0"),
        ("1.50", "1.5"),
        ("1e2", "100.0"),
        ("1E+2", "100.0"),
        ("1e22", "1e22"),
        ("10e21", "1e22"),
        ("0.1", "0.1"),
        ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("1E400", "1E400"),
        ("-1e-400", "-1e-400"),
        ("1e99999999999999999999", "1e99999999999999999999"),
        ("5e-324", "5e-324"),
        (r#""\u0041\/\u00e9\u001F\u007f""#, "\"A/é\\u001f\u{7f}\""),
        (r#""\ud83d\ude00""#, "\"😀\""),
        (r#""\uD83D""#, r#""\ud83d""#),
        (r#""\ude00\ud83d""#, r#""\ude00\ud83d""#),
        (r#""\n\r\t\b\f\"\\""#, r#""\n\r\t\b\f\"\\""#),
        (" [ 1 , [ ] , { } ] ", "[1,[],{}]"),
        (r#"[{"b":1,"a":2}]"#, r#"[{"a":2,"b":1}]"#),
        (r#"{"b":1,"a":2,"b":3}"#, r#"{"a":2,"b":3}"#),
        (r#"{"\u0061":1,"a":2}"#, r#"{"a":2}"#),
        (r#"{"é":1,"\n":2,"\"":3," ":4}"#, r#"{"\n":2," ":4,"\"":3,"é":1}"#),
        ("null", "null"),
    ] {
        assert_eq!(canonical(raw), expected, "{raw}");
        assert_eq!(canonical(expected), expected, "{raw}, twice");
    }
}

#[test]
fn what_is_not_json_is_refused_where_it_is_wrong() {
    let deep = "[".repeat(200) + &"]".repeat(200);
    for (raw, offset) in [
        ("", 0),
        ("nul", 0),
        ("01", 1),
        ("-", 1),
        ("1.", 2),
        ("1e", 2),
        ("[1,]", 3),
        ("[1 2]", 3),
        ("{\"a\" 1}", 5),
        ("{\"a\":1,}", 7),
        ("\"abc", 0),
        ("\"abc\\", 0),
        ("\"a\nb\"", 2),
        ("\"abcdefghij\u{1}\"", 11),
        ("\"ab\\x\"", 3),
        ("\"ab\\u12g4\"", 3),
        ("1 1", 2),
        (&deep, 128),
    ] {
        let error = canonicalize(raw.as_bytes(), &mut Vec::new()).unwrap_err();
        assert_eq!(error.offset, offset, "{raw}: {}", error.reason);
    }
    assert_eq!(canonicalize(b"\"a\xff\"", &mut Vec::new()).unwrap_err().offset, 2);
}

#[test]
fn the_identity_text_of_a_set_is_in_order() {
    let mut out = Vec::new();
    write_identity(br#"[{"ids":[3,1,2],"n":"]"},{"ids":[],"n":"[\"b"},[2,1],"z"]"#, &mut out);
    let expected = r#"["z",[1,2],{"ids":[1,2,3],"n":"]"},{"ids":[],"n":"[\"b"}]"#;
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn paths_are_shown_with_dots() {
    let mut path = String::new();
    for name in ["conditions", "a.b", "c/d~e", "it's", "", "f_1"] {
        push_segment(name.as_bytes(), &mut path);
    }
    assert_eq!(path, "conditions/a.b/c~1d~0e/it's/~e/f_1");
    let display = path_to_display(&path);
    assert_eq!(display, r"conditions['a.b']['c/d~e']['it\'s'][''].f_1");
    assert_eq!(path_from_display(&display), Some(path));
    for wrong in ["", ".", "a.", "a..b", "a['b", "a['b'", "a['b']c", "a[b]"] {
        assert_eq!(path_from_display(wrong), None, "{wrong}");
    }
}

#[test]
fn half_a_surrogate_pair_in_a_name_comes_back() {
    let mut path = String::new();
    push_segment(b"a\xed\xa0\xbdb", &mut path);
    assert_eq!(path, "a~ud83db");
    assert_eq!(path_segments(&path).collect::<Vec<_>>(), [b"a\xed\xa0\xbdb".to_vec()]);
    assert_eq!(assemble([(path.as_str(), &b"1"[..])]), r#"{"a\ud83db":1}"#);
}

#[test]
fn cells_become_an_object_again() {
    let cells: [(&str, &[u8]); 7] = [
        ("b/y", b"2"),
        ("a", b"[1]"),
        ("b/x", b"1"),
        ("b", b"null"),
        ("gone", b""),
        ("never known", UNKNOWN),
        ("b.c", b"{}"),
    ];
    assert_eq!(assemble(cells), r#"{"a":[1],"b":{"x":1,"y":2},"b.c":{}}"#);
    let deep = "a/".repeat(100_000);
    assert!(assemble([(deep.as_str(), &b"1"[..])]).len() < 2000);
}

#[test]
fn what_a_value_has_no_room_for_is_brought_near() {
    let value = decode(br#"{"a":1E400,"b":["x\ud800",2.5]}"#);
    assert_eq!(value, serde_json::json!({"a": "1E400", "b": ["x\u{fffd}", 2.5]}));
    assert_eq!(decode(b"[1"), Value::Null);
    assert_eq!(decode(b"?"), Value::Null);
}

/// JSON texts of every shape and style; numbers short enough that `serde_json` reads them exactly.
pub(crate) fn any_text() -> impl Strategy<Value = String> {
    let text = r#""([a-z é😀]|\\u[0-9a-fA-F]{4}|\\["\\/bfnrt]){0,12}""#;
    let leaf =
        prop_oneof!["true|false|null", r"-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,4})?([eE][+-]?[0-9])?", text,];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            (proptest::collection::vec(inner.clone(), 0..6), "[ \n\r\t]{0,2}")
                .prop_map(|(items, space)| format!("[{space}{}{space}]", items.join(&format!("{space},")))),
            any_object_text(inner),
        ]
    })
}

/// Objects with names that repeat and need escapes.
pub(crate) fn any_object_text(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let name = r#""([a-c./~@]|\\u006[1-3]|\\u[0-9a-f]{4}|\\["\\n]|é){0,2}""#;
    let members = proptest::collection::vec((name, "[ \n]{0,1}", value), 0..6);
    (members, "[ \n\r\t]{0,2}").prop_map(|(members, space)| {
        let members: Vec<_> =
            members.into_iter().map(|(name, gap, value)| format!("{name}{gap}:{gap}{value}")).collect();
        format!("{{{space}{}{space}}}", members.join(&format!(",{space}")))
    })
}

proptest! {
    #[test]
    fn canonical_text_means_what_the_raw_text_means(raw in any_text()) {
        let text = canonical(&raw);
        prop_assert_eq!(canonical(&text), text.clone());
        if let Ok(expected) = serde_json::from_str::<Value>(&raw) {
            prop_assert_eq!(decode(text.as_bytes()), expected);
        }
    }

    #[test]
    fn the_parser_accepts_what_serde_json_accepts(
        raw in any_text(),
        position: prop::sample::Index,
        replacement in r#"["\\\[\]{},:0-9eE.+ntu\-\n]?"#,
    ) {
        let characters: Vec<char> = raw.chars().collect();
        let position = position.index(characters.len());
        let (before, after) = characters.split_at(position);
        let text: String = before.iter().copied().chain(replacement.chars()).chain(after[1..].iter().copied()).collect();
        let expected = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        prop_assert_eq!(canonicalize(text.as_bytes(), &mut Vec::new()).is_ok(), expected, "{}", text);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let mut out = Vec::new();
        let _outcome = canonicalize(&bytes, &mut out);
        write_identity(&bytes, &mut out);
        decode(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        path_to_display(&text);
        path_from_display(&text);
        assemble([(&*text, &bytes[..])]);
    }

    #[test]
    fn the_order_of_a_set_does_not_show(mut items in proptest::collection::vec(any_text(), 0..6)) {
        let write = |items: &[String]| {
            let mut out = Vec::new();
            write_identity(canonical(&format!("[{}]", items.join(","))).as_bytes(), &mut out);
            out
        };
        let before = write(&items);
        items.reverse();
        prop_assert_eq!(write(&items), before);
    }

    #[test]
    fn every_path_is_shown_and_read(names in proptest::collection::vec(".{0,6}|[a-z_]{1,4}", 1..4)) {
        let mut path = String::new();
        for name in &names {
            push_segment(name.as_bytes(), &mut path);
        }
        let segments: Vec<_> = path_segments(&path).collect();
        prop_assert_eq!(segments, names.iter().map(|name| name.as_bytes().to_vec()).collect::<Vec<_>>());
        prop_assert_eq!(path_from_display(&path_to_display(&path)), Some(path));
    }
}
