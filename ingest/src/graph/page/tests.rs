//! Tests of taking pages apart.

use super::{AnswerFault, Page};

fn read(text: &'static str) -> Result<Page, AnswerFault> {
    Page::read(bytes::Bytes::from_static(text.as_bytes()), None)
}

#[test]
fn items_are_the_bytes_that_came() {
    let text = r#"{"@odata.context":"…","@odata.count":3,"value": [ {"n":1.50,"n":2} ,"x", {"a":"\ud83d\ude00","b":12345678901234567890} ],"@odata.nextLink":"http://host/next"}"#;
    let page = read(text).unwrap();
    let items: Vec<&str> = page.items().collect();
    assert_eq!(items, [r#"{"n":1.50,"n":2}"#, "\"x\"", r#"{"a":"\ud83d\ude00","b":12345678901234567890}"#]);
    assert_eq!(page.slices().map(|slice| slice.len()).sum::<usize>(), items.concat().len());
    assert_eq!((page.len(), page.is_empty(), page.count), (3, false, Some(3)));
    assert_eq!(page.next_link.as_deref(), Some("http://host/next"));
    assert_eq!(page.delta_link, None);
}

#[test]
fn an_empty_page_may_have_a_next_one() {
    let page = read(r#"{"value":[],"@odata.nextLink":"next"}"#).unwrap();
    assert!(page.is_empty() && page.next_link.is_some());
    let page = read(r#"{"value":[],"@odata.deltaLink":"delta"}"#).unwrap();
    assert_eq!(page.delta_link.as_deref(), Some("delta"));
}

#[test]
fn what_is_no_page_is_refused() {
    for text in ["", "{}", "[]", r#"{"value":{}}"#, r#"{"value":[1"#, "<html>"] {
        assert!(read(text).unwrap_err().to_string().starts_with("expected a page"), "{text}");
    }
}
