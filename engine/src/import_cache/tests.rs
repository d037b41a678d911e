//! Tests of the import cache.

use proptest::prelude::*;

use super::*;

const BINDING: [u8; 32] = [1; 32];
const KEY: [u8; 32] = [2; 32];

#[test]
fn what_is_wrong_is_as_if_there_were_none() {
    let bytes = ImportCacheContent::new(vec![(5, 1, 7), (9, 2, 8)]).seal(&BINDING, &KEY);
    assert!(ImportCache::open(bytes.clone(), &[0; 32], &KEY).is_none());
    assert!(ImportCache::open(bytes.clone(), &BINDING, &[0; 32]).is_none());
    assert!(ImportCache::open(Vec::new(), &BINDING, &KEY).is_none());
    for position in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[position] ^= 4;
        assert!(ImportCache::open(damaged, &BINDING, &KEY).is_none(), "byte {position}");
        assert!(ImportCache::open(bytes[..position].to_vec(), &BINDING, &KEY).is_none(), "length {position}");
    }
    let cache = ImportCache::open(bytes.clone(), &BINDING, &KEY).unwrap();
    assert_eq!(cache.lookup(5), Some((1, 7)));
    assert_eq!(cache.lookup(6), None);
}

#[test]
fn a_hash_of_two_objects_finds_neither() {
    let bytes =
        ImportCacheContent::new(vec![(5, 1, 7), (5, 1, 8), (6, 1, 9), (6, 1, 9)]).seal(&BINDING, &KEY);
    let cache = ImportCache::open(bytes.clone(), &BINDING, &KEY).unwrap();
    assert_eq!(cache.lookup(5), None);
    assert_eq!(cache.lookup(6), Some((1, 9)));
}

proptest! {
    #[test]
    fn every_entry_is_found_and_nothing_else(
        entries in proptest::collection::btree_map(
            prop_oneof![any::<u64>(), 0..2000_u64, (u64::MAX - 2000)..=u64::MAX],
            any::<(u16, u32)>(),
            0..600,
        ),
        others: Vec<u64>,
    ) {
        let list = entries.iter().map(|(&hash, &(index, ordinal))| (hash, index, ordinal)).collect();
        let cache = ImportCache::open(ImportCacheContent::new(list).seal(&BINDING, &KEY), &BINDING, &KEY).unwrap();
        for (&hash, &found) in &entries {
            prop_assert_eq!(cache.lookup(hash), Some(found));
        }
        for hash in others {
            prop_assert_eq!(cache.lookup(hash), entries.get(&hash).copied());
        }
    }
}

proptest! {
    #[test]
    fn only_items_with_a_key_of_their_own_are_kept(mut items in prop::collection::vec((0_u8..20, any::<u8>()), 0..40)) {
        items.sort_unstable();
        let alone = |item: &&(u8, u8)| items.iter().filter(|other| other.0 == item.0).count() == 1;
        let expected: Vec<_> = items.iter().filter(alone).copied().collect();
        keep_single(&mut items, |item| item.0);
        prop_assert_eq!(items, expected);
    }
}
