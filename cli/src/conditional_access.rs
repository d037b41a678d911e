//! Conditional access policies as people read them: one sentence, and a table of who, to what, from where, under which
//! conditions, and what is required, with names, and with what points at nothing.
//!
//! Invariant: whatever a policy says is in its table. Members are taken out of a copy as they are put into words; those that
//! are left at the end stand in the last row as they are.

pub(crate) mod directory;
mod members;
mod nouns;
mod words;

use std::fmt::Write as _;

use serde_json::Value;

use members::Members;

pub(crate) use directory::{Directory, Found, ReferenceKind};

/// Names that a sentence lists before it counts.
const LISTED_MAX: usize = 3;

/// A policy in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) sentence: String,
    /// The table, without rows that say nothing.
    pub(crate) rows: Vec<Row>,
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) label: &'static str,
    pub(crate) items: Vec<Item>,
}

/// One thing that a policy names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) text: String,
    /// Why it points at nothing, or empty.
    pub(crate) missing: &'static str,
}

impl Item {
    fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), missing: "" }
    }
}

impl Reading {
    /// Reads the properties of a policy.
    pub(crate) fn of(policy: &Value, directory: &mut dyn Directory) -> Self {
        let mut parts = Parts::take(policy, directory);
        let sentence = sentence(&parts);
        let state = Item::plain(words::state_label(&parts.state));
        let rows = [
            ("State", vec![state]),
            ("Who", std::mem::take(&mut parts.who)),
            ("Except whom", std::mem::take(&mut parts.except_whom)),
            ("To what", std::mem::take(&mut parts.what)),
            ("Except what", std::mem::take(&mut parts.except_what)),
            ("From where", std::mem::take(&mut parts.locations)),
            ("Except from where", std::mem::take(&mut parts.except_locations)),
            ("Conditions", std::mem::take(&mut parts.conditions)),
            (parts.required_label(), std::mem::take(&mut parts.required)),
            ("Session", std::mem::take(&mut parts.session)),
            ("Besides", std::mem::take(&mut parts.rest)),
        ];
        let rows = rows.into_iter().filter(|(_, items)| !items.is_empty());
        Self { sentence, rows: rows.map(|(label, items)| Row { label, items }).collect() }
    }

    /// What points at nothing, with the reason.
    pub(crate) fn missing(&self) -> Vec<String> {
        let items = self.rows.iter().flat_map(|row| &row.items).filter(|item| !item.missing.is_empty());
        items.map(|item| format!("{} ({})", item.text, item.missing)).collect()
    }
}

/// What a policy says, part by part.
#[derive(Debug, Default)]
struct Parts {
    state: String,
    who: Vec<Item>,
    except_whom: Vec<Item>,
    what: Vec<Item>,
    except_what: Vec<Item>,
    locations: Vec<Item>,
    except_locations: Vec<Item>,
    conditions: Vec<Item>,
    required: Vec<Item>,
    /// Whether one of what is required is enough.
    is_any_enough: bool,
    session: Vec<Item>,
    rest: Vec<Item>,
}

impl Parts {
    fn take(policy: &Value, directory: &mut dyn Directory) -> Self {
        let state = policy["state"].as_str().unwrap_or_default().to_owned();
        let mut parts = Self { state, ..Self::default() };
        let mut conditions = Members::of("conditions", &policy["conditions"]);
        let mut grant = Members::of("grantControls", &policy["grantControls"]);
        let mut session = Members::of("sessionControls", &policy["sessionControls"]);
        parts.take_people(&mut conditions, directory);
        parts.take_resources(&mut conditions, directory);
        parts.locations = conditions.named("locations/includeLocations", ReferenceKind::Location, directory);
        parts.except_locations =
            conditions.named("locations/excludeLocations", ReferenceKind::Location, directory);
        parts.conditions = words::conditions(&mut conditions, directory);
        parts.is_any_enough = grant.text("operator").is_some_and(|operator| operator == "OR");
        parts.required = words::required(&mut grant, directory);
        parts.session = words::session(&mut session);
        for left in [conditions, grant, session] {
            parts.rest.extend(left.rest().into_iter().map(Item::plain));
        }
        parts
    }

    fn take_people(&mut self, conditions: &mut Members, directory: &mut dyn Directory) {
        for (side, items) in [("include", &mut self.who), ("exclude", &mut self.except_whom)] {
            for (name, kind) in [
                ("Users", ReferenceKind::User),
                ("Groups", ReferenceKind::Group),
                ("Roles", ReferenceKind::Role),
            ] {
                items.extend(conditions.named(&format!("users/{side}{name}"), kind, directory));
            }
            let guests = conditions.take(&format!("users/{side}GuestsOrExternalUsers"));
            items.extend(guests.as_ref().map(words::guests).map(Item::plain));
            for (name, kind) in [
                ("ServicePrincipals", ReferenceKind::ServicePrincipal),
                ("AgentIdServicePrincipals", ReferenceKind::ServicePrincipal),
            ] {
                items.extend(conditions.named(&format!("clientApplications/{side}{name}"), kind, directory));
            }
        }
        if let Some(filter) = conditions.take("clientApplications/servicePrincipalFilter") {
            let (item, is_excluded) = words::filter("service principals", &filter);
            if is_excluded { &mut self.except_whom } else { &mut self.who }.push(item);
        }
    }

    fn take_resources(&mut self, conditions: &mut Members, directory: &mut dyn Directory) {
        self.what =
            conditions.named("applications/includeApplications", ReferenceKind::Application, directory);
        let actions = conditions.list("applications/includeUserActions");
        self.what.extend(actions.iter().map(|action| Item::plain(words::user_action(action))));
        let path = "applications/includeAuthenticationContextClassReferences";
        self.what.extend(conditions.named(path, ReferenceKind::Context, directory));
        let path = "applications/excludeApplications";
        self.except_what = conditions.named(path, ReferenceKind::Application, directory);
        if let Some(filter) = conditions.take("applications/applicationFilter") {
            let (item, is_excluded) = words::filter("applications", &filter);
            if is_excluded { &mut self.except_what } else { &mut self.what }.push(item);
        }
    }

    fn is_blocking(&self) -> bool {
        self.required.iter().any(|item| item.text == words::BLOCK)
    }

    fn required_label(&self) -> &'static str {
        match (self.required.len(), self.is_any_enough) {
            (0 | 1, _) => "Required",
            (_, true) => "Required, one of",
            (_, false) => "Required, all of",
        }
    }
}

/// The policy in one sentence.
fn sentence(parts: &Parts) -> String {
    let who = if parts.who.is_empty() { "nobody".to_owned() } else { listed(&parts.who, "and") };
    let mut text = format!("{}: {who}{}", words::state_sentence(&parts.state), except(&parts.except_whom));
    let sides =
        [("using", &parts.what, &parts.except_what), ("from", &parts.locations, &parts.except_locations)];
    for (word, included, excluded) in sides {
        if !included.is_empty() {
            write!(text, " {word} {}{}", listed(included, "or"), except(excluded)).ok();
        }
    }
    if !parts.conditions.is_empty() {
        write!(text, ", where {}", listed(&parts.conditions, "and")).ok();
    }
    let mut ends = Vec::new();
    if parts.is_blocking() {
        ends.push("access is blocked".to_owned());
    } else if !parts.required.is_empty() {
        let word = if parts.is_any_enough { "or" } else { "and" };
        ends.push(format!("access needs {}", listed(&parts.required, word)));
    }
    if !parts.session.is_empty() {
        ends.push(format!("sessions have {}", listed(&parts.session, "and")));
    }
    let end = if ends.is_empty() { "nothing is required".to_owned() } else { ends.join("; ") };
    format!("{text}: {end}.")
}

fn except(items: &[Item]) -> String {
    if items.is_empty() { String::new() } else { format!(" (except {})", listed(items, "and")) }
}

/// Items with a word before the last one; of many the first, and a count.
fn listed(items: &[Item], word: &str) -> String {
    let texts: Vec<&str> = items.iter().map(|item| item.text.as_str()).collect();
    match texts.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        many if many.len() > LISTED_MAX + 1 => {
            format!("{} {word} {} more", many[..LISTED_MAX].join(", "), many.len() - LISTED_MAX)
        }
        [first @ .., last] => format!("{} {word} {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests;
