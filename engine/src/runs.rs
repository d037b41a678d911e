//! Unites what several backups say of objects: one item per ordinal, ascending.

/// More items than one for so many ordinals are united by a list of all ordinals, fewer by sorting.
const ORDINALS_PER_ITEM: usize = 16;

/// Unites items in the order of their backups, oldest first, each backup's ascending by ordinal; `newer` puts a later
/// item over an earlier one of the same ordinal. There are `ordinal_count` ordinals.
pub(crate) fn unite<T: Copy>(
    items: impl ExactSizeIterator<Item = T>,
    ordinal_count: usize,
    ordinal: impl Fn(&T) -> u32,
    newer: impl Fn(&mut T, T),
) -> Vec<T> {
    if items.len() * ORDINALS_PER_ITEM > ordinal_count {
        unite_many(items, ordinal_count, ordinal, newer)
    } else {
        unite_few(items.collect(), ordinal, newer)
    }
}

fn unite_few<T: Copy>(mut items: Vec<T>, ordinal: impl Fn(&T) -> u32, newer: impl Fn(&mut T, T)) -> Vec<T> {
    items.sort_by_key(&ordinal);
    let mut united: Vec<T> = Vec::with_capacity(items.len());
    for item in items {
        match united.last_mut() {
            Some(last) if ordinal(last) == ordinal(&item) => newer(last, item),
            _ => united.push(item),
        }
    }
    united
}

fn unite_many<T: Copy>(
    items: impl ExactSizeIterator<Item = T>,
    ordinal_count: usize,
    ordinal: impl Fn(&T) -> u32,
    newer: impl Fn(&mut T, T),
) -> Vec<T> {
    // Per ordinal one more than the index of its item.
    let mut indexes = vec![0_u32; ordinal_count];
    let mut found: Vec<T> = Vec::with_capacity(items.len());
    // A look-up of such an object reports that its ordinal is unknown.
    let mut unknown = Vec::new();
    for item in items {
        match indexes.get_mut(ordinal(&item) as usize) {
            Some(0) if found.len() < u32::MAX as usize => {
                found.push(item);
                indexes[ordinal(&item) as usize] = u32::try_from(found.len()).unwrap_or(0);
            }
            Some(index) if *index > 0 => newer(&mut found[*index as usize - 1], item),
            _ => unknown.push(item),
        }
    }
    let mut united: Vec<T> = Vec::with_capacity(found.len() + unknown.len());
    united.extend(indexes.iter().filter(|index| **index > 0).map(|index| found[*index as usize - 1]));
    unknown.sort_by_key(&ordinal);
    united.append(&mut unknown);
    united
}

#[cfg(test)]
mod tests {
    use super::{unite_few, unite_many};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn both_ways_unite_alike(runs in prop::collection::vec(prop::collection::btree_map(0..40_u32, any::<u8>(), 0..20), 0..6)) {
            let items: Vec<(u32, u8, u8)> =
                runs.iter().flatten().map(|(ordinal, value)| (*ordinal, *value, *value)).collect();
            let mut expected: BTreeMap<u32, (u8, u8)> = BTreeMap::new();
            for (ordinal, first, last) in &items {
                expected.entry(*ordinal).or_insert((*first, *last)).1 = *last;
            }
            let expected: Vec<_> = expected.into_iter().map(|(ordinal, (a, b))| (ordinal, a, b)).collect();
            let newer = |a: &mut (u32, u8, u8), b: (u32, u8, u8)| a.2 = b.2;
            let many = unite_many(items.iter().copied(), 40, |item| item.0, newer);
            prop_assert_eq!(&many, &expected);
            prop_assert_eq!(unite_few(items, |item| item.0, newer), expected);
        }
    }
}
