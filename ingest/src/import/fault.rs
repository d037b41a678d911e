//! What is wrong with a piece of input, before it is known which line of which file the piece begins at.

use engine::ObjectProblem;

use crate::error::{Error, Place};

/// What is wrong, and where in its block.
#[derive(Debug)]
pub(crate) struct Fault {
    /// Line ends in the block before the place.
    pub(crate) lines_before: u64,
    /// Column in bytes, from 1.
    pub(crate) column: Option<u64>,
    pub(crate) cause: Cause,
}

/// What is wrong.
#[derive(Debug)]
pub(crate) enum Cause {
    Empty,
    NotJson { found: u8 },
    Between { expected: &'static str, found: u8 },
    Behind,
    PageTail,
    CutOff,
    ListOpen,
    TooLong { limit: usize },
    NotText,
    Json { reason: String },
    NoId { found: String },
    NoType,
    Page,
    Removed { key: String },
    Link,
    Answer { code: String, message: String },
    Refused(Box<engine::Error>),
    Read(std::io::Error),
}

impl Fault {
    /// A fault at an offset of a block.
    pub(crate) fn at(block: &[u8], offset: usize, cause: Cause) -> Self {
        let before = &block[..offset.min(block.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |last| last + 1);
        Self { lines_before: count_lines(before), column: Some(number(before.len() - line_start) + 1), cause }
    }

    /// The error it is, in a file whose block begins at this position.
    pub(crate) fn into_error(self, file: &str, position: Position) -> Error {
        let line = position.lines + self.lines_before + 1;
        let before = if self.lines_before == 0 { position.bytes_in_line } else { 0 };
        let column = self.column.map(|column| before + column);
        let mut place = Place { file: file.to_owned(), line, column };
        let what = match self.cause {
            Cause::Read(source) if source.kind() != std::io::ErrorKind::InvalidData => {
                return Error::File { action: "read", path: file.into(), source };
            }
            Cause::Refused(refusal) => match *refusal {
                engine::Error::Object { problem, reason, .. } => reason + advice(problem),
                other => return Error::Store(other),
            },
            Cause::Answer { code, message } => {
                place.column = None;
                return Error::GraphAnswer { place, code, message };
            }
            cause => cause.describe(),
        };
        Error::Input { place, what }
    }
}

/// What to do about an object, behind what is wrong with it.
fn advice(problem: ObjectProblem) -> &'static str {
    match problem {
        ObjectProblem::Malformed => "",
        ObjectProblem::Truncated => {
            "; export it again (ConvertTo-Json with a greater -Depth), or take it as it stands with \
             --accept-truncated"
        }
        ObjectProblem::Untyped => "; name it with --type",
    }
}

impl Cause {
    fn describe(&self) -> String {
        match self {
            Self::Empty => "expected JSON objects, found an empty file; remove it, or export it again".into(),
            Self::NotJson { found } => {
                format!("expected `{{` or `[`, found {}; an import takes JSON", shown(*found))
            }
            Self::Between { expected, found } => {
                format!("expected {expected}, found {}", shown(*found))
            }
            Self::Behind => "expected the end of the file behind the array, found more text".into(),
            Self::PageTail => {
                "expected the properties that end a Graph list page (no second `value`), found something else"
                    .into()
            }
            Self::CutOff => {
                "the object that begins here has no end; the file is cut off, get it again".into()
            }
            Self::ListOpen => "expected `]`, found the end of the file; it is cut off, get it again".into(),
            Self::TooLong { limit } => format!(
                "expected an object of at most {} MiB, found a longer one; put one object on each line",
                limit >> 20
            ),
            Self::NotText => "expected UTF-8 or UTF-16 text, found other bytes; convert the file".into(),
            Self::Json { reason } => format!("invalid JSON: {reason}"),
            Self::NoId { found } => format!("expected an object with `id`, found {found}"),
            Self::NoType => "the object does not say its type; name it with --type, or name the file \
                             after it, such as users.json"
                .into(),
            Self::Page => {
                "expected an object, found a Graph list page; put each page into its own file".into()
            }
            Self::Removed { key } => {
                format!("expected whole objects, found `{key}` of a delta answer; import full lists instead")
            }
            Self::Link => "expected a link with `id` or `@odata.id`, found neither".into(),
            Self::Read(source) => format!("{source}; convert the file to UTF-8"),
            Self::Answer { .. } | Self::Refused(_) => String::new(),
        }
    }
}

/// A place in a file.
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

/// A length as a number of the place in a file.
pub(crate) fn number(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn shown(byte: u8) -> String {
    if byte.is_ascii_graphic() { format!("`{}`", char::from(byte)) } else { format!("the byte {byte:#04x}") }
}
