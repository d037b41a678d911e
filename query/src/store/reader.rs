//! Reads the objects of one type at one backup: which there are, and the cells of each column.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use engine::scan::{ABSENT, LinkLists, NULL, ObjectRows, Scan, Space, TextList, UNKNOWN};
use engine::{Snapshot, schema};

use super::attribute::{CellPath, ColumnSource, EntityColumn, EntitySchema};
use super::bag::{self, CellsFound, Found};
use super::cache::{Cache, CacheKey, Cached};
use super::column::{CodedColumn, Coding, SharedColumn, form_of, of_json, of_value};
use super::rows::{RowList, RowRange, RowSet, RowSlice};
use super::size::{codes_size, whole_size};
use crate::batch::{Column, Texts, row_number};
use crate::error::TableError;
use crate::value::{Type, Value};

/// Bags of more distinct contents than this are not worth keeping as values.
const KEPT_BAGS_MAX: usize = 4096;

/// The objects of one type at one backup.
#[derive(Clone)]
pub(super) struct TypeReader {
    pub(super) scan: Scan,
    backup: Arc<str>,
    cache: Arc<Cache>,
}

impl TypeReader {
    pub(super) fn new(snapshot: &Snapshot, token: &str, cache: &Arc<Cache>) -> Self {
        let backup = snapshot.backup().id.as_str().into();
        Self { scan: snapshot.scan(token), backup, cache: Arc::clone(cache) }
    }

    /// The columns of the type, the same at every backup.
    pub(super) fn schema(&self) -> Result<Arc<EntitySchema>, TableError> {
        let key = CacheKey::Schema { token: Arc::clone(self.scan.token()) };
        if let Some(Cached::Schema(schema)) = self.cache.get(&key) {
            return Ok(schema);
        }
        let schema = Arc::new(EntitySchema::read(&self.scan)?);
        self.cache.keep(key, Cached::Schema(Arc::clone(&schema)), 0);
        Ok(schema)
    }

    /// All live objects, or all in the recycle bin.
    pub(super) fn rows(&self, deleted: bool) -> Result<RowSet, TableError> {
        let key = CacheKey::Rows {
            backup: Arc::clone(&self.backup),
            token: Arc::clone(self.scan.token()),
            deleted,
        };
        if let Some(Cached::Rows(rows)) = self.cache.get(&key) {
            return Ok(RowSet { rows, deleted, complete: true });
        }
        let rows = Arc::new(RowList::whole(&self.scan, deleted)?);
        self.cache.keep(key, Cached::Rows(Arc::clone(&rows)), rows.count() * 8);
        Ok(RowSet { rows, deleted, complete: true })
    }

    /// The IDs of some rows as Graph gives them. Those of relation objects are volatile, so the store knows these objects by
    /// their natural keys, which are shown where no ID was observed.
    fn ids(&self, ordinals: &[u32]) -> Result<TextList, TableError> {
        let keys = self.scan.ids(ordinals).map_err(TableError::store)?;
        if !self.has_volatile_ids() {
            return Ok(keys);
        }
        let versions = self.scan.volatile(ordinals).map_err(TableError::store)?;
        let volatile = self.scan.cells(Space::Volatile, "id", &versions).map_err(TableError::store)?;
        let mut ids = TextList::default();
        for row in 0..ordinals.len() {
            match of_json(volatile.get(row), Type::String) {
                Value::String(id) if !id.is_empty() => ids.bytes.extend_from_slice(id.as_bytes()),
                _ => ids.bytes.extend_from_slice(keys.get(row)),
            }
            ids.ends.push(row_number(ids.bytes.len()));
        }
        Ok(ids)
    }

    /// Whether Graph gives the objects other IDs than the store.
    fn has_volatile_ids(&self) -> bool {
        schema::by_token(self.scan.token()).is_some_and(|found| found.is_relation_object)
    }

    /// Those with these IDs.
    pub(super) fn named(&self, ids: &[&str], deleted: bool) -> Result<RowSet, TableError> {
        if self.has_volatile_ids() {
            return self.named_by_volatile_ids(ids, deleted);
        }
        Ok(self.some(self.scan.named(ids, deleted).map_err(TableError::store)?, deleted))
    }

    fn named_by_volatile_ids(&self, wanted: &[&str], deleted: bool) -> Result<RowSet, TableError> {
        let set = self.rows(deleted)?;
        let all = set.rows.all()?;
        let ids = self.ids(all.ordinals)?;
        let wanted: HashSet<&[u8]> = wanted.iter().map(|id| id.as_bytes()).collect();
        let is_wanted = |row: &usize| wanted.contains(ids.get(*row));
        let rows: Vec<usize> = (0..all.ordinals.len()).filter(is_wanted).collect();
        let gather = |of: &[u32]| rows.iter().map(|row| of[*row]).collect();
        let rows = ObjectRows { ordinals: gather(all.ordinals), versions: gather(all.versions) };
        Ok(self.some(rows, deleted))
    }

    fn some(&self, rows: ObjectRows, deleted: bool) -> RowSet {
        RowSet { rows: Arc::new(RowList::of(&self.scan, deleted, rows)), deleted, complete: false }
    }

    /// The cells of a column in some rows.
    pub(super) fn column(
        &self,
        column: &EntityColumn,
        set: &RowSet,
        rows: &RowRange,
    ) -> Result<Column, TableError> {
        let key = CacheKey::Part {
            backup: Arc::clone(&self.backup),
            token: Arc::clone(self.scan.token()),
            deleted: set.deleted,
            name: Arc::clone(&column.name),
            depth: column.depth,
            kind: column.kind,
            rows: rows.range.clone(),
        };
        if set.complete
            && let Some(Cached::Part(cells)) = self.cache.get(&key)
        {
            return Ok(cells);
        }
        let (cells, lasts) = self.read(column, set.rows.part(&rows.range)?, rows.few)?;
        if set.complete && lasts {
            let parent = self.parent(column);
            let bytes = if parent.is_some() { codes_size(&cells) } else { whole_size(&cells) };
            self.cache.keep_with(key, Cached::Part(cells.clone()), bytes, parent);
        }
        Ok(cells)
    }

    /// What the parts of a column share their values with.
    fn parent(&self, column: &EntityColumn) -> Option<CacheKey> {
        match &column.source {
            ColumnSource::Cells { paths, .. } if paths.len() == 1 => {
                Some(self.column_key(&paths[0], column.kind))
            }
            _ => None,
        }
    }

    fn column_key(&self, path: &CellPath, kind: Type) -> CacheKey {
        let (token, path_text) = (Arc::clone(self.scan.token()), Arc::clone(&path.path));
        CacheKey::Column { token, space: path.space, path: path_text, kind }
    }

    /// The cells, and whether they are worth keeping.
    fn read(
        &self,
        column: &EntityColumn,
        rows: RowSlice<'_>,
        few: bool,
    ) -> Result<(Column, bool), TableError> {
        let ordinals = rows.ordinals;
        match &column.source {
            ColumnSource::Id => Ok((texts(self.ids(ordinals)?)?, true)),
            ColumnSource::ToOne(relation) => {
                let lists = self.scan.links(relation, ordinals).map_err(TableError::store)?;
                Ok((self.single_targets(&lists)?, true))
            }
            ColumnSource::ToMany(relation) => {
                let lists = self.scan.links(relation, ordinals).map_err(TableError::store)?;
                Ok((self.all_targets(&lists)?, false))
            }
            ColumnSource::Cells { paths, missing } => match paths.as_slice() {
                [] => Ok((Column::Constant(missing.clone()), false)),
                [path] if path.below.is_empty() && *missing == Value::missing(column.kind) => {
                    self.leaf(path, column.kind, rows, few)
                }
                paths => self.bag(paths, column.kind, missing, rows, few),
            },
        }
    }

    fn leaf(
        &self,
        path: &CellPath,
        kind: Type,
        rows: RowSlice<'_>,
        few: bool,
    ) -> Result<(Column, bool), TableError> {
        let versions = self.row_versions(rows, path.space)?;
        self.cells(path, kind, &versions, few)
    }

    /// The versions of some rows in a space.
    fn row_versions<'r>(&self, rows: RowSlice<'r>, space: Space) -> Result<Cow<'r, [u32]>, TableError> {
        match space {
            Space::Core => Ok(Cow::Borrowed(rows.versions)),
            Space::Volatile => Ok(Cow::Owned(self.scan.volatile(rows.ordinals).map_err(TableError::store)?)),
        }
    }

    /// A property of some versions; its cells are all in the core space.
    pub(super) fn versions(
        &self,
        column: &EntityColumn,
        versions: &[u32],
        few: bool,
    ) -> Result<Column, TableError> {
        match &column.source {
            ColumnSource::Cells { paths, .. } if paths.len() == 1 => {
                Ok(self.cells(&paths[0], column.kind, versions, few)?.0)
            }
            _ => Ok(Column::Constant(Value::missing(column.kind))),
        }
    }

    fn cells(
        &self,
        path: &CellPath,
        kind: Type,
        versions: &[u32],
        few: bool,
    ) -> Result<(Column, bool), TableError> {
        if let Some(coded) = self.coded(path, kind, few)? {
            return Ok((coded.gather(versions), !matches!(coded.values, Coding::Json(_))));
        }
        let cells = self.scan.cells(path.space, &path.path, versions).map_err(TableError::store)?;
        let value = |text: &[u8]| if text.is_empty() { Value::missing(kind) } else { of_json(text, kind) };
        Ok((Column::of(cells.iter().map(value).collect()), false))
    }

    /// A column that is put together from several paths.
    fn bag(
        &self,
        paths: &[CellPath],
        kind: Type,
        missing: &Value,
        rows: RowSlice<'_>,
        few: bool,
    ) -> Result<(Column, bool), TableError> {
        let make = |found: &mut CellsFound<'_, '_>| match bag::assemble(found) {
            Some(value) => of_value(value, kind),
            None => missing.clone(),
        };
        let columns: Vec<Option<Arc<CodedColumn>>> =
            paths.iter().map(|path| self.coded(path, Type::Dynamic, few)).collect::<Result<_, _>>()?;
        let columns: Option<Vec<Arc<CodedColumn>>> = columns.into_iter().collect();
        let Some(columns) = columns else {
            return self.few_bags(paths, rows, &|found| make(found));
        };
        let mut known: HashMap<Vec<u32>, u32> = HashMap::new();
        let (mut indexes, mut values) = (Vec::with_capacity(rows.ordinals.len()), Vec::new());
        let versions = paths.iter().map(|path| self.row_versions(rows, path.space));
        let versions: Vec<Cow<'_, [u32]>> = versions.collect::<Result<_, _>>()?;
        let mut key = Vec::with_capacity(paths.len());
        for row in 0..rows.ordinals.len() {
            key.clear();
            key.extend(versions.iter().zip(&columns).map(|(versions, column)| column.code(versions[row])));
            if let Some(index) = known.get(&key) {
                indexes.push(*index);
                continue;
            }
            let found = key.iter().zip(&columns).map(|(code, column)| match *code {
                ABSENT => Found::Nothing,
                UNKNOWN => Found::Unknown,
                NULL => Found::Value(Value::Null),
                code => Found::Value(column.value(code)),
            });
            let index = u32::try_from(values.len()).unwrap_or(0);
            values.push(make(&mut paths.iter().map(|path| path.below.as_slice()).zip(found)));
            known.insert(key.clone(), index);
            indexes.push(index);
        }
        let lasts = values.len() <= KEPT_BAGS_MAX;
        Ok((Column::Dictionary { codes: Arc::new(indexes), values: Arc::new(values) }, lasts))
    }

    /// The same, cell by cell.
    fn few_bags(
        &self,
        paths: &[CellPath],
        rows: RowSlice<'_>,
        make: &dyn Fn(&mut CellsFound<'_, '_>) -> Value,
    ) -> Result<(Column, bool), TableError> {
        let cells = paths.iter().map(|path| {
            let versions = self.row_versions(rows, path.space)?;
            self.scan.cells(path.space, &path.path, &versions).map_err(TableError::store)
        });
        let cells: Vec<TextList> = cells.collect::<Result<_, _>>()?;
        let values = (0..rows.ordinals.len()).map(|row| {
            let found = cells.iter().map(|cells| Found::of_text(cells.get(row)));
            make(&mut paths.iter().map(|path| path.below.as_slice()).zip(found))
        });
        Ok((Column::of(values.collect()), false))
    }

    /// One attribute in all versions; nothing if that is not worth its while for a few rows.
    fn coded(&self, path: &CellPath, kind: Type, few: bool) -> Result<Option<Arc<CodedColumn>>, TableError> {
        let key = self.column_key(path, kind);
        let kept = match self.cache.get(&key) {
            Some(Cached::Column(shared)) => Some(shared),
            _ => None,
        };
        if few {
            return Ok(kept.and_then(|shared| shared.ready().cloned()));
        }
        let shared = if let Some(shared) = kept {
            shared
        } else {
            let plan = self.scan.column(path.space, &path.path, form_of(kind)).map_err(TableError::store)?;
            let new = Arc::new(SharedColumn::new(plan, kind));
            match self.cache.keep(key.clone(), Cached::Column(Arc::clone(&new)), 0) {
                Cached::Column(shared) => shared,
                _ => new,
            }
        };
        let is_new = shared.ready().is_none();
        let coded = shared.read()?;
        if is_new {
            self.cache.charge(&key, coded.size());
        }
        Ok(Some(coded))
    }

    fn single_targets(&self, lists: &LinkLists) -> Result<Column, TableError> {
        let count = lists.ends.len();
        let mut distinct: HashMap<u32, u32> = HashMap::new();
        let (mut codes, mut targets) = (Vec::with_capacity(count), Vec::new());
        for row in 0..count {
            // Two targets of such a relation do not fit a text.
            let [target] = lists.get(row) else {
                codes.push(0);
                continue;
            };
            let next = u32::try_from(targets.len() + 1).unwrap_or(0);
            codes.push(*distinct.entry(*target).or_insert_with(|| {
                targets.push(*target);
                next
            }));
        }
        let ids = self.scan.ids(&targets).map_err(TableError::store)?;
        let mut ends = vec![0];
        ends.extend(ids.ends);
        Ok(Column::Texts { codes: Arc::new(codes), texts: Arc::new(Texts::new(ids.bytes, ends)?) })
    }

    fn all_targets(&self, lists: &LinkLists) -> Result<Column, TableError> {
        let ids = self.scan.ids(&lists.targets).map_err(TableError::store)?;
        let mut start = 0;
        let values = lists.ends.iter().zip(&lists.observed).map(|(end, observed)| {
            let range = std::mem::replace(&mut start, *end as usize)..*end as usize;
            if !observed {
                return Value::Null;
            }
            let mut targets: Vec<&[u8]> = range.map(|index| ids.get(index)).collect();
            targets.sort_unstable();
            let texts =
                targets.into_iter().map(|id| Value::text(std::str::from_utf8(id).unwrap_or_default()));
            Value::Array(Arc::new(texts.collect()))
        });
        Ok(Column::of(values.collect()))
    }
}

/// A column of texts, one a row.
pub(super) fn texts(list: TextList) -> Result<Column, TableError> {
    let codes = (0..u32::try_from(list.ends.len()).unwrap_or(u32::MAX)).collect();
    Ok(Column::Texts { codes: Arc::new(codes), texts: Arc::new(Texts::new(list.bytes, list.ends)?) })
}
