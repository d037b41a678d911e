//! Owns what a list gains and loses between two values of an attribute; also a text that lists names.

use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::schema::{self, RuleKind};

/// What a list gained and lost, as JSON texts, each element as often as it did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListChange {
    /// The elements that are new, in the order of the new list.
    pub added: Vec<String>,
    /// The elements that are gone, in the order of the old list.
    pub removed: Vec<String>,
}

impl ListChange {
    /// Compares two values of an attribute, both JSON texts, `None` for an absent property. Null and absent are the empty
    /// list; none where a value is something else, or neither is a list.
    #[must_use]
    pub fn between(type_token: &str, attribute: &str, from: Option<&str>, to: Option<&str>) -> Option<Self> {
        let separator = separator(type_token, attribute);
        let is_list = |text: Option<&str>| text.is_some_and(|text| text.starts_with('['));
        if separator.is_none() && !is_list(from) && !is_list(to) {
            return None;
        }
        let (from, to) = (elements(from, separator)?, elements(to, separator)?);
        Some(Self { added: without(&to, &from), removed: without(&from, &to) })
    }
}

/// A text that lists names, as the JSON array of these; none of any other attribute.
#[must_use]
pub fn listed_names(type_token: &str, attribute: &str, value: Option<&str>) -> Option<String> {
    let names = elements(value, Some(separator(type_token, attribute)?))?;
    Some(format!("[{}]", names.join(",")))
}

/// What stands between the names that a text lists.
fn separator(type_token: &str, attribute: &str) -> Option<char> {
    let path = attribute.replace('.', "/");
    let is_one = |kind| schema::rule(type_token, &path, kind).is_some();
    if is_one(RuleKind::SpaceList) {
        Some(' ')
    } else if is_one(RuleKind::CommaList) {
        Some(',')
    } else {
        None
    }
}

/// The elements of a list, or of a text that lists names; none of what is neither.
fn elements(text: Option<&str>, separator: Option<char>) -> Option<Vec<String>> {
    let Some(text) = text.filter(|text| *text != "null") else { return Some(Vec::new()) };
    if text.starts_with('[') {
        let elements: Vec<&RawValue> = serde_json::from_str(text).ok()?;
        return Some(elements.into_iter().map(|element| element.get().to_owned()).collect());
    }
    let (separator, text) = (separator?, serde_json::from_str::<String>(text).ok()?);
    let names = text.split(separator).map(str::trim).filter(|name| !name.is_empty());
    names.map(|name| serde_json::to_string(name).ok()).collect()
}

/// The elements of one list that are not in another, each as often as it is missing there.
fn without(left: &[String], right: &[String]) -> Vec<String> {
    let mut count: HashMap<&str, usize> = HashMap::new();
    for element in right {
        *count.entry(element).or_default() += 1;
    }
    let is_missing = |element: &&String| match count.get_mut(element.as_str()) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    };
    left.iter().filter(is_missing).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::TypeId;

    fn between(
        (type_id, name): (TypeId, &str),
        from: Option<&str>,
        to: Option<&str>,
    ) -> Option<[Vec<String>; 2]> {
        let found = ListChange::between(type_id.token(), name, from, to)?;
        Some([found.added, found.removed])
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| format!("\"{text}\"")).collect()
    }

    #[test]
    fn lists_gain_and_lose_each_element_as_often_as_they_do() {
        let mails = |from, to| between((TypeId::User, "otherMails"), from, to);
        let found = mails(Some(r#"["a","b","b"]"#), Some(r#"["b","c"]"#));
        assert_eq!(found, Some([texts(&["c"]), texts(&["a", "b"])]));
        assert_eq!(mails(None, Some(r#"["a"]"#)), Some([texts(&["a"]), Vec::new()]));
        assert_eq!(mails(Some(r#"["a"]"#), Some("null")), Some([Vec::new(), texts(&["a"])]));
        assert_eq!(mails(Some(r#"["a","b"]"#), Some(r#"["b","a"]"#)), Some([Vec::new(), Vec::new()]));
        assert_eq!(mails(Some("\"a\""), Some("\"b\"")), None);
        assert_eq!(mails(Some("\"a\""), Some("[]")), None);
    }

    #[test]
    fn texts_that_list_names_are_lists() {
        let scope = (TypeId::Oauth2PermissionGrant, "scope");
        let found = between(scope, Some("\" Mail.Read  User.Read\""), Some("\"User.Read Mail.Send\""));
        assert_eq!(found, Some([texts(&["Mail.Send"]), texts(&["Mail.Read"])]));
        let listed = |name| listed_names(scope.0.token(), name, Some("\" b  a\""));
        assert_eq!(listed("scope").as_deref(), Some(r#"["b","a"]"#));
        assert_eq!(listed("consentType"), None);
    }
}
