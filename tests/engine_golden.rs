//! The golden store: a store of format version 1 opens for ever, and the same input makes the same bytes.
//!
//! `cargo run -p tests --example golden` writes `golden/version-1.bin` (the store) and `golden/version-1.txt` (what it
//! shows). As long as format version 1 is not released, a change of it is followed by that command; after that
//! these two files stay, and the next version gets two of its own.

use tests::golden::{FILE, SHOWN, make, pack, show, unpack};
use tests::shelf::back_up;

fn golden() -> Vec<u8> {
    std::fs::read(FILE).unwrap()
}

#[test]
fn a_store_of_format_version_1_shows_what_it_always_did() {
    let shelf = unpack(&golden());
    assert_eq!(shelf.verify().unwrap().errors, []);
    let shown = show(&shelf.open().unwrap()).unwrap();
    let expected = std::fs::read_to_string(SHOWN).unwrap();
    for (number, (found, expected)) in shown.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "line {}", number + 1);
    }
    assert_eq!(shown.lines().count(), expected.lines().count());
}

#[test]
fn a_store_of_format_version_1_takes_another_backup() {
    let shelf = unpack(&golden());
    let mut store = shelf.open().unwrap();
    let count = store.backups().len();
    back_up(&mut store, 99, &[r##"{"@odata.type":"#microsoft.graph.custom","id":"x/y"}"##]).unwrap();
    assert_eq!(store.backups().len(), count + 1);
    assert_eq!(shelf.verify().unwrap().errors, []);
}

#[test]
fn fixed_input_makes_fixed_bytes() {
    let made = make().unwrap();
    assert!(pack(&made.data_files()) == golden(), "other bytes: see the head of this file");
}
