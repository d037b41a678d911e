//! Link sets as bytes: sorted target ordinals, whole or as the difference to an earlier set.
//!
//! | tag byte | what follows |
//! |--|--|
//! | 0 | whole: gaps between ordinals as varints (the first ordinal, then each gap minus 1) |
//! | 1 | whole: a Roaring bitmap in its portable form |
//! | 2 | patch: varint count of added, their gaps, then the gaps of the removed |
//!
//! A patch is applied to the set's predecessor.

use super::format::FormatError;

pub(super) const TAG_GAPS: u8 = 0;
pub(super) const TAG_ROARING: u8 = 1;
pub(super) const TAG_PATCH: u8 = 2;
/// From this many targets on, a Roaring bitmap is tried.
const ROARING_COUNT_MIN: usize = 512;

/// A decoded set: the targets themselves, or what to change in the predecessor's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LinkSet {
    Whole(Vec<u32>),
    Patch { added: Vec<u32>, removed: Vec<u32> },
}

/// Appends a whole set; `targets` ascend without repetition.
pub(crate) fn encode_whole(targets: &[u32], out: &mut Vec<u8>) {
    let start = out.len();
    out.push(TAG_GAPS);
    push_gaps(targets, out);
    if targets.len() < ROARING_COUNT_MIN {
        return;
    }
    let mut bitmap = roaring::RoaringBitmap::from_sorted_iter(targets.iter().copied())
        .expect("targets ascend without repetition");
    bitmap.optimize();
    if bitmap.serialized_size() + 1 < out.len() - start {
        out.truncate(start);
        out.push(TAG_ROARING);
        bitmap.serialize_into(&mut *out).expect("writing to memory cannot fail");
    }
}

/// Appends a set as its difference to its predecessor.
pub(crate) fn encode_patch(added: &[u32], removed: &[u32], out: &mut Vec<u8>) {
    out.push(TAG_PATCH);
    push_varint(u32::try_from(added.len()).unwrap_or(u32::MAX), out);
    push_gaps(added, out);
    push_gaps(removed, out);
}

/// Reads one set of a store of so many IDs.
pub(crate) fn decode(bytes: &[u8], ordinal_count: u32) -> Result<LinkSet, FormatError> {
    let set = decode_any(bytes, ordinal_count)?;
    let (targets, removed) = match &set {
        LinkSet::Whole(targets) => (targets, None),
        LinkSet::Patch { added, removed } => (added, removed.last()),
    };
    match targets.last().max(removed) {
        Some(last) if *last >= ordinal_count => {
            Err(FormatError::new(0, format!("expected one of {ordinal_count} ordinals, found {last}")))
        }
        _ => Ok(set),
    }
}

/// Whether a set names an ordinal that is wanted; of a patch, whether it adds one. Nothing is made of the set.
pub(crate) fn names_any(bytes: &[u8], is_wanted: &impl Fn(u32) -> bool) -> Result<bool, FormatError> {
    let (mut at, mut next, mut left) = (1, 0, usize::MAX);
    match bytes.first() {
        Some(&TAG_GAPS) => {}
        Some(&TAG_PATCH) => left = read_varint(bytes, &mut at)? as usize,
        // A bitmap can be of any ordinals, and few sets are large enough for one.
        _ => return Ok(true),
    }
    while left > 0 && at < bytes.len() {
        if is_wanted(read_value(bytes, &mut at, &mut next)?) {
            return Ok(true);
        }
        left -= 1;
    }
    Ok(false)
}

/// Whether a set is kept as the difference to its predecessor.
pub(crate) fn is_patch(bytes: &[u8]) -> bool {
    bytes.first() == Some(&TAG_PATCH)
}

fn decode_any(bytes: &[u8], ordinal_count: u32) -> Result<LinkSet, FormatError> {
    let Some((&tag, rest)) = bytes.split_first() else {
        return Err(FormatError::new(0, "expected a link set, found no bytes"));
    };
    match tag {
        TAG_GAPS => Ok(LinkSet::Whole(read_gaps(rest, &mut 0, usize::MAX)?)),
        TAG_ROARING => {
            check_bitmap(rest, ordinal_count)?;
            let bitmap = roaring::RoaringBitmap::deserialize_from(rest)
                .map_err(|error| FormatError::new(1, format!("not a Roaring bitmap: {error}")))?;
            if bitmap.len() > u64::from(ordinal_count) {
                let what = format!("expected at most {ordinal_count} ordinals, found {}", bitmap.len());
                return Err(FormatError::new(1, what));
            }
            Ok(LinkSet::Whole(bitmap.iter().collect()))
        }
        TAG_PATCH => {
            let mut at = 0;
            let count = read_varint(rest, &mut at)? as usize;
            let added = read_gaps(rest, &mut at, count)?;
            let removed = read_gaps(rest, &mut at, usize::MAX)?;
            Ok(LinkSet::Patch { added, removed })
        }
        other => Err(FormatError::new(0, format!("expected a link set's tag 0 to 2, found {other}"))),
    }
}

/// Refuses a bitmap with more containers of 65,536 ordinals than there can be: each takes 8 KiB of memory, and a few
/// bytes of the file.
fn check_bitmap(bytes: &[u8], ordinal_count: u32) -> Result<(), FormatError> {
    /// How a bitmap with containers of runs begins; their number less one follows it in the same word.
    const COOKIE_WITH_RUNS: u32 = 12_347;
    let word = |at: usize| {
        let word = bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().map(u32::from_le_bytes);
        word.ok_or_else(|| FormatError::new(at, "a Roaring bitmap is cut short"))
    };
    let cookie = word(0)?;
    let count = if cookie & 0xffff == COOKIE_WITH_RUNS { (cookie >> 16) + 1 } else { word(4)? };
    let most = ordinal_count.div_ceil(1 << 16);
    if count > most {
        let what = format!("expected at most {most} containers of a Roaring bitmap, found {count}");
        return Err(FormatError::new(1, what));
    }
    Ok(())
}

/// `base` with `removed` taken out and `added` put in; all ascend.
pub(crate) fn apply_patch(base: &[u32], added: &[u32], removed: &[u32]) -> Vec<u32> {
    let mut result = Vec::with_capacity(base.len() + added.len());
    let mut added = added.iter().copied().peekable();
    let mut removed = removed.iter().copied().peekable();
    for &target in base {
        while let Some(new) = added.next_if(|&new| new < target) {
            result.push(new);
        }
        added.next_if_eq(&target);
        while removed.next_if(|&gone| gone < target).is_some() {}
        if removed.next_if_eq(&target).is_none() {
            result.push(target);
        }
    }
    result.extend(added);
    result
}

/// What is in `new` and not in `old`, and what is in `old` and not in `new`; all ascend.
pub(crate) fn compare(old: &[u32], new: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let (mut added, mut removed) = (Vec::new(), Vec::new());
    let (mut left, mut right) = (old.iter().copied().peekable(), new.iter().copied().peekable());
    loop {
        match (left.peek(), right.peek()) {
            (Some(a), Some(b)) if a == b => {
                left.next();
                right.next();
            }
            (Some(a), Some(b)) if a > b => added.extend(right.next()),
            (Some(_), _) => removed.extend(left.next()),
            (None, Some(_)) => added.extend(right.next()),
            (None, None) => return (added, removed),
        }
    }
}

fn push_gaps(values: &[u32], out: &mut Vec<u8>) {
    let mut next = 0;
    for &value in values {
        push_varint(value.wrapping_sub(next), out);
        next = value.wrapping_add(1);
    }
}

fn push_varint(mut value: u32, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

fn read_gaps(bytes: &[u8], at: &mut usize, count: usize) -> Result<Vec<u32>, FormatError> {
    let mut values = Vec::with_capacity(count.min(bytes.len().saturating_sub(*at)));
    let mut next: u32 = 0;
    while values.len() < count && *at < bytes.len() {
        values.push(read_value(bytes, at, &mut next)?);
    }
    if count != usize::MAX && values.len() < count {
        return Err(FormatError::new(*at, format!("expected {count} ordinals, found {}", values.len())));
    }
    Ok(values)
}

/// One ordinal by its gap to the one before it.
fn read_value(bytes: &[u8], at: &mut usize, next: &mut u32) -> Result<u32, FormatError> {
    let gap = read_varint(bytes, at)?;
    let value = next
        .checked_add(gap)
        .filter(|&value| value < u32::MAX)
        .ok_or_else(|| FormatError::new(*at, "an ordinal is larger than any ordinal can be"))?;
    *next = value + 1;
    Ok(value)
}

fn read_varint(bytes: &[u8], at: &mut usize) -> Result<u32, FormatError> {
    let mut value: u64 = 0;
    for shift in (0..35).step_by(7) {
        let Some(&byte) = bytes.get(*at) else {
            return Err(FormatError::new(*at, "a number is cut short"));
        };
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return u32::try_from(value)
                .map_err(|_| FormatError::new(*at, "a number does not fit in 32 bits"));
        }
    }
    Err(FormatError::new(*at, "a number is longer than five bytes"))
}

#[cfg(test)]
mod tests {
    use super::{LinkSet, apply_patch, compare, decode, encode_patch, encode_whole, is_patch, names_any};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn whole(values: &[u32]) -> Vec<u32> {
        let mut bytes = Vec::new();
        encode_whole(values, &mut bytes);
        match decode(&bytes, u32::MAX).unwrap() {
            LinkSet::Whole(values) => values,
            LinkSet::Patch { .. } => panic!("a whole set was written"),
        }
    }

    #[test]
    fn a_long_run_is_kept_in_few_bytes() {
        let values: Vec<u32> = (7..100_000).collect();
        let mut bytes = Vec::new();
        encode_whole(&values, &mut bytes);
        assert!(bytes.len() < 100, "{} bytes", bytes.len());
        assert_eq!(whole(&values), values);
    }

    #[test]
    fn a_set_of_more_than_there_are_is_refused_before_room_is_made_for_it() {
        let all: Vec<u32> = (0..1_000_000).collect();
        let mut bytes = Vec::new();
        encode_whole(&all, &mut bytes);
        assert!(bytes.len() < 1000, "a few bytes claim very many: {}", bytes.len());
        decode(&bytes, 1_000_000).unwrap();
        for count in [0, 1, 65_536, 999_999] {
            decode(&bytes, count).unwrap_err();
        }
        let mut few = Vec::new();
        encode_whole(&[3, 9], &mut few);
        decode(&few, 10).unwrap();
        decode(&few, 9).unwrap_err();
        let mut patch = Vec::new();
        encode_patch(&[3], &[9], &mut patch);
        decode(&patch, 10).unwrap();
        decode(&patch, 9).unwrap_err();
    }

    proptest! {
        #[test]
        fn whole_sets_come_back(values in proptest::collection::btree_set(0..u32::MAX - 1, 0..900)) {
            let values: Vec<u32> = values.into_iter().collect();
            prop_assert_eq!(whole(&values), values);
        }

        #[test]
        fn a_patch_leads_from_old_to_new(
            old in proptest::collection::btree_set(0..400u32, 0..90),
            new in proptest::collection::btree_set(0..400u32, 0..90),
        ) {
            let sorted = |set: BTreeSet<u32>| set.into_iter().collect::<Vec<_>>();
            let (old, new) = (sorted(old), sorted(new));
            let (added, removed) = compare(&old, &new);
            let mut bytes = Vec::new();
            encode_patch(&added, &removed, &mut bytes);
            prop_assert_eq!(decode(&bytes, u32::MAX).unwrap(), LinkSet::Patch { added: added.clone(), removed: removed.clone() });
            prop_assert_eq!(apply_patch(&old, &added, &removed), new);
        }

        #[test]
        fn what_a_set_names_is_seen_without_decoding_it(
            values in proptest::collection::btree_set(0..900u32, 0..90),
            removed in proptest::collection::btree_set(0..900u32, 0..90),
            wanted in proptest::collection::btree_set(0..900u32, 0..20),
        ) {
            let values: Vec<u32> = values.into_iter().collect();
            let removed: Vec<u32> = removed.into_iter().collect();
            let (mut whole, mut patch) = (Vec::new(), Vec::new());
            encode_whole(&values, &mut whole);
            encode_patch(&values, &removed, &mut patch);
            prop_assert!(!is_patch(&whole) && is_patch(&patch));
            let expected = values.iter().any(|value| wanted.contains(value));
            for bytes in [whole, patch] {
                prop_assert_eq!(names_any(&bytes, &|value| wanted.contains(&value)).unwrap(), expected);
            }
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _outcome = decode(&bytes, 1000);
            let _outcome = names_any(&bytes, &|value| value == 7);
        }
    }
}
