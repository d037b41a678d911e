//! Walks over one object and lays its cells and links into the shape of its type.

use std::borrow::Cow;

use super::shape::{NONE, ROOT, Role, TypeShape};
use crate::id::{Id, id_of_reference, lower_guid};
use crate::schema;
use crate::value::{
    CanonicalWriter, DEPTH_MAX, JsonCursor, Malformed, NULL, RawString, cut_off, is_cut_off, shortened,
};

/// Why a walk ended early; what it filled must be undone.
#[derive(Debug)]
pub(super) enum Stop {
    /// The text is not a JSON object, or not one with an ID.
    Malformed(Malformed),
    /// The object says that it is of this type.
    OtherType(Box<str>),
    /// It has a name twice.
    Duplicate,
    /// It is not whole, and the shredder refuses such objects.
    CutOff(CutOff),
}

/// Where an object is not whole.
#[derive(Debug)]
pub(super) struct CutOff {
    pub(super) offset: usize,
    /// The path of the property.
    pub(super) path: Box<str>,
    /// The value: a text, or something else than a collection.
    pub(super) found: Box<str>,
}

impl From<Malformed> for Stop {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

/// What a walk learned besides cells.
#[derive(Debug, Default)]
pub(super) struct Seen<'text> {
    /// The value of `id`.
    id: Option<RawString<'text>>,
    /// The values of the natural key.
    keys: [KeyValue<'text>; schema::KEY_PARTS_MAX],
    /// Whether `@odata.type` named the type.
    pub(super) typed: bool,
    /// Whether `deletedDateTime` is set.
    pub(super) deleted: bool,
}

/// One value of a natural key.
#[derive(Debug, Default, Clone, Copy)]
enum KeyValue<'text> {
    #[default]
    Absent,
    Null,
    Text(RawString<'text>),
}

/// Fills a shape with the cells and links of one object.
pub(super) fn walk<'text>(
    shape: &mut TypeShape,
    writer: &mut CanonicalWriter,
    text: &'text [u8],
    refuses_cut_off: bool,
) -> Result<Seen<'text>, Stop> {
    shape.begin();
    let cursor = JsonCursor::new(text);
    let mut walk = Walk { shape, writer, cursor, seen: Seen::default(), refuses_cut_off };
    walk.cursor.skip_space();
    if walk.cursor.peek() != b'{' {
        return Err(walk.cursor.expected("an object").into());
    }
    walk.object(ROOT, 0)?;
    walk.cursor.expect_end()?;
    Ok(walk.seen)
}

/// The type that an object names, found without knowing anything about it.
pub(super) fn find_type(text: &[u8], writer: &mut CanonicalWriter) -> Result<Option<Box<str>>, Malformed> {
    let mut cursor = JsonCursor::new(text);
    let mut scratch = Vec::new();
    cursor.skip_space();
    if cursor.peek() != b'{' {
        return Err(cursor.expected("an object"));
    }
    let mut found = None;
    cursor.advance(1);
    cursor.skip_space();
    if cursor.peek() == b'}' {
        return Ok(None);
    }
    loop {
        let mut name_scratch = Vec::new();
        let is_type = cursor.string()?.decode(&mut name_scratch)? == b"@odata.type";
        cursor.skip_space();
        if !cursor.take(b':') {
            return Err(cursor.expected("':'"));
        }
        cursor.skip_space();
        if is_type && cursor.peek() == b'"' {
            found = type_from_text(&cursor.string()?);
        } else {
            scratch.clear();
            writer.reset();
            writer.write_value(&mut cursor, &mut scratch, 1)?;
        }
        cursor.skip_space();
        if !cursor.take(b',') {
            return if cursor.peek() == b'}' { Ok(found) } else { Err(cursor.expected("',' or '}'")) };
        }
        cursor.skip_space();
    }
}

/// The object's ID: the natural key where the type has one and it is whole, else what `id` says.
pub(super) fn identify(shape: &mut TypeShape, seen: &Seen<'_>) -> Result<Id, Malformed> {
    let id = seen.id.map(|raw| text_of(&raw)).transpose()?;
    if let Some(key) = natural_key(shape, seen)? {
        if let (Some(raw), Some(_)) = (seen.id, &id) {
            let name = shape.name(ROOT, b"id");
            shape
                .fill(name, true, |out| crate::value::write_string(&mut JsonCursor::new(raw.quoted), out))?;
        }
        return Ok(Id::from_text(&key));
    }
    let fallback = shape.schema.filter(|schema| schema.is_singleton).map(|schema| schema.token);
    match (id, fallback) {
        (Some(text), _) if text.is_empty() => {
            let offset = seen.id.map_or(0, |raw| raw.offset);
            Err(Malformed::new(offset, "expected an \"id\", found an empty text"))
        }
        (Some(text), _) => Ok(Id::from_text(&text)),
        (None, Some(token)) => Ok(Id::from_text(token)),
        (None, None) => Err(Malformed::new(0, "expected an object with \"id\", found none")),
    }
}

/// The values of the natural key, joined by `|`; none when one is missing or has a `|` in it.
fn natural_key(shape: &TypeShape, seen: &Seen<'_>) -> Result<Option<String>, Malformed> {
    let parts = shape.schema.map_or(&[][..], |schema| schema.natural_key);
    if parts.is_empty() {
        return Ok(None);
    }
    let mut key = String::new();
    for (index, (part, value)) in parts.iter().zip(&seen.keys).enumerate() {
        if let Some(only) = part.only {
            if matches!(value, KeyValue::Text(raw) if text_of(raw)? == only) {
                key.push('|');
                key.push_str(only);
            }
            continue;
        }
        if index > 0 {
            key.push('|');
        }
        match value {
            KeyValue::Null if part.may_be_null => {}
            KeyValue::Text(raw) => {
                let text = text_of(raw)?;
                if text.contains('|') {
                    return Ok(None);
                }
                key.push_str(&text);
            }
            _ => return Ok(None),
        }
    }
    Ok(Some(key))
}

fn text_of<'text>(raw: &RawString<'text>) -> Result<Cow<'text, str>, Malformed> {
    let broken = || Malformed::new(raw.offset, "expected an identifier, found half a surrogate pair");
    if !raw.escaped {
        return std::str::from_utf8(raw.inner).map(Cow::Borrowed).map_err(|_| broken());
    }
    let mut scratch = Vec::new();
    raw.decode(&mut scratch)?;
    String::from_utf8(scratch).map(Cow::Owned).map_err(|_| broken())
}

fn type_from_text(raw: &RawString<'_>) -> Option<Box<str>> {
    let text = text_of(raw).ok()?;
    let token = schema::token_from_odata_type(&text);
    (!token.is_empty()).then(|| token.into())
}

struct Walk<'shape, 'text> {
    shape: &'shape mut TypeShape,
    writer: &'shape mut CanonicalWriter,
    cursor: JsonCursor<'text>,
    seen: Seen<'text>,
    refuses_cut_off: bool,
}

impl Walk<'_, '_> {
    /// Walks over the object that begins here; its members belong below the name `above`.
    fn object(&mut self, above: u32, depth: usize) -> Result<(), Stop> {
        if depth >= DEPTH_MAX {
            let reason = format!("expected at most {DEPTH_MAX} levels of nesting, found more");
            return Err(Malformed::new(self.cursor.offset(), reason).into());
        }
        self.cursor.advance(1);
        self.cursor.skip_space();
        if self.cursor.take(b'}') {
            return Ok(());
        }
        let mut previous = NONE;
        loop {
            let name = self.name(above, previous)?;
            let entry = &mut self.shape.names[name as usize];
            if entry.walk == self.shape.walk {
                return Err(Stop::Duplicate);
            }
            entry.walk = self.shape.walk;
            let role = entry.role;
            if role == Role::Content {
                self.content(name, depth)?;
            } else {
                self.special(name, role, depth)?;
            }
            previous = name;
            self.cursor.skip_space();
            if self.cursor.take(b',') {
                self.cursor.skip_space();
            } else if self.cursor.take(b'}') {
                return Ok(());
            } else {
                return Err(self.cursor.expected("',' or '}'").into());
            }
        }
    }

    /// Reads a name and its colon, and remembers that it follows `previous`.
    fn name(&mut self, above: u32, previous: u32) -> Result<u32, Stop> {
        let names = &self.shape.names;
        let mut guess = match previous {
            NONE => names[above as usize].first,
            previous => names[previous as usize].next,
        };
        // A property may be missing this time, so its successors are tried too.
        for _ in 0..4 {
            let Some(entry) = names.get(guess as usize) else { break };
            if let Some(length) = entry.pattern.length_in(self.cursor.rest()) {
                self.cursor.advance(length);
                self.cursor.skip_space();
                return Ok(guess);
            }
            guess = entry.next;
        }
        let mut scratch = Vec::new();
        let found = {
            let raw = self.cursor.string()?;
            self.shape.name(above, raw.decode(&mut scratch)?)
        };
        match previous {
            NONE => self.shape.names[above as usize].first = found,
            previous => self.shape.names[previous as usize].next = found,
        }
        self.cursor.skip_space();
        if !self.cursor.take(b':') {
            return Err(self.cursor.expected("':'").into());
        }
        self.cursor.skip_space();
        Ok(found)
    }

    /// Lays an ordinary value into its column, or the values below it into theirs.
    fn content(&mut self, name: u32, depth: usize) -> Result<(), Stop> {
        let is_volatile = self.shape.names[name as usize].is_volatile;
        self.cells(name, is_volatile, depth)
    }

    fn cells(&mut self, name: u32, is_volatile: bool, depth: usize) -> Result<(), Stop> {
        let offset = self.cursor.offset();
        let is_collection = self.shape.names[name as usize].is_collection;
        if is_collection && self.refuses_cut_off && !matches!(self.cursor.peek(), b'[' | b'n') {
            return Err(self.no_collection(name));
        }
        if self.cursor.peek() == b'{' {
            let mut ahead = self.cursor.clone();
            ahead.advance(1);
            ahead.skip_space();
            if ahead.peek() != b'}' {
                return self.object(name, depth + 1);
            }
        }
        let (cursor, writer) = (&mut self.cursor, &mut *self.writer);
        writer.begin_value();
        self.shape.fill(name, is_volatile, |out| writer.write_value(cursor, out, depth + 1))?;
        if self.refuses_cut_off && self.writer.is_suspect() {
            let (text, path) = self.shape.last_text(name, is_volatile);
            if let Some(found) = cut_off(text) {
                let found = format!("the text \"{}\"", shortened(found)).into();
                return Err(Stop::CutOff(CutOff { offset, path: path.into(), found }));
            }
        }
        Ok(())
    }

    /// Says that a value is single where the table of types has a collection.
    #[cold]
    fn no_collection(&self, name: u32) -> Stop {
        let mut text = Vec::new();
        let offset = self.cursor.offset();
        let mut ahead = self.cursor.clone();
        if let Err(malformed) = CanonicalWriter::default().write_value(&mut ahead, &mut text, 0) {
            return malformed.into();
        }
        let found = format!("the single value {}", shortened(&String::from_utf8_lossy(&text))).into();
        Stop::CutOff(CutOff { offset, path: self.shape.path(name).into(), found })
    }

    fn special(&mut self, name: u32, role: Role, depth: usize) -> Result<(), Stop> {
        match role {
            Role::Content => self.content(name, depth),
            Role::Id => {
                if self.cursor.peek() != b'"' {
                    return Err(self.cursor.expected("a string as \"id\"").into());
                }
                self.seen.id = Some(self.cursor.string()?);
                Ok(())
            }
            Role::Type => self.type_name(name, depth),
            Role::Deleted => {
                let is_null = self.cursor.rest().starts_with(NULL);
                self.seen.deleted |= !is_null;
                self.cells(name, !is_null, depth)
            }
            Role::Key(index) => {
                self.seen.keys[index] = match self.cursor.peek() {
                    b'"' => KeyValue::Text(self.cursor.clone().string()?),
                    b'n' => KeyValue::Null,
                    _ => KeyValue::Absent,
                };
                self.content(name, depth)
            }
            Role::Relation(relation) => {
                let ahead = self.cursor.clone();
                if self.links(relation)? {
                    self.shape.keep_links(relation);
                    return Ok(());
                }
                self.cursor = ahead;
                if self.refuses_cut_off && is_joined(&self.cursor) {
                    return Err(self.no_collection(name));
                }
                self.content(name, depth)
            }
        }
    }

    /// Reads `@odata.type`: kept as a cell only where it says more than the type's token does.
    fn type_name(&mut self, name: u32, depth: usize) -> Result<(), Stop> {
        if self.cursor.peek() == b'"' {
            let start = self.cursor.clone();
            let raw = self.cursor.string()?;
            if raw.escaped || raw.inner != self.shape.type_text {
                if let Some(token) = type_from_text(&raw) {
                    if *token != *self.shape.token() {
                        return Err(Stop::OtherType(token));
                    }
                    self.seen.typed = true;
                }
            } else {
                self.seen.typed = true;
            }
            if self.seen.typed && !raw.escaped {
                self.shape.type_text.clear();
                self.shape.type_text.extend_from_slice(raw.inner);
                if schema::is_odata_type_of(self.shape.token(), raw.inner) {
                    return Ok(());
                }
            }
            self.cursor = start;
        }
        self.content(name, depth)
    }

    /// Reads links into a relation; `false` when the value is something else, which leaves the cursor anywhere.
    fn links(&mut self, relation: usize) -> Result<bool, Stop> {
        let (targets, to_one) = self.shape.targets(relation);
        let before = targets.len();
        let read = match self.cursor.peek() {
            b'n' if to_one => {
                self.cursor.literal()?;
                true
            }
            b'[' if !to_one => read_targets(&mut self.cursor, self.writer, targets)?,
            _ => !is_joined(&self.cursor) && read_target(&mut self.cursor, self.writer, targets)?,
        };
        if !read {
            targets.truncate(before);
        }
        Ok(read)
    }
}

fn read_targets(
    cursor: &mut JsonCursor<'_>,
    writer: &mut CanonicalWriter,
    targets: &mut Vec<Id>,
) -> Result<bool, Malformed> {
    if !cursor.take(b'[') {
        return Ok(false);
    }
    cursor.skip_space();
    if cursor.take(b']') {
        return Ok(true);
    }
    loop {
        if !read_target(cursor, writer, targets)? {
            return Ok(false);
        }
        cursor.skip_space();
        if cursor.take(b']') {
            return Ok(true);
        }
        if !cursor.take(b',') {
            return Err(cursor.expected("',' or ']'"));
        }
        cursor.skip_space();
    }
}

/// Reads one target: a string that is no empty text, or an object with such an `id` or a link as `@odata.id`.
fn read_target(
    cursor: &mut JsonCursor<'_>,
    writer: &mut CanonicalWriter,
    targets: &mut Vec<Id>,
) -> Result<bool, Malformed> {
    match cursor.peek() {
        b'"' => Ok(push_target(&cursor.string()?, targets)),
        b'{' => {
            cursor.advance(1);
            cursor.skip_space();
            let (mut id, mut link) = (None, None);
            let mut scratch = Vec::new();
            while !cursor.take(b'}') {
                let mut name_scratch = Vec::new();
                let raw_name = cursor.string()?;
                let name = raw_name.decode(&mut name_scratch)?;
                let (is_id, is_link) = (name == b"id", name == b"@odata.id");
                cursor.skip_space();
                if !cursor.take(b':') {
                    return Err(cursor.expected("':'"));
                }
                cursor.skip_space();
                if is_id {
                    if cursor.peek() != b'"' {
                        return Ok(false);
                    }
                    id = Some(cursor.string()?);
                } else if is_link && cursor.peek() == b'"' {
                    link = Some(cursor.string()?);
                } else {
                    scratch.clear();
                    writer.write_value(cursor, &mut scratch, 2)?;
                }
                cursor.skip_space();
                if cursor.take(b',') {
                    cursor.skip_space();
                    if cursor.peek() == b'}' {
                        return Err(cursor.expected("a string"));
                    }
                } else if cursor.peek() != b'}' {
                    return Err(cursor.expected("',' or '}'"));
                }
            }
            Ok(id.or(link).is_some_and(|raw| push_target(&raw, targets)))
        }
        _ => Ok(false),
    }
}

fn push_target(raw: &RawString<'_>, targets: &mut Vec<Id>) -> bool {
    let Ok(text) = text_of(raw) else { return false };
    let is_link = text.starts_with("https://") || text.starts_with("http://");
    let id = if is_link { id_of_reference(&text).unwrap_or_default() } else { &*text };
    if id.is_empty() || is_cut_off(id) {
        return false;
    }
    targets.push(Id::from_text(id));
    true
}

/// Whether the next value is a text of several GUIDs with blanks between them: a list that was made a text.
fn is_joined(cursor: &JsonCursor<'_>) -> bool {
    if cursor.peek() != b'"' {
        return false;
    }
    let Ok(raw) = cursor.clone().string() else { return false };
    let mut parts = raw.inner.split(|byte| *byte == b' ');
    raw.inner.contains(&b' ') && parts.all(|part| lower_guid(part).is_some())
}
