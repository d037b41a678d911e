//! Runs an import: workers parse block after block, side by side, while the sink takes what they made.
//!
//! A worker that is free reads the next block itself; the sink gets what came of the blocks in their order. So nobody
//! waits for the slowest of a round, and what is in memory are a few blocks, however long the input.
//!
//! Invariant: what the sink gets, and the first error, depend on the input alone, not on who was faster.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::blocks::{Blocks, Limits};
use super::error::{Error, Location, Result};
use super::fault::{Fault, Position, number};
use super::origin::Origin;
use super::shred::{Link, Notice, Organization, Yield, shred};
use super::sink::{Sink, Worker};
use super::supply::{Supply, Work};
use super::walk::{self, Input, unreadable};
use super::{Advance, Progress};

/// What an import takes besides its inputs.
#[derive(Clone, Copy)]
pub(crate) struct PipelineOptions<'a> {
    pub(crate) limits: Limits,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) cancel: &'a AtomicBool,
}

/// What came of all inputs, besides objects.
#[derive(Debug, Default)]
pub(crate) struct Harvest {
    pub(crate) links: Vec<Link>,
    pub(crate) notices: BTreeMap<Notice, u64>,
}

/// The most blocks that are in memory at a time.
const SLOT_COUNT_MAX: usize = 16;

/// Reads all inputs into the sink.
pub(crate) fn run<S: Sink>(
    inputs: Vec<Input<'_>>,
    sink: &mut S,
    setting: &PipelineOptions<'_>,
) -> Result<Harvest> {
    let slot_count = (rayon::current_num_threads() * 4).clamp(8, SLOT_COUNT_MAX);
    let mut delivery = Delivery::new(&inputs);
    let supply = Mutex::new(Supply::new(inputs, setting.limits));
    let (sender, replies) = mpsc::channel();
    let slots = (0..slot_count).map(|_| Slot { worker: sink.worker(), buffer: Vec::new() }).collect();
    let mut queue = Queue { replies, idle: slots, running: 0, early: BTreeMap::new(), next: 0 };
    let limits = setting.limits;
    rayon::in_place_scope(|scope| {
        let mut start = |mut slot: Slot<S::Worker>| {
            let (supply, sender) = (&supply, &sender);
            scope.spawn(move |_| {
                let work = AssertUnwindSafe(|| slot.run(supply, limits));
                let done = catch_unwind(work);
                // The channel is closed after an error.
                let _outcome = sender.send(Reply { slot, done });
            });
        };
        let result = loop {
            if setting.cancel.load(Ordering::Relaxed) {
                break Err(Error::Cancelled);
            }
            let Some(outcome) = queue.next(&mut start) else { break Ok(()) };
            if let Err(error) = delivery.put(outcome, sink, setting.progress) {
                break Err(error);
            }
        };
        lock(&supply).stop();
        result
    })?;
    Ok(delivery.harvest)
}

/// A worker, and memory for its next block.
struct Slot<W> {
    worker: W,
    buffer: Vec<u8>,
}

/// What a slot comes back with: the number of its work and what came of it, or nothing when there was no more.
struct Reply<W: Worker> {
    slot: Slot<W>,
    done: thread::Result<Option<(u64, BlockOutcome<W::Parts>)>>,
}

/// Puts outcomes back into the order of the input.
struct Queue<W: Worker> {
    replies: Receiver<Reply<W>>,
    /// Those last busy last: what they know is still in the cache.
    idle: Vec<Slot<W>>,
    running: usize,
    /// What came before its turn, by number.
    early: BTreeMap<u64, BlockOutcome<W::Parts>>,
    next: u64,
}

impl<W: Worker> Queue<W> {
    /// The next outcome; none when all are delivered.
    fn next(&mut self, start: &mut impl FnMut(Slot<W>)) -> Option<BlockOutcome<W::Parts>> {
        loop {
            // What waits takes memory as what is being made does.
            while self.idle.len() > self.early.len()
                && let Some(slot) = self.idle.pop()
            {
                self.running += 1;
                start(slot);
            }
            if let Some(outcome) = self.early.remove(&self.next) {
                self.next += 1;
                return Some(outcome);
            }
            if self.running == 0 {
                return None;
            }
            let Reply { slot, done } = self.receive();
            self.running -= 1;
            match done {
                Ok(Some((number, outcome))) => {
                    self.idle.push(slot);
                    self.early.insert(number, outcome);
                }
                // There is no more work: the slot is let go.
                Ok(None) => {}
                Err(panic) => resume_unwind(panic),
            }
        }
    }

    /// Waits for a slot to come back. A thread of the pool lends a hand meanwhile: there may be no other.
    fn receive(&self) -> Reply<W> {
        loop {
            let wait = match rayon::yield_now() {
                None => Duration::MAX,
                Some(rayon::Yield::Executed) => Duration::ZERO,
                Some(rayon::Yield::Idle) => Duration::from_millis(1),
            };
            if let Ok(reply) = self.replies.recv_timeout(wait) {
                return reply;
            }
        }
    }
}

fn lock<'a, 'b>(supply: &'a Mutex<Supply<'b>>) -> MutexGuard<'a, Supply<'b>> {
    supply.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What came of one piece of work.
struct BlockOutcome<P> {
    parts: P,
    yielded: Yield,
    failure: Option<Failure>,
    /// Whether the lines of a file begin with it.
    is_first: bool,
}

enum Failure {
    Whole(Error),
    /// Its line counts from where the block begins.
    Part(Arc<Origin>, Fault),
}

impl<W: Worker> Slot<W> {
    /// Does the next piece of work, if there is one.
    fn run(&mut self, supply: &Mutex<Supply<'_>>, limits: Limits) -> Option<(u64, BlockOutcome<W::Parts>)> {
        let (number, work) = lock(supply).next(&mut self.buffer)?;
        Some((number, self.work(work, limits)))
    }

    fn work(&mut self, work: Work, limits: Limits) -> BlockOutcome<W::Parts> {
        let mut yielded = Yield::default();
        let mut first = true;
        let failure = match work {
            Work::Unreadable(error) => Some(Failure::Whole(error)),
            Work::Failed { origin, fault, is_first } => {
                first = is_first;
                Some(Failure::Part(origin, fault))
            }
            Work::Files(files) => files
                .iter()
                .try_for_each(|(path, origin)| self.file(path, origin, limits, &mut yielded))
                .err()
                .map(Failure::Whole),
            Work::Block { origin, block, is_first } => {
                first = is_first;
                let failure = shred(&block, &origin, &mut self.worker, &mut yielded).err();
                self.buffer = block.bytes;
                failure.map(|fault| Failure::Part(origin, fault))
            }
        };
        BlockOutcome { parts: self.worker.take(), yielded, failure, is_first: first }
    }

    /// Reads a small file whole.
    fn file(&mut self, path: &Path, origin: &Origin, limits: Limits, all: &mut Yield) -> Result<()> {
        let bytes = read_small(path, limits)?;
        let mut blocks = Blocks::new(&bytes[..], limits);
        all.position = Position::default();
        loop {
            let position = all.position;
            let block = blocks.read(Vec::new());
            let Some(block) = block.map_err(|fault| fault.into_error(&origin.file, position))? else {
                return Ok(());
            };
            shred(&block, origin, &mut self.worker, all)
                .map_err(|fault| fault.into_error(&origin.file, position))?;
        }
    }
}

/// Reads a file that was small when it was found.
fn read_small(path: &Path, limits: Limits) -> Result<Vec<u8>> {
    let file = walk::open(path)?;
    let mut bytes = Vec::new();
    let length_max = number(limits.block_bytes);
    file.take(length_max + 1).read_to_end(&mut bytes).map_err(|source| unreadable(path, source))?;
    if number(bytes.len()) > length_max {
        return Err(Error::Grown { path: path.to_owned() });
    }
    Ok(bytes)
}

/// Hands outcomes to the sink and adds up what they say.
struct Delivery {
    harvest: Harvest,
    advance: Advance,
    /// Where the block that comes next in its file begins.
    position: Position,
}

impl Delivery {
    fn new(inputs: &[Input<'_>]) -> Self {
        let sizes = inputs.iter().map(|input| match input {
            Input::File { size_bytes, .. } => Some(*size_bytes),
            Input::Stream { .. } => None,
        });
        let advance = Advance { bytes: 0, bytes_total: sizes.sum(), objects: 0 };
        Self { harvest: Harvest::default(), advance, position: Position::default() }
    }

    fn put<S: Sink>(
        &mut self,
        outcome: BlockOutcome<<S::Worker as Worker>::Parts>,
        sink: &mut S,
        progress: &dyn Progress,
    ) -> Result<()> {
        if outcome.is_first {
            self.position = Position::default();
        }
        match outcome.failure {
            None => {}
            Some(Failure::Whole(error)) => return Err(error),
            Some(Failure::Part(origin, fault)) => return Err(fault.into_error(&origin.file, self.position)),
        }
        let began = self.position;
        self.position = self.position.then(outcome.yielded.position);
        self.advance.bytes += outcome.yielded.bytes;
        self.advance.objects += outcome.yielded.objects;
        self.harvest.links.extend(outcome.yielded.links);
        for notice in outcome.yielded.notices {
            *self.harvest.notices.entry(notice).or_default() += 1;
        }
        let organizations = outcome.yielded.organizations;
        sink.put(outcome.parts).map_err(|error| with_location(error, &organizations, began))?;
        progress.advance(&self.advance);
        Ok(())
    }
}

/// Points at the organization that is not the store's tenant.
fn with_location(error: engine::Error, organizations: &[Organization], began: Position) -> Error {
    let engine::Error::OtherTenant { found, .. } = &error else { return error.into() };
    match organizations.iter().find(|organization| organization.id == *found) {
        Some(Organization { file, lines_before, .. }) => {
            let line = began.lines + lines_before + 1;
            Error::OtherTenant {
                location: Location { file: file.clone(), line, column: None },
                source: Box::new(error),
            }
        }
        None => error.into(),
    }
}

#[cfg(test)]
mod tests;
