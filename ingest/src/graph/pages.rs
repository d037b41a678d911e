//! Owns reading a collection page by page.

use super::call::Call;
use super::error::{Error, Result};
use super::page::Page;
use super::sender::Sender;
use super::shape::Shape;
use super::trail::Trail;

/// The pages of a collection, in their order.
pub struct Pages {
    sender: Sender,
    next: Option<Call>,
    trail: Trail,
}

impl Pages {
    pub(super) fn new(sender: Sender, first: Call) -> Self {
        Self { sender, next: Some(first.shape(Shape::Page)), trail: Trail::default() }
    }

    /// Reads the next page; none after the last one, and after an error.
    ///
    /// # Errors
    /// As [`super::Client::send`], and `Malformed` when the answer is no page.
    pub async fn next(&mut self) -> Option<Result<Page>> {
        let call = self.next.take()?;
        let read = async {
            let answer = self.sender.send(&call).await?;
            let malformed = |fault| Error::Malformed {
                asked: call.asked(),
                fault,
                tries: None,
                request_id: answer.request_id.clone(),
            };
            let mut page = match answer.page {
                Some(page) => page,
                None => Page::read(answer.body, None).map_err(malformed)?,
            };
            self.trail.step(&call.path, &page).map_err(malformed)?;
            page.request_id.clone_from(&answer.request_id);
            Ok(page)
        };
        let page = read.await;
        if let Ok(Page { next_link: Some(link), .. }) = &page {
            // Graph remembers the query, but not the headers.
            self.next = Some(Call { path: link.clone(), ..call });
        }
        Some(page)
    }

    /// The path or link of the page that [`Pages::next`] reads next.
    #[must_use]
    pub fn upcoming(&self) -> Option<&str> {
        self.next.as_ref().map(|call| call.path.as_str())
    }
}
