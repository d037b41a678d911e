//! Owns one page of a collection, taken apart without building its objects.

use std::ops::Range;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::{AnswerFault, Result};

#[cfg(test)]
mod tests;

/// One page.
#[derive(Clone)]
pub struct Page {
    body: Bytes,
    items: Vec<Range<usize>>,
    /// Where the next page is.
    pub next_link: Option<String>,
    /// Where the next round of a delta query begins; on its last page.
    pub delta_link: Option<String>,
    /// `@odata.count`.
    pub count: Option<u64>,
    /// Graph's `request-id`.
    pub request_id: Option<String>,
}

#[derive(Deserialize)]
struct PageBody<'a> {
    #[serde(borrow)]
    value: Vec<&'a RawValue>,
    #[serde(rename = "@odata.nextLink")]
    next_link: Option<String>,
    #[serde(rename = "@odata.deltaLink")]
    delta_link: Option<String>,
    #[serde(rename = "@odata.count")]
    count: Option<u64>,
}

impl Page {
    /// Takes a page apart.
    ///
    /// # Errors
    /// What was expected and found, when it is no page.
    pub fn read(body: Bytes, request_id: Option<String>) -> Result<Self, AnswerFault> {
        let page: PageBody<'_> = serde_json::from_slice(&body)
            .map_err(|error| AnswerFault::PageText { reason: error.to_string() })?;
        let begin = body.as_ptr().addr();
        let range = |item: &&RawValue| {
            let offset = item.get().as_ptr().addr() - begin;
            offset..offset + item.get().len()
        };
        let items = page.value.iter().map(range).collect();
        let PageBody { next_link, delta_link, count, .. } = page;
        Ok(Self { body, items, next_link, delta_link, count, request_id })
    }

    /// How many items it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether it has no items, which does not mean that it is the last page.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The JSON of each item, as it came.
    ///
    /// # Panics
    /// Never: the page was read as text when it was taken apart.
    pub fn items(&self) -> impl ExactSizeIterator<Item = &str> {
        self.items.iter().map(|range| {
            str::from_utf8(&self.body[range.clone()])
                .expect("the page was read as text when it was taken apart")
        })
    }

    /// The JSON of each item, each keeping the page alive: for another thread.
    pub fn slices(&self) -> impl ExactSizeIterator<Item = Bytes> {
        self.items.iter().map(|range| self.body.slice(range.clone()))
    }
}

/// The items are not shown: they are the tenant's.
impl std::fmt::Debug for Page {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Page").field("items", &self.items.len()).finish_non_exhaustive()
    }
}
