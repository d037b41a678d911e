//! What `FORMAT.md` says of columns, as the code has it.

use super::{Cell, Encoding, blocks, datetime, presence, symbols, text};
use crate::document::{Table, number};

pub(in crate::segment) fn tables() -> Vec<Table> {
    let encodings =
        Encoding::ALL.map(|encoding| [(encoding as u8).to_string(), words(&format!("{encoding:?}"))]);
    let others = (0..u32::from(presence::OTHERS_MIXED)).map(|code| match presence::other_of(code) {
        Cell::Absent => [code.to_string(), "absent".into()],
        Cell::Null => [code.to_string(), "null".into()],
        Cell::Unknown => [code.to_string(), "unknown".into()],
        Cell::Value => panic!("a row without a value holds none"),
    });
    let mut others = Table::new("presence others", others);
    others.rows.push(vec![presence::OTHERS_MIXED.to_string(), MIXED.into()]);
    let sets = [
        (presence::SET_ALL, "all"),
        (presence::SET_NONE, "none"),
        (presence::SET_BITMAP, "bitmap"),
        (presence::SET_LISTED, "listed"),
        (presence::SET_UNLISTED, "unlisted"),
    ];
    let constants = [
        ("rows between ranks of a bitmap", number(presence::RANK_ROWS)),
        ("texts between starts", number(text::GROUP)),
        ("code that escapes a byte", symbols::ESCAPE.into()),
        ("bytes of a symbol, at most", number(symbols::SYMBOL_MAX)),
        ("bytes of a block for one of its frame, at most", number(blocks::GAIN_MAX)),
        ("fraction digits as many as needed", datetime::DIGITS_NEEDED.into()),
        ("ticks in a second", datetime::TICKS_PER_SECOND.unsigned_abs()),
    ];
    vec![
        Table::new("column encodings", encodings),
        others,
        Table::of_codes("presence sets", &sets),
        Table::of_numbers("column constants", &constants),
    ]
}

const MIXED: &str = "mixed: after what the first table names follows packed, for each row without a value, one of the codes 0 to 2";

/// A name of several words, as a document writes it: `DateTimes` is `date times`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}
