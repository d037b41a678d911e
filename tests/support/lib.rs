//! The fakes that the tests share.

pub mod failing_disk;
pub mod faulty_disk;
pub mod golden;
pub mod shelf;

pub use failing_disk::{FailingDisk, Trouble};
pub use faulty_disk::FaultyDisk;
pub use shelf::Shelf;

/// The Rust in the README of the engine, for the tests of documentation to run.
#[cfg(doctest)]
#[doc = include_str!("../../engine/README.md")]
#[derive(Debug)]
pub struct EngineReadme;
