//! Merges the blocks of a column: one code for each version, repeated values kept once.

use std::collections::HashMap;

use super::block::{Block, Content, Repeats, TextList, Values};
use super::{ABSENT, FIRST_VALUE, NULL};

/// One attribute in all versions of a type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionColumn {
    /// By version number: [`ABSENT`], [`NULL`], [`super::UNKNOWN`], or [`FIRST_VALUE`] + the index of its value.
    pub codes: Vec<u32>,
    /// The values, run after run. They may hold a text more than once.
    pub runs: Vec<Values>,
}

impl VersionColumn {
    /// How many values there are.
    #[must_use]
    pub fn value_count(&self) -> usize {
        self.runs.iter().map(Values::len).sum()
    }

    /// Appends the JSON text of a code, `null` included; nothing when absent or unknown, or when the value is not
    /// kept as JSON text.
    pub fn append_json(&self, code: u32, out: &mut Vec<u8>) {
        if code == NULL {
            out.extend_from_slice(b"null");
        }
        let Some(mut index) = code.checked_sub(FIRST_VALUE).map(|index| index as usize) else { return };
        for run in &self.runs {
            if let (Values::Json(texts), true) = (run, index < run.len()) {
                return out.extend_from_slice(texts.get(index));
            }
            let Some(rest) = index.checked_sub(run.len()) else { return };
            index = rest;
        }
    }
}

/// What was put together so far.
#[derive(Default)]
struct Merge {
    column: VersionColumn,
    value_count: u32,
    known: HashMap<Box<[u8]>, u32>,
}

/// Why blocks do not fit together.
#[derive(Debug, thiserror::Error)]
pub(super) enum MergeError {
    /// A block does not begin where the one before ends.
    #[error("expected version {expected}, found {found}")]
    Version { expected: usize, found: u32 },
    /// A block has a code for more or fewer versions than it says.
    #[error("expected {expected} rows, found {found}")]
    Rows { expected: usize, found: usize },
    /// There are more values than codes.
    #[error("too many values")]
    TooMany,
    /// The values of a block are too long for one list.
    #[error(transparent)]
    Texts(#[from] crate::Error),
}

/// Merges blocks that are in the order of their versions.
pub(super) fn merge(blocks: Vec<Block>) -> Result<VersionColumn, MergeError> {
    let mut merge = Merge::default();
    merge.column.codes.push(ABSENT);
    for block in blocks {
        merge.add(block)?;
    }
    Ok(merge.column)
}

impl Merge {
    fn add(&mut self, block: Block) -> Result<(), MergeError> {
        let next = self.column.codes.len();
        if block.first_version as usize != next {
            return Err(MergeError::Version { expected: next, found: block.first_version });
        }
        let count = block.count as usize;
        match block.content {
            Content::Absent => self.column.codes.resize(next + count, ABSENT),
            Content::Whole { codes, values, repeats } => {
                if codes.len() != count {
                    return Err(MergeError::Rows { expected: count, found: codes.len() });
                }
                match (values, repeats) {
                    (Values::Json(texts), Repeats::Yes) => {
                        let indexes = self.look_up(&texts)?;
                        self.column.codes.extend(codes.iter().map(|code| moved(*code, &indexes)));
                    }
                    (values, _) => {
                        let before = self.append(values)?;
                        let moved =
                            codes.iter().map(|&code| if code < FIRST_VALUE { code } else { code + before });
                        self.column.codes.extend(moved);
                    }
                }
            }
            Content::Patched { changed, predecessors, values } => {
                let indexes = self.look_up(&values)?;
                let mut changed = changed.into_iter().peekable();
                for (index, before) in (0..).zip(predecessors) {
                    let mut code = self.column.codes.get(before as usize).copied().unwrap_or(ABSENT);
                    while let Some((_, new)) = changed.next_if(|(changed, _)| *changed == index) {
                        code = moved(new, &indexes);
                    }
                    self.column.codes.push(code);
                }
            }
        }
        Ok(())
    }

    /// Appends a run; returns what is to be added to its codes.
    fn append(&mut self, values: Values) -> Result<u32, MergeError> {
        let before = self.value_count;
        let count = u32::try_from(values.len()).ok().and_then(|count| before.checked_add(count));
        // Codes begin behind those of cells without a value.
        self.value_count =
            count.filter(|count| *count < u32::MAX - FIRST_VALUE).ok_or(MergeError::TooMany)?;
        if !values.is_empty() {
            self.column.runs.push(values);
        }
        Ok(before)
    }

    /// The code of each text; those not yet known become a run of their own.
    fn look_up(&mut self, texts: &TextList) -> Result<Vec<u32>, MergeError> {
        let mut new = TextList::default();
        let mut indexes = Vec::with_capacity(texts.len());
        for text in texts.iter() {
            if let Some(code) = self.known.get(text) {
                indexes.push(*code);
                continue;
            }
            let count = u32::try_from(new.len()).map_err(|_| MergeError::TooMany)?;
            let code = FIRST_VALUE.saturating_add(self.value_count).saturating_add(count);
            new.push(text)?;
            self.known.insert(text.into(), code);
            indexes.push(code);
        }
        self.append(Values::Json(new))?;
        Ok(indexes)
    }
}

fn moved(code: u32, indexes: &[u32]) -> u32 {
    match code.checked_sub(FIRST_VALUE) {
        None => code,
        Some(index) => indexes.get(index as usize).copied().unwrap_or(ABSENT),
    }
}
