//! The fakes that the tests share.

pub mod faulty_disk;
pub mod golden;
pub mod shelf;

pub use faulty_disk::FaultyDisk;
pub use shelf::Shelf;
