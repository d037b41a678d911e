//! Sorted rows that wait in files: written as runs, read back batch by batch and merged.
//!
//! *Invariants*: 1. A file has a name that no other file had when it was made, nobody but its owner may read it, and it
//! goes away with its [`Run`]; where an open file needs no name, it loses it at once, so that it goes away however the
//! process ends. 2. Rows that are equal leave a merge in the order of their runs, which is the order in which they came.

mod code;

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use engine::disk::private_file;

use super::sort::OrderBy;
use crate::ast::Span;
use crate::batch::{Batch, Column};
use crate::error::{Code, Diagnostic};
use crate::limits::Held;
use crate::value::Value;

/// Rows that are written, read and merged together; few in tests, so that small tables fill several blocks.
const RUN_ROWS: usize = if cfg!(test) { 16 } else { 4096 };

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
pub(super) struct Run {
    reader: BufReader<File>,
    /// Dropped after the reader: where an open file cannot be removed, it must be closed first.
    scratch: Scratch,
}

fn failed(path: &Path, error: &io::Error) -> Diagnostic {
    let message = format!("`sort` cannot keep rows in the temporary folder, {}: {error}", path.display());
    Diagnostic::new(Code::Limit, Span::default(), message)
        .with_help("make room there, or allow more memory with `--memory-limit`")
}

impl Run {
    /// Writes sorted rows to a new file of a folder.
    ///
    /// # Errors
    /// [`Code::Limit`] when the file cannot be written.
    pub(super) fn write(folder: &Path, batches: &[Batch]) -> Result<Self, Diagnostic> {
        let scratch = Scratch::new(folder).map_err(|error| failed(folder, &error))?;
        let written = write_all(&scratch.file, batches);
        let reader = written.map_err(|error| failed(&scratch.path, &error))?;
        Ok(Self { reader: BufReader::new(reader), scratch })
    }

    fn next(&mut self, width: usize) -> Result<Option<Batch>, Diagnostic> {
        read_block(&mut self.reader, width).map_err(|error| failed(&self.scratch.path, &error))
    }
}

/// Writes rows in blocks of their length and themselves; gives the file from its beginning.
fn write_all(file: &File, batches: &[Batch]) -> io::Result<File> {
    let mut writer = BufWriter::new(file);
    let mut block = Vec::new();
    for batch in batches {
        for start in (0..batch.row_count).step_by(RUN_ROWS) {
            block.clear();
            code::encode(batch, start..batch.row_count.min(start + RUN_ROWS), &mut block);
            let size = u64::try_from(block.len()).map_err(io::Error::other)?;
            writer.write_all(&size.to_le_bytes())?;
            writer.write_all(&block)?;
        }
    }
    writer.flush()?;
    let mut reader = file.try_clone()?;
    reader.rewind()?;
    Ok(reader)
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

/// Sorted runs as one sorted stream of batches.
pub(super) struct Merge {
    cursors: Vec<Cursor>,
    keys: Vec<OrderBy>,
    /// Number of columns of the runs, and of the batches that are given: what lies between them is only sorted by.
    widths: (usize, usize),
    _held: Held,
}

/// How far a run was read.
struct Cursor {
    source: Source,
    batch: Batch,
    row: usize,
}

enum Source {
    File(Run),
    /// The last rows never went to a file.
    Memory(std::vec::IntoIter<Batch>),
}

impl Cursor {
    /// Goes to the next batch if this one is at its end; tells whether there is a row.
    fn settle(&mut self, width: usize) -> Result<bool, Diagnostic> {
        while self.row == self.batch.row_count {
            let next = match &mut self.source {
                Source::File(run) => run.next(width)?,
                Source::Memory(batches) => batches.next(),
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

impl Merge {
    /// Begins to merge runs, in the order in which their rows came, and what is still in memory.
    pub(super) fn new(
        runs: Vec<Run>,
        last: Vec<Batch>,
        keys: Vec<OrderBy>,
        widths: (usize, usize),
        held: Held,
    ) -> Result<Self, Diagnostic> {
        let sources = runs.into_iter().map(Source::File).chain([Source::Memory(last.into_iter())]);
        let mut cursors = Vec::new();
        for source in sources {
            let batch = Batch { columns: Vec::new(), row_count: 0 };
            let mut cursor = Cursor { source, batch, row: 0 };
            if cursor.settle(widths.0)? {
                cursors.push(cursor);
            }
        }
        Ok(Self { cursors, keys, widths, _held: held })
    }

    fn batch(&mut self) -> Result<Option<Batch>, Diagnostic> {
        let mut columns: Vec<Vec<Value>> = vec![Vec::new(); self.widths.1];
        let mut row_count = 0;
        while row_count < RUN_ROWS && !self.cursors.is_empty() {
            let mut first = 0;
            for place in 1..self.cursors.len() {
                if self.cursors[place].is_before(&self.cursors[first], &self.keys) {
                    first = place;
                }
            }
            let cursor = &mut self.cursors[first];
            for (column, cells) in columns.iter_mut().zip(&cursor.batch.columns) {
                column.push(cells.get(cursor.row).into_owned());
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

impl Iterator for Merge {
    type Item = Result<Batch, Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batch().transpose()
    }
}
