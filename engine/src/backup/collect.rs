//! Collects observations in input order: new objects become whole rows and are sealed into row groups, known objects
//! that differ are kept as patches.
//!
//! Invariants
//! 1. Of a type with a `TypeReading` nothing is guessed: which objects are gone, which relations are empty and which
//!    properties were selected follows from the reading.
//! 2. A link to an object that is gone stays in its set, dormant, however the set was read.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::basis::Basis;
use super::by_name::ByName;
use super::gaps::Gaps;
use super::intern::Interner;
use super::observation::Observation;
use super::table::{Columns, TableWork};
use super::type_work::TypeWork;
use crate::content::{InlineLinks, ShreddedObjects, Shredder, TypeObjects, Unchanged};
use crate::error::InvalidReason;
use crate::id::Id;
use crate::schema::TypeId;
use crate::segment::writer::SegmentWriter;
use crate::state::segment_path;
use crate::{BackupDetails, Error, ObjectKey, Result, Warning};

/// Bytes of memory that rows of all types may hold while they wait for their row groups to fill up.
const PENDING_BYTES_MAX: usize = 96 << 20;

/// Sequences of the parsed objects of one call, by type and ordinal.
type Sequences = HashMap<(Arc<str>, u32), u32>;

/// What a backup says of itself besides its objects.
pub(super) struct Description {
    pub(super) details: BackupDetails,
    /// The tenant's ID, when known.
    pub(super) tenant: Option<String>,
    pub(super) warnings: Vec<Warning>,
}

/// What was observed so far.
pub(super) struct Collected {
    pub(super) description: Description,
    pub(super) segment: SegmentWriter,
    pub(super) interner: Interner,
    pub(super) types: ByName<TypeWork>,
    pub(super) gaps: Gaps,
    /// How many objects were observed, repetitions included.
    pub(super) object_count: u64,
}

impl Collected {
    /// Nothing yet.
    pub(super) fn new(basis: &Basis, details: BackupDetails) -> Result<Self> {
        let state = &basis.state;
        let path = segment_path(&state.root, basis.sequence);
        let segment = SegmentWriter::create(Arc::clone(&state.disk), &path, state.store_id, basis.sequence)?;
        let mut tenant = state.head.tenant.clone();
        if let Some(found) = &details.tenant {
            check_tenant(&mut tenant, found)?;
        }
        Ok(Self {
            description: Description { details, tenant, warnings: Vec::new() },
            segment,
            interner: Interner::new(state),
            types: ByName::default(),
            gaps: Gaps::default(),
            object_count: 0,
        })
    }

    /// Takes an observation. `parser` is that of this backup.
    pub(super) fn observe(
        &mut self,
        basis: &Basis,
        parser: &Shredder,
        observation: Observation<'_>,
    ) -> Result<()> {
        match observation {
            Observation::Objects(parts) => self.put(basis, parts)?,
            Observation::Gone(object) => {
                let (work, ordinal) = self.work_of(basis, object)?;
                work.set_gone(ordinal);
            }
            Observation::InBin { object, deleted_at } => {
                self.put_in_bin(basis, parser, object, deleted_at)?;
            }
            Observation::Links { source, relation, targets } => {
                let ordinal = self.ordinal(basis, &source.id)?;
                let mut targets = self.ordinals(basis, targets)?;
                let links = self.type_of(basis, &source.type_token)?.relation(basis, relation)?;
                links.foreign.insert(ordinal);
                links.put(&basis.state, ordinal, &mut targets)?;
            }
            Observation::LinkChanges { source, relation, added, removed } => {
                let ordinal = self.ordinal(basis, &source.id)?;
                let added = self.ordinals(basis, added)?;
                let removed = BTreeSet::from_iter(self.ordinals(basis, removed)?);
                let links = self.type_of(basis, &source.type_token)?.relation(basis, relation)?;
                links.foreign.insert(ordinal);
                let mut targets = links.current(&basis.state, ordinal)?;
                targets.extend(added);
                targets.retain(|target| !removed.contains(target));
                links.change(ordinal, targets);
            }
            Observation::UnreadObject(object) => {
                let (work, ordinal) = self.work_of(basis, object)?;
                work.objects.kept.insert(ordinal);
            }
            Observation::UnreadLinks { source, relation } => {
                let (work, ordinal) = self.work_of(basis, source)?;
                work.relation(basis, relation)?.kept.insert(ordinal);
            }
            Observation::Unread(gap) => self.gaps.add(gap),
            Observation::Read { type_token, reading } => {
                let work = self.type_of(basis, type_token)?;
                for relation in &reading.relations {
                    work.relation(basis, &relation.name)?;
                }
                work.claims.reading = Some(reading);
            }
        }
        Ok(())
    }

    /// A type, made known if it is not.
    pub(super) fn type_of(&mut self, basis: &Basis, token: &str) -> Result<&mut TypeWork> {
        self.types.get_or_insert(token, |token| TypeWork::new(basis, token))
    }

    fn work_of(&mut self, basis: &Basis, object: &ObjectKey) -> Result<(&mut TypeWork, u32)> {
        let ordinal = self.ordinal(basis, &object.id)?;
        Ok((self.type_of(basis, &object.type_token)?, ordinal))
    }

    fn ordinal(&mut self, basis: &Basis, id: &str) -> Result<u32> {
        self.interner.ordinal(&basis.state, &Id::from_text(id))
    }

    fn ordinals(&mut self, basis: &Basis, ids: &[&str]) -> Result<Vec<u32>> {
        ids.iter().map(|id| self.ordinal(basis, id)).collect()
    }

    fn put(&mut self, basis: &Basis, parts: ShreddedObjects) -> Result<()> {
        self.object_count += u64::from(parts.object_count);
        let mut sequences = Sequences::new();
        let has_unchanged = !parts.unchanged.is_empty();
        for part in parts.types {
            self.put_part(basis, part, has_unchanged.then_some(&mut sequences))?;
        }
        for unchanged in parts.unchanged {
            self.put_unchanged(basis, unchanged, &sequences)?;
        }
        Ok(())
    }

    fn put_part(
        &mut self,
        basis: &Basis,
        part: TypeObjects,
        sequences: Option<&mut Sequences>,
    ) -> Result<()> {
        let TypeObjects { type_token: token, rows, core, volatile, links } = part;
        let ordinals = self.interner.ordinals(&basis.state, rows.iter().map(|row| &row.id))?;
        if *token == TypeId::Organization {
            for row in &rows {
                check_tenant(&mut self.description.tenant, &row.id.to_string())?;
            }
        }
        if let Some(sequences) = sequences {
            let put = rows.iter().zip(&ordinals);
            sequences.extend(put.map(|(row, &ordinal)| ((Arc::clone(&token), ordinal), row.sequence)));
        }
        let Self { types, interner, segment, .. } = self;
        let work = types.get_or_insert(&token, |token| TypeWork::new(basis, token))?;
        let columns = |cells| Arc::new(Columns { row_count: rows.len(), cells });
        work.put_rows(basis, &rows, [columns(core), columns(volatile)], &ordinals)?;
        put_inline_links(basis, interner, work, links, &ordinals)?;
        seal_largest(types, segment)
    }

    fn put_unchanged(&mut self, basis: &Basis, unchanged: Unchanged, sequences: &Sequences) -> Result<()> {
        let Unchanged { sequence, type_index, ordinal, raw_hash } = unchanged;
        let Some(token) = basis.cache_types.get(usize::from(type_index)) else {
            let (index, count) = (type_index, basis.cache_types.len());
            return Err(InvalidReason::UnknownCacheType { index, count }.into());
        };
        self.type_of(basis, token)?.put_unchanged(ordinal, raw_hash, || {
            sequences.get(&(Arc::clone(token), ordinal)).is_none_or(|&other| other < sequence)
        });
        Ok(())
    }

    fn put_in_bin(
        &mut self,
        basis: &Basis,
        parser: &Shredder,
        object: &ObjectKey,
        deleted_at: Option<Timestamp>,
    ) -> Result<()> {
        let (work, ordinal) = self.work_of(basis, object)?;
        let version = work.core.new.get(ordinal).version();
        if version == 0 {
            return Ok(());
        }
        let was_known = work.core.old.get(ordinal).version() == version;
        if let (Some(time), true, Some(previous)) = (deleted_at, was_known, &basis.previous)
            && let Some(known) = previous.object_at(&object.type_token, ordinal)?
        {
            let mut attributes = known.attributes();
            attributes.insert("deletedDateTime".to_owned(), time.to_string().into());
            let text = serde_json::Value::Object(attributes).to_string();
            let mut parser = parser.clone();
            parser.push(text.as_bytes(), Some(&*object.type_token), true)?;
            self.put(basis, parser.take())?;
        }
        self.type_of(basis, &object.type_token)?.set_in_bin(ordinal);
        Ok(())
    }
}

fn put_inline_links(
    basis: &Basis,
    interner: &mut Interner,
    work: &mut TypeWork,
    links: Vec<InlineLinks>,
    ordinals: &[u32],
) -> Result<()> {
    let mut targets = Vec::new();
    for links in links {
        let all_targets = interner.ordinals(&basis.state, links.targets.iter())?;
        let relation = work.relation(basis, &links.relation)?;
        for (row, range) in links.iter() {
            targets.clear();
            targets.extend_from_slice(&all_targets[range]);
            relation.put(&basis.state, ordinals[row as usize], &mut targets)?;
        }
    }
    Ok(())
}

/// Seals the tables that are full, and the largest ones when all together hold too much.
fn seal_largest(types: &mut ByName<TypeWork>, segment: &mut SegmentWriter) -> Result<()> {
    let mut tables: Vec<&mut TableWork> =
        types.values_mut().flat_map(|work| [&mut work.core, &mut work.volatile]).collect();
    tables.sort_unstable_by_key(|table| std::cmp::Reverse(table.pending_bytes()));
    let mut pending: usize = tables.iter().map(|table| table.pending_bytes()).sum();
    // The largest go first: their groups are the fullest.
    for table in tables {
        if table.is_full() || pending > PENDING_BYTES_MAX {
            pending -= table.pending_bytes();
            table.seal(segment)?;
        }
    }
    Ok(())
}

/// Refuses another tenant than the one that is known; makes the first known.
fn check_tenant(known: &mut Option<String>, found: &str) -> Result<()> {
    match known {
        Some(expected) if !expected.eq_ignore_ascii_case(found) => {
            Err(Error::OtherTenant { expected: expected.clone(), found: found.to_owned() })
        }
        Some(_) => Ok(()),
        None => {
            *known = Some(found.to_owned());
            Ok(())
        }
    }
}
