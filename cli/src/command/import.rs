//! `import`: a backup from files.

use engine::Store;

use crate::args::Import;
use crate::bridge;
use crate::error::{Failure, Outcome, Status};
use crate::output::backups;
use crate::output::text::grouped;
use crate::session::Session;
use crate::wait::{self, Work};

/// Commits a backup, and prints it.
///
/// # Errors
/// When a path is missing, the data is not what an import takes, or the store cannot be written.
pub(super) fn run(session: &mut Session<'_, '_>, options: Import) -> Outcome {
    session.may_write("import")?;
    check_paths(session, &options)?;
    let mut store = session.create("import")?;
    check_complete(&store, &options.complete)?;
    wait::until_free(session, &store, Work::Backup, options.waiting.wait)?;
    let backup = bridge::import::run(session, &mut store, options)?;
    for warning in &backup.warnings {
        let kind = if warning.type_token.is_empty() { "" } else { ": " };
        let count = grouped(warning.count);
        session.warn(&format!("{}{kind}{} ({count})", warning.type_token, warning.reason));
    }
    let people = backups::sentence(&backup);
    session
        .print_one(&backups::rows(std::slice::from_ref(&backup)), &people)
        .map_err(|failure| failure.after(&format!("backup {}", backup.id)))?;
    let is_whole = backup.warnings.iter().all(bridge::import::is_harmless);
    Ok(if is_whole { Status::Done } else { Status::Warnings })
}

/// Refuses types and relations that nothing knows: a slip of the hand would otherwise change what is deleted.
fn check_complete(store: &Store, complete: &[String]) -> Outcome<()> {
    for name in complete {
        let (type_name, relation) = name.split_once('.').map_or((&**name, None), |(t, r)| (t, Some(r)));
        let token = bridge::schema::type_token(type_name);
        let is_type = bridge::schema::is_known(&token) || is_kept(store, &token)?;
        if !is_type {
            let help = "`--complete` takes types such as user, and relations such as group.members";
            return Err(Failure::usage(format!("no type \"{type_name}\"")).with_help(help));
        }
        let relations = bridge::schema::relations(&token);
        if let Some(relation) = relation.filter(|relation| !relations.contains(relation)) {
            let help = if relations.is_empty() {
                format!("{token} has no relations")
            } else {
                format!("{token} has: {}", relations.join(", "))
            };
            return Err(Failure::usage(format!("no relation \"{relation}\" of {token}")).with_help(help));
        }
    }
    Ok(())
}

/// Whether the newest backup holds objects of a type.
fn is_kept(store: &Store, token: &str) -> Outcome<bool> {
    let Some(newest) = store.backups().last() else { return Ok(false) };
    Ok(store.snapshot(&newest.id)?.types()?.iter().any(|kept| **kept == *token))
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
