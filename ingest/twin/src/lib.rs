//! A simulated Entra ID tenant: its objects, how they change from day to day, and what goes wrong.
//!
//! A tenant is a pure function of its size, a seed and the day; what differs between two days is
//! known exactly.
//!
//! ```
//! use twin::synthetic::{Incident, Tenant};
//!
//! # fn main() -> std::io::Result<()> {
//! let tenant = Tenant::new(1000, 7);
//! let mut lines = Vec::new();
//! let counts = tenant.write_ndjson(1, &mut lines)?;
//! assert_eq!(counts.bytes, lines.len() as u64);
//!
//! let expected = tenant.day_expectation(1);
//! assert_eq!((expected.added, expected.removed), (1, 1));
//!
//! let incident = Incident::new(&tenant, 1);
//! for sentence in incident.describe() {
//!     assert!(!sentence.is_empty());
//! }
//! # Ok(())
//! # }
//! ```

mod answer;
mod auth;
mod batch;
mod body;
mod clock;
mod control;
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
pub use control::{Actor, Counts};
pub use faults::{Fault, FaultError};
pub use options::Options;
pub use server::{Server, serve};
pub use twin::Twin;
