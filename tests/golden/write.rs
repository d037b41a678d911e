//! Writes the golden store of the newest format version and what it shows: `cargo run -p tests --example golden`.
//!
//! To be run when the format gets a new version, after that was added to the list of versions, so that the files of the
//! older ones stay.
#![expect(clippy::unwrap_used, reason = "a tool of the tests may stop at what it did not expect")]

use tests::golden::{VERSIONS, make, pack, show, shown_file, store_file};

fn main() {
    let shelf = make().unwrap();
    let [.., newest] = VERSIONS;
    std::fs::write(store_file(newest), pack(&shelf.data_files())).unwrap();
    std::fs::write(shown_file(newest), show(&shelf.open().unwrap()).unwrap()).unwrap();
}
