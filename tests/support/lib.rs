//! The fakes that the tests share.

pub mod failing_disk;
pub mod faulty_disk;
pub mod golden;
pub mod shelf;

pub use failing_disk::{FailingDisk, Trouble};
pub use faulty_disk::FaultyDisk;
pub use shelf::Shelf;
