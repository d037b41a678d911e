//! Findings as pages and documents show them: how much each weighs, what it says, which objects it is about.

use query::Severity;

#[cfg(test)]
use crate::change::ChangeRow;

/// All severities, the lightest first.
pub(crate) const SEVERITIES: [Severity; 5] =
    [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

/// The number of a severity, from 1.
pub(crate) fn rank(severity: Severity) -> usize {
    SEVERITIES.iter().position(|known| *known == severity).map_or(0, |index| index + 1)
}

/// A severity on a page.
pub(crate) fn badge(severity: Severity) -> String {
    format!("<span class=\"badge {0}\">{0}</span>", severity.as_str())
}

/// An object of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FindingObject {
    pub(crate) type_token: String,
    pub(crate) id: String,
    pub(crate) name: String,
}

/// What the changes mean, by one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    /// The title of the rule.
    pub(crate) title: String,
    pub(crate) sentence: String,
    pub(crate) objects: Vec<FindingObject>,
    /// What would undo it, or empty.
    pub(crate) undo: String,
}

impl From<query::Finding> for Finding {
    fn from(found: query::Finding) -> Self {
        let query::ChangeKey { type_token, id, .. } = found.change;
        let changed = FindingObject { type_token, id, name: found.display_name };
        let related = found.related.into_iter().map(|object| FindingObject {
            type_token: object.type_token,
            id: object.id,
            name: object.display_name,
        });
        // What is about many objects names none.
        let objects = std::iter::once(changed).chain(related).filter(|object| !object.id.is_empty());
        Self {
            severity: found.severity,
            title: found.rule.title.clone(),
            sentence: found.sentence,
            objects: objects.collect(),
            undo: found.rule.undo.clone(),
        }
    }
}

/// Findings by weight: the heaviest first, those of the same weight in their order.
pub(crate) fn by_severity(findings: &[Finding]) -> Vec<&Finding> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    sorted
}

/// Two findings about the object of a change.
#[cfg(test)]
pub(crate) fn examples(change: &ChangeRow) -> Vec<Finding> {
    let object = FindingObject {
        type_token: change.type_token.clone(),
        id: change.id.clone(),
        name: change.display_name.clone(),
    };
    [Severity::Medium, Severity::High]
        .into_iter()
        .map(|severity| Finding {
            severity,
            title: format!("{} rule", severity.as_str()),
            sentence: "<b>something</b> happened".to_owned(),
            objects: vec![object.clone()],
            undo: "update".to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::tests::example;

    #[test]
    fn the_heaviest_finding_comes_first() {
        let findings = examples(&example()[0]);
        let names: Vec<&str> =
            by_severity(&findings).iter().map(|finding| finding.severity.as_str()).collect();
        assert_eq!(names, ["high", "medium"]);
        assert!(SEVERITIES.is_sorted());
    }
}
