//! Owns the way through a chain of pages: each link is followed once, and no chain is without an end.

use std::collections::HashSet;

use super::error::AnswerFault;
use super::page::Page;

#[cfg(test)]
mod tests;

/// The most pages of a chain: groups with many members come one to a page.
const PAGE_COUNT_MAX: usize = 1_000_000;
/// The most pages without an item one after another.
const EMPTY_COUNT_MAX: usize = 1_000;
/// The most pages that have the very items of an earlier page of the chain.
const REPEATED_COUNT_MAX: usize = 3;

/// The way through a chain of pages so far.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    links: HashSet<[u8; 16]>,
    contents: HashSet<[u8; 16]>,
    empty_count: usize,
    repeated_count: usize,
}

impl Trail {
    /// Takes note of a page and of where it was asked for.
    ///
    /// # Errors
    /// What was expected and found, when its link leads back or the chain does not end.
    pub(crate) fn step(&mut self, asked: &str, page: &Page) -> Result<(), AnswerFault> {
        self.links.insert(mark(&[asked]));
        let Some(next) = &page.next_link else { return Ok(()) };
        if self.links.contains(&mark(&[next])) {
            return Err(AnswerFault::KnownLink);
        }
        if page.is_empty() {
            self.empty_count += 1;
        } else {
            self.empty_count = 0;
            let items: Vec<&str> = page.items().collect();
            self.repeated_count += usize::from(!self.contents.insert(mark(&items)));
        }
        if self.empty_count > EMPTY_COUNT_MAX {
            return Err(AnswerFault::EmptyPages { count: EMPTY_COUNT_MAX });
        }
        if self.repeated_count > REPEATED_COUNT_MAX {
            return Err(AnswerFault::RepeatedPages);
        }
        if self.links.len() >= PAGE_COUNT_MAX {
            return Err(AnswerFault::TooManyPages { count: PAGE_COUNT_MAX });
        }
        Ok(())
    }
}

fn mark(parts: &[&str]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    short
}
