//! Finds where JSON objects begin and end in bytes, without parsing them.
//!
//! Most of a directory is long runs without braces, so a run of 64 bytes is first asked only whether it has any;
//! the compiler turns that question into vector instructions.

#[cfg(test)]
mod tests;

/// Where an object stands in a buffer, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// Its opening brace.
    pub(crate) start: usize,
    /// Behind its closing brace.
    pub(crate) end: usize,
}

/// What stands between the objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Separator {
    /// Commas, and at last a closing bracket.
    Comma,
    /// White space alone.
    White,
}

/// A byte that does not belong between objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unexpected {
    /// Where in the buffer.
    pub(crate) offset: usize,
    /// What could stand there.
    pub(crate) expected: &'static str,
    /// What stands there.
    pub(crate) found: u8,
}

/// Finds the objects of a list that comes in pieces.
#[derive(Debug, Clone)]
pub(crate) struct Splitter {
    separator: Separator,
    state: State,
    scanner: Scanner,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    First,
    Next,
    Behind,
    Inside(usize),
    Closed(usize),
}

impl Splitter {
    pub(crate) fn new(separator: Separator) -> Self {
        Self { separator, state: State::First, scanner: Scanner::default() }
    }

    /// Appends the objects that end in `bytes[from..]` to `spans`.
    ///
    /// Earlier bytes of the buffer were fed before; a closed list takes no more.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        from: usize,
        spans: &mut Vec<Span>,
    ) -> Result<(), Unexpected> {
        let mut position = from;
        while position < bytes.len() {
            match self.state {
                State::Closed(_) => return Ok(()),
                State::Inside(start) => {
                    let Some(end) = self.scanner.object_end(bytes, position) else { return Ok(()) };
                    spans.push(Span { start, end });
                    self.state = State::Behind;
                    position = end;
                }
                State::First | State::Next | State::Behind => {
                    self.step(bytes[position], position)?;
                    position += usize::from(!matches!(self.state, State::Inside(_)));
                }
            }
        }
        Ok(())
    }

    /// The first byte of the buffer that is still needed, when all of its `length` bytes were fed.
    pub(crate) fn kept_from(&self, length: usize) -> usize {
        if let State::Inside(start) = self.state { start } else { length }
    }

    /// Says that the buffer now begins at what was `kept_from`.
    pub(crate) fn rebase(&mut self) {
        if let State::Inside(start) = &mut self.state {
            *start = 0;
        }
    }

    /// Whether an object was begun and not ended.
    pub(crate) fn is_inside(&self) -> bool {
        matches!(self.state, State::Inside(_))
    }

    /// Whether a closing bracket must still come.
    pub(crate) fn needs_close(&self) -> bool {
        self.separator == Separator::Comma && self.closed_at().is_none()
    }

    /// The byte behind the closing bracket, once it was seen.
    pub(crate) fn closed_at(&self) -> Option<usize> {
        if let State::Closed(end) = self.state { Some(end) } else { None }
    }

    fn step(&mut self, byte: u8, offset: usize) -> Result<(), Unexpected> {
        let is_list = self.separator == Separator::Comma;
        self.state = match (byte, self.state) {
            (b' ' | b'\t' | b'\r' | b'\n', state) => state,
            (b'{', State::First | State::Next) => State::Inside(offset),
            (b'{', State::Behind) if !is_list => State::Inside(offset),
            (b',', State::Behind) if is_list => State::Next,
            (b']', State::First | State::Behind) if is_list => State::Closed(offset + 1),
            (found, state) => {
                let expected = match state {
                    State::Behind if is_list => "`,` or `]`",
                    State::First if is_list => "an object or `]`",
                    _ => "an object",
                };
                return Err(Unexpected { offset, expected, found });
            }
        };
        Ok(())
    }
}

/// Where a scan stands inside an object.
#[derive(Debug, Clone, Default)]
struct Scanner {
    depth: u32,
    in_string: bool,
    escaped: bool,
}

const LANE: usize = 64;

impl Scanner {
    /// Scans on and returns the position behind the brace that closes the object, once it is there.
    fn object_end(&mut self, bytes: &[u8], from: usize) -> Option<usize> {
        let (lanes, rest) = bytes[from..].as_chunks::<LANE>();
        for (index, lane) in lanes.iter().enumerate() {
            if let Some(end) = self.lane_end(lane) {
                return Some(from + index * LANE + end);
            }
        }
        if rest.is_empty() {
            return None;
        }
        let mut last = [b' '; LANE];
        last[..rest.len()].copy_from_slice(rest);
        let is_escaped = is_escape_open(rest, self.escaped);
        let end = self.lane_end(&last);
        // The filling cannot have been escaped: only the last true byte decides.
        self.escaped = is_escaped && end.is_none();
        end.map(|end| from + lanes.len() * LANE + end)
    }

    fn lane_end(&mut self, lane: &[u8; LANE]) -> Option<usize> {
        let (quote_count, special) = survey(lane);
        if special == 0 && !self.escaped {
            self.in_string ^= quote_count & 1 == 1;
            return None;
        }
        let quotes = mask(lane, b'"') & !self.escapes(mask(lane, b'\\'));
        let strings = inside_mask(quotes) ^ if self.in_string { u64::MAX } else { 0 };
        self.in_string = strings >> 63 == 1;
        let opens = mask(lane, b'{') & !strings;
        let closes = mask(lane, b'}') & !strings;
        if closes.count_ones() < self.depth {
            self.depth = self.depth + opens.count_ones() - closes.count_ones();
            return None;
        }
        self.walk(opens, closes)
    }

    fn walk(&mut self, opens: u64, closes: u64) -> Option<usize> {
        let mut braces = opens | closes;
        while braces != 0 {
            let bit = braces.trailing_zeros();
            if opens >> bit & 1 == 1 {
                self.depth += 1;
            } else {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    *self = Self::default();
                    return usize::try_from(bit + 1).ok();
                }
            }
            braces &= braces - 1;
        }
        None
    }

    /// Which bytes of the lane a backslash makes ordinary.
    fn escapes(&mut self, mut backslashes: u64) -> u64 {
        let mut escaped = u64::from(self.escaped);
        self.escaped = false;
        while backslashes != 0 {
            let bit = backslashes.trailing_zeros();
            if escaped >> bit & 1 == 0 {
                if bit == 63 {
                    self.escaped = true;
                } else {
                    escaped |= 2 << bit;
                }
            }
            backslashes &= backslashes - 1;
        }
        escaped
    }
}

fn is_escape_open(rest: &[u8], was_escaped: bool) -> bool {
    let run = rest.iter().rev().take_while(|byte| **byte == b'\\').count();
    if run == rest.len() { (run % 2 == 1) ^ was_escaped } else { run % 2 == 1 }
}

/// Counts the quotes, and tells whether there is a brace or a backslash.
fn survey(lane: &[u8; LANE]) -> (u8, u8) {
    let mut quotes = 0;
    let mut special = 0;
    for byte in lane {
        quotes += u8::from(*byte == b'"');
        special |= u8::from(*byte == b'{') | u8::from(*byte == b'}') | u8::from(*byte == b'\\');
    }
    (quotes, special)
}

/// One bit per byte that equals `wanted`.
fn mask(lane: &[u8; LANE], wanted: u8) -> u64 {
    // A loop, because the compiler does not always see through `map` and its closure.
    let mut equal = [0; LANE];
    for (flag, byte) in equal.iter_mut().zip(lane) {
        *flag = u8::from(*byte == wanted);
    }
    let (words, _) = equal.as_chunks::<8>();
    // The factor moves the lowest bit of each of the eight bytes side by side into the top byte.
    let gather = |word: &[u8; 8]| u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    words.iter().enumerate().fold(0, |bits, (index, word)| bits | gather(word) << (8 * index))
}

/// One bit per byte from each opening quote to the byte before the closing one.
fn inside_mask(quotes: u64) -> u64 {
    let mut bits = quotes;
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}
