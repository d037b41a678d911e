//! `show`: one object as it was at a backup.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use engine::schema::TypeId;
use engine::{BackupId, BackupSummary, Error, Object, Store};
use ingest::pull::LiveScope;
use query::RowError;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::args::Format;
use crate::args::tenant::Tenant;
use crate::bridge::query::{Question, StoredTables, no_live};
use crate::conditional_access::Reading;
use crate::conditional_access::directory::Stored;
use crate::error::{Failure, Outcome, Status};
use crate::live;
use crate::names::{Names, is_guid};
use crate::output::head::Head;
use crate::output::html::{self, Script};
use crate::output::policy::text as policy_text;
use crate::output::text::{grouped, people_time, printable};
use crate::output::{Cell, Look, Rows, json, markdown};
use crate::session::{Session, remark, resolve};
use crate::tenant::TenantIdentity;

const COLUMNS: &[&str] = &["property", "value"];

/// The properties of a conditional access policy that its words say.
const POLICY_PROPERTIES: &[&str] = &["conditions", "grantControls", "sessionControls", "state"];

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
    let key = store
        .find(&options.object, &backup.id)
        .map_err(|error| with_candidates(&store, &backup.id, error))?;
    let found = store.snapshot(&backup.id)?.object(&key)?;
    let object = found.ok_or_else(|| {
        let message = format!("{} {} is not in backup {}", key.type_token, key.id, backup.id);
        let help = format!("`entrasnap history {}` says when it was there", key.id);
        Failure::new("noObject", Status::Failed, message).with_help(help)
    })?;
    let text = object.to_json();
    let policy = if *object.key.type_token == TypeId::ConditionalAccessPolicy && session.reads_names() {
        let directory = &mut Stored::at(&store, &backup.id)?;
        Some(Reading::of(&Value::Object(object.attributes()), directory))
    } else {
        None
    };
    match (session.format, &policy) {
        (Format::Table, _) => {
            let people = for_people(&store, &backup.id, &object, policy.as_ref(), session.look);
            let incoming = incoming(session, &backup.id, &key.id)?;
            session.print_text(&(people + &incoming_text(&incoming)))?;
        }
        (Format::Md | Format::Html, Some(policy)) => {
            print_policy(session, &store, &backup, &object, policy)?;
        }
        (Format::Json, _) => {
            session.print_text(&format!("{}\n", json::indented(&json::unsteering(&text), 0)))?;
        }
        (Format::Ndjson, _) => session.print_text(&format!("{}\n", json::unsteering(&text)))?,
        _ => session.print_rows(&rows(&text))?,
    }
    Ok(Status::Done)
}

/// A name that several objects have, with what tells them apart.
pub(super) fn with_candidates(store: &Store, backup: &BackupId, error: Error) -> Failure {
    let Error::Ambiguous { count, examples, .. } = &error else { return error.into() };
    let snapshot = store.snapshot(backup).ok();
    let mut help = "use one of these IDs:".to_owned();
    for key in examples {
        let object = snapshot.as_ref().and_then(|snapshot| snapshot.object(key).ok().flatten());
        let marks = object.map(|object| marks(&object)).unwrap_or_default();
        write!(help, "\n  {}  {}{marks}", key.id, key.type_token).ok();
    }
    if *count > examples.len() {
        write!(help, "\n  and {} more", count - examples.len()).ok();
    }
    Failure::from(error).with_help(help)
}

/// What tells an object from others of its name.
fn marks(object: &Object) -> String {
    let properties = properties(&object.to_json());
    let mut out = String::new();
    for name in ["userPrincipalName", "appId", "mail", "deviceId", "createdDateTime"] {
        let value = properties.get(name).and_then(|value| serde_json::from_str::<String>(value.get()).ok());
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            write!(out, ", {name} {value}").ok();
        }
    }
    let state = if object.deleted { ", in the recycle bin" } else { "" };
    format!(": {}{out}{state}", object.display_name())
}

/// An object that has a link to the one that is shown.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Incoming {
    relation: String,
    source_type: String,
    source_name: String,
    source_id: String,
}

/// The objects that have links to an object, which the object itself does not hold.
fn incoming(session: &Session<'_, '_>, backup: &BackupId, id: &str) -> Outcome<Vec<Incoming>> {
    let text = "declare query_parameters(point:string, id:string);
        links(point) | where targetId == id | project relation, sourceType, sourceName, sourceId
        | sort by relation asc, sourceType asc, sourceName asc, sourceId asc";
    let parameters = [("point", backup.as_str()), ("id", id)];
    let question = Question {
        text: text.to_owned(),
        parameters: parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        now: (session.io.now)(),
        ..Question::default()
    };
    let tables = StoredTables::new(session, "latest");
    let results = question.run(&tables, session.io.interrupt, &mut no_live)?;
    let rows = results.iter().flat_map(|result| result.read().collect::<Vec<_>>());
    rows.collect::<Result<_, _>>()
        .map_err(|error: RowError| Failure::new("query", Status::Failed, error.to_string()))
}

fn incoming_text(incoming: &[Incoming]) -> String {
    let mut out = String::new();
    for of_relation in incoming.chunk_by(|a, b| a.relation == b.relation) {
        let count = grouped(of_relation.len() as u64);
        writeln!(out, "  in {} of ({count})", printable(&of_relation[0].relation)).ok();
        for link in of_relation {
            let line = format!("{} {} {}", link.source_type, link.source_name, link.source_id);
            writeln!(out, "    {}", printable(&line)).ok();
        }
    }
    out
}

/// Prints a conditional access policy as a page or a document: in words, then as Graph has it.
fn print_policy(
    session: &mut Session<'_, '_>,
    store: &Store,
    backup: &BackupSummary,
    object: &Object,
    policy: &Reading,
) -> Outcome<()> {
    let head = Head {
        title: format!("{} {}", object.key.type_token, object.display_name()),
        tenant: TenantIdentity::at(store, &backup.id),
        facts: vec![
            ("At", format!("{} (backup {})", people_time(backup.taken_at), backup.id)),
            ("ID", object.key.id.clone()),
        ],
        unread: Vec::new(),
        made: Some((session.io.now)()),
    };
    if session.format == Format::Html {
        let rows = rows(&object.to_json());
        return session.print_page(&head, Script::None, &mut |out| {
            html::policy_table(out, policy)?;
            out.write_all(b"<h2>As Graph has it</h2>\n")?;
            html::table(out, &rows)
        });
    }
    session.print_text(&(markdown::document_head(&head) + &markdown::policy_table(policy) + "\n"))?;
    session.print_rows(&rows(&object.to_json()))
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
fn for_people(
    store: &Store,
    backup: &BackupId,
    object: &Object,
    policy: Option<&Reading>,
    look: Look,
) -> String {
    let relations: Vec<&str> = object.links.iter().map(|(relation, _)| &**relation).collect();
    let mut properties = properties(&object.to_json());
    properties.retain(|name, _| !relations.contains(&name.as_str()));
    let mut names = Names::of(store, &[*backup]);
    let state = if object.deleted { ", in the recycle bin" } else { "" };
    let (kind, name, id) = (&object.key.type_token, object.display_name(), &object.key.id);
    let mut out = format!("{} {} ({}){state}\n", printable(kind), printable(&name), printable(id));
    if let Some(policy) = policy {
        out.push_str(&policy_text(policy, look));
        // The words say them; `-v` shows them as Graph has them as well.
        properties.retain(|name, _| look.whole || !POLICY_PROPERTIES.contains(&name.as_str()));
    }
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
