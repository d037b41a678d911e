//! Owns one object while it is written: its random numbers and its changes.

use super::churn::{DayState, ObjectHistory};
use super::json::{FIRST_DAY, Json, push_moment, push_number, push_padded};
use super::layout::{Key, Layout, ObjectKind};
use super::link;
use super::random::{Guid, Source};

/// Names of random numbers that belong to the table of attributes start here.
const ENTRY_BASE: u64 = 1000;
const ENTRY_STEP: u64 = 2000;

/// Everything known about one object on one day.
pub(crate) struct Draft<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) key: Key,
    pub(crate) source: Source,
    pub(crate) history: Option<&'a ObjectHistory>,
    /// Whether links are written as arrays of IDs inside the object.
    pub(crate) inline_links: bool,
}

impl<'a> Draft<'a> {
    /// Gathers the facts.
    pub(crate) fn new(layout: &'a Layout, state: &'a DayState, key: Key) -> Self {
        Self { layout, key, source: layout.source(key), history: state.history(key), inline_links: true }
    }

    /// Gives the ID.
    pub(crate) fn id(&self) -> Guid {
        self.source.guid(0)
    }

    /// Gives the partner of an object that an incident touched.
    pub(crate) fn hostile(&self) -> Option<u32> {
        self.history.and_then(|history| history.hostile)
    }

    /// Writes the owners, where links are wanted.
    pub(crate) fn owners(&self, json: &mut Json<'_>) {
        if self.inline_links {
            let owners = link::owners(self.layout, self.key);
            json.guids("owners", owners.map(|owner| self.layout.id(ObjectKind::User, owner)));
        }
    }

    /// Counts the changes of an entry.
    pub(crate) fn revision(&self, entry: usize) -> u16 {
        self.history.map_or(0, |history| history.revisions[entry])
    }

    /// Chooses among `len` values; every change of the entry chooses another value than before.
    pub(crate) fn choose(&self, entry: usize, len: usize) -> usize {
        let count = u32::try_from(len).unwrap_or(u32::MAX);
        self.number(entry, count) as usize
    }

    /// Draws a number below `bound`; every change of the entry gives another one than before.
    pub(crate) fn number(&self, entry: usize, bound: u32) -> u32 {
        let name = entry as u64;
        let start = u64::from(self.source.below(ENTRY_BASE + name, bound));
        let revision = self.revision(entry);
        if revision == 0 {
            return u32::try_from(start).unwrap_or(0);
        }
        let step = 1 + self.source.below(ENTRY_STEP + name, bound.saturating_sub(1));
        let moved = start + u64::from(revision) * u64::from(step);
        u32::try_from(moved % u64::from(bound.max(1))).unwrap_or(0)
    }

    /// Chooses from a list.
    pub(crate) fn pick<T: Copy>(&self, entry: usize, list: &[T]) -> T {
        list[self.choose(entry, list.len())]
    }

    /// Is true for `permille` of the objects, and the opposite after every change.
    pub(crate) fn truth(&self, entry: usize, permille: u32) -> bool {
        self.source.chance(ENTRY_BASE + entry as u64, permille) ^ (self.revision(entry) % 2 == 1)
    }

    /// Writes a moment that moves on with every change of the entry.
    pub(crate) fn moment(&self, json: &mut Json<'_>, name: &str, entry: usize) {
        let number = ENTRY_BASE + entry as u64;
        let revision = u32::from(self.revision(entry));
        // An entry changes at most once a day, so these days never lie ahead.
        let day = match revision {
            0 => FIRST_DAY - 1 - self.source.below(number, 700),
            _ => FIRST_DAY + revision,
        };
        let out = json.name(name);
        push_moment(out, day, self.source.below(number ^ u64::from(revision) << 20, 86_400));
        out.push(',');
    }

    /// Writes when the object was made.
    pub(crate) fn created(&self, json: &mut Json<'_>) {
        let day = match self.history {
            Some(history) if history.born > 0 => FIRST_DAY + history.born,
            _ => FIRST_DAY - 30 - self.source.below(3, 3000),
        };
        let out = json.name("createdDateTime");
        push_moment(out, day, self.source.below(4, 86_400));
        out.push(',');
    }

    /// Writes when the object was deleted.
    pub(crate) fn deleted(&self, json: &mut Json<'_>) {
        match self.history.and_then(|history| history.deleted) {
            Some(day) => {
                let out = json.name("deletedDateTime");
                push_moment(out, FIRST_DAY + day, self.source.below(5, 86_400));
                out.push(',');
            }
            None => json.raw("deletedDateTime", "null"),
        }
    }

    /// Writes the security identifier that follows from the ID.
    pub(crate) fn security_identifier(&self, json: &mut Json<'_>) {
        let out = json.name("securityIdentifier");
        out.push_str("\"S-1-12-1");
        for word in self.id().security_words() {
            out.push('-');
            push_number(out, u64::from(word));
        }
        out.push_str("\",");
    }

    /// Writes a telephone number with its quotes.
    pub(crate) fn push_phone(&self, out: &mut String, entry: usize, prefix: &str) {
        out.push('"');
        out.push_str(prefix);
        push_padded(out, self.number(entry, 10_000_000), 7);
        out.push('"');
    }
}
