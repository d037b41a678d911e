//! Sorted rows that wait in files: written as runs, read back block by block and merged.
//!
//! *Shape*: a sort adds [`Runs`]; as soon as so many runs of one level wait as can be merged within the memory, they become
//! one of the next level, and in the end those that are left are one [`Merge`].
//!
//! *Invariants*: 1. A file has a name that no other file had when it was made, only its owner may read it, and it
//! goes away with its [`Run`]; where an open file needs no name, it loses it at once, so that it goes away however the
//! process ends. 2. Rows that are equal leave a merge in the order of their runs, which is the order in which they were added.
//! 3. A merge holds one block of each of its runs, and these are on the account of the sort.

mod code;

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::disk::private_file;

use super::order::OrderBy;
use crate::ast::Span;
use crate::batch::{Batch, Column, value_bytes};
use crate::error::{Cause, Code, Diagnostic};
use crate::limits::{Guard, Held};
use crate::value::Value;

/// Most rows of a block; few in tests, so that small tables fill several blocks.
const BLOCK_ROWS_MAX: usize = if cfg!(test) { 16 } else { 4096 };
/// Most runs that are merged at once: each is an open file, and each row is compared with one of each.
const MERGED_MAX: usize = 64;

/// A file that goes away with this value.
struct Scratch {
    file: File,
    path: PathBuf,
}

impl Scratch {
    fn new(folder: &Path) -> io::Result<Self> {
        let mut number = 0_u32;
        loop {
            let path = folder.join(format!("sort-{number}.run"));
            match private_file().read(true).write(true).create_new(true).open(&path) {
                Ok(file) => {
                    // A folder that keeps the name keeps it until the run is dropped.
                    if cfg!(unix) {
                        drop(fs::remove_file(&path));
                    }
                    return Ok(Self { file, path });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What has its name still and cannot be removed now is in a folder of temporary files, which goes as a whole.
        // Where the name went at once, another run may have it by now.
        if !cfg!(unix) {
            let _removed = fs::remove_file(&self.path);
        }
    }
}

/// Sorted rows in a file.
struct Run {
    reader: BufReader<File>,
    /// Dropped after the reader: where an open file cannot be removed, it must be closed first.
    scratch: Scratch,
    /// What its largest block holds once it is read.
    block_bytes: usize,
}

fn failed(path: &Path, error: io::Error) -> Diagnostic {
    let message = format!("`sort` cannot keep rows in the temporary folder, {}: {error}", path.display());
    let cause = Cause::Temporary { path: path.to_owned(), source: Arc::new(error) };
    Diagnostic::new(Code::Limit, Span::default(), message).with_help("make room there").with_cause(cause)
}

impl Run {
    fn next(&mut self, width: usize) -> Result<Option<Batch>, Diagnostic> {
        read_block(&mut self.reader, width).map_err(|error| failed(&self.scratch.path, error))
    }
}

/// A run while it is written: blocks, each as its length and itself.
struct RunWriter {
    writer: BufWriter<File>,
    scratch: Scratch,
    /// Bytes that a block should not exceed.
    most_bytes: usize,
    block_bytes: usize,
    block: Vec<u8>,
}

impl RunWriter {
    fn new(folder: &Path, most_bytes: usize) -> Result<Self, Diagnostic> {
        let made = Scratch::new(folder).and_then(|scratch| Ok((scratch.file.try_clone()?, scratch)));
        let (file, scratch) = made.map_err(|error| failed(folder, error))?;
        Ok(Self { writer: BufWriter::new(file), scratch, most_bytes, block_bytes: 0, block: Vec::new() })
    }

    fn push(&mut self, batch: &Batch) -> Result<(), Diagnostic> {
        let mut start = 0;
        while start < batch.row_count {
            let (end, bytes) = block_end(batch, start, self.most_bytes);
            self.write(batch, start..end).map_err(|error| failed(&self.scratch.path, error))?;
            self.block_bytes = self.block_bytes.max(bytes);
            start = end;
        }
        Ok(())
    }

    fn write(&mut self, batch: &Batch, rows: Range<usize>) -> io::Result<()> {
        self.block.clear();
        code::encode(batch, rows, &mut self.block);
        let size = u64::try_from(self.block.len()).map_err(io::Error::other)?;
        self.writer.write_all(&size.to_le_bytes())?;
        self.writer.write_all(&self.block)
    }

    fn finish(self) -> Result<Run, Diagnostic> {
        let Self { writer, scratch, block_bytes, .. } = self;
        let rewound = writer.into_inner().map_err(io::IntoInnerError::into_error).and_then(|mut file| {
            file.rewind()?;
            Ok(file)
        });
        match rewound {
            Ok(file) => Ok(Run { reader: BufReader::new(file), scratch, block_bytes }),
            Err(error) => Err(failed(&scratch.path, error)),
        }
    }
}

/// Where the block that begins at a row ends, and what it holds once it is read.
fn block_end(batch: &Batch, start: usize, most_bytes: usize) -> (usize, usize) {
    let cell = |column: &Column, row: usize| match column.text(row) {
        Some(text) => size_of::<Value>() + text.len(),
        None => value_bytes(&column.get(row)),
    };
    let mut total_bytes = 0;
    for row in start..batch.row_count.min(start + BLOCK_ROWS_MAX) {
        let bytes: usize = batch.columns.iter().map(|column| cell(column, row)).sum();
        if row > start && total_bytes + bytes > most_bytes {
            return (row, total_bytes);
        }
        total_bytes += bytes;
    }
    (batch.row_count.min(start + BLOCK_ROWS_MAX), total_bytes)
}

/// The runs of one sort, in the order of their rows before the sort.
pub(super) struct Runs<'g> {
    guard: &'g Guard<'g>,
    folder: &'g Path,
    keys: Arc<[OrderBy]>,
    /// Number of columns.
    width: usize,
    /// How often the rows of each run were merged, and the run.
    waiting: Vec<(u32, Run)>,
}

impl<'g> Runs<'g> {
    pub(super) fn new(guard: &'g Guard<'g>, folder: &'g Path, keys: &Arc<[OrderBy]>, width: usize) -> Self {
        Self { guard, folder, keys: Arc::clone(keys), width, waiting: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Writes sorted rows; nothing is held afterwards.
    ///
    /// # Errors
    /// [`Code::Limit`] when a file cannot be written, or two blocks do not fit into the memory.
    pub(super) fn add(&mut self, batches: &[Batch], held: &mut Held) -> Result<(), Diagnostic> {
        let mut writer = RunWriter::new(self.folder, self.guard.batch_bytes())?;
        batches.iter().try_for_each(|batch| writer.push(batch))?;
        self.waiting.push((0, writer.finish()?));
        held.set(0)?;
        while let Some((level, _)) = self.waiting.last() {
            let same = self.waiting.iter().rev().take_while(|(other, _)| other == level).count();
            if same < self.merged_count() {
                break;
            }
            let level = level + 1;
            let run = self.merged(self.waiting.len() - same, held)?;
            self.waiting.push((level, run));
        }
        Ok(())
    }

    /// How many runs can be merged at once.
    fn merged_count(&self) -> usize {
        let largest = self.waiting.iter().map(|(_, run)| run.block_bytes).max().unwrap_or(0);
        (self.most_bytes() / largest.max(1)).clamp(2, MERGED_MAX)
    }

    /// Bytes that the blocks of a merge may hold: the steps around the sort have the other half.
    fn most_bytes(&self) -> usize {
        self.guard.limits.bytes / 2
    }

    fn block_bytes(&self) -> usize {
        self.waiting.iter().map(|(_, run)| run.block_bytes).sum()
    }

    /// Merges the last runs, from this one on, into one.
    fn merged(&mut self, from: usize, held: &mut Held) -> Result<Run, Diagnostic> {
        let runs: Vec<Run> = self.waiting.drain(from..).map(|(_, run)| run).collect();
        let most_bytes = self.guard.batch_bytes();
        held.set(runs.iter().map(|run| run.block_bytes).sum::<usize>() + most_bytes)?;
        let mut writer = RunWriter::new(self.folder, most_bytes)?;
        let mut merging = Merging::new(runs, Vec::new(), &self.keys, (self.width, self.width), most_bytes)?;
        while let Some(batch) = merging.batch()? {
            self.guard.proceed()?;
            writer.push(&batch)?;
        }
        held.set(0)?;
        writer.finish()
    }

    /// All rows in order, with those that never went to a file behind the others; only so many columns are given.
    ///
    /// # Errors
    /// As [`Runs::add`].
    pub(super) fn merge(
        mut self,
        mut last: Vec<Batch>,
        given_width: usize,
        mut held: Held,
    ) -> Result<Merge, Diagnostic> {
        let mut last_bytes: usize = last.iter().map(Batch::size_bytes).sum();
        if self.block_bytes() + last_bytes > self.most_bytes() {
            self.add(&last, &mut held)?;
            (last, last_bytes) = (Vec::new(), 0);
        }
        while self.waiting.len() > 1 && self.block_bytes() > self.most_bytes() {
            let from = self.waiting.len().saturating_sub(self.merged_count());
            let run = self.merged(from, &mut held)?;
            self.waiting.push((0, run));
        }
        let most_bytes = self.guard.batch_bytes();
        held.set(self.block_bytes() + last_bytes + most_bytes)?;
        let runs = self.waiting.into_iter().map(|(_, run)| run).collect();
        let merging = Merging::new(runs, last, &self.keys, (self.width, given_width), most_bytes)?;
        Ok(Merge { merging, _held: held })
    }
}

fn read_block(reader: &mut BufReader<File>, width: usize) -> io::Result<Option<Batch>> {
    let mut size = [0; 8];
    match reader.read_exact(&mut size) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let mut block = Vec::new();
    let size = u64::from_le_bytes(size);
    if reader.take(size).read_to_end(&mut block)? as u64 != size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "the file was changed");
    code::decode(&block, width).ok_or_else(damaged).map(Some)
}

/// Sorted runs as one sorted stream of batches, and what it holds.
pub(super) struct Merge {
    merging: Merging,
    _held: Held,
}

impl Iterator for Merge {
    type Item = Result<Batch, Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        self.merging.batch().transpose()
    }
}

/// Sorted runs on their way into one another.
struct Merging {
    cursors: Vec<RunCursor>,
    keys: Arc<[OrderBy]>,
    /// Number of columns of the runs, and of the batches that are given: what lies between them is only sorted by.
    widths: (usize, usize),
    /// Bytes that a batch should not exceed.
    most_bytes: usize,
}

/// How far a run was read.
struct RunCursor {
    source: BatchSource,
    batch: Batch,
    row: usize,
}

enum BatchSource {
    File(Run),
    /// The last rows never went to a file.
    Memory(std::vec::IntoIter<Batch>),
}

impl RunCursor {
    /// Goes to the next batch if this one is at its end; gives whether there is a row.
    fn settle(&mut self, width: usize) -> Result<bool, Diagnostic> {
        while self.row == self.batch.row_count {
            let next = match &mut self.source {
                BatchSource::File(run) => run.next(width)?,
                BatchSource::Memory(batches) => batches.next(),
            };
            let Some(batch) = next else { return Ok(false) };
            (self.batch, self.row) = (batch, 0);
        }
        Ok(true)
    }

    fn is_before(&self, other: &Self, keys: &[OrderBy]) -> bool {
        let mut orderings = keys.iter().map(|key| {
            let (left, right) = (key.column(&self.batch), key.column(&other.batch));
            key.compare(&left.get(self.row), &right.get(other.row))
        });
        orderings.find(|ordering| ordering.is_ne()).is_some_and(std::cmp::Ordering::is_lt)
    }
}

impl Merging {
    /// Begins to merge runs, in the order of their rows before the sort, and what is still in memory.
    fn new(
        runs: Vec<Run>,
        last: Vec<Batch>,
        keys: &Arc<[OrderBy]>,
        widths: (usize, usize),
        most_bytes: usize,
    ) -> Result<Self, Diagnostic> {
        let sources = runs.into_iter().map(BatchSource::File).chain([BatchSource::Memory(last.into_iter())]);
        let mut cursors = Vec::new();
        for source in sources {
            let batch = Batch { columns: Vec::new(), row_count: 0 };
            let mut cursor = RunCursor { source, batch, row: 0 };
            if cursor.settle(widths.0)? {
                cursors.push(cursor);
            }
        }
        Ok(Self { cursors, keys: Arc::clone(keys), widths, most_bytes })
    }

    fn batch(&mut self) -> Result<Option<Batch>, Diagnostic> {
        let mut columns: Vec<Vec<Value>> = vec![Vec::new(); self.widths.1];
        let (mut row_count, mut bytes) = (0, 0);
        while row_count < BLOCK_ROWS_MAX && bytes < self.most_bytes.max(1) && !self.cursors.is_empty() {
            let mut first = 0;
            for index in 1..self.cursors.len() {
                if self.cursors[index].is_before(&self.cursors[first], &self.keys) {
                    first = index;
                }
            }
            let cursor = &mut self.cursors[first];
            for (column, cells) in columns.iter_mut().zip(&cursor.batch.columns) {
                let cell = cells.get(cursor.row).into_owned();
                bytes += value_bytes(&cell);
                column.push(cell);
            }
            row_count += 1;
            cursor.row += 1;
            if !cursor.settle(self.widths.0)? {
                self.cursors.remove(first);
            }
        }
        let columns = columns.into_iter().map(Column::of).collect();
        Ok((row_count > 0).then_some(Batch { columns, row_count }))
    }
}

#[cfg(test)]
mod tests;
