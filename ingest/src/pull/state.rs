//! Owns what a backup leaves for the next one: where delta queries go on, and when each thing was last read whole.

use std::collections::{BTreeMap, BTreeSet};

use engine::coverage::{Gap, GapScope};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Changes when older states can no longer be gone on from.
const VERSION: u32 = 1;

/// What a backup from Graph keeps with itself for the next one. Links hold no secret: they say where a feed stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SourceState {
    version: u32,
    /// Scheme and host that the links lead to.
    pub(super) endpoint: String,
    /// By type: where its delta query goes on, and what it selected.
    pub(super) delta: BTreeMap<String, Feed>,
    /// By type, or type and relation: when what no delta tells was last read.
    pub(super) swept: BTreeMap<String, Timestamp>,
    /// When everything was last read whole.
    pub(super) full_at: Option<Timestamp>,
    /// What could not be read or believed.
    #[serde(default, skip_serializing_if = "Pending::is_empty")]
    pub(super) again: Pending,
}

/// What could not be read or believed, or was changed by a recovery: the next backup asks it again, whatever a delta
/// query tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Pending {
    /// Types.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) types: BTreeSet<String>,
    /// Types of which the bin is meant.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) bins: BTreeSet<String>,
    /// Relations, such as `user.sponsors`.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) relations: BTreeSet<String>,
    /// Objects with all their relations, by type.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) objects: BTreeMap<String, BTreeSet<String>>,
    /// Objects of which one relation is meant, by relation.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) links: BTreeMap<String, BTreeSet<String>>,
    /// Properties that Graph did not know, by type, each with what it said: a delta query that nobody asks for them tells
    /// nothing of it, so they stay marked until Graph knows them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) properties: BTreeMap<String, BTreeMap<String, String>>,
}

/// Objects of a type that are remembered one by one; of more the whole type is read again.
const PENDING_COUNT_MAX: usize = 10_000;

impl Pending {
    /// Adds what another one names.
    pub(super) fn extend(&mut self, other: Self) {
        self.types.extend(other.types);
        self.bins.extend(other.bins);
        self.relations.extend(other.relations);
        for (into, from) in [(&mut self.objects, other.objects), (&mut self.links, other.links)] {
            for (name, ids) in from {
                into.entry(name).or_default().extend(ids);
            }
        }
        for (token, names) in other.properties {
            self.properties.entry(token).or_default().extend(names);
        }
    }

    /// Takes note of a property that Graph does not know.
    pub(super) fn note_property(&mut self, token: &str, name: &str, reason: &str) {
        let names = self.properties.entry(token.to_owned()).or_default();
        names.insert(name.to_owned(), reason.to_owned());
    }

    /// Forgets the properties of a type that are asked for again.
    pub(super) fn forget_properties(&mut self, token: &str, asked: &[String]) {
        if let Some(names) = self.properties.get_mut(token) {
            names.retain(|name, _| !asked.contains(name));
        }
        self.properties.retain(|_, names| !names.is_empty());
    }

    /// Forgets what concerns a type.
    pub(super) fn forget(&mut self, token: &str) {
        let is_of = |name: &String| name.split('.').next() == Some(token);
        for names in [&mut self.types, &mut self.bins, &mut self.relations] {
            names.retain(|name| !is_of(name));
        }
        for names in [&mut self.objects, &mut self.links] {
            names.retain(|name, _| !is_of(name));
        }
    }

    /// Whether anything of a type is named.
    pub(super) fn names(&self, token: &str) -> bool {
        let is_of = |name: &String| name.split('.').next() == Some(token);
        [&self.types, &self.bins, &self.relations].into_iter().flatten().any(is_of)
            || self.objects.keys().chain(self.links.keys()).any(is_of)
    }

    /// Whether a type names so many objects that some were not remembered one by one.
    pub(super) fn overflows(&self, token: &str) -> bool {
        self.types.contains(token)
            && self.objects.get(token).is_some_and(|ids| ids.len() >= PENDING_COUNT_MAX)
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes note of what could not be read.
    pub(super) fn note(&mut self, gap: &Gap) {
        let token = &gap.type_token;
        match &gap.scope {
            GapScope::Type => _ = self.types.insert(token.clone()),
            GapScope::Bin => _ = self.bins.insert(token.clone()),
            GapScope::Relation(relation) => _ = self.relations.insert(format!("{token}.{relation}")),
            GapScope::Object(id) => self.note_object(token, id),
            GapScope::Links { source, relation } => {
                let sources = self.links.entry(format!("{token}.{relation}")).or_default();
                if sources.len() < PENDING_COUNT_MAX {
                    sources.insert(source.clone());
                } else {
                    self.relations.insert(format!("{token}.{relation}"));
                }
            }
            // Every backup asks for all properties that it may ask for; of those that Graph does not know see above.
            GapScope::Property(_) => {}
        }
    }

    /// Takes note of an object.
    pub(super) fn note_object(&mut self, token: &str, id: &str) {
        // What lives below one object is read with what lives below all others.
        if id.starts_with("below ") {
            self.types.insert(token.to_owned());
            return;
        }
        let ids = self.objects.entry(token.to_owned()).or_default();
        if ids.len() < PENDING_COUNT_MAX {
            ids.insert(id.to_owned());
        } else {
            self.types.insert(token.to_owned());
        }
    }

    /// Whether a relation of a type has to be read whole.
    pub(super) fn names_relation(&self, token: &str, relation: &str) -> bool {
        self.relations.contains(&format!("{token}.{relation}"))
    }

    /// The objects of a type.
    pub(super) fn objects_of(&self, token: &str) -> Vec<String> {
        self.objects.get(token).into_iter().flatten().cloned().collect()
    }

    /// The objects of which one relation is meant.
    pub(super) fn links_of(&self, token: &str, relation: &str) -> Vec<String> {
        self.links.get(&format!("{token}.{relation}")).into_iter().flatten().cloned().collect()
    }
}

/// One delta query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Feed {
    /// Where the next round begins.
    pub(super) link: String,
    /// The properties that it tells of.
    pub(super) select: Vec<String>,
}

impl SourceState {
    pub(super) fn new(endpoint: &str) -> Self {
        Self { version: VERSION, endpoint: endpoint.to_owned(), ..Self::default() }
    }

    /// Reads a state; nothing when it is of another version or of another endpoint.
    pub(super) fn read(value: serde_json::Value, endpoint: &str) -> Option<Self> {
        let state: Self = serde_json::from_value(value).ok()?;
        (state.version == VERSION && state.endpoint == endpoint).then_some(state)
    }

    pub(super) fn to_value(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use engine::coverage::{Gap, GapScope};

    use super::{PENDING_COUNT_MAX, Pending};

    fn noted(scope: GapScope) -> Pending {
        let mut pending = Pending::default();
        pending.note(&Gap { type_token: "group".to_owned(), scope, reason: "503".to_owned(), count: 1 });
        pending
    }

    #[test]
    fn whatever_could_not_be_read_is_asked_again_until_its_type_is_read() {
        for scope in [
            GapScope::Type,
            GapScope::Bin,
            GapScope::Relation("members".to_owned()),
            GapScope::Object("a".to_owned()),
            GapScope::Object("below a".to_owned()),
            GapScope::Links { source: "a".to_owned(), relation: "members".to_owned() },
        ] {
            let mut pending = noted(scope.clone());
            assert!(pending.names("group") && !pending.names("groups"), "{scope:?}");
            pending.forget("user");
            assert!(pending.names("group"), "{scope:?}");
            pending.forget("group");
            assert_eq!(pending, Pending::default(), "{scope:?}");
        }
    }

    #[test]
    fn a_property_that_graph_does_not_know_stays_marked_until_it_is_asked_for() {
        let mut pending = Pending::default();
        pending.note_property("user", "state", "400");
        pending.forget("user");
        let mut later = Pending::default();
        later.extend(pending.clone());
        assert_eq!(later, pending, "it goes from one backup to the next");
        later.forget_properties("user", &["city".to_owned()]);
        later.forget_properties("group", &["state".to_owned()]);
        assert_eq!(later, pending);
        later.forget_properties("user", &["state".to_owned()]);
        assert_eq!(later, Pending::default());
    }

    #[test]
    fn a_type_of_which_too_many_objects_are_named_is_read_whole() {
        let mut pending = Pending::default();
        for number in 0..PENDING_COUNT_MAX {
            pending.note_object("user", &number.to_string());
        }
        assert!(!pending.overflows("user"));
        pending.note_object("user", "one more");
        assert!(pending.overflows("user") && !pending.overflows("group"));
        assert!(!noted(GapScope::Type).overflows("group"), "a broken round goes on from its link");
    }
}
