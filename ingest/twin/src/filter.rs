//! Owns `$filter` and `$search`: the expressions of clients as a tree, and whether an object fulfils one.

mod parse;

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use crate::body::{Body, to_text};
pub(crate) use parse::{parse, parse_search};

/// A condition on an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    Compare {
        path: String,
        operator: Operator,
        value: Value,
    },
    In {
        path: String,
        values: Vec<Value>,
    },
    Text {
        function: Function,
        path: String,
        value: String,
    },
    /// Some element of a collection fulfils the condition; the path `""` in it is the element itself.
    Any {
        path: String,
        condition: Option<Box<Filter>>,
    },
    All {
        path: String,
        condition: Box<Filter>,
    },
    /// How many elements a collection has.
    Count {
        path: String,
        operator: Operator,
        value: Value,
    },
    IsOf(String),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A test on a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    StartsWith,
    EndsWith,
    Contains,
    /// As `$search` does: the beginning of a word.
    Word,
}

impl Filter {
    /// Gives a property that is compared in a way that needs an advanced query.
    pub(crate) fn advanced_property(&self) -> Option<&str> {
        match self {
            Self::And(left, right) | Self::Or(left, right) => {
                left.advanced_property().or_else(|| right.advanced_property())
            }
            Self::Not(inner) => Some(inner.any_property()),
            Self::Compare { path, operator: Operator::NotEqual, .. }
            | Self::Text { path, function: Function::EndsWith | Function::Contains, .. }
            | Self::Count { path, .. } => Some(path),
            _ => None,
        }
    }

    fn any_property(&self) -> &str {
        match self {
            Self::And(left, _) | Self::Or(left, _) => left.any_property(),
            Self::Not(inner) => inner.any_property(),
            Self::Compare { path, .. }
            | Self::In { path, .. }
            | Self::Text { path, .. }
            | Self::Any { path, .. }
            | Self::All { path, .. }
            | Self::Count { path, .. } => path,
            Self::IsOf(_) => "id",
        }
    }

    /// Gives the IDs, where the condition is nothing but a choice of IDs.
    pub(crate) fn ids(&self) -> Option<Vec<&str>> {
        match self {
            Self::Compare { path, operator: Operator::Equal, value } if path == "id" => {
                Some(vec![value.as_str()?])
            }
            Self::In { path, values } if path == "id" => values.iter().map(Value::as_str).collect(),
            Self::Or(left, right) => {
                let mut ids = left.ids()?;
                ids.extend(right.ids()?);
                Some(ids)
            }
            _ => None,
        }
    }

    /// Gives the types that `isof` names, where the condition is nothing else, or that and IDs.
    pub(crate) fn types(&self) -> Vec<&str> {
        match self {
            Self::IsOf(name) => vec![name],
            Self::And(left, right) | Self::Or(left, right) => {
                let mut types = left.types();
                types.extend(right.types());
                types
            }
            _ => Vec::new(),
        }
    }

    /// Says whether an object of a type fulfils it.
    pub(crate) fn matches(&self, body: &Body, odata_type: &str) -> bool {
        match self {
            Self::And(left, right) => left.matches(body, odata_type) && right.matches(body, odata_type),
            Self::Or(left, right) => left.matches(body, odata_type) || right.matches(body, odata_type),
            Self::Not(inner) => !inner.matches(body, odata_type),
            Self::IsOf(name) => name == odata_type,
            Self::Compare { path, operator: Operator::Equal, value: Value::String(text) }
                if !path.contains('/') =>
            {
                // The commonest condition, decided without building a tree.
                body.text(path).is_some_and(|found| found.eq_ignore_ascii_case(text))
            }
            _ => self.matches_value(&|path| value_at(body, path)),
        }
    }

    fn matches_value(&self, value_of: &dyn Fn(&str) -> Value) -> bool {
        match self {
            Self::And(left, right) => left.matches_value(value_of) && right.matches_value(value_of),
            Self::Or(left, right) => left.matches_value(value_of) || right.matches_value(value_of),
            Self::Not(inner) => !inner.matches_value(value_of),
            Self::IsOf(_) => false,
            Self::Compare { path, operator, value } => compare(&value_of(path), *operator, value),
            Self::In { path, values } => {
                let found = value_of(path);
                values.iter().any(|value| compare(&found, Operator::Equal, value))
            }
            Self::Text { function, path, value } => {
                value_of(path).as_str().is_some_and(|text| function.holds(text, value))
            }
            Self::Any { path, condition } => {
                elements(&value_of(path)).iter().any(|element| match condition {
                    Some(condition) => condition.matches_value(&|path| inside(element, path)),
                    None => true,
                })
            }
            Self::All { path, condition } => elements(&value_of(path))
                .iter()
                .all(|element| condition.matches_value(&|path| inside(element, path))),
            Self::Count { path, operator, value } => {
                let count = Value::from(elements(&value_of(path)).len());
                compare(&count, *operator, value)
            }
        }
    }
}

impl Function {
    fn holds(self, text: &str, value: &str) -> bool {
        let (text, value) = (text.to_lowercase(), value.to_lowercase());
        match self {
            Self::StartsWith => text.starts_with(&value),
            Self::EndsWith => text.ends_with(&value),
            Self::Contains => text.contains(&value),
            Self::Word => text
                .match_indices(&value)
                .any(|(offset, _)| !text[..offset].ends_with(|before: char| before.is_alphanumeric())),
        }
    }
}

fn elements(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn value_at(body: &Body, path: &str) -> Value {
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    inside(&body.tree(first), rest)
}

fn inside(value: &Value, path: &str) -> Value {
    let mut found = value;
    for name in path.split('/').filter(|name| !name.is_empty()) {
        match found.get(name) {
            Some(inner) => found = inner,
            None => return Value::Null,
        }
    }
    found.clone()
}

fn compare(found: &Value, operator: Operator, value: &Value) -> bool {
    let order = match (found, value) {
        (Value::String(left), Value::String(right)) => Some(compare_texts(left, right)),
        (Value::Number(left), Value::Number(right)) => {
            left.as_f64().zip(right.as_f64()).and_then(|(left, right)| left.partial_cmp(&right))
        }
        (left, right) if left == right => Some(Ordering::Equal),
        _ => None,
    };
    match (operator, order) {
        (Operator::Equal, order) => order == Some(Ordering::Equal),
        (Operator::NotEqual, order) => order != Some(Ordering::Equal),
        (_, None) => false,
        (Operator::Less, Some(order)) => order.is_lt(),
        (Operator::LessOrEqual, Some(order)) => order.is_le(),
        (Operator::Greater, Some(order)) => order.is_gt(),
        (Operator::GreaterOrEqual, Some(order)) => order.is_ge(),
    }
}

/// Texts are equal whatever the case; moments of the same form sort as texts.
fn compare_texts(left: &str, right: &str) -> Ordering {
    if left.eq_ignore_ascii_case(right) {
        return Ordering::Equal;
    }
    left.to_lowercase().cmp(&right.to_lowercase())
}

/// Sorts as `$orderby` does: null first, then by value.
pub(crate) fn sort_key(body: &Body, path: &str) -> (u8, String) {
    match body.value(path).map(|value| to_text(value).unwrap_or(Cow::Borrowed(value))) {
        None => (0, String::new()),
        Some(text) if text == "null" => (0, String::new()),
        Some(text) => (1, text.to_lowercase()),
    }
}
