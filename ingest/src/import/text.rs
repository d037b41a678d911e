//! Turns the encodings that exports come in into UTF-8.

use std::io::{Error, ErrorKind, Read, Result};

#[cfg(test)]
mod tests;

/// Reads UTF-8, whatever the source is: UTF-8 with or without a byte order mark, or UTF-16 of either order.
#[derive(Debug)]
pub(crate) struct Decoded<R> {
    source: R,
    encoding: Option<Encoding>,
    /// UTF-8 that is ready, from `handed`.
    ready: Vec<u8>,
    handed: usize,
    /// Bytes of a character that is not complete.
    open: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Encoding {
    Utf8,
    Utf16(fn([u8; 2]) -> u16),
}

impl<R: Read> Decoded<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source, encoding: None, ready: Vec::new(), handed: 0, open: Vec::new() }
    }

    /// Appends up to `wanted` bytes; fewer only at the end.
    pub(crate) fn append(&mut self, wanted: usize, buffer: &mut Vec<u8>) -> Result<usize> {
        let length = |wanted: usize| u64::try_from(wanted).unwrap_or(u64::MAX);
        let Encoding::Utf8 = self.encoding()? else {
            return self.by_ref().take(length(wanted)).read_to_end(buffer);
        };
        let handed = self.ready.len().min(self.handed + wanted);
        let ready = &self.ready[self.handed..handed];
        buffer.extend_from_slice(ready);
        self.handed = handed;
        let rest = wanted - ready.len();
        // From the source itself, which fills room that a reader in between would have to clear first.
        Ok(ready.len() + self.source.by_ref().take(length(rest)).read_to_end(buffer)?)
    }

    fn encoding(&mut self) -> Result<Encoding> {
        match self.encoding {
            Some(encoding) => Ok(encoding),
            None => self.detect(),
        }
    }

    fn detect(&mut self) -> Result<Encoding> {
        let mut first = Vec::with_capacity(4);
        self.source.by_ref().take(4).read_to_end(&mut first)?;
        let (encoding, mark_bytes) = match first[..] {
            [0xEF, 0xBB, 0xBF, ..] => (Encoding::Utf8, 3),
            [0xFF, 0xFE, ..] => (Encoding::Utf16(u16::from_le_bytes), 2),
            [0xFE, 0xFF, ..] => (Encoding::Utf16(u16::from_be_bytes), 2),
            // JSON begins with an ASCII character, so a zero byte betrays UTF-16 without a mark.
            [ascii, 0, ..] if ascii != 0 => (Encoding::Utf16(u16::from_le_bytes), 0),
            [0, ascii, ..] if ascii != 0 => (Encoding::Utf16(u16::from_be_bytes), 0),
            _ => (Encoding::Utf8, 0),
        };
        first.drain(..mark_bytes);
        match encoding {
            Encoding::Utf8 => self.ready = first,
            Encoding::Utf16(_) => self.open = first,
        }
        self.encoding = Some(encoding);
        Ok(encoding)
    }

    /// Reads a piece of UTF-16 and makes it ready; nothing is ready at the end of the source.
    fn decode(&mut self, unit_of: fn([u8; 2]) -> u16) -> Result<()> {
        self.ready.clear();
        self.handed = 0;
        while self.ready.is_empty() {
            let begun = self.open.len();
            self.source.by_ref().take(PIECE_BYTES).read_to_end(&mut self.open)?;
            let is_end = self.open.len() == begun;
            let (pairs, odd) = self.open.as_chunks::<2>();
            let units: Vec<u16> = pairs.iter().map(|pair| unit_of(*pair)).collect();
            let is_half = !is_end && units.last().is_some_and(|unit| (0xD800..0xDC00).contains(unit));
            let complete = units.len() - usize::from(is_half);
            if is_end && !odd.is_empty() {
                return Err(Error::new(ErrorKind::InvalidData, "UTF-16 text ends inside a character"));
            }
            for character in char::decode_utf16(units[..complete].iter().copied()) {
                let character = character.map_err(|_| {
                    Error::new(ErrorKind::InvalidData, "half a surrogate pair in UTF-16 text")
                })?;
                self.ready.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            self.open.drain(..complete * 2);
            if is_end {
                break;
            }
        }
        Ok(())
    }
}

const PIECE_BYTES: u64 = 64 << 10;

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let encoding = self.encoding()?;
        if self.handed == self.ready.len() {
            match encoding {
                Encoding::Utf8 => return self.source.read(buffer),
                Encoding::Utf16(unit_of) => self.decode(unit_of)?,
            }
        }
        let count = buffer.len().min(self.ready.len() - self.handed);
        buffer[..count].copy_from_slice(&self.ready[self.handed..self.handed + count]);
        self.handed += count;
        Ok(count)
    }
}
