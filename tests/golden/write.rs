//! Writes the golden store and what it shows: `cargo run -p tests --example golden`.
//!
//! To be run when the format gets a new version, and then with new file names, so that the older ones stay.
#![expect(clippy::unwrap_used, reason = "a tool of the tests may stop at what it did not expect")]

use tests::golden::{FILE, SHOWN, make, pack, show};

fn main() {
    let shelf = make().unwrap();
    std::fs::write(FILE, pack(&shelf.data_files())).unwrap();
    std::fs::write(SHOWN, show(&shelf.open().unwrap()).unwrap()).unwrap();
}
