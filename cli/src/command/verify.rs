//! `verify`: is the store what was written?

use std::fmt::Write as _;
use std::sync::Arc;

use engine::Store;
use engine::verify::{Depth, Fault, Verification};

use crate::error::{Outcome, Status};
use crate::output::text::{counted, printable};
use crate::output::{Cell, Rows};
use crate::session::Session;

const COLUMNS: &[&str] = &["checked", "errors", "warnings"];

/// Checks that the store is what was written
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  entrasnap verify --deep")]
pub(crate) struct Options {
    /// Reads every byte and rebuilds every version
    #[arg(long)]
    pub(crate) deep: bool,
}

/// Checks the store, and prints what was found.
///
/// # Errors
/// When the check itself cannot run.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options) -> Outcome {
    let depth = if options.deep { Depth::Deep } else { Depth::Quick };
    let found = Store::verify_on(Arc::clone(&session.io.disk), session.store_path(), depth)?;
    let cells = vec![Cell::Number(found.checked), faults(&found.errors), faults(&found.warnings)];
    let people = for_people(&found);
    session.print_one(&Rows { columns: COLUMNS, cells: vec![cells] }, &people)?;
    Ok(if found.errors.is_empty() { Status::Done } else { Status::Failed })
}

fn faults(faults: &[Fault]) -> Cell {
    Cell::Json(serde_json::to_string(faults).expect("findings are plain data"))
}

fn for_people(found: &Verification) -> String {
    let mut out = String::new();
    for (word, faults) in [("error", &found.errors), ("warning", &found.warnings)] {
        for Fault { file, offset, what } in faults {
            writeln!(out, "{word}: {}: at byte {offset}: {}", printable(file), printable(what)).ok();
        }
    }
    let checked = counted(found.checked, "file");
    let errors = match found.errors.len() as u64 {
        0 => "no errors".to_owned(),
        count => counted(count, "error"),
    };
    writeln!(out, "checked {checked}: {errors}").ok();
    out
}
