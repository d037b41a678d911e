//! One object as a snapshot holds it.

use std::sync::Arc;

use crate::schema;

/// Names an object: its type and its ID.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// Type token, such as `user`.
    pub type_token: Arc<str>,
    /// The ID as Graph gives it; of a relation object the text of its natural key.
    pub id: String,
}

/// One object at one point in time.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its type and ID.
    pub key: ObjectKey,
    /// Whether it lies in the recycle bin.
    pub deleted: bool,
    /// Its links: relation, and target IDs in ascending order.
    pub links: Vec<(Arc<str>, Vec<String>)>,
    text: String,
}

impl Object {
    pub(crate) fn new(
        key: ObjectKey,
        deleted: bool,
        text: String,
        links: Vec<(Arc<str>, Vec<String>)>,
    ) -> Self {
        Self { key, deleted, links, text }
    }

    /// Its properties as a JSON object text, `id` and `@odata.type` included, links left out. Exact: numbers
    /// keep all their digits.
    #[must_use]
    pub fn attributes_json(&self) -> &str {
        &self.text
    }

    /// Its properties; numbers beyond 64 bits come as doubles.
    #[must_use]
    pub fn attributes(&self) -> serde_json::Map<String, serde_json::Value> {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The object as Graph JSON text: attributes, then each observed relation under its Graph name, as an array
    /// of IDs; a relation to one object as its ID, or null.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = self.text.clone();
        let attributes = self.attributes();
        for (relation, targets) in &self.links {
            if attributes.contains_key(&**relation) {
                continue;
            }
            json.truncate(json.len() - 1);
            json.push(',');
            json.push_str(&serde_json::Value::from(&**relation).to_string());
            json.push(':');
            let is_to_one = schema::by_token(&self.key.type_token)
                .and_then(|info| info.relation(relation))
                .is_some_and(|relation| relation.to_one);
            let value = match (is_to_one, targets.as_slice()) {
                (true, []) => serde_json::Value::Null,
                (true, [target]) => target.as_str().into(),
                _ => targets.clone().into(),
            };
            json.push_str(&value.to_string());
            json.push('}');
        }
        json
    }

    /// The display name, or an empty text.
    #[must_use]
    pub fn display_name(&self) -> String {
        match self.attributes().remove("displayName") {
            Some(serde_json::Value::String(name)) => name,
            _ => String::new(),
        }
    }
}
