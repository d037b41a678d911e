//! Owns `watch.json` in the folder of the store: up to which backup everything is observed, which alerts are open, and
//! which are not delivered yet. It is written whole or not at all, and its owner alone reads it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::disk::Disk;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::alert::Alert;
use crate::error::{Failure, Outcome, Status};
use crate::io::write_file;

/// The file's name.
pub(crate) const FILE: &str = "watch.json";
/// The most open alerts; the oldest are dropped first.
pub(crate) const OPEN_MAX: usize = 500;
/// The most alerts that are not delivered before comparing pauses.
pub(crate) const PENDING_MAX: usize = 10_000;

const FORMAT_VERSION: u32 = 1;

/// What the file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WatchState {
    format_version: u32,
    /// The backup up to which everything is observed; empty before the first.
    #[serde(default)]
    pub(crate) point: String,
    /// The number of the last alert that was queued.
    #[serde(default)]
    last_number: u64,
    /// Those whose changes are not undone.
    #[serde(default)]
    pub(crate) open: Vec<OpenAlert>,
    /// Those that are not delivered, in the order of their numbers.
    #[serde(default)]
    pub(crate) pending: Vec<PendingAlert>,
}

/// An alert whose change is not undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OpenAlert {
    /// The backup before the change it comes from; empty where it is no change that can be looked up: a trouble of the
    /// watch itself, or what a rule finds again and again.
    #[serde(default)]
    pub(crate) from: String,
    /// Whether a waiver keeps it from being sent.
    #[serde(default)]
    pub(crate) is_waived: bool,
    #[serde(flatten)]
    pub(crate) alert: Alert,
}

/// An alert that is not delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PendingAlert {
    /// Its number, which no other alert of this store ever has.
    pub(crate) number: u64,
    /// Whether it is new or undone.
    pub(crate) state: AlertState,
    /// When it was observed.
    pub(crate) observed_at: Timestamp,
    /// The backup in which it was observed; empty when there is none.
    #[serde(default)]
    pub(crate) backup: String,
    /// The waiver that kept it from being sent before, and is over.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) expired_waiver: String,
    #[serde(flatten)]
    pub(crate) alert: Alert,
}

/// Whether an alert is new or undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum AlertState {
    /// It is new.
    New,
    /// What it comes from is undone.
    Gone,
}

impl AlertState {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Gone => "gone",
        }
    }
}

/// When and where something is observed.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    pub(crate) time: Timestamp,
    /// The backup; empty when there is none.
    pub(crate) backup: String,
}

impl Default for WatchState {
    fn default() -> Self {
        Self {
            format_version: FORMAT_VERSION,
            point: String::new(),
            last_number: 0,
            open: Vec::new(),
            pending: Vec::new(),
        }
    }
}

impl WatchState {
    /// Puts an alert behind those that are to be delivered.
    pub(crate) fn queue(&mut self, state: AlertState, alert: Alert, moment: &Moment, expired_waiver: String) {
        self.last_number += 1;
        self.pending.push(PendingAlert {
            number: self.last_number,
            state,
            observed_at: moment.time,
            backup: moment.backup.clone(),
            expired_waiver,
            alert,
        });
    }

    /// Keeps an alert until its change is undone; the same one from an earlier change is replaced.
    pub(crate) fn keep(&mut self, open: OpenAlert) {
        self.open.retain(|known| !known.alert.is_same(&open.alert));
        self.open.push(open);
        let surplus = self.open.len().saturating_sub(OPEN_MAX);
        self.open.drain(..surplus);
    }

    /// Whether too much is not delivered for more to be observed.
    pub(crate) fn is_full(&self) -> bool {
        self.pending.len() >= PENDING_MAX
    }

    /// Brings the troubles of one rule up to date: queues those that are new, and those that are over.
    pub(crate) fn troubles(&mut self, rule: &str, now: Vec<Alert>, moment: &Moment) {
        let is_over = |open: &OpenAlert| {
            open.alert.rule == rule && !now.iter().any(|alert| alert.key == open.alert.key)
        };
        let over: Vec<OpenAlert> = self.open.extract_if(.., |open| is_over(open)).collect();
        for open in over {
            self.queue(AlertState::Gone, open.alert, moment, String::new());
        }
        for alert in now {
            if self.open.iter().any(|open| open.alert.key == alert.key) {
                continue;
            }
            self.keep(OpenAlert { from: String::new(), is_waived: false, alert: alert.clone() });
            self.queue(AlertState::New, alert, moment, String::new());
        }
    }
}

/// Where the state is, and how it is written.
#[derive(Debug)]
pub(crate) struct StateFile {
    disk: Arc<dyn Disk>,
    path: PathBuf,
}

impl StateFile {
    /// The file of a store.
    pub(crate) fn of(disk: &Arc<dyn Disk>, store: &Path) -> Self {
        Self { disk: Arc::clone(disk), path: store.join(FILE) }
    }

    /// Reads the state; that of a store that was never watched is empty.
    ///
    /// # Errors
    /// When the file cannot be read, is none of these, or is of a newer version.
    pub(crate) fn read(&self) -> Outcome<WatchState> {
        let text = match self.disk.read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(WatchState::default()),
            Err(error) => return Err(Failure::file("cannot read", &self.path, &error)),
        };
        let odd = |message: String, help: &str| {
            let message = format!("{}: {message}", self.path.display());
            let failure = Failure::new("damaged", Status::Failed, message).with_help(help);
            Failure { file: Some(self.path.display().to_string().into()), ..failure }
        };
        let state: WatchState = serde_json::from_slice(&text).map_err(|error| {
            odd(error.to_string(), "without this file the next run begins anew: it compares with the newest backup, and what was not delivered is lost")
        })?;
        if state.format_version > FORMAT_VERSION {
            let message = format!("format {}, expected at most {FORMAT_VERSION}", state.format_version);
            return Err(odd(message, "a newer version of this program wrote it"));
        }
        Ok(state)
    }

    /// Writes the state.
    ///
    /// # Errors
    /// When the file cannot be written; then the one that was there is as it was.
    pub(crate) fn write(&self, state: &WatchState) -> Outcome<()> {
        let text = serde_json::to_string_pretty(state).expect("a state is plain data");
        let written = write_file(&*self.disk, &self.path, &|out| out.write_all(text.as_bytes()));
        written.and_then(|durable| durable).map_err(|error| Failure::file("cannot write", &self.path, &error))
    }
}

#[cfg(test)]
mod tests {
    use engine::disk::RealDisk;

    use super::*;

    fn moment() -> Moment {
        Moment { time: Timestamp::UNIX_EPOCH, backup: "kkkk".to_owned() }
    }

    fn open(key: &str) -> OpenAlert {
        let alert = Alert { key: key.into(), ..Alert::default() };
        OpenAlert { from: "kkkk".into(), is_waived: false, alert }
    }

    fn queued(state: &WatchState) -> Vec<(u64, &'static str, &str)> {
        let pending = state.pending.iter();
        pending.map(|pending| (pending.number, pending.state.name(), &*pending.alert.rule)).collect()
    }

    #[test]
    fn a_trouble_is_queued_when_it_begins_and_when_it_is_over() {
        let mut state = WatchState::default();
        let failed = || vec![Alert::failed("no network")];
        state.troubles("watch-failed", failed(), &moment());
        state.troubles("watch-failed", vec![Alert::failed("no answer")], &moment());
        state.troubles("watch-unread", vec![Alert::unread("user", "403")], &moment());
        assert_eq!(queued(&state), [(1, "new", "watch-failed"), (2, "new", "watch-unread")]);
        state.troubles("watch-failed", Vec::new(), &moment());
        state.troubles("watch-failed", Vec::new(), &moment());
        state.troubles("watch-failed", failed(), &moment());
        assert_eq!(queued(&state)[2..], [(3, "gone", "watch-failed"), (4, "new", "watch-failed")]);
    }

    #[test]
    fn open_alerts_are_bounded_and_each_is_held_once() {
        let mut state = WatchState::default();
        for number in 0..=OPEN_MAX {
            state.keep(open(&number.to_string()));
        }
        state.keep(open("7"));
        assert_eq!(state.open.len(), OPEN_MAX);
        let keys: Vec<&str> = state.open.iter().map(|open| &*open.alert.key).collect();
        assert_eq!((keys[0], keys[OPEN_MAX - 1]), ("1", "7"));
    }

    #[test]
    fn the_file_gives_back_what_was_written_and_refuses_what_is_newer() {
        let folder = tempfile::tempdir().unwrap();
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let file = StateFile::of(&disk, folder.path());
        assert_eq!(file.read().unwrap(), WatchState::default());
        let mut state = WatchState { point: "kkkk".into(), ..WatchState::default() };
        state.keep(open("a"));
        state.queue(AlertState::New, Alert::failed("x"), &moment(), "guest-added until 2026".into());
        file.write(&state).unwrap();
        assert_eq!(file.read().unwrap(), state);
        let newer = WatchState { format_version: 2, ..state };
        file.write(&newer).unwrap();
        assert_eq!(file.read().unwrap_err().code, "damaged");
        std::fs::write(folder.path().join(FILE), "{").unwrap();
        assert_eq!(file.read().unwrap_err().code, "damaged");
    }
}
