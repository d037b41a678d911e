//! Owns values by name, in order, in as little room as there is: a plan has millions of these with one or two names each, and
//! a tree has room for eleven from its first on.

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// Entries up to which room is made for one more only.
const SMALL: usize = 8;

/// Values by name, in the order of the names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<V = Value> {
    entries: Vec<(String, V)>,
}

impl<V> Default for Named<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V> Named<V> {
    /// No value.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|(other, _)| other.as_str().cmp(name))
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&V> {
        self.find(name).ok().map(|index| &self.entries[index].1)
    }

    /// The value of a name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        self.find(name).ok().map(|index| &mut self.entries[index].1)
    }

    /// Whether a name has a value.
    #[must_use]
    pub fn contains_key(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    /// Gives a name a value; returns the one that it had.
    pub fn insert(&mut self, name: String, value: V) -> Option<V> {
        match self.find(&name) {
            Ok(index) => Some(std::mem::replace(&mut self.entries[index].1, value)),
            Err(index) => {
                if self.entries.len() < SMALL {
                    self.entries.reserve_exact(1);
                }
                self.entries.insert(index, (name, value));
                None
            }
        }
    }

    /// Takes a name and its value away.
    pub fn remove(&mut self, name: &str) -> Option<V> {
        self.find(name).ok().map(|index| self.entries.remove(index).1)
    }

    /// Keeps what a test holds of.
    pub fn retain(&mut self, mut keeps: impl FnMut(&String, &mut V) -> bool) {
        self.entries.retain_mut(|(name, value)| keeps(name, value));
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Names and values in order.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, V> {
        Iter(self.entries.iter())
    }

    /// The names in order.
    #[must_use]
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &String> + Clone {
        self.entries.iter().map(|(name, _)| name)
    }

    /// The values in the order of their names.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.iter().map(|(_, value)| value)
    }

    /// The values in the order of their names, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().map(|(_, value)| value)
    }

    /// Names, and values to be changed, in order.
    pub fn each_mut(&mut self) -> impl Iterator<Item = (&String, &mut V)> {
        self.entries.iter_mut().map(|(name, value)| (&*name, value))
    }
}

/// Goes over names and values.
#[derive(Debug)]
pub struct Iter<'n, V>(std::slice::Iter<'n, (String, V)>);

impl<V> Clone for Iter<'_, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<'n, V> Iterator for Iter<'n, V> {
    type Item = (&'n String, &'n V);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (name, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<'n, V> IntoIterator for &'n Named<V> {
    type Item = (&'n String, &'n V);
    type IntoIter = Iter<'n, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<V> IntoIterator for Named<V> {
    type Item = (String, V);
    type IntoIter = std::vec::IntoIter<(String, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<V> Extend<(String, V)> for Named<V> {
    fn extend<T: IntoIterator<Item = (String, V)>>(&mut self, entries: T) {
        for (name, value) in entries {
            self.insert(name, value);
        }
    }
}

impl<V> FromIterator<(String, V)> for Named<V> {
    fn from_iter<T: IntoIterator<Item = (String, V)>>(entries: T) -> Self {
        let mut named = Self::new();
        named.extend(entries);
        named
    }
}

impl<V, const COUNT: usize> From<[(String, V); COUNT]> for Named<V> {
    fn from(entries: [(String, V); COUNT]) -> Self {
        entries.into_iter().collect()
    }
}

impl From<Map<String, Value>> for Named {
    fn from(map: Map<String, Value>) -> Self {
        let mut named = Self { entries: Vec::with_capacity(map.len()) };
        named.extend(map);
        named
    }
}

/// The value of a name that is there.
impl<V> std::ops::Index<&str> for Named<V> {
    type Output = V;

    fn index(&self, name: &str) -> &V {
        self.get(name).expect("whoever asks by index knows that the name is there")
    }
}

impl<V: Serialize> Serialize for Named<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (name, value) in self {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Named<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries(std::marker::PhantomData))
    }
}

struct Entries<V>(std::marker::PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for Entries<V> {
    type Value = Named<V>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut named = Named::new();
        while let Some((name, value)) = map.next_entry()? {
            // Of a duplicate name the last value counts, as in every map that is read.
            named.insert(name, value);
        }
        Ok(named)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_map(
            changes in prop::collection::vec(("[a-e]{0,2}", any::<Option<u8>>()), 0..40),
            asked in "[a-e]{0,2}",
        ) {
            let (mut named, mut map) = (Named::new(), BTreeMap::new());
            for (name, value) in changes {
                if let Some(value) = value {
                    prop_assert_eq!(named.insert(name.clone(), value), map.insert(name, value));
                } else {
                    prop_assert_eq!(named.remove(&name), map.remove(&name));
                }
            }
            prop_assert_eq!(named.get(&asked), map.get(&asked));
            prop_assert_eq!(named.contains_key(&asked), map.contains_key(&asked));
            prop_assert!(named.iter().eq(map.iter()) && named.keys().eq(map.keys()));
            prop_assert_eq!(named.len(), map.len());
            let text = serde_json::to_string(&named).unwrap();
            prop_assert_eq!(&text, &serde_json::to_string(&map).unwrap());
            prop_assert_eq!(serde_json::from_str::<Named<u8>>(&text).unwrap(), named);
        }
    }
}
