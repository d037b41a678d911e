//! The type of each live object of a backup, by ordinal.

use std::sync::Arc;

use crate::error::TableError;
use engine::scan::Scan;

/// The index of no type.
pub(super) const NO_TYPE: u16 = u16::MAX;

/// The types that ordinals are live under.
pub(super) struct LiveTypes {
    tokens: Vec<Arc<str>>,
    /// By ordinal, an index into the tokens.
    indexes: Vec<u16>,
}

impl LiveTypes {
    pub(super) fn read(scan: &Scan) -> Result<Self, TableError> {
        let (tokens, indexes) = scan.live_types().map_err(TableError::store)?;
        Ok(Self { tokens, indexes })
    }

    pub(super) fn tokens(&self) -> &[Arc<str>] {
        &self.tokens
    }

    /// The type of an ordinal, as an index into the tokens, or [`NO_TYPE`].
    pub(super) fn index_of(&self, ordinal: u32) -> u16 {
        self.indexes.get(ordinal as usize).copied().unwrap_or(NO_TYPE)
    }

    pub(super) fn size_bytes(&self) -> usize {
        self.indexes.len() * size_of::<u16>()
    }
}
