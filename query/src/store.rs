//! The tables of a store: entity tables, `objects`, `deletedItems`, `links`, and those of changes.

mod attribute;
mod bag;
mod cache;
mod catalogue;
mod cells;
mod changes;
mod column;
mod condition;
mod diff;
mod entity;
mod event;
mod findings;
mod history;
mod links;
mod live_types;
mod objects;
mod part;
mod points;
mod reader;
mod rows;
mod size;
mod target;
mod unread;

use std::sync::Arc;

use engine::{DifferenceFilter, Snapshot, Store, schema};

use crate::error::TableError;
use crate::table::{TableSource, Tables};
use crate::value::Value;
use cache::Cache;

pub use points::{PointArgument, PointResolver, StoreResolver};

use crate::point::ResolvedPoint;

/// The tables of a store, each at the point in time that its argument names. A clone is cheap, and shares what was
/// read.
#[derive(Clone)]
pub struct StoreTables {
    store: Arc<Store>,
    points: Arc<dyn PointResolver>,
    default: PointArgument,
    log: Arc<points::PointLog>,
    cache: Arc<Cache>,
}

impl StoreTables {
    /// Gives the tables of a store; `default` is the point in time of tables that name none.
    #[must_use]
    pub fn new(store: impl Into<Arc<Store>>, points: Arc<dyn PointResolver>, default: PointArgument) -> Self {
        let cache = Arc::new(Cache::new(cache::BYTES_MAX));
        Self { store: store.into(), points, default, log: Arc::default(), cache }
    }

    /// The same tables with another default point. What was read is shared.
    #[must_use]
    pub fn at(&self, default: PointArgument) -> Self {
        Self { default, ..self.clone() }
    }

    /// Keeps at most so many bytes of decoded columns from now on; what was kept is let go.
    #[must_use]
    pub fn with_cache(self, bytes_max: usize) -> Self {
        Self { cache: Arc::new(Cache::new(bytes_max)), ..self }
    }

    /// The store itself.
    #[must_use]
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// The backup that a point in time names.
    pub(crate) fn resolve(&self, point: &PointArgument) -> Result<ResolvedPoint, TableError> {
        self.log.resolve(&*self.points, point)
    }

    /// The points in time that the last query named, in its order, and the backups they resolve to. Called once a query:
    /// the next one begins anew.
    #[must_use]
    pub fn take_points(&self) -> Vec<ResolvedPoint> {
        self.log.take_points()
    }

    /// Notes about the last query, such as a difference read backwards.
    #[must_use]
    pub fn take_notes(&self) -> Vec<String> {
        self.log.take_notes()
    }

    /// The snapshot at the point that a table's only argument names, or at the default point.
    fn snapshot(&self, name: &str, arguments: &[Value]) -> Result<Snapshot, TableError> {
        let point = match arguments {
            [] => self.default.clone(),
            [point] => PointArgument::from_value(point)?,
            _ => return Err(TableError::arguments(format!("`{name}` takes one point in time at most"))),
        };
        let resolved = self.resolve(&point)?;
        self.note_unread(name, &resolved)?;
        self.store.snapshot(&resolved.backup).map_err(TableError::store)
    }

    /// Notes what of a table was not read at its point.
    fn note_unread(&self, name: &str, point: &ResolvedPoint) -> Result<(), TableError> {
        let token = entity::token_of(&self.store, name);
        let types = token.iter().map(ToString::to_string).collect();
        let filter = DifferenceFilter { types, ..DifferenceFilter::default() };
        let mut lacks = self.store.unread_at(&point.backup, &filter).map_err(TableError::store)?;
        // Tables of objects have no links, and the table of links nothing else.
        let is_of_links = name == links::NAME;
        lacks.retain(|lack| match (&lack.relation, &lack.property) {
            (Some(_), _) => is_of_links,
            (None, Some(_)) => !is_of_links && token.is_some(),
            (None, None) => true,
        });
        if !lacks.is_empty() {
            let lacks = unread::list(&lacks);
            self.log.note(format!("{name}: not read at {} itself: {lacks}", point.written));
        }
        Ok(())
    }
}

impl Tables for StoreTables {
    fn table(&self, name: &str, arguments: &[Value]) -> Result<Option<Arc<dyn TableSource>>, TableError> {
        if let Some(table) = changes::table(self, name, arguments)? {
            return Ok(Some(table));
        }
        if name == findings::NAME {
            return Ok(Some(Arc::new(findings::Findings::new(self, arguments)?)));
        }
        if let Some(which) = objects::Which::of(name) {
            let snapshot = self.snapshot(name, arguments)?;
            return Ok(Some(Arc::new(objects::Objects::new(&snapshot, which, &self.cache))));
        }
        if name == links::NAME {
            let snapshot = self.snapshot(name, arguments)?;
            return Ok(Some(Arc::new(links::Links::new(&snapshot, &self.cache))));
        }
        if let Some(token) = entity::token_of(&self.store, name) {
            let snapshot = self.snapshot(name, arguments)?;
            return Ok(Some(Arc::new(entity::Entities::new(&snapshot, &token, &self.cache)?)));
        }
        Ok(None)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = schema::types().map(|found| found.table.to_owned()).collect();
        names.extend(objects::Which::NAMES.map(str::to_owned));
        names.push(links::NAME.to_owned());
        names.push(findings::NAME.to_owned());
        names.extend(changes::NAMES.iter().map(|name| (*name).to_owned()));
        names
    }

    fn searched(&self) -> Vec<String> {
        objects::Which::NAMES.into_iter().chain([links::NAME]).map(str::to_owned).collect()
    }
}
