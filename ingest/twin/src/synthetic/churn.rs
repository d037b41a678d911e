//! Owns what happens to a tenant from one day to the next, and the state that adds up from it.

use std::collections::{BTreeSet, HashMap};

use super::attribute::{self, ENTRY_COUNT_MAX};
use super::layout::{Key, Kind, Layout};
use super::link::{self, Members, Window};
use super::random::Source;

/// Days an object stays in the bin.
pub(crate) const BIN_DAYS: u32 = 30;

/// What happened to an object since the first day; most objects have none of this.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    /// How often each entry of the attribute table changed.
    pub(crate) revisions: [u16; ENTRY_COUNT_MAX],
    /// How often the manager changed.
    pub(crate) manager: u16,
    /// How the members moved.
    pub(crate) window: Window,
    /// The day of deletion, when the object is in the bin.
    pub(crate) deleted: Option<u32>,
    /// Whether the object is gone for good.
    pub(crate) gone: bool,
    /// The day on which the object appeared; 0 for the first ones.
    pub(crate) born: u32,
    /// What an incident did to it: the number of the object that goes with it.
    pub(crate) hostile: Option<u32>,
}

/// How one object changes on a day.
#[derive(Clone, Debug)]
pub(crate) struct Changed {
    pub(crate) key: Key,
    pub(crate) entries: Vec<usize>,
    pub(crate) links: Links,
}

/// How the links of one object change on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    /// They stay.
    Same,
    /// Members of a group leave and join.
    Members {
        /// How many leave.
        left: u32,
        /// How many join.
        joined: u32,
    },
    /// A user gets another manager.
    Manager,
}

/// Everything that happens on a day.
#[derive(Clone, Debug, Default)]
pub(crate) struct DayPlan {
    pub(crate) added: Vec<Key>,
    pub(crate) soft_deleted: Vec<Key>,
    pub(crate) hard_deleted: Vec<Key>,
    pub(crate) purged: Vec<Key>,
    pub(crate) changed: Vec<Changed>,
}

/// The tenant on some day, as its difference to the first one.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) day: u32,
    counts: [u32; Kind::COUNT],
    records: HashMap<Key, Record>,
    bins: Vec<Vec<Key>>,
}

impl State {
    /// Starts on the first day.
    pub(crate) fn first(layout: &Layout) -> Self {
        let counts = Kind::ALL.map(|kind| layout.count(kind));
        Self { day: 0, counts, records: HashMap::new(), bins: vec![Vec::new()] }
    }

    /// Lives through all days up to the one asked for.
    pub(crate) fn at(layout: &Layout, day: u32) -> Self {
        let mut state = Self::first(layout);
        while state.day < day {
            let plan = state.next_day(layout);
            state.apply(plan);
        }
        state
    }

    /// Counts the objects of a type that ever were.
    pub(crate) fn count(&self, kind: Kind) -> u32 {
        self.counts[kind.place()]
    }

    /// Finds what happened to an object.
    pub(crate) fn record(&self, key: Key) -> Option<&Record> {
        self.records.get(&key)
    }

    /// Gives what happened to an object, to be changed by an incident.
    pub(crate) fn record_mut(&mut self, key: Key) -> &mut Record {
        self.records.entry(key).or_default()
    }

    /// Adds an object and gives it.
    pub(crate) fn plant(&mut self, kind: Kind) -> Key {
        let key = Key { kind, index: self.count(kind) };
        self.counts[kind.place()] += 1;
        let day = self.day;
        self.record_mut(key).born = day;
        key
    }

    /// Is true when the object is neither in the bin nor gone.
    pub(crate) fn is_live(&self, key: Key) -> bool {
        self.record(key).is_none_or(|record| !record.gone && record.deleted.is_none())
    }

    /// Works out what happens on the next day.
    pub(crate) fn next_day(&self, layout: &Layout) -> DayPlan {
        let day = self.day + 1;
        let source = layout.source.fork(0x0064_6179_0000_0000 | u64::from(day));
        let mut draft = DayDraft {
            layout,
            state: self,
            source,
            drawn: 0,
            taken: BTreeSet::new(),
            plan: DayPlan::default(),
        };
        if day > BIN_DAYS {
            draft.plan.purged.clone_from(&self.bins[(day - BIN_DAYS) as usize]);
        }
        draft.add();
        draft.remove();
        draft.relink();
        draft.change();
        draft.plan
    }

    /// Moves on to the next day.
    pub(crate) fn apply(&mut self, plan: DayPlan) {
        self.day += 1;
        let day = self.day;
        for key in plan.added {
            self.counts[key.kind.place()] += 1;
            self.records.entry(key).or_default().born = day;
        }
        for key in &plan.soft_deleted {
            self.records.entry(*key).or_default().deleted = Some(day);
        }
        self.bins.push(plan.soft_deleted);
        for key in plan.hard_deleted.into_iter().chain(plan.purged) {
            self.records.entry(key).or_default().gone = true;
        }
        for changed in plan.changed {
            let record = self.records.entry(changed.key).or_default();
            for entry in changed.entries {
                record.revisions[entry] += 1;
            }
            match changed.links {
                Links::Same => {}
                Links::Members { left, joined } => {
                    record.window.left += left;
                    record.window.joined += joined;
                }
                Links::Manager => record.manager += 1,
            }
        }
    }
}

/// A day being worked out.
struct DayDraft<'a> {
    layout: &'a Layout,
    state: &'a State,
    source: Source,
    drawn: u64,
    taken: BTreeSet<Key>,
    plan: DayPlan,
}

impl DayDraft<'_> {
    /// Scales a number measured at a million objects, rounding up.
    fn scaled(&self, per_million: u64) -> usize {
        let count = (u64::from(self.layout.objects) * per_million).div_ceil(1_000_000);
        usize::try_from(count).unwrap_or(usize::MAX)
    }

    /// Draws the next random number of the day.
    fn below(&mut self, bound: u32) -> u32 {
        self.drawn += 1;
        self.source.below(self.drawn, bound)
    }

    /// Draws a type by weight.
    fn kind(&mut self, weights: &[(Kind, u32)]) -> Kind {
        let total = weights.iter().map(|(_, weight)| weight).sum();
        let mut draw = self.below(total);
        for (kind, weight) in weights {
            if draw < *weight {
                return *kind;
            }
            draw -= weight;
        }
        Kind::User
    }

    /// Takes an object that is live and that nothing else happens to today.
    fn take(&mut self, key: Key) -> bool {
        self.state.is_live(key) && self.taken.insert(key)
    }

    /// New objects come after the ones there are.
    fn add(&mut self) {
        let mut counts = self.state.counts;
        for _ in 0..self.scaled(500) {
            let kind = self.kind(&[
                (Kind::User, 75),
                (Kind::Group, 10),
                (Kind::Application, 5),
                (Kind::ServicePrincipal, 5),
                (Kind::Device, 5),
            ]);
            let index = counts[kind.place()];
            counts[kind.place()] += 1;
            self.plan.added.push(Key { kind, index });
        }
    }

    /// Only objects that nothing points to leave.
    fn remove(&mut self) {
        let wanted = self.scaled(199);
        let mut removed = 0;
        for _ in 0..wanted * 20 {
            if removed == wanted {
                break;
            }
            let kind = self.kind(&[
                (Kind::User, 72),
                (Kind::Group, 11),
                (Kind::ServicePrincipal, 5),
                (Kind::Device, 12),
            ]);
            let stable = self.layout.stable(kind);
            let index = stable + self.below(self.layout.count(kind) - stable);
            let key = Key { kind, index };
            let soft = self.below(10) < 8 && kind != Kind::Device;
            if index >= self.layout.count(kind) || !self.take(key) {
                continue;
            }
            removed += 1;
            let list = if soft { &mut self.plan.soft_deleted } else { &mut self.plan.hard_deleted };
            list.push(key);
        }
    }

    /// Members come and go in a few groups, the largest among them; some people change managers.
    fn relink(&mut self) {
        let changed = self.scaled(10_406);
        for number in 0..changed / 50 {
            let drawn = self.below(self.layout.count(Kind::Group));
            let group = if number == 0 { 0 } else { drawn };
            self.relink_group(Key { kind: Kind::Group, index: group });
        }
        for _ in 0..changed / 100 {
            let index = self.below(self.layout.count(Kind::User));
            let key = Key { kind: Kind::User, index };
            if link::manager(self.layout, index, 0).is_some() && self.take(key) {
                self.plan.changed.push(Changed { key, entries: vec![], links: Links::Manager });
            }
        }
    }

    /// Moves the window of one group.
    fn relink_group(&mut self, key: Key) {
        let members = Members::of(self.layout, key.index);
        let window = self.state.record(key).map(|record| record.window).unwrap_or_default();
        let count = members.count(window);
        let left = self.below(4 + count / 1000).min(count);
        let joined = (1 + self.below(4 + count / 1000)).min(members.pool - count);
        if left + joined > 0 && key.index < self.layout.count(Kind::Group) && self.take(key) {
            let links = Links::Members { left, joined };
            self.plan.changed.push(Changed { key, entries: vec![], links });
        }
    }

    /// Attributes change: one in each object, then more until the day's number is reached.
    fn change(&mut self) {
        let objects = self.scaled(10_406);
        let attributes = self.scaled(17_223);
        let first = self.plan.changed.len();
        self.change_policy();
        for _ in 0..objects * 20 {
            if self.plan.changed.len() >= objects {
                break;
            }
            if let Some(key) = self.object()
                && self.take(key)
            {
                self.plan.changed.push(Changed { key, entries: vec![], links: Links::Same });
            }
        }
        let mut left = attributes;
        for place in first..self.plan.changed.len() {
            left -= self.change_entry(place, left);
        }
        let count = u32::try_from(self.plan.changed.len() - first).unwrap_or(u32::MAX);
        for _ in 0..attributes * 20 {
            if left == 0 || count == 0 {
                break;
            }
            let place = first + self.below(count) as usize;
            left -= self.change_entry(place, left);
        }
        self.plan.changed.retain(|changed| changed.links != Links::Same || !changed.entries.is_empty());
    }

    /// Every day somebody edits a conditional access policy.
    fn change_policy(&mut self) {
        let index = self.below(self.layout.count(Kind::ConditionalAccessPolicy));
        let key = Key { kind: Kind::ConditionalAccessPolicy, index };
        if index < self.layout.count(key.kind) && self.take(key) {
            self.plan.changed.push(Changed { key, entries: vec![], links: Links::Same });
        }
    }

    /// Changes one more entry of an object and gives the number of attributes that makes.
    fn change_entry(&mut self, place: usize, room: usize) -> usize {
        let kind = self.plan.changed[place].key.kind;
        let entries = attribute::entries(kind);
        let entry = self.below(u32::try_from(entries.len()).unwrap_or(0)) as usize;
        let chosen = &mut self.plan.changed[place].entries;
        if entries[entry].len() > room || chosen.contains(&entry) {
            return 0;
        }
        chosen.push(entry);
        entries[entry].len()
    }

    /// Draws any object of the first day that has attributes which change.
    fn object(&mut self) -> Option<Key> {
        let mut draw = self.below(self.layout.objects);
        for kind in Kind::ALL {
            let count = self.layout.count(kind);
            if draw < count {
                let key = Key { kind, index: draw };
                return (!attribute::entries(kind).is_empty()).then_some(key);
            }
            draw -= count;
        }
        None
    }
}
