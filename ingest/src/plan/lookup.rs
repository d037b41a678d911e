//! What is known of the objects that a plan names: their types, their names, whether they are there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use engine::scan::{Scan, Space, TextList};
use engine::schema::{self, TypeId};
use engine::{Change, ChangeKind, ObjectKey, Snapshot};
use rayon::prelude::*;
use serde_json::{Map, Value};

use super::PlanObject;
use super::value::{has_text, set_path};
use crate::plan::Result;

/// Whether an object is there, as far as the newest state tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// It is there.
    Live,
    /// It lies in the recycle bin.
    Binned,
    /// It was there at an older state, and is not any more.
    Gone,
}

/// What is known of an object.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) type_token: Arc<str>,
    pub(super) name: String,
    pub(super) presence: Presence,
}

/// The properties of an object.
pub(super) type Attributes = Map<String, Value>;

/// The states that a plan is made of, and what was learned of them.
#[derive(Debug)]
pub(super) struct Lookup {
    pub(super) from: Snapshot,
    pub(super) to: Snapshot,
    /// The newest state: a reading after `to`, or `to`.
    pub(super) newest: Snapshot,
    /// Whether there is a reading after `to`.
    pub(super) has_reading: bool,
    known: HashMap<String, Known>,
    /// Properties that were asked for of many objects of a type, by type, ID and name.
    columns: HashMap<(TypeId, &'static str), HashMap<String, Value>>,
}

impl Lookup {
    pub(super) fn new(from: Snapshot, to: Snapshot, live: Option<Snapshot>) -> Self {
        let has_reading = live.is_some();
        let newest = live.unwrap_or_else(|| to.clone());
        Self { from, to, newest, has_reading, known: HashMap::new(), columns: HashMap::new() }
    }

    /// Learns types and names of many objects at once.
    pub(super) fn learn(&mut self, ids: &BTreeSet<&str>) -> Result<()> {
        let mut missing: BTreeSet<&str> =
            ids.iter().filter(|id| !id.is_empty() && !self.known.contains_key(**id)).copied().collect();
        for (snapshot, is_newest) in
            [(self.newest.clone(), true), (self.to.clone(), false), (self.from.clone(), false)]
        {
            for is_binned in [false, true] {
                let presence = match (is_newest, is_binned) {
                    (true, false) => Presence::Live,
                    (true, true) => Presence::Binned,
                    (false, _) => Presence::Gone,
                };
                let found = if is_binned { binned(&snapshot, &missing)? } else { live(&snapshot, &missing)? };
                for (id, type_token, name) in found {
                    missing.remove(id.as_str());
                    self.known.entry(id).or_insert(Known { type_token, name, presence });
                }
            }
        }
        Ok(())
    }

    /// Takes over what a change says of its object.
    pub(super) fn tell_change(&mut self, id: &str, change: &Change) {
        let presence = match change.kind {
            ChangeKind::SoftDeleted | ChangeKind::CreatedAndDeleted => Presence::Binned,
            ChangeKind::HardDeleted | ChangeKind::Deleted | ChangeKind::Purged => Presence::Gone,
            _ => Presence::Live,
        };
        let (type_token, name) = (change.type_token.clone(), change.display_name.to_string());
        self.known.insert(id.to_owned(), Known { type_token, name, presence });
    }

    pub(super) fn known(&self, id: &str) -> Option<&Known> {
        self.known.get(id)
    }

    /// Whether an object is known to be of a type.
    pub(super) fn is_of(&self, id: &str, wanted: TypeId) -> bool {
        self.known(id).is_some_and(|known| *known.type_token == wanted)
    }

    /// The name of an object, or its ID.
    pub(super) fn name(&self, id: &str) -> String {
        let name = self.known.get(id).map_or("", |known| known.name.as_str());
        if name.is_empty() { id.to_owned() } else { name.to_owned() }
    }

    /// An object as plans show it.
    pub(super) fn shown(&self, id: &str) -> PlanObject {
        let known = self.known.get(id);
        PlanObject {
            id: id.to_owned(),
            type_token: known.map_or_else(String::new, |known| known.type_token.to_string()),
            display_name: known.map_or_else(String::new, |known| known.name.clone()),
        }
    }

    /// Reads properties of many objects of a type: from the newest state, and of those that are not there any more as
    /// they were.
    pub(super) fn read_columns(
        &mut self,
        type_id: TypeId,
        ids: &BTreeSet<&str>,
        names: &[&'static str],
    ) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        for snapshot in [self.from.clone(), self.to.clone(), self.newest.clone()] {
            let scan = snapshot.scan(type_id.token());
            let ids: Vec<&str> = ids.iter().copied().collect();
            for deleted in [true, false] {
                let rows = scan.named(&ids, deleted)?;
                let found = scan.ids(&rows.ordinals)?;
                for name in names {
                    let cells = scan.cells(Space::Core, name, &rows.versions)?;
                    let column = self.columns.entry((type_id, *name)).or_default();
                    for (id, cell) in found.iter().zip(cells.iter()) {
                        let value = if cell.is_empty() { Value::Null } else { engine::scan::decode(cell) };
                        column.insert(String::from_utf8_lossy(id).into_owned(), value);
                    }
                }
            }
        }
        Ok(())
    }

    /// A property that was read by [`Lookup::read_columns`]; null where nothing is known.
    pub(super) fn cell(&self, type_id: TypeId, id: &str, name: &'static str) -> &Value {
        let column = self.columns.get(&(type_id, name));
        column.and_then(|column| column.get(id)).unwrap_or(&Value::Null)
    }

    /// Whether a group can hold directory roles.
    pub(super) fn is_role_group(&self, id: &str) -> bool {
        self.cell(TypeId::Group, id, "isAssignableToRole") == &Value::Bool(true)
    }

    /// Whether a group is one that Exchange alone writes: with mail, and no Microsoft 365 group.
    pub(super) fn is_exchange_group(&self, id: &str) -> bool {
        let is_mail = self.cell(TypeId::Group, id, "mailEnabled") == &Value::Bool(true);
        is_mail && !has_text(self.cell(TypeId::Group, id, "groupTypes"), "Unified")
    }

    /// Whether links of a relation give power over the tenant.
    pub(super) fn is_privileged(&self, token: &str, relation: &str, id: &str) -> bool {
        match (TypeId::from_token(token), relation) {
            (Some(TypeId::DirectoryRole), "members")
            | (Some(TypeId::Application | TypeId::ServicePrincipal), "owners") => true,
            (Some(TypeId::Group), "members" | "owners") => self.is_role_group(id),
            _ => false,
        }
    }

    /// The client ID of an application or service principal, from the wanted state or else from the other.
    pub(super) fn app_id(&self, type_id: TypeId, id: &str) -> Result<Option<String>> {
        for side in [&self.from, &self.to] {
            let attributes = attributes(side, type_id.token(), id)?;
            if let Some(Value::String(app_id)) = attributes.and_then(|mut found| found.remove("appId")) {
                return Ok(Some(app_id));
            }
        }
        Ok(None)
    }
}

/// A property that is a text; empty where it is none.
pub(super) fn text<'v>(attributes: &'v Attributes, name: &str) -> &'v str {
    attributes.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The properties of an object at a state.
pub(super) fn attributes(snapshot: &Snapshot, token: &str, id: &str) -> Result<Option<Attributes>> {
    let key = ObjectKey { type_token: token.into(), id: id.to_owned() };
    Ok(snapshot.object(&key)?.map(|object| object.attributes()))
}

/// One whole property of some live objects at a state, by their IDs. Only its columns are read.
pub(super) fn read_property(
    snapshot: &Snapshot,
    token: &str,
    property: &str,
    ids: &[&str],
) -> Result<HashMap<String, Value>> {
    let scan = snapshot.scan(token);
    let rows = scan.named(ids, false)?;
    let mut columns = Vec::new();
    for path in scan.paths(Space::Core)? {
        let names = engine::scan::path_names(&path).unwrap_or_default();
        if names.first().is_some_and(|name| name == property) {
            columns.push((path, names));
        }
    }
    let columns: Vec<(Vec<String>, TextList)> = columns
        .into_par_iter()
        .map(|(path, names)| Ok((names, scan.cells(Space::Core, &path, &rows.versions)?)))
        .collect::<Result<_>>()?;
    let mut found = HashMap::with_capacity(rows.ordinals.len());
    for (row, id) in scan.ids(&rows.ordinals)?.iter().enumerate() {
        let mut value = Value::Null;
        for (names, cells) in &columns {
            let cell = cells.get(row);
            if !cell.is_empty() {
                set_path(&mut value, &names[1..], engine::scan::decode(cell));
            }
        }
        found.insert(String::from_utf8_lossy(id).into_owned(), value);
    }
    Ok(found)
}

/// The natural keys of relation objects, by the IDs that Graph gives them at a state.
pub(super) fn natural_keys(snapshot: &Snapshot, token: &str) -> Result<HashMap<String, String>> {
    let scan = snapshot.scan(token);
    let rows = scan.live()?;
    let keys = scan.ids(&rows.ordinals)?;
    let ids = scan.cells(Space::Volatile, "id", &scan.volatile(&rows.ordinals)?)?;
    let own = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut found = HashMap::with_capacity(keys.len());
    for (key, id) in keys.iter().zip(ids.iter()) {
        let id = match engine::scan::decode(id) {
            Value::String(id) if !id.is_empty() => id,
            _ => own(key),
        };
        found.insert(id, own(key));
    }
    Ok(found)
}

/// Service principals by their client IDs: ID and name.
pub(super) fn by_app_id(snapshot: &Snapshot, deleted: bool) -> Result<BTreeMap<String, (String, String)>> {
    let scan = snapshot.scan(TypeId::ServicePrincipal.token());
    let rows = if deleted { scan.deleted()? } else { scan.live()? };
    let ids = scan.ids(&rows.ordinals)?;
    let app_ids = scan.cells(Space::Core, "appId", &rows.versions)?;
    let names = scan.cells(Space::Core, "displayName", &rows.versions)?;
    let decoded = |cell: &[u8]| engine::scan::decode(cell).as_str().map(str::to_owned);
    let mut found = BTreeMap::new();
    for ((id, app_id), name) in ids.iter().zip(app_ids.iter()).zip(names.iter()) {
        if let Some(app_id) = decoded(app_id) {
            let id = String::from_utf8_lossy(id).into_owned();
            found.insert(app_id, (id, decoded(name).unwrap_or_default()));
        }
    }
    Ok(found)
}

/// Whether Graph gives the objects of a type new IDs each time they are made.
pub(super) fn is_relation_object(token: &str) -> bool {
    schema::by_token(token).is_some_and(|info| info.is_relation_object)
}

type FoundNames = Vec<(String, Arc<str>, String)>;

fn live(snapshot: &Snapshot, ids: &BTreeSet<&str>) -> Result<FoundNames> {
    let (Some(any), false) = (snapshot.types()?.first().cloned(), ids.is_empty()) else {
        return Ok(Vec::new());
    };
    let scan = snapshot.scan(&any);
    let (types, type_of) = scan.live_types()?;
    let mut by_type: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for id in ids {
        let Some(ordinal) = scan.ordinal(id)? else { continue };
        let index = type_of.get(ordinal as usize).copied().unwrap_or(u16::MAX);
        if index != u16::MAX {
            by_type.entry(index.into()).or_default().push(id);
        }
    }
    let mut found = Vec::new();
    for (index, ids) in by_type {
        read_names(&snapshot.scan(&types[index]), &ids, false, &mut found)?;
    }
    Ok(found)
}

fn binned(snapshot: &Snapshot, ids: &BTreeSet<&str>) -> Result<FoundNames> {
    let mut found = Vec::new();
    if ids.is_empty() {
        return Ok(found);
    }
    let ids: Vec<&str> = ids.iter().copied().collect();
    for info in schema::types().filter(|info| info.has_bin()) {
        read_names(&snapshot.scan(info.token), &ids, true, &mut found)?;
    }
    Ok(found)
}

fn read_names(scan: &Scan, ids: &[&str], deleted: bool, found: &mut FoundNames) -> Result<()> {
    let rows = scan.named(ids, deleted)?;
    let names = scan.cells(Space::Core, "displayName", &rows.versions)?;
    for (id, name) in scan.ids(&rows.ordinals)?.iter().zip(names.iter()) {
        let name = match engine::scan::decode(name) {
            Value::String(name) => name,
            _ => String::new(),
        };
        found.push((String::from_utf8_lossy(id).into_owned(), Arc::clone(scan.token()), name));
    }
    Ok(())
}
