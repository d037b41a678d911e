//! Owns recovery plans: what a plan holds, its form in a file, and its hash.
//!
//! Shape: [`Plan`] is a value, JSON in a file. Making one reads a difference and two snapshots and writes nothing; applying
//! one is `apply`. `recover` in a query says *what*; this folder says *how*. `make` joins stages, each a function of
//! values that are there before it; a stage gives an `Outcome` (drafts, skipped changes, unfixable references), and no
//! stage reaches into another:
//!
//! ```text
//! PlanInput ─ pick ─► Picked changes ─ learn ─► Lookup (states, names, cells)   Given (options, context, terms of roles)
//!                          │
//!   restore, recreate ◄────┤  objects brought back: Outcome, Returns (steps by old IDs), holders of their unique values
//!   relation          ◄────┤  assignments, grants, schedules: Outcome, AssignmentSteps (roles that steps give or take)
//!   update, link      ◄────┤  each change of an object by itself, from Facts (Given, Lookup, Returns)
//!   delete            ◄────┘
//!   references               references to objects that are brought back, over all drafts
//!        │ order: of deletions, of unique names, of conditional access (what waits for what)
//!        ▼
//!   order ─► numbered Steps ─ guard, cost, permissions ─► Plan ─ check (each step sends what it shows)
//! ```
//!
//! Imports run one way, from the left to what is right of it (and any may use the types of this file):
//!
//! ```text
//! make ─► references ─► link ─► relation ─► update ─► elements ─► phase, request, property ─► draft, lookup, value
//!      ─► restore ─► unique ─► delete ─► update        make ─► order ─► draft        facts ─► assignment ─► lookup
//!      ─► guard ─► policy, relation                    check ─► update ─► elements, property
//! ```
//!
//! Invariants
//! 1. `hash` covers everything else in the file, and `seal` says which store made that hash: a plan that was edited, or
//!    made elsewhere, is refused.
//! 2. A step depends only on steps that stand before it, and what it sends follows from what it shows.
//! 3. The request of a link's removal ends in `/$ref`.
//! 4. No secret stands in a plan: passwords of re-created users are made when the request leaves.
//!
//! How a request becomes what is sent (`{…}` are placeholders, which stand in texts of path and body):
//!
//! | placeholder | stands for |
//! | --- | --- |
//! | `{new:s4}`, `{new:s4.appId}` | `id` (of an invitation `invitedUser.id`), or another property, of what step `s4` was answered; the step depends on `s4` |
//! | `{target}` | the other end of a link: the request is sent once for each link of the step, but where it is the only element of an array: then that gets one element for each link, and one request is sent |
//! | `{endpoint}` | the address of Graph, without a version: references are absolute |
//! | `{password}` | a random password, made when the request leaves |

use serde::{Deserialize, Serialize};

use engine::schema::Version;

mod assignment;
mod body;
mod check;
mod cost;
mod delete;
mod document;
mod draft;
mod elements;
mod error;
mod facts;
mod file;
mod guard;
mod input;
mod link;
mod lookup;
mod make;
mod merge;
mod named;
mod order;
mod phase;
mod pick;
mod policy;
mod property;
mod recreate;
mod references;
mod relation;
mod request;
mod restore;
mod signature;
mod summary;
#[cfg(test)]
mod tests;
mod unique;
mod update;
mod value;

pub use body::Body;
pub use check::StepFault;
pub(crate) use check::captured;
pub use document::support_document;
pub(crate) use elements::{element_body, element_id, element_of, element_part, is_same_element};
pub use engine::records::{PlanObject, StepKind};
pub use error::{Error, ErrorKind, Result, SignatureProblem};
pub use guard::GUARDS;
pub(crate) use guard::hours;
pub use input::{ChosenRow, GuardLimits, Identity, PlanContext, PlanInput, Selection};
pub use make::{guards, make};
pub(crate) use merge::cleared;
pub use named::Named;
pub(crate) use property::is_no_difference;
pub use property::{SupportRow, support};
pub(crate) use request::reference;
pub use signature::{PlanSignature, SIGNATURE_NAMESPACE, SignatureRule};
pub use summary::Summary;
pub(crate) use update::whole::is_replacement;
pub use value::written_value;

/// The version of the file format.
pub const FORMAT_VERSION: u32 = 2;

/// Placeholder of a request for the ID that a step will make: `{new:STEP}` for its ID, `{new:STEP.appId}` for another
/// property of the answer.
pub const NEW_ID_PREFIX: &str = "{new:";

/// Placeholder of a request for the other end of a link.
pub const TARGET: &str = "{target}";

/// Placeholder of a request for the address of Graph.
pub const ENDPOINT: &str = "{endpoint}";

/// Placeholder of a request for a random password.
pub const PASSWORD: &str = "{password}";

/// A recovery plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// 16 letters `k` to `z`.
    pub plan_id: String,
    /// The tenant it is for.
    pub tenant_id: String,
    /// When it was made.
    pub created_at: jiff::Timestamp,
    /// The state that is wanted back.
    pub from: PlanPoint,
    /// The state whose values are to be replaced where they still stand.
    pub to: PlanPoint,
    /// The query or the filters that chose the changes, as they were written.
    pub query: String,
    /// What was asked for besides.
    pub options: PlanOptions,
    /// What will be done, in an order that respects dependencies.
    pub steps: Vec<Step>,
    /// Chosen changes that no step undoes.
    pub skipped: Vec<Skipped>,
    /// References to re-created objects that no request can re-point.
    pub unfixable: Vec<Unfixable>,
    /// What was not read at one of the two states: the plan says nothing of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<engine::coverage::Unread>,
    /// Why the plan must not be applied without `--allow`.
    pub guards: Vec<Guard>,
    /// Application permissions that applying it needs.
    pub permissions: Vec<String>,
    /// What applying it costs.
    pub estimate: Estimate,
    /// BLAKE3 of the canonical JSON of everything else but `seal` and `signatures`, in hexadecimal.
    pub hash: String,
    /// The seal of the hash by the store that made the plan; empty in files of format version 1.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seal: String,
    /// Who read it, and agreed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<PlanSignature>,
}

/// One side of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanPoint {
    /// As it was written, such as `latest~1` or `live`.
    pub point: String,
    /// The backup or reading that it names.
    pub backup: String,
    /// When that was taken.
    pub taken_at: jiff::Timestamp,
}

/// What a plan was asked for besides its changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own in the file")]
pub struct PlanOptions {
    /// Only these attributes; all when empty and `links` is empty too.
    pub attributes: Vec<String>,
    /// Only these relations; all when empty and `attributes` is empty too.
    pub links: Vec<String>,
    /// Re-creates objects that no bin has, or that their bin does not give back to who applies the plan.
    pub recreate: bool,
    /// Moves objects into the bin that were not there.
    pub soft_delete: bool,
    /// Deletes objects that were not there and whose type has no bin.
    pub hard_delete: bool,
    /// Restores users whose name or addresses others took, under another name and without these addresses.
    #[serde(skip_serializing_if = "is_off")]
    pub reconcile: bool,
}

/// Options that are off are not written, so that plans of older versions keep their hash.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives references")]
fn is_off(option: &bool) -> bool {
    !*option
}

/// When a step is done: after every step of an earlier phase was decided, whatever became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// 0: takes from an intruder what was gained.
    Containment,
    /// 1: what others refer to: named locations, strengths, contexts, role definitions.
    Definitions,
    /// 2: restores, then re-creates.
    Objects,
    /// 3: writes attributes.
    Attributes,
    /// 4: adds links, assignments and grants.
    Links,
    /// 5: conditional access, one request a second, enabled last.
    ConditionalAccess,
    /// 6: takes links away.
    Unlinking,
    /// 7: deletes what was not there.
    Deletion,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// `s1`, `s2`, ... in the order of the plan.
    pub id: String,
    /// What it does.
    pub kind: StepKind,
    /// When.
    pub phase: Phase,
    /// What it is about; of what a step of this plan makes again, the ID is the old one, and the request has the new.
    pub object: PlanObject,
    /// The values that must still stand, by property (never a path: Graph replaces complex values whole); what was
    /// absent is null. Of a relation object or credential that is taken away, and of an object that is deleted for
    /// good: all that it was. Of a collection below an object the one element that the step is about.
    pub before: Named,
    /// The values that are wanted, by property. Of what is made again: all that it will be. A relation to one object
    /// stands in both under its name, as the other end's ID.
    pub after: Named,
    /// The links that are made or taken away; none when the step is about a relation object or a credential. Links
    /// whose step depends on a restore are made only where Graph did not bring them back by itself.
    #[serde(default)]
    pub links: Vec<StepLink>,
    /// Steps that must be done before.
    pub depends_on: Vec<String>,
    /// What is sent; of a step with several links, once for each or in bulk.
    pub request: RequestTemplate,
    /// What people should know of it, such as that it enables an account.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One link of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepLink {
    /// The relation.
    pub relation: String,
    /// The other end; `{new:STEP}` when a step makes it.
    pub target_id: String,
    /// Its type token; empty when it is unknown.
    pub target_type: String,
    /// Its name; empty if it has none.
    pub target_name: String,
}

/// A request before it leaves; placeholders as in the head of this file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestTemplate {
    /// `POST`, `PATCH`, `PUT` or `DELETE`.
    pub method: String,
    /// The version that takes it.
    #[serde(default)]
    pub version: Version,
    /// Its path behind the version.
    pub path: String,
    /// Its body; null when it has none.
    pub body: Body,
}

/// A chosen change that no step undoes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// What changed.
    pub object: PlanObject,
    /// The attribute or relation; empty for the object itself.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// A reference to an object that gets a new ID, and that no request can re-point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfixable {
    /// What holds the reference.
    pub object: PlanObject,
    /// The property or relation, and what it names.
    pub reference: String,
    /// Why it stays.
    pub reason: String,
}

/// Why a plan must not be applied unless it is allowed by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// Such as `self-lockout`.
    pub name: String,
    /// What would happen.
    pub reason: String,
    /// To which objects.
    pub objects: Vec<PlanObject>,
    /// Whether it was allowed when the plan was made.
    #[serde(default)]
    pub allowed: bool,
}

/// What applying a plan costs, under the published limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Requests, those inside batches counted one by one.
    pub requests: u64,
    /// Seconds.
    pub seconds: f64,
}
