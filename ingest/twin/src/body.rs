//! Owns the JSON of one object in memory: member after member in one text, so that a page is copied, not built.
//!
//! *Shape.* Objects with the same property names in the same order share a [`Shape`]; an object holds its text
//! `"id":"…","displayName":"…",` and where each member ends. Default properties are first, so the default
//! form of an object is one run of its text.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::resource::Kind;

/// The property names of objects, in order.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) names: Vec<Arc<str>>,
    indexes: HashMap<Arc<str>, usize>,
}

impl Shape {
    fn new(names: Vec<Arc<str>>) -> Self {
        let indexes = names.iter().cloned().enumerate().map(|(index, name)| (name, index)).collect();
        Self { names, indexes }
    }

    /// Says whether objects of this shape have a property.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.indexes.contains_key(name)
    }
}

/// One object's members.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    shape: Arc<Shape>,
    /// Where each member ends, its comma included.
    ends: Box<[u32]>,
    text: Box<str>,
}

/// Names and values of a JSON object, in the order of its text.
pub(crate) type Members<'a> = Vec<(Cow<'a, str>, &'a str)>;

/// Splits a JSON object into names and values; none when it is not one.
pub(crate) fn split(text: &str) -> Option<Members<'_>> {
    struct Visitor;
    impl<'de> serde::de::Visitor<'de> for Visitor {
        type Value = Members<'de>;
        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("an object")
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::with_capacity(64);
            while let Some(Name(name)) = map.next_key()? {
                let value: &'de RawValue = map.next_value()?;
                members.push((name, value.get()));
            }
            Ok(members)
        }
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let members = serde::Deserializer::deserialize_map(&mut reader, Visitor).ok()?;
    reader.end().ok()?;
    Some(members)
}

/// A name that is borrowed unless it holds escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// All shapes, and the order in which members of arriving objects are kept.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    orders: HashMap<(Kind, String), Arc<Order>>,
    known: HashMap<String, Arc<Shape>>,
    ranks: HashMap<Kind, HashMap<&'static str, usize>>,
    names: HashMap<String, Arc<str>>,
}

/// How arriving objects with certain names are kept: their shape, and for each of its names the index of the arriving
/// member.
#[derive(Debug)]
struct Order {
    shape: Arc<Shape>,
    sources: Vec<usize>,
}

impl Shapes {
    /// Keeps members in the order of their type.
    pub(crate) fn body(&mut self, kind: Kind, members: &[(Cow<'_, str>, &str)]) -> Body {
        let order = self.order(kind, members);
        let length = members.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        let mut text = String::with_capacity(length);
        let mut ends = Vec::with_capacity(members.len());
        for &source in &order.sources {
            let (name, value) = &members[source];
            push_name(&mut text, name);
            text.push_str(value);
            text.push(',');
            ends.push(u32::try_from(text.len()).expect("objects are far below 4 GiB"));
        }
        Body { shape: Arc::clone(&order.shape), ends: ends.into(), text: text.into() }
    }

    fn order(&mut self, kind: Kind, members: &[(Cow<'_, str>, &str)]) -> Arc<Order> {
        let mut key = String::with_capacity(members.len() * 20);
        for (name, _) in members {
            key.push_str(name);
            key.push('\n');
        }
        if let Some(order) = self.orders.get(&(kind, key.clone())) {
            return Arc::clone(order);
        }
        let order = Arc::new(self.new_order(kind, members));
        self.orders.insert((kind, key), Arc::clone(&order));
        order
    }

    fn new_order(&mut self, kind: Kind, members: &[(Cow<'_, str>, &str)]) -> Order {
        let ranks = self.ranks.entry(kind).or_insert_with(|| ranks(kind));
        let rank = |name: &str| ranks.get(name).copied().unwrap_or(usize::MAX);
        // The last of a doubled name wins.
        let mut sources: Vec<usize> = (0..members.len())
            .filter(|&index| !members[index + 1..].iter().any(|(name, _)| *name == members[index].0))
            .collect();
        sources.sort_by_key(|&index| rank(&members[index].0));
        let names: Vec<Arc<str>> = sources
            .iter()
            .map(|&index| {
                let name = &*members[index].0;
                Arc::clone(self.names.entry(name.to_owned()).or_insert_with(|| name.into()))
            })
            .collect();
        let shape = self.known.entry(names.join("\n")).or_insert_with(|| Arc::new(Shape::new(names)));
        Order { shape: Arc::clone(shape), sources }
    }
}

/// Type and ID first, then default properties, then the others in the order of the table.
fn ranks(kind: Kind) -> HashMap<&'static str, usize> {
    let resource = kind.resource();
    let names = ["@odata.type", "id"].into_iter();
    let names = names.chain(resource.defaults.iter().copied());
    let names = names.chain(resource.select.iter().copied());
    let mut ranks = HashMap::new();
    for name in names {
        let next = ranks.len();
        ranks.entry(name).or_insert(next);
    }
    ranks
}

fn push_name(text: &mut String, name: &str) {
    if name.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        text.push('"');
        text.push_str(name);
        text.push_str("\":");
    } else {
        text.push_str(&Value::from(name).to_string());
        text.push(':');
    }
}

impl Body {
    /// Gives the shape.
    pub(crate) fn shape(&self) -> &Arc<Shape> {
        &self.shape
    }

    /// Gives members as text, each with a comma behind it: those from one index up to another.
    pub(crate) fn run(&self, from: usize, to: usize) -> &str {
        &self.text[self.start(from)..self.start(to)]
    }

    fn start(&self, index: usize) -> usize {
        if index == 0 { 0 } else { self.ends[index - 1] as usize }
    }

    /// Walks over names and values.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&Arc<str>, &str)> {
        self.shape.names.iter().enumerate().map(|(index, name)| (name, self.value_at(index)))
    }

    /// Gives a value as JSON.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.shape.indexes.get(name).map(|&index| self.value_at(index))
    }

    fn value_at(&self, index: usize) -> &str {
        let member = self.run(index, index + 1);
        let name = &self.shape.names[index];
        let plain = name.len() + 3;
        // A name with escapes is longer in the text than in memory; none of Graph's is.
        let start = if member.as_bytes().get(plain - 1) == Some(&b':') {
            plain
        } else {
            member.find("\":").map_or(plain, |found| found + 2)
        };
        &member[start..member.len() - 1]
    }

    /// Gives a text value.
    pub(crate) fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        to_text(self.value(name)?)
    }

    /// Gives a value as a tree; null when it was never set.
    pub(crate) fn tree(&self, name: &str) -> Value {
        self.value(name).and_then(|value| serde_json::from_str(value).ok()).unwrap_or(Value::Null)
    }

    /// Says whether a value is `true`.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.value(name) == Some("true")
    }

    /// Gives the members as they would arrive.
    pub(crate) fn to_members(&self) -> Members<'_> {
        self.members().map(|(name, value)| (Cow::Borrowed(&**name), value)).collect()
    }
}

/// Reads a JSON string.
pub(crate) fn to_text(value: &str) -> Option<Cow<'_, str>> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        return serde_json::from_str::<String>(value).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}
