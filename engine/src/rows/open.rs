//! What one thread keeps open of each segment: a difference of backups a month apart goes back and forth between them.

use crate::segment::reader::Segment;

/// Segments of which something stays open.
const OPEN_COUNT: usize = 64;

/// Something of each segment, by its sequence, modulo their number.
pub(super) struct PerSegment<T>(Vec<Option<T>>);

impl<T> Default for PerSegment<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> PerSegment<T> {
    /// The slot of a segment: what is open in it, if it is what is wanted; else nothing, to be filled.
    pub(super) fn get(&mut self, segment: &Segment, is_wanted: impl FnOnce(&T) -> bool) -> &mut Option<T> {
        let index = usize::try_from(segment.sequence).unwrap_or(0) % OPEN_COUNT;
        if self.0.len() <= index {
            self.0.resize_with(index + 1, || None);
        }
        let open = &mut self.0[index];
        if open.as_ref().is_some_and(|open| !is_wanted(open)) {
            *open = None;
        }
        open
    }
}
