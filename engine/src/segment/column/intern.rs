//! Finds the distinct texts of a chunk, and gives up early where there are too many.

/// Distinct texts in ascending order, and for each text of the chunk which one it is.
pub(super) struct Interned<'a> {
    /// Each distinct text once.
    pub(super) texts: Vec<&'a [u8]>,
    /// One per text of the chunk.
    pub(super) codes: Vec<u32>,
}

/// After so many texts, at most so many percent may be distinct.
const CHECKPOINTS: [(usize, usize); 2] = [(4096, 90), (16_384, 70)];
/// Longer searches are due to texts that were made to collide.
const PROBES_MAX: usize = 64;

/// The distinct texts; none when there are more than half as many as texts.
pub(super) fn intern<'a>(all: &[&'a [u8]]) -> Option<Interned<'a>> {
    let limit = all.len() / 2 + 1;
    let mut table = CodeTable::new(all.len());
    let mut codes = Vec::with_capacity(all.len());
    let mut previous: (&[u8], u32) = (b"", u32::MAX);
    for (index, text) in all.iter().enumerate() {
        if *text != previous.0 || index == 0 {
            previous = (text, table.code_of(text)?);
            let found = table.texts.len();
            let sparse = |(count, percent)| index == count && found * 100 > count * percent;
            if found > limit || CHECKPOINTS.into_iter().any(sparse) {
                return None;
            }
        }
        codes.push(previous.1);
    }
    Some(sorted(table.texts, codes))
}

/// Renumbers the texts in ascending order.
fn sorted(texts: Vec<&[u8]>, mut codes: Vec<u32>) -> Interned<'_> {
    let mut order: Vec<(&[u8], u32)> = texts.into_iter().zip(0..).collect();
    order.sort_unstable();
    let mut ranks = vec![0; order.len()];
    for (rank, (_, code)) in (0..).zip(&order) {
        ranks[*code as usize] = rank;
    }
    for code in &mut codes {
        *code = ranks[*code as usize];
    }
    Interned { texts: order.into_iter().map(|(text, _)| text).collect(), codes }
}

/// An open-addressing table that never grows: it has a slot per text, and at most half of them are distinct.
struct CodeTable<'a> {
    /// Upper half of the hash, and the code plus one; 0 = free.
    slots: Vec<(u32, u32)>,
    texts: Vec<&'a [u8]>,
}

impl<'a> CodeTable<'a> {
    fn new(count: usize) -> Self {
        Self { slots: vec![(0, 0); count.next_power_of_two()], texts: Vec::new() }
    }

    fn code_of(&mut self, text: &'a [u8]) -> Option<u32> {
        let hash = hash(text);
        let tag = u32::try_from(hash >> 32).ok()?;
        let start = usize::try_from(hash & u64::from(u32::MAX)).ok()?;
        let mask = self.slots.len() - 1;
        for probe in 0..PROBES_MAX {
            let slot = &mut self.slots[(start + probe) & mask];
            if slot.1 == 0 {
                self.texts.push(text);
                *slot = (tag, u32::try_from(self.texts.len()).ok()?);
                return Some(slot.1 - 1);
            }
            if slot.0 == tag && self.texts[slot.1 as usize - 1] == text {
                return Some(slot.1 - 1);
            }
        }
        None
    }
}

const FACTORS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03];

/// A hash that is good enough for a table which lives as long as one chunk.
fn hash(text: &[u8]) -> u64 {
    let (pairs, rest) = text.as_chunks::<16>();
    let mut hash = text.len() as u64 ^ FACTORS[0];
    for pair in pairs {
        hash = mix(pair, hash);
    }
    if !rest.is_empty() {
        let mut last = [0; 16];
        last[..rest.len()].copy_from_slice(rest);
        hash = mix(&last, hash);
    }
    fold(hash ^ FACTORS[1], FACTORS[0])
}

#[inline]
fn mix(pair: &[u8; 16], hash: u64) -> u64 {
    let (low, high) = halves(u128::from_le_bytes(*pair));
    fold(low ^ hash, high ^ FACTORS[1])
}

/// The two halves of a product, mixed.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let (low, high) = halves(u128::from(a) * u128::from(b));
    low ^ high
}

#[inline]
fn halves(number: u128) -> (u64, u64) {
    #[expect(clippy::cast_possible_truncation, reason = "the upper half is taken apart")]
    let low = number as u64;
    (low, (number >> 64) as u64)
}
