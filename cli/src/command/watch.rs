//! `watch`: backs up again and again, and notifies of what is new.

mod round;

use std::path::PathBuf;
use std::time::Duration;

use engine::disk::DiskLock;
use ingest::graph::{Access, Secret};
use jiff::{SignedDuration, Timestamp};
use query::Severity;

use super::findings::severities;
use crate::args::tenant::{Tenant, Waiting, parse_duration};
use crate::bridge::graph::connect;
use crate::bridge::query as bridge;
use crate::error::{Failure, Outcome, Status, print};
use crate::io::Interrupt;
use crate::notify::Receiver;
use crate::output::text::people_time;
use crate::session::Session;
use crate::tenant::TenantIdentity;
use crate::watch::state::StateFile;
use crate::watch::waiver::{self, Waivers};
use round::Watch;

/// The file whose lock is held by the process that watches a store.
const LOCK: &str = "watch.lock";
/// The variable with the key of signatures, where nothing else is said.
const SECRET_VARIABLE: &str = "ENTRASNAP_WEBHOOK_SECRET";
/// The longest wait between two looks at the clock: one that is set anew, or a machine that slept, is noticed after that.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// Backs up again and again, and tells what is new
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  entrasnap watch --every 1h --findings high --notify https://example.com/hook\n  entrasnap watch --once --notify 'mail -s entrasnap you@example.com'\n\nEach finding is told once, until it goes; that it is gone is told too. A webhook gets JSON by POST, signed by HMAC-SHA256 in the header X-Entrasnap-Signature; a command gets the same on its standard input. What cannot be delivered is kept, and sent with the next. `waivers.json` in the folder of the store holds what is agreed on: rule, objectId, reason, until. A backup that fails is told too. Ctrl-C ends it."
)]
pub(crate) struct Options {
    /// How often, such as 1h
    #[arg(long, value_name = "TIME", value_parser = parse_duration, required_unless_present = "once")]
    pub(crate) every: Option<Duration>,
    /// Once: exit status 10 when there is something new, 4 when something was not read or not delivered, 0 otherwise
    #[arg(long)]
    pub(crate) once: bool,
    /// Only findings at least this grave
    #[arg(long, value_name = "SEVERITY", value_parser = severities(), ignore_case = true, default_value = "info", hide_default_value = true)]
    pub(crate) findings: Severity,
    /// Who is told: an address of https, or a command line for the shell; whatever is new is printed in any case
    #[arg(long, value_name = "URL|COMMAND")]
    pub(crate) notify: Option<String>,
    /// The variable with the key that signs what a webhook gets [default: `ENTRASNAP_WEBHOOK_SECRET`]
    #[arg(long, value_name = "VARIABLE", requires = "notify")]
    pub(crate) secret_variable: Option<String>,
    /// The file with what is agreed on [default: waivers.json in the folder of the store]
    #[arg(long, value_name = "FILE")]
    pub(crate) waivers: Option<PathBuf>,
    /// A folder with further rules, one in each `*.kql`
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
    #[command(flatten)]
    pub(crate) tenant: Tenant,
}

/// Backs up and notifies, until it is interrupted.
///
/// # Errors
/// When what was typed makes no sense, another process watches the same store, or, with `--once`, what failed.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options) -> Outcome {
    session.may_write("watch")?;
    if options.every.is_some_and(|every| every.is_zero()) {
        return Err(Failure::usage("--every is 0: expected a time such as 1h"));
    }
    let receiver = receiver(session, options)?;
    let folder = options.rules.as_ref().map(|folder| session.path(folder));
    let rules = bridge::rules(folder.as_deref())?;
    let waivers = match &options.waivers {
        Some(typed) => session.path(typed),
        None => session.store_path().join(waiver::FILE),
    };
    Waivers::read(&waivers)?;
    // A variable that is missing is a mistake in the command, not an alert of every hour.
    drop(connect(session, &options.tenant, Access::ReadOnly)?);
    let tenant = TenantIdentity::of(&session.create("watch")?);
    let _lock = lock(session)?;
    let file = StateFile::of(&session.io.disk, session.store_path());
    let state = file.read()?;
    let mut watch = Watch { options, receiver, rules, waivers, file, state, tenant, warned_of: Vec::new() };
    let interrupt = session.io.interrupt;
    interrupt.while_heard(|| match options.every {
        Some(every) if !options.once => Ok(again_and_again(session, &mut watch, every)),
        _ => watch.round(session),
    })
}

/// Watches until an interrupt; a failure is printed, and does not end it.
fn again_and_again(session: &mut Session<'_, '_>, watch: &mut Watch<'_>, every: Duration) -> Status {
    let interrupt = session.io.interrupt;
    loop {
        let begin = (session.io.now)();
        if let Err(failure) = watch.round(session)
            && !interrupt.is_asked()
        {
            print::failure(session.io, &failure, false);
        }
        if interrupt.is_asked() {
            return Status::Interrupted;
        }
        let next = SignedDuration::try_from(every).ok().and_then(|every| begin.checked_add(every).ok());
        let next = next.unwrap_or(Timestamp::MAX);
        session.note(&format!("looks again at {}; Ctrl-C ends it", people_time(next)));
        wait_until(interrupt, session.io.now, next, every);
        if interrupt.is_asked() {
            return Status::Done;
        }
    }
}

/// Waits until a time of day, and never longer than so long, whatever is done to the clock.
fn wait_until(
    interrupt: &Interrupt,
    now: &(dyn Fn() -> Timestamp + Sync),
    next: Timestamp,
    longest: Duration,
) {
    let mut waited = Duration::ZERO;
    while waited < longest && !interrupt.is_asked() {
        let left = Duration::try_from(next.duration_since(now())).unwrap_or_default();
        if left.is_zero() {
            return;
        }
        let pause = left.min(longest.saturating_sub(waited)).min(LOOK_EVERY);
        interrupt.wait(pause);
        waited += pause;
    }
}

/// The receiver, with the key that signs.
fn receiver(session: &mut Session<'_, '_>, options: &Options) -> Outcome<Option<Receiver>> {
    let Some(typed) = &options.notify else { return Ok(None) };
    let name = options.secret_variable.as_deref().unwrap_or(SECRET_VARIABLE);
    let key = session.io.variable(name).and_then(|value| value.into_string().ok());
    if key.is_none() && options.secret_variable.is_some() {
        let message = format!("{name} is not set: expected the key that signs what a webhook gets");
        return Err(Failure::usage(message));
    }
    let is_signed = key.is_some();
    let receiver = Receiver::read(typed, key.map(Secret::new))?;
    if matches!(receiver, Receiver::Webhook(_)) && !is_signed {
        session.warn(&format!("{name} is not set: what {} gets is not signed", receiver.name()));
    }
    Ok(Some(receiver))
}

/// Keeps other processes from watching the same store, which would send everything twice.
fn lock(session: &Session<'_, '_>) -> Outcome<Box<dyn DiskLock>> {
    let path = session.store_path().join(LOCK);
    let lock = session.io.disk.try_lock(&path);
    let lock = lock.map_err(|error| Failure::file("cannot lock", &path, &error))?;
    lock.ok_or_else(|| {
        let message = "another process watches this store";
        Failure::new("locked", Status::Refused, message).with_help("end that one first")
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    /// How long is waited for an hour to pass, by a clock that goes `pace` as fast as waits do.
    fn waited(pace: i64) -> (u64, i64) {
        let (clock, pauses) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
        let (moved, counted) = (Arc::clone(&clock), Arc::clone(&pauses));
        let interrupt = Interrupt::with_pause(move |_, time| {
            counted.fetch_add(i64::try_from(time.as_secs()).unwrap(), Ordering::SeqCst);
            moved.fetch_add(pace * i64::try_from(time.as_secs()).unwrap(), Ordering::SeqCst);
        });
        let now = || Timestamp::from_second(clock.load(Ordering::SeqCst)).unwrap();
        let next = Timestamp::from_second(3_600).unwrap();
        wait_until(&interrupt, &now, next, Duration::from_hours(1));
        (u64::try_from(pauses.load(Ordering::SeqCst)).unwrap(), clock.load(Ordering::SeqCst))
    }

    #[test]
    fn a_wait_ends_at_its_time_and_never_lasts_longer_than_the_interval() {
        assert_eq!(waited(1), (3_600, 3_600));
        // The machine slept, or the clock was set forward.
        assert_eq!(waited(600), (60, 36_000));
        // The clock stands still, or was set back.
        assert_eq!(waited(0), (3_600, 0));
        assert_eq!(waited(-10), (3_600, -36_000));
    }

    #[test]
    fn a_wait_ends_when_a_stop_is_requested() {
        let interrupt = Interrupt::with_pause(|interrupt, _| _ = interrupt.ask());
        let begin = Timestamp::UNIX_EPOCH;
        wait_until(&interrupt, &|| begin, Timestamp::MAX, Duration::from_hours(1));
        assert!(interrupt.is_asked());
    }
}
