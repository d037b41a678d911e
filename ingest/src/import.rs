//! Reads files that hold a tenant, and commits them as one backup or not at all.
//!
//! Shape: `walk` finds files, `origin` tells from their path what they hold, `blocks` cuts each into pieces of
//! whole objects, `supply` hands these out, `shred` gives their objects to the store's workers, `pipeline` keeps all
//! of them busy.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use engine::coverage::Overlap;
use engine::{BackupDetails, BackupSummary, ObjectKey, Store, Warning};
use jiff::{SignedDuration, Timestamp};

mod blocks;
mod error;
mod fault;
pub(crate) mod head;
pub(crate) mod origin;
mod pipeline;
#[cfg(test)]
mod recording;
mod shred;
mod sink;
mod split;
mod supply;
#[cfg(test)]
mod tests;
mod text;
mod walk;

pub use error::{Error, ErrorKind, InputProblem, Location, Result};
use origin::Origin;
use pipeline::{Harvest, PipelineOptions};
use shred::{Link, Notice};
use sink::Sink;
use walk::Input;

/// What to import, and how.
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own, named where it is set")]
pub struct ImportRequest<'a> {
    /// Files, folders and streams; all of them are one backup.
    pub sources: Vec<Source<'a>>,
    /// The time the data is of; `now` when it is not known.
    pub taken_at: Option<Timestamp>,
    /// The time of the import.
    pub now: Timestamp,
    /// Weaves data of a time before that of the newest backup into the past.
    pub insert: bool,
    /// Free text.
    pub note: String,
    /// The type of objects that neither they nor their origin name.
    pub type_hint: Option<String>,
    /// Keeps objects that are missing from the data.
    pub partial: bool,
    /// Types and relations that are complete although no data comes for them.
    pub complete: Vec<String>,
    /// Takes values that PowerShell cut off as they stand.
    pub accept_truncated: bool,
    /// Takes data that has hardly any object of those that the store holds.
    pub new_tenant_data: bool,
    /// Set by another thread to stop the import.
    pub cancel: &'a AtomicBool,
}

impl<'a> ImportRequest<'a> {
    /// Takes sources as one backup of this time, without any option, and is never cancelled.
    #[must_use]
    pub fn new(sources: Vec<Source<'a>>, now: Timestamp) -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Self {
            sources,
            taken_at: None,
            now,
            insert: false,
            note: String::new(),
            type_hint: None,
            partial: false,
            complete: Vec::new(),
            accept_truncated: false,
            new_tenant_data: false,
            cancel: &NEVER,
        }
    }
}

/// Where data comes from.
pub enum Source<'a> {
    /// A file, or a folder with everything in it.
    Path(PathBuf),
    /// A stream, and its name in messages, such as `-`.
    Reader {
        /// Its name in messages.
        name: String,
        /// What gives the bytes.
        reader: Box<dyn Read + Send + 'a>,
    },
}

/// How far an import is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Advance {
    /// Bytes of text taken.
    pub bytes: u64,
    /// Bytes of all inputs, when none is a stream.
    pub bytes_total: Option<u64>,
    /// Objects taken.
    pub objects: u64,
}

/// Told now and then how far an import is, always by the thread that called it.
pub trait Progress {
    /// Takes note.
    fn advance(&self, advance: &Advance);
}

impl Progress for () {
    fn advance(&self, _advance: &Advance) {}
}

/// Imports everything the request names as one backup.
///
/// # Errors
/// `Input`, `GraphAnswer`, `File`, `NotRegular`, `Grown` and `NoData` when the data cannot be taken, `OtherTenant` and
/// `UnlikeStore` when it is another tenant's, `Cancelled`, and `Store`. After an error the store is as it was before.
pub fn import(
    store: &mut Store,
    request: ImportRequest<'_>,
    progress: &dyn Progress,
) -> Result<BackupSummary> {
    let type_hint = request.type_hint.as_deref();
    let accepts_any = request.partial || request.new_tenant_data;
    let mut inputs = Vec::new();
    let mut ignored_count = 0;
    for source in request.sources {
        match source {
            Source::Path(path) => {
                ignored_count += walk::find(&path, type_hint, &mut inputs)?.ignored_count;
            }
            Source::Reader { name, reader } => {
                inputs.push(Input::Stream { reader, origin: Origin::of_text(&name, type_hint) });
            }
        }
    }
    let taken_at = request.taken_at.unwrap_or(request.now);
    let mut backup = store.begin(BackupDetails {
        taken_at,
        insert: request.insert,
        note: request.note,
        partial: request.partial,
        complete: request.complete,
        ..BackupDetails::new("import", request.now)
    })?;
    if !request.accept_truncated {
        backup.refuse_cut_off();
    }
    if taken_at.duration_since(request.now) > CLOCK_SLACK {
        let reason = format!("the data is of {taken_at}, and the clock says {}: a time to come", request.now);
        backup.warn(Warning { type_token: String::new(), reason, count: 1 });
    }
    let setting = PipelineOptions { limits: blocks::Limits::default(), progress, cancel: request.cancel };
    let harvest = pipeline::run(inputs, &mut backup, &setting)?;
    finish(harvest, ignored_count, &mut backup)?;
    if !accepts_any {
        check_tenant(&backup.overlap())?;
    }
    Ok(backup.commit()?)
}

/// How far clocks may be apart before a time is one to come.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_mins(5);

/// With fewer objects in the store nothing is said of whose they are.
const KNOWN_COUNT_MIN: u64 = 20;

/// Refuses what is probably the data of another tenant: all that the store holds would count as deleted. Less than a
/// tenth in common is more than any tenant changes from one day to another.
fn check_tenant(overlap: &Overlap) -> Result<()> {
    let Overlap { known, came, shared, is_of_tenant } = *overlap;
    if is_of_tenant || known < KNOWN_COUNT_MIN || shared * 10 >= known.min(came) {
        return Ok(());
    }
    Err(Error::UnlikeStore { known, read: came, shared })
}

/// The reason of a warning about files that are no data.
const NOT_JSON: &str = "files that are not JSON were left out";

/// What the reason of a warning about a guessed type begins with.
const GUESSED: &str = "the folder ";

/// Whether a warning is only worth knowing: all the data was taken as it stands.
#[must_use]
pub fn is_harmless(warning: &Warning) -> bool {
    crate::pull::is_harmless(warning) || warning.reason == NOT_JSON || warning.reason.starts_with(GUESSED)
}

/// Puts the links that stood in files of their own, and the warnings.
fn finish<S: Sink>(harvest: Harvest, ignored_count: u64, sink: &mut S) -> Result<()> {
    put_links(harvest.links, sink)?;
    let mut warn = |type_token: &str, reason: String, count| {
        sink.warn(Warning { type_token: type_token.to_owned(), reason, count });
    };
    if ignored_count > 0 {
        warn("", NOT_JSON.to_owned(), ignored_count);
    }
    for (notice, count) in &harvest.notices {
        match notice {
            Notice::Guessed { type_token, folder } => warn(
                type_token,
                format!(
                    "{GUESSED}{folder} is not known; its objects that do not say their type were taken as {type_token}"
                ),
                *count,
            ),
            Notice::Collapsed => warn(
                origin::PARTNER,
                "the exporter wrote all partners to one file, so only the last of them is here".to_owned(),
                *count,
            ),
            Notice::MorePages { type_token } => {
                let last = Notice::LastPage { type_token: type_token.clone() };
                if !harvest.notices.contains_key(&last) {
                    let reason = "the last page is missing (every page has @odata.nextLink), so objects may be missing";
                    warn(type_token, reason.to_owned(), *count);
                }
            }
            Notice::LastPage { .. } => {}
        }
    }
    Ok(())
}

fn put_links<S: Sink>(links: Vec<Link>, sink: &mut S) -> Result<()> {
    let mut sets: BTreeMap<(String, String, String), Vec<String>> = BTreeMap::new();
    for Link { type_token, source, relation, target } in links {
        sets.entry((type_token, source, relation)).or_default().push(target);
    }
    for ((type_token, id, relation), mut targets) in sets {
        targets.sort_unstable();
        targets.dedup();
        let source = ObjectKey { type_token: Arc::from(type_token), id };
        let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
        sink.put_links(&source, &relation, &targets)?;
    }
    Ok(())
}
