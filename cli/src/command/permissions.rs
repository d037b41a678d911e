//! `permissions`: the least that a command needs of Graph.

use std::collections::BTreeSet;

use engine::schema::{self, Type};

use crate::bridge;
use crate::error::{Failure, Outcome, Status};
use crate::output::{Cell, Rows};
use crate::session::Session;

const COLUMNS: &[&str] = &["permission", "access", "types"];

/// What the names of further permissions hold that no other permission includes.
const APART: [&str; 3] = ["DeleteRestore", "CustomSecAttributeAssignment", "LifeCycleInfo"];

/// What a command does to a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Read,
    Write,
}

/// Prints the least Graph permissions that a command needs
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  entrasnap permissions backup --types user,group")]
pub(crate) struct Options {
    /// The command: backup, diff, plan, apply, recover
    #[arg(value_name = "COMMAND")]
    pub(crate) command: String,
    /// Only for these types
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    pub(crate) types: Vec<String>,
}

/// Prints the permissions.
///
/// # Errors
/// When the command or a type is not known.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options) -> Outcome {
    let need = match options.command.as_str() {
        "backup" | "watch" | "diff" | "findings" | "query" | "show" | "plan" | "report" => Need::Read,
        "apply" | "recover" | "recovery" => Need::Write,
        "import" | "backups" | "export" | "verify" | "stats" | "reindex" | "history" | "twin" | "demo" => {
            session.note(&format!("`{}` asks nothing of a tenant", options.command));
            return Ok(Status::Done);
        }
        other => {
            let message = format!("no command \"{other}\" that reads or writes a tenant");
            return Err(Failure::usage(message).with_help("such as backup, plan or apply"));
        }
    };
    let mut chosen: Vec<&Type> = schema::types().collect();
    if !options.types.is_empty() {
        let wanted: Vec<String> = options.types.iter().map(|name| bridge::schema::type_token(name)).collect();
        if let Some(odd) = wanted.iter().find(|token| schema::by_token(token).is_none()) {
            return Err(Failure::usage(format!("no type \"{odd}\" that Graph serves")));
        }
        chosen.retain(|found| wanted.iter().any(|token| token == found.token));
    }
    let cells = needed(&chosen, need).into_iter().map(|(permission, access, types)| {
        vec![Cell::text(permission), Cell::text(access), Cell::text(types.join(", "))]
    });
    session.print_rows(&Rows { columns: COLUMNS, cells: cells.collect() })?;
    Ok(Status::Done)
}

/// Permission, `read` or `write`, and the types it is for; in the order of their names.
pub(crate) fn needed(chosen: &[&'static Type], need: Need) -> Vec<(String, &'static str, Vec<String>)> {
    let mut all: Vec<(String, &'static str, BTreeSet<String>)> = Vec::new();
    let mut add = |permission: &str, access, token: &str| match all
        .iter_mut()
        .find(|(known, of, _)| known == permission && *of == access)
    {
        Some((_, _, types)) => _ = types.insert(token.to_owned()),
        None => all.push((permission.to_owned(), access, BTreeSet::from([token.to_owned()]))),
    };
    for found in chosen {
        found.graph.read.iter().for_each(|name| add(name, "read", found.token));
        // Properties that come as null without a permission of their own.
        let guarded = found.graph.guarded.iter().filter_map(|guarded| guarded.read.first());
        guarded.for_each(|name| add(name, "read", found.token));
        if need == Need::Write {
            found.recovery.write.iter().for_each(|name| add(name, "write", found.token));
            // The table says behind the name what a further permission is for.
            let extra = found.recovery.write_extra.iter().filter_map(|text| text.split([' ', '(']).next());
            let apart = extra.filter(|name| APART.iter().any(|part| name.contains(part)));
            apart.for_each(|name| add(name, "write", found.token));
        }
    }
    all.sort();
    all.into_iter().map(|(name, access, types)| (name, access, types.into_iter().collect())).collect()
}
