//! Owns the content of one file: what a program reads, and what a crash may leave of it.

use super::Choice;

const SECTOR_BYTES: usize = 512;

/// What a crash does to one pending change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Survival {
    Lost,
    Kept,
    /// Some sectors from the beginning.
    Torn {
        choice: usize,
    },
    /// The same, and the file is as long as if all were there.
    TornWithZeros {
        choice: usize,
    },
}

#[derive(Debug, Default)]
pub(super) struct Contents {
    current: Vec<u8>,
    /// What was durable before the first change of the log.
    base: Vec<u8>,
    log: Vec<Logged>,
}

#[derive(Debug)]
struct Logged {
    change: Change,
    durability: Durability,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Durability {
    Pending,
    /// A sync failed: no later one helps.
    Abandoned,
    Durable,
}

#[derive(Debug)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Truncate { length: usize },
}

impl Contents {
    pub(super) fn durable(content: Vec<u8>) -> Self {
        Self { current: content.clone(), base: content, log: Vec::new() }
    }

    pub(super) fn read(&self) -> &[u8] {
        &self.current
    }

    pub(super) fn write(&mut self, offset: usize, bytes: &[u8]) {
        put(&mut self.current, offset, bytes);
        self.push(Change::Write { offset, bytes: bytes.to_vec() });
    }

    pub(super) fn truncate(&mut self, length: usize) {
        if length != self.current.len() {
            self.current.resize(length, 0);
            self.push(Change::Truncate { length });
        }
    }

    fn push(&mut self, change: Change) {
        self.log.push(Logged { change, durability: Durability::Pending });
    }

    pub(super) fn sync(&mut self) {
        if self.log.iter().all(|logged| logged.durability != Durability::Abandoned) {
            self.base.clone_from(&self.current);
            self.log.clear();
        }
        self.turn_pending(Durability::Durable);
    }

    pub(super) fn fail_sync(&mut self) {
        self.turn_pending(Durability::Abandoned);
    }

    fn turn_pending(&mut self, durability: Durability) {
        for logged in &mut self.log {
            if logged.durability == Durability::Pending {
                logged.durability = durability;
            }
        }
    }

    pub(super) fn after_crash(&self, choice: &mut Choice) -> Self {
        let mut content = self.base.clone();
        for Logged { change, durability } in &self.log {
            let durable = *durability == Durability::Durable;
            apply(&mut content, change, if durable { Survival::Kept } else { choice.survival() });
        }
        Self::durable(content)
    }
}

fn apply(content: &mut Vec<u8>, change: &Change, survival: Survival) {
    match (change, survival) {
        (_, Survival::Lost) => {}
        (Change::Truncate { length }, _) => content.resize(*length, 0),
        (Change::Write { offset, bytes }, Survival::Kept) => put(content, *offset, bytes),
        (Change::Write { offset, bytes }, Survival::Torn { choice }) => {
            put(content, *offset, &bytes[..torn(*offset, bytes.len(), choice)]);
        }
        (Change::Write { offset, bytes }, Survival::TornWithZeros { choice }) => {
            put(content, *offset, &bytes[..torn(*offset, bytes.len(), choice)]);
            content.resize(content.len().max(offset + bytes.len()), 0);
        }
    }
}

/// How many bytes of a write survive: up to the end of one of the sectors it touches, but not all.
fn torn(offset: usize, length: usize, choice: usize) -> usize {
    let first = offset / SECTOR_BYTES;
    let sectors = ((offset + length).div_ceil(SECTOR_BYTES) - first).max(1);
    let end = (first + choice % sectors) * SECTOR_BYTES;
    end.saturating_sub(offset).min(length)
}

fn put(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    content.resize(content.len().max(offset + bytes.len()), 0);
    content[offset..offset + bytes.len()].copy_from_slice(bytes);
}
