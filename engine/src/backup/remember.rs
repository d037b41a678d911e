//! The import cache that a backup leaves: which objects it may name, and its file.
//!
//! It names the objects of which the store holds what their raw text says, and nothing else.
//!
//! Properties that are carried forward, links that were observed apart from the object, and dormant links are not in
//! the text. If such an object were passed on unparsed, the next backup would differ with and without the import cache.

use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;

use super::basis::Basis;
use super::by_name::ByName;
use super::pieces::Piece;
use super::resolved::ResolvedType;
use crate::disk::write_whole;
use crate::import_cache::{ImportCache, ImportCacheContent, RawForm, keep_single};
use crate::link_sets::EMPTY_SET;
use crate::state::{State, VectorKind};
use crate::vector::Vector;
use crate::{Result, schema};

/// Changes when the import cache's meaning does.
const CACHE_VERSION: u8 = 1;

const FILE_NAME: &str = "seen.memo";

fn cache_folder(state: &State) -> PathBuf {
    state.root.join("staging")
}

/// What the import cache is bound to: the newest backup, the table of types, and this program's way of reading.
fn cache_binding(manifest_hash: &str) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("entrasnap memo binding");
    hasher.update(manifest_hash.as_bytes());
    hasher.update(&schema::TABLE_VERSION.to_le_bytes());
    hasher.update(&[CACHE_VERSION]);
    *hasher.finalize().as_bytes()
}

/// The import cache of the last import, if it is whole and of the newest backup.
pub(super) fn read(state: &State) -> Option<ImportCache> {
    let bytes = state.disk.read(&cache_folder(state).join(FILE_NAME)).ok()?;
    ImportCache::open(bytes, &cache_binding(&state.head.manifest), &state.hash_key)
}

/// What the next import need not parse, of the observed raw texts.
pub(super) fn known_again(
    basis: &Basis,
    types: &ByName<ResolvedType>,
    forms: Vec<(Arc<str>, Vec<RawForm>)>,
) -> Vec<(Arc<str>, Vec<RawForm>)> {
    let forms = forms.into_par_iter().filter_map(|(token, mut forms)| {
        let found = types.get(&token)?;
        // Of an object that was observed with two texts neither is remembered: only the last may be.
        forms.par_sort_unstable_by_key(|(_, ordinal)| *ordinal);
        forms.retain(|(_, ordinal)| !found.moved.contains(*ordinal));
        keep_single(&mut forms, |(_, ordinal)| *ordinal);
        let rememberable = Rememberable::new(basis, &token, found).ok()?;
        forms.retain(|(_, ordinal)| rememberable.contains(*ordinal));
        Some((token, forms))
    });
    forms.collect()
}

/// Type tokens by the number that the import cache gives them: those of the store once this backup is in it.
pub(super) fn cache_types(state: &State, pieces: &[Piece<'_>]) -> Vec<Arc<str>> {
    let cores = pieces.iter().map(|piece| &piece.key).filter(|key| key.kind == VectorKind::Core);
    let mut types = state.cache_types();
    types.extend(cores.map(|key| Arc::clone(&key.type_token)));
    types.sort_unstable();
    types.dedup();
    types
}

pub(super) fn lay_out(types: &[Arc<str>], forms: &[(Arc<str>, Vec<RawForm>)]) -> ImportCacheContent {
    let mut entries = Vec::with_capacity(forms.iter().map(|(_, forms)| forms.len()).sum());
    for (token, forms) in forms {
        let index = types.binary_search(token).ok();
        if let Some(index) = index.and_then(|index| u16::try_from(index).ok()) {
            entries.extend(forms.iter().map(|(hash, ordinal)| (*hash, index, *ordinal)));
        }
    }
    ImportCacheContent::new(entries)
}

/// Keeps what the next import need not parse. It may fail: then the next import parses.
pub(super) fn write(state: &State, content: ImportCacheContent) {
    let bytes = content.seal(&cache_binding(&state.head.manifest), &state.hash_key);
    let folder = cache_folder(state);
    let path = folder.join(FILE_NAME);
    // The import cache only saves work; a store without it is whole.
    let _outcome = state.disk.create_folder(&folder).and_then(|()| write_whole(&*state.disk, &path, &bytes));
}

/// Tells for one type which of its objects may be remembered.
struct Rememberable<'a> {
    found: &'a ResolvedType,
    /// Relations that were not read this time.
    carried: Vec<Arc<Vector>>,
}

impl<'a> Rememberable<'a> {
    fn new(basis: &Basis, token: &str, found: &'a ResolvedType) -> Result<Self> {
        let mut carried = Vec::new();
        for key in basis.state.tables.keys().filter(|key| *key.type_token == *token) {
            let VectorKind::Links(relation) = &key.kind else { continue };
            if let Some(previous) = basis.previous.as_ref().filter(|_| !found.links.contains(relation)) {
                carried.push(previous.vector(key)?);
            }
        }
        Ok(Self { found, carried })
    }

    fn contains(&self, ordinal: u32) -> bool {
        // An object that the import cache knew said all of itself last time already.
        let is_unchanged = self.found.unchanged.contains(ordinal);
        let is_listed = self.found.links.values().all(|links| {
            let new = links.new.get(ordinal);
            !links.foreign.contains(ordinal)
                && (new.version() <= EMPTY_SET
                    || links.observed.contains(ordinal)
                    || (is_unchanged && new == links.old.get(ordinal)))
        });
        let has_carried = || self.carried.iter().any(|vector| vector.get(ordinal).version() > EMPTY_SET);
        !self.found.carries_properties && is_listed && (is_unchanged || !has_carried())
    }
}
