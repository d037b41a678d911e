//! Names for tests of stores, which tools do not need: the bytes of a journal, the index of records.

pub use crate::catalog::{Catalog, CatalogBinding, CatalogLost, CatalogRecord, Rebuilt};
pub use crate::journal::{Journal, JournalFile, JournalHead, JournalWriter, RECORD_LAYOUT, RecordField};
