//! Writes canonical text: one value in, one text out, in one pass.

use super::number::write_number;
use super::scan::{JsonCursor, Malformed, RawString, decode_escapes};

/// How deep objects and arrays may nest: deep enough for every real object, and for no stack to overflow.
pub(crate) const DEPTH_MAX: usize = 128;

/// Writes canonical text; keeps its buffers for the next value.
#[derive(Debug, Clone, Default)]
pub(crate) struct CanonicalWriter {
    /// Members of the objects that are open now, innermost last.
    members: Vec<Member>,
    /// Text of an object while its members are put in order.
    reordered: Vec<u8>,
    /// Whether a text written since [`CanonicalWriter::begin_value`] begins as texts of cut-off values do.
    is_suspect: bool,
}

/// One member of an object, as it is in the output.
#[derive(Debug, Clone, Copy)]
struct Member {
    /// Offset of its key's opening quote.
    start: usize,
    /// Offset of its key's closing quote.
    key_end: usize,
    /// Offset of the end of its value.
    end: usize,
    /// Whether its key has escapes, so that its bytes do not sort as they are.
    escaped: bool,
}

impl CanonicalWriter {
    /// Begins a value of which it matters whether a text in it may be that of a cut-off value.
    pub(crate) fn begin_value(&mut self) {
        self.is_suspect = false;
    }

    /// Whether the value that was begun and written has a text that begins with `@` or `S`: all that
    /// [`super::is_cut_off`] knows do, and few others.
    pub(crate) fn is_suspect(&self) -> bool {
        self.is_suspect
    }

    /// Appends the canonical text of the value that begins here. `depth` counts what is open around it.
    pub(crate) fn write_value(
        &mut self,
        cursor: &mut JsonCursor<'_>,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Result<(), Malformed> {
        match cursor.peek() {
            b'"' => {
                self.is_suspect |= matches!(cursor.rest(), [_, b'@' | b'S', ..]);
                write_string(cursor, out).map(drop)
            }
            b'[' => self.write_array(cursor, out, depth),
            b'{' => self.write_object(cursor, out, depth),
            b'-' | b'0'..=b'9' => {
                let (text, integer) = cursor.number()?;
                write_number(text, integer, out);
                Ok(())
            }
            _ => {
                out.extend_from_slice(cursor.literal()?);
                Ok(())
            }
        }
    }

    fn write_array(
        &mut self,
        cursor: &mut JsonCursor<'_>,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Result<(), Malformed> {
        check_depth(cursor, depth)?;
        cursor.advance(1);
        cursor.skip_space();
        if cursor.take(b']') {
            out.extend_from_slice(b"[]");
            return Ok(());
        }
        out.push(b'[');
        loop {
            self.write_value(cursor, out, depth + 1)?;
            cursor.skip_space();
            if cursor.take(b',') {
                out.push(b',');
                cursor.skip_space();
            } else if cursor.take(b']') {
                out.push(b']');
                return Ok(());
            } else {
                return Err(cursor.expected("',' or ']'"));
            }
        }
    }

    fn write_object(
        &mut self,
        cursor: &mut JsonCursor<'_>,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Result<(), Malformed> {
        check_depth(cursor, depth)?;
        cursor.advance(1);
        cursor.skip_space();
        let start = out.len();
        out.push(b'{');
        let base = self.members.len();
        let mut ascending = true;
        if !cursor.take(b'}') {
            loop {
                let member = self.write_member(cursor, out, depth)?;
                if let Some(previous) = self.members.get(base..).and_then(<[_]>::last) {
                    ascending &= !member.escaped && !previous.escaped && previous.key(out) < member.key(out);
                }
                self.members.push(member);
                cursor.skip_space();
                if cursor.take(b',') {
                    out.push(b',');
                    cursor.skip_space();
                } else if cursor.take(b'}') {
                    break;
                } else {
                    return Err(cursor.expected("',' or '}'"));
                }
            }
        }
        out.push(b'}');
        if !ascending {
            self.reorder(out, start, base);
        }
        self.members.truncate(base);
        Ok(())
    }

    fn write_member(
        &mut self,
        cursor: &mut JsonCursor<'_>,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Result<Member, Malformed> {
        let start = out.len();
        let escaped = write_string(cursor, out)?;
        let key_end = out.len() - 1;
        cursor.skip_space();
        if !cursor.take(b':') {
            return Err(cursor.expected("':'"));
        }
        out.push(b':');
        cursor.skip_space();
        self.write_value(cursor, out, depth + 1)?;
        Ok(Member { start, key_end, end: out.len(), escaped })
    }

    /// Puts the members of the object at `out[start..]` in order of their keys; of equal keys the last one stays.
    fn reorder(&mut self, out: &mut Vec<u8>, start: usize, base: usize) {
        let members = &mut self.members[base..];
        if members.iter().any(|member| member.escaped) {
            members.sort_by_cached_key(|member| member.decoded_key(out));
        } else {
            members.sort_by(|a, b| a.key(out).cmp(b.key(out)));
        }
        self.reordered.clear();
        self.reordered.push(b'{');
        for (index, member) in members.iter().enumerate() {
            let repeated = members.get(index + 1).is_some_and(|next| next.key(out) == member.key(out));
            if repeated {
                continue;
            }
            if self.reordered.len() > 1 {
                self.reordered.push(b',');
            }
            self.reordered.extend_from_slice(&out[member.start..member.end]);
        }
        self.reordered.push(b'}');
        out.truncate(start);
        out.extend_from_slice(&self.reordered);
    }

    /// Forgets what an error left open.
    pub(crate) fn reset(&mut self) {
        self.members.clear();
    }
}

impl Member {
    fn key<'a>(&self, out: &'a [u8]) -> &'a [u8] {
        &out[self.start + 1..self.key_end]
    }

    fn decoded_key(&self, out: &[u8]) -> Vec<u8> {
        let raw = RawString { quoted: &[], inner: self.key(out), escaped: self.escaped, offset: 0 };
        let mut decoded = Vec::new();
        decode_escapes(&raw, &mut decoded).expect("canonical strings have valid escapes");
        decoded
    }
}

fn check_depth(cursor: &JsonCursor<'_>, depth: usize) -> Result<(), Malformed> {
    if depth >= DEPTH_MAX {
        let reason = format!("expected at most {DEPTH_MAX} levels of nesting, found more");
        return Err(Malformed::new(cursor.offset(), reason));
    }
    Ok(())
}

/// Appends the canonical text of the string that begins here; says whether it holds escapes.
pub(crate) fn write_string(cursor: &mut JsonCursor<'_>, out: &mut Vec<u8>) -> Result<bool, Malformed> {
    let start = cursor.offset();
    let raw = cursor.string()?;
    if !raw.escaped {
        out.extend_from_slice(cursor.since(start));
        return Ok(false);
    }
    let mut decoded = Vec::with_capacity(raw.inner.len());
    decode_escapes(&raw, &mut decoded)?;
    Ok(write_decoded(&decoded, out))
}

/// Appends the quoted canonical text of a decoded (WTF-8) string; says whether it holds escapes.
pub(crate) fn write_decoded(decoded: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    out.push(b'"');
    let mut rest = decoded;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            0..0x20 => write_escape(u16::from(byte), out),
            0xed if surrogate(after).is_some() => {
                write_escape(surrogate(after).unwrap_or_default(), out);
                rest = &after[2..];
            }
            _ => out.push(byte),
        }
    }
    let escaped = out[start..].contains(&b'\\');
    out.push(b'"');
    escaped
}

/// The surrogate that a byte 0xed and these two encode, which UTF-8 forbids and WTF-8 allows.
pub(super) fn surrogate(after: &[u8]) -> Option<u16> {
    match after {
        [second @ 0xa0..=0xbf, third @ 0x80..=0xbf, ..] => {
            Some(0xd000 | (u16::from(second & 0x3f) << 6) | u16::from(third & 0x3f))
        }
        _ => None,
    }
}

fn write_escape(unit: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\\u");
    for shift in [12, 8, 4, 0] {
        out.push(b"0123456789abcdef"[usize::from(unit >> shift & 15)]);
    }
}
