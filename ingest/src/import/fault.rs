//! What is wrong with a piece of input, before it is known which line of which file the piece begins at.

use super::error::{Error, InputProblem, Location};
use crate::system::FileError;

/// What is wrong, and where in its block.
#[derive(Debug)]
pub(crate) struct Fault {
    /// Line ends in the block before the position.
    pub(crate) lines_before: u64,
    /// Column in bytes, from 1.
    pub(crate) column: Option<u64>,
    pub(crate) cause: Cause,
}

/// What is wrong.
#[derive(Debug)]
pub(crate) enum Cause {
    Problem(InputProblem),
    Answer { code: String, message: String },
    Refused(Box<engine::Error>),
    Read(std::io::Error),
}

impl From<InputProblem> for Cause {
    fn from(problem: InputProblem) -> Self {
        Self::Problem(problem)
    }
}

impl Fault {
    /// A fault at an offset of a block.
    pub(crate) fn at(block: &[u8], offset: usize, cause: impl Into<Cause>) -> Self {
        let cause = cause.into();
        let before = &block[..offset.min(block.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |last| last + 1);
        Self { lines_before: count_lines(before), column: Some(number(before.len() - line_start) + 1), cause }
    }

    /// The error it is, in a file whose block begins at this position.
    pub(crate) fn into_error(self, file: &str, position: Position) -> Error {
        let line = position.lines + self.lines_before + 1;
        let before = if self.lines_before == 0 { position.bytes_in_line } else { 0 };
        let column = self.column.map(|column| before + column);
        let mut location = Location { file: file.to_owned(), line, column };
        let problem = match self.cause {
            Cause::Problem(problem) => problem,
            Cause::Read(source) if source.kind() != std::io::ErrorKind::InvalidData => {
                return FileError { action: "read", path: file.into(), source }.into();
            }
            Cause::Read(source) => InputProblem::Encoding { reason: source.to_string() },
            Cause::Refused(refusal) => match *refusal {
                engine::Error::Object { problem, reason, .. } => InputProblem::Object { problem, reason },
                other => return Error::Store(other),
            },
            Cause::Answer { code, message } => {
                location.column = None;
                return Error::GraphAnswer { location, code, message };
            }
        };
        Error::Input { location, problem }
    }
}

/// A position in a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// Line ends before it.
    pub(crate) lines: u64,
    /// Bytes of its line before it.
    pub(crate) bytes_in_line: u64,
}

impl Position {
    /// The position behind these bytes.
    pub(crate) fn behind(self, bytes: &[u8]) -> Self {
        let last_line = memchr::memrchr(b'\n', bytes).map_or(0, |last| last + 1);
        let bytes_in_line = number(bytes.len() - last_line);
        self.then(Self { lines: count_lines(bytes), bytes_in_line })
    }

    /// The position that is so much further on.
    pub(crate) fn then(self, further: Self) -> Self {
        let same_line = if further.lines == 0 { self.bytes_in_line } else { 0 };
        Self { lines: self.lines + further.lines, bytes_in_line: same_line + further.bytes_in_line }
    }
}

/// How many line ends there are.
fn count_lines(bytes: &[u8]) -> u64 {
    number(memchr::memchr_iter(b'\n', bytes).count())
}

/// A length as an offset in a file.
pub(crate) fn number(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
