//! Scripts that run a backup every night, and tell people what changed: for systemd, cron and Task Scheduler.
//!
//! Each runs as it is. A message goes out for exit status 10 (something differs), for 4 (something was not read) and for
//! whatever else is not 0. Secrets stay in a file that only its owner reads.

use super::Scheduler;

/// The script for a scheduler.
pub(super) fn script(scheduler: Scheduler) -> &'static str {
    match scheduler {
        Scheduler::Systemd => SYSTEMD,
        Scheduler::Cron => CRON,
        Scheduler::Windows => TASK_SCHEDULER,
    }
}

/// A service and a timer of the user, which run the job of every night.
const SYSTEMD: &str = concat!(
    "#!/usr/bin/env bash\n# Runs a backup every night by a systemd timer of this user, and tells by mail or webhook what differs. Read it, then run it.\n",
    include_str!("schedule/nightly.sh"),
    include_str!("schedule/systemd.sh")
);
/// A line for crontab, which runs the same job.
const CRON: &str = concat!(
    "#!/usr/bin/env bash\n# Runs a backup every night by cron, and tells by mail or webhook what differs. Read it, then run it.\n",
    include_str!("schedule/nightly.sh"),
    include_str!("schedule/cron.sh")
);
/// A task of Windows.
const TASK_SCHEDULER: &str = include_str!("schedule/task-scheduler.ps1");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_script_runs_a_backup_and_tells_what_exit_statuses_mean() {
        for scheduler in [Scheduler::Systemd, Scheduler::Cron, Scheduler::Windows] {
            let text = script(scheduler);
            for words in ["backup", "--exit-code", "10", "4", "AZURE_CLIENT_ID"] {
                assert!(text.contains(words), "{scheduler:?}: {words}");
            }
            // What a comment says is said, and no secret is part of a script.
            assert!(!text.contains("AZURE_CLIENT_SECRET="), "{scheduler:?}");
        }
    }

    #[test]
    fn both_shells_write_the_same_nightly_job() {
        let job = |text: &'static str| {
            let begin = text.find("#!/bin/sh").expect("a job");
            let end = text.find("\nJOB\n").expect("its end");
            &text[begin..end]
        };
        assert_eq!(job(SYSTEMD), job(CRON));
    }
}
