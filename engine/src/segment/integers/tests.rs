//! Round trips and hostile bytes for vectors of whole numbers.

use proptest::prelude::*;

use super::*;

fn vectors() -> impl Strategy<Value = Vec<u32>> {
    let random = prop::collection::vec(any::<u32>(), 0..3000);
    let near = (any::<u32>(), prop::collection::vec(0_u32..50, 0..3000))
        .prop_map(|(base, steps)| steps.iter().map(|step| base.wrapping_add(*step)).collect());
    let ascending = (any::<u32>(), prop::collection::vec(0_u32..9, 0..3000)).prop_map(|(first, steps)| {
        let mut next = first;
        steps
            .iter()
            .map(|step| {
                next = next.wrapping_add(*step);
                next
            })
            .collect()
    });
    prop_oneof![random, near, ascending]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn vectors_come_back(values in vectors()) {
        let bytes = encode_u32s(&values);
        prop_assert!(bytes.len() <= 4 * values.len() + 9 * values.len().div_ceil(BLOCK) + 16);
        prop_assert_eq!(decode_u32s(&bytes, values.len()).unwrap(), values);
    }

    #[test]
    fn single_values_are_those_of_the_vector(values in vectors(), indexes in prop::collection::vec(0_usize..3100, 20)) {
        let bytes = encode_u32s(&values);
        let skimmed = Skimmed::new(&bytes, values.len());
        for index in indexes {
            prop_assert_eq!(skimmed.get(index).unwrap(), values.get(index).copied());
        }
    }

    #[test]
    fn ascending_values_are_found(
        wanted in prop::collection::btree_set(0_u32..9000, 0..4000), others in prop::collection::vec(0_u32..9100, 50),
        step in 1_u32..9,
    ) {
        for values in [wanted.into_iter().collect::<Vec<u32>>(), (3..3000).step_by(step as usize).collect()] {
            let bytes = encode_u32s(&values);
            let skimmed = Skimmed::new(&bytes, values.len());
            for other in &others {
                prop_assert_eq!(skimmed.index_of(*other).unwrap(), values.binary_search(other).ok());
            }
        }
    }

    #[test]
    fn any_bytes_decode_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), count in 0_usize..3000) {
        if let Ok(values) = decode_u32s(&bytes, count) {
            prop_assert_eq!(values.len(), count);
        }
        let skimmed = Skimmed::new(&bytes, count);
        drop((skimmed.get(count / 2), skimmed.index_of(7)));
        if let Ok(packed) = PackedU64s::open(&bytes, count) {
            prop_assert_eq!(packed.iter().count(), count);
        }
        if let Ok(packed) = PackedU32s::open(&bytes, count) {
            prop_assert_eq!(packed.to_vec().len(), count);
        }
    }

    #[test]
    fn packed_numbers_come_back_one_by_one_and_together(values in vectors()) {
        let mut bytes = Vec::new();
        put_packed_u32s(&values, &mut bytes);
        let packed = PackedU32s::open(&bytes, values.len()).unwrap();
        prop_assert_eq!(packed.len(), values.len());
        prop_assert_eq!(&packed.iter().collect::<Vec<_>>(), &values);
        prop_assert_eq!(packed.to_vec(), values);
    }

    #[test]
    fn packed_signed_numbers_come_back(values in prop::collection::vec(any::<i64>(), 0..300), shift in 0_u32..64) {
        let values: Vec<u64> = values.iter().map(|value| (value >> shift).cast_unsigned()).collect();
        let least = values.iter().map(|value| value.cast_signed()).min().unwrap_or(0);
        let mut bytes = Vec::new();
        put_packed_u64s(&values, least.cast_unsigned(), &mut bytes);
        let packed = PackedU64s::open(&bytes, values.len()).unwrap();
        prop_assert_eq!(packed.len(), values.len());
        prop_assert_eq!(packed.iter().collect::<Vec<_>>(), values);
    }
}

#[test]
fn a_million_ascending_ordinals_take_a_few_bytes() {
    let values: Vec<u32> = (7..1_000_007).collect();
    let bytes = encode_u32s(&values);
    assert_eq!(bytes, [1, 7, 2]);
    assert_eq!(decode_u32s(&bytes, values.len()).unwrap(), values);
}

#[test]
fn bytes_of_small_vectors_stay_as_they_are() {
    assert!(encode_u32s(&[]).is_empty());
    assert_eq!(encode_u32s(&[9]), [1, 9, 0]);
    assert_eq!(encode_u32s(&[5, 5, 5]), [1, 5, 0]);
    assert_eq!(encode_u32s(&[5, 6, 8]), [0, 2, 5, 0b11_01_00]);
    let mut bytes = Vec::new();
    put_packed_u32s(&[3, 4, 300], &mut bytes);
    assert_eq!(bytes, [6, 9, 0, 2, 164, 4]);
}
