//! What to do about each kind of error of applying a plan, and of looking up, resuming and stopping recoveries.

use ingest::apply::{Error, ErrorKind};

use super::super::{Failure, Status};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let failed = |code, help: &str| Self::new(code, Status::Failed, message.as_str()).with_help(help);
        let refused = |code, help: &str| Self::new(code, Status::Refused, message.as_str()).with_help(help);
        match error.kind() {
            ErrorKind::Store
            | ErrorKind::Graph
            | ErrorKind::Plan
            | ErrorKind::File
            | ErrorKind::Threads
            | ErrorKind::Unfinished => of_source(error),
            ErrorKind::Guarded | ErrorKind::NoTenant => refused("refused", &help_with_facts(&error)),
            ErrorKind::SignedInElsewhere => refused("otherTenant", &help_with_facts(&error)),
            ErrorKind::HashText | ErrorKind::NotRunning => failed("invalid", ""),
            ErrorKind::Hash => refused("planHash", "apply the plan that was reviewed"),
            ErrorKind::NoHash => failed("invalid", "`--hash` takes it, and `plan show` prints it"),
            ErrorKind::UnsealedJournal => refused("refused", "make a plan of what is left, and apply that"),
            ErrorKind::UnknownTenant => refused("refused", "grant Organization.Read.All to the application"),
            ErrorKind::ReadOnly => {
                refused("refused", "apply it as the recovery application, without --read-only")
            }
            ErrorKind::NativeRecovery => {
                refused("refused", "wait until it has ended, and make the plan anew")
            }
            ErrorKind::NoRecovery | ErrorKind::NoJournal => {
                failed("invalid", "`entrasnap recoveries` lists them")
            }
            ErrorKind::AmbiguousRecovery => failed("invalid", "give more letters"),
            ErrorKind::Cancelled => Self::new("interrupted", Status::Interrupted, message.as_str()),
        }
    }
}

/// What the error says that this one comes from.
fn of_source(error: Error) -> Failure {
    let message = error.to_string();
    match error {
        Error::Store(error) => error.into(),
        Error::Graph(error) => error.into(),
        Error::Plan(error) => error.into(),
        Error::File(error) => error.into(),
        Error::Threads(error) => error.into(),
        Error::Unfinished { recovery, source } => {
            // The store may hold a part of it, which is not the whole request.
            let help = format!("`entrasnap recovery resume {recovery}` goes on with it");
            Failure::new(Failure::from(*source).code, Status::Failed, message).with_help(help)
        }
        _ => Failure::new("ingest", Status::Failed, message),
    }
}

/// Help that names what the error is about.
fn help_with_facts(error: &Error) -> String {
    match error {
        Error::Guarded { guards } => {
            let names: Vec<&str> = guards.iter().map(|guard| guard.name.as_str()).collect();
            format!("read it; what is meant so is allowed by `--allow {}`", names.join(" --allow "))
        }
        Error::NoTenant { found } => format!("when that is the one, name it: `--tenant-id {found}`"),
        Error::SignedInElsewhere { expected, .. } => {
            format!("nothing was sent: sign in to {expected} (AZURE_TENANT_ID) and apply it then")
        }
        _ => String::new(),
    }
}
