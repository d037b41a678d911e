//! Compares the tables of `FORMAT.md` with the constants of the code: neither may change without the other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;
use serde_json::json;

use crate::manifest::{BACKUP, Counts, CoverageRecord, FileRecord, Head, Manifest, ObjectsRead, StoreRecord};
use crate::{change_index, id_index, import_cache, journal, link_sets, rows, schema, segment, vector};

const DOCUMENT: &str = include_str!("../FORMAT.md");

/// A table of the document: its mark, and of each row the cells that the code knows.
pub(crate) struct Table {
    pub(crate) mark: String,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<const N: usize>(mark: &str, rows: impl IntoIterator<Item = [String; N]>) -> Self {
        Self { mark: mark.into(), rows: rows.into_iter().map(Vec::from).collect() }
    }

    /// A table of numbers by name.
    pub(crate) fn of_numbers(mark: &str, rows: &[(&str, u64)]) -> Self {
        Self::new(mark, rows.iter().map(|(name, number)| [(*name).into(), number.to_string()]))
    }

    /// A table of codes and what they are called.
    pub(crate) fn of_codes(mark: &str, rows: &[(u8, &str)]) -> Self {
        Self::new(mark, rows.iter().map(|(code, name)| [code.to_string(), (*name).into()]))
    }
}

/// A length or count.
pub(crate) fn number(value: usize) -> u64 {
    u64::try_from(value).unwrap()
}

/// The marks of the document, each with the rows of the table below it.
fn documented() -> BTreeMap<String, Vec<Vec<String>>> {
    let mut tables = BTreeMap::new();
    for part in DOCUMENT.split("<!-- code: ").skip(1) {
        let (mark, rest) = part.split_once(" -->\n").unwrap();
        let lines = rest.lines().take_while(|line| line.starts_with('|')).skip(2);
        let cells = |line: &str| {
            line.trim_matches(['|', ' ']).split(" | ").map(|cell| cell.replace('`', "")).collect()
        };
        let before = tables.insert(mark.to_owned(), lines.map(cells).collect());
        assert_eq!(before, None, "{mark} stands twice");
    }
    tables
}

#[test]
fn the_document_says_what_the_code_says() {
    let documented = documented();
    let tables = [tables(), segment::document::tables()].into_iter().flatten();
    let mut marks = BTreeSet::new();
    for Table { mark, rows } in tables {
        let found = documented.get(&mark).unwrap_or_else(|| panic!("FORMAT.md has no table {mark}"));
        let width = rows.first().map_or(0, Vec::len);
        let found: Vec<Vec<String>> =
            found.iter().map(|row| row.iter().take(width).cloned().collect()).collect();
        assert_eq!(found, rows, "the table {mark} of FORMAT.md, and the code");
        marks.insert(mark);
    }
    let unknown: Vec<&String> = documented.keys().filter(|mark| !marks.contains(*mark)).collect();
    assert!(unknown.is_empty(), "FORMAT.md has tables that nothing is compared with: {unknown:?}");
}

fn tables() -> Vec<Table> {
    let record =
        journal::RECORD_LAYOUT.map(|(name, at, size, _)| [name.into(), at.to_string(), size.to_string()]);
    let memo_magic = std::str::from_utf8(import_cache::MAGIC).unwrap().trim_end();
    let mut constants = constants();
    constants.rows.push(vec!["magic of the memo, without its line feed".into(), memo_magic.into()]);
    vec![
        constants,
        Table::new("journal record", record),
        Table::new("hash contexts", contexts().into_iter().map(|context| [context])),
        Table::new("odata types", odata_types()),
        members("store.json members", &store_record()),
        members("HEAD members", &head()),
        members("manifest members", &manifest()),
        members("counts members", &Counts::default()),
        members("coverage members", &coverage()),
    ]
}

fn constants() -> Table {
    Table::of_numbers(
        "store constants",
        &[
            ("table version", schema::TABLE_VERSION.into()),
            ("first table version in which GUIDs have no case", id_index::CASELESS_TABLE_VERSION.into()),
            ("patches over a whole version, at most", rows::PATCH_DEPTH_MAX.into()),
            ("patches over a whole link set, at most", number(link_sets::SET_DEPTH_MAX)),
            ("number of the empty link set", link_sets::EMPTY_SET.into()),
            ("top bit of a slot", vector::BIN_BIT.into()),
            ("IDs in a bucket, on average", number(id_index::BUCKET_IDS)),
            ("roster flag: name not known here", change_index::IS_UNNAMED.into()),
            ("roster flag: synced from on-premises", change_index::IS_SYNCED.into()),
            ("roster flag: a link change is shown", change_index::HAS_LINK_CHANGE.into()),
            ("journal format", journal::FORMAT.into()),
            ("bytes of a disk sector", number(journal::SECTOR_BYTES)),
        ],
    )
}

/// The types whose usual `@odata.type` is not made of their token.
fn odata_types() -> Vec<[String; 2]> {
    let usual = |token: &str| format!("#microsoft.graph.{token}");
    let named = schema::types().map(|found| [found.token.to_owned(), found.odata_type()]);
    let mut rows: Vec<_> = named.filter(|[token, name]| *name != usual(token)).collect();
    rows.sort_unstable();
    rows
}

/// The contexts of derived keys that stand in the code.
fn contexts() -> BTreeSet<String> {
    let mut contexts = BTreeSet::new();
    collect_contexts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut contexts);
    contexts
}

fn collect_contexts(folder: &Path, contexts: &mut BTreeSet<String>) {
    // Put together here, so that this file does not hold what it looks for.
    let beginning = ["\"entra", "snap "].concat();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_contexts(&path, contexts);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        for (offset, _) in text.match_indices(&beginning) {
            contexts.extend(text[offset + 1..].split('"').next().map(str::to_owned));
        }
    }
}

/// The members of a record, in the order in which they are written.
fn members(mark: &str, record: &impl Serialize) -> Table {
    let text = serde_json::to_string_pretty(record).unwrap();
    let outermost = text.lines().filter_map(|line| line.strip_prefix("  \"")?.split('"').next());
    Table::new(mark, outermost.map(|name| [name.to_owned()]))
}

fn store_record() -> StoreRecord {
    StoreRecord {
        format_version: 0,
        store_id: String::new(),
        cipher: String::new(),
        hash_key: String::new(),
        key_slots: Vec::new(),
    }
}

fn head() -> Head {
    Head {
        format_version: 0,
        store_id: String::new(),
        generation: 0,
        sequence: 0,
        manifest: String::new(),
        checkpoint: 0,
        tenant: None,
        journals: BTreeMap::new(),
    }
}

/// A manifest of which no member is left out.
fn manifest() -> Manifest {
    let time = jiff::Timestamp::UNIX_EPOCH;
    Manifest {
        format_version: 0,
        sequence: 0,
        id: crate::BackupId::from_hash(&[0; 32]),
        previous: String::new(),
        store_id: String::new(),
        tenant: None,
        taken_at: time,
        read_from: time,
        read_to: time,
        source: String::new(),
        kind: BACKUP.into(),
        note: String::new(),
        table_version: 0,
        segment: FileRecord { length: 0, hash: String::new() },
        counts: Counts::default(),
        coverage: BTreeMap::new(),
        warnings: Vec::new(),
        state: json!("not null"),
    }
}

/// A coverage of which no member is left out.
fn coverage() -> CoverageRecord {
    let some = || vec![String::new()];
    CoverageRecord {
        partial: true,
        objects: ObjectsRead::Part,
        bin: true,
        new_properties: some(),
        unknown_before: some(),
        carried: some(),
        relations: some(),
        insignificant: 1,
        asked: Some(some()),
        as_of: [(String::new(), jiff::Timestamp::UNIX_EPOCH)].into(),
        gaps: vec![crate::coverage::Gap {
            type_token: String::new(),
            scope: crate::coverage::GapScope::Type,
            reason: String::new(),
            count: 0,
        }],
    }
}
