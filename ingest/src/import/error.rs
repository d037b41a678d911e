//! Owns what can go wrong between files and a store, in imports and exports.

use std::fmt;
use std::path::PathBuf;

use engine::error::ObjectProblem;

use crate::system::FileError;

/// The result of an import or export.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong in an import or export.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] engine::Error),
    /// The operating system refused a file operation.
    #[error(transparent)]
    File(#[from] FileError),
    /// A device or pipe was given where a file is expected.
    #[error("cannot read {}: expected a regular file, found {found}", path.display())]
    NotRegular {
        /// Its path.
        path: PathBuf,
        /// What it is, such as `a pipe`.
        found: &'static str,
    },
    /// A file grew while it was read.
    #[error(
        "cannot read {}: expected the file as it was when the import began, found more in it",
        path.display()
    )]
    Grown {
        /// Its path.
        path: PathBuf,
    },
    /// The data is not what an import takes.
    #[error("{location}: {problem}")]
    Input {
        /// Where in the input.
        location: Location,
        /// What was expected and found.
        #[source]
        problem: InputProblem,
    },
    /// The data is an error that Graph answered, saved instead of the data.
    #[error("{location}: expected objects, found the Graph error {code}: {message}")]
    GraphAnswer {
        /// Where in the input.
        location: Location,
        /// Graph's code, such as `Authorization_RequestDenied`.
        code: String,
        /// Graph's message.
        message: String,
    },
    /// The data says that it is of another tenant than the store.
    #[error("{location}: {source}")]
    OtherTenant {
        /// Where the organization is in the input.
        location: Location,
        /// What the store said.
        source: Box<engine::Error>,
    },
    /// The data has hardly any object of those that the store holds.
    #[error(
        "expected data of the tenant that is in the store, found {shared} of its {known} objects among the {read} that \
         came: it looks like the data of another tenant, and {} objects would count as deleted",
        known - shared
    )]
    UnlikeStore {
        /// Objects that the store holds.
        known: u64,
        /// Objects in the data.
        read: u64,
        /// Objects in both.
        shared: u64,
    },
    /// The paths hold nothing to import.
    #[error("{}: expected JSON files, found none", path.display())]
    NoData {
        /// The folder looked at.
        path: PathBuf,
    },
    /// An export would mix with other files.
    #[error("{}: expected an empty or new folder, found files in it", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The caller asked to stop; the store is as it was before.
    #[error("interrupted")]
    Cancelled,
}

/// The kind of an error: one for each way in which callers go on, and the same name as the variant of [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants of `Error` say what they are")]
pub enum ErrorKind {
    Store,
    File,
    NotRegular,
    Grown,
    Input,
    GraphAnswer,
    OtherTenant,
    UnlikeStore,
    NoData,
    NotEmpty,
    Cancelled,
}

impl Error {
    /// The kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(_) => ErrorKind::Store,
            Self::File(_) => ErrorKind::File,
            Self::NotRegular { .. } => ErrorKind::NotRegular,
            Self::Grown { .. } => ErrorKind::Grown,
            Self::Input { .. } => ErrorKind::Input,
            Self::GraphAnswer { .. } => ErrorKind::GraphAnswer,
            Self::OtherTenant { .. } => ErrorKind::OtherTenant,
            Self::UnlikeStore { .. } => ErrorKind::UnlikeStore,
            Self::NoData { .. } => ErrorKind::NoData,
            Self::NotEmpty { .. } => ErrorKind::NotEmpty,
            Self::Cancelled => ErrorKind::Cancelled,
        }
    }
}

/// What was expected of the data, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InputProblem {
    /// The file is empty.
    #[error("expected JSON objects, found an empty file")]
    Empty,
    /// The file does not begin as JSON does.
    #[error("expected `{{` or `[`, found {}", shown(*found))]
    NotJson {
        /// The first byte.
        found: u8,
    },
    /// Something else is between two objects.
    #[error("expected {expected}, found {}", shown(*found))]
    Between {
        /// What may be there.
        expected: &'static str,
        /// What is there.
        found: u8,
    },
    /// There is more text after the array.
    #[error("expected the end of the file behind the array, found more text")]
    Behind,
    /// A list page does not end as one.
    #[error("expected the properties that end a Graph list page (no second `value`), found something else")]
    PageTail,
    /// The file ends in an object.
    #[error("the object that begins here has no end")]
    CutOff,
    /// The file ends in an array.
    #[error("expected `]`, found the end of the file")]
    ListOpen,
    /// An object is longer than any that a tenant has.
    #[error("expected an object of at most {} MiB, found a longer one", limit_bytes >> 20)]
    TooLong {
        /// The most bytes it may have.
        limit_bytes: usize,
    },
    /// Bytes are no text.
    #[error("expected UTF-8 or UTF-16 text, found other bytes")]
    NotText,
    /// Text is no UTF-16 although it begins so.
    #[error("{reason}")]
    Encoding {
        /// What the decoder found.
        reason: String,
    },
    /// An object is no JSON.
    #[error("invalid JSON: {reason}")]
    Json {
        /// What the parser found.
        reason: String,
    },
    /// An object has no ID.
    #[error("expected an object with `id`, found {found}")]
    NoId {
        /// What it has.
        found: String,
    },
    /// Nothing says the type of an object.
    #[error("the object does not say its type")]
    NoType,
    /// A list page stands where an object does.
    #[error("expected an object, found a Graph list page")]
    Page,
    /// An answer of a delta query has only what changed.
    #[error("expected whole objects, found `{key}` of a delta answer")]
    Delta {
        /// The property that says so.
        key: String,
    },
    /// A link names no object.
    #[error("expected a link with `id` or `@odata.id`, found neither")]
    Link,
    /// The store does not take the object.
    #[error("{reason}")]
    Object {
        /// What kind of problem it is.
        problem: ObjectProblem,
        /// What was expected and found.
        reason: String,
    },
}

fn shown(byte: u8) -> String {
    if byte.is_ascii_graphic() { format!("`{}`", char::from(byte)) } else { format!("the byte {byte:#04x}") }
}

/// A position in the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file as it was named, or `-` for the standard input.
    pub file: String,
    /// Line, from 1.
    pub line: u64,
    /// Column in bytes, from 1, when it is known.
    pub column: Option<u64>,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        self.column.map_or(Ok(()), |column| write!(f, ":{column}"))
    }
}
