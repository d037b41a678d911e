//! `findings`: what matters of the difference of two backups, by risk.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;
use engine::DifferenceFilter;
use query::Severity;

use crate::args::{Format, Selection};
use crate::bridge::query as bridge;
use crate::comparison;
use crate::error::{Outcome, Status};
use crate::output::finding as shown;
use crate::session::Session;

/// The severities, as they are typed.
const SEVERITIES: [&str; 5] = ["critical", "high", "medium", "low", "info"];

/// Shows what matters of the difference of two backups, by risk
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  entrasnap findings latest latest --severity high\n  entrasnap findings --list\n\nA finding is what a rule finds in the difference: somebody became privileged, a policy no longer protects, an application has a new secret. The rules are queries; a folder given with `--rules` adds others, and replaces those with the same id. The same findings are rows of `findings(from, to)` in the query language, and `| recover` undoes them."
)]
pub(crate) struct Options {
    /// The point in time to start from [default: the backup before the newest]
    #[arg(value_name = "FROM", default_value = "latest~1", hide_default_value = true)]
    pub(crate) from: String,
    /// The point in time to end at
    #[arg(value_name = "TO", default_value = "latest")]
    pub(crate) to: String,
    /// Only findings at least this grave
    #[arg(long, value_name = "SEVERITY", value_parser = severities(), default_value = "info", hide_default_value = true)]
    pub(crate) severity: Severity,
    /// A folder with further rules, one in each `*.kql`
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Option<PathBuf>,
    /// Exit status 10 when there are findings at least this grave, 4 when there are none and something was not read
    #[arg(long, value_name = "SEVERITY", value_parser = severities())]
    pub(crate) fail_on: Option<Severity>,
    /// Lists the rules instead
    #[arg(long, conflicts_with_all = ["from", "to", "severity", "fail_on"])]
    pub(crate) list: bool,
}

/// The severities as an option takes them.
pub(super) fn severities() -> impl clap::builder::TypedValueParser<Value = Severity> {
    let parser = PossibleValuesParser::new(SEVERITIES);
    parser.map(|name| {
        Severity::from_name(&name.to_ascii_lowercase()).expect("every severity that may be typed is one")
    })
}

/// Prints the findings, or the rules.
///
/// # Errors
/// When a point names no backup, a rule is none or cannot be run, or the store cannot be read.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options) -> Outcome {
    let folder = options.rules.as_ref().map(|folder| session.path(folder));
    let rules = bridge::rules(folder.as_deref())?;
    if options.list {
        session.print_rows(&shown::rules(&rules, session.is_for_people()))?;
        return Ok(Status::Done);
    }
    let mut store = session.open()?;
    let selection = Selection {
        from: options.from.clone(),
        to: options.to.clone(),
        types: Vec::new(),
        ids: Vec::new(),
        predicate: None,
    };
    let sides = comparison::sides(session, &mut store, &selection)?;
    let lacks = comparison::unread(&store, &sides, &DifferenceFilter::default())?;
    let mut findings = bridge::findings(store, [&sides.from, &sides.to], &rules, session.io.interrupt)?;
    let is_found =
        options.fail_on.is_some_and(|least| findings.iter().any(|finding| finding.severity >= least));
    findings.retain(|finding| finding.severity >= options.severity);
    match session.format {
        Format::Table => {
            let text = shown::text(&findings, session.look);
            session.print_text(&format!("{text}{}\n", shown::sentence(&findings)))?;
        }
        Format::Md | Format::Html => session.print_rows(&shown::page_rows(&findings))?,
        _ => session.print_rows(&shown::rows(&findings))?,
    }
    session.tell_unread(&lacks, options.fail_on.is_some());
    // A bin that the tenant does not have hides nothing: what goes there is called deleted all the same.
    let is_open = lacks.iter().any(|lack| !ingest::pull::names_missing_bin(&lack.reason));
    Ok(match options.fail_on {
        Some(_) if is_found => Status::Different,
        Some(_) if is_open => Status::Warnings,
        _ => Status::Done,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_severity_can_be_typed() {
        assert_eq!(SEVERITIES, Severity::ALL.map(Severity::as_str));
    }
}
