//! What is sent: some alerts as one JSON text, and the same as rows. The time of sending is in the text, so that the
//! signature covers it and an old one cannot be sent again.

use jiff::Timestamp;
use serde::Serialize;

use super::state::{AlertState, PendingAlert};
use super::waiver::Waiver;
use crate::output::text::printable;
use crate::output::{Cell, Rows};
use crate::tenant::TenantIdentity;

/// The most alerts of one notification; more than these are sent in several.
pub(crate) const ALERT_COUNT_MAX: usize = 200;

const FORMAT_VERSION: u32 = 1;
const COLUMNS: &[&str] =
    &["number", "state", "severity", "rule", "sentence", "type", "id", "displayName", "backup"];

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Notification<'a> {
    pub(crate) tenant: &'a TenantIdentity,
    pub(crate) alerts: &'a [PendingAlert],
    /// The waivers that count no more, and are still in the file.
    pub(crate) expired_waivers: &'a [Waiver],
}

/// A notification with what all of them have.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NotificationEnvelope<'a> {
    format_version: u32,
    id: &'a str,
    sent_at: Timestamp,
    program: &'static str,
    /// The same for people; chats show it.
    text: String,
    tenant_id: &'a str,
    tenant_name: &'a str,
    alerts: &'a [PendingAlert],
    expired_waivers: &'a [Waiver],
}

impl Notification<'_> {
    /// Its ID: the numbers of its first and last alert.
    pub(crate) fn id(&self) -> String {
        let number = |pending: Option<&PendingAlert>| pending.map_or(0, |pending| pending.number);
        format!("{}-{}", number(self.alerts.first()), number(self.alerts.last()))
    }

    /// Its text, as it is sent at a time.
    pub(crate) fn json(&self, sent_at: Timestamp) -> String {
        let envelope = NotificationEnvelope {
            format_version: FORMAT_VERSION,
            id: &self.id(),
            sent_at,
            program: concat!("entrasnap ", env!("CARGO_PKG_VERSION")),
            text: self.text(),
            tenant_id: &self.tenant.id,
            tenant_name: &self.tenant.name,
            alerts: self.alerts,
            expired_waivers: self.expired_waivers,
        };
        serde_json::to_string(&envelope).expect("a notification is plain data")
    }

    fn text(&self) -> String {
        let count = |state: AlertState| self.alerts.iter().filter(|pending| pending.state == state).count();
        let of = if self.tenant.is_unknown() { String::new() } else { format!(" in {}", self.tenant) };
        let mut lines =
            vec![format!("entrasnap: {} new, {} gone{of}", count(AlertState::New), count(AlertState::Gone))];
        lines.extend(self.alerts.iter().map(line));
        lines.extend(self.expired_waivers.iter().map(|waiver| format!("waiver over: {waiver}")));
        lines.iter().map(|line| printable(line)).collect::<Vec<_>>().join("\n")
    }
}

/// Alerts for people, one a line.
pub(crate) fn lines(alerts: &[PendingAlert]) -> String {
    alerts.iter().fold(String::new(), |text, pending| text + &printable(&line(pending)) + "\n")
}

fn line(pending: &PendingAlert) -> String {
    let PendingAlert { state, alert, expired_waiver, .. } = pending;
    let what = match state {
        AlertState::New => &*alert.severity,
        AlertState::Gone => "gone",
    };
    let over = if expired_waiver.is_empty() { "" } else { " (its waiver is over)" };
    format!("[{what}] {}{over}", alert.sentence)
}

/// Alerts as rows.
pub(crate) fn rows(alerts: &[PendingAlert]) -> Rows {
    let cells = alerts.iter().map(|pending| {
        let PendingAlert { number, state, backup, alert, .. } = pending;
        vec![
            Cell::Number(*number),
            Cell::text(state.name()),
            Cell::text(&alert.severity),
            Cell::text(&alert.rule),
            Cell::text(&alert.sentence),
            Cell::text(&alert.change.type_token),
            Cell::text(&alert.change.id),
            Cell::text(&alert.display_name),
            Cell::text(backup),
        ]
    });
    Rows { columns: COLUMNS, cells: cells.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::alert::Alert;
    use crate::watch::state::{Moment, WatchState};

    #[test]
    fn a_notification_says_the_same_to_programs_and_people() {
        let moment = Moment { time: Timestamp::UNIX_EPOCH, backup: "kkkk".into() };
        let mut state = WatchState::default();
        let sentence = "Eve\u{1b}[2J became privileged".to_owned();
        let alert = Alert { sentence, severity: "critical".into(), ..Alert::default() };
        state.queue(AlertState::New, alert, &moment, String::new());
        state.queue(AlertState::Gone, Alert::failed("no network"), &moment, String::new());
        let tenant = TenantIdentity { id: "t1".into(), name: "Contoso".into() };
        let notification = Notification { tenant: &tenant, alerts: &state.pending, expired_waivers: &[] };
        let sent_at: Timestamp = "2026-12-01T08:00:00Z".parse().unwrap();
        let sent: serde_json::Value = serde_json::from_str(&notification.json(sent_at)).unwrap();
        assert_eq!([&sent["id"], &sent["sentAt"]], ["1-2", "2026-12-01T08:00:00Z"]);
        assert_eq!(sent["alerts"][0]["severity"], "critical");
        assert_eq!([&sent["alerts"][1]["state"], &sent["alerts"][1]["rule"]], ["gone", "watch-failed"]);
        let text = sent["text"].as_str().unwrap();
        assert!(text.starts_with("entrasnap: 1 new, 1 gone in Contoso (t1)\n[critical] Eve"), "{text}");
        assert!(
            !text.contains('\u{1b}') && text.contains("[gone] The tenant could not be watched"),
            "{text}"
        );
        assert_eq!(rows(&state.pending).cells.len(), 2);
    }
}
