//! The rules of names: a type's name has one meaning in its package, and an index is not called a place.

use std::collections::BTreeMap;

use super::code::{code_of, is_of_name};
use super::{PACKAGES, Text, expect_none, texts};

/// Names that several modules of a package may give a type of their own, because its full name begins with the module:
/// `import::Error`, `apply::Result`, and `diff::Options`, the arguments of the verb `diff`. Associated types, such as
/// `Item` and `Output`, are named by their traits and are not looked at.
const SCOPED_BY_MODULE: &[&str] = &["Error", "ErrorKind", "Options", "Result"];

#[test]
fn a_type_has_a_name_of_its_own_in_its_package() {
    let mut files: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
    for source in texts().iter().filter(|text| text.is_source() && !text.is_test()) {
        let Some(package) = PACKAGES.iter().find(|package| source.path.starts_with(**package)) else {
            continue;
        };
        for name in code_of(&source.text).lines().filter_map(declared_type) {
            files.entry((package, name.to_owned())).or_default().push(source.path.clone());
        }
    }
    assert!(files.len() > 500, "types must be found");
    let shared = files
        .into_iter()
        .filter(|((_, name), files)| files.len() > 1 && !SCOPED_BY_MODULE.contains(&name.as_str()));
    let findings = shared.map(|((_, name), files)| format!("{name}: {}", files.join(", ")));
    expect_none("types of one package with the same name", &findings.collect::<Vec<_>>());
}

/// The name of the type, trait or alias that a line without indentation declares.
fn declared_type(line: &str) -> Option<&str> {
    let line = line.strip_prefix("pub").map_or(line, |rest| {
        let restricted = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        restricted.map_or(rest, |(_, rest)| rest).trim_start()
    });
    let line = line.strip_prefix("unsafe ").unwrap_or(line);
    let (keyword, rest) = line.split_once(' ')?;
    let end = rest.find(|letter| !is_of_name(letter)).unwrap_or(rest.len());
    ["enum", "struct", "trait", "type", "union"].contains(&keyword).then(|| &rest[..end])
}

#[test]
fn declarations_are_found() {
    assert_eq!(declared_type("pub(in crate::segment) struct Column<'a> {"), Some("Column"));
    assert_eq!(declared_type("enum Kind {"), Some("Kind"));
    assert_eq!(declared_type("pub type Result<T, E = Error> = std::result::Result<T, E>;"), Some("Result"));
    assert_eq!(declared_type("    type Item = u8;"), None);
    assert_eq!(declared_type("fn type_of() {}"), None);
}

#[test]
fn names_say_index_position_or_offset() {
    let findings = texts().into_iter().filter(Text::is_source).flat_map(|source| {
        let code = code_of(&source.text);
        let lines = code.lines().enumerate().flat_map(|(number, line)| {
            let names = line.split(|letter| !is_of_name(letter)).filter(|name| has_refused_word(name));
            names.map(|name| format!("{}:{}: {name}", source.path, number + 1)).collect::<Vec<_>>()
        });
        lines.collect::<Vec<_>>()
    });
    expect_none("a name with the word `place`", &findings.collect::<Vec<_>>());
}

/// Whether `place` or `places` is a word of the name. What happens in place, as of
/// `Platform::compress_in_place` of blake3, is another matter.
fn has_refused_word(name: &str) -> bool {
    let is_all_upper = !name.contains(|letter: char| letter.is_lowercase());
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !is_all_upper {
            words.push('_');
        }
        words.extend(letter.to_lowercase());
    }
    !words.contains("in_place") && words.split('_').any(|word| ["place", "places"].contains(&word))
}

#[test]
fn refused_words_of_names_are_found() {
    for name in ["place", "place_of", "at_place", "PLACES_MIN", "Place", "AtPlaces"] {
        assert!(has_refused_word(name), "{name}");
    }
    for name in ["replace", "placeholder", "compress_in_place", "InPlace", "REPLACED", "displaced_by"] {
        assert!(!has_refused_word(name), "{name}");
    }
}
