//! Prints the document of what a recovery can put back: `cargo run -p entrasnap-ingest --example support > ingest/RECOVERY.md`.

use std::io::Write;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(entrasnap_ingest::plan::support_document().as_bytes())
}
