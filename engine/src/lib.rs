//! The entrasnap store: every state of a tenant in one folder, and the difference of any two.
//!
//! # The picture
//!
//! Every ID gets a dense number, its *ordinal*, once and for ever; every distinct content of an object is stored
//! once, as a numbered *version*. A snapshot of the tenant then is, for each type, a vector:
//!
//! ```text
//!   ordinal              0    1    2    3    4    5
//!   Monday's users       1    2    3    4    5    0        0 = not there
//!   Tuesday's users      1    6    3    4    †5   7        † = in the recycle bin
//!                             ▲              ▲    ▲
//!                          updated  softDeleted   added
//! ```
//!
//! Two snapshots differ where two vectors differ. A backup is one immutable file with what it added, a *segment*:
//! new IDs, new versions as columns, new link sets, and the slots of the vectors that changed. A small file beside it,
//! its *manifest*, says what it is and pins all history by one hash; a backup exists exactly when `HEAD` reaches its
//! manifest. See [`Store`] for reading, [`Backup`] for writing, `FORMAT.md` for the bytes.
//!
//! # Example
//!
//! ```
//! use entrasnap_engine::{BackupDetails, ChangeKind, CreateOptions, DifferenceFilter, ObjectKey, Store};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("entrasnap.store");
//! let mut store = Store::create(&path, &CreateOptions::default())?;
//! for (day, department) in [("2026-11-16T00:00:00Z", "Sales"), ("2026-11-17T00:00:00Z", "Finance")] {
//!     let mut backup = store.begin(BackupDetails::new("example", day.parse()?))?;
//!     let ann = format!(r#"{{"id": "ann", "displayName": "Ann", "department": "{department}"}}"#);
//!     backup.put_json("user", ann.as_bytes())?;
//!     backup.put_json("group", br#"{"id": "staff", "displayName": "Staff", "members": ["ann"]}"#)?;
//!     backup.commit()?;
//! }
//!
//! let [monday, tuesday] = store.backups() else { panic!("two were committed") };
//! let changes = store.difference(&monday.id, &tuesday.id, &DifferenceFilter::default())?;
//! assert_eq!(changes.len(), 1);
//! assert_eq!(changes[0].kind, ChangeKind::Updated);
//! let department = &changes[0].attributes[0];
//! assert_eq!(&*department.name, "department");
//! assert_eq!((department.from.as_deref(), department.to.as_deref()), (Some(r#""Sales""#), Some(r#""Finance""#)));
//!
//! let ann = ObjectKey { type_token: "user".into(), id: "ann".into() };
//! let before = store.snapshot(&monday.id)?.object(&ann)?.expect("she was there on Monday");
//! assert_eq!(before.attributes()["department"], "Sales");
//! # Ok(())
//! # }
//! ```
//!
//! # Modules
//!
//! The names that most tools need are at the root of the crate. The others are in public modules: [`content`] (raw
//! objects to columns, on several threads), [`coverage`] (what a reader observed, and what it did not), [`disk`] (file
//! operations), [`error`] (reasons of errors), [`records`] (reports, recoveries, lineage), [`same`] (equality of
//! values), [`scan`] (columns for queries), [`schema`] (the types of Entra), [`statistics`], [`verify`]. All other
//! modules are private:
//!
//! | module | owns |
//! | --- | --- |
//! | `store` | opening, committing, reading: the face of everything else |
//! | [`content`], [`same`], `id` | canonical cells and their hash; which values mean the same; identifiers |
//! | `value`, [`schema`] | canonical JSON texts; the table of types, as data |
//! | `backup` | observations in, one committed segment out |
//! | `segment` | one immutable columnar file |
//! | `manifest`, `state` | the records that make a backup exist; what a store holds at one `HEAD` |
//! | `snapshot`, `snapshots`, `object`, `vector`, `id_index`, `rows`, `link_sets`, `change_index` | a point in time: vectors, IDs, versions, links; who changed |
//! | [`scan`] | whole columns of all versions of a type, for queries |
//! | `difference`, `change`, `list_change`, `point`, `find` | two points in time to changes; how people name points and objects |
//! | `journal`, `catalog`, [`records`], `recording` | append-only logs; their index; reports, recoveries and lineage in them; one held open |
//! | [`coverage`] | what each backup read, and what it could not |
//! | [`verify`], [`statistics`], `import_cache` | re-reading everything; sizes; what the last import saw |
//! | [`disk`], `map`, [`error`] | the few file operations; memory maps; what can go wrong |

mod backup;
mod catalog;
mod change;
mod change_index;
pub mod content;
pub mod coverage;
mod details;
mod difference;
pub mod disk;
#[cfg(test)]
mod document;
pub mod error;
mod find;
mod id;
mod id_index;
mod import_cache;
mod journal;
mod leftover;
mod link_sets;
mod list_change;
mod manifest;
mod map;
mod object;
mod paths;
mod point;
mod recording;
pub mod records;
mod rows;
mod runs;
pub mod same;
pub mod scan;
pub mod schema;
mod seal;
mod segment;
mod snapshot;
mod snapshots;
mod state;
pub mod statistics;
mod store;
#[doc(hidden)]
pub mod testing;
mod timeline;
mod value;
mod vector;
pub mod verify;

pub use backup::{Backup, Observation};
pub use change::{
    AttributeChange, Change, ChangeKind, LinkAction, LinkChange, LinkEnd, RecoveryAction, Text,
};
pub use details::{BackupDetails, BackupKind, BackupSummary, CreateOptions, Warning};
pub use difference::{Cascades, ChangedObject, Changes, Difference, DifferenceFilter};
pub use error::{Error, ErrorKind, Result};
pub use id::{BackupId, ObjectId};
pub use list_change::{ListChange, listed_names};
pub use object::{Object, ObjectKey};
pub use point::Point;
pub use snapshot::Snapshot;
pub use store::Store;

/// The Rust in the README, for the tests of documentation to run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
