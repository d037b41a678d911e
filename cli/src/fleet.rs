//! Runs one verb for each tenant of the profiles, and joins what they print: `--all-tenants`.
//!
//! A tenant that fails does not stop the others; the exit status is that of the worst. People read the tables of one
//! tenant after another; in every other format the rows of all are one table that begins with the column `tenant`. Those
//! rows are held in memory until the last tenant is done.

use std::ffi::OsString;

use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::args::Format;
use crate::command::{self, Arguments, Parsed};
use crate::error::{Failure, Outcome, Status};
use crate::io::Io;
use crate::output::head::Head;
use crate::output::{self, Cell, Layout, Look, Style};
use crate::profiles::{Profile, Profiles};

/// Runs a verb that was typed.
pub(crate) type RunCommand = fn(Arguments, &mut Io<'_>) -> Outcome;

/// Runs the verb of a command line for each tenant.
///
/// # Errors
/// When the verb is about one tenant, or there are no profiles.
pub(crate) fn run(args: &[OsString], typed: &Arguments, io: &mut Io<'_>, run_command: RunCommand) -> Outcome {
    if !typed.command.as_ref().is_some_and(command::Command::is_for_many) {
        let message = "--all-tenants takes one of backup, backups, diff, findings, query, recoveries, stats, verify, watch --once";
        let help = "`--tenant NAME` runs every verb for one tenant";
        return Err(Failure::usage(message).with_help(help));
    }
    let profiles = Profiles::read(io)?;
    if profiles.all().is_empty() {
        let help = "`entrasnap tenant add NAME --store DIR` adds one";
        return Err(Failure::usage("--all-tenants: there are no tenants").with_help(help));
    }
    let default = if io.stdout_is_terminal { Format::Table } else { Format::Ndjson };
    let format = typed.global.output.unwrap_or(default);
    let (mut joined, mut ends) = (Joined::default(), Vec::new());
    for profile in profiles.all() {
        let status = match (format, command::parse(args, io.width, false)) {
            (_, Err(_) | Ok(Parsed::Planned(_))) => Status::Usage,
            (Format::Table, Ok(Parsed::Command(arguments))) => {
                say_heading(io, &profile.name)?;
                of_profile(profile, *arguments, io, run_command)
            }
            (_, Ok(Parsed::Command(mut arguments))) => {
                arguments.global.output = Some(Format::Ndjson);
                let mut printed = Vec::new();
                let mut captured = Io { stdout: &mut printed, stdout_is_terminal: false, ..io.inner() };
                let status = of_profile(profile, *arguments, &mut captured, run_command);
                joined.add(&profile.name, &printed).map_err(|error| {
                    Failure::new("io", Status::Failed, format!("tenant {}: {error}", profile.name))
                })?;
                status
            }
        };
        ends.push((profile.name.as_str(), status));
        if status == Status::Interrupted {
            break;
        }
    }
    if format != Format::Table {
        let look = Look { width: io.width.max(20).into(), ..Look::plain() };
        let head = Head { made: Some((io.now)()), ..Head::titled("Answers of several tenants") };
        let (is_terminal, is_raw) = (io.stdout_is_terminal, typed.global.raw);
        let style = Style { layout: Layout::Results, format, look, is_terminal, is_raw, head: Some(&head) };
        joined.write(io, style).map_err(Failure::output)?;
    }
    say_ends(io, &ends, typed.global.quiet);
    Ok(ends.iter().map(|(_, status)| *status).max_by_key(|status| weight(*status)).unwrap_or(Status::Done))
}

/// Runs the verb for one tenant; a failure is printed, and ends as its status.
fn of_profile(profile: &Profile, arguments: Arguments, io: &mut Io<'_>, run_command: RunCommand) -> Status {
    let outer = io.environment;
    let environment = |name: &str| profile.variable(name, outer);
    let mut inner = Io { environment: &environment, ..io.inner() };
    run_command(arguments, &mut inner)
        .unwrap_or_else(|failure| crate::error::print::failure(&mut inner, &failure, false))
}

fn say_heading(io: &mut Io<'_>, name: &str) -> Outcome<()> {
    io.stdout.write_all(format!("== {name}\n").as_bytes()).map_err(Failure::output)
}

/// Says how each tenant ended, where one did not end well.
fn say_ends(io: &mut Io<'_>, ends: &[(&str, Status)], is_quiet: bool) {
    let odd: Vec<String> = ends
        .iter()
        .filter(|(_, status)| *status != Status::Done)
        .map(|(name, status)| format!("{name}: exit status {}", u8::from(*status)))
        .collect();
    match odd.as_slice() {
        [] if is_quiet => {}
        [] => io.say(&output::text::counted(ends.len() as u64, "tenant")),
        odd => io.say(&format!("{} of {} tenants: {}", odd.len(), ends.len(), odd.join(", "))),
    }
}

/// How much a status matters: what failed hides what is merely different.
fn weight(status: Status) -> u8 {
    match status {
        Status::Done => 0,
        Status::Different => 1,
        Status::Warnings => 2,
        Status::Refused => 3,
        Status::Usage => 4,
        Status::Failed | Status::Command(_) => 5,
        Status::Interrupted => 6,
    }
}

/// The rows of all tenants, by the columns they have.
#[derive(Debug, Default)]
struct Joined {
    tables: Vec<(Vec<String>, Vec<Vec<Cell>>)>,
}

impl Joined {
    /// Adds the rows that a tenant printed, one JSON object in each line.
    fn add(&mut self, tenant: &str, printed: &[u8]) -> serde_json::Result<()> {
        for line in printed.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let RowMembers(members) = serde_json::from_slice(line)?;
            let first = if members.iter().any(|(name, _)| name == "tenant") { "tenant1" } else { "tenant" };
            let names = members.iter().map(|(name, _)| name.clone());
            let columns: Vec<String> = std::iter::once(first.to_owned()).chain(names).collect();
            let cells = members.iter().map(|(_, value)| cell(value));
            let row: Vec<Cell> = std::iter::once(Cell::text(tenant)).chain(cells).collect();
            match self.tables.iter_mut().find(|(of, _)| *of == columns) {
                Some((_, rows)) => rows.push(row),
                None => self.tables.push((columns, vec![row])),
            }
        }
        Ok(())
    }

    fn write(&self, io: &mut Io<'_>, style: Style<'_>) -> std::io::Result<()> {
        let mut writer = output::writer(&mut *io.stdout, style)?;
        if self.tables.is_empty() {
            // A program that reads them gets a table without rows, never nothing.
            writer.head(&["tenant"])?;
            writer.end()?;
        }
        for (columns, rows) in &self.tables {
            writer.head(&columns.iter().map(String::as_str).collect::<Vec<_>>())?;
            rows.iter().try_for_each(|row| writer.row(row))?;
            writer.end()?;
        }
        writer.finish()
    }
}

/// The cell of a JSON value.
fn cell(value: &RawValue) -> Cell {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'"') => Cell::Text(serde_json::from_str(text).unwrap_or_default()),
        Some(b'n') => Cell::Null,
        Some(b't' | b'f') => Cell::Flag(text == "true"),
        Some(b'{' | b'[') => Cell::Json(text.to_owned()),
        _ => text.parse().map_or_else(|_| Cell::Real(text.to_owned()), Cell::Integer),
    }
}

/// The members of a JSON object, in their order.
struct RowMembers(Vec<(String, Box<RawValue>)>);

impl<'de> serde::Deserialize<'de> for RowMembers {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = RowMembers;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RowMembers, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(RowMembers(members))
            }
        }

        from.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_same_columns_are_one_table() {
        let mut joined = Joined::default();
        joined.add("a", b"{\"z\":1,\"b\":\"x\"}\n{\"n\":null}\n").unwrap();
        joined.add("b", b"{\"z\":2.5,\"b\":[1]}\n").unwrap();
        let (columns, rows) = &joined.tables[0];
        assert_eq!(columns, &["tenant", "z", "b"]);
        assert_eq!(rows[0], [Cell::text("a"), Cell::Integer(1), Cell::text("x")]);
        assert_eq!(rows[1], [Cell::text("b"), Cell::Real("2.5".to_owned()), Cell::Json("[1]".to_owned())]);
        assert_eq!(joined.tables[1].0, ["tenant", "n"]);
        joined.add("c", b"no row").unwrap_err();
    }

    #[test]
    fn a_column_of_that_name_stays() {
        let mut joined = Joined::default();
        joined.add("a", b"{\"tenant\":\"own\"}\n").unwrap();
        assert_eq!(joined.tables[0].0, ["tenant1", "tenant"]);
    }

    #[test]
    fn what_failed_hides_what_differs() {
        assert!(weight(Status::Failed) > weight(Status::Warnings));
        assert!(weight(Status::Warnings) > weight(Status::Different));
        assert!(weight(Status::Different) > weight(Status::Done));
    }
}
