//! Holds hashes made side by side to those made alone.

use proptest::prelude::*;

use super::*;

/// The best that this processor has, and the plainest.
fn platforms() -> [Platform; 2] {
    [Platform::detect(), Platform::portable()]
}

fn assert_same(lengths: &[usize]) {
    let total = lengths.iter().sum::<usize>();
    let bytes: Vec<u8> = (0..total).map(|index| u8::try_from(index * 7 % 251).unwrap_or(0)).collect();
    let mut end = 0;
    let ends: Vec<usize> = lengths.iter().map(|length| (end += length, end).1).collect();
    let key = std::array::from_fn(|index| u8::try_from(index).unwrap_or(0));
    let starts = std::iter::once(&0).chain(&ends);
    let expected: Vec<Hash> = starts
        .zip(&ends)
        .map(|(&start, &end)| *blake3::keyed_hash(&key, &bytes[start..end]).as_bytes())
        .collect();
    for platform in platforms() {
        let mut hasher = LaneHasher::on(platform, &key);
        // Twice, as what is left over from the first time must not show.
        for _ in 0..2 {
            let found: Vec<Hash> = hasher.hash_all(&bytes, &ends).copied().collect();
            assert_eq!(found, expected, "{platform:?}: {lengths:?}");
        }
    }
}

#[test]
fn a_content_of_any_length_hashes_as_alone() {
    assert_same(&[]);
    for length in (0..2200).chain([3071, 3072, 3073, 65_536, 100_001]) {
        assert_same(&[length]);
    }
}

#[test]
fn contents_of_the_same_length_fill_the_lanes() {
    for length in [0, 1, 64, 65, 1000, 1024, 1025, 1088, 1300, 2047, 2048, 2049] {
        for count in [2, 3, 4, 7, 8, 9, 16, 17, 33] {
            assert_same(&vec![length; count]);
        }
    }
}

proptest! {
    #[test]
    fn mixed_contents_hash_as_each_alone(lengths in prop::collection::vec(0_usize..3200, 0..80)) {
        assert_same(&lengths);
    }
}
