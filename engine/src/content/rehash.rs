//! The hash of a content that is read back from the store, equal to the one it was shredded with.

use super::PathName;
use super::hash::{ColumnsDigest, ContentHasher};
use crate::id::Id;
use crate::schema::{self, RuleKind};
use crate::value::write_identity;

/// The core cells of an object: path and canonical text, in any order.
pub(crate) type NamedCells<'a> = [(&'a str, &'a [u8])];

/// The content hash of an object that is read back.
pub(crate) fn content_hash(hash_key: &[u8; 32], token: &str, id: &Id, cells: &NamedCells<'_>) -> [u8; 16] {
    hash(hash_key, token, |out| id.write_normal(out), cells, |_, text, out| out.extend_from_slice(text))
}

/// The content hash as table version 1 made it: of the ID as it was written, and of sets in order of their elements.
pub(crate) fn first_content_hash(
    hash_key: &[u8; 32],
    token: &str,
    id: &Id,
    cells: &NamedCells<'_>,
) -> [u8; 16] {
    hash(
        hash_key,
        token,
        |out| id.write_text(out),
        cells,
        |path, text, out| {
            if schema::rule(token, path, RuleKind::Unordered).is_some() {
                write_identity(text, out);
            } else {
                out.extend_from_slice(text);
            }
        },
    )
}

fn hash(
    hash_key: &[u8; 32],
    token: &str,
    write_id: impl FnOnce(&mut Vec<u8>),
    cells: &NamedCells<'_>,
    write_cell: impl Fn(&str, &[u8], &mut Vec<u8>),
) -> [u8; 16] {
    let mut keyed: Vec<(u64, &str, &[u8])> =
        cells.iter().map(|(path, text)| (PathName::new(token, false, path).id, *path, *text)).collect();
    keyed.sort_unstable_by_key(|(id, ..)| *id);
    let mut hasher = ContentHasher::new(*hash_key);
    hasher.begin(token, write_id, &ColumnsDigest::of(keyed.iter().map(|(id, ..)| *id)));
    for (_, path, text) in keyed {
        hasher.cell(|out| write_cell(path, text, out));
    }
    hasher.end();
    let mut hash = [0; 16];
    hasher.finish(|found| hash = found);
    hash
}
