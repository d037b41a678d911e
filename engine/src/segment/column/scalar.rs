//! Texts that are integers, doubles, GUIDs or security identifiers, to and from a fixed width.

/// Reads canonical digits of a 64-bit integer; none for any text that would not come back exactly.
pub(super) fn parse_integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.split_first()? {
        (b'-', digits) => (true, digits),
        _ => (false, text),
    };
    let leading_zero = digits.first() == Some(&b'0') && (digits.len() > 1 || negative);
    if digits.is_empty() || digits.len() > 19 || leading_zero {
        return None;
    }
    let mut number = 0_i64;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        let digit = i64::from(digit);
        number = number.checked_mul(10)?;
        number = if negative { number.checked_sub(digit) } else { number.checked_add(digit) }?;
    }
    Some(number)
}

/// Appends an integer's digits.
pub(super) fn append_integer(number: i64, out: &mut Vec<u8>) {
    if number < 0 {
        out.push(b'-');
    }
    append_digits(number.unsigned_abs(), out);
}

fn append_digits(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10).to_le_bytes()[0];
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

/// Reads a double whose shortest text is this one.
pub(super) fn parse_double(text: &[u8]) -> Option<f64> {
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    let exact = number.is_finite() && ryu::Buffer::new().format_finite(number).as_bytes() == text;
    exact.then_some(number)
}

/// Appends the shortest text of a finite double.
pub(super) fn append_double(number: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(ryu::Buffer::new().format_finite(number).as_bytes());
}

/// Where the hyphens of a GUID are, within its quotes.
const GUID_HYPHENS: [usize; 4] = [9, 14, 19, 24];
/// Where the two digits of each byte of a GUID begin, within its quotes.
const GUID_DIGITS: [usize; 16] = [1, 3, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27, 29, 31, 33, 35];

/// Reads a quoted GUID of lower-case digits with hyphens.
pub(super) fn parse_guid(text: &[u8]) -> Option<[u8; 16]> {
    let text: &[u8; 38] = text.try_into().ok()?;
    let framed = text[0] == b'"' && text[37] == b'"';
    if !framed || GUID_HYPHENS.iter().any(|index| text[*index] != b'-') {
        return None;
    }
    let mut guid = [0; 16];
    let mut wrong = 0;
    for (byte, index) in guid.iter_mut().zip(GUID_DIGITS) {
        let high = HEX_VALUES[usize::from(text[index])];
        let low = HEX_VALUES[usize::from(text[index + 1])];
        wrong |= high | low;
        *byte = high << 4 | (low & 15);
    }
    (wrong < 16).then_some(guid)
}

/// Appends a quoted GUID.
pub(super) fn append_guid(guid: &[u8; 16], out: &mut Vec<u8>) {
    let mut text = *b"\"00000000-0000-0000-0000-000000000000\"";
    for (byte, index) in guid.iter().zip(GUID_DIGITS) {
        text[index] = HEX_DIGITS[usize::from(byte >> 4)];
        text[index + 1] = HEX_DIGITS[usize::from(byte & 15)];
    }
    out.extend_from_slice(&text);
}

const HEX_DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The value of each lower-case hexadecimal digit, 255 for any other byte.
const HEX_VALUES: [u8; 256] = {
    let mut values = [255; 256];
    let mut value = 0;
    while value < 16 {
        values[HEX_DIGITS[value as usize] as usize] = value;
        value += 1;
    }
    values
};

const SECURITY_ID_PREFIX: &[u8] = b"\"S-1-12-1-";

/// Reads a quoted security identifier of the directory: its four numbers as 16 bytes, little-endian.
pub(super) fn parse_security_id(text: &[u8]) -> Option<[u8; 16]> {
    let numbers = text.strip_prefix(SECURITY_ID_PREFIX)?.strip_suffix(b"\"")?;
    let mut parts = numbers.split(|byte| *byte == b'-');
    let mut id = [0; 16];
    for index in id.as_chunks_mut::<4>().0 {
        let number = parse_integer(parts.next()?)?;
        *index = u32::try_from(number).ok()?.to_le_bytes();
    }
    parts.next().is_none().then_some(id)
}

/// Appends a quoted security identifier.
pub(super) fn append_security_id(id: &[u8; 16], out: &mut Vec<u8>) {
    out.extend_from_slice(SECURITY_ID_PREFIX);
    for (index, part) in id.as_chunks::<4>().0.iter().enumerate() {
        if index > 0 {
            out.push(b'-');
        }
        append_digits(u64::from(u32::from_le_bytes(*part)), out);
    }
    out.push(b'"');
}
