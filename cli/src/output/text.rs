//! Text for a terminal: what must not steer it, how wide it is, and how numbers, sizes and times are written.

use jiff::Timestamp;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text on one line, without anything that steers a terminal.
pub(crate) fn printable(text: &str) -> String {
    if !text.contains(is_steering) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if is_steering(letter) {
            out.extend(letter.escape_default());
        } else {
            out.push(letter);
        }
    }
    out
}

/// A text of any number of lines, without anything that steers a terminal.
pub(crate) fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// Control characters, and letters that are not seen: those that turn the direction of text around, that break lines,
/// and those of no width, with which two names look alike.
pub(crate) fn is_steering(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// A number with its thousands apart: `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun: `1 object`, `2 objects`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// A size in the unit that fits: `1.2 MB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let mut tenths = u128::from(bytes) / 100;
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1_000;
        unit += 1;
    }
    match tenths {
        0..1_000 => format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit]),
        _ => format!("{} {}", tenths / 10, UNITS[unit]),
    }
}

/// A time to the second, in UTC: `2026-11-20 08:00:00Z`.
pub(crate) fn people_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// A text of at most so many columns of the terminal, with a sign that it was cut.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for letter in text.chars() {
        used += letter.width().unwrap_or(0);
        if used > width {
            break;
        }
        out.push(letter);
    }
    out.push('…');
    out
}

/// Columns of the terminal that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// A text in lines of at most so many columns of the terminal, broken between words where that is possible, else where
/// the parts of a long word meet.
pub(crate) fn wrapped(text: &str, room: usize) -> Vec<String> {
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for word in text.split(' ') {
        if used > 0 && used + 1 + word.width() > room {
            lines.push(std::mem::take(&mut line));
            used = 0;
        } else if used > 0 {
            line.push(' ');
            used += 1;
        }
        let mut rest = word;
        while used + rest.width() > room && rest.chars().nth(1).is_some() {
            let (head, tail) = rest.split_at(end_of_part(rest, room));
            lines.push(std::mem::take(&mut line) + head);
            rest = tail;
        }
        line.push_str(rest);
        used += rest.width();
    }
    lines.push(line);
    lines
}

/// Where a word that is wider than a line is broken: behind a sign or before a capital if there is one in its second
/// half, else at the end of the line, and behind its first letter at least.
fn end_of_part(word: &str, room: usize) -> usize {
    let (mut used, mut good, mut before) = (0, None, ' ');
    for (at, letter) in word.char_indices() {
        used += letter.width().unwrap_or(0);
        let is_border = before.is_ascii_punctuation() || (before.is_lowercase() && letter.is_uppercase());
        if is_border && used > room / 2 {
            good = Some(at);
        }
        if at > 0 && used > room {
            return good.unwrap_or(at);
        }
        before = letter;
    }
    word.len()
}

/// Text that a page shows as it is, in elements and in quoted attributes.
pub(crate) fn escaped_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in printable(text).chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_within_words_that_are_longer() {
        assert_eq!(wrapped("2026-11-16 00:00:00Z", 11), ["2026-11-16", "00:00:00Z"]);
        assert_eq!(wrapped("a  bc", 9), ["a  bc"]);
        assert_eq!(wrapped("abcdefg hi", 3), ["abc", "def", "g", "hi"]);
        assert_eq!(wrapped("日本語", 3), ["日", "本", "語"]);
        assert_eq!(wrapped("", 3), [""]);
        let word = "identitySecurityDefaultsEnforcementPolicy";
        assert_eq!(wrapped(word, 32), ["identitySecurityDefaults", "EnforcementPolicy"]);
        assert_eq!(
            wrapped("see alexandra.example@contoso.com", 20),
            ["see", "alexandra.example@", "contoso.com"]
        );
        for room in 0..12 {
            let lines = wrapped("one two 日本語 threefour", room);
            assert!(lines.iter().all(|line| width(line) <= room.max(2)), "{room} {lines:?}");
        }
    }
}
