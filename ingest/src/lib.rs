//! Files into a store, and a backup back into files.
//!
//! [`import()`] reads what people have of a tenant (an `EntraExporter` folder, NDJSON, JSON arrays, Graph list
//! pages) and commits it as one backup, or nothing at all. [`export()`] writes a backup in a form that imports
//! again without a change.

#![forbid(unsafe_code)]

pub mod error;
pub mod export;
pub mod graph;

pub mod import;
pub mod plan;
pub mod pull;
pub mod resource;
#[cfg(test)]
mod tests;

pub use error::{Error, Result};
pub use export::{ExportCounts, ExportFormat, export};

pub use import::{Advance, ImportRequest, Progress, Source, import, is_harmless};
