//! Asks Microsoft Graph: one client with its token, pace and tries, for everything that reads or changes a tenant.
//!
//! ```text
//!   caller ─> client ─┬─────────────> sender ─┬─> token      had once, renewed before it ends
//!                     ├─> batch ───────┘      ├─> pace       when it may leave: Graph's limits as buckets
//!                     └─> pages ───────┘      ├─> transport  one HTTP exchange, only to the hosts that were chosen
//!                                             └─> trial ─> retry  what becomes of it: a pure decision
//! ```
//!
//! `call` is what is asked and answered, with the `shape` that its answer must have, and the `page` that it may be.
//!
//! *Invariants*
//! 1. The token goes to the endpoint's scheme, host and port, and nowhere else.
//! 2. A client with [`Access::ReadOnly`] sends GET, batches of GET, and what signing in takes.
//! 3. A call with [`Effect::Once`] never takes effect twice: when its answer is lost it ends as [`Error::Unanswered`].
//! 4. Secrets and tokens are in no error, log or file.
//!
//! *Sources*: [throttling](https://learn.microsoft.com/graph/throttling), [limits](https://learn.microsoft.com/graph/throttling-limits),
//! [batches](https://learn.microsoft.com/graph/json-batching), [paging](https://learn.microsoft.com/graph/paging), read 2026-11-22.

mod batch;
mod call;
mod cancel;
mod client;
mod clock;
mod error;
mod identified;
mod pace;
mod page;
mod pages;
mod random;
mod retry;
mod run;
mod secret;
mod sender;
mod settings;
mod shape;
mod token;
mod trail;
mod transport;
mod trial;

pub use call::{Answer, Call, Effect, Meter, Method, escape};
pub use cancel::Cancel;
pub use client::Client;
pub use clock::{Clock, Sleep};
pub(crate) use error::in_tries;
pub use error::{
    AnswerFault, CertificateProblem, Detail, Error, ErrorKind, Refusal, Result, Setting, SettingProblem,
    SignIn, SignInCause,
};
pub(crate) use identified::Identified;
pub use page::Page;
pub use pages::Pages;
pub(crate) use run::runtime;
pub use run::{RealClock, block_on};
pub use secret::Secret;
pub use sender::Counts;
pub use settings::{
    Access, Cloud, Credential, DevicePrompt, IdentitySource, Program, ProgramError, Settings, TenantSize,
};
pub use shape::Shape;
pub use token::claims::Claims;
pub use token::command::InstalledCli;
pub(crate) use trail::Trail;
pub(crate) use transport::address::{Address, Plain};
pub(crate) use transport::{Outgoing, Transport};
