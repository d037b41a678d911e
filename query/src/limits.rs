//! What a query may use, what its steps hold, and whether it was stopped.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::ast::Span;
use crate::batch::{BATCH_BYTES, BATCH_ROWS};
use crate::error::{Cause, Code, Diagnostic};
use crate::time;
use crate::value::Value;

/// What a query may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    /// Most bytes all steps of a query may hold at once, as far as they hold what grows with the number of rows or with
    /// what is computed of them: what is sorted, groups, the smaller side of a join, the values a function makes, rows
    /// on their way from one step to the next, the result. What tables keep for themselves is not counted. 1 GiB unless
    /// chosen.
    pub bytes: usize,
    /// A folder where a sort may put what is more than that; without one it fails.
    pub temporary: Option<&'a Path>,
    /// Becomes true when the query is to stop.
    pub cancelled: Option<&'a AtomicBool>,
}

impl Default for Limits<'_> {
    fn default() -> Self {
        Self { bytes: 1 << 30, temporary: None, cancelled: None }
    }
}

impl Limits<'_> {
    /// Refuses to go on once the query was stopped.
    pub(crate) fn proceed(&self) -> Result<(), Diagnostic> {
        if self.cancelled.is_some_and(|cancelled| cancelled.load(Ordering::Relaxed)) {
            return Err(Diagnostic::new(Code::Limit, Span::default(), "the query was stopped"));
        }
        Ok(())
    }
}

/// The bytes that the steps of one query hold.
#[derive(Debug)]
pub(crate) struct Memory {
    limit_bytes: usize,
    held_bytes: AtomicUsize,
    /// Whether values are missing that should have been computed: then no row of them may be shown.
    is_broken: AtomicBool,
    /// Why they are.
    broken: Mutex<Option<Diagnostic>>,
    /// How often what was missing was computed again.
    attempt: AtomicUsize,
}

impl Memory {
    pub(crate) fn new(limit_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            limit_bytes,
            held_bytes: AtomicUsize::new(0),
            is_broken: AtomicBool::new(false),
            broken: Mutex::default(),
            attempt: AtomicUsize::new(0),
        })
    }

    /// What all steps hold now, in bytes.
    #[cfg(test)]
    pub(crate) fn held_bytes(&self) -> usize {
        self.held_bytes.load(Ordering::Relaxed)
    }

    /// Starts the account of a step, by the name that a finding gives it.
    pub(crate) fn account(self: &Arc<Self>, step: &'static str) -> Held {
        Held { memory: Arc::clone(self), step, bytes: 0 }
    }
}

/// What computing values needs to know of the query: its instant, and whether to go on.
#[derive(Debug, Clone)]
pub(crate) struct Guard<'a> {
    pub(crate) now: i64,
    pub(crate) limits: &'a Limits<'a>,
    pub(crate) memory: Arc<Memory>,
}

impl<'a> Guard<'a> {
    pub(crate) fn new(now: Timestamp, limits: &'a Limits<'a>) -> Self {
        Self { now: time::ticks_of(now), limits, memory: Memory::new(limits.bytes) }
    }

    /// Refuses to go on once the query was stopped, or a value could not be computed within the limit.
    pub(crate) fn proceed(&self) -> Result<(), Diagnostic> {
        self.limits.proceed()?;
        if !self.memory.is_broken.load(Ordering::Acquire) {
            return Ok(());
        }
        self.why().clone().map_or(Ok(()), Err)
    }

    fn why(&self) -> MutexGuard<'_, Option<Diagnostic>> {
        self.memory.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that a batch which a step makes should not exceed by much: many steps hold one at the same time.
    pub(crate) fn batch_bytes(&self) -> usize {
        /// The part of the memory that is one batch.
        const PARTS: usize = 32;
        BATCH_BYTES.min(self.limits.bytes / PARTS)
    }

    /// Most rows of a batch with so many columns of cells.
    pub(crate) fn rows_max(&self, width: usize) -> usize {
        (self.batch_bytes() / size_of::<Value>() / width.max(1)).clamp(1, BATCH_ROWS)
    }

    /// Whether rows are worth computing: nothing stopped the query.
    pub(crate) fn goes_on(&self) -> bool {
        !self.memory.is_broken.load(Ordering::Relaxed) && !self.is_cancelled()
    }

    fn is_cancelled(&self) -> bool {
        self.limits.cancelled.is_some_and(|cancelled| cancelled.load(Ordering::Relaxed))
    }

    /// Ends the query where no error can be returned: [`Guard::proceed`] returns it everywhere else.
    pub(crate) fn give_up(&self, why: Diagnostic) {
        self.why().get_or_insert(why);
        self.memory.is_broken.store(true, Ordering::Release);
    }

    /// Begins a new attempt, in which parts are worked on one after the other, after one in which they did not fit
    /// together; gives whether it may. Values kept by an earlier attempt are not to be used.
    pub(crate) fn begin_again(&self) -> bool {
        if self.is_cancelled() {
            return false;
        }
        if self.memory.is_broken.load(Ordering::Acquire) {
            self.memory.attempt.fetch_add(1, Ordering::Relaxed);
            *self.why() = None;
            self.memory.is_broken.store(false, Ordering::Release);
        }
        true
    }

    /// The number of the attempt, kept with values.
    pub(crate) fn attempt(&self) -> usize {
        self.memory.attempt.load(Ordering::Relaxed)
    }
}

/// What one step holds; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    memory: Arc<Memory>,
    step: &'static str,
    bytes: usize,
}

impl Held {
    /// Takes more, if that is within the limit.
    pub(crate) fn try_grow(&mut self, bytes: usize) -> bool {
        let before = self.memory.held_bytes.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.memory.limit_bytes {
            self.memory.held_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return false;
        }
        self.bytes += bytes;
        true
    }

    /// Takes more, if that is within the limit, and this step then holds no more than half of it.
    pub(crate) fn try_grow_to_half(&mut self, bytes: usize) -> bool {
        self.bytes.saturating_add(bytes) <= self.memory.limit_bytes / 2 && self.try_grow(bytes)
    }

    /// Takes more, if all steps together then hold no more than half of what is allowed: for what is kept although it
    /// could be computed again, and leaves memory for what cannot.
    pub(crate) fn try_grow_spare(&mut self, bytes: usize) -> bool {
        let held_bytes = self.memory.held_bytes.load(Ordering::Relaxed);
        held_bytes.saturating_add(bytes) <= self.memory.limit_bytes / 2 && self.try_grow(bytes)
    }

    /// Takes more.
    ///
    /// # Errors
    /// [`Code::Limit`] when all steps together would hold more than allowed.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Diagnostic> {
        if self.try_grow(bytes) {
            return Ok(());
        }
        Err(self.exceeded(bytes))
    }

    /// Makes what is held as much as this.
    ///
    /// # Errors
    /// As [`Held::grow`].
    pub(crate) fn set(&mut self, bytes: usize) -> Result<(), Diagnostic> {
        if let Some(more) = bytes.checked_sub(self.bytes) {
            return self.grow(more);
        }
        self.memory.held_bytes.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        self.bytes = bytes;
        Ok(())
    }

    /// The finding when so much more does not fit.
    pub(crate) fn exceeded(&self, bytes: usize) -> Diagnostic {
        let held_by_others = self.memory.held_bytes.load(Ordering::Relaxed).saturating_sub(self.bytes);
        let (step, allowed_bytes) = (self.step, self.memory.limit_bytes);
        let needed_bytes = self.bytes.saturating_add(bytes);
        let left_bytes = allowed_bytes.saturating_sub(held_by_others);
        let message = format!(
            "{step} needs {} of memory, and {} of the {} allowed are left",
            size(needed_bytes),
            size(left_bytes),
            size(allowed_bytes),
        );
        let cause = Cause::Memory { step, needed_bytes, left_bytes, allowed_bytes };
        Diagnostic::new(Code::Limit, Span::default(), message)
            .with_help("filter or project first")
            .with_cause(cause)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory.held_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A number of bytes in a unit that is easy to read.
fn size(bytes: usize) -> String {
    match bytes {
        0..10_240 => format!("{bytes} bytes"),
        10_240..10_485_760 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}
