//! What every decoder of stored bytes shares: the error it returns and the cursor it reads with.

/// Says where bytes are not what the format allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at byte {offset}: {what}")]
pub(crate) struct FormatError {
    /// Bytes from the start of the chunk.
    pub(crate) offset: usize,
    /// What was expected and what was found.
    pub(crate) what: String,
}

impl FormatError {
    /// Makes an error that points at a byte of the chunk.
    pub(crate) fn new(offset: usize, what: impl Into<String>) -> Self {
        Self { offset, what: what.into() }
    }
}

/// Reads fields one after the other and never past the end.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
    is_known: bool,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0, is_known: false }
    }

    /// Starts at the first byte of bytes that a reader has gone through before without finding fault: what takes
    /// time in proportion to their number need not be checked again.
    pub(crate) fn known(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0, is_known: true }
    }

    /// Whether these bytes were checked before.
    pub(crate) fn is_known(&self) -> bool {
        self.is_known
    }

    /// Makes an error that points at the next byte to be read.
    pub(crate) fn error(&self, what: impl Into<String>) -> FormatError {
        FormatError::new(self.offset, what)
    }

    /// Reads one byte.
    ///
    /// # Errors
    /// When no byte is left.
    pub(crate) fn byte(&mut self) -> Result<u8, FormatError> {
        let byte = self.bytes.get(self.offset).copied();
        let byte = byte.ok_or_else(|| self.error("expected one more byte, found the end"))?;
        self.offset += 1;
        Ok(byte)
    }

    /// Reads a number of seven bits per byte, lowest first, with the top bit set on all but the last byte.
    ///
    /// # Errors
    /// When the bytes end within the number or it exceeds 64 bits.
    pub(crate) fn varint(&mut self) -> Result<u64, FormatError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.error("expected a number of at most 64 bits"))
    }

    /// Reads a number that counts or measures something in memory.
    ///
    /// # Errors
    /// As [`Self::varint`], and when the number exceeds `limit`.
    pub(crate) fn size(&mut self, limit: usize) -> Result<usize, FormatError> {
        let value = self.varint()?;
        let size = usize::try_from(value).ok().filter(|size| *size <= limit);
        size.ok_or_else(|| self.error(format!("expected at most {limit}, found {value}")))
    }

    /// Takes the next `length` bytes.
    ///
    /// # Errors
    /// When fewer are left.
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], FormatError> {
        let left = self.bytes.len() - self.offset;
        let taken = self.bytes.get(self.offset..).and_then(|rest| rest.get(..length));
        let taken = taken.ok_or_else(|| self.error(format!("expected {length} bytes, found {left}")))?;
        self.offset += length;
        Ok(taken)
    }

    /// Takes all bytes that are left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        self.offset = self.bytes.len();
        rest
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    /// When bytes are left.
    pub(crate) fn finish(&self) -> Result<(), FormatError> {
        match self.bytes.len() - self.offset {
            0 => Ok(()),
            left => Err(self.error(format!("expected the end, found {left} more bytes"))),
        }
    }
}

/// Appends what [`Reader::varint`] reads.
pub(crate) fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// Appends a count or length.
pub(crate) fn put_size(size: usize, out: &mut Vec<u8>) {
    put_varint(size as u64, out);
}

/// Maps small numbers of either sign to small numbers without one: 0, -1, 1, -2 to 0, 1, 2, 3.
pub(crate) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// Undoes [`zigzag`].
pub(crate) fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}
