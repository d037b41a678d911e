//! What `watch` keeps from one look at the tenant to the next: which alerts are open, and which are not delivered yet.
//!
//! ```text
//!   backup ─> observe ─> state ─> notification ─> receiver
//!             findings   watch.json
//!             waivers.json
//! ```
//!
//! *Invariants*: 1. An alert is sent once until its change is undone; the undoing is sent too, and the same change made
//! again is a new alert. 2. An alert is in the state, durable, before it is sent, and leaves it only after it is delivered:
//! what cannot be delivered is sent with the next notification. 3. The state is bounded: at most [`state::OPEN_MAX`] alerts
//! are observed until they are undone, and nothing is compared while [`state::PENDING_MAX`] alerts are not delivered.

pub(crate) mod alert;
pub(crate) mod notification;
pub(crate) mod observe;
pub(crate) mod state;
pub(crate) mod waiver;
