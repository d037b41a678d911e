//! Pages and objects, told apart by their first bytes.

use super::{Start, start, tail_has_next};

#[test]
fn a_page_has_only_annotations_before_its_list() {
    let text =
        br##"{ "@odata.context" : "c\"#", "@odata.count": -1.5, "@odata.nextLink": "n", "value" : [ "##;
    let Start::Page { list_at, context, has_next } = start(text) else { panic!("a page") };
    assert_eq!((list_at, context.as_deref(), has_next), (text.len() - 1, Some("c\"#"), true));
    for text in [r#"{"id":"1","value":[]}"#, r#"{"value":{}}"#, r#"{"value":1}"#, r#"{"@odata"#, "{"] {
        assert_eq!(start(text.as_bytes()), Start::Line, "{text}");
    }
}

#[test]
fn objects_over_lines_are_seen() {
    for text in ["{\n}", "{} {}", "{\n\"a\":", "{}{}\n{}"] {
        assert_eq!(start(text.as_bytes()), Start::OverLines, "{text}");
    }
    for text in ["{}", "{}\n", "{}\n{}", "{} \r\n {}", "{\"a\":\"\\"] {
        assert_eq!(start(text.as_bytes()), Start::Line, "{text}");
    }
}

#[test]
fn the_end_of_a_page_is_read() {
    assert_eq!(tail_has_next(b"}"), Ok(false));
    assert_eq!(tail_has_next(b" , \"@odata.nextLink\" : \"n\" }\n"), Ok(true));
    for text in ["", "]", ",}", "}}", ", \"a\"", ", \"value\": [] }", ", \"a\": 1, \"v\\u0061lue\": 2 }"] {
        assert!(tail_has_next(text.as_bytes()).is_err(), "{text}");
    }
}
