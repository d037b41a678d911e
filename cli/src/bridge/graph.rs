//! The live tenant, by package `ingest`: who signs in where, and what stops it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ingest::graph::{
    Access, Cancel, Client, Cloud, Credential, DevicePrompt, IdentitySource, InstalledCli, RealClock, Secret,
    Settings,
};

use crate::args::tenant::{Auth, Cloud as TypedCloud, Tenant, parse_duration, value_of_variable};
use crate::error::{Failure, Outcome};
use crate::io::{clock, monotonic};
use crate::session::Session;

/// The interval at which the interrupt is checked.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long replicas are given to settle, where nothing else is said.
const SETTLE: Duration = Duration::from_mins(5);

/// The variable with the pace of a simulated tenant.
const SPEED: &str = "ENTRASNAP_GRAPH_SPEED";
/// The variable with a value of `--auth`.
const AUTH: &str = "ENTRASNAP_AUTH";
/// The variable with a value of `--cloud`.
const CLOUD: &str = "ENTRASNAP_CLOUD";

/// A client of the tenant, and what stops it.
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) cancel: Cancel,
    /// How long replicas are given to settle.
    pub(crate) settle: Duration,
    /// The application that signs in; empty when it is a person or a machine.
    pub(crate) client_id: String,
}

/// Connects to the tenant that environment and options name. Nothing is sent yet.
///
/// # Errors
/// Which variable is missing, exit status 2.
pub(crate) fn connect(session: &Session<'_, '_>, typed: &Tenant, access: Access) -> Outcome<Connection> {
    let variable = |name: &str| -> Option<String> {
        session.io.variable(name).and_then(|value| value.into_string().ok())
    };
    let required = |name: &str, what: &str| {
        variable(name).ok_or_else(|| {
            let help = "`entrasnap setup` writes the commands that make an application; `entrasnap twin` prints all variables of a simulated tenant";
            Failure::usage(format!("{name} is not set: expected {what}")).with_help(help)
        })
    };
    let tenant = required("AZURE_TENANT_ID", "the ID of the tenant, or one of its domains")?;
    let auth = match typed.auth {
        Some(auth) => Some(auth),
        None => value_of_variable(AUTH, &variable)?,
    };
    let auth = auth.map_or_else(|| default_auth(&variable), Ok)?;
    let client_id = || required("AZURE_CLIENT_ID", "the ID of the application that signs in");
    let credential = credential(auth, &variable, &client_id, &required)?;
    let cloud = match typed.cloud {
        Some(cloud) => Some(cloud),
        None => value_of_variable(CLOUD, &variable)?,
    };
    let cloud = match cloud {
        None | Some(TypedCloud::Global) => Cloud::Global,
        Some(TypedCloud::Usgov) => Cloud::UsGov,
        Some(TypedCloud::UsgovDod) => Cloud::UsGovDod,
        Some(TypedCloud::China) => Cloud::China,
    };
    let endpoint = typed.graph_endpoint.clone().or_else(|| variable("ENTRASNAP_GRAPH_ENDPOINT"));
    let endpoint = endpoint.unwrap_or_else(|| cloud.endpoint().to_owned());
    let authority = variable("AZURE_AUTHORITY_HOST").unwrap_or_else(|| cloud.authority().to_owned());
    let authority = if authority.contains("://") { authority } else { format!("https://{authority}") };
    let is_loopback = ["://127.", "://localhost", "://[::1]"].iter().any(|host| endpoint.contains(host));
    let seed = (session.io.seed)();
    let cancel = Cancel::new();
    let settings = Settings {
        endpoint,
        authority,
        access,
        // A simulated tenant says itself when it is too much.
        speed: speed(variable(SPEED).as_deref(), is_loopback)?,
        seed: u64::from_le_bytes([seed[0], seed[1], seed[2], seed[3], seed[4], seed[5], seed[6], seed[7]]),
        cancel: cancel.clone(),
        ..Settings::new(cloud, tenant, credential, 0)
    };
    let client = Client::new(settings, Arc::new(RealClock::new(clock, monotonic)))
        .map_err(|error| Failure::from(error).mistyped())?;
    let settle = settle(typed, variable("ENTRASNAP_SETTLE").as_deref(), is_loopback)?;
    let client_id = variable("AZURE_CLIENT_ID").unwrap_or_default();
    Ok(Connection { client, cancel, settle, client_id })
}

/// The pace, as a multiple of Graph's limits.
fn speed(variable: Option<&str>, is_loopback: bool) -> Outcome<f64> {
    match variable {
        Some(text) => {
            text.parse().ok().filter(|speed: &f64| speed.is_finite() && *speed >= 0.0).ok_or_else(|| {
                Failure::usage(format!("{SPEED} is \"{text}\": expected the twin's --speed, such as 1"))
            })
        }
        None if is_loopback => Ok(0.0),
        None => Ok(1.0),
    }
}

fn settle(typed: &Tenant, variable: Option<&str>, is_loopback: bool) -> Outcome<Duration> {
    if let Some(settle) = typed.settle {
        return Ok(settle);
    }
    match variable {
        Some(text) => parse_duration(text)
            .map_err(|expected| Failure::usage(format!("ENTRASNAP_SETTLE is \"{text}\": {expected}"))),
        None if is_loopback => Ok(Duration::ZERO),
        None => Ok(SETTLE),
    }
}

fn default_auth(variable: &dyn Fn(&str) -> Option<String>) -> Outcome<Auth> {
    let ways = [
        ("AZURE_CLIENT_SECRET", Auth::Secret),
        ("AZURE_CLIENT_CERTIFICATE_PATH", Auth::Certificate),
        ("AZURE_FEDERATED_TOKEN_FILE", Auth::Workload),
    ];
    ways.into_iter().find(|(name, _)| variable(name).is_some()).map(|(_, auth)| auth).ok_or_else(|| {
        let message = "no credential: expected one of AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH, AZURE_FEDERATED_TOKEN_FILE, or --auth";
        Failure::usage(message).with_help(
            "`--auth azure-cli` takes whoever is signed in to the Azure CLI; `entrasnap setup` registers an application",
        )
    })
}

fn credential(
    auth: Auth,
    variable: &dyn Fn(&str) -> Option<String>,
    client_id: &dyn Fn() -> Outcome<String>,
    required: &dyn Fn(&str, &str) -> Outcome<String>,
) -> Outcome<Credential> {
    Ok(match auth {
        Auth::Secret => Credential::Secret {
            client_id: client_id()?,
            secret: Secret::new(required("AZURE_CLIENT_SECRET", "the secret of the application")?),
        },
        Auth::Certificate => Credential::Certificate {
            client_id: client_id()?,
            path: required("AZURE_CLIENT_CERTIFICATE_PATH", "a PEM file with certificate and key")?.into(),
        },
        Auth::Workload => Credential::Workload {
            client_id: client_id()?,
            token_file: required("AZURE_FEDERATED_TOKEN_FILE", "the file with the federated token")?.into(),
        },
        Auth::ManagedIdentity => {
            let source = match (variable("IDENTITY_ENDPOINT"), variable("IDENTITY_HEADER")) {
                (Some(endpoint), Some(header)) => {
                    IdentitySource::Service { endpoint, header: Secret::new(header) }
                }
                _ => IdentitySource::machine(),
            };
            Credential::ManagedIdentity { source, client_id: variable("AZURE_CLIENT_ID") }
        }
        Auth::AzureCli => Credential::AzureCli { program: Arc::new(InstalledCli) },
        Auth::DeviceCode => {
            Credential::DeviceCode { client_id: client_id()?, show: Arc::new(show_device_prompt) }
        }
        Auth::Browser => {
            let message = "`--auth browser` is not supported";
            return Err(Failure::usage(message).with_help("`--auth device-code` signs a person in"));
        }
    })
}

/// What a person has to do; there is no other way to tell them while the client waits.
fn show_device_prompt(prompt: &DevicePrompt) {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "{}", crate::output::text::printable_lines(&prompt.message)).ok();
}

/// Runs work on the tenant until it ends or is interrupted.
pub(crate) fn until_interrupted<T>(
    session: &mut Session<'_, '_>,
    cancel: &Cancel,
    work: impl FnOnce(&mut Session<'_, '_>) -> T,
) -> T {
    let interrupt = session.io.interrupt;
    let is_over = AtomicBool::new(false);
    interrupt.while_heard(|| {
        std::thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    if interrupt.is_asked() {
                        cancel.cancel();
                        return;
                    }
                    std::thread::park_timeout(LOOK_EVERY);
                }
            });
            let done = work(session);
            is_over.store(true, Ordering::SeqCst);
            watcher.thread().unpark();
            done
        })
    })
}
