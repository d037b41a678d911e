//! Owns the way through a chain of pages: each link is followed once, and no chain is without an end.

use std::collections::HashSet;

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
    pub(crate) fn step(&mut self, asked: &str, page: &Page) -> Result<(), String> {
        self.links.insert(mark(&[asked]));
        let Some(next) = &page.next_link else { return Ok(()) };
        if self.links.contains(&mark(&[next])) {
            return Err(
                "expected a link to the next page, found one to a page that was read already".to_owned()
            );
        }
        if page.is_empty() {
            self.empty_count += 1;
        } else {
            self.empty_count = 0;
            let items: Vec<&str> = page.items().collect();
            self.repeated_count += usize::from(!self.contents.insert(mark(&items)));
        }
        if self.empty_count > EMPTY_COUNT_MAX {
            return Err(format!("expected an end or items, found {EMPTY_COUNT_MAX} pages without any"));
        }
        if self.repeated_count > REPEATED_COUNT_MAX {
            return Err("expected further items, found the same pages again and again".to_owned());
        }
        if self.links.len() >= PAGE_COUNT_MAX {
            return Err(format!("expected an end, found more than {PAGE_COUNT_MAX} pages"));
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
