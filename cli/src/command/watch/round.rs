//! One look at the tenant: a backup, what it says of alerts, and their delivery.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use engine::{BackupId, BackupSummary, Store};
use ingest::pull::BackupRequest;
use query::Rules;

use super::Options;
use crate::args::tenant::Waiting;
use crate::bridge::query as bridge;
use crate::command::backup;
use crate::error::{Failure, Outcome, Status};
use crate::notify::Receiver;
use crate::output::backups;
use crate::session::Session;
use crate::tenant::TenantIdentity;
use crate::watch::alert::{Alert, FAILED, UNREAD};
use crate::watch::notification::{ALERT_COUNT_MAX, Notification, lines, rows};
use crate::watch::observe::{StoreChanges, look_after, take};
use crate::watch::state::{AlertState, Moment, PENDING_MAX, StateFile, WatchState};
use crate::watch::waiver::{Waiver, Waivers};

/// How long another process that backs up is waited for, where nothing else is said.
const WAIT: Duration = Duration::from_mins(10);

/// What lasts from one look to the next.
pub(super) struct Watch<'o> {
    pub(super) options: &'o Options,
    pub(super) receiver: Option<Receiver>,
    pub(super) rules: Rules,
    /// The file with what is agreed on.
    pub(super) waivers: PathBuf,
    pub(super) file: StateFile,
    pub(super) state: WatchState,
    pub(super) tenant: TenantIdentity,
    /// The waivers that are over, as people were warned.
    pub(super) warned_of: Vec<Waiver>,
}

/// What a look found.
struct Observed {
    moment: Moment,
    /// Whether something could not be read.
    has_gaps: bool,
    /// The state after it.
    state: WatchState,
}

/// What keeps findings from being sent, and when they were observed.
struct Terms<'m> {
    waivers: Waivers,
    moment: &'m Moment,
}

/// What the delivery of alerts amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DeliveryResult {
    /// Nothing was sent but what is undone.
    Nothing,
    /// Something new was sent.
    New,
    /// Something is kept for the next time.
    Kept,
}

impl Watch<'_> {
    /// Backs up, compares and notifies.
    ///
    /// # Errors
    /// When the tenant cannot be read or the store or the state cannot be written. That too is sent.
    pub(super) fn round(&mut self, session: &mut Session<'_, '_>) -> Outcome {
        let observed = self.observe(session);
        if session.io.interrupt.is_asked() {
            return observed.map(|_| Status::Interrupted);
        }
        let last = self.state.pending.last().map_or(0, |pending| pending.number);
        let (has_gaps, failure) = match observed {
            Ok(observed) => {
                self.state = observed.state;
                self.state.troubles(FAILED, Vec::new(), &observed.moment);
                (observed.has_gaps, None)
            }
            Err(failure) => {
                let moment = Moment { time: (session.io.now)(), backup: String::new() };
                self.state.troubles(FAILED, vec![Alert::failed(&failure.message)], &moment);
                (false, Some(failure))
            }
        };
        // An alert is durable before it is sent; where that fails, it is sent all the same.
        let written = self.file.write(&self.state);
        let first = self.state.pending.partition_point(|pending| pending.number <= last);
        let news = &self.state.pending[first..];
        if session.is_for_people() {
            session.print_text(&lines(news))?;
        } else {
            session.print_rows(&rows(news))?;
        }
        session.io.stdout.flush().map_err(Failure::output)?;
        let delivery = self.deliver(session);
        match failure.map_or(written, Err) {
            Err(failure) => Err(failure),
            Ok(()) => Ok(match (delivery?, has_gaps) {
                (DeliveryResult::Kept, _) | (DeliveryResult::Nothing, true) => Status::Warnings,
                (DeliveryResult::New, _) => Status::Different,
                (DeliveryResult::Nothing, false) => Status::Done,
            }),
        }
    }

    /// Backs up, and compares with what was observed before.
    fn observe(&mut self, session: &mut Session<'_, '_>) -> Outcome<Observed> {
        let waivers = Waivers::read(&self.waivers)?;
        self.warn_of_expired(session, &waivers);
        let before = session.create("watch")?.backups().last().map(|backup| backup.id);
        let request = BackupRequest { note: "watch".to_owned(), ..BackupRequest::default() };
        // Another backup, such as one of every night, is no trouble: it is waited for.
        let waiting = Waiting { wait: self.options.waiting.wait.or(Some(WAIT)) };
        let (store, report) = backup::take(session, &self.options.tenant, waiting, request)?;
        session.note(backups::sentence(&report.summary).trim_end());
        let moment = Moment { time: (session.io.now)(), backup: report.summary.id.to_string() };
        let mut state = self.state.clone();
        let gaps = gaps(&report.summary);
        let has_gaps = !gaps.is_empty();
        state.troubles(UNREAD, gaps, &moment);
        self.tenant = TenantIdentity::of(&store);
        if state.is_full() {
            let message =
                format!("{PENDING_MAX} alerts are not delivered: no more is compared until they are");
            session.warn(&message);
        } else {
            let terms = Terms { waivers, moment: &moment };
            self.compare(session, &store, &report.summary, before, &mut state, &terms)?;
        }
        Ok(Observed { moment, has_gaps, state })
    }

    /// Compares the newest backup with the one up to which everything was observed.
    fn compare(
        &self,
        session: &mut Session<'_, '_>,
        store: &Store,
        newest: &BackupSummary,
        before: Option<BackupId>,
        state: &mut WatchState,
        Terms { waivers, moment }: &Terms<'_>,
    ) -> Outcome<()> {
        let find = |id: &str| store.commits().iter().find(|backup| backup.id.as_str() == id).cloned();
        let from = match find(&state.point) {
            None if !state.point.is_empty() => {
                session.warn(&format!(
                    "backup {}, up to which everything was observed, is not in the store: the backup before this one takes its turn",
                    state.point
                ));
                before.and_then(|id| find(id.as_str()))
            }
            None => before.and_then(|id| find(id.as_str())),
            found => found,
        };
        let changes = StoreChanges { store, newest: newest.id };
        look_after(state, &changes, waivers, moment)?;
        if let Some(from) = from {
            let of_rules = session.open()?;
            let mut found = bridge::findings(of_rules, [&from, newest], &self.rules, session.io.interrupt)?;
            found.retain(|finding| finding.severity >= self.options.findings);
            let found = found.iter().map(Alert::from).collect();
            take(state, found, from.id.as_str(), &changes, waivers, moment)?;
        }
        newest.id.as_str().clone_into(&mut state.point);
        Ok(())
    }

    /// Warns of waivers that are over, of each once.
    fn warn_of_expired(&mut self, session: &mut Session<'_, '_>, waivers: &Waivers) {
        let expired: Vec<Waiver> = waivers.expired((session.io.now)()).cloned().collect();
        for waiver in expired.iter().filter(|waiver| !self.warned_of.contains(waiver)) {
            session.warn(&format!("a waiver is over and counts no more: {waiver}"));
        }
        self.warned_of = expired;
    }

    /// Sends what is not delivered yet; what cannot be delivered stays.
    fn deliver(&mut self, session: &mut Session<'_, '_>) -> Outcome<DeliveryResult> {
        let mut delivery = DeliveryResult::Nothing;
        while !self.state.pending.is_empty() {
            let count = self.state.pending.len().min(ALERT_COUNT_MAX);
            let alerts = &self.state.pending[..count];
            let notification =
                Notification { tenant: &self.tenant, alerts, expired_waivers: &self.warned_of };
            if let Some(receiver) = &self.receiver {
                let body = |time| notification.json(time);
                if let Err(what) = receiver.send(session, &notification.id(), &body) {
                    let kept = self.state.pending.len();
                    session.warn(&format!("not delivered to {}, kept: {kept}: {what}", receiver.name()));
                    return Ok(DeliveryResult::Kept);
                }
            }
            if alerts.iter().any(|pending| pending.state == AlertState::New) {
                delivery = DeliveryResult::New;
            }
            self.state.pending.drain(..count);
            self.file.write(&self.state)?;
        }
        Ok(delivery)
    }
}

/// What a backup could not read, by type.
fn gaps(summary: &BackupSummary) -> Vec<Alert> {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for warning in summary.warnings.iter().filter(|warning| !ingest::is_harmless(warning)) {
        reasons.entry(&warning.type_token).or_default().push(&warning.reason);
    }
    reasons.into_iter().map(|(type_token, reasons)| Alert::unread(type_token, &reasons.join("; "))).collect()
}
