//! Owns links: members, owners and managers as functions of the tenant's seed.
//!
//! The members of a group are a window over an endless sequence of users that repeats only after it
//! has every user once. Members leave at the front and join at the back, so that the
//! members on any day follow from two numbers.

use super::layout::{Key, Layout, ObjectKind};
use super::random::Guid;

/// Names of the random numbers drawn here.
const SIZE: u64 = 40;
const OFFSET: u64 = 41;
const STRIDE: u64 = 42;
const OWNER: u64 = 43;
const MANAGER: u64 = 45;

/// The number of the group whose members hold privileged roles.
pub(crate) const PRIVILEGED: u32 = 1;

/// How far the window of a group moved since its first day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) left: u32,
    pub(crate) joined: u32,
}

/// The sequence from which the members of one group are taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemberSequence<'a> {
    layout: &'a Layout,
    /// Members on the first day.
    pub(crate) first_count: u32,
    /// Users that may be members.
    pub(crate) pool: u32,
    offset: u64,
    stride: u64,
}

impl<'a> MemberSequence<'a> {
    /// Finds the sequence of a group.
    pub(crate) fn of(layout: &'a Layout, group: u32) -> Self {
        let source = layout.source(Key { kind: ObjectKind::Group, index: group });
        let pool = layout.stable(ObjectKind::User);
        let mut stride = 1 + source.below(STRIDE, pool.saturating_sub(1));
        while greatest_divisor(stride, pool) > 1 {
            stride += 1;
        }
        let draw = source.below(SIZE, 1000);
        let within = |low: u32, high: u32| low + source.below(SIZE + 100, high - low + 1);
        let wanted = match draw {
            // One group holds a tenth of the tenant, as every tenant has one.
            _ if group == 0 => layout.objects / 10,
            _ if group == PRIVILEGED => 12,
            0..250 => within(0, 3),
            250..800 => within(4, 12),
            800..980 => within(13, 30),
            _ => within(30, 150),
        };
        Self {
            layout,
            first_count: wanted.min(pool),
            pool,
            offset: u64::from(source.below(OFFSET, pool)),
            stride: u64::from(stride),
        }
    }

    /// Counts the members inside a window.
    pub(crate) fn count(&self, window: Window) -> u32 {
        self.first_count + window.joined - window.left
    }

    /// Gives the member at a position in the sequence.
    pub(crate) fn member(&self, position: u32) -> u32 {
        let pool = u64::from(self.pool.max(1));
        let index = (self.offset + u64::from(position) % pool * self.stride) % pool;
        u32::try_from(index).unwrap_or(0)
    }

    /// Gives the users inside a window.
    pub(crate) fn users(self, window: Window) -> impl Iterator<Item = u32> + 'a {
        (window.left..self.first_count + window.joined).map(move |position| self.member(position))
    }

    /// Gives the IDs of the users inside a window.
    pub(crate) fn ids(self, window: Window) -> impl Iterator<Item = Guid> + 'a {
        self.users(window).map(move |user| self.layout.id(ObjectKind::User, user))
    }
}

/// Finds the greatest common divisor.
fn greatest_divisor(mut one: u32, mut other: u32) -> u32 {
    while other > 0 {
        (one, other) = (other, one % other);
    }
    one
}

/// Gives one or two owners of an object, different from each other.
pub(crate) fn owners(layout: &Layout, key: Key) -> impl Iterator<Item = u32> {
    let source = layout.source(key);
    let pool = layout.stable(ObjectKind::User);
    let first = source.below(OWNER, pool);
    let second = (first + 1 + source.below(OWNER + 1, pool.saturating_sub(1))) % pool.max(1);
    let count = match pool {
        0 => 0,
        1 => 1,
        _ => 1 + usize::from(source.chance(OWNER + 100, 300)),
    };
    [first, second].into_iter().take(count)
}

/// Gives the manager of a user after it changed `revision` times.
pub(crate) fn manager(layout: &Layout, user: u32, revision: u16) -> Option<u32> {
    let pool = (layout.stable(ObjectKind::User) / 8).max(3);
    let source = layout.source(Key { kind: ObjectKind::User, index: user });
    if layout.stable(ObjectKind::User) < pool || source.chance(MANAGER, 30) {
        return None;
    }
    // The user is left out of the choice, so that no user is their own manager.
    let others = if user < pool { pool - 1 } else { pool };
    let step = 1 + source.below(MANAGER + 2, others - 1);
    let start = u64::from(source.below(MANAGER + 1, others));
    let moved = (start + u64::from(revision) * u64::from(step)) % u64::from(others);
    let choice = u32::try_from(moved).unwrap_or(0);
    Some(if choice >= user { choice + 1 } else { choice })
}
