//! The shape of the objects of a type: their names so far, the columns that these fill, and their order.
//!
//! Objects of a type mostly have the same properties in the same order. Each name therefore keeps the name
//! that followed it in the last object, and one comparison of bytes confirms it; a map is read only where it differs.

use std::collections::HashMap;
use std::sync::Arc;

use super::hash::{ColumnsDigest, ContentHasher};
use super::{ColumnCells, InlineLinks, PathName, Row, TypeObjects};
use crate::id::Id;
use crate::schema::{self, RuleKind, Type};
use crate::value::push_segment;

/// No name, no column.
pub(super) const NONE: u32 = u32::MAX;

/// The name above all top-level names.
pub(super) const ROOT: u32 = 0;

/// What a property means to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing beyond its value.
    Content,
    /// The object's ID.
    Id,
    /// The object's type.
    Type,
    /// When the object went to the bin.
    Deleted,
    /// Part of the natural key: its position in it.
    Key(usize),
    /// Links, if its value is a list of objects: position in `relations`.
    Relation(usize),
}

/// A name below its parent in the object.
#[derive(Debug, Clone)]
pub(super) struct Name {
    /// The name as compact JSON has it.
    pub(super) pattern: Pattern,
    /// Its path.
    path: Box<str>,
    /// The names below it, by their WTF-8 bytes.
    below: HashMap<Box<[u8]>, u32>,
    /// The name that was first below it in the last object.
    pub(super) first: u32,
    /// The name that followed it in the last object.
    pub(super) next: u32,
    /// The walk that last met it: twice in one walk is a duplicate.
    pub(super) walk: u64,
    /// Its column of core cells.
    core: u32,
    /// Its column of volatile cells.
    volatile: u32,
    pub(super) role: Role,
    /// Whether its cells, and those below, are volatile.
    pub(super) is_volatile: bool,
    /// Whether the table of types says that it is a collection.
    pub(super) is_collection: bool,
}

/// A name with its quotes and its colon, ready to be compared with a text.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    /// The bytes; none when the name cannot stand in a text without escapes, and nothing matches.
    bytes: Box<[u8]>,
    /// The first 32 of them, zeros after the end.
    head: [u8; HEAD_LENGTH],
    /// 255 where `head` has a byte of the name.
    mask: [u8; HEAD_LENGTH],
}

/// Most names are no longer than this, so one comparison of fixed length settles it.
const HEAD_LENGTH: usize = 32;

impl Pattern {
    fn new(bytes: &[u8]) -> Self {
        let (mut head, mut mask) = ([0; HEAD_LENGTH], [0; HEAD_LENGTH]);
        for (position, &byte) in bytes.iter().take(HEAD_LENGTH).enumerate() {
            head[position] = byte;
            mask[position] = 255;
        }
        Self { bytes: bytes.into(), head, mask }
    }

    /// How many bytes of `text` it takes, if `text` begins with it.
    #[inline]
    pub(super) fn length_in(&self, text: &[u8]) -> Option<usize> {
        let found = match text.first_chunk::<HEAD_LENGTH>() {
            Some(start) if self.bytes.len() <= HEAD_LENGTH => {
                let differences = start.iter().zip(&self.mask).zip(&self.head);
                differences.fold(0, |sum, ((byte, mask), head)| sum | ((byte & mask) ^ head)) == 0
            }
            _ => text.starts_with(&self.bytes),
        };
        (found && !self.bytes.is_empty()).then_some(self.bytes.len())
    }
}

/// A column, and whether this object has a cell in it.
#[derive(Debug, Clone)]
struct PendingColumn {
    cells: ColumnCells,
}

/// The links of one relation.
#[derive(Debug, Clone)]
struct Links {
    relation: Arc<str>,
    to_one: bool,
    rows: Vec<u32>,
    ends: Vec<u32>,
    targets: Vec<Id>,
}

/// Columns in the order they were filled, and in the order they are hashed.
#[derive(Debug, Clone, Default)]
struct ColumnOrder {
    filled: Vec<u32>,
    hashed: Vec<u32>,
    digest: ColumnsDigest,
}

/// Everything known about one type, and the columns being filled.
#[derive(Debug, Clone)]
pub(super) struct TypeShape {
    token: Arc<str>,
    pub(super) schema: Option<&'static Type>,
    pub(super) names: Vec<Name>,
    columns: Vec<PendingColumn>,
    relations: Vec<Links>,
    rows: Vec<Row>,
    /// Whether a name was observed that only answers of delta queries have.
    pub(super) has_delta_name: bool,
    /// Number of this walk.
    pub(super) walk: u64,
    /// Columns that this object has filled, by space.
    filled_core: Vec<u32>,
    filled_volatile: Vec<u32>,
    core_order: ColumnOrder,
    /// The text of `@odata.type` that last meant this type.
    pub(super) type_text: Vec<u8>,
}

impl TypeShape {
    pub(super) fn new(token: &str) -> Self {
        let schema = schema::by_token(token);
        let relations = schema.map_or(&[][..], |found| found.relations).iter();
        let root = Name {
            pattern: Pattern::new(b""),
            path: "".into(),
            below: HashMap::new(),
            first: NONE,
            next: NONE,
            walk: 0,
            core: NONE,
            volatile: NONE,
            role: Role::Content,
            is_volatile: false,
            is_collection: false,
        };
        Self {
            token: token.into(),
            schema,
            names: vec![root],
            columns: Vec::new(),
            relations: relations
                .map(|relation| Links {
                    relation: relation.name.into(),
                    to_one: relation.to_one,
                    rows: Vec::new(),
                    ends: Vec::new(),
                    targets: Vec::new(),
                })
                .collect(),
            rows: Vec::new(),
            has_delta_name: false,
            walk: 0,
            filled_core: Vec::new(),
            filled_volatile: Vec::new(),
            core_order: ColumnOrder::default(),
            type_text: Vec::new(),
        }
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// How many names and columns it remembers.
    pub(super) fn size(&self) -> usize {
        self.names.len() + 1
    }

    /// Begins an object.
    pub(super) fn begin(&mut self) {
        self.walk += 1;
        self.filled_core.clear();
        self.filled_volatile.clear();
    }

    /// The name of these WTF-8 bytes below `parent`, made if it is new.
    pub(super) fn name(&mut self, parent: u32, text: &[u8]) -> u32 {
        if let Some(&found) = self.names[parent as usize].below.get(text) {
            return found;
        }
        self.has_delta_name |= parent == ROOT && schema::is_delta_name(text);
        let above = &self.names[parent as usize];
        let mut path = String::from(&*above.path);
        push_segment(text, &mut path);
        let plain = text.iter().all(|&byte| byte >= 0x20 && byte != b'"' && byte != b'\\')
            && std::str::from_utf8(text).is_ok();
        let pattern = if plain { [b"\"", text, b"\":"].concat() } else { Vec::new() };
        let name = Name {
            pattern: Pattern::new(&pattern),
            below: HashMap::new(),
            first: NONE,
            next: NONE,
            walk: 0,
            core: NONE,
            volatile: NONE,
            role: if parent == ROOT { self.role(&path) } else { Role::Content },
            is_volatile: above.is_volatile
                || schema::is_transport_annotation(text)
                || schema::rule(&self.token, &path, RuleKind::Volatile).is_some(),
            is_collection: schema::is_collection(&self.token, &path),
            path: path.into(),
        };
        let index = u32::try_from(self.names.len()).expect("names are fewer than bytes between takes");
        self.names.push(name);
        self.names[parent as usize].below.insert(text.into(), index);
        index
    }

    fn role(&self, path: &str) -> Role {
        let named = path.strip_suffix("@odata.bind").unwrap_or(path);
        let relation = self.relations.iter().position(|links| *links.relation == *named);
        let key = self.schema.and_then(|schema| schema.natural_key.iter().position(|part| part.name == path));
        match (path, relation, key) {
            ("id", ..) => Role::Id,
            ("@odata.type", ..) => Role::Type,
            ("deletedDateTime", ..) => Role::Deleted,
            (_, Some(index), _) => Role::Relation(index),
            (_, _, Some(index)) => Role::Key(index),
            _ => Role::Content,
        }
    }

    /// Fills this object's cell of a name with what `write` appends, and gives what it gives.
    pub(super) fn fill<T, E>(
        &mut self,
        name: u32,
        is_volatile: bool,
        write: impl FnOnce(&mut Vec<u8>) -> Result<T, E>,
    ) -> Result<T, E> {
        let entry = &self.names[name as usize];
        let mut index = if is_volatile { entry.volatile } else { entry.core };
        if index == NONE {
            index = self.add_column(name, is_volatile);
        }
        let filled = if is_volatile { &mut self.filled_volatile } else { &mut self.filled_core };
        filled.push(index);
        let column = &mut self.columns[index as usize];
        let row = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        column.cells.push(row, write)
    }

    #[cold]
    fn add_column(&mut self, name: u32, is_volatile: bool) -> u32 {
        let index = u32::try_from(self.columns.len()).expect("columns are fewer than names, twice");
        let entry = &mut self.names[name as usize];
        *(if is_volatile { &mut entry.volatile } else { &mut entry.core }) = index;
        self.columns.push(PendingColumn {
            cells: ColumnCells::new(Arc::new(PathName::new(&self.token, is_volatile, &entry.path))),
        });
        index
    }

    /// Where links of a relation go: the targets so far, and whether there may be one at most.
    pub(super) fn targets(&mut self, relation: usize) -> (&mut Vec<Id>, bool) {
        let links = &mut self.relations[relation];
        (&mut links.targets, links.to_one)
    }

    /// Makes what was appended to a relation's targets links of this object.
    pub(super) fn keep_links(&mut self, relation: usize) {
        let links = &mut self.relations[relation];
        let row = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        if links.rows.last() == Some(&row) {
            // The relation has two names in the object: `members` and `members@odata.bind`.
            links.ends.pop();
        } else {
            links.rows.push(row);
        }
        links.ends.push(u32::try_from(links.targets.len()).unwrap_or(u32::MAX));
    }

    /// The text that was filled in last of a name, and the name's path.
    pub(super) fn last_text(&self, name: u32, is_volatile: bool) -> (&[u8], &str) {
        let entry = &self.names[name as usize];
        let index = if is_volatile { entry.volatile } else { entry.core };
        let text = self.columns.get(index as usize).map_or(&[][..], |column| column.cells.last());
        (text, &entry.path)
    }

    /// The path of a name.
    pub(super) fn path(&self, name: u32) -> &str {
        &self.names[name as usize].path
    }

    /// Forgets this object.
    pub(super) fn undo(&mut self) {
        let row = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        for index in self.filled_core.drain(..).chain(self.filled_volatile.drain(..)) {
            self.columns[index as usize].cells.undo(row);
        }
        for links in &mut self.relations {
            if links.rows.last() == Some(&row) {
                links.rows.pop();
                links.ends.pop();
            }
            links.targets.truncate(links.ends.last().map_or(0, |&end| end as usize));
        }
    }

    /// Gathers the core cells of this object to be hashed.
    pub(super) fn gather(&mut self, hasher: &mut ContentHasher, id: &Id) {
        self.core_order.update(&self.filled_core, &self.columns);
        hasher.begin(&self.token, |out| id.write_normal(out), &self.core_order.digest);
        for &index in &self.core_order.hashed {
            let text = self.columns[index as usize].cells.last();
            hasher.cell(|out| out.extend_from_slice(text));
        }
        hasher.end();
    }

    /// Whether this object has volatile cells.
    pub(super) fn has_volatile(&self) -> bool {
        !self.filled_volatile.is_empty()
    }

    /// The number of the row that this object takes.
    pub(super) fn next_row(&self) -> usize {
        self.rows.len()
    }

    /// Says what the content of a row hashes to.
    pub(super) fn set_hash(&mut self, row: usize, hash: [u8; 16]) {
        self.rows[row].core_hash = hash;
    }

    /// Keeps this object.
    pub(super) fn keep(&mut self, row: Row) {
        self.rows.push(row);
        self.filled_core.clear();
        self.filled_volatile.clear();
    }

    /// Hands over what was kept.
    pub(super) fn take(&mut self) -> Option<TypeObjects> {
        if self.rows.is_empty() {
            return None;
        }
        let mut part = TypeObjects {
            type_token: Arc::clone(&self.token),
            rows: std::mem::take(&mut self.rows),
            core: Vec::new(),
            volatile: Vec::new(),
            links: Vec::new(),
        };
        for name in &self.names {
            for (index, cells) in [(name.core, &mut part.core), (name.volatile, &mut part.volatile)] {
                if let Some(column) = self.columns.get_mut(index as usize) {
                    cells.extend(column.cells.take());
                }
            }
        }
        for links in self.relations.iter_mut().filter(|links| !links.rows.is_empty()) {
            part.links.push(InlineLinks {
                relation: Arc::clone(&links.relation),
                rows: std::mem::take(&mut links.rows),
                ends: std::mem::take(&mut links.ends),
                targets: std::mem::take(&mut links.targets),
            });
        }
        Some(part)
    }
}

impl ColumnOrder {
    /// Sorts by path ID, unless the last object had the same columns in the same order.
    fn update(&mut self, filled: &[u32], columns: &[PendingColumn]) {
        if self.filled != filled {
            self.filled.clear();
            self.filled.extend_from_slice(filled);
            self.hashed.clone_from(&self.filled);
            self.hashed.sort_by_key(|&index| columns[index as usize].cells.path.id);
            self.digest =
                ColumnsDigest::of(self.hashed.iter().map(|&index| columns[index as usize].cells.path.id));
        }
    }
}
