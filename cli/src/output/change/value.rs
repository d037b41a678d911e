//! Two JSON texts, path by path: what differs inside complex values, and what lists gain and lose.
//!
//! Invariant: differences of one value to two others are alike only when these two are.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// How deep paths go; what differs below is shown whole.
const DEPTH_MAX: usize = 32;

/// A difference at a path; what is not there has no text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ValueDifference<'text> {
    /// The value is another one.
    Value { path: String, from: Option<&'text str>, to: Option<&'text str> },
    /// The list has other elements, each as often as it is listed here.
    List {
        path: String,
        removed: Vec<&'text str>,
        added: Vec<&'text str>,
        /// The new list, where its order does not follow from these.
        order: Option<&'text str>,
    },
}

/// The differences of the two values at a path.
pub(crate) fn differences<'text>(
    path: &str,
    from: Option<&'text str>,
    to: Option<&'text str>,
) -> Vec<ValueDifference<'text>> {
    let mut found = Vec::new();
    collect(path.to_owned(), from, to, DEPTH_MAX, &mut found);
    found
}

fn collect<'text>(
    path: String,
    from: Option<&'text str>,
    to: Option<&'text str>,
    depth_left: usize,
    found: &mut Vec<ValueDifference<'text>>,
) {
    if from == to {
        return;
    }
    if let (Some(before), Some(after)) = (from, to) {
        let members = members(before).zip(members(after)).filter(|_| depth_left > 0);
        if let Some((before, after)) = members.filter(|(b, a)| !b.is_empty() && !a.is_empty()) {
            let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                let text = |of: &BTreeMap<String, &'text RawValue>| of.get(name).map(|value| value.get());
                let path = format!("{path}.{}", path_part(name));
                collect(path, text(&before), text(&after), depth_left - 1, found);
            }
            return;
        }
        if let Some((before, after_elements)) = elements(before).zip(elements(after))
            && let Some(list) = list(&path, &before, &after_elements, after)
        {
            found.push(list);
            return;
        }
    }
    found.push(ValueDifference::Value { path, from, to });
}

fn members(text: &str) -> Option<BTreeMap<String, &RawValue>> {
    serde_json::from_str(text).ok()
}

fn elements(text: &str) -> Option<Vec<&str>> {
    let elements: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    Some(elements.into_iter().map(RawValue::get).collect())
}

/// What a list gains and loses; nothing when that does not tell the lists apart.
fn list<'text>(
    path: &str,
    before: &[&'text str],
    after: &[&'text str],
    whole: &'text str,
) -> Option<ValueDifference<'text>> {
    let (removed, added) = (without(before, after), without(after, before));
    if removed.is_empty() && added.is_empty() {
        return None;
    }
    let mut expected = without(before, &removed);
    expected.extend(&added);
    let order = (expected != after).then_some(whole);
    Some(ValueDifference::List { path: path.to_owned(), removed, added, order })
}

/// The elements of `left` that are not in `right`, each as often as it is missing there.
fn without<'text>(left: &[&'text str], right: &[&'text str]) -> Vec<&'text str> {
    let mut count = std::collections::HashMap::new();
    for element in right {
        *count.entry(*element).or_insert(0_usize) += 1;
    }
    let is_missing = |element: &&'text str| match count.get_mut(element) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    };
    left.iter().copied().filter(is_missing).collect()
}

/// A name as a part of a path: one that could be read as several is quoted.
pub(crate) fn path_part(name: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "_-@$".contains(letter);
    let is_simple = !name.is_empty() && name.chars().all(is_plain);
    let is_annotation = name.starts_with("@odata.") || name.ends_with("@odata.type");
    if is_simple || is_annotation {
        name.to_owned()
    } else {
        serde_json::to_string(name).expect("a string is always JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists<'text>(from: &'text str, to: &'text str) -> (Vec<&'text str>, Vec<&'text str>, bool) {
        match differences("p", Some(from), Some(to)).as_slice() {
            [ValueDifference::List { removed, added, order, .. }] => {
                (removed.clone(), added.clone(), order.is_some())
            }
            other => panic!("expected a list, found {other:?}"),
        }
    }

    #[test]
    fn repeated_elements_are_counted_and_order_is_told_where_it_does_not_follow() {
        assert_eq!(lists("[1,1,2]", "[1,2]"), (vec!["1"], vec![], false));
        assert_eq!(lists("[1,2]", "[2,3]"), (vec!["1"], vec!["3"], false));
        assert_eq!(lists("[2,3]", "[1,2,3]"), (vec![], vec!["1"], true));
        assert_eq!(lists("[]", "[1]"), (vec![], vec!["1"], false));
        for (from, to) in [("[1,2]", "[2,1]"), ("1", "[2]"), ("{}", "[]"), ("[]", "null")] {
            let value = ValueDifference::Value { path: "p".to_owned(), from: Some(from), to: Some(to) };
            assert_eq!(differences("p", Some(from), Some(to)), [value]);
        }
    }

    #[test]
    fn paths_lead_to_what_differs_and_names_in_them_are_no_paths() {
        let paths = |from, to| -> Vec<String> {
            let found = differences("p", Some(from), Some(to)).into_iter();
            found
                .map(|it| match it {
                    ValueDifference::Value { path, .. } | ValueDifference::List { path, .. } => path,
                })
                .collect()
        };
        assert_eq!(paths(r#"{"a":{"b":1,"c":2}}"#, r#"{"a":{"b":1,"c":3}}"#), ["p.a.c"]);
        assert_eq!(paths(r#"{"a":1}"#, r#"{"a.b":2}"#), ["p.a", "p.\"a.b\""]);
        assert_eq!(paths(r#"{"a":1}"#, "{}"), ["p"]);
        let deep = |value: &str| format!("{}{value}{}", r#"{"a":"#.repeat(5_000), "}".repeat(5_000));
        assert_eq!(paths(&deep("1"), &deep("2")).len(), 1);
    }
}
