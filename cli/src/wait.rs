//! `--wait`: lets another process end what one process at a time may do with a store.

use std::time::Duration;

use engine::Store;

use crate::error::Outcome;
use crate::session::Session;

/// What one process at a time does with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Writes a backup.
    Backup,
    /// Runs a recovery.
    Recovery,
}

/// How often the other process is looked for.
const PAUSE: Duration = Duration::from_millis(200);

/// Waits until no other process does such work, at most for the given time, and names the holder once. A holder that
/// remains, or begins right afterwards, is met by the lock itself.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn until_free(
    session: &mut Session<'_, '_>,
    store: &Store,
    work: Work,
    time: Option<Duration>,
) -> Outcome<()> {
    let Some(time) = time else { return Ok(()) };
    let interrupt = session.io.interrupt;
    let mut holder = || -> Outcome<Option<String>> {
        Ok(match work {
            Work::Backup => store.writer_holder()?,
            Work::Recovery => store.recovery_holder()?,
        })
    };
    let mut tell = |holder: &str| session.note(&format!("waiting for {holder}"));
    wait(time, &mut holder, &mut tell, &mut |pause| interrupt.wait(pause))
}

fn wait(
    time: Duration,
    holder: &mut dyn FnMut() -> Outcome<Option<String>>,
    tell: &mut dyn FnMut(&str),
    pause: &mut dyn FnMut(Duration),
) -> Outcome<()> {
    let (mut left, mut is_told) = (time, false);
    while !left.is_zero()
        && let Some(found) = holder()?
    {
        if !is_told {
            tell(&found);
            is_told = true;
        }
        let next = PAUSE.min(left);
        pause(next);
        left = left.saturating_sub(next);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The notes, and the time waited, for a holder that is seen so many times.
    fn waited(time: Duration, looks: u32) -> (Vec<String>, Duration) {
        let (mut left, mut told, mut waited) = (looks, Vec::new(), Duration::ZERO);
        let mut holder = || {
            let is_there = left > 0;
            left = left.saturating_sub(1);
            Ok(is_there.then(|| "import of files".to_owned()))
        };
        let mut tell = |holder: &str| told.push(holder.to_owned());
        wait(time, &mut holder, &mut tell, &mut |pause| waited += pause).unwrap();
        (told, waited)
    }

    #[test]
    fn whoever_is_waited_for_is_named_once_and_not_waited_for_longer_than_that() {
        let told = vec!["import of files".to_owned()];
        assert_eq!(waited(Duration::from_mins(1), 0), (Vec::new(), Duration::ZERO));
        assert_eq!(waited(Duration::from_mins(1), 3), (told.clone(), 3 * PAUSE));
        assert_eq!(waited(Duration::from_secs(1), u32::MAX), (told, Duration::from_secs(1)));
        assert_eq!(waited(Duration::ZERO, u32::MAX), (Vec::new(), Duration::ZERO));
    }
}
