//! Owns the body of a request before it leaves: JSON, nearly always an object of a few members, in as little room as there is.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::Named;

/// The body of a request; null when it has none.
#[derive(Debug, Clone, PartialEq)]
pub struct Body(BodyForm);

#[derive(Debug, Clone, PartialEq)]
enum BodyForm {
    Object(Named),
    /// Whatever is no object.
    Other(Value),
}

impl Default for Body {
    fn default() -> Self {
        Self::NULL
    }
}

impl Body {
    /// No body.
    pub const NULL: Self = Self(BodyForm::Other(Value::Null));

    /// Whether there is none.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(&self.0, BodyForm::Other(Value::Null))
    }

    /// The members, of an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Named> {
        match &self.0 {
            BodyForm::Object(members) => Some(members),
            BodyForm::Other(_) => None,
        }
    }

    /// The members, of an object, to be changed.
    pub fn as_object_mut(&mut self) -> Option<&mut Named> {
        match &mut self.0 {
            BodyForm::Object(members) => Some(members),
            BodyForm::Other(_) => None,
        }
    }

    /// A member, of an object that has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_object().and_then(|members| members.get(name))
    }

    /// Gives an object a member; what is none becomes one.
    pub fn set(&mut self, name: &str, value: Value) {
        if let BodyForm::Other(_) = &self.0 {
            self.0 = BodyForm::Object(Named::new());
        }
        if let BodyForm::Object(members) = &mut self.0 {
            members.insert(name.to_owned(), value);
        }
    }

    /// The same as JSON.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match &self.0 {
            BodyForm::Object(members) => {
                members.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
            }
            BodyForm::Other(value) => value.clone(),
        }
    }
}

impl From<Value> for Body {
    fn from(value: Value) -> Self {
        match value {
            Value::Object(members) => Self(BodyForm::Object(members.into())),
            other => Self(BodyForm::Other(other)),
        }
    }
}

impl From<Named> for Body {
    fn from(members: Named) -> Self {
        Self(BodyForm::Object(members))
    }
}

impl PartialEq<Value> for Body {
    fn eq(&self, other: &Value) -> bool {
        match (&self.0, other) {
            (BodyForm::Object(members), Value::Object(others)) => members.iter().eq(others.iter()),
            (BodyForm::Other(own), other) => own == other,
            (BodyForm::Object(_), _) => false,
        }
    }
}

/// A member; null where there is none.
impl std::ops::Index<&str> for Body {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&Value::Null)
    }
}

impl std::fmt::Display for Body {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&serde_json::to_string(self).map_err(|_| std::fmt::Error)?)
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            BodyForm::Object(members) => members.serialize(serializer),
            BodyForm::Other(value) => value.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Value::deserialize(deserializer)?.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_is_the_json_that_it_was_made_of() {
        for value in
            [json!(null), json!({}), json!({"b": 1, "a": [null, {"c": "d"}]}), json!([1]), json!("text")]
        {
            let body = Body::from(value.clone());
            assert_eq!(body, value);
            assert_eq!(body.to_value(), value);
            assert_eq!(serde_json::to_value(&body).unwrap(), value);
            assert_eq!(serde_json::from_value::<Body>(value.clone()).unwrap(), body);
            assert_eq!(body.to_string(), value.to_string());
            assert_eq!(body.is_null(), value.is_null());
            assert_ne!(body, json!({"b": 2}));
        }
        let mut body = Body::NULL;
        body.set("a", json!(1));
        assert_eq!((&body["a"], &body["b"]), (&json!(1), &Value::Null));
    }
}
