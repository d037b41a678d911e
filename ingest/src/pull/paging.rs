//! Owns reading collections to their end: a list page by page, begun anew where its links expire, and the pages behind one
//! that came in a batch.

use super::error::Result;
use super::reader::{Reader, Unread};
use crate::graph::{Answer, Call, Page, Trail};

/// How often a list is begun anew whose page links expire on the way.
const RESTART_COUNT_MAX: u32 = 2;

/// A collection being read.
pub(super) struct Chain<'r> {
    reader: &'r Reader,
    key: String,
    first: Call,
    next: Option<Call>,
    number: u32,
    restarts: u32,
    trail: Trail,
}

impl<'r> Chain<'r> {
    /// A collection whose pages are staged under a key.
    pub(super) fn new(reader: &'r Reader, key: &str, first: Call) -> Self {
        let next = Some(first.clone());
        let (number, restarts, trail) = (0, 0, Trail::default());
        Self { reader, key: key.to_owned(), first, next, number, restarts, trail }
    }

    /// The next page; none after the last one. The inner result says that it cannot be read. When the links expire on the
    /// way the list is begun anew, and its pages come again.
    pub(super) async fn next(&mut self) -> Result<Option<Result<Page, Unread>>> {
        loop {
            let Some(call) = self.next.take() else { return Ok(None) };
            let again = if self.restarts == 0 { String::new() } else { format!("~{}", self.restarts) };
            let key = format!("{}{again}/{}", self.key, self.number);
            let page = match self.reader.page(&key, &call).await? {
                Ok(page) => page,
                Err(unread)
                    if self.number > 0 && unread.is_expired() && self.restarts < RESTART_COUNT_MAX =>
                {
                    self.restarts += 1;
                    self.number = 0;
                    self.trail = Trail::default();
                    self.next = Some(self.first.clone());
                    continue;
                }
                Err(unread) => return Ok(Some(Err(unread))),
            };
            self.number += 1;
            if let Err(fault) = self.trail.step(&call.path, &page) {
                return Ok(Some(Err(self.reader.broken(&call, fault))));
            }
            self.next = page.next_link.as_ref().map(|link| Call { path: link.clone(), ..call });
            return Ok(Some(Ok(page)));
        }
    }
}

/// The page that an answer is; one that was staged is taken apart here.
pub(super) fn page_of(reader: &Reader, call: &Call, answer: Answer) -> Result<Page, Unread> {
    match answer.page {
        Some(page) => Ok(page),
        None => Page::read(answer.body, None).map_err(|fault| reader.broken(call, fault)),
    }
}

/// The page behind another one; none after the last.
pub(super) async fn page_behind(
    reader: &Reader,
    call: &Call,
    trail: &mut Trail,
    page: &Page,
) -> Result<Option<Result<(Call, Page), Unread>>> {
    if let Err(fault) = trail.step(&call.path, page) {
        return Ok(Some(Err(reader.broken(call, fault))));
    }
    let Some(next) = &page.next_link else { return Ok(None) };
    let call = Call { path: next.clone(), ..call.clone() };
    let read = reader.page(&format!("more/{next}"), &call).await?;
    Ok(Some(read.map(|page| (call, page))))
}
