//! Compresses each text on its own: a byte is the code of a symbol of up to eight bytes.
//!
//! | field | bytes | meaning |
//! | --- | --- | --- |
//! | count | 1 | symbols, at most 255 |
//! | lengths | count | bytes of each symbol, 1 to 8 |
//! | symbols | 8 each | padded with zeros, so that each is found without adding up lengths |
//! | codes | all that is left | code 255: the next byte is literal; others: the symbol of that number |
//!
//! Sources: Boncz, Neumann, Leis, "FSST: Fast Random Access String Compression", VLDB 2020.

use crate::segment::format::{FormatError, Reader};

/// The code before a literal byte.
pub(super) const ESCAPE: u8 = 255;
/// Bytes of the longest symbol.
pub(super) const SYMBOL_MAX: usize = 8;
/// Texts compressed at a time: space is taken for the worst case, which is better used again.
const BATCH: usize = 512;

/// The symbols of a chunk, read in place; unused codes mean nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Symbols<'a> {
    lengths: &'a [u8],
    symbols: &'a [[u8; SYMBOL_MAX]],
}

impl<'a> Symbols<'a> {
    /// Reads the table, up to where the codes begin.
    ///
    /// # Errors
    /// When a symbol is empty, longer than eight bytes or cut off.
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, FormatError> {
        let count = usize::from(reader.byte()?);
        let lengths = reader.take(count)?;
        let symbols = reader.take(count * SYMBOL_MAX)?.as_chunks().0;
        if lengths.iter().any(|length| !(1..=SYMBOL_MAX).contains(&usize::from(*length))) {
            return Err(reader.error("expected symbols of 1 to 8 bytes"));
        }
        Ok(Self { lengths, symbols })
    }

    /// Appends the texts of the codes; false when the last one needs a byte that is not there.
    pub(super) fn append(&self, codes: &[u8], out: &mut Vec<u8>) -> bool {
        let mut end = out.len();
        out.resize(end + codes.len() * SYMBOL_MAX, 0);
        let mut rest = codes.iter();
        let mut whole = true;
        while let Some(code) = rest.next() {
            if *code == ESCAPE {
                let Some(byte) = rest.next() else {
                    whole = false;
                    break;
                };
                out[end] = *byte;
                end += 1;
            } else {
                let index = usize::from(*code);
                let Some((symbol, length)) = self.symbols.get(index).zip(self.lengths.get(index)) else {
                    whole = false;
                    break;
                };
                out[end..end + SYMBOL_MAX].copy_from_slice(symbol);
                end += usize::from(*length);
            }
        }
        out.truncate(end);
        whole
    }
}

/// A table made for certain texts.
pub(super) struct Trained(fsst::Compressor);

impl Trained {
    /// Finds symbols in a sample of the texts.
    pub(super) fn new(texts: &[&[u8]]) -> Self {
        Self(fsst::Compressor::train(&texts.to_vec()))
    }

    /// The codes of all texts, and where those of each end.
    pub(super) fn encode(&self, texts: &[&[u8]]) -> (Vec<u8>, Vec<u64>) {
        let (mut codes, mut ends) = (Vec::new(), Vec::with_capacity(texts.len()));
        let (mut batch_codes, mut batch_ends) = (Vec::new(), Vec::new());
        for batch in texts.chunks(BATCH) {
            batch_codes.clear();
            batch_ends.clear();
            self.0.compress_bulk_into::<{ fsst::Compressor::DEFAULT_BULK_LANES }>(
                batch,
                &mut batch_codes,
                &mut batch_ends,
            );
            let start = codes.len() as u64;
            ends.extend(batch_ends.iter().map(|end| start + end));
            codes.extend_from_slice(&batch_codes);
        }
        (codes, ends)
    }

    /// Appends the table.
    pub(super) fn put_table(&self, out: &mut Vec<u8>) {
        let lengths = self.0.symbol_lengths();
        out.push(u8::try_from(lengths.len()).expect("codes below 255 name all symbols"));
        out.extend_from_slice(lengths);
        for (symbol, length) in self.0.symbol_table().iter().zip(lengths) {
            let mut padded = [0; SYMBOL_MAX];
            let length = usize::from(*length);
            padded[..length].copy_from_slice(&symbol.to_u64().to_le_bytes()[..length]);
            out.extend_from_slice(&padded);
        }
    }
}
