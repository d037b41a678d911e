//! A simulated Entra ID tenant: synthetic or from a backup, and served as Microsoft Graph on loopback.
//!
//! A synthetic tenant is a pure function of its size, a seed and the day; the difference between two days is known
//! exactly. Served, it answers real clients with Graph's rules, limits and oddities; the README of the package says
//! which, and from what sources.
//!
//! ```
//! use std::sync::Arc;
//! use entrasnap_twin::{Actor, Fault, ManualClock, Options, Twin};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let clock = Arc::new(ManualClock::at_ms(1_795_341_600_000));
//! // Fresh random bytes for every run: secret and tokens follow from them.
//! let mut options = Options::new(clock.clone(), [7; 32]);
//! options.speed = 10.0;
//! options.faults = Fault::parse_list("503=20,duplicate-delta")?;
//! let server = entrasnap_twin::serve(Twin::from_synthetic(1000, 1), options)?;
//! // A client needs endpoint(), tenant_id(), client_id() and client_secret(); the test beside it needs these:
//! assert!(server.put(Actor::Caller, "user", r#"{"id": "ann", "displayName": "Ann"}"#));
//! assert!(server.object("user", "ann").is_some());
//! clock.advance_ms(60_000);
//! assert_eq!(server.take_counts().requests, 0);
//! # Ok(())
//! # }
//! ```
//!
//! ```text
//!   server ─> answer ─┬─> auth, throttle, faults         may the client call, at what cost, with which faults
//!                     ├─> route, query, filter           what the request means
//!                     ├─> read, navigate, render, delta  from a view of the state, as old as the reader's replica
//!                     └─> rules, write                   to the state, which logs every change
//! ```

mod answer;
mod auth;
mod batch;
mod body;
mod clock;
mod control;
mod counts;
mod delta;
mod faults;
mod filter;
mod navigate;
mod options;
mod query;
mod read;
mod render;
mod replica;
mod resource;
mod route;
mod rules;
mod seal;
mod server;
mod state;
pub mod synthetic;
#[cfg(test)]
mod tests;
mod throttle;
mod twin;
mod wire;
mod write;

pub use clock::{Clock, ManualClock};
pub use control::Actor;
pub use counts::Counts;
pub use faults::{Fault, FaultError, Spoil};
pub use options::Options;
pub use server::{Server, serve};
pub use twin::Twin;
