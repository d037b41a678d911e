//! A tenant into a store, and back: files, Microsoft Graph, recovery plans.
//!
//! [`import()`] reads what people have of a tenant (an `EntraExporter` folder, NDJSON, JSON arrays, Graph list
//! pages) and commits it as one backup, or nothing at all. [`export()`] writes a backup in a form that imports
//! again without a change.
//!
//! [`pull`] reads a live tenant through [`graph`], whole or by what changed. [`plan`] makes a value of what a recovery
//! would send, and [`apply`](mod@apply) sends it, step by recorded step. [`engine::schema`] is the table of what Graph does with
//! each type. [`webhook`] sends notifications.

#![forbid(unsafe_code)]

pub mod apply;
pub mod error;
pub mod export;
pub mod graph;

pub mod import;
pub mod plan;
pub mod pull;
mod system;
#[cfg(test)]
mod tests;
pub mod webhook;

pub use error::{Error, ErrorKind, Result};
pub use export::{ExportCounts, ExportFormat, export};
pub use system::{FileError, ThreadsError};

pub use import::{Advance, ImportRequest, Progress, Source, import, is_harmless};
