//! What an object's content is: raw JSON text in, cells and hashes out.
//!
//! Shape: [`Shredder`] (one per worker) takes raw objects one by one and lays their cells into columns per type;
//! [`ShreddedObjects`] are the columns of some objects, handed over whole.
//!
//! Invariants: equal content has equal hashes whatever the order of properties, the white space, the way numbers and
//! strings are written; an object that cannot be read leaves nothing behind.
//!
//! The hash is of the properties as observed, in their order, so that an object reads back as it was, and so that no
//! change of the table of types changes a hash. Content that is only written in another way is a version of its own,
//! kept as a patch; its meaning is compared in `same`, and the manifest counts it apart.
//!
//! Not here: ordinals, versions and what is stored of them.

mod cells;
mod hash;
mod lanes;
mod rehash;
mod shape;
mod shred;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::error::ObjectProblem;
use crate::id::Id;
pub use crate::id::id_of_reference;
use crate::import_cache::ImportCache;
use crate::value::{CanonicalWriter, Malformed, canonicalize, path_to_display};
use crate::{Error, Result};
pub(crate) use cells::ColumnCells;
use hash::{ContentHasher, RawHasher};
pub(crate) use rehash::{content_hash, first_content_hash};
use shape::TypeShape;
use shred::{CutOff, Seen, Stop};

/// Parsed objects on their way into a backup.
#[derive(Debug, Default)]
pub struct ShreddedObjects {
    /// New or changed objects, by type, the types in the order of their first objects.
    pub(crate) types: Vec<TypeObjects>,
    /// Objects whose raw text the import cache knows.
    pub(crate) unchanged: Vec<Unchanged>,
    /// How many objects were pushed, those unchanged included.
    pub(crate) object_count: u32,
}

/// An object whose raw text is that of the last import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unchanged {
    /// Its position among all objects of these parts.
    pub(crate) sequence: u32,
    /// The type's number, as the import cache has it.
    pub(crate) type_index: u16,
    /// The object's ordinal, as the import cache has it.
    pub(crate) ordinal: u32,
    /// Keyed hash of its raw text.
    pub(crate) raw_hash: u64,
}

/// The objects of one type.
#[derive(Debug)]
pub(crate) struct TypeObjects {
    /// Type token, such as `user`.
    pub(crate) type_token: Arc<str>,
    /// The objects, in input order.
    pub(crate) rows: Vec<Row>,
    /// Compared properties.
    pub(crate) core: Vec<ColumnCells>,
    /// Properties that the server moves by itself.
    pub(crate) volatile: Vec<ColumnCells>,
    /// Relations that are part of the objects.
    pub(crate) links: Vec<InlineLinks>,
}

/// One object, but for its cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its position among all objects of these parts.
    pub(crate) sequence: u32,
    /// Its ID, or the text of its natural key (`a|b|c`).
    pub(crate) id: Id,
    /// Keyed hash of its raw text, type hint and bin hint.
    pub(crate) raw_hash: u64,
    /// Keyed hash of type, ID and core cells.
    pub(crate) core_hash: [u8; 16],
    /// Whether it has volatile cells.
    pub(crate) has_volatile: bool,
    /// Whether it lies in the recycle bin.
    pub(crate) deleted: bool,
}

/// The name of a column.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PathName {
    /// The whole path, such as `employeeOrgData/division`.
    pub(crate) text: Box<str>,
    /// Its first segment, as the path has it: the property.
    pub(crate) top: Box<str>,
    /// The first eight bytes of the hash of type, space and path.
    pub(crate) id: u64,
}

/// The links of one relation, for the rows that have it.
#[derive(Debug)]
pub(crate) struct InlineLinks {
    /// Relation name, such as `members`.
    pub(crate) relation: Arc<str>,
    /// Row numbers, ascending; a row without targets was observed, and is empty.
    pub(crate) rows: Vec<u32>,
    /// For each of `rows`, where its targets end in `targets`.
    pub(crate) ends: Vec<u32>,
    /// Targets in input order; the same target may stand there twice.
    pub(crate) targets: Vec<Id>,
}

impl PathName {
    /// Names a path of a type, in the core or the volatile space.
    pub(crate) fn new(type_token: &str, is_volatile: bool, path: &str) -> Self {
        let space = if is_volatile { "volatile" } else { "core" };
        let hash = blake3::hash([type_token, space, path].join("\0").as_bytes());
        let (id, _) = hash.as_bytes().split_first_chunk().expect("a hash has 32 bytes");
        let top = path.split('/').next().unwrap_or_default();
        Self { text: path.into(), top: top.into(), id: u64::from_le_bytes(*id) }
    }
}

impl InlineLinks {
    /// All rows that have the relation, with the ranges of their targets in `targets`.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, Range<usize>)> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        self.rows
            .iter()
            .zip(starts.zip(&self.ends))
            .map(|(&row, (start, &end))| (row, start as usize..end as usize))
    }
}

/// Turns raw JSON objects into parts. `Clone` and `Send`: one per worker.
#[derive(Debug, Clone)]
pub struct Shredder {
    raw_hasher: RawHasher,
    content_hasher: ContentHasher,
    /// Of each object whose content waits to be hashed: the position of its type's shape, and its row there.
    unhashed: Vec<(usize, usize)>,
    cache: Option<Arc<ImportCache>>,
    shapes: Vec<TypeShape>,
    /// Type token → position in `shapes`.
    positions: HashMap<Box<str>, usize>,
    /// The last hint, and the type it means: hints mostly repeat.
    last_hint: Option<(Box<str>, usize)>,
    /// The last type seen, the guess for objects without a hint.
    last_position: Option<usize>,
    writer: CanonicalWriter,
    unchanged: Vec<Unchanged>,
    object_count: u32,
    byte_count: usize,
    refuses_cut_off: bool,
}

/// How many bytes of raw text fit between two `take`s: offsets are 32 bits wide, and canonical numbers can be longer
/// than raw ones (`1e15` becomes 18 bytes).
const BYTES_MAX: usize = u32::MAX as usize / 8;

impl Shredder {
    /// Makes a shredder; objects whose raw text `cache` knows are passed on unparsed.
    pub(crate) fn new(hash_key: [u8; 32], cache: Option<Arc<ImportCache>>) -> Self {
        Self {
            raw_hasher: RawHasher::new(&hash_key),
            content_hasher: ContentHasher::new(hash_key),
            unhashed: Vec::new(),
            cache,
            shapes: Vec::new(),
            positions: HashMap::new(),
            last_hint: None,
            last_position: None,
            writer: CanonicalWriter::default(),
            unchanged: Vec::new(),
            object_count: 0,
            byte_count: 0,
            refuses_cut_off: false,
        }
    }

    /// From now on refuses objects of which PowerShell has cut something off: a text such as
    /// `@{users=System.Object[]}` for a value, or a single value for a collection of the table of types.
    pub fn refuse_cut_off(&mut self) {
        self.refuses_cut_off = true;
    }

    /// Makes a shredder that belongs to no backup, for measuring.
    #[must_use]
    pub fn detached(hash_key: [u8; 32]) -> Self {
        Self::new(hash_key, None)
    }

    /// Parses one object (`raw`: its exact JSON text) and keeps it for the next `take`.
    ///
    /// `hint` is the type when the object does not say (`@odata.type` in the object wins): a token, or any name the
    /// table of types knows. `deleted_hint` says that the object comes from the recycle bin.
    ///
    /// # Errors
    /// `Object` with the offset in `raw`; then the object is not kept, and those before and after it are.
    pub fn push(&mut self, raw: &[u8], hint: Option<&str>, deleted_hint: bool) -> Result<()> {
        if self.byte_count + raw.len() > BYTES_MAX || self.object_count == u32::MAX {
            let reason = format!("expected at most {BYTES_MAX} bytes between two takes, found more");
            return Err(Error::Object { offset: 0, problem: ObjectProblem::Malformed, reason });
        }
        let raw_hash = self.raw_hasher.hash(raw, hint, deleted_hint);
        let known = self.cache.as_ref().and_then(|cache| cache.lookup(raw_hash));
        let sequence = self.object_count;
        if let Some((type_index, ordinal)) = known {
            self.unchanged.push(Unchanged { sequence, type_index, ordinal, raw_hash });
        } else {
            self.parse(raw, hint, deleted_hint, raw_hash)
                .map_err(|Malformed { offset, problem, reason }| Error::Object { offset, problem, reason })?;
        }
        self.object_count += 1;
        self.byte_count += raw.len();
        Ok(())
    }

    /// What was pushed since the last call.
    pub fn take(&mut self) -> ShreddedObjects {
        self.hash_contents();
        let mut types: Vec<TypeObjects> = self.shapes.iter_mut().filter_map(TypeShape::take).collect();
        // Not in the order in which this worker met them: what it parsed before must not show.
        types.sort_unstable_by_key(|part| part.rows.first().map(|row| row.sequence));
        self.byte_count = 0;
        if self.shapes.iter().map(TypeShape::size).sum::<usize>() > SHAPES_MAX {
            self.shapes.clear();
            self.positions.clear();
            self.last_hint = None;
            self.last_position = None;
        }
        ShreddedObjects {
            types,
            unchanged: std::mem::take(&mut self.unchanged),
            object_count: std::mem::take(&mut self.object_count),
        }
    }

    /// Bytes of raw text pushed since the last `take`.
    #[must_use]
    pub fn byte_count(&self) -> usize {
        self.byte_count
    }

    /// Whether the object last pushed, or one of its type before it, has a name that only answers of delta queries
    /// have: `@removed`, or one that ends in `@delta`. Such an object says what changed, not what is.
    #[must_use]
    pub fn met_delta_name(&self) -> bool {
        self.last_position.is_some_and(|position| self.shapes[position].has_delta_name)
    }

    fn parse(
        &mut self,
        raw: &[u8],
        hint: Option<&str>,
        deleted_hint: bool,
        raw_hash: u64,
    ) -> Result<(), Malformed> {
        crate::value::check_utf8(raw)?;
        let mut position = self.first_guess(raw, hint)?;
        let mut without_duplicates = None;
        loop {
            let text = without_duplicates.as_deref().unwrap_or(raw);
            match shred::walk(&mut self.shapes[position], &mut self.writer, text, self.refuses_cut_off) {
                Ok(seen) if hint.is_none() && !seen.typed => {
                    self.shapes[position].undo();
                    return Err(no_type());
                }
                Ok(seen) => {
                    self.last_position = Some(position);
                    return self.finish(position, &seen, deleted_hint, raw_hash);
                }
                Err(stop) => {
                    self.shapes[position].undo();
                    self.writer.reset();
                    match stop {
                        Stop::Malformed(malformed) => return Err(malformed),
                        Stop::CutOff(cut) => return Err(not_whole(raw, &cut)),
                        Stop::OtherType(token) => position = self.position_of(&token),
                        Stop::Duplicate => {
                            let mut text = Vec::with_capacity(raw.len());
                            canonicalize(raw, &mut text)?;
                            without_duplicates = Some(text);
                        }
                    }
                }
            }
        }
    }

    fn finish(
        &mut self,
        position: usize,
        seen: &Seen<'_>,
        deleted_hint: bool,
        raw_hash: u64,
    ) -> Result<(), Malformed> {
        let shape = &mut self.shapes[position];
        let id = match shred::identify(shape, seen) {
            Ok(id) => id,
            Err(malformed) => {
                shape.undo();
                return Err(malformed);
            }
        };
        shape.gather(&mut self.content_hasher, &id);
        self.unhashed.push((position, shape.next_row()));
        let (deleted, has_volatile) = (seen.deleted || deleted_hint, shape.has_volatile());
        let sequence = self.object_count;
        shape.keep(Row { sequence, id, raw_hash, core_hash: [0; 16], has_volatile, deleted });
        if self.content_hasher.is_full() {
            self.hash_contents();
        }
        Ok(())
    }

    /// Hashes the contents gathered so far.
    fn hash_contents(&mut self) {
        let mut rows = self.unhashed.drain(..);
        self.content_hasher.finish(|hash| {
            let (position, row) = rows.next().expect("each content is of a row");
            self.shapes[position].set_hash(row, hash);
        });
    }

    /// The type that the object probably has.
    fn first_guess(&mut self, raw: &[u8], hint: Option<&str>) -> Result<usize, Malformed> {
        if let Some(hint) = hint {
            return Ok(self.position_of_hint(hint));
        }
        if let Some(position) = self.last_position {
            return Ok(position);
        }
        let token = shred::find_type(raw, &mut self.writer)?.ok_or_else(no_type)?;
        Ok(self.position_of(&token))
    }

    fn position_of_hint(&mut self, hint: &str) -> usize {
        if let Some((last, position)) = &self.last_hint
            && **last == *hint
        {
            return *position;
        }
        let token = crate::schema::token_from_name(hint);
        let position = self.position_of(token);
        self.last_hint = Some((hint.into(), position));
        position
    }

    fn position_of(&mut self, token: &str) -> usize {
        if let Some(&position) = self.positions.get(token) {
            return position;
        }
        let position = self.shapes.len();
        self.shapes.push(TypeShape::new(token));
        self.positions.insert(token.into(), position);
        position
    }
}

/// How many names a shredder remembers from one `take` to the next; real tenants have some thousands.
const SHAPES_MAX: usize = 100_000;

#[derive(serde::Deserialize)]
struct Named {
    id: Option<String>,
}

/// Names the object and the property of which something was cut off.
#[cold]
fn not_whole(raw: &[u8], cut: &CutOff) -> Malformed {
    let named = serde_json::from_slice::<Named>(raw).ok().and_then(|named| named.id);
    let object = named.map_or_else(String::new, |id| format!(" of {id}"));
    let (path, found) = (path_to_display(&cut.path), &cut.found);
    let reason = format!(
        "expected the whole of {path}{object}, found {found}, which PowerShell leaves of what it cuts off"
    );
    Malformed { offset: cut.offset, problem: ObjectProblem::Truncated, reason }
}

fn no_type() -> Malformed {
    let reason = "expected \"@odata.type\", found none, and nothing else tells the type".to_owned();
    Malformed { offset: 0, problem: ObjectProblem::Untyped, reason }
}

#[cfg(test)]
mod tests;
