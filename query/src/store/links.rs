//! The table `links`: a row for each link of a live object.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use engine::Snapshot;
use engine::scan::{LinkLists, TextList};

use super::attribute::EntityColumn;
use super::cache::{Cache, CacheKey, Cached};
use super::condition::wanted_texts;
use super::live_types::{LiveTypes, NO_TYPE};
use super::reader::TypeReader;
use super::rows::{RowList, RowSet};
use super::size::whole_size;
use crate::batch::{BATCH_ROWS, Batch, Column, Field, Schema, Texts};
use crate::error::TableError;
use crate::table::{Parts, ScanRequest, TableSource};
use crate::value::{Type, Value};

/// Its name.
pub(super) const NAME: &str = "links";

const SOURCE_ID: usize = 0;
const SOURCE_TYPE: usize = 1;
const SOURCE_NAME: usize = 2;
const RELATION: usize = 3;
const TARGET_ID: usize = 4;
const TARGET_TYPE: usize = 5;

/// Fewer rows than this are not worth reading whole columns for.
const FEW_ROWS: usize = 1024;
/// The links at a backup.
pub(super) struct Links {
    snapshot: Snapshot,
    cache: Arc<Cache>,
}

impl Links {
    pub(super) fn new(snapshot: &Snapshot, cache: &Arc<Cache>) -> Self {
        Self { snapshot: snapshot.clone(), cache: Arc::clone(cache) }
    }

    fn backup(&self) -> Arc<str> {
        self.snapshot.backup().id.as_str().into()
    }

    /// The links of some objects in one relation.
    fn lists(
        &self,
        reader: &TypeReader,
        relation: &Arc<str>,
        set: &RowSet,
    ) -> Result<Arc<LinkLists>, TableError> {
        let (token, relation) = (Arc::clone(reader.scan.token()), Arc::clone(relation));
        let key = CacheKey::Links { backup: self.backup(), token, relation: Arc::clone(&relation) };
        if set.complete
            && let Some(Cached::Links(lists)) = self.cache.get(&key)
        {
            return Ok(lists);
        }
        let lists =
            Arc::new(reader.scan.links(&relation, set.rows.all()?.ordinals).map_err(TableError::store)?);
        if set.complete {
            let bytes = lists.targets.len() * 4 + lists.ends.len() * 5;
            self.cache.keep(key, Cached::Links(Arc::clone(&lists)), bytes);
        }
        Ok(lists)
    }

    fn live_types(&self, reader: &TypeReader) -> Result<Arc<LiveTypes>, TableError> {
        let key = CacheKey::Types { backup: self.backup() };
        if let Some(Cached::Types(types)) = self.cache.get(&key) {
            return Ok(types);
        }
        let types = Arc::new(LiveTypes::read(&reader.scan)?);
        self.cache.keep(key, Cached::Types(Arc::clone(&types)), types.size_bytes());
        Ok(types)
    }
}

impl TableSource for Links {
    fn schema(&self) -> Schema {
        let names =
            ["sourceId", "sourceType", "sourceName", "relation", "targetId", "targetType", "targetName"];
        names.map(|name| Field::new(name, Type::String)).into()
    }

    fn open(&self, request: &ScanRequest) -> Result<Box<dyn Parts>, TableError> {
        let wanted = |column| wanted_texts(&request.conditions, column);
        let (sources, types) = (wanted(SOURCE_ID), wanted(SOURCE_TYPE));
        let (relations, targets) = (wanted(RELATION), wanted(TARGET_ID));
        let any = TypeReader::new(&self.snapshot, "", &self.cache);
        let targets = match targets {
            Some(ids) => Some(ordinals_of(&any, &ids)?),
            None => None,
        };
        let mut parts = Vec::new();
        for token in self.snapshot.types().map_err(TableError::store)? {
            if types.as_ref().is_some_and(|types| !types.contains(&&*token)) {
                continue;
            }
            let reader = TypeReader::new(&self.snapshot, &token, &self.cache);
            for relation in reader.scan.relations() {
                if relations.as_ref().is_some_and(|relations| !relations.contains(&&*relation)) {
                    continue;
                }
                let set = match &sources {
                    Some(ids) => reader.named(ids, false)?,
                    None => reader.rows(false)?,
                };
                let lists = self.lists(&reader, &relation, &set)?;
                for positions in positions(&lists, targets.as_ref()) {
                    let (reader, relation) = (reader.clone(), Arc::clone(&relation));
                    let (rows, lists) = (Arc::clone(&set.rows), Arc::clone(&lists));
                    parts.push(LinkPart { reader, relation, rows, lists, complete: set.complete, positions });
                }
            }
        }
        let needs_types = request.columns.iter().any(|column| *column >= TARGET_TYPE);
        let types = if needs_types { Some(self.live_types(&any)?) } else { None };
        let snapshot = self.snapshot.clone();
        Ok(Box::new(LinkParts {
            columns: request.columns.clone(),
            parts,
            types,
            snapshot,
            cache: Arc::clone(&self.cache),
        }))
    }
}

fn ordinals_of(reader: &TypeReader, ids: &[&str]) -> Result<BTreeSet<u32>, TableError> {
    let found = ids.iter().map(|id| reader.scan.ordinal(id).map_err(TableError::store));
    Ok(found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// Positions of targets, cut into parts; only those of some target objects if there are `targets`.
fn positions(lists: &LinkLists, targets: Option<&BTreeSet<u32>>) -> Vec<Positions> {
    let all = 0..u32::try_from(lists.targets.len()).unwrap_or(u32::MAX);
    let Some(wanted) = targets else {
        let step = u32::try_from(BATCH_ROWS).unwrap_or(u32::MAX);
        let starts = all.clone().step_by(BATCH_ROWS);
        return starts.map(|start| Positions::Run(start..all.end.min(start.saturating_add(step)))).collect();
    };
    let kept: Vec<u32> = all.filter(|index| wanted.contains(&lists.targets[*index as usize])).collect();
    kept.chunks(BATCH_ROWS).map(|indexes| Positions::Some(indexes.to_vec())).collect()
}

/// Positions of targets in the lists of a relation, ascending.
enum Positions {
    Run(Range<u32>),
    Some(Vec<u32>),
}

impl Positions {
    fn len(&self) -> usize {
        match self {
            Self::Run(range) => range.len(),
            Self::Some(indexes) => indexes.len(),
        }
    }

    fn iter(&self) -> Box<dyn Iterator<Item = u32> + '_> {
        match self {
            Self::Run(range) => Box::new(range.clone()),
            Self::Some(indexes) => Box::new(indexes.iter().copied()),
        }
    }
}

struct LinkParts {
    columns: Vec<usize>,
    parts: Vec<LinkPart>,
    types: Option<Arc<LiveTypes>>,
    snapshot: Snapshot,
    cache: Arc<Cache>,
}

/// Some links of one relation.
struct LinkPart {
    reader: TypeReader,
    relation: Arc<str>,
    rows: Arc<RowList>,
    lists: Arc<LinkLists>,
    /// Whether these are links of all live objects of the type.
    complete: bool,
    positions: Positions,
}

impl Parts for LinkParts {
    fn count(&self) -> usize {
        self.parts.len()
    }

    fn read(&self, part: usize) -> Result<Batch, TableError> {
        let part = &self.parts[part];
        let columns = self.columns.iter().map(|column| self.column(part, *column));
        Ok(Batch { columns: columns.collect::<Result<_, _>>()?, row_count: part.positions.len() })
    }
}

impl LinkParts {
    fn column(&self, part: &LinkPart, column: usize) -> Result<Column, TableError> {
        let Positions::Run(range) = &part.positions else { return self.cells(part, column) };
        if !part.complete || [SOURCE_TYPE, RELATION].contains(&column) {
            return self.cells(part, column);
        }
        let key = CacheKey::LinkPart {
            backup: self.snapshot.backup().id.as_str().into(),
            token: Arc::clone(part.reader.scan.token()),
            relation: Arc::clone(&part.relation),
            column,
            first: range.start,
        };
        if let Some(Cached::Part(cells)) = self.cache.get(&key) {
            return Ok(cells);
        }
        let cells = self.cells(part, column)?;
        self.cache.keep(key, Cached::Part(cells.clone()), whole_size(&cells));
        Ok(cells)
    }

    fn cells(&self, part: &LinkPart, column: usize) -> Result<Column, TableError> {
        match column {
            SOURCE_ID => part.ids(&part.sources()?),
            SOURCE_TYPE => Ok(Column::Constant(Value::text(part.reader.scan.token()))),
            SOURCE_NAME => {
                let sources = Distinct::of(&part.sources()?);
                let names = names_of(&part.reader, &sources.ordinals)?;
                sources.column(names)
            }
            RELATION => Ok(Column::Constant(Value::text(&part.relation))),
            TARGET_ID => part.ids(&part.targets()),
            TARGET_TYPE => Ok(self.target_types(part)),
            _ => self.target_names(part),
        }
    }

    /// The type of an ordinal, as an index into the tokens.
    fn type_of(&self, ordinal: u32) -> u16 {
        self.types.as_ref().map_or(NO_TYPE, |types| types.index_of(ordinal))
    }

    fn tokens(&self) -> &[Arc<str>] {
        self.types.as_ref().map_or(&[], |types| types.tokens())
    }

    fn target_types(&self, part: &LinkPart) -> Column {
        let mut values = vec![Value::text("")];
        values.extend(self.tokens().iter().map(|token| Value::text(token)));
        let code = |ordinal: u32| match self.type_of(ordinal) {
            NO_TYPE => 0,
            index => u32::from(index) + 1,
        };
        let codes = part.targets().into_iter().map(code).collect();
        Column::Dictionary { codes: Arc::new(codes), values: Arc::new(values) }
    }

    fn target_names(&self, part: &LinkPart) -> Result<Column, TableError> {
        let targets = Distinct::of(&part.targets());
        let mut names = vec![String::new(); targets.ordinals.len()];
        for (position, token) in (0..NO_TYPE).zip(self.tokens()) {
            let of_type = |index: &usize| self.type_of(targets.ordinals[*index]) == position;
            let indexes: Vec<usize> = (0..targets.ordinals.len()).filter(of_type).collect();
            if indexes.is_empty() {
                continue;
            }
            let reader = TypeReader::new(&self.snapshot, token, &self.cache);
            let ordinals: Vec<u32> = indexes.iter().map(|index| targets.ordinals[*index]).collect();
            for (index, name) in indexes.into_iter().zip(names_of(&reader, &ordinals)?) {
                names[index] = name;
            }
        }
        targets.column(names)
    }
}

impl LinkPart {
    /// The ordinal of the source of each row.
    fn sources(&self) -> Result<Vec<u32>, TableError> {
        let Some(first) = self.positions.iter().next() else { return Ok(Vec::new()) };
        let ordinals = self.rows.all()?.ordinals;
        let mut row = self.lists.ends.partition_point(|end| *end <= first);
        let source = |position| {
            while self.lists.ends[row] <= position {
                row += 1;
            }
            ordinals[row]
        };
        Ok(self.positions.iter().map(source).collect())
    }

    /// The ordinal of the target of each row.
    fn targets(&self) -> Vec<u32> {
        self.positions.iter().map(|position| self.lists.targets[position as usize]).collect()
    }

    fn ids(&self, ordinals: &[u32]) -> Result<Column, TableError> {
        let distinct = Distinct::of(ordinals);
        let TextList { bytes, ends } = self.reader.scan.ids(&distinct.ordinals).map_err(TableError::store)?;
        Ok(Column::Texts { codes: Arc::new(distinct.codes), texts: Arc::new(Texts::new(bytes, ends)?) })
    }
}

/// The display names of live objects of a type.
fn names_of(reader: &TypeReader, ordinals: &[u32]) -> Result<Vec<String>, TableError> {
    let set = reader.rows(false)?;
    let rows = set.rows.all()?;
    let version = |ordinal: &u32| {
        let index = rows.ordinals.binary_search(ordinal);
        index.map_or(0, |index| rows.versions[index])
    };
    let versions: Vec<u32> = ordinals.iter().map(version).collect();
    let column = reader.versions(
        &EntityColumn::common("displayName", Type::String),
        &versions,
        versions.len() < FEW_ROWS,
    )?;
    Ok((0..versions.len()).map(|row| column.text(row).unwrap_or_default().to_owned()).collect())
}

/// Ordinals without repetition, and for each row the index of its own.
struct Distinct {
    ordinals: Vec<u32>,
    codes: Vec<u32>,
}

impl Distinct {
    fn of(rows: &[u32]) -> Self {
        let (least, greatest) = rows.iter().fold((u32::MAX, 0), |(a, b), row| (a.min(*row), b.max(*row)));
        // As long as the distance of the outermost ordinals: much quicker than a map.
        let mut known = vec![u32::MAX; greatest.wrapping_sub(least).wrapping_add(1) as usize];
        let (mut ordinals, mut codes) = (Vec::new(), Vec::with_capacity(rows.len()));
        for &ordinal in rows {
            let code = &mut known[(ordinal - least) as usize];
            if *code == u32::MAX {
                *code = u32::try_from(ordinals.len()).unwrap_or(0);
                ordinals.push(ordinal);
            }
            codes.push(*code);
        }
        Self { ordinals, codes }
    }

    fn column(self, texts: Vec<String>) -> Result<Column, TableError> {
        let mut list = TextList::default();
        for text in texts {
            list.bytes.extend_from_slice(text.as_bytes());
            list.ends.push(u32::try_from(list.bytes.len()).unwrap_or(u32::MAX));
        }
        let texts = Arc::new(Texts::new(list.bytes, list.ends)?);
        Ok(Column::Texts { codes: Arc::new(self.codes), texts })
    }
}
