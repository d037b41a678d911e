//! Rules: their heads, their queries, and the definitions that all of them share.

use std::sync::{Arc, LazyLock};

use super::shipped::{RULES, SHARED};
use super::{RuleError, RuleProblem, Severity};
use crate::script::{Definitions, Script};

/// The keys of a head, all required.
const KEYS: [&str; 5] = ["id", "title", "severity", "why", "undo"];

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// How it is called, such as `conditional-access-disabled`.
    pub id: String,
    /// What it finds, in a few words.
    pub title: String,
    /// How much its findings matter, unless a row says otherwise.
    pub severity: Severity,
    /// Why that matters, and what the rule can get wrong.
    pub why: String,
    /// What undoes it.
    pub undo: String,
    /// The file that its text comes from, for errors.
    pub file: String,
    /// The whole text.
    pub text: Arc<str>,
    pub(super) script: Script,
}

/// A set of rules, and the definitions that they share. A clone is cheap.
#[derive(Debug, Clone)]
pub struct Rules {
    rules: Vec<Arc<Rule>>,
    pub(super) shared: Definitions,
}

impl Rules {
    /// The rules that are shipped.
    ///
    /// # Panics
    /// When a shipped rule is no rule, which a test excludes.
    #[must_use]
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Rules> = LazyLock::new(|| {
            let mut shared = Definitions::default();
            for (_, text) in SHARED {
                shared.add(&Script::parse(text).expect("the shared definitions are KQL"));
            }
            let mut shipped = Rules { rules: Vec::with_capacity(RULES.len()), shared };
            for (name, text) in RULES {
                shipped.add(name, text).expect("the shipped rules are rules");
            }
            shipped
        });
        &SHIPPED
    }

    /// Adds a rule; `file` says in errors where its text comes from. A rule with the ID of an earlier one takes its place.
    ///
    /// # Errors
    /// What is wrong with its head, or where its query stops being one.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), RuleError> {
        let rule = Arc::new(Rule::read(file, text)?);
        match self.rules.iter_mut().find(|known| known.id == rule.id) {
            Some(known) => *known = rule,
            None => self.rules.push(rule),
        }
        Ok(())
    }

    /// The rules, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Rule>> {
        self.rules.iter()
    }

    /// The rule of an ID.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Rule>> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// The names and texts of the files of definitions that every rule may use.
    #[must_use]
    pub fn shared_files() -> &'static [(&'static str, &'static str)] {
        SHARED
    }
}

impl Rule {
    fn read(file: &str, text: &str) -> Result<Self, RuleError> {
        let text: Arc<str> = text.into();
        let failed = |problem| RuleError { rule: file.to_owned(), text: Arc::clone(&text), problem };
        let head = head(&text).map_err(failed)?;
        // Which functions there are, only the shared definitions say: a run finds those that there are not.
        let script = Script::parse(&text).map_err(|diagnostics| failed(RuleProblem::Query(diagnostics)))?;
        let [id, title, _, why, undo] = head.texts;
        Ok(Self { id, title, severity: head.severity, why, undo, file: file.to_owned(), script, text })
    }
}

/// What stands in the head of a rule: the values of [`KEYS`], and the severity that one of them names.
struct Head {
    texts: [String; 5],
    severity: Severity,
}

/// The values of [`KEYS`] in the comments of a head, and the lines where they stand; 0 where there is none.
#[derive(Default)]
struct Values {
    texts: [String; 5],
    lines: [usize; 5],
    /// Lines up to the last comment.
    line_count: usize,
}

fn wrong<T>(line: usize, message: String) -> Result<T, RuleProblem> {
    Err(RuleProblem::Head { line, message })
}

/// Reads the head of a rule.
fn head(text: &str) -> Result<Head, RuleProblem> {
    let Values { texts, lines, line_count } = values(text)?;
    if let Some(index) = texts.iter().position(|value| value.trim().is_empty()) {
        let message = format!("expected a comment `// {}: …` at the beginning, found none", KEYS[index]);
        return wrong(line_count.max(1), message);
    }
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !texts[0].bytes().all(is_part) {
        let message = format!("an ID has small letters, digits and hyphens, found \"{}\"", texts[0]);
        return wrong(lines[0], message);
    }
    let Some(severity) = Severity::from_name(&texts[2]) else {
        let names = Severity::ALL.map(Severity::as_str).join(", ");
        return wrong(lines[2], format!("expected a severity, one of {names}; found \"{}\"", texts[2]));
    };
    Ok(Head { texts, severity })
}

/// Reads the comments before the query, up to an empty line: `// key: value`; a comment without a key continues the value
/// before.
fn values(text: &str) -> Result<Values, RuleProblem> {
    let mut found = Values::default();
    let mut last = None;
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if line.is_empty() && found.line_count == 0 {
            continue;
        }
        let Some(comment) = line.strip_prefix("//").map(str::trim) else { break };
        found.line_count = number;
        let named = comment.split_once(':').and_then(|(key, value)| {
            let index = KEYS.iter().position(|known| *known == key)?;
            Some((index, value.trim()))
        });
        match (named, last) {
            (Some((index, _)), _) if found.lines[index] > 0 => {
                return wrong(number, format!("`{}` is given twice", KEYS[index]));
            }
            (Some((index, value)), _) => {
                value.clone_into(&mut found.texts[index]);
                found.lines[index] = number;
                last = Some(index);
            }
            (None, Some(index)) => {
                found.texts[index].push(' ');
                found.texts[index].push_str(comment);
            }
            (None, None) => {}
        }
    }
    Ok(found)
}
