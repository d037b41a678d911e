//! Findings of a difference, by risk: what a responder or a reviewer looks for first.
//!
//! *Shape*: a [`Rule`] is a KQL file with a head that says what it looks for, why that matters, and what undoes it;
//! [`Rules`] are those that are shipped, and whatever a caller adds. A rule runs over the points `from` and `to`, and each
//! of its rows is a [`Finding`].
//!
//! *Invariants*: 1. The same rules over the same two backups give the same findings in the same order: by severity, rule,
//! type and ID. 2. A rule cannot read the table `findings`, so that
//! none waits for itself. 3. `now()` in a rule is the
//! time of the later backup.
//!
//! *Not here*: the points in time, and the table `findings` (`store/findings.rs`).

mod rule;
mod run;
mod shipped;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::error::Diagnostic;
use crate::value::Value;

pub use rule::{Rule, Rules};
pub(crate) use run::{ComparedPoints, run};

/// How much a finding matters; the greatest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Usual, and still a step toward something else.
    Low,
    /// Weakens the tenant, or prepares for it.
    Medium,
    /// Weakens the tenant much, or gives much power.
    High,
    /// Gives power over the tenant, or takes away what protects it.
    Critical,
}

impl Severity {
    /// Every severity, the greatest first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    /// Names it as rules do.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
        }
    }

    /// Finds the severity of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == name)
    }
}

/// Which change: the columns that identify a row of the table `changes`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ChangeKey {
    /// The type of the object.
    pub type_token: String,
    /// Its ID; empty where the finding is about many objects.
    pub id: String,
    /// `object`, `attribute` or `link`.
    pub kind: String,
    /// The attribute or relation; empty where the object itself was added or deleted.
    pub name: String,
    /// Where a link leads; else empty.
    pub target_id: String,
}

/// An object that a finding names beside the one that changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RelatedObject {
    /// Its type; empty if the store does not know it.
    pub type_token: String,
    /// Its ID.
    pub id: String,
    /// Its name; empty if it has none.
    pub display_name: String,
}

/// One finding.
#[derive(Debug, Clone)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// The rule that found it.
    pub rule: Arc<Rule>,
    /// What happened, for people.
    pub sentence: String,
    /// The change it comes from.
    pub change: ChangeKey,
    /// The name of the object that changed.
    pub display_name: String,
    /// The attribute before; null where there is none.
    pub from_value: Value,
    /// The attribute after; null where there is none.
    pub to_value: Value,
    /// The other objects it is about.
    pub related: Vec<RelatedObject>,
    /// The changes to recover to undo it.
    pub undo: Vec<ChangeKey>,
}

/// Why a rule cannot be read or run.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{} in the rule {rule}", trouble(problem))]
pub struct RuleError {
    /// The file that the rule is in.
    pub rule: String,
    /// The whole text of the rule, for the places of diagnostics.
    pub text: Arc<str>,
    /// What is wrong.
    pub problem: RuleProblem,
}

/// What is wrong with a rule.
#[derive(Debug, Clone)]
pub enum RuleProblem {
    /// Its head: in which line, from 1, and what was expected and found.
    Head {
        /// The line.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// Its query; never nothing.
    Query(Vec<Diagnostic>),
    /// What it gives: a column or a value that findings cannot have.
    Result(String),
}

fn trouble(problem: &RuleProblem) -> String {
    match problem {
        RuleProblem::Head { line, message } => format!("line {line}: {message}"),
        RuleProblem::Query(diagnostics) => {
            diagnostics.first().map(|first| first.message.clone()).unwrap_or_default()
        }
        RuleProblem::Result(message) => message.clone(),
    }
}
