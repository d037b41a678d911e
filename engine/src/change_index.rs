//! Reads which objects changed in the backups between two points: IDs, names and slots, without reading the base.
//!
//! *Invariant*: what is found is what the newest of these backups that touched the object wrote; an object that
//! none of them lists is looked up the long way.
//!
//! Each segment lists the objects it touched (22 bytes an object: ID, display name, a few bits), so that the difference
//! of neighbours reads that segment alone.

use std::sync::Arc;

use crate::Result;
use crate::id::Id;
use crate::id_index::IdList;
use crate::runs;
use crate::segment::column::Column;
use crate::segment::footer::RosterEntry;
use crate::segment::integers::PackedU32s;
use crate::segment::reader::Segment;
use crate::state::State;
use crate::vector::Slot;

/// Flag of an object whose name the change index does not know.
pub(crate) const IS_UNNAMED: u32 = 1;
/// Flag of an object that is synced from on-premises.
pub(crate) const IS_SYNCED: u32 = 2;
/// Flag of an object of which the difference to the backup before shows an added or removed link.
pub(crate) const HAS_LINK_CHANGE: u32 = 4;

/// The change indexes of one type over some backups.
#[derive(Default)]
pub(crate) struct ChangeIndexes<'s> {
    lists: Vec<ChangeIndex<'s>>,
    /// The newest line of each object.
    lines: Lines,
}

struct ChangeIndex<'s> {
    slots: Vec<u32>,
    flags: PackedU32s<'s>,
    ids: IdList<'s>,
    names: Column<'s>,
}

/// What a change index says of one object.
pub(crate) struct Line<'r, 's> {
    list: &'r ChangeIndex<'s>,
    row: u32,
}

/// The newest line of each object: ordinal, list and row, ascending by ordinal.
#[derive(Default)]
struct Lines(Vec<(u32, u32, u32)>);

impl Lines {
    fn add(&mut self, list: usize, ordinals: Vec<u32>) {
        let list = u32::try_from(list).expect("backups are few");
        self.0.extend((0..).zip(ordinals).map(|(row, ordinal)| (ordinal, list, row)));
    }

    /// Keeps the newest of each; lists were added from the oldest to the newest.
    fn settle(&mut self, state: &State) {
        if !self.0.is_sorted_by(|a, b| a.0 < b.0) {
            let lines = std::mem::take(&mut self.0).into_iter();
            let newer = |last: &mut (u32, u32, u32), line| *last = line;
            self.0 = runs::unite(lines, state.ordinal_count as usize, |line| line.0, newer);
        }
    }

    fn find(&self, ordinal: u32) -> Option<usize> {
        self.0.binary_search_by_key(&ordinal, |line| line.0).ok()
    }

    /// List and row of a line.
    fn index(&self, line: usize) -> (usize, u32) {
        (self.0[line].1 as usize, self.0[line].2)
    }
}

impl<'s> ChangeIndexes<'s> {
    /// The change indexes of the backups after `low` up to `high`; empty when one of them has no change index.
    pub(crate) fn between(state: &'s State, token: &str, low: u64, high: u64) -> Result<Self> {
        let mut change_indexes = Self::default();
        for sequence in low + 1..=high {
            let segment = state.segment(sequence)?;
            let Some(entry) = segment.footer.rosters.iter().find(|entry| entry.type_token == token) else {
                continue;
            };
            if !entry.is_complete {
                return Ok(Self::default());
            }
            if entry.count == 0 {
                continue;
            }
            change_indexes.lines.add(change_indexes.lists.len(), segment.ordinals(entry.ordinals)?);
            change_indexes.lists.push(ChangeIndex::open(segment, entry)?);
        }
        change_indexes.lines.settle(state);
        Ok(change_indexes)
    }

    /// Finds the lines of objects, which ascend; nothing for one that no backup lists.
    pub(crate) fn find_each(&self, ordinals: impl Iterator<Item = u32>) -> impl Iterator<Item = Option<u32>> {
        let mut lines = (0..).zip(&self.lines.0).peekable();
        ordinals.map(move |ordinal| {
            while lines.next_if(|(_, line)| line.0 < ordinal).is_some() {}
            lines.peek().filter(|(_, line)| line.0 == ordinal).map(|(number, _)| *number)
        })
    }

    /// What a line says.
    pub(crate) fn line(&self, number: u32) -> Line<'_, 's> {
        let (list, row) = self.lines.index(number as usize);
        Line { list: &self.lists[list], row }
    }
}

impl<'s> ChangeIndex<'s> {
    fn open(segment: &'s Arc<Segment>, entry: &RosterEntry) -> Result<Self> {
        let change_index = Self {
            slots: segment.integers(entry.slots)?,
            flags: segment.packed(entry.flags)?,
            ids: IdList::open(segment, &entry.ids)?,
            names: segment.column(entry.names)?,
        };
        let counts = [
            change_index.slots.len(),
            change_index.flags.len(),
            segment.entry(entry.ordinals)?.count as usize,
            segment.entry(entry.names)?.count as usize,
            entry.ids.count as usize,
        ];
        if counts != [entry.count as usize; 5] {
            return Err(segment.footer_error("the list of changed objects is cut short"));
        }
        Ok(change_index)
    }
}

impl Line<'_, '_> {
    /// The core slot after the backup that wrote the line.
    pub(crate) fn slot(&self) -> Slot {
        Slot::from_stored(self.list.slots[self.row as usize])
    }

    pub(crate) fn id(&self) -> Result<Id> {
        self.list.ids.get(self.row)
    }

    /// Appends the JSON text of the display name, if it is known here whether there is one.
    pub(crate) fn name(&self, out: &mut Vec<u8>) -> bool {
        let is_known = self.flags() & IS_UNNAMED == 0;
        if is_known {
            self.list.names.append(self.row, out);
        }
        is_known
    }

    pub(crate) fn is_synced(&self) -> bool {
        self.flags() & IS_SYNCED != 0
    }

    /// Whether the backup that wrote the line changed a link that is shown.
    pub(crate) fn has_link_change(&self) -> bool {
        self.flags() & HAS_LINK_CHANGE != 0
    }

    fn flags(&self) -> u32 {
        self.list.flags.get(self.row as usize)
    }
}

/// IDs of the targets of added and removed links, over some backups.
#[derive(Default)]
pub(crate) struct Targets<'s> {
    lists: Vec<IdList<'s>>,
    lines: Lines,
}

impl<'s> Targets<'s> {
    /// Those of the backups after `low` up to `high`.
    pub(crate) fn between(state: &'s State, low: u64, high: u64) -> Result<Self> {
        let mut targets = Self::default();
        for sequence in low + 1..=high {
            let segment = state.segment(sequence)?;
            if let Some(entry) = &segment.footer.targets {
                targets.lines.add(targets.lists.len(), segment.ordinals(entry.ordinals)?);
                targets.lists.push(IdList::open(segment, &entry.ids)?);
            }
        }
        targets.lines.settle(state);
        Ok(targets)
    }

    /// The ID of an object, if it is listed.
    pub(crate) fn id(&self, ordinal: u32) -> Result<Option<Id>> {
        let Some(line) = self.lines.find(ordinal) else { return Ok(None) };
        let (list, row) = self.lines.index(line);
        self.lists[list].get(row).map(Some)
    }
}
