//! Sends a notification to where it is wanted: by webhook, or to a command. Tries are few, and waits between them short:
//! what does not arrive is kept by the caller, and sent with the next.

mod command;

use std::time::Duration;

use ingest::graph::{Cancel, Secret};
use ingest::webhook::{self, Webhook};
use jiff::Timestamp;

use crate::bridge::graph::until_interrupted;
use crate::error::{Failure, Outcome};
use crate::session::Session;

/// The waits between tries.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(4), Duration::from_secs(16)];
/// The longest wait that a receiver may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(1);

/// Where notifications go.
#[derive(Debug)]
pub(crate) enum Receiver {
    /// To an address, by POST.
    Webhook(Box<Webhook>),
    /// To the standard input of a command line.
    Command(String),
}

/// A try that did not reach the receiver, as far as is known.
#[derive(Debug)]
struct Miss {
    what: String,
    may_pass: bool,
    retry_after: Option<Duration>,
}

impl Receiver {
    /// Reads what was typed: an address begins with `https://` or `http://`, and everything else is a command line.
    ///
    /// # Errors
    /// When it is an address that is not safe, or it is empty.
    pub(crate) fn read(typed: &str, key: Option<Secret>) -> Outcome<Self> {
        let is_address = ["https://", "http://"].iter().any(|scheme| typed.starts_with(scheme));
        if is_address {
            let webhook = Webhook::new(typed, key).map_err(|error| {
                Failure::usage(error.to_string()).with_help("https, or http to this machine")
            })?;
            return Ok(Self::Webhook(Box::new(webhook)));
        }
        if typed.trim().is_empty() {
            return Err(Failure::usage("expected an address or a command line, found nothing"));
        }
        Ok(Self::Command(typed.to_owned()))
    }

    /// What may be shown of it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Webhook(webhook) => webhook.origin(),
            Self::Command(_) => "the command".to_owned(),
        }
    }

    /// Sends one notification, more than once where that may help; `body` makes its text for the time of a try.
    ///
    /// # Errors
    /// Why the last try did not arrive.
    pub(crate) fn send(
        &self,
        session: &mut Session<'_, '_>,
        delivery: &str,
        body: &dyn Fn(Timestamp) -> String,
    ) -> Result<(), String> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let text = body((session.io.now)());
            let miss = match self.try_once(session, delivery, &text) {
                Ok(()) => return Ok(()),
                Err(miss) => miss,
            };
            let interrupt = session.io.interrupt;
            match pauses.next() {
                Some(pause) if miss.may_pass && !interrupt.is_asked() => {
                    let wanted = miss.retry_after.unwrap_or_default().min(RETRY_AFTER_MAX);
                    interrupt.wait(pause.max(wanted));
                }
                _ => return Err(miss.what),
            }
        }
    }

    fn try_once(&self, session: &mut Session<'_, '_>, delivery: &str, text: &str) -> Result<(), Miss> {
        match self {
            Self::Webhook(webhook) => {
                let cancel = Cancel::new();
                let posted =
                    until_interrupted(session, &cancel, |_| webhook.post(text.as_bytes(), delivery, &cancel));
                posted.map_err(Miss::from)
            }
            Self::Command(line) => {
                let run = command::run(line, text.to_owned(), session.io);
                run.map_err(|what| Miss { what, may_pass: true, retry_after: None })
            }
        }
    }
}

impl From<webhook::Error> for Miss {
    fn from(error: webhook::Error) -> Self {
        Self { what: error.to_string(), may_pass: error.may_pass(), retry_after: error.retry_after() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_an_address_is_never_run() {
        assert!(matches!(Receiver::read("mail -s x me", None), Ok(Receiver::Command(_))));
        assert!(matches!(Receiver::read("https://example.com/x", None), Ok(Receiver::Webhook(_))));
        for typed in ["http://example.com/x", "https://", " "] {
            assert!(Receiver::read(typed, None).is_err(), "{typed}");
        }
    }

    #[test]
    fn a_name_shows_nothing_that_may_be_a_secret() {
        let name = |typed: &str| Receiver::read(typed, None).unwrap().name();
        assert_eq!(name("https://hooks.example.com/T0/secret"), "https://hooks.example.com");
        assert_eq!(name("TOKEN=secret curl -H 'Authorization: x' https://example.com"), "the command");
    }
}
