//! Cuts the inputs into pieces of work, in their order, for the next free worker.

use std::collections::VecDeque;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use super::blocks::{Block, Blocks, Limits};
use super::error::{Error, Result};
use super::fault::{Fault, number};
use super::origin::Origin;
use super::walk::{self, Input};

/// What one worker does at a time.
pub(super) enum Work {
    Block { origin: Arc<Origin>, block: Block, is_first: bool },
    Files(Vec<(PathBuf, Origin)>),
    Failed { origin: Arc<Origin>, fault: Fault, is_first: bool },
    Unreadable(Error),
}

/// The inputs, as far as they were not asked for.
pub(super) struct Supply<'a> {
    inputs: VecDeque<Input<'a>>,
    open: Option<Open<'a>>,
    limits: Limits,
    /// The number of the next piece of work.
    sequence: u64,
}

struct Open<'a> {
    origin: Arc<Origin>,
    blocks: Blocks<Box<dyn Read + Send + 'a>>,
    is_first: bool,
}

/// The most small files in one piece of work.
const FILES_MAX: usize = 64;

impl<'a> Supply<'a> {
    pub(super) fn new(inputs: Vec<Input<'a>>, limits: Limits) -> Self {
        Self { inputs: inputs.into(), open: None, limits, sequence: 0 }
    }

    /// The next piece of work and its number; reads a block into `buffer`, which is taken.
    pub(super) fn next(&mut self, buffer: &mut Vec<u8>) -> Option<(u64, Work)> {
        let work = self.work(buffer)?;
        if matches!(work, Work::Failed { .. } | Work::Unreadable(_)) {
            self.stop();
        }
        let sequence = self.sequence;
        self.sequence += 1;
        Some((sequence, work))
    }

    /// From now on there is no more.
    pub(super) fn stop(&mut self) {
        self.inputs.clear();
        self.open = None;
    }

    fn work(&mut self, buffer: &mut Vec<u8>) -> Option<Work> {
        loop {
            if let Some(open) = &mut self.open {
                let is_first = std::mem::replace(&mut open.is_first, false);
                let origin = Arc::clone(&open.origin);
                match open.blocks.read(std::mem::take(buffer)) {
                    Ok(Some(block)) => return Some(Work::Block { origin, block, is_first }),
                    Ok(None) => self.open = None,
                    Err(fault) => return Some(Work::Failed { origin, fault, is_first }),
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

    fn small_files(&mut self) -> Vec<(PathBuf, Origin)> {
        let limit = number(self.limits.block_bytes);
        let mut sum = 0;
        let mut files = Vec::new();
        while files.len() < FILES_MAX {
            let is_small = |input: &mut Input<'_>| matches!(input, Input::File { size_bytes, .. } if sum + *size_bytes <= limit);
            let Some(Input::File { path, origin, size_bytes }) = self.inputs.pop_front_if(is_small) else {
                break;
            };
            sum += size_bytes;
            files.push((path, origin));
        }
        files
    }

    fn open_next(&mut self) -> Option<Result<()>> {
        let (reader, origin): (Box<dyn Read + Send + 'a>, Origin) = match self.inputs.pop_front()? {
            Input::Stream { reader, origin } => (reader, origin),
            Input::File { path, origin, .. } => match walk::open(&path) {
                Ok(file) => (Box::new(file), origin),
                Err(error) => return Some(Err(error)),
            },
        };
        let blocks = Blocks::new(reader, self.limits);
        self.open = Some(Open { origin: Arc::new(origin), blocks, is_first: true });
        Some(Ok(()))
    }
}
