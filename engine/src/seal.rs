//! Seals: codes of texts that only a holder of the store can make.
//!
//! The key follows from the secret that the store was created with, so that every copy of a store makes the same seals,
//! and no other store does.

use crate::state::State;

/// Separates the key of seals from every other use of the store's secret.
const KEY_CONTEXT: &str = "entrasnap 2026-11 seal key";

/// As [`Store::seal`](crate::Store::seal).
pub(crate) fn of(state: &State, purpose: &str, text: &str) -> String {
    let key = blake3::derive_key(KEY_CONTEXT, &state.hash_key);
    let mut hasher = blake3::Hasher::new_keyed(&key);
    // The length says where the purpose ends, so that no two pairs are hashed alike.
    hasher.update(&(purpose.len() as u64).to_le_bytes()).update(purpose.as_bytes());
    hasher.update(text.as_bytes());
    hasher.finalize().to_hex().to_string()
}

/// As [`Store::is_sealed`](crate::Store::is_sealed).
pub(crate) fn is_sealed(state: &State, purpose: &str, text: &str, seal: &str) -> bool {
    // Compared as hashes, which takes the same time wherever the two differ.
    let hash = |text: &str| blake3::hash(text.as_bytes());
    hash(&of(state, purpose, text)) == hash(seal)
}

#[cfg(test)]
mod tests {
    use crate::{CreateOptions, Store};

    fn store(folder: &tempfile::TempDir, name: &str, seed: u8) -> Store {
        Store::create(&folder.path().join(name), &CreateOptions { seed: [seed; 32], tenant: None }).unwrap()
    }

    #[test]
    fn a_seal_is_good_for_one_text_one_purpose_and_one_store() {
        let folder = tempfile::tempdir().unwrap();
        let (own, other) = (store(&folder, "a", 1), store(&folder, "b", 2));
        let seal = own.seal("plan", "text");
        assert!(own.is_sealed("plan", "text", &seal));
        assert!(!other.is_sealed("plan", "text", &seal));
        assert!(!own.is_sealed("plan", "tex", &seal) && !own.is_sealed("plant", "ext", &seal));
        assert!(!own.is_sealed("plan", "text", "") && !own.is_sealed("plan", "text", &seal[1..]));
        let copy = Store::open(&folder.path().join("a")).unwrap();
        assert!(copy.is_sealed("plan", "text", &seal), "a store that is opened again makes the same seals");
    }
}
