//! Round trips of all encodings, fixed bytes, and hostile bytes.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::datetime::DateTimes;
use super::text::Texts;
use super::values::{Booleans, Dictionary};
use super::*;

fn open_all(encoded: &EncodedChunk) -> Column<'_> {
    Column::open(&encoded.bytes, encoded.stats.row_count).unwrap()
}

/// Encodes, reads back in every way, and returns the encoding chosen.
fn round_trip(texts: &[Vec<u8>]) -> Encoding {
    let cells: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    let encoded = encode(&cells);
    let column = open_all(&encoded);
    let mut rows = 0;
    column.for_each(|row, text| {
        assert_eq!(row, rows);
        assert_eq!(text, cells[row as usize], "row {row}");
        rows += 1;
    });
    assert_eq!(rows, column.row_count());
    let decoded = column.decode(usize::MAX).unwrap();
    let mut out = Vec::new();
    for (row, (text, index)) in (0..).zip(cells.iter().zip(column.value_indexes())) {
        out.clear();
        let cell = column.append(row, &mut out);
        assert_eq!(cell, Cell::of(text));
        assert_eq!(cell, column.cell(row));
        assert_eq!(column.value_index(row), index.ok());
        assert_eq!(index.err().unwrap_or(Cell::Value), cell);
        let expected = if cell == Cell::Unknown { b"" } else { *text };
        assert_eq!(out, expected, "row {row}");
        assert_eq!(decoded.get(row), expected, "row {row}");
    }
    assert!(decoded.get(column.row_count()).is_empty());
    assert_eq!(column.append(column.row_count(), &mut out), Cell::Absent);
    column.verify().unwrap();
    Encoding::from_code(encoded.encoding).unwrap()
}

fn texts(count: u32, text: impl Fn(u32) -> String) -> Vec<Vec<u8>> {
    (0..count).map(|row| text(row).into_bytes()).collect()
}

/// Numbers that look random.
fn scatter(row: u32) -> u64 {
    u64::from(row + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0x2545_f491_4f6c_dd1d)
}

fn guid(row: u32) -> String {
    let (a, b) = (scatter(row), scatter(row + 7));
    format!(
        "\"{:08x}-{:04x}-{:04x}-{:04x}-{:012x}\"",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xffff,
        b >> 48,
        b & 0xffff_ffff_ffff
    )
}

fn security_id(row: u32) -> String {
    let (a, b) = (scatter(row), scatter(row + 7));
    format!("\"S-1-12-1-{}-{}-{}-{}\"", a >> 32, a & 0xffff_ffff, b >> 32, row)
}

fn name(row: u32) -> String {
    let given = ["Adele", "Zoë", "Łukasz", "Alex", "Diego", "Grady"];
    let n = scatter(row);
    format!("\"{} Vance-{} {}\"", given[(n % 6) as usize], n % 977, row)
}

fn plan(row: u32) -> String {
    let n = scatter(row);
    format!(
        "[{{\"assignedDateTime\":\"2024-0{}-1{}T08:0{}:00Z\",\"capabilityStatus\":\"Enabled\",\"service\":\"exchange\",\"servicePlanId\":{}}}]",
        n % 9 + 1,
        n / 7 % 9,
        row % 10,
        guid(row % 40)
    )
}

#[test]
fn each_kind_of_content_gets_its_encoding() {
    let cases: [(Vec<Vec<u8>>, Encoding); 12] = [
        (texts(5, |_| String::new()), Encoding::Empty),
        (texts(5, |_| "\"same\"".into()), Encoding::Constant),
        (texts(77, |row| (row % 3 == 0).to_string()), Encoding::Booleans),
        (texts(77, |row| (i64::from(row) * 1000 - 7).to_string()), Encoding::Integers),
        (texts(77, |row| format!("{row}.5")), Encoding::Doubles),
        (
            texts(77, |row| format!("\"2024-05-{:02}T08:{:02}:00Z\"", row % 28 + 1, row % 60)),
            Encoding::DateTimes,
        ),
        (texts(77, guid), Encoding::Guids),
        (texts(77, security_id), Encoding::SecurityIds),
        (texts(500, |row| name(row % 20)), Encoding::Dictionary),
        (texts(10, name), Encoding::Plain),
        (texts(4000, name), Encoding::Symbols),
        (texts(4000, plan), Encoding::Blocks),
    ];
    for (texts, expected) in cases {
        assert_eq!(round_trip(&texts), expected);
    }
}

#[test]
fn date_times_come_back_with_the_digits_they_had() {
    let date = |fraction: &'static str| {
        move |row| format!("\"{:04}-02-28T23:59:{:02}{fraction}Z\"", row * 97, row % 60)
    };
    for fraction in ["", ".0", ".120", ".1234567", ".0000001"] {
        assert_eq!(round_trip(&texts(100, date(fraction))), Encoding::DateTimes);
    }
    let needed = ["", ".5", ".25", ".1234567"];
    let mixed = texts(100, |row| date(needed[(row % 4) as usize])(row));
    assert_eq!(round_trip(&mixed), Encoding::DateTimes);
    for wrong in [
        "2024-02-30T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:00:60Z",
        "2024-01-01T00:00:00.Z",
        "2024-01-01t00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-01-01T00:00:00.12345678Z",
    ] {
        assert_eq!(round_trip(&[format!("\"{wrong}\"").into_bytes()]), Encoding::Constant);
        let mut some = texts(9, date(""));
        some.push(format!("\"{wrong}\"").into_bytes());
        assert_eq!(round_trip(&some), Encoding::Plain);
    }
    let encoded = encode(&[b"\"1970-01-01T00:00:01Z\"", b"\"1969-12-31T23:59:59Z\""]);
    assert_eq!(encoded.stats.range, Some((-10_000_000, 10_000_000)));
}

#[test]
fn numbers_that_would_change_stay_texts() {
    for wrong in ["-0", "007", "1e2", "12345678901234567890", "1.50", "0.1e400", "--1", "1.", "nan"] {
        let mut some = texts(9, |row| row.to_string());
        some.push(wrong.into());
        assert_eq!(round_trip(&some), Encoding::Plain, "{wrong}");
    }
    let limits = [i64::MIN, -1, 0, 1, i64::MAX].map(|number| number.to_string().into_bytes());
    assert_eq!(round_trip(&limits), Encoding::Integers);
    let doubles = ["-0.0", "1e300", "5e-324", "100.0", "0.1"].map(|text| text.as_bytes().to_vec());
    assert_eq!(round_trip(&doubles), Encoding::Doubles);
}

#[test]
fn kinds_show_a_query_what_is_stored() {
    fn opened(encoded: &EncodedChunk) -> Kind<'_> {
        open_all(encoded).kind().clone()
    }
    let encoded = encode(&[b"true", b"", b"false", b"true"]);
    assert_eq!(open_all(&encoded).value_count(), 3);
    let Kind::Booleans(booleans) = opened(&encoded) else { panic!("expected booleans") };
    let booleans: Booleans<'_> = booleans;
    assert_eq!([0, 1, 2, 3].map(|index| booleans.get(index)), [true, false, true, false]);

    let encoded = encode(&[b"\"1970-01-01T00:00:01Z\"", b"\"1969-12-31T23:59:59Z\""]);
    let Kind::DateTimes(times) = opened(&encoded) else { panic!("expected date-times") };
    let times: DateTimes<'_> = times;
    assert_eq!((times.len(), times.get(0), times.get(1)), (2, 10_000_000, -10_000_000));

    let encoded = encode(&[b"\"SMTP:a@b.c\"", b"\"SMTP:dd@b.c\""]);
    let Kind::Texts(plain) = opened(&encoded) else { panic!("expected texts") };
    let plain: Texts<'_> = plain;
    assert_eq!((plain.len(), plain.prefix(), plain.suffix()), (2, &b"\"SMTP:"[..], &b"@b.c\""[..]));
    assert_eq!(plain.plain(1), Some(&b"dd"[..]));

    let cells: [&[u8]; 6] = [b"\"b\"", b"\"a\"", b"\"b\"", b"\"a\"", b"\"b\"", b"\"a\""];
    let encoded = encode(&cells);
    let Kind::Dictionary(dictionary) = opened(&encoded) else { panic!("expected a dictionary") };
    let dictionary: Dictionary<'_> = dictionary;
    assert_eq!((dictionary.distinct(), dictionary.codes().to_vec()), (2, vec![1, 0, 1, 0, 1, 0]));
    assert_eq!(dictionary.codes().constant(), None);
    let mut texts = Vec::new();
    assert!(dictionary.for_each_text(|text| texts.extend_from_slice(text)));
    assert_eq!(texts, b"\"a\"\"b\"");
}

#[test]
fn dictionaries_hold_guids_and_times_in_their_own_form() {
    for text in [guid, |row| format!("\"2024-05-01T08:{row:02}:00Z\"")] {
        let texts = texts(3000, |row| text(row * 7 % 30));
        assert_eq!(round_trip(&texts), Encoding::Dictionary);
        let cells: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        let encoded = encode(&cells);
        assert_eq!(encoded.stats.distinct, Some(30));
        let inner = encoded.bytes.len() - 3000 * 5 / 8;
        assert!(inner < 30 * 16 + 16, "{inner} bytes for 30 texts");
    }
}

#[test]
fn symbols_written_once_read_for_ever() {
    // Two texts of two codes each: `ab` `"`, and an escaped `x` before `ab`.
    let mut chunk = vec![10, 0, 1, b'"', 0, 4, 1, 0b10, 2, 2, 1];
    chunk.extend_from_slice(b"ab\0\0\0\0\0\0\"\0\0\0\0\0\0\0");
    chunk.extend_from_slice(&[0, 1, 255, b'x', 0]);
    let column = Column::open(&chunk, 2).unwrap();
    let mut out = Vec::new();
    column.append(0, &mut out);
    column.append(1, &mut out);
    assert_eq!(out, b"\"ab\"\"xab");
    column.verify().unwrap();

    let end = chunk.len() - 1;
    chunk[end] = 255;
    let column = Column::open(&chunk, 2).unwrap();
    out.clear();
    assert_eq!(column.append(1, &mut out), Cell::Unknown);
    assert!(out.is_empty());
    assert!(column.verify().is_err());
}

#[test]
fn blocks_written_once_read_for_ever() {
    let chunk = include_bytes!("golden/blocks.bin");
    let column = Column::open(chunk, 20).unwrap();
    let mut out = Vec::new();
    for (row, text) in (0..).zip(texts(20, plan)) {
        out.clear();
        assert_eq!(column.append(row, &mut out), Cell::Value);
        assert_eq!(out, text);
    }
    let mut damaged = chunk.to_vec();
    let middle = damaged.len() / 2;
    damaged.truncate(damaged.len() - 1);
    assert!(Column::open(&damaged, 20).is_err());
    let mut damaged = chunk.to_vec();
    damaged[middle..].fill(0);
    assert!(Column::open(&damaged, 20).is_ok_and(|column| column.verify().is_err()));
    assert!(Column::open(chunk, ROW_COUNT_MAX + 1).is_err());
}

#[test]
fn few_values_among_many_rows_are_tiny() {
    let sparse = texts(65_536, |row| if row % 8000 == 3 { name(row) } else { String::new() });
    round_trip(&sparse);
    let cells: Vec<&[u8]> = sparse.iter().map(Vec::as_slice).collect();
    assert!(encode(&cells).bytes.len() < 300);
    let holes = texts(65_536, |row| if row % 8000 == 3 { "null".into() } else { "true".into() });
    round_trip(&holes);
    let cells: Vec<&[u8]> = holes.iter().map(Vec::as_slice).collect();
    assert!(encode(&cells).bytes.len() < 64);
}

#[test]
fn presence_comes_back_in_each_of_its_forms() {
    for modulus in [2, 3, 17, 900, 5000] {
        for count in [1, 7, 8, 9, 511, 512, 513, 1025, 5000] {
            round_trip(&texts(count, |row| match row % modulus {
                0 | 3 => guid(row),
                1 => String::new(),
                2 if row % 5 == 0 => "?".into(),
                _ => "null".into(),
            }));
            round_trip(&texts(count, |row| if row % modulus == 1 { "null".into() } else { row.to_string() }));
        }
    }
}

#[test]
fn what_is_longer_than_allowed_is_not_decoded_at_once() {
    let all = texts(300, name);
    let cells: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
    let length: usize = cells.iter().map(|cell| cell.len()).sum();
    let encoded = encode(&cells);
    let column = open_all(&encoded);
    assert!(column.decode(length + 4).is_some());
    assert!(column.decode(length / 4).is_none());
}

#[test]
fn bytes_of_small_columns_stay_as_they_are() {
    let cases: [(&[&[u8]], &str); 11] = [
        (&[b"", b""], "0001"),
        (&[b"null", b"?"], "0019020102"),
        (&[b"7", b"7"], "010037"),
        (&[b"true", b"", b"false"], "02020501"),
        (&[b"\"a\"", b"\"bc\""], "090001220122020102616263"),
        (&[b"\"a\"", b"\"b\"", b"\"a\"", b"\"b\"", b"\"a\"", b"\"b\""], "08000200012a090122012202006162"),
        (&[b"7", b"9", b"-1"], "03000104a800"),
        (&[b"0.5", b"1.5"], "0400000000000000e03f000000000000f83f"),
        (
            &[b"\"2024-05-01T08:00:00Z\"", b"\"2024-05-02T08:00:00Z\""],
            "0500008080a7d392198080d2b6d7eff43c000102",
        ),
        (
            &[b"\"00112233-4455-6677-8899-aabbccddeeff\"", b"\"ffeeddcc-bbaa-9988-7766-554433221100\""],
            "060000112233445566778899aabbccddeeffffeeddccbbaa99887766554433221100",
        ),
        (
            &[b"\"S-1-12-1-1-2-3-4294967295\"", b"\"S-1-12-1-0-0-0-0\""],
            "0700010000000200000003000000ffffffff00000000000000000000000000000000",
        ),
    ];
    for (cells, expected) in cases {
        let mut hex = String::new();
        for byte in encode(cells).bytes {
            write!(hex, "{byte:02x}").unwrap();
        }
        assert_eq!(hex, expected, "{}", cells[0].escape_ascii());
    }
}

#[test]
fn every_flipped_bit_is_refused_or_harmless() {
    let columns = [
        texts(40, |row| (row % 3 == 0).to_string()),
        texts(40, |row| if row % 3 == 0 { "null".into() } else { (row * 77).to_string() }),
        texts(40, |row| format!("{row}.5")),
        texts(40, |row| format!("\"2024-05-{:02}T08:{:02}:00.5Z\"", row % 28 + 1, row)),
        texts(600, |row| if row % 100 == 0 { guid(row) } else { String::new() }),
        texts(40, security_id),
        texts(100, |row| name(row % 9)),
        texts(40, name),
        texts(20, plan),
    ];
    for texts in columns {
        flip_all(&texts, 1);
    }
    flip_all(&texts(2500, name), 101);
    flip_all(&texts(300, plan), 23);
}

fn flip_all(texts: &[Vec<u8>], step: usize) {
    let cells: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    let encoded = encode(&cells);
    let mut bytes = encoded.bytes.clone();
    for bit in (0..bytes.len() * 8).step_by(step) {
        bytes[bit / 8] ^= 1 << (bit % 8);
        read_all(&bytes, encoded.stats.row_count);
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    for length in (0..bytes.len()).step_by(step) {
        read_all(&bytes[..length], encoded.stats.row_count);
    }
}

fn read_all(bytes: &[u8], row_count: u32) {
    // Of a column that was not gone through single cells are read, which must stay within it.
    if let Ok(column) = Column::reopen(bytes, row_count) {
        read_cells(&column);
    }
    let Ok(column) = Column::open(bytes, row_count) else { return };
    let mut rows = 0;
    column.for_each(|_, _| rows += 1);
    assert_eq!(rows, row_count);
    read_cells(&column);
}

fn read_cells(column: &Column<'_>) {
    let mut out = Vec::new();
    for row in 0..column.row_count().min(100) {
        out.clear();
        column.append(row, &mut out);
    }
    if let Some(decoded) = column.decode(1 << 20) {
        decoded.get(column.row_count());
        decoded.get(0);
    }
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just(String::new()),
        2 => Just("null".to_owned()),
        1 => Just("?".to_owned()),
        2 => any::<bool>().prop_map(|value| value.to_string()),
        2 => any::<i64>().prop_map(|value| value.to_string()),
        1 => any::<f64>().prop_filter("finite", |value| value.is_finite()).prop_map(|value| ryu::Buffer::new().format_finite(value).to_owned()),
        2 => any::<u32>().prop_map(guid),
        2 => any::<u32>().prop_map(|row| security_id(row / 2)),
        2 => any::<u32>().prop_map(|row| plan(row / 2)),
        4 => "\"[a-zäöü€😀]{0,12}\"",
        1 => ".{1,9}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_mixture_comes_back(pool in prop::collection::vec(cell(), 1..30), picks in prop::collection::vec(any::<prop::sample::Index>(), 0..400)) {
        let texts: Vec<Vec<u8>> = picks.iter().map(|pick| pick.get(&pool).clone().into_bytes()).collect();
        round_trip(&texts);
    }

    #[test]
    fn distinct_cells_come_back(cells in prop::collection::vec(cell(), 0..80)) {
        let texts: Vec<Vec<u8>> = cells.into_iter().map(String::into_bytes).collect();
        round_trip(&texts);
    }

    #[test]
    fn any_bytes_open_or_are_refused(encoding in 0_u8..13, presence in 0_u8..40, bytes in prop::collection::vec(prop_oneof![0_u8..12, any::<u8>()], 0..200), rows in 0_u32..600) {
        let mut chunk = vec![encoding, presence];
        chunk.extend_from_slice(&bytes);
        read_all(&chunk, rows);
        read_all(&bytes, rows);
    }
}
