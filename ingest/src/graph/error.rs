//! Owns what can go wrong between the client and Graph, and how Graph's error bodies are read.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

mod answer;
mod setting;
mod sign_in;
#[cfg(test)]
mod tests;

pub use answer::AnswerFault;
pub use setting::{CertificateProblem, Setting, SettingProblem};
pub use sign_in::{SignIn, SignInCause};

/// The result of asking Graph.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between the client and Graph.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Graph answered an error, for good or more often than the client tries.
    #[error(transparent)]
    Refused(#[from] Box<Refusal>),
    /// A call that must not be sent twice was sent, and its answer never came: it may have taken effect.
    #[error("{asked}: sent once, and no answer came ({what})")]
    Unanswered {
        /// Method and path.
        asked: String,
        /// What happened to the answer.
        what: String,
    },
    /// Nothing came back, however often it was tried.
    #[error("{asked}: expected an answer from {host}, found none in {} ({what})", counted(*tries))]
    Unreachable {
        /// Method and path.
        asked: String,
        /// Scheme, host and port.
        host: String,
        /// How often it was tried.
        tries: u32,
        /// What happened last.
        what: String,
    },
    /// No known authority vouches for the certificate of the host: nothing was sent.
    #[error("{asked}: expected a certificate of {host} that a known authority vouches for ({what})")]
    Untrusted {
        /// Method and path.
        asked: String,
        /// Scheme, host and port.
        host: String,
        /// What TLS says.
        what: String,
    },
    /// No token could be had.
    #[error(transparent)]
    SignIn(#[from] SignIn),
    /// The client may only read.
    #[error("{asked}: refused before it was sent, because this client may only read")]
    ReadOnly {
        /// Method and path.
        asked: String,
    },
    /// A link leads to another host, where the token must not go.
    #[error(
        "expected a link to {expected}, found one to {found}; it was not followed, because the token would go with it"
    )]
    ForeignLink {
        /// Scheme, host and port of the endpoint.
        expected: String,
        /// Scheme, host and port of the link.
        found: String,
    },
    /// The client cannot be made of its settings.
    #[error("{setting}: {problem}")]
    Settings {
        /// The one that does not fit.
        setting: Setting,
        /// What was expected and found.
        #[source]
        problem: Box<SettingProblem>,
    },
    /// A path together with the host is no address.
    #[error("expected a path, found {path}: {reason}")]
    Path {
        /// The path.
        path: String,
        /// What the parser found.
        reason: String,
    },
    /// The system lets the client make no connections, perhaps because its trust store cannot be read.
    #[error("no connections can be made: {reason}")]
    Connections {
        /// What happened.
        reason: String,
    },
    /// Graph answered success with a body that is not what was asked for.
    #[error(
        "{asked}: {fault}{} (request {})",
        in_tries(*tries),
        request_id.as_deref().unwrap_or("without ID")
    )]
    Malformed {
        /// Method and path.
        asked: String,
        /// What was expected and found.
        #[source]
        fault: AnswerFault,
        /// How often it was tried, where trying again could help.
        tries: Option<u32>,
        /// Graph's `request-id`.
        request_id: Option<String>,
    },
    /// The caller asked to stop.
    #[error("interrupted")]
    Cancelled,
}

/// The kind of an error: one for each way in which callers go on, and the same name as the variant of [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants of `Error` say what they are")]
pub enum ErrorKind {
    Refused,
    Unanswered,
    Unreachable,
    Untrusted,
    SignIn,
    ReadOnly,
    ForeignLink,
    Settings,
    Path,
    Connections,
    Malformed,
    Cancelled,
}

fn counted(tries: u32) -> String {
    if tries == 1 { "1 try".to_owned() } else { format!("{tries} tries") }
}

/// How often an answer was malformed, as the end of a sentence.
pub(crate) fn in_tries(tries: Option<u32>) -> String {
    tries.map(|tries| format!(", in {}", counted(tries))).unwrap_or_default()
}

impl Error {
    /// The kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(_) => ErrorKind::Refused,
            Self::Unanswered { .. } => ErrorKind::Unanswered,
            Self::Unreachable { .. } => ErrorKind::Unreachable,
            Self::Untrusted { .. } => ErrorKind::Untrusted,
            Self::SignIn(_) => ErrorKind::SignIn,
            Self::ReadOnly { .. } => ErrorKind::ReadOnly,
            Self::ForeignLink { .. } => ErrorKind::ForeignLink,
            Self::Settings { .. } => ErrorKind::Settings,
            Self::Path { .. } => ErrorKind::Path,
            Self::Connections { .. } => ErrorKind::Connections,
            Self::Malformed { .. } => ErrorKind::Malformed,
            Self::Cancelled => ErrorKind::Cancelled,
        }
    }

    /// Whether the host gave no answer at all, so that another question may get none either.
    pub(crate) fn is_of_host(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Untrusted { .. })
    }

    /// What Graph answered, when it did.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        if let Self::Refused(refusal) = self { Some(refusal) } else { None }
    }

    /// The status of Graph's answer, when there is one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.refusal().map(|refusal| refusal.status)
    }

    /// Whether a delta token is too old or unknown, so that everything has to be read anew.
    #[must_use]
    pub fn is_resync(&self) -> bool {
        self.refusal().is_some_and(Refusal::is_resync)
    }
}

/// An error that Graph answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// Graph's code, such as `Request_ResourceNotFound`; empty when the body has none.
    pub code: String,
    /// Graph's message.
    pub message: String,
    /// Graph's details.
    pub details: Vec<Detail>,
    /// Graph's `request-id`, which its support asks for.
    pub request_id: Option<String>,
    /// Where to go instead: with 410, the link that begins a delta query anew.
    pub location: Option<String>,
    /// Method and path that were asked.
    pub asked: String,
    /// How often it was tried.
    pub tries: u32,
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: Graph answered {}", self.asked, self.status)?;
        for part in [&self.code, &self.message].into_iter().filter(|part| !part.is_empty()) {
            write!(formatter, " {part}")?;
        }
        for detail in &self.details {
            write!(formatter, "; {} {}", detail.code, detail.message)?;
        }
        match &self.request_id {
            Some(id) => write!(formatter, " (request {id})"),
            None => Ok(()),
        }
    }
}

impl Refusal {
    /// Whether a delta token is too old or unknown, so that everything has to be read anew.
    #[must_use]
    pub fn is_resync(&self) -> bool {
        let code = self.code.to_ascii_lowercase();
        self.status == 410 || code == "syncstatenotfound" || code.starts_with("resync")
    }

    /// Whether one of the details has this code.
    #[must_use]
    pub fn has_detail(&self, code: &str) -> bool {
        self.details.iter().any(|detail| detail.code.eq_ignore_ascii_case(code))
    }
}

/// One detail of an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detail {
    /// Its code, such as `ObjectConflict`.
    pub code: String,
    /// Its message.
    pub message: String,
    /// What it is about, such as a property.
    pub target: String,
}

/// What an error body says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ErrorBody {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) details: Vec<Detail>,
    pub(crate) request_id: Option<String>,
}

#[derive(Deserialize)]
struct Envelope {
    error: Value,
}

/// Reads an error body in any of the shapes that Graph's services write; what cannot be read gives empty texts.
pub(crate) fn read_error(body: &[u8]) -> ErrorBody {
    let Ok(Envelope { error }) = serde_json::from_slice(body) else {
        return ErrorBody::default();
    };
    if let Value::String(code) = &error {
        return ErrorBody { code: code.clone(), ..ErrorBody::default() };
    }
    let inner = ["innerError", "innererror"].iter().map(|name| &error[*name]).find(|inner| inner.is_object());
    let request_id = inner.and_then(|inner| inner["request-id"].as_str()).map(str::to_owned);
    let details = match &error["details"] {
        Value::Array(details) => details.iter().map(detail).collect(),
        object @ Value::Object(_) => vec![detail(object)],
        _ => Vec::new(),
    };
    ErrorBody { code: text(&error["code"]), message: text(&error["message"]), details, request_id }
}

fn detail(detail: &Value) -> Detail {
    Detail { code: text(&detail["code"]), message: text(&detail["message"]), target: text(&detail["target"]) }
}

/// A text, or an object that holds one as `value`.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(object) => object.get("value").and_then(Value::as_str).unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}
