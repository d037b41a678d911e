//! Owns what a caller chooses about a client.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::cancel::Cancel;
use super::secret::Secret;

/// How long one request may take by default. Graph itself gives up on one before that.
const EXCHANGE_MAX: Duration = Duration::from_mins(5);

/// How a client reaches a tenant.
#[derive(Clone)]
pub struct Settings {
    /// Scheme and host of Graph, such as `https://graph.microsoft.com`. Plain http is for loopback only.
    pub endpoint: String,
    /// Scheme and host of the sign-in, such as `https://login.microsoftonline.com`. Plain http is for loopback only.
    pub authority: String,
    /// The tenant's ID or one of its domains.
    pub tenant: String,
    /// Who asks.
    pub credential: Credential,
    /// What may be sent.
    pub access: Access,
    /// How large the tenant is; [`super::Client::resize`] corrects it.
    pub size: TenantSize,
    /// The header `User-Agent`.
    pub user_agent: String,
    /// The pace: 1 keeps to Graph's limits, 10 to ten times them, 0 sends as fast as it can.
    pub speed: f64,
    /// The most requests under way.
    pub in_flight_max: usize,
    /// The longest that one request may take from its first byte to the last one of its answer.
    pub exchange_max: Duration,
    /// Random numbers, for request IDs and waits, follow from it.
    pub seed: u64,
    /// Stops everything when it is asked to.
    pub cancel: Cancel,
}

impl Settings {
    /// Reads at Graph's pace in a small tenant; the rest may be chosen with `..Settings::new(…)`.
    #[must_use]
    pub fn new(cloud: Cloud, tenant: impl Into<String>, credential: Credential, seed: u64) -> Self {
        Self {
            endpoint: cloud.endpoint().to_owned(),
            authority: cloud.authority().to_owned(),
            tenant: tenant.into(),
            credential,
            access: Access::ReadOnly,
            size: TenantSize::Small,
            user_agent: concat!("entrasnap/", env!("CARGO_PKG_VERSION")).to_owned(),
            speed: 1.0,
            in_flight_max: 16,
            exchange_max: EXCHANGE_MAX,
            seed,
            cancel: Cancel::new(),
        }
    }
}

/// What a client may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// GET, batches of GET, and what signing in takes.
    ReadOnly,
    /// Everything.
    ReadWrite,
}

/// How many resource units a tenant gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantSize {
    /// Below 50 users.
    Small,
    /// 50 to 500 users.
    Medium,
    /// More.
    Large,
}

impl TenantSize {
    /// Tells the size from the number of users.
    #[must_use]
    pub fn from_user_count(count: u64) -> Self {
        match count {
            0..50 => Self::Small,
            50..=500 => Self::Medium,
            _ => Self::Large,
        }
    }
}

/// Microsoft's clouds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cloud {
    /// The worldwide one, with GCC.
    #[default]
    Global,
    /// US Government, GCC High.
    UsGov,
    /// US Government, Department of Defense.
    UsGovDod,
    /// China, run by 21Vianet.
    China,
}

impl Cloud {
    /// Scheme and host of Graph.
    #[must_use]
    pub fn endpoint(self) -> &'static str {
        match self {
            Self::Global => "https://graph.microsoft.com",
            Self::UsGov => "https://graph.microsoft.us",
            Self::UsGovDod => "https://dod-graph.microsoft.us",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
        }
    }

    /// Scheme and host of the sign-in.
    #[must_use]
    pub fn authority(self) -> &'static str {
        match self {
            Self::Global => "https://login.microsoftonline.com",
            Self::UsGov | Self::UsGovDod => "https://login.microsoftonline.us",
            Self::China => "https://login.chinacloudapi.cn",
        }
    }
}

/// Who asks.
#[derive(Clone)]
#[non_exhaustive]
pub enum Credential {
    /// An application with a secret.
    Secret {
        /// The application's ID.
        client_id: String,
        /// Its secret.
        secret: Secret,
    },
    /// An application with a certificate.
    Certificate {
        /// The application's ID.
        client_id: String,
        /// A PEM file with the certificate and its unencrypted RSA key.
        path: PathBuf,
    },
    /// An application that another identity provider vouches for.
    Workload {
        /// The application's ID.
        client_id: String,
        /// The file with the provider's token; read again at each renewal.
        token_file: PathBuf,
    },
    /// The identity of the machine or service that this runs on.
    ManagedIdentity {
        /// Where tokens come from.
        source: IdentitySource,
        /// The user-assigned identity's client ID; none for the system-assigned one.
        client_id: Option<String>,
    },
    /// The user who is signed in to the Azure CLI.
    AzureCli {
        /// Runs it.
        program: Arc<dyn Program>,
    },
    /// A person who signs in with a browser elsewhere.
    DeviceCode {
        /// The application's ID.
        client_id: String,
        /// Shows the person what to do.
        show: Arc<dyn Fn(&DevicePrompt) + Send + Sync>,
    },
}

/// Where the tokens of a managed identity come from.
#[derive(Clone)]
pub enum IdentitySource {
    /// The instance metadata service of a virtual machine.
    Machine {
        /// Its scheme and host.
        host: String,
    },
    /// App Service and its kin: `IDENTITY_ENDPOINT` and `IDENTITY_HEADER`.
    Service {
        /// The endpoint.
        endpoint: String,
        /// The header's value.
        header: Secret,
    },
}

impl IdentitySource {
    /// The instance metadata service where every Azure machine has it.
    #[must_use]
    pub fn machine() -> Self {
        Self::Machine { host: "http://169.254.169.254".to_owned() }
    }
}

/// Runs a program and gives what it printed.
pub trait Program: Send + Sync {
    /// Runs it to its end with these arguments; standard output if it succeeded.
    ///
    /// # Errors
    /// `NotStarted`, or `Failed` with what it wrote to standard error.
    fn run(&self, arguments: &[&str]) -> Result<Secret, ProgramError>;
}

/// Why a program printed nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// The system did not start it.
    #[error("`{program}` did not start: {source}")]
    NotStarted {
        /// Its name.
        program: String,
        /// The system's own error.
        source: std::io::Error,
    },
    /// It ended with an error.
    #[error("{stderr}")]
    Failed {
        /// What it wrote to standard error.
        stderr: String,
    },
}

/// What a person has to do to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevicePrompt {
    /// Entra's own sentence, with both of the following.
    pub message: String,
    /// The page to open.
    pub verification_uri: String,
    /// The code to type there.
    pub user_code: String,
}
