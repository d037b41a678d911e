//! The fakes that the tests share.

pub mod faulty_disk;

pub use faulty_disk::FaultyDisk;
