//! Chains that end, and chains that do not.

use bytes::Bytes;

use super::{EMPTY_COUNT_MAX, Trail};
use crate::graph::page::Page;

fn page(items: &str, next: Option<String>) -> Page {
    let link = next.map(|next| format!(",\"@odata.nextLink\":\"{next}\"")).unwrap_or_default();
    Page::read(Bytes::from(format!("{{\"value\":[{items}]{link}}}")), None).unwrap()
}

/// How many pages are read of a chain before it is given up; none when it is not within the bound.
fn given_up(chain: impl Fn(usize) -> Page, asked: impl Fn(usize) -> String) -> Option<usize> {
    let mut trail = Trail::default();
    (0..10_000).find(|&number| trail.step(&asked(number), &chain(number)).is_err())
}

#[test]
fn circles_of_any_length_end_when_they_close() {
    for length in 1..6_usize {
        let link = |number: usize| format!("/p{}", number % length);
        let chain = |number: usize| page(&format!("{{\"id\":\"{number}\"}}"), Some(link(number + 1)));
        assert_eq!(given_up(chain, link), Some(length - 1));
    }
}

#[test]
fn pages_that_repeat_under_ever_new_links_end() {
    let asked = |number: usize| format!("/p{number}");
    let same = |number: usize| page(&format!("{{\"id\":\"{}\"}}", number % 2), Some(asked(number + 1)));
    assert!(given_up(same, asked).is_some_and(|count| count < 10));
    let empty = |number: usize| page("", Some(asked(number + 1)));
    assert_eq!(given_up(empty, asked), Some(EMPTY_COUNT_MAX));
}

#[test]
fn long_chains_with_empty_pages_and_some_repeats_are_read_to_their_end() {
    let asked = |number: usize| format!("/p{number}");
    let chain = |number: usize| {
        let items = if number.is_multiple_of(2) { String::new() } else { format!("{{\"id\":\"{number}\"}}") };
        page(&items, Some(asked(number + 1)))
    };
    assert_eq!(given_up(chain, asked), None);
    let mut trail = Trail::default();
    assert!(trail.step("/p0", &page("{\"id\":\"a\"}", None)).is_ok());
}
