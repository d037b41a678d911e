//! The golden stores: a store of each format version opens for ever, and the same input makes the same bytes.
//!
//! `cargo run -p tests --example golden` writes `golden/version-N.bin` (the store) and `golden/version-N.txt` (what it
//! shows) of the newest version. A change of the format, or of what the table of types keeps of an object, makes a new
//! version with two files of its own, and those of the older ones stay.

use tests::Shelf;
use tests::golden::{VERSIONS, make, pack, show, shown_file, store_file, unpack};
use tests::shelf::back_up;

fn golden(version: &str) -> Shelf {
    unpack(&std::fs::read(store_file(version)).unwrap())
}

#[test]
fn a_store_of_any_format_version_shows_what_it_always_did() {
    for version in VERSIONS {
        let shelf = golden(version);
        assert_eq!(shelf.verify().unwrap().errors, [], "version {version}");
        let shown = show(&shelf.open().unwrap()).unwrap();
        let expected = std::fs::read_to_string(shown_file(version)).unwrap();
        for (number, (found, expected)) in shown.lines().zip(expected.lines()).enumerate() {
            assert_eq!(found, expected, "version {version}, line {}", number + 1);
        }
        assert_eq!(shown.lines().count(), expected.lines().count(), "version {version}");
    }
}

#[test]
fn a_store_of_any_format_version_takes_another_backup() {
    for version in VERSIONS {
        let shelf = golden(version);
        let mut store = shelf.open().unwrap();
        let count = store.backups().len();
        back_up(&mut store, 99, &[r##"{"@odata.type":"#microsoft.graph.custom","id":"x/y"}"##]).unwrap();
        assert_eq!(store.backups().len(), count + 1);
        assert_eq!(shelf.verify().unwrap().errors, [], "version {version}");
    }
}

#[test]
fn fixed_input_makes_fixed_bytes() {
    let [.., newest] = VERSIONS;
    let made = pack(&make().unwrap().data_files());
    assert!(made == std::fs::read(store_file(newest)).unwrap(), "other bytes: see the head of this file");
}
