//! Owns the pseudo-random numbers: every value is a function of a seed and a name, never of a sequence.
//!
//! The mixing function is `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number
//! generators", 2014): a counter times an odd constant, then a finalizer that spreads every bit.

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Spreads the bits of a counter over the whole word.
fn finalize(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// A point from which independent numbers are drawn by naming them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source(u64);

impl Source {
    /// Starts from a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(finalize(seed.wrapping_add(GOLDEN)))
    }

    /// Derives a source that is independent of its siblings.
    pub(crate) fn fork(self, branch: u64) -> Self {
        Self(self.at(branch ^ 0x5bf0_3635_0000_0000))
    }

    /// Draws the number called `name`.
    pub(crate) fn at(self, name: u64) -> u64 {
        finalize(self.0.wrapping_add(name.wrapping_add(1).wrapping_mul(GOLDEN)))
    }

    /// Draws a number below `bound` (0 when the bound is 0).
    pub(crate) fn below(self, name: u64, bound: u32) -> u32 {
        let wide = u64::from(bound).wrapping_mul(self.at(name) >> 32);
        u32::try_from(wide >> 32).unwrap_or(0)
    }

    /// Is true for `permille` of the names.
    pub(crate) fn chance(self, name: u64, permille: u32) -> bool {
        self.below(name, 1000) < permille
    }

    /// Draws a version 4 GUID.
    pub(crate) fn guid(self, name: u64) -> Guid {
        let high = self.at(name.wrapping_mul(2) ^ 0x6775_6964_0000_0000);
        let low = self.at(name.wrapping_mul(2).wrapping_add(1) ^ 0x6775_6964_0000_0000);
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&high.to_be_bytes());
        bytes[8..].copy_from_slice(&low.to_be_bytes());
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Guid(bytes)
    }
}

/// The client ID of Microsoft Graph, the same in every tenant.
pub(crate) const GRAPH_CLIENT: Guid = Guid([0, 0, 0, 3, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0]);

/// Sixteen bytes in the order in which they are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Guid(pub(crate) [u8; 16]);

impl Guid {
    /// Appends the 36 characters of the usual text form.
    pub(crate) fn push(self, out: &mut String) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'-'; 36];
        let mut offset = 0;
        for (index, byte) in self.0.into_iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                offset += 1;
            }
            text[offset] = HEX[usize::from(byte >> 4)];
            text[offset + 1] = HEX[usize::from(byte & 15)];
            offset += 2;
        }
        out.push_str(str::from_utf8(&text).expect("hexadecimal digits and dashes are ASCII"));
    }

    /// Gives the four words that a directory's security identifier is made of.
    pub(crate) fn security_words(self) -> [u32; 4] {
        let word = |at: usize| [self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]];
        let [a, b, c, d] = word(4);
        [
            u32::from_be_bytes(word(0)),
            // The two middle fields of a GUID are 16-bit numbers stored little-endian, side by side.
            u32::from_be_bytes([c, d, a, b]),
            u32::from_le_bytes(word(8)),
            u32::from_le_bytes(word(12)),
        ]
    }
}

impl std::fmt::Display for Guid {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::with_capacity(36);
        self.push(&mut text);
        formatter.write_str(&text)
    }
}
