//! Findings of two backups: rules read from files, run over a store, and what is wrong with one of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::{BackupSummary, Store};
use query::{
    Finding, Limits, PointArgument, ResolvedPoint, RuleError, RuleProblem, Rules, StoreResolver, StoreTables,
};

use super::Question;
use crate::error::{Failure, Outcome, Status};
use crate::io::Interrupt;

/// The end of the name of a file that is a rule.
const EXTENSION: &str = "kql";

/// The rules that are shipped, and those of a folder, which take the place of shipped ones with the same ID.
///
/// # Errors
/// When the folder cannot be read or has no rules, or what is wrong with one of them, with its place.
pub(crate) fn rules(folder: Option<&Path>) -> Outcome<Rules> {
    let mut rules = Rules::shipped().clone();
    let Some(folder) = folder else { return Ok(rules) };
    let files = files(folder)?;
    if files.is_empty() {
        let message = format!("expected files `*.{EXTENSION}` in {}, found none", folder.display());
        return Err(Failure::usage(message)
            .with_help("each holds one rule; `findings --list` shows the shipped ones"));
    }
    for path in files {
        let text =
            std::fs::read_to_string(&path).map_err(|error| Failure::file("cannot read", &path, &error))?;
        rules.add(&path.display().to_string(), &text).map_err(|error| failure(&error, false))?;
    }
    Ok(rules)
}

/// The files of a folder that are rules, by name.
fn files(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let failed = |error: std::io::Error| Failure::file("cannot read", folder, &error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// What rules find between two backups of a store, the gravest first.
///
/// # Errors
/// What is wrong with a rule, or what stopped it.
pub(crate) fn findings(
    store: Store,
    [from, to]: [&BackupSummary; 2],
    rules: &Rules,
    interrupt: &Interrupt,
) -> Outcome<Vec<Finding>> {
    let store = Arc::new(store);
    let resolver = StoreResolver::new(Arc::clone(&store));
    let tables = StoreTables::new(store, Arc::new(resolver), PointArgument::latest());
    let point =
        |backup: &BackupSummary| ResolvedPoint::new(&PointArgument::Text(backup.id.to_string()), backup);
    let (from, to) = (point(from), point(to));
    let limits = Limits { cancelled: Some(interrupt.requested()), ..Limits::default() };
    let found = interrupt.while_heard(|| tables.findings([&from, &to], rules, &limits));
    found.map_err(|error| failure(&error, interrupt.is_asked()))
}

/// What is wrong with a rule, with its file and place.
fn failure(error: &RuleError, stopped: bool) -> Failure {
    let file = Some(error.rule.clone().into_boxed_str());
    match &error.problem {
        RuleProblem::Query(diagnostics) => {
            let question = Question { text: error.text.to_string(), ..Question::default() };
            let failure = question.failure(diagnostics, stopped);
            if failure.file.is_some() || stopped { failure } else { Failure { file, ..failure } }
        }
        RuleProblem::Head { line, message } => {
            let failure = Failure::new("query", Status::Usage, message).with_help(
                "a rule begins with the comments `// id`, `// title`, `// severity`, `// why` and `// undo`",
            );
            Failure { file, line: u64::try_from(*line).ok(), ..failure }
        }
        RuleProblem::Result(message) => Failure { file, ..Failure::new("query", Status::Usage, message) },
    }
}
