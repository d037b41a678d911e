//! What the command line makes of the errors of the libraries: code, exit status, message, and what to do about it.
//!
//! Libraries say what was expected and found; what to do next is said here, once for each kind of error.

use std::path::Path;

use super::{Failure, Status};
use crate::engine_help::help_of_engine;

/// Parts a text that a library writes freely into message and help. Its help stands behind the last semicolon for as
/// long as such errors have no kind of their own; those that have one are matched below.
pub(crate) fn parted(text: &str) -> (&str, &str) {
    text.rsplit_once("; ").unwrap_or((text, ""))
}

/// A failure whose text a library wrote freely.
pub(crate) fn unsorted(code: &'static str, status: Status, text: &str) -> Failure {
    let (message, help) = parted(text);
    Failure::new(code, status, message).with_help(help)
}

/// A failure with the help of its kind, whose text may still end in that help.
fn helped(code: &'static str, status: Status, text: &str, help: impl Into<String>) -> Failure {
    let help = help.into();
    let message = text.strip_suffix(help.as_str()).and_then(|text| text.strip_suffix("; ")).unwrap_or(text);
    Failure::new(code, status, message).with_help(help)
}

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&engine::Error> for Failure {
    fn from(error: &engine::Error) -> Self {
        use engine::Error as E;
        let help = help_of_engine(error).unwrap_or_default().to_owned();
        let message = error.message();
        let failed = |code| Self::new(code, Status::Failed, message.as_str()).with_help(help.as_str());
        let refused = |code| Self::new(code, Status::Refused, message.as_str()).with_help(help.as_str());
        match error {
            E::Disk { action, path, source } => {
                let failure = Self::file(action, path, source);
                let help = "restore this file from a copy; `entrasnap verify` says what else is wrong";
                if is_missing_part(path, source) { failure.with_help(help) } else { failure }
            }
            E::Damaged { path, .. } => failed("damaged").in_file(path),
            E::NoStore { .. } => failed("noStore"),
            E::NewerFormat { path, .. } => failed("newerFormat").in_file(path),
            E::Locked { .. } => refused("locked"),
            E::ReadOnly { .. } => refused("readOnly"),
            E::OtherTenant { .. } => refused("otherTenant"),
            E::OutOfOrder { .. } => refused("outOfOrder"),
            E::Committed { what, source } => Self::from(&**source).after(what),
            E::NoBackup { .. } => failed("noBackup"),
            E::Object { .. } => failed("object"),
            E::NoObject { .. } => failed("noObject"),
            E::Ambiguous { .. } => failed("ambiguous"),
            _ => failed("invalid"),
        }
    }
}

impl From<ingest::Error> for Failure {
    fn from(error: ingest::Error) -> Self {
        use ingest::Error as E;
        let text = error.to_string();
        let failed = |code, help: &str| helped(code, Status::Failed, &text, help);
        let refused = |code, help: &str| helped(code, Status::Refused, &text, help);
        match error {
            E::Store(error) => Self::from(error),
            E::File { action, path, source } => Self::file(&format!("cannot {action}"), &path, &source),
            E::OtherTenant { place, source } => {
                let failure = Self::from(*source);
                let message = format!("{}:{}: {}", place.file, place.line, failure.message);
                Self { message, ..failure }.at(place.file, place.line)
            }
            E::Input { place, .. } => unsorted("input", Status::Failed, &text).at(place.file, place.line),
            E::GraphAnswer { place, .. } => {
                failed("graphAnswer", "read this part of the tenant again").at(place.file, place.line)
            }
            E::NoData { path } => failed("noData", "").in_file(&path),
            E::NotEmpty { path } => failed("notEmpty", "name another").in_file(&path),
            E::Cancelled => {
                helped("interrupted", Status::Interrupted, &text, "the store is as it was before")
            }
            E::Graph(error) => of_graph(&error),
            E::Refused { help, .. } => refused("refused", &help),
            E::PlanEdited { .. } => refused("planEdited", "make a new plan that has what is wanted"),
            E::PlanTenant { .. } => refused("otherTenant", "name the store of that tenant"),
            E::SignedInElsewhere { expected, .. } => {
                let help =
                    format!("nothing was sent: sign in to {expected} (AZURE_TENANT_ID) and apply it then");
                refused("otherTenant", &help)
            }
            E::Unfinished { recovery, source } => {
                // Whatever the store kept of it, it is not what was asked for yet.
                let help = format!("`entrasnap recovery resume {recovery}` goes on with it");
                failed(Self::from(*source).code, &help)
            }
            E::PlanStep { .. } => refused("planStep", "make the plan anew"),
            E::PlanSeal { hash, .. } => {
                let help = format!(
                    "apply it with the store that made it, or make it anew; after reading it, `--accept-unsealed \
                     --hash {hash}` applies it all the same"
                );
                refused("planSeal", &help)
            }
            E::PlanHash { .. } => refused("planHash", "apply the plan that was reviewed"),
            E::PlanText { .. } => failed("plan", "make the plan again"),
            E::PlanVersion { .. } => {
                failed("newerFormat", "make the plan again, or apply it with the program that made it")
            }
            E::Invalid(_) => unsorted("invalid", Status::Failed, &text),
            _ => unsorted("ingest", Status::Failed, &text),
        }
    }
}

/// What Graph itself says stays whole, whatever it holds.
fn of_graph(error: &ingest::graph::Error) -> Failure {
    use ingest::graph::Error as E;
    let text = error.to_string();
    let failed = |code, help: &str| helped(code, Status::Failed, &text, help);
    match error {
        E::Cancelled => Failure::new("interrupted", Status::Interrupted, text),
        E::SignIn(error) => failed("signIn", &error.help),
        E::Unanswered { .. } => {
            failed("graph", "whether it took effect has to be looked up before it is sent again")
        }
        E::Unreachable { .. } => failed("graph", "check network, proxy and endpoint"),
        E::Settings { .. } => unsorted("graph", Status::Failed, &text),
        _ => failed("graph", ""),
    }
}

impl Failure {
    fn in_file(self, path: &Path) -> Self {
        Self { file: Some(path.display().to_string().into()), ..self }
    }

    fn at(self, file: String, line: u64) -> Self {
        Self { file: Some(file.into()), line: Some(line), ..self }
    }
}

/// Whether a file is not there that a store made and never removes while it is needed.
fn is_missing_part(path: &Path, error: &std::io::Error) -> bool {
    let folder = path.parent().and_then(Path::file_name);
    error.kind() == std::io::ErrorKind::NotFound
        && folder.is_some_and(|folder| folder == "segments" || folder == "manifests")
}

#[cfg(test)]
mod tests;
