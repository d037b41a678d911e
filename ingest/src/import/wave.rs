//! Runs an import in waves: while the sink takes one, workers parse the next, and the one after is read.
//!
//! Invariant: what the sink gets, and the first error, depend on the input alone, not on who was faster.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::blocks::{Block, Blocks, Limits};
use super::fault::{Fault, Position};
use super::place::Place;
use super::shred::{Link, Notice, Organization, Yield, shred};
use super::sink::{Sink, Worker};
use super::walk::{Input, unreadable};
use super::{Advance, Progress};
use crate::error::{self, Error, Result};

/// What an import takes besides its inputs.
#[derive(Clone, Copy)]
pub(crate) struct Setting<'a> {
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

/// Reads all inputs into the sink.
pub(crate) fn run<S: Sink>(inputs: Vec<Input<'_>>, sink: &mut S, setting: &Setting<'_>) -> Result<Harvest> {
    let slot_count = (rayon::current_num_threads() * 4).clamp(8, 16);
    let mut delivery = Delivery::new(&inputs);
    let mut supply = Supply::new(inputs, setting.limits);
    let mut slots: Vec<Slot<S::Worker>> =
        (0..slot_count).map(|_| Slot { worker: sink.worker(), work: None, outcome: None }).collect();
    let mut next = supply.wave(slot_count);
    let mut done = Vec::new();
    while !(next.is_empty() && done.is_empty()) {
        if setting.cancel.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        for (slot, work) in slots.iter_mut().zip(next.drain(..)) {
            slot.work = Some(work);
        }
        let limits = setting.limits;
        rayon::in_place_scope(|scope| {
            for slot in slots.iter_mut().filter(|slot| slot.work.is_some()) {
                scope.spawn(|_| slot.run(limits));
            }
            let (supply, next) = (&mut supply, &mut next);
            scope.spawn(move |_| *next = supply.wave(slot_count));
            delivery.put(done.drain(..), sink, setting.progress)
        })?;
        done.extend(slots.iter_mut().filter_map(|slot| slot.outcome.take()));
        supply.spare.extend(done.iter_mut().filter_map(|outcome| outcome.buffer.take()));
    }
    Ok(delivery.harvest)
}

/// One worker, and what it has to do.
struct Slot<W: Worker> {
    worker: W,
    work: Option<Work>,
    outcome: Option<Outcome<W::Parts>>,
}

enum Work {
    Block { place: Arc<Place>, block: Block, is_first: bool },
    Files(Vec<(PathBuf, Place)>),
    Failed { place: Arc<Place>, fault: Fault, is_first: bool },
    Unreadable(Error),
}

struct Outcome<P> {
    parts: P,
    yielded: Yield,
    failure: Option<Failure>,
    /// The file whose lines go on; none for whole files.
    is_first: bool,
    buffer: Option<Vec<u8>>,
}

enum Failure {
    Whole(Error),
    /// Its line counts from where the block begins.
    Part(Arc<Place>, Fault),
}

impl<W: Worker> Slot<W> {
    fn run(&mut self, limits: Limits) {
        let mut yielded = Yield::default();
        let mut buffer = None;
        let mut first = true;
        let failure = match self.work.take() {
            None => None,
            Some(Work::Unreadable(error)) => Some(Failure::Whole(error)),
            Some(Work::Failed { place, fault, is_first }) => {
                first = is_first;
                Some(Failure::Part(place, fault))
            }
            Some(Work::Files(files)) => files
                .iter()
                .try_for_each(|(path, place)| self.file(path, place, limits, &mut yielded))
                .err()
                .map(Failure::Whole),
            Some(Work::Block { place, block, is_first }) => {
                first = is_first;
                let failure = shred(&block, &place, &mut self.worker, &mut yielded).err();
                buffer = Some(block.bytes);
                failure.map(|fault| Failure::Part(place, fault))
            }
        };
        let parts = self.worker.take();
        self.outcome = Some(Outcome { parts, yielded, failure, is_first: first, buffer });
    }

    /// Reads a small file whole.
    fn file(&mut self, path: &PathBuf, place: &Place, limits: Limits, all: &mut Yield) -> Result<()> {
        let bytes = std::fs::read(path).map_err(|source| unreadable(path, source))?;
        let mut blocks = Blocks::new(&bytes[..], limits);
        all.position = Position::default();
        loop {
            let position = all.position;
            let block = blocks.read(Vec::new());
            let Some(block) = block.map_err(|fault| fault.into_error(&place.file, position))? else {
                return Ok(());
            };
            shred(&block, place, &mut self.worker, all)
                .map_err(|fault| fault.into_error(&place.file, position))?;
        }
    }
}

/// Reads ahead.
struct Supply<'a> {
    inputs: VecDeque<Input<'a>>,
    open: Option<Open<'a>>,
    limits: Limits,
    /// Memory of blocks that are done with.
    spare: Vec<Vec<u8>>,
}

struct Open<'a> {
    place: Arc<Place>,
    blocks: Blocks<Box<dyn Read + Send + 'a>>,
    is_first: bool,
}

/// The most small files in one piece of work.
const FILES_MAX: usize = 64;

impl<'a> Supply<'a> {
    fn new(inputs: Vec<Input<'a>>, limits: Limits) -> Self {
        Self { inputs: inputs.into(), open: None, limits, spare: Vec::new() }
    }

    fn wave(&mut self, count: usize) -> Vec<Work> {
        let mut wave = Vec::with_capacity(count);
        while wave.len() < count
            && let Some(work) = self.work()
        {
            let is_failed = matches!(work, Work::Failed { .. } | Work::Unreadable(_));
            wave.push(work);
            if is_failed {
                self.inputs.clear();
                self.open = None;
            }
        }
        wave
    }

    fn work(&mut self) -> Option<Work> {
        loop {
            if let Some(open) = &mut self.open {
                let is_first = std::mem::replace(&mut open.is_first, false);
                let place = Arc::clone(&open.place);
                match open.blocks.read(self.spare.pop().unwrap_or_default()) {
                    Ok(Some(block)) => return Some(Work::Block { place, block, is_first }),
                    Ok(None) => self.open = None,
                    Err(fault) => return Some(Work::Failed { place, fault, is_first }),
                }
            }
            let files = self.small_files();
            if !files.is_empty() {
                return Some(Work::Files(files));
            }
            if let Err(error) = self.open_next()? {
                return Some(Work::Unreadable(error));
            }
        }
    }

    fn small_files(&mut self) -> Vec<(PathBuf, Place)> {
        let limit = super::fault::number(self.limits.block_bytes);
        let mut sum = 0;
        let mut files = Vec::new();
        while files.len() < FILES_MAX {
            let is_small = |input: &mut Input<'_>| matches!(input, Input::File { size_bytes, .. } if sum + *size_bytes <= limit);
            let Some(Input::File { path, place, size_bytes }) = self.inputs.pop_front_if(is_small) else {
                break;
            };
            sum += size_bytes;
            files.push((path, place));
        }
        files
    }

    fn open_next(&mut self) -> Option<Result<()>> {
        let (reader, place): (Box<dyn Read + Send + 'a>, Place) = match self.inputs.pop_front()? {
            Input::Stream { reader, place } => (reader, place),
            Input::File { path, place, .. } => match File::open(&path) {
                Ok(file) => (Box::new(file), place),
                Err(source) => return Some(Err(unreadable(&path, source))),
            },
        };
        let blocks = Blocks::new(reader, self.limits);
        self.open = Some(Open { place: Arc::new(place), blocks, is_first: true });
        Some(Ok(()))
    }
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
        outcomes: impl Iterator<Item = Outcome<<S::Worker as Worker>::Parts>>,
        sink: &mut S,
        progress: &dyn Progress,
    ) -> Result<()> {
        for outcome in outcomes {
            if outcome.is_first {
                self.position = Position::default();
            }
            match outcome.failure {
                None => {}
                Some(Failure::Whole(error)) => return Err(error),
                Some(Failure::Part(place, fault)) => {
                    return Err(fault.into_error(&place.file, self.position));
                }
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
            sink.put(outcome.parts).map_err(|error| with_place(error, &organizations, began))?;
            progress.advance(&self.advance);
        }
        Ok(())
    }
}

/// Points at the organization that is not the store's tenant.
fn with_place(error: engine::Error, organizations: &[Organization], began: Position) -> Error {
    let engine::Error::OtherTenant { found, .. } = &error else { return error.into() };
    match organizations.iter().find(|organization| organization.id == *found) {
        Some(Organization { file, lines_before, .. }) => {
            let line = began.lines + lines_before + 1;
            Error::OtherTenant {
                place: error::Place { file: file.clone(), line, column: None },
                source: error,
            }
        }
        None => error.into(),
    }
}
