//! `import`: a backup from files.

use crate::args::Import;
use crate::bridge;
use crate::render;
use crate::report::{Failure, Outcome, Status};
use crate::session::Session;

use super::backups;

/// Commits a backup, and prints it.
///
/// # Errors
/// When a path is missing, the data is not what an import takes, or the store cannot be written.
pub(super) fn run(session: &mut Session<'_, '_>, options: Import) -> Outcome {
    session.may_write("import")?;
    check_paths(session, &options)?;
    let mut store = session.create("import")?;
    let backup = bridge::import::run(session, &mut store, options)?;
    for warning in &backup.warnings {
        let kind = if warning.type_token.is_empty() { "" } else { ": " };
        let count = render::grouped(warning.count);
        session.warn(&format!("{}{kind}{} ({count})", warning.type_token, warning.reason));
    }
    let people = backups::sentence(&backup);
    render::single(session, &backups::rows(std::slice::from_ref(&backup)), &people)?;
    Ok(if backup.warnings.is_empty() { Status::DONE } else { Status::WARNINGS })
}

/// Looks at the paths before a store is made for them.
fn check_paths(session: &Session<'_, '_>, options: &Import) -> Outcome<()> {
    for typed in &options.paths {
        if typed.as_os_str() != "-" {
            let path = session.path(typed);
            path.metadata().map_err(|error| Failure::file("cannot read", &path, &error))?;
        }
    }
    Ok(())
}
