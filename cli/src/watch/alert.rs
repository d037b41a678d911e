//! An alert: a finding, or a trouble of the watch itself, in a form that is kept and sent.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use query::{ChangeKey, Finding};
use serde::{Deserialize, Serialize};

/// The rule of the alert that a backup or its observation failed.
pub(crate) const FAILED: &str = "watch-failed";
/// The rule of alerts that something could not be read.
pub(crate) const UNREAD: &str = "watch-unread";

/// One thing to notify of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Alert {
    /// By what it is told from others: rule, object and what changed of it.
    pub(crate) key: String,
    /// `critical`, `high`, `medium`, `low` or `info`.
    pub(crate) severity: String,
    /// The rule that found it.
    pub(crate) rule: String,
    /// What happened.
    pub(crate) sentence: String,
    /// What tells it from another of the same key: its sentence, and all that it is about.
    pub(crate) digest: String,
    /// The change it comes from; empty for a trouble of the watch itself.
    #[serde(flatten)]
    pub(crate) change: AlertChange,
    /// The name of the object that changed.
    pub(crate) display_name: String,
    /// The other objects it is about.
    pub(crate) objects: Vec<AlertObject>,
    /// What would undo it.
    pub(crate) undo: String,
}

/// The change that an alert comes from, as the columns of `changes` name it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct AlertChange {
    #[serde(rename = "type")]
    pub(crate) type_token: String,
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) target_id: String,
}

/// An object that an alert names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct AlertObject {
    #[serde(rename = "type")]
    pub(crate) type_token: String,
    pub(crate) id: String,
    pub(crate) display_name: String,
}

impl Alert {
    /// That a backup or its observation failed.
    pub(crate) fn failed(message: &str) -> Self {
        Self {
            key: FAILED.to_owned(),
            severity: "high".to_owned(),
            rule: FAILED.to_owned(),
            sentence: format!("The tenant could not be watched: {message}"),
            ..Self::default()
        }
    }

    /// That something could not be read.
    pub(crate) fn unread(type_token: &str, reason: &str) -> Self {
        let of = if type_token.is_empty() { String::new() } else { format!(" of {type_token}") };
        Self {
            key: format!("{UNREAD} {type_token}"),
            severity: "medium".to_owned(),
            rule: UNREAD.to_owned(),
            sentence: format!("Something{of} was not read: {reason}"),
            change: AlertChange { type_token: type_token.to_owned(), ..AlertChange::default() },
            ..Self::default()
        }
    }

    /// Whether it is a trouble of the watch itself, which no waiver hides.
    pub(crate) fn is_trouble(&self) -> bool {
        self.rule == FAILED || self.rule == UNREAD
    }

    /// Whether both say the same of the same.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.key == other.key && self.digest == other.digest
    }

    /// Whether it names an object of this ID.
    pub(crate) fn names(&self, id: &str) -> bool {
        let same = |known: &str| !known.is_empty() && known.eq_ignore_ascii_case(id);
        same(&self.change.id)
            || same(&self.change.target_id)
            || self.objects.iter().any(|object| same(&object.id))
    }
}

impl From<&Finding> for Alert {
    fn from(finding: &Finding) -> Self {
        let change = AlertChange::from(&finding.change);
        let AlertChange { type_token, id, kind, name, target_id } = &change;
        let objects = finding.related.iter().map(|object| AlertObject {
            type_token: object.type_token.clone(),
            id: object.id.clone(),
            display_name: object.display_name.clone(),
        });
        Self {
            key: [&finding.rule.id, type_token, id, kind, name, target_id].map(String::as_str).join(" "),
            severity: finding.severity.as_str().to_owned(),
            rule: finding.rule.id.clone(),
            sentence: finding.sentence.clone(),
            digest: digest(finding),
            display_name: finding.display_name.clone(),
            objects: objects.collect(),
            undo: finding.rule.undo.clone(),
            change,
        }
    }
}

/// What a finding says, in short. Another version of the program may say it otherwise: then it is told once more.
fn digest(finding: &Finding) -> String {
    let mut hasher = DefaultHasher::new();
    (&finding.sentence, &finding.undo).hash(&mut hasher);
    finding.related.iter().for_each(|object| object.id.hash(&mut hasher));
    format!("{:016x}", hasher.finish())
}

impl From<&ChangeKey> for AlertChange {
    fn from(key: &ChangeKey) -> Self {
        Self {
            type_token: key.type_token.clone(),
            id: key.id.clone(),
            kind: key.kind.clone(),
            name: key.name.clone(),
            target_id: key.target_id.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_names_whatever_object_it_is_about() {
        let alert = Alert {
            change: AlertChange { id: "A1".into(), target_id: "t1".into(), ..AlertChange::default() },
            objects: vec![AlertObject { id: "o1".into(), ..AlertObject::default() }],
            ..Alert::default()
        };
        assert!(["a1", "T1", "o1"].iter().all(|id| alert.names(id)));
        assert!(!alert.names("x1") && !alert.names(""));
    }

    #[test]
    fn troubles_differ_by_what_they_are_about() {
        assert!(Alert::failed("x").is_trouble() && Alert::unread("user", "y").is_trouble());
        assert_eq!(Alert::failed("x").key, Alert::failed("y").key);
        assert_ne!(Alert::unread("user", "y").key, Alert::unread("group", "y").key);
        let text = serde_json::to_string(&Alert::unread("user", "y")).unwrap();
        assert_eq!(serde_json::from_str::<Alert>(&text).unwrap(), Alert::unread("user", "y"));
    }
}
