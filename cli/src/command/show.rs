//! `show`: one object as it was at a backup.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use engine::{BackupId, Object, Store};
use ingest::pull::LiveScope;
use serde_json::value::RawValue;

use crate::args::Format;
use crate::args::tenant::Tenant;
use crate::error::{Failure, Outcome, Status};
use crate::live;
use crate::names::{Names, is_guid};
use crate::output::text::{grouped, people_time, printable};
use crate::output::{Cell, Look, Rows, json};
use crate::session::{Session, remark, resolve};

const COLUMNS: &[&str] = &["property", "value"];

/// Shows one object as it was at a backup
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  entrasnap show Ann --at latest")]
pub(crate) struct Options {
    /// An ID, or an unambiguous user principal name, display name or application ID
    #[arg(value_name = "OBJECT")]
    pub(crate) object: String,
    /// The point in time
    #[arg(long, value_name = "POINT", default_value = "latest")]
    pub(crate) at: String,
}

/// Prints the object.
///
/// # Errors
/// When no object, or more than one, has the name, or it was not there at the backup.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options) -> Outcome {
    let mut store = session.open()?;
    let backup = if live::is_live(&options.at) {
        let scope = match store.backups().last().map(|newest| store.find(&options.object, &newest.id)) {
            Some(Ok(key)) => {
                LiveScope { types: vec![key.type_token.to_string()], ids: vec![key.id], relations: None }
            }
            // The type is unknown before the first reading.
            _ => LiveScope::default(),
        };
        let reading = live::read(session, &Tenant::default(), &scope)?;
        store = session.open()?;
        reading
    } else {
        let point = session.point(&store, &options.at)?;
        remark(session, &store, &point);
        resolve(&store, &point)?
    };
    session.note(&format!("at {} ({})", backup.id, people_time(backup.taken_at)));
    let key = store.find(&options.object, &backup.id)?;
    let found = store.snapshot(&backup.id)?.object(&key)?;
    let object = found.ok_or_else(|| {
        let message = format!("{} {} is not in backup {}", key.type_token, key.id, backup.id);
        let help = format!("`entrasnap history {}` says when it was there", key.id);
        Failure::new("noObject", Status::Failed, message).with_help(help)
    })?;
    let text = object.to_json();
    match session.format {
        Format::Table => {
            let people = for_people(&store, &backup.id, &object, &text, session.look);
            session.print_text(&people)?;
        }
        Format::Json => session.print_text(&format!("{}\n", json::indented(&json::unsteering(&text), 0)))?,
        Format::Ndjson => session.print_text(&format!("{}\n", json::unsteering(&text)))?,
        _ => session.print_rows(&rows(&text))?,
    }
    Ok(Status::Done)
}

/// The properties of an object by name, their values byte for byte.
fn properties(text: &str) -> BTreeMap<String, Box<RawValue>> {
    serde_json::from_str(text).unwrap_or_default()
}

fn rows(text: &str) -> Rows {
    let cells = properties(text).into_iter().map(|(name, value)| {
        let plain = serde_json::from_str::<String>(value.get());
        let value = plain.map_or_else(|_| Cell::Json(value.get().to_owned()), Cell::Text);
        vec![Cell::Text(name), value]
    });
    Rows { columns: COLUMNS, cells: cells.collect() }
}

/// A headline, the properties in one column, and each link with the name of its target.
fn for_people(store: &Store, backup: &BackupId, object: &Object, text: &str, look: Look) -> String {
    let relations: Vec<&str> = object.links.iter().map(|(relation, _)| &**relation).collect();
    let mut properties = properties(text);
    properties.retain(|name, _| !relations.contains(&name.as_str()));
    let mut names = Names::of(store, &[*backup]);
    let state = if object.deleted { ", in the recycle bin" } else { "" };
    let (kind, name, id) = (&object.key.type_token, object.display_name(), &object.key.id);
    let mut out = format!("{} {} ({}){state}\n", printable(kind), printable(&name), printable(id));
    let width = properties.keys().map(|name| name.chars().count()).max().unwrap_or(0).min(40);
    for (name, value) in &properties {
        let shown = look.cut(&printable(value.get()), look.width.saturating_sub(width + 4));
        let target = named(value.get(), id, &mut names);
        writeln!(out, "  {:width$}  {shown}{target}", printable(name)).ok();
    }
    for (relation, targets) in &object.links {
        writeln!(out, "  {} ({})", printable(relation), grouped(targets.len() as u64)).ok();
        for target in targets {
            let known = names.get(target);
            let line = format!("{} {}", known.name, target);
            writeln!(out, "    {}", printable(line.trim_start())).ok();
        }
    }
    out
}

/// The name of what a value points at, in brackets.
fn named(value: &str, own_id: &str, names: &mut Names) -> String {
    let id = value.trim_matches('"');
    if id == own_id || !is_guid(id) {
        return String::new();
    }
    match names.get(id).name {
        name if name.is_empty() => name,
        name => format!(" ({})", printable(&name)),
    }
}
