//! `tenant`: the tenants that this user works with, each by a name.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use engine::Store;

use crate::args::tenant::{Auth, Cloud};
use crate::error::{Failure, Outcome, Status};
use crate::output::{Cell, Rows};
use crate::profiles::{Profile, Profiles};
use crate::session::Session;
use crate::tenant::TenantIdentity;

const COLUMNS: &[&str] =
    &["name", "tenant", "tenantId", "backups", "lastBackup", "hoursOld", "gaps", "state", "store"];

/// Keeps which tenants are worked with, each by a name
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Example:\n  entrasnap tenant list\n\nA profile holds where the store is and how the tenant is reached, never a secret. It is used by `--tenant NAME` with every verb, and by `--all-tenants`."
)]
pub(crate) enum Options {
    /// Adds a tenant; what is not typed is taken from the variables that are set
    #[command(
        after_help = "Example:\n  entrasnap tenant add contoso --store contoso.store --tenant-id contoso.onmicrosoft.com --secret-variable CONTOSO_SECRET"
    )]
    Add(TenantAdd),
    /// Lists the tenants, with the age and the gaps of their newest backups
    #[command(after_help = "Example:\n  entrasnap tenant list")]
    List,
    /// Removes a tenant from the list; its store stays
    #[command(after_help = "Example:\n  entrasnap tenant remove contoso")]
    Remove(TenantName),
}

#[derive(Debug, clap::Args)]
pub(crate) struct TenantAdd {
    /// A name of 1 to 64 letters, digits, -, _ or .
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The ID of the tenant, or one of its domains [env: `AZURE_TENANT_ID`]
    #[arg(long, value_name = "ID")]
    pub(crate) tenant_id: Option<String>,
    /// The ID of the application that signs in [env: `AZURE_CLIENT_ID`]
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,
    /// How to sign in [env: `ENTRASNAP_AUTH`]
    #[arg(long, value_enum, value_name = "WAY")]
    pub(crate) auth: Option<Auth>,
    /// Which of Microsoft's clouds [env: `ENTRASNAP_CLOUD`]
    #[arg(long, value_enum, value_name = "CLOUD")]
    pub(crate) cloud: Option<Cloud>,
    /// Scheme and host of Graph [env: `ENTRASNAP_GRAPH_ENDPOINT`]
    #[arg(long, value_name = "URL")]
    pub(crate) graph_endpoint: Option<String>,
    /// Scheme and host that gives tokens [env: `AZURE_AUTHORITY_HOST`]
    #[arg(long, value_name = "URL")]
    pub(crate) authority: Option<String>,
    /// The name of the variable that holds the secret when a verb runs [default: `AZURE_CLIENT_SECRET`]
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) secret_variable: Option<String>,
    /// A PEM file with certificate and key
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TenantName {
    /// The name of the tenant
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

/// Adds, lists or removes tenants.
///
/// # Errors
/// When the file of profiles cannot be read or written, or a name is taken or unknown.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options) -> Outcome {
    match options {
        Options::Add(typed) => add(session, typed),
        Options::List => list(session),
        Options::Remove(typed) => remove(session, typed),
    }
}

fn add(session: &mut Session<'_, '_>, typed: &TenantAdd) -> Outcome {
    session.may_write("tenant add")?;
    let mut profiles = Profiles::read(session.io)?;
    let variable = |name: &str| session.io.variable(name).and_then(|value| value.into_string().ok());
    let or_set =
        |typed: &Option<String>, name: &str| typed.clone().or_else(|| variable(name)).unwrap_or_default();
    let absolute = |path: PathBuf| {
        std::path::absolute(&path).map_err(|error| Failure::file("cannot find", &path, &error))
    };
    let certificate = typed.certificate.as_ref().map(|path| absolute(session.path(path))).transpose()?;
    profiles.add(Profile {
        name: typed.name.clone(),
        store: absolute(session.store_path().to_owned())?,
        tenant_id: or_set(&typed.tenant_id, "AZURE_TENANT_ID"),
        client_id: or_set(&typed.client_id, "AZURE_CLIENT_ID"),
        auth: or_set(&value_name(typed.auth), "ENTRASNAP_AUTH"),
        cloud: or_set(&value_name(typed.cloud), "ENTRASNAP_CLOUD"),
        graph_endpoint: or_set(&typed.graph_endpoint, "ENTRASNAP_GRAPH_ENDPOINT"),
        authority: or_set(&typed.authority, "AZURE_AUTHORITY_HOST"),
        secret_variable: typed.secret_variable.clone().unwrap_or_default(),
        certificate,
    })?;
    profiles.write(session.io)?;
    let added = profiles.get(&typed.name)?;
    session.note(&format!("tenant {} keeps its backups in {}", added.name, added.store.display()));
    Ok(Status::Done)
}

/// The value of an option as it is typed.
fn value_name<T: ValueEnum>(value: Option<T>) -> Option<String> {
    Some(value?.to_possible_value()?.get_name().to_owned())
}

fn remove(session: &mut Session<'_, '_>, typed: &TenantName) -> Outcome {
    session.may_write("tenant remove")?;
    let mut profiles = Profiles::read(session.io)?;
    let removed = profiles.remove(&typed.name)?;
    profiles.write(session.io)?;
    session.note(&format!("tenant {} is removed; its store {} stays", removed.name, removed.store.display()));
    Ok(Status::Done)
}

fn list(session: &mut Session<'_, '_>) -> Outcome {
    let profiles = Profiles::read(session.io)?;
    if profiles.all().is_empty() {
        session.note("there are no tenants; `entrasnap tenant add NAME --store DIR` adds one");
    }
    let cells = profiles.all().iter().map(|profile| row(session, profile)).collect();
    session.print_rows(&Rows { columns: COLUMNS, cells })?;
    Ok(Status::Done)
}

/// A tenant with what its store holds; a store that cannot be read says why.
fn row(session: &Session<'_, '_>, profile: &Profile) -> Vec<Cell> {
    let opened = Store::open_on(std::sync::Arc::clone(&session.io.disk), &profile.store);
    let (identity, newest, count, state) = match &opened {
        Ok(store) => {
            let state = if store.backups().is_empty() { "no backup" } else { "ok" };
            let count = store.backups().len() as u64;
            (TenantIdentity::of(store), store.backups().last(), count, state.to_owned())
        }
        Err(error) => (TenantIdentity::default(), None, 0, error.to_string()),
    };
    let id = if identity.id.is_empty() { &profile.tenant_id } else { &identity.id };
    let hours = newest.map(|newest| (session.io.now)().duration_since(newest.taken_at).as_hours());
    let gaps = newest
        .map(|newest| newest.warnings.iter().filter(|warning| !ingest::is_harmless(warning)).count() as u64);
    vec![
        Cell::text(&profile.name),
        Cell::text(&identity.name),
        Cell::text(id),
        Cell::Number(count),
        newest.map_or(Cell::Null, |newest| Cell::Time(newest.taken_at)),
        hours.map_or(Cell::Null, Cell::Integer),
        gaps.map_or(Cell::Null, Cell::Number),
        Cell::text(state),
        Cell::text(profile.store.display().to_string()),
    ]
}
