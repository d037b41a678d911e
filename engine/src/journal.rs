//! Owns the journals: append-only logs whose records are chained by hash (`journals/NAME.log`).
//!
//! Shape of a file: records, one after the other, without padding. The first one binds the file to its store and name.
//! Shape of a record: see [`RECORD_LAYOUT`].
//!
//! Invariants
//! 1. `hash` covers length, previous hash and payload, and is the next record's `previous`: no bit can change, no
//!    record can be exchanged, left out or moved without being noticed, save at the very end.
//! 2. What a crash leaves of an append is a beginning of its bytes, perhaps followed by zeros up to the file's length:
//!    a *torn tail*. Readers ignore it, the next writer cuts it off. Everything else that is wrong is damage.
//! 3. Whole records that are missing at the end look like a shorter journal. Only a [`JournalHead`] kept elsewhere shows it.
//!
//! Not here: the right to write. The caller's lock admits one writer at a time.

use std::fmt::{self, Debug};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::disk::{Disk, DiskContext, DiskFile};
use crate::error::{Error, InvalidReason, Result};

/// One field of a record: name, offset and length in bytes (0 = as long as `length` says), meaning.
pub type RecordField = (&'static str, usize, usize, &'static str);

/// The layout of a record; integers are little-endian.
pub const RECORD_LAYOUT: [RecordField; 5] = [
    ("length", 0, 4, "u32, bytes of the payload"),
    (
        "length_check",
        4,
        4,
        "u32, every bit of length turned over, so that a wrong length is not taken for a torn tail",
    ),
    ("previous", 8, 32, "hash of the record before, zeros in the first"),
    ("hash", 40, 32, "BLAKE3 (derived key) of length, previous and payload"),
    ("payload", 72, 0, "one JSON text"),
];

const LENGTH: Range<usize> = field(0);
const LENGTH_CHECK: Range<usize> = field(1);
const PREVIOUS: Range<usize> = field(2);
const HASH: Range<usize> = field(3);
const HEADER_BYTES: usize = RECORD_LAYOUT[4].1;

const fn field(index: usize) -> Range<usize> {
    let (_, offset, length, _) = RECORD_LAYOUT[index];
    assert!(offset + length == RECORD_LAYOUT[index + 1].1, "fields follow one another");
    offset..offset + length
}

/// Version of the layout, kept in the binding record.
pub(crate) const FORMAT: u32 = 1;

/// Separates these hashes from every other use of BLAKE3.
const HASH_CONTEXT: &str = "entrasnap 2026-11 journal record";

/// A disk writes whole sectors: a hole of zeros left by a crash begins at a multiple of this, in bytes.
pub(crate) const SECTOR_BYTES: usize = 512;

/// The longest name of a journal, in bytes.
const NAME_BYTES_MAX: usize = 100;

/// Where a journal ends: kept elsewhere, it pins every record before it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JournalHead {
    /// How many records, the binding one not counted.
    pub count: u64,
    /// Hash of the last record, the binding one when there is no other; zeros for an empty journal.
    pub hash: [u8; 32],
    /// Length of the file up to here, in bytes.
    pub length: u64,
}

impl Debug for JournalHead {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = blake3::Hash::from_bytes(self.hash).to_hex();
        write!(formatter, "JournalHead({} records, {} bytes, {hash})", self.count, self.length)
    }
}

/// What a journal holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Journal {
    /// The records in the order they were appended.
    pub records: Vec<Value>,
    /// Where they end.
    pub head: JournalHead,
    /// Where a torn tail begins, in bytes, when a crash left one.
    pub torn_tail: Option<u64>,
}

/// Which journal: a missing file is an empty journal.
#[derive(Debug, Clone, Copy)]
pub struct JournalFile<'a> {
    /// The disk.
    pub disk: &'a dyn Disk,
    /// The folder of the journals, which must be there.
    pub folder: &'a Path,
    /// The store's ID: a journal of another store is refused.
    pub store: &'a str,
    /// The journal's name: lower-case letters, digits, `-` and `_`.
    pub name: &'a str,
}

impl<'a> JournalFile<'a> {
    /// Tells where the file is.
    ///
    /// # Errors
    /// `Invalid` when the name is none.
    pub fn path(&self) -> Result<PathBuf> {
        let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        if (1..=NAME_BYTES_MAX).contains(&self.name.len()) && self.name.bytes().all(allowed) {
            return Ok(self.folder.join(format!("{}.log", self.name)));
        }
        Err(InvalidReason::JournalName { name: self.name.to_owned(), length_max: NAME_BYTES_MAX }.into())
    }

    /// Reads the journal; never waits for its writer.
    ///
    /// # Errors
    /// `Damaged` when anything before a torn tail is not what was written; `Invalid` or `Disk`.
    pub fn read(&self) -> Result<Journal> {
        Ok(self.read_with(None)?.0)
    }

    /// Reads the journal and checks that it goes on from a head that was kept elsewhere.
    ///
    /// # Errors
    /// As [`JournalFile::read`]; `Damaged` too when the journal does not reach the head or has another history.
    pub fn verify(&self, known: &JournalHead) -> Result<Journal> {
        let (journal, reached) = self.read_with(Some(known))?;
        if reached {
            return Ok(journal);
        }
        Err(Error::Damaged {
            path: self.path()?,
            offset: journal.head.length.min(known.length),
            what: format!("the chain of records must pass {known:?}, found {:?}", journal.head),
        })
    }

    /// Appends records; when this returns they are durable. Nothing is written for no records.
    ///
    /// # Errors
    /// As [`JournalFile::writer`] and [`JournalWriter::append`].
    pub fn append(&self, records: &[Value]) -> Result<JournalHead> {
        self.writer()?.append(records)
    }

    /// Opens the journal for appending: checks all of it, cuts off a torn tail, makes what is there durable.
    ///
    /// # Errors
    /// As [`JournalFile::read`].
    pub fn writer(&self) -> Result<JournalWriter<'a>> {
        Ok(JournalWriter { disk: self.disk, tail: self.tail()? })
    }

    /// As [`JournalFile::writer`], for callers that keep the disk elsewhere.
    pub(crate) fn tail(&self) -> Result<JournalTail> {
        let path = self.path()?;
        let Journal { head, torn_tail, .. } = self.read()?;
        if torn_tail.is_some() {
            self.disk.truncate(&path, head.length).disk("cannot cut off the torn end of", &path)?;
        }
        let mut file = self.disk.append(&path).disk("cannot open", &path)?;
        // A process that died may have left records, or the file's name, that are not durable yet.
        file.sync().disk("cannot sync", &path)?;
        self.disk.sync_folder(self.folder).disk("cannot sync", self.folder)?;
        let binding = json!({ "format": FORMAT, "journal": self.name, "store": self.store });
        Ok(JournalTail { path, file: Some(file), head, binding })
    }

    fn read_with(&self, known: Option<&JournalHead>) -> Result<(Journal, bool)> {
        let path = self.path()?;
        // A writer that cuts off a torn tail and appends while this reads may show a mixture: the second look decides.
        if let Ok(found) = self.parse(&self.read_bytes(&path)?, known) {
            return Ok(found);
        }
        let found = self.parse(&self.read_bytes(&path)?, known);
        found.map_err(|(offset, what)| Error::Damaged { path, offset, what })
    }

    fn read_bytes(&self, path: &Path) -> Result<Vec<u8>> {
        match self.disk.read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            result => result.disk("cannot read", path),
        }
    }

    /// Follows the chain; returns whether it passed `known`. An error is an offset and what is wrong there.
    fn parse(&self, bytes: &[u8], known: Option<&JournalHead>) -> Result<(Journal, bool), (u64, String)> {
        let mut journal = Journal { records: Vec::new(), head: JournalHead::default(), torn_tail: None };
        let mut reached = known == Some(&journal.head);
        let mut start = 0;
        while start < bytes.len() {
            let damaged = |what: &str| (as_u64(start), what.to_owned());
            let (payload, hash) = match next_record(bytes, start, &journal.head.hash) {
                NextRecord::Record(payload, hash) => (payload, hash),
                NextRecord::Torn => {
                    journal.torn_tail = Some(as_u64(start));
                    break;
                }
                NextRecord::Damage(what) => return Err(damaged(what)),
            };
            let record = serde_json::from_slice(payload)
                .map_err(|error| damaged(&format!("the record is not JSON: {error}")))?;
            if start == 0 {
                self.check_binding(&record).map_err(|error| damaged(&error.to_string()))?;
            } else {
                journal.records.push(record);
            }
            start += HEADER_BYTES + payload.len();
            let count = as_u64(journal.records.len());
            journal.head = JournalHead { count, hash, length: as_u64(start) };
            reached |= known == Some(&journal.head);
        }
        Ok((journal, reached))
    }

    fn check_binding(&self, record: &Value) -> Result<(), OtherJournal> {
        let expected =
            [("format", json!(FORMAT)), ("store", json!(self.store)), ("journal", json!(self.name))];
        for (key, value) in expected {
            let found = record.get(key).unwrap_or(&Value::Null);
            if *found != value {
                return Err(OtherJournal { key, expected: value, found: found.clone() });
            }
        }
        Ok(())
    }
}

/// The first record of a journal names another store or journal.
#[derive(Debug, thiserror::Error)]
#[error("this must be the journal of {key} {expected}, found {found}")]
struct OtherJournal {
    /// The member of the record.
    key: &'static str,
    expected: Value,
    found: Value,
}

/// A journal open for appending.
pub struct JournalWriter<'a> {
    disk: &'a dyn Disk,
    tail: JournalTail,
}

/// The end of a journal, where records are appended.
pub(crate) struct JournalTail {
    path: PathBuf,
    /// `None` after a failed write: what the file holds now is unknown until it is read again.
    file: Option<Box<dyn DiskFile>>,
    head: JournalHead,
    binding: Value,
}

impl Debug for JournalWriter<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "JournalWriter({}, {:?})", self.tail.path.display(), self.tail.head)
    }
}

impl JournalWriter<'_> {
    /// Tells where the journal ends.
    #[must_use]
    pub fn head(&self) -> JournalHead {
        self.tail.head
    }

    /// Appends records; when this returns they are durable. A crash in it leaves the first few of them, or none.
    ///
    /// # Errors
    /// `Invalid` when a record nests too deep or is too long to be read again (nothing is written), or when an append
    /// of this writer failed before: open another one. `Disk`: the records are taken back as far as the disk lets.
    pub fn append(&mut self, records: &[Value]) -> Result<JournalHead> {
        self.tail.append(self.disk, records)
    }
}

impl JournalTail {
    pub(crate) fn head(&self) -> JournalHead {
        self.head
    }

    /// See [`JournalWriter::append`].
    pub(crate) fn append(&mut self, disk: &dyn Disk, records: &[Value]) -> Result<JournalHead> {
        if records.is_empty() {
            return Ok(self.head);
        }
        let mut bytes = Vec::new();
        let mut head = self.head;
        if head.length == 0 {
            head.hash = push_record(&mut bytes, &head.hash, &self.binding)?;
        }
        for record in records {
            head.hash = push_record(&mut bytes, &head.hash, record)?;
            head.count += 1;
        }
        head.length += as_u64(bytes.len());
        let Some(mut file) = self.file.take() else {
            return Err(InvalidReason::JournalClosed { path: self.path.clone() }.into());
        };
        if let Err(error) = file.write_all(&bytes).and_then(|()| file.sync()) {
            // After a failed sync the system may show bytes that will never be durable: a later record must not stand
            // on them. When this fails too, the reader of the journal finds a torn tail or records without a head.
            drop(disk.truncate(&self.path, self.head.length));
            return Err(error).disk("cannot append to", &self.path);
        }
        self.file = Some(file);
        self.head = head;
        Ok(head)
    }
}

fn push_record(bytes: &mut Vec<u8>, previous: &[u8; 32], record: &Value) -> Result<[u8; 32]> {
    let payload = serde_json::to_vec(record).map_err(|source| InvalidReason::RecordNotJson { source })?;
    // The parser's limit of depth is lower than the printer's: a record must be one that can be read again.
    if let Err(source) = serde_json::from_slice::<Value>(&payload) {
        return Err(InvalidReason::RecordNotReadable { source }.into());
    }
    let length =
        u32::try_from(payload.len()).map_err(|_| InvalidReason::RecordTooLong { length: payload.len() })?;
    let hash = record_hash(length, previous, &payload);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&(!length).to_le_bytes());
    bytes.extend_from_slice(previous);
    bytes.extend_from_slice(&hash);
    bytes.extend_from_slice(&payload);
    Ok(hash)
}

fn record_hash(length: u32, previous: &[u8; 32], payload: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(HASH_CONTEXT);
    hasher.update(&length.to_le_bytes()).update(previous).update(payload);
    *hasher.finalize().as_bytes()
}

enum NextRecord<'a> {
    /// A whole and right record: its payload and hash.
    Record(&'a [u8], [u8; 32]),
    /// What a crash leaves of one.
    Torn,
    /// Anything else.
    Damage(&'static str),
}

/// Looks at the record that must begin at `start`, after one whose hash is `previous`.
fn next_record<'a>(bytes: &'a [u8], start: usize, previous: &[u8; 32]) -> NextRecord<'a> {
    let rest = bytes.get(start..).unwrap_or_default();
    let what = match whole_record(rest, previous) {
        Ok(Some((payload, hash))) => return NextRecord::Record(payload, hash),
        Ok(None) => return NextRecord::Torn,
        Err(what) => what,
    };
    // A crash may leave the length of the file without the last sectors' content: look at what is before the zeros.
    let content = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let hole = if content <= start { start } else { content.next_multiple_of(SECTOR_BYTES) };
    let before_hole = bytes.get(start..hole).filter(|_| hole < bytes.len());
    match before_hole.map(|rest| whole_record(rest, previous)) {
        Some(Ok(None)) => NextRecord::Torn,
        _ => NextRecord::Damage(what),
    }
}

/// A record's payload and hash, `None` when `rest` is the beginning of one, or what is wrong.
#[expect(clippy::type_complexity, reason = "a name for it would say less")]
fn whole_record<'a>(
    rest: &'a [u8],
    previous: &[u8; 32],
) -> Result<Option<(&'a [u8], [u8; 32])>, &'static str> {
    let known_previous = rest.get(PREVIOUS.start..).unwrap_or_default();
    if known_previous.iter().zip(previous).any(|(found, expected)| found != expected) {
        return Err("the record must name the hash of the one before it");
    }
    let (Some(length), Some(check)) = (read_u32(rest, LENGTH), read_u32(rest, LENGTH_CHECK)) else {
        return Ok(None);
    };
    if length != !check {
        return Err("the record's length and its check must agree");
    }
    let Some(payload) = usize::try_from(length)
        .ok()
        .and_then(|length| HEADER_BYTES.checked_add(length))
        .and_then(|end| rest.get(HEADER_BYTES..end))
    else {
        return Ok(None);
    };
    let hash = record_hash(length, previous, payload);
    if rest.get(HASH) != Some(&hash[..]) {
        return Err("the record must have the hash it names");
    }
    Ok(Some((payload, hash)))
}

fn read_u32(bytes: &[u8], field: Range<usize>) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(field)?.try_into().ok()?))
}

/// Lengths in memory always fit.
fn as_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
