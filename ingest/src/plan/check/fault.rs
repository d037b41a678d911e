//! Owns why a step is refused: what was expected of it, and what was found.

use std::borrow::Cow;

use thiserror::Error;

use crate::plan::RequestTemplate;
use engine::schema::Version;

/// Why a step cannot run, or sends something else than it shows.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StepFault {
    /// It lacks what every step of its kind has, or has what none has.
    #[error("expected {0}")]
    Shape(&'static str),
    /// It names something that it must not name.
    #[error("expected {expected}, found {found}")]
    Found {
        /// What was expected.
        expected: Cow<'static, str>,
        /// What was found.
        found: String,
    },
    /// It waits for this step, which is of a later phase.
    #[error("expected a phase no earlier than that of {0}, which it waits for")]
    Phase(String),
    /// It shows a value that its request does not have.
    #[error("expected its request to {verb} {name}, which is shown")]
    Unsent {
        /// What the request should do with it.
        verb: &'static str,
        /// The property.
        name: String,
    },
    /// Its request writes another value of this property than it shows.
    #[error("expected its request to write {0} as it is wanted")]
    Unwritten(String),
    /// Its request replaces an object whole and leaves out this property, which Graph resets to a default.
    #[error("expected its request to say {0}, because it replaces the object whole")]
    Partial(&'static str),
    /// Its request has another method, version or path.
    #[error(
        "expected {method} {template} of {id} ({version:?}), found {} {} ({:?})",
        found.method, found.path, found.version
    )]
    Request {
        /// The method that was expected.
        method: String,
        /// The path that was expected, with placeholders.
        template: String,
        /// The object's ID.
        id: String,
        /// The version that was expected.
        version: Version,
        /// The request that was found.
        found: Box<RequestTemplate>,
    },
    /// Its request holds this, which is something else than it shows.
    #[error("expected a body that says what is shown, found {0}")]
    Body(String),
    /// No backup that the plan names has its object.
    #[error("expected its object in the backups that the plan names, found none")]
    NoObject,
    /// Its path leads below another object than the backups say.
    #[error("expected the path of its object, found another parent, {found}")]
    OtherParent {
        /// The parent's ID in the path.
        found: String,
    },
    /// Its request changes a property that it does not show.
    #[error("expected its request to leave {name} as it stands, found {found}")]
    Changed {
        /// The property.
        name: String,
        /// The value in the request.
        found: String,
    },
}

impl StepFault {
    pub(super) fn found(expected: impl Into<Cow<'static, str>>, found: impl std::fmt::Display) -> Self {
        Self::Found { expected: expected.into(), found: found.to_string() }
    }

    /// The same of a name, which may hold anything.
    pub(super) fn found_name(expected: impl Into<Cow<'static, str>>, found: &str) -> Self {
        Self::Found { expected: expected.into(), found: format!("\"{found}\"") }
    }
}

/// What is wrong with a request; nothing when it is as it must be.
pub(super) type Verdict = Result<(), StepFault>;

pub(super) fn odd_body(body: &dyn std::fmt::Display) -> StepFault {
    StepFault::Body(body.to_string())
}
