//! How far a query may go, and whether it was told to stop.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::ast::Span;
use crate::error::{Code, Diagnostic};

/// What a query may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    /// Most cells one step may hold; a cell takes about 24 bytes and its text.
    pub cells: usize,
    /// Becomes true when the query is to stop.
    pub cancelled: Option<&'a AtomicBool>,
}

impl Default for Limits<'_> {
    fn default() -> Self {
        Self { cells: 200_000_000, cancelled: None }
    }
}

impl Limits<'_> {
    /// Refuses more cells than allowed, and any once the query was told to stop.
    pub(crate) fn admit(&self, cells: usize) -> Result<(), Diagnostic> {
        if self.cancelled.is_some_and(|cancelled| cancelled.load(Ordering::Relaxed)) {
            return Err(Diagnostic::new(Code::Limit, Span::default(), "the query was stopped"));
        }
        if cells <= self.cells {
            return Ok(());
        }
        let message = format!("a step of the query makes more than {} cells", self.cells);
        Err(Diagnostic::new(Code::Limit, Span::default(), message))
    }
}
