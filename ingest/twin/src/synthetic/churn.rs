//! Owns the changes of a tenant from one day to the next, and the sum of them.

use std::collections::{BTreeSet, HashMap};

use super::attribute::{self, ENTRY_COUNT_MAX};
use super::layout::{Key, Layout, ObjectKind};
use super::link::{self, MemberSequence, Window};
use super::random::Source;

/// Days an object stays in the bin.
pub(crate) const BIN_DAYS: u32 = 30;

/// The changes of one object since the first day; most objects have none.
#[derive(Clone, Debug, Default)]
pub(crate) struct ObjectHistory {
    /// How often each entry of the attribute table changed.
    pub(crate) revisions: [u16; ENTRY_COUNT_MAX],
    /// How often the manager changed.
    pub(crate) manager: u16,
    /// How the members moved.
    pub(crate) window: Window,
    /// The day of deletion, when the object is in the bin.
    pub(crate) deleted: Option<u32>,
    /// Whether the object is neither live nor in the bin any more.
    pub(crate) removed: bool,
    /// The day on which the object appeared; 0 for the first ones.
    pub(crate) born: u32,
    /// Set by an incident: the number of the object that goes with it.
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

/// All changes of a day.
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
pub(crate) struct DayState {
    pub(crate) day: u32,
    counts: [u32; ObjectKind::COUNT],
    histories: HashMap<Key, ObjectHistory>,
    bins: Vec<Vec<Key>>,
}

impl DayState {
    /// Starts on the first day.
    pub(crate) fn first(layout: &Layout) -> Self {
        let counts = ObjectKind::ALL.map(|kind| layout.count(kind));
        Self { day: 0, counts, histories: HashMap::new(), bins: vec![Vec::new()] }
    }

    /// Applies all days up to the given one.
    pub(crate) fn at(layout: &Layout, day: u32) -> Self {
        let mut state = Self::first(layout);
        while state.day < day {
            let plan = state.next_day(layout);
            state.apply(plan);
        }
        state
    }

    /// Counts the objects of a type that ever were.
    pub(crate) fn count(&self, kind: ObjectKind) -> u32 {
        self.counts[kind.index()]
    }

    /// Finds the changes of an object; none when it has none.
    pub(crate) fn history(&self, key: Key) -> Option<&ObjectHistory> {
        self.histories.get(&key)
    }

    /// Gives the changes of an object, to be added to by an incident.
    pub(crate) fn history_mut(&mut self, key: Key) -> &mut ObjectHistory {
        self.histories.entry(key).or_default()
    }

    /// Adds an object and gives it.
    pub(crate) fn plant(&mut self, kind: ObjectKind) -> Key {
        let key = Key { kind, index: self.count(kind) };
        self.counts[kind.index()] += 1;
        let day = self.day;
        self.history_mut(key).born = day;
        key
    }

    /// Is true when the object is neither in the bin nor removed.
    pub(crate) fn is_live(&self, key: Key) -> bool {
        self.history(key).is_none_or(|history| !history.removed && history.deleted.is_none())
    }

    /// Plans the next day.
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
            self.counts[key.kind.index()] += 1;
            self.histories.entry(key).or_default().born = day;
        }
        for key in &plan.soft_deleted {
            self.histories.entry(*key).or_default().deleted = Some(day);
        }
        self.bins.push(plan.soft_deleted);
        for key in plan.hard_deleted.into_iter().chain(plan.purged) {
            self.histories.entry(key).or_default().removed = true;
        }
        for changed in plan.changed {
            let history = self.histories.entry(changed.key).or_default();
            for entry in changed.entries {
                history.revisions[entry] += 1;
            }
            match changed.links {
                Links::Same => {}
                Links::Members { left, joined } => {
                    history.window.left += left;
                    history.window.joined += joined;
                }
                Links::Manager => history.manager += 1,
            }
        }
    }
}

/// A day while it is planned.
struct DayDraft<'a> {
    layout: &'a Layout,
    state: &'a DayState,
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
    fn kind(&mut self, weights: &[(ObjectKind, u32)]) -> ObjectKind {
        let total = weights.iter().map(|(_, weight)| weight).sum();
        let mut draw = self.below(total);
        for (kind, weight) in weights {
            if draw < *weight {
                return *kind;
            }
            draw -= weight;
        }
        ObjectKind::User
    }

    /// Reserves an object that is live and has no other change today.
    fn take(&mut self, key: Key) -> bool {
        self.state.is_live(key) && self.taken.insert(key)
    }

    /// New objects have the numbers behind the present ones.
    fn add(&mut self) {
        let mut counts = self.state.counts;
        for _ in 0..self.scaled(500) {
            let kind = self.kind(&[
                (ObjectKind::User, 75),
                (ObjectKind::Group, 10),
                (ObjectKind::Application, 5),
                (ObjectKind::ServicePrincipal, 5),
                (ObjectKind::Device, 5),
            ]);
            let index = counts[kind.index()];
            counts[kind.index()] += 1;
            self.plan.added.push(Key { kind, index });
        }
    }

    /// Only objects without links to them are deleted.
    fn remove(&mut self) {
        let wanted = self.scaled(199);
        let mut removed = 0;
        for _ in 0..wanted * 20 {
            if removed == wanted {
                break;
            }
            let kind = self.kind(&[
                (ObjectKind::User, 72),
                (ObjectKind::Group, 11),
                (ObjectKind::ServicePrincipal, 5),
                (ObjectKind::Device, 12),
            ]);
            let stable = self.layout.stable(kind);
            let index = stable + self.below(self.layout.count(kind) - stable);
            let key = Key { kind, index };
            let soft = self.below(10) < 8 && kind != ObjectKind::Device;
            if index >= self.layout.count(kind) || !self.take(key) {
                continue;
            }
            removed += 1;
            let list = if soft { &mut self.plan.soft_deleted } else { &mut self.plan.hard_deleted };
            list.push(key);
        }
    }

    /// A few groups, the largest among them, lose and gain members; some people change managers.
    fn relink(&mut self) {
        let changed = self.scaled(10_406);
        for number in 0..changed / 50 {
            let drawn = self.below(self.layout.count(ObjectKind::Group));
            let group = if number == 0 { 0 } else { drawn };
            self.relink_group(Key { kind: ObjectKind::Group, index: group });
        }
        for _ in 0..changed / 100 {
            let index = self.below(self.layout.count(ObjectKind::User));
            let key = Key { kind: ObjectKind::User, index };
            if link::manager(self.layout, index, 0).is_some() && self.take(key) {
                self.plan.changed.push(Changed { key, entries: vec![], links: Links::Manager });
            }
        }
    }

    /// Moves the window of one group.
    fn relink_group(&mut self, key: Key) {
        let members = MemberSequence::of(self.layout, key.index);
        let window = self.state.history(key).map(|history| history.window).unwrap_or_default();
        let count = members.count(window);
        let left = self.below(4 + count / 1000).min(count);
        let joined = (1 + self.below(4 + count / 1000)).min(members.pool - count);
        if left + joined > 0 && key.index < self.layout.count(ObjectKind::Group) && self.take(key) {
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
        for index in first..self.plan.changed.len() {
            left -= self.change_entry(index, left);
        }
        let count = u32::try_from(self.plan.changed.len() - first).unwrap_or(u32::MAX);
        for _ in 0..attributes * 20 {
            if left == 0 || count == 0 {
                break;
            }
            let index = first + self.below(count) as usize;
            left -= self.change_entry(index, left);
        }
        self.plan.changed.retain(|changed| changed.links != Links::Same || !changed.entries.is_empty());
    }

    /// Every day a conditional access policy is edited.
    fn change_policy(&mut self) {
        let index = self.below(self.layout.count(ObjectKind::ConditionalAccessPolicy));
        let key = Key { kind: ObjectKind::ConditionalAccessPolicy, index };
        if index < self.layout.count(key.kind) && self.take(key) {
            self.plan.changed.push(Changed { key, entries: vec![], links: Links::Same });
        }
    }

    /// Changes one more entry of an object and gives the number of attributes that makes.
    fn change_entry(&mut self, index: usize, room: usize) -> usize {
        let kind = self.plan.changed[index].key.kind;
        let entries = attribute::entries(kind);
        let entry = self.below(u32::try_from(entries.len()).unwrap_or(0)) as usize;
        let chosen = &mut self.plan.changed[index].entries;
        if entries[entry].len() > room || chosen.contains(&entry) {
            return 0;
        }
        chosen.push(entry);
        entries[entry].len()
    }

    /// Draws any object of the first day that has attributes which change.
    fn object(&mut self) -> Option<Key> {
        let mut draw = self.below(self.layout.objects);
        for kind in ObjectKind::ALL {
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
