//! `man`: the manual pages.

use std::path::PathBuf;

use crate::error::{Failure, Outcome, Status};
use crate::output::{Cell, Rows};
use crate::session::Session;

/// Writes the manual pages into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  entrasnap man manual")]
pub(crate) struct Options {
    /// The folder; made when it is not there
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

/// Writes one page per verb, and lists the files.
///
/// # Errors
/// When the folder cannot be written.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options, command: clap::Command) -> Outcome {
    let folder = session.path(&options.folder);
    let failed = |error: std::io::Error| Failure::file("cannot write the manual to", &folder, &error);
    std::fs::create_dir_all(&folder).map_err(failed)?;
    clap_mangen::generate_to(command, &folder).map_err(failed)?;
    let entries = std::fs::read_dir(&folder).map_err(failed)?;
    let mut files: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("entrasnap") && name.ends_with(".1"))
        .collect();
    files.sort();
    let cells = files.into_iter().map(|name| vec![Cell::Text(name)]).collect();
    session.print_rows(&Rows { columns: &["file"], cells })?;
    Ok(Status::Done)
}
