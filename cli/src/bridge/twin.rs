//! The simulated Graph tenant, by package `twin`.

use std::sync::Arc;

use engine::{BackupId, Store};
use ingest::graph::{Access, Cloud, Credential, Secret, Settings};
use twin::{Clock, Fault, Options, Server};

use crate::error::{Failure, Outcome, Status};

/// The clock of this machine.
struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        crate::io::clock().as_millisecond()
    }
}

/// Reads a list of faults.
///
/// # Errors
/// What is wrong with it, exit status 2.
pub(crate) fn parse_faults(list: &str) -> Outcome<Vec<Fault>> {
    Fault::parse_list(list).map_err(|error| Failure::usage(error.to_string()))
}

/// A tenant that is made up.
pub(crate) fn made_up(objects: u32, seed: u64) -> twin::Twin {
    twin::Twin::from_synthetic(objects.into(), seed)
}

/// The tenant of a backup.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn from_backup(store: &Store, backup: &BackupId, seed: u64) -> Outcome<twin::Twin> {
    Ok(twin::Twin::from_snapshot(&store.snapshot(backup)?, seed)?)
}

/// How a tenant is served where nothing else is said: by the clock of this machine.
pub(crate) fn served(entropy: [u8; 32]) -> Options {
    Options::new(Arc::new(SystemClock), entropy)
}

/// Serves a tenant of this program alone, on a free port.
///
/// # Errors
/// When no port can be had.
pub(super) fn serve_on_a_free_port(tenant: twin::Twin, options: Options) -> Outcome<Server> {
    twin::serve(tenant, options).map_err(|error| not_served(&error))
}

/// The failure of a command that needs a simulated tenant and has none.
pub(super) fn not_served(error: &std::io::Error) -> Failure {
    Failure::new("io", Status::Failed, format!("cannot serve a simulated tenant: {error}"))
}

/// How a client of this program reads and writes a served tenant.
pub(super) fn settings_of(server: &Server, seed: u64) -> Settings {
    let credential = Credential::Secret {
        client_id: server.client_id().to_owned(),
        secret: Secret::new(server.client_secret()),
    };
    Settings {
        endpoint: server.endpoint(),
        authority: server.endpoint(),
        access: Access::ReadWrite,
        ..Settings::new(Cloud::Global, server.tenant_id(), credential, seed)
    }
}

/// Serves a tenant until the server is stopped.
///
/// # Errors
/// When the port cannot be had.
pub(crate) fn serve(tenant: twin::Twin, options: Options) -> Outcome<Server> {
    let port = options.port;
    twin::serve(tenant, options).map_err(|error| {
        let message = format!("cannot listen on port {port} of 127.0.0.1: {error}");
        Failure::new("io", Status::Failed, message).with_help("`--port 0` takes a free one")
    })
}

/// The variables by which a served tenant is reached, as Azure's libraries and this program name them.
pub(crate) fn variables(server: &Server) -> [(&'static str, String); 5] {
    [
        ("AZURE_TENANT_ID", server.tenant_id().to_owned()),
        ("AZURE_CLIENT_ID", server.client_id().to_owned()),
        ("AZURE_CLIENT_SECRET", server.client_secret().to_owned()),
        ("AZURE_AUTHORITY_HOST", server.endpoint()),
        ("ENTRASNAP_GRAPH_ENDPOINT", server.endpoint()),
    ]
}

/// The variables, one a line.
pub(crate) fn variable_lines(server: &Server) -> String {
    variables(server).map(|(name, value)| format!("{name}={value}\n")).concat()
}
