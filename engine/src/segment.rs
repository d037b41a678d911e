//! One immutable columnar file: what a backup added to the store.
//!
//! Shape, from front to back:
//!
//! ```text
//! header 64 bytes · chunks, each 8-byte aligned · footer (rkyv, 16-byte aligned) · trailer 64 bytes
//! ```
//!
//! A chunk is a run of bytes that one decoder understands; the footer says where it is, how it is
//! encoded and what its checksum is. The last chunk holds checksums of parts of the long ones (`sums.rs`; format version
//! 1 had none). The footer's hash is in the trailer, the whole file's hash in the manifest of the backup that
//! wrote it.
//!
//! Chunks are aligned to 8 bytes, not to 64: a backup of a small tenant is mostly small chunks, and no decoder needs more.
//!
//! Invariants
//! 1. A segment never changes once it has its name.
//! 2. Nothing in it is used before its checksum (chunks, or their blocks) or hash (footer) was compared.
//! 3. Version numbers of a table, link-set numbers of a relation and ordinals are dense: each segment
//!    continues where the one before it ended.
//!
//! Assumed of the disk: a renamed, synced file is whole after a crash; a sector may be torn before.

pub(crate) mod column;
#[cfg(test)]
pub(crate) mod document;
pub(crate) mod footer;
pub(crate) mod format;
pub(crate) mod integers;
pub(crate) mod layout;
pub(crate) mod links;
pub(crate) mod reader;
pub(crate) mod reference;
mod sums;
pub(crate) mod writer;
