//! Elements of a list that stand on both sides under one identity, so that what differs in them is shown alone: an entry of
//! the permissions that an application requires, a credential, a setting.

use std::collections::{BTreeMap, HashMap};

use serde_json::value::RawValue;

/// Members that identify an element, the surest first.
const IDENTITIES: [&str; 6] = ["keyId", "resourceAppId", "id", "appId", "skuId", "name"];

/// What a list gains and loses.
pub(super) struct Pairs<'text> {
    /// Identity, and the element before and after.
    pub(super) changed: Vec<(String, &'text str, &'text str)>,
    pub(super) removed: Vec<&'text str>,
    pub(super) added: Vec<&'text str>,
}

/// Pairs removed and added elements whose identity stands once on either side.
pub(super) fn pair<'text>(removed: Vec<&'text str>, added: Vec<&'text str>) -> Pairs<'text> {
    let (before, after) = (by_identity(&removed), by_identity(&added));
    let mut changed = Vec::new();
    for element in &removed {
        let Some(identity) = identity(element) else { continue };
        if let (Some([from]), Some([to])) =
            (before.get(&identity).map(Vec::as_slice), after.get(&identity).map(Vec::as_slice))
        {
            changed.push((identity, *from, *to));
        }
    }
    let is_left = |element: &&str, is_from: bool| {
        !changed.iter().any(|(_, from, to)| std::ptr::eq(if is_from { *from } else { *to }, *element))
    };
    let left = |elements: Vec<&'text str>, is_from| {
        elements.into_iter().filter(|element| is_left(element, is_from)).collect()
    };
    let (removed, added) = (left(removed, true), left(added, false));
    Pairs { changed, removed, added }
}

fn by_identity<'text>(elements: &[&'text str]) -> HashMap<String, Vec<&'text str>> {
    let mut found: HashMap<String, Vec<&str>> = HashMap::new();
    for element in elements {
        if let Some(identity) = identity(element) {
            found.entry(identity).or_default().push(element);
        }
    }
    found
}

/// What identifies an element that is a complex value.
fn identity(element: &str) -> Option<String> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(element).ok()?;
    let text = |name: &&str| serde_json::from_str::<String>(members.get(*name)?.get()).ok();
    IDENTITIES.iter().find_map(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_pair_where_their_identity_is_sure() {
        let pairs = pair(
            vec![r#"{"id":"a","x":1}"#, r#"{"id":"b"}"#, r#"{"id":"c","x":1}"#, "1"],
            vec![r#"{"id":"a","x":2}"#, r#"{"id":"c","x":2}"#, r#"{"id":"c","x":3}"#, "1"],
        );
        assert_eq!(pairs.changed, [("a".to_owned(), r#"{"id":"a","x":1}"#, r#"{"id":"a","x":2}"#)]);
        assert_eq!(pairs.removed, [r#"{"id":"b"}"#, r#"{"id":"c","x":1}"#, "1"]);
        assert_eq!(pairs.added, [r#"{"id":"c","x":2}"#, r#"{"id":"c","x":3}"#, "1"]);
    }
}
