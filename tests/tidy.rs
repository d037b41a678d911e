//! The house rules that a program can check: heads, sizes, files of foreign crates, names, circles, nothing left
//! behind.

mod circles;
mod code;
mod names;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use engine::schema::TypeId;

/// What the repository holds beside files with a dot in front.
const TOP_LEVEL: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "benches",
    "cli",
    "engine",
    "ingest",
    "query",
    "target",
    "tests",
];

/// The sources of the packages whose types and files are compared.
const PACKAGES: &[&str] =
    &["engine/src/", "engine/types/src/", "query/src/", "ingest/src/", "ingest/twin/src/", "cli/src/"];

const LINE_COUNT_MAX: usize = 500;

/// Lines of the README: whoever meets the program reads it to the end.
const README_LINE_COUNT_MAX: usize = 250;

/// Foreign crates, and the beginnings of the paths that may name them.
const CRATE_FILES: &[(&str, &[&str])] = &[
    ("clap", &["cli/src/args", "cli/src/command", "cli/src/error/print.rs"]),
    ("clap_complete", &["cli/src/command/completions.rs"]),
    ("clap_mangen", &["cli/src/command/man.rs"]),
    ("crc32c", &["engine/src/segment/"]),
    ("crossterm", &["cli/src/io.rs"]),
    ("csv", &["cli/src/output/separated.rs"]),
    ("expectrl", &["cli/tests/terminal.rs"]),
    ("fsst", &["engine/src/segment/column/symbols.rs"]),
    ("getrandom", &["cli/src/io.rs", "engine/src/details.rs"]),
    ("hashbrown", &["engine/src/backup/intern.rs"]),
    ("highway", &["engine/src/content/hash.rs"]),
    ("http_body_util", &["ingest/twin/src/server.rs"]),
    ("hyper", &["ingest/twin/src/server.rs"]),
    ("hyper_util", &["ingest/twin/src/server.rs"]),
    ("indicatif", &["cli/src/progress"]),
    ("memmap2", &["engine/src/map"]),
    ("mimalloc", &["cli/src/main.rs", "benches/lib.rs"]),
    ("pest", &["query/src/syntax"]),
    ("pest_derive", &["query/src/syntax"]),
    ("reqwest", &["ingest/src/graph/transport"]),
    ("reedline", &["cli/src/repl/editor.rs"]),
    (
        "ring",
        &[
            "ingest/src/graph/token/assertion",
            "ingest/src/plan/signature.rs",
            "ingest/src/plan/tests/signature.rs",
            "ingest/src/webhook.rs",
        ],
    ),
    ("rkyv", &["engine/src/segment/"]),
    ("rustls", &["ingest/src/graph/transport.rs"]),
    ("sled", &["engine/src/catalog"]),
    ("unicode_width", &["cli/src/output/text.rs"]),
    (
        "tokio",
        &[
            "ingest/src/graph/",
            "ingest/twin/src/server.rs",
            "tests/ingest_",
            "ingest/src/apply.rs",
            "ingest/src/pull",
            "tests/tenant.rs",
        ],
    ),
    ("zstd", &["engine/src/segment/", "engine/src/backup/checkpoint.rs", "engine/src/state.rs"]),
];

/// A text file of the repository: its path with `/` from the top, and what it holds.
struct Text {
    path: String,
    text: String,
}

impl Text {
    fn is_source(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == "rs")
    }

    fn is_document(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == "md")
    }

    fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Source, manifests, scripts and documents, in order of their paths.
fn texts() -> Vec<Text> {
    let mut texts = Vec::new();
    for name in TOP_LEVEL.iter().filter(|name| **name != "target").chain(&[".cargo", ".ci", ".github"]) {
        collect(&top(), name, &mut texts);
    }
    assert!(texts.len() > 100, "the tests must find the sources");
    texts
}

fn collect(top: &Path, inside: &str, texts: &mut Vec<Text>) {
    let path = top.join(inside);
    if path.is_dir() {
        let mut names: Vec<_> =
            fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        for name in names {
            collect(top, &format!("{inside}/{}", name.to_str().unwrap()), texts);
        }
    } else if let Ok(text) = fs::read_to_string(&path) {
        texts.push(Text { path: inside.to_owned(), text });
    }
}

/// Fails with every finding, one a line.
fn expect_none(what: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{what}:\n{}", findings.join("\n"));
}

#[test]
fn every_source_file_says_what_it_owns() {
    let sources = texts().into_iter().filter(Text::is_source);
    let headless = sources.filter(|source| {
        let head = source.text.lines().next().unwrap_or_default();
        head.strip_prefix("//! ").is_none_or(|sentence| sentence.trim().len() < 10)
    });
    expect_none(
        "without a first line such as `//! Owns …`",
        &headless.map(|source| source.path).collect::<Vec<_>>(),
    );
}

#[test]
fn no_source_file_is_too_long() {
    let long = texts().into_iter().filter(|text| text.is_source() && !text.is_test()).filter_map(|source| {
        let lines = source.text.lines().count();
        (lines > LINE_COUNT_MAX).then(|| format!("{}: {lines} lines", source.path))
    });
    expect_none("longer than 500 lines", &long.collect::<Vec<_>>());
}

#[test]
fn the_readme_is_short() {
    let lines = fs::read_to_string(top().join("README.md")).unwrap().lines().count();
    assert!(lines <= README_LINE_COUNT_MAX, "README.md: {lines} lines, at most {README_LINE_COUNT_MAX}");
}

#[test]
fn every_link_of_a_document_leads_to_a_file() {
    let mut findings = Vec::new();
    let mut count = 0;
    for document in texts().iter().filter(|text| text.is_document()) {
        let folder = top().join(Path::new(&document.path).parent().unwrap());
        for file in linked_files(&document.text) {
            count += 1;
            if !folder.join(file).exists() {
                findings.push(format!("{}: {file}", document.path));
            }
        }
    }
    assert!(count > 20, "the documents link to each other");
    expect_none("leads nowhere", &findings);
}

/// The files that `[…](file#heading)` leads to; addresses apart.
fn linked_files(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| {
        let target = rest.split_once(')')?.0;
        let file = target.split('#').next()?;
        (!file.is_empty() && !file.contains("://") && !file.contains(char::is_whitespace)).then_some(file)
    })
}

#[test]
fn each_foreign_crate_is_named_in_its_files_alone() {
    let mut findings = Vec::new();
    let mut used = BTreeSet::new();
    for source in texts().iter().filter(|text| text.is_source()) {
        for (name, files) in CRATE_FILES.iter().filter(|(name, _)| names_crate(&source.text, name)) {
            used.insert(*name);
            if !files.iter().any(|file| source.path.starts_with(file)) {
                findings.push(format!("{} names {name}", source.path));
            }
        }
    }
    expect_none("a crate named outside its files", &findings);
    let unused =
        CRATE_FILES.iter().filter(|(name, _)| !used.contains(name)).map(|(name, _)| (*name).to_owned());
    expect_none("has files and is used nowhere", &unused.collect::<Vec<_>>());
}

/// Whether code (comments apart) has the name as the first segment of a path.
fn names_crate(text: &str, name: &str) -> bool {
    let mut code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.any(|line| {
        line.match_indices(name).any(|(offset, _)| {
            let before = line[..offset].chars().next_back();
            let is_first =
                before.is_none_or(|letter| !letter.is_alphanumeric() && !"_:.\"/".contains(letter));
            let behind = &line[offset + name.len()..];
            let is_import = line[..offset].trim_end().ends_with("use") && behind.starts_with(';');
            is_first && (behind.starts_with("::") || is_import)
        })
    })
}

#[test]
fn nothing_is_left_for_later_and_no_machine_is_named() {
    // Put together here, so that this file does not hold what it looks for.
    let marks = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["#[", "ignore"]].map(|halves| halves.concat());
    let folders = ["work", "root", "home", "Users"].map(|name| format!("/{name}/"));
    let mut findings = Vec::new();
    for text in texts() {
        for (number, line) in text.text.lines().enumerate() {
            let is_left = marks.iter().any(|mark| line.contains(mark));
            let names_machine = folders.iter().any(|folder| {
                let starts =
                    line.match_indices(folder.as_str()).map(|(offset, _)| line[..offset].chars().next_back());
                starts.flatten().any(|letter| "\"' `=(".contains(letter)) || line.starts_with(folder.as_str())
            });
            if is_left || names_machine {
                findings.push(format!("{}:{}: {line}", text.path, number + 1));
            }
        }
    }
    expect_none("left for later, or a path of one machine", &findings);
}

#[test]
fn errors_of_libraries_are_types() {
    let libraries = ["engine/src/", "query/src/", "ingest/src/"];
    let findings =
        texts().into_iter().filter(|text| text.is_source() && !text.is_test()).flat_map(|source| {
            let is_bound = libraries.iter().any(|library| source.path.starts_with(library));
            let results = source.text.match_indices("Result<").filter(|_| is_bound);
            let textual = results.filter(|(offset, name)| {
                last_argument(&source.text[offset + name.len()..]) == Some("String")
            });
            let line = |offset: usize| source.text[..offset].lines().count().max(1);
            textual.map(|(offset, _)| format!("{}:{}", source.path, line(offset))).collect::<Vec<_>>()
        });
    expect_none("a result whose error is a text", &findings.collect::<Vec<_>>());
}

/// Files in which a text that is a type's token is something else, and which text.
const NO_TOKENS: &[(&str, &[&str])] = &[
    // What a token of Entra ID is issued to.
    ("ingest/src/graph/token/claims.rs", &["user"]),
    // Navigation properties, relations, segments of paths and IDs of objects.
    ("ingest/twin/src/navigate.rs", &["roleDefinition"]),
    ("ingest/twin/src/read/inside.rs", &["accessPackage"]),
    ("ingest/twin/src/route.rs", &["authorizationPolicy"]),
    ("ingest/twin/src/state/link.rs", &["roleDefinition"]),
    ("ingest/twin/src/synthetic/folder.rs", &["authorizationPolicy"]),
    ("cli/src/error/hint.rs", &["group"]),
    ("ingest/twin/src/synthetic/page.rs", &["organization"]),
    ("ingest/twin/src/synthetic/render/tenant.rs", &["authorizationPolicy"]),
];

#[test]
fn types_of_entra_are_named_by_their_id() {
    let sources = ["engine/src/", "query/src/", "ingest/src/", "ingest/twin/src/", "cli/src/"];
    let is_bound = |source: &Text| {
        sources.iter().any(|folder| source.path.starts_with(folder))
            && !source.is_test()
            && !source.path.ends_with("testing.rs")
    };
    let mut findings = Vec::new();
    for source in texts().into_iter().filter(|text| text.is_source() && is_bound(text)) {
        let exempt =
            NO_TOKENS.iter().find(|(path, _)| source.path == *path).map_or(&[][..], |(_, names)| names);
        let code = source.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (number, line) in
            code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            let texts = line.split('"').skip(1).step_by(2).filter(|text| !exempt.contains(text));
            let tokens = texts.filter(|text| TypeId::from_token(text).is_some());
            findings.extend(tokens.map(|token| format!("{}:{}: {token}", source.path, number + 1)));
        }
    }
    expect_none("a type of Entra named by a text; `TypeId` names it", &findings);
}

/// The last of two or more arguments of a generic type; the text begins behind its `<`.
fn last_argument(text: &str) -> Option<&str> {
    let (mut depth, mut begin) = (0_u32, None);
    for (offset, letter) in text.char_indices() {
        match letter {
            '<' | '(' | '[' => depth += 1,
            '>' if text[..offset].ends_with('-') => {}
            '>' if depth == 0 => return begin.map(|begin| text[begin..offset].trim().trim_end_matches(',')),
            '>' | ')' | ']' => depth = depth.checked_sub(1)?,
            ',' if depth == 0 && !text[offset + 1..].trim_start().starts_with('>') => {
                begin = Some(offset + 1);
            }
            _ => {}
        }
    }
    None
}

#[test]
fn the_last_argument_of_a_result_is_found() {
    assert_eq!(last_argument("(), String> {"), Some("String"));
    assert_eq!(last_argument("HashMap<String, String>> {"), None);
    assert_eq!(last_argument("(u8, String), Error>"), Some("Error"));
    assert_eq!(last_argument("\n    Box<dyn Fn() -> u8>,\n    String,\n>"), Some("String"));
}

#[test]
fn the_top_level_holds_what_was_agreed() {
    let names = fs::read_dir(top()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let others = names.filter(|name| !name.starts_with('.') && !TOP_LEVEL.contains(&name.as_str()));
    expect_none("not agreed", &others.collect::<Vec<_>>());
}
