//! Owns pages: the start of one, its objects, and the link to the next.

use serde_json::Value;

use super::Read;
use crate::filter::sort_key;
use crate::query::QueryOptions;
use crate::render::{Append as _, close};
use crate::rules::Refusal;
use crate::state::Handle;
use crate::wire::Reply;

/// The objects that a page is taken from.
pub(crate) struct PageSource<'a> {
    pub(crate) candidates: &'a [Handle],
    /// Whether a candidate belongs to the list.
    pub(crate) fits: &'a dyn Fn(Handle) -> bool,
    pub(crate) options: &'a QueryOptions,
    pub(crate) context: String,
}

/// The size of an object on a page, as a first guess.
const OBJECT_BYTES: usize = 700;

/// Answers a page; `push` appends one object.
pub(crate) fn push_page(
    read: &Read<'_>,
    page: &PageSource<'_>,
    mut push: impl FnMut(&mut String, Handle),
) -> Result<Reply, Refusal> {
    let start = start(read)?;
    let sorted = page.options.order.as_ref().map(|(name, descending)| {
        let mut keyed: Vec<_> = page
            .candidates
            .iter()
            .filter(|&&handle| (page.fits)(handle))
            .map(|&handle| (sort_key(read.view.body(handle), name), handle))
            .collect();
        keyed.sort();
        if *descending {
            keyed.reverse();
        }
        keyed.into_iter().map(|(_, handle)| handle).collect::<Vec<_>>()
    });
    let candidates = sorted.as_deref().unwrap_or(page.candidates);
    let mut fitting = candidates
        .iter()
        .enumerate()
        .skip(start)
        .filter(|(_, handle)| sorted.is_some() || (page.fits)(**handle));
    let shown: Vec<(usize, &Handle)> = fitting.by_ref().take(page.options.page_size).collect();
    let has_more = fitting.next().is_some();

    let mut out = String::with_capacity(256 + shown.len() * OBJECT_BYTES);
    out.push_str("{\"@odata.context\":");
    out.push_str(&Value::from(page.context.as_str()).to_string());
    out.push(',');
    if page.options.count && start == 0 {
        let count = page.candidates.iter().filter(|&&handle| (page.fits)(handle)).count();
        out.append(format_args!("\"@odata.count\":{count},"));
    }
    if let Some((last, _)) = shown.last().filter(|_| has_more) {
        let token = read.seal.seal(&format!("page|{}|{}", last + 1, read.now_ms));
        out.push_str("\"@odata.nextLink\":");
        out.push_str(&Value::from(read.request.link_with("$skiptoken", &token)).to_string());
        out.push(',');
    }
    out.push_str("\"value\":[");
    for (_, &handle) in shown {
        push(&mut out, handle);
        out.push(',');
    }
    close(&mut out, ']');
    out.push('}');
    Ok(Reply::json(out))
}

/// Reads the index at which the page starts.
fn start(read: &Read<'_>) -> Result<usize, Refusal> {
    let Some(token) = read.request.option("$skiptoken") else { return Ok(0) };
    let opened = read.seal.open(token);
    let mut parts = opened.as_deref().unwrap_or_default().split('|');
    match (parts.next(), parts.next().and_then(|start| start.parse().ok())) {
        (Some("page"), Some(start)) => Ok(start),
        _ => Err(Refusal::new(
            400,
            "Directory_ExpiredPageToken",
            "The specified page token value has expired and can no longer be included in your request.",
        )),
    }
}
