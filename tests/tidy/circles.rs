//! The rule of files that lead to each other: inside a package imports form no circle, but between parent and child.

use std::collections::{BTreeMap, BTreeSet};

use super::code::{code_of, is_of_name};
use super::{PACKAGES, Text, expect_none, texts};

/// A module with a file: the names from the root of its crate.
type Module = Vec<String>;

/// For each module those that its file names.
type Imports = BTreeMap<Module, BTreeSet<Module>>;

#[test]
fn no_file_leads_to_itself() {
    let texts = texts();
    let mut findings = Vec::new();
    for package in PACKAGES {
        let imports = imports_of(package, &texts);
        assert!(imports.values().map(BTreeSet::len).sum::<usize>() > 20, "{package}: imports must be found");
        for circle in circles(&imports) {
            let files: Vec<String> = circle.iter().map(|module| module.join("/")).collect();
            findings.push(format!("{package}: {}", files.join(", ")));
            for module in &circle {
                let within: Vec<String> =
                    imports[module].intersection(&circle).map(|target| target.join("/")).collect();
                findings.push(format!("    {} names {}", module.join("/"), within.join(", ")));
            }
        }
    }
    expect_none("files that lead to each other", &findings);
}

/// What the files of a package name of each other, without its root, tests, and what is between parent and child.
fn imports_of(package: &str, texts: &[Text]) -> Imports {
    let sources = texts.iter().filter(|text| text.is_source() && !text.is_test());
    let files: BTreeMap<Module, &str> = sources
        .filter_map(|source| {
            let path = source.path.strip_prefix(package)?.strip_suffix(".rs")?;
            let code = source.text.split("#[cfg(test)]\nmod tests {").next()?;
            let module = path.split('/').map(str::to_owned).collect();
            (!["lib", "main"].contains(&path)).then_some((module, code))
        })
        .collect();
    let named = files.iter().map(|(module, text)| {
        let code = code_of(text);
        let targets = paths(&code).into_iter().filter_map(|path| target(module, &path, &files));
        (module.clone(), targets.filter(|target| !is_family(module, target)).collect())
    });
    named.collect()
}

/// The file that a path leads to, seen from a module; none for names of the crate's root.
fn target(module: &Module, path: &[&str], files: &BTreeMap<Module, &str>) -> Option<Module> {
    let up = path.iter().take_while(|name| **name == "super").count();
    let begin = if up == 0 { &[][..] } else { &module[..module.len().checked_sub(up)?] };
    let names = path[up.max(1)..].iter().map(|name| (*name).to_owned());
    let whole: Module = begin.iter().cloned().chain(names).collect();
    let beginnings = (1..=whole.len()).rev().map(|length| &whole[..length]);
    beginnings.map(<[String]>::to_vec).find(|beginning| files.contains_key(beginning))
}

/// Whether one of the modules is the other, or contains it.
fn is_family(module: &Module, other: &Module) -> bool {
    module.starts_with(other) || other.starts_with(module)
}

/// The paths in code that begin with `crate` or `super`; those of a group in braces one by one.
fn paths(code: &str) -> Vec<Vec<&str>> {
    let mut paths = Vec::new();
    for root in ["crate::", "super::"] {
        for (offset, _) in code.match_indices(root) {
            let before = code[..offset].chars().next_back();
            if before.is_none_or(|letter| !is_of_name(letter) && letter != ':') {
                follow(&code[offset..], &mut Vec::new(), &mut paths);
            }
        }
    }
    paths
}

/// Adds the paths that the code begins with, behind `begin`; returns the code after them.
fn follow<'code>(
    code: &'code str,
    begin: &mut Vec<&'code str>,
    paths: &mut Vec<Vec<&'code str>>,
) -> &'code str {
    if let Some(mut group) = code.strip_prefix('{') {
        loop {
            group = group.trim_start_matches(|letter| letter != '}' && letter != '{' && !is_of_name(letter));
            match group.chars().next() {
                None => return group,
                Some('}') => return &group[1..],
                Some(_) => group = follow(group, begin, paths),
            }
        }
    }
    let (name, rest) = code.split_at(code.find(|letter| !is_of_name(letter)).unwrap_or(code.len()));
    begin.push(name);
    let deeper = rest
        .strip_prefix("::")
        .filter(|deeper| deeper.starts_with(|letter| letter == '{' || is_of_name(letter)));
    let rest = if let Some(deeper) = deeper {
        follow(deeper, begin, paths)
    } else {
        paths.push(begin.clone());
        rest
    };
    begin.pop();
    rest
}

/// Groups of modules of which each leads to each other.
fn circles(imports: &Imports) -> BTreeSet<BTreeSet<Module>> {
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        imports.keys().map(|module| (module, reached_from(module, imports))).collect();
    let in_circles = reached.iter().filter(|(module, targets)| targets.contains(*module));
    let circles = in_circles.map(|(module, targets)| {
        targets
            .iter()
            .filter(|target| reached[*target].contains(module))
            .map(|target| (*target).clone())
            .collect()
    });
    circles.collect()
}

/// All modules that a module leads to; itself only by a circle.
fn reached_from<'i>(module: &Module, imports: &'i Imports) -> BTreeSet<&'i Module> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&Module> = imports[module].iter().collect();
    while let Some(next) = waiting.pop() {
        if reached.insert(next) {
            waiting.extend(&imports[next]);
        }
    }
    reached
}

#[test]
fn paths_and_circles_are_found() {
    let code = "use crate::{a::{self, B}, c::D as E};\nuse super::super::f::*;\nlet x = crate::g::<u8>();";
    let expected: [&[&str]; 6] = [
        &["crate", "a", "self"],
        &["crate", "a", "B"],
        &["crate", "c", "D"],
        &["crate", "as"],
        &["crate", "E"],
        &["crate", "g"],
    ];
    let found = paths(code);
    assert_eq!(found[..6], expected.map(<[_]>::to_vec));
    assert_eq!(found[6..], [vec!["super", "super", "f"]]);

    let text = |path: &str, text: &str| Text { path: format!("p/{path}.rs"), text: text.to_owned() };
    let files = [
        text("a", "use crate::b::c::X;"),
        text("b", "use crate::d;"),
        text("b/c", "use super::e::Y; use super::Z;"),
        text("b/e", "use super::super::a::V; // crate::d"),
        text("d", "use crate::{Error, b};"),
        text("f", "use crate::a::X;"),
    ];
    let module = |path: &str| path.split('/').map(str::to_owned).collect::<Module>();
    let circle = |paths: &[&str]| paths.iter().map(|path| module(path)).collect::<BTreeSet<_>>();
    let found = circles(&imports_of("p/", &files));
    assert_eq!(found, BTreeSet::from([circle(&["a", "b/c", "b/e"]), circle(&["b", "d"])]));
}
