//! Walks over JSON text: space, strings, literals, numbers, each in one pass and without copying.

use crate::error::ObjectProblem;

/// A text that is not JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// Where, in bytes from the start of the text.
    pub(crate) offset: usize,
    /// What kind of problem it is.
    pub(crate) problem: ObjectProblem,
    /// What was expected and found.
    pub(crate) reason: String,
}

impl Malformed {
    pub(crate) fn new(offset: usize, reason: impl Into<String>) -> Self {
        Self { offset, problem: ObjectProblem::Malformed, reason: reason.into() }
    }
}

/// A position in a JSON text that is known to be UTF-8.
#[derive(Debug, Clone)]
pub(crate) struct JsonCursor<'text> {
    text: &'text [u8],
    at: usize,
}

/// A string as the text has it, without its quotes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawString<'text> {
    /// The string with its quotes.
    pub(crate) quoted: &'text [u8],
    /// The bytes between the quotes.
    pub(crate) inner: &'text [u8],
    /// Whether there is any backslash in it.
    pub(crate) escaped: bool,
    /// Offset of the opening quote.
    pub(crate) offset: usize,
}

impl<'text> RawString<'text> {
    /// The string's bytes; a lone surrogate becomes the three bytes that encode it (WTF-8).
    pub(crate) fn decode<'a>(&self, scratch: &'a mut Vec<u8>) -> Result<&'a [u8], Malformed>
    where
        'text: 'a,
    {
        if !self.escaped {
            return Ok(self.inner);
        }
        scratch.clear();
        decode_escapes(self, scratch)?;
        Ok(scratch)
    }
}

/// Checks that a whole text is UTF-8, so that nothing after this need look again.
pub(crate) fn check_utf8(text: &[u8]) -> Result<(), Malformed> {
    std::str::from_utf8(text)
        .map(drop)
        .map_err(|error| Malformed::new(error.valid_up_to(), "expected UTF-8, found bytes that are none"))
}

impl<'text> JsonCursor<'text> {
    pub(crate) fn new(text: &'text [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// Bytes from the start of the text.
    #[inline]
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// The text from here on.
    #[inline]
    pub(crate) fn rest(&self) -> &'text [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The text from `start` to here.
    #[inline]
    pub(crate) fn since(&self, start: usize) -> &'text [u8] {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The byte here, or 0 at the end: no JSON token begins with 0.
    #[inline]
    pub(crate) fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    #[inline]
    pub(crate) fn advance(&mut self, count: usize) {
        self.at += count;
    }

    #[inline]
    pub(crate) fn skip_space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    /// Steps over `byte` if it is next.
    #[inline]
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte;
        self.at += usize::from(found);
        found
    }

    /// Says that something else was expected here.
    #[cold]
    pub(crate) fn expected(&self, what: &str) -> Malformed {
        let found = match self.text.get(self.at) {
            None => "the end of the text".to_owned(),
            Some(&byte) if byte.is_ascii_graphic() => format!("'{}'", char::from(byte)),
            Some(byte) => format!("byte 0x{byte:02x}"),
        };
        Malformed::new(self.at, format!("expected {what}, found {found}"))
    }

    /// Steps over space and checks that nothing follows.
    pub(crate) fn expect_end(&mut self) -> Result<(), Malformed> {
        self.skip_space();
        if self.at < self.text.len() { Err(self.expected("the end of the text")) } else { Ok(()) }
    }

    /// Reads the string whose opening quote is next. Escapes are found, not checked.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<RawString<'text>, Malformed> {
        let offset = self.at;
        if !self.take(b'"') {
            return Err(self.expected("a string"));
        }
        let mut escaped = false;
        loop {
            self.at += plain_length(self.rest());
            match self.peek() {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.at += 2;
                }
                _ if self.at >= self.text.len() => {
                    return Err(Malformed::new(offset, "expected the end of the string that begins here"));
                }
                _ => return Err(self.expected("a control character to be escaped")),
            }
        }
        let inner = self.text.get(offset + 1..self.at).unwrap_or_default();
        self.at += 1;
        Ok(RawString { quoted: self.since(offset), inner, escaped, offset })
    }

    /// Steps over `true`, `false` or `null` and gives its text.
    #[inline]
    pub(crate) fn literal(&mut self) -> Result<&'static [u8], Malformed> {
        let found: &'static [u8] = match self.rest() {
            [b'n', b'u', b'l', b'l', ..] => b"null",
            [b't', b'r', b'u', b'e', ..] => b"true",
            [b'f', b'a', b'l', b's', b'e', ..] => b"false",
            _ => return Err(self.expected("a value")),
        };
        self.at += found.len();
        Ok(found)
    }

    /// Steps over a number and gives its text, and whether it is an integer.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<(&'text [u8], bool), Malformed> {
        let start = self.at;
        self.take(b'-');
        if self.take(b'0') {
            if self.peek().is_ascii_digit() {
                return Err(self.expected("no digit after a leading zero"));
            }
        } else {
            self.digits()?;
        }
        let mut integer = true;
        if self.take(b'.') {
            integer = false;
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            integer = false;
            let _signed = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok((self.since(start), integer))
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        if !self.peek().is_ascii_digit() {
            return Err(self.expected("a digit"));
        }
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        Ok(())
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The number of bytes before the first quote, backslash or control character.
///
/// Looks at eight bytes at a time; a zero byte borrows only from bytes after it, so the first mark is always right.
#[inline]
fn plain_length(text: &[u8]) -> usize {
    let mut length = 0;
    let (chunks, tail) = text.as_chunks::<8>();
    for chunk in chunks {
        let word = u64::from_le_bytes(*chunk);
        let quote = word ^ (ONES * 0x22);
        let backslash = word ^ (ONES * 0x5c);
        let marks = (quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        let marks = marks & HIGHS;
        if marks != 0 {
            return length + marks.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    length + tail.iter().take_while(|&&byte| byte != b'"' && byte != b'\\' && byte >= 0x20).count()
}

/// Appends the bytes that a raw string denotes; a lone surrogate becomes its three WTF-8 bytes.
pub(super) fn decode_escapes(raw: &RawString<'_>, out: &mut Vec<u8>) -> Result<(), Malformed> {
    let mut at = 0;
    while let Some(&byte) = raw.inner.get(at) {
        if byte != b'\\' {
            out.push(byte);
            at += 1;
            continue;
        }
        let offset = raw.offset + 1 + at;
        let wrong = || Malformed::new(offset, "expected a valid escape sequence");
        let kind = *raw.inner.get(at + 1).ok_or_else(wrong)?;
        at += 2;
        match kind {
            b'"' | b'\\' | b'/' => out.push(kind),
            b'b' => out.push(0x08),
            b'f' => out.push(0x0c),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => {
                let first = unit_from_digits(raw.inner, at).ok_or_else(wrong)?;
                at += 4;
                at += push_unit(first, &raw.inner[at..], out);
            }
            _ => return Err(wrong()),
        }
    }
    Ok(())
}

/// Appends one `\u` escape, with the low surrogate that follows if the two make a pair. Returns the bytes of the latter.
fn push_unit(first: u16, after: &[u8], out: &mut Vec<u8>) -> usize {
    if let Some(plain) = char::from_u32(u32::from(first)) {
        out.extend_from_slice(plain.encode_utf8(&mut [0; 4]).as_bytes());
        return 0;
    }
    let second = if after.starts_with(b"\\u") { unit_from_digits(after, 2) } else { None };
    if let Some(second) = second
        && let Some(Ok(pair)) = char::decode_utf16([first, second]).next()
    {
        out.extend_from_slice(pair.encode_utf8(&mut [0; 4]).as_bytes());
        return 6;
    }
    let low = first.to_le_bytes()[0];
    let middle = (first >> 6 & 0x3f).to_le_bytes()[0];
    out.extend_from_slice(&[0xed, 0x80 | middle, 0x80 | (low & 0x3f)]);
    0
}

fn unit_from_digits(text: &[u8], at: usize) -> Option<u16> {
    text.get(at..at + 4)?.iter().try_fold(0_u16, |unit, &digit| {
        let value = char::from(digit).to_digit(16)?;
        Some(unit << 4 | u16::try_from(value).ok()?)
    })
}
