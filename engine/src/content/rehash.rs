//! The hash of a content that is read back from the store, equal to the one it was shredded with.

use super::PathName;
use super::hash::{ColumnsDigest, ContentHasher};
use crate::id::Id;
use crate::schema::{self, RuleKind};
use crate::value::write_identity;

/// The content hash of core cells (path, canonical text), given in any order.
pub(crate) fn content_hash(hash_key: &[u8; 32], token: &str, id: &Id, cells: &[(&str, &[u8])]) -> [u8; 16] {
    let mut keyed: Vec<(u64, &str, &[u8])> =
        cells.iter().map(|(path, text)| (PathName::new(token, false, path).id, *path, *text)).collect();
    keyed.sort_unstable_by_key(|(id, ..)| *id);
    let mut hasher = ContentHasher::new(*hash_key);
    hasher.begin(token, id, &ColumnsDigest::of(keyed.iter().map(|(id, ..)| *id)));
    for (_, path, text) in keyed {
        if is_unordered(token, path) {
            hasher.cell(|out| write_identity(text, out));
        } else {
            hasher.cell(|out| out.extend_from_slice(text));
        }
    }
    hasher.end();
    let mut hash = [0; 16];
    hasher.finish(|found| hash = found);
    hash
}

/// Whether the arrays of a path are compared as sets.
pub(crate) fn is_unordered(token: &str, path: &str) -> bool {
    schema::rule(token, path, RuleKind::Unordered).is_some()
}
