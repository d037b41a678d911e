//! `LANGUAGE.md`: what of KQL there is, written from the tables that the parser and the binder use.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::{charts, functions, join_kinds, keywords, operators, unsupported};
use crate::Type;

/// What there is none of beside operators, and why.
const REFUSED: [(&str, &str); 9] = [
    (
        "`externaldata`, `external_table`, `cluster()`, `database()`, `workspace()`, `app()`, `resource()`",
        "a query reads one store and no network",
    ),
    (
        "`evaluate` and its plugins: `bag_unpack`, `pivot`, `narrow`, `autocluster`, `basket`, `diffpatterns`, …",
        "columns must be known before there are rows, and none of the plugins is built",
    ),
    (
        "`make-series`, `series_*`, `reduce`, `top-nested`, `top-hitters`",
        "tables hold states and changes, not measurements",
    ),
    ("`graph-match`, `make-graph`", "`links` and `join` follow relations"),
    ("`mv-apply`, `partition`, `fork`, `facet`, `scan`", "a subquery for each part of the rows is not built"),
    (
        "`serialize`, `prev()`, `next()`, `row_number()`, `row_cumsum()`",
        "the order of rows is defined by `sort` alone, and no function looks at neighbours",
    ),
    ("`sample`, `sample-distinct`, `rand()`", "the same query over the same backup gives the same rows"),
    (
        "`set`, `alias`, `restrict`, `declare pattern`",
        "there are no cluster settings and no access rules to declare",
    ),
    ("`parse-where`, `parse-kv`", "`parse` and `extract` take texts apart"),
];

fn table(out: &mut String, head: [&str; 2], rows: impl Iterator<Item = [String; 2]>) {
    let _written = writeln!(out, "| {} | {} |\n|--|--|", head[0], head[1]);
    for [left, right] in rows {
        let cell = |text: &str| text.replace('|', "\\|");
        let _written = writeln!(out, "| {} | {} |", cell(&left), cell(&right));
    }
    out.push('\n');
}

fn listed<'w>(words: impl Iterator<Item = &'w str>) -> String {
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// The whole file.
fn written() -> String {
    let mut out = String::from(
        "# The query language\n\n\
         A subset of the Kusto Query Language. What is here is what the program takes: this file is written from its\n\
         tables, and a test compares the two. After a change of the tables, write it again:\n\
         `ENTRASNAP_WRITE_EXPECTED=1 cargo test --workspace --lib language`.\n\n",
    );
    out.push_str("## Operators\n\n");
    let row = |operator: &super::OperatorHelp| {
        [format!("`{}`", operator.name), format!("{}: `{}`", operator.help, operator.example)]
    };
    table(&mut out, ["operator", "what it does"], operators().iter().map(row));
    let _written =
        writeln!(out, "Kinds of `join`: {}. Without a kind it is `innerunique`.\n", listed(join_kinds()));
    let _written = writeln!(
        out,
        "Charts of `render`: {}. A terminal draws bars, columns, pies and lines over time; the others give the rows.\n",
        listed(charts().iter().copied())
    );
    let _written = writeln!(out, "Types: {}.\n", listed(Type::ALL.into_iter().map(Type::as_str)));
    let _written = writeln!(out, "Words inside operators: {}.\n", listed(keywords().iter().copied()));
    out.push_str("## Functions\n\nArguments in square brackets may be left out.\n\n");
    for (family, members) in crate::function::families() {
        let _written = writeln!(out, "### {family}\n");
        table(
            &mut out,
            ["function", "what it gives"],
            members.iter().map(|function| [format!("`{}`", function.usage), function.help.to_owned()]),
        );
    }
    out.push_str("### Aggregates\n\nThey stand in `summarize`, over the rows of a group.\n\n");
    let aggregates = functions().into_iter().filter(|function| function.aggregate);
    table(
        &mut out,
        ["aggregate", "what it gives"],
        aggregates.map(|it| [format!("`{}`", it.usage), it.help.to_owned()]),
    );
    let aliases = crate::function::aliases().map(|(alias, name)| format!("`{alias}` is `{name}`"));
    let _written = writeln!(out, "Second names: {}.\n", aliases.collect::<Vec<_>>().join(", "));
    out.push_str("## What is refused\n\n");
    let _written = writeln!(
        out,
        "Operators refused by name: {}. Every `graph-…` is, too.\n",
        listed(unsupported().iter().copied())
    );
    table(
        &mut out,
        ["what", "why"],
        REFUSED.iter().map(|(what, why)| [(*what).to_owned(), (*why).to_owned()]),
    );
    let plugins = "There are no plugins: `evaluate` is refused by name, whatever stands behind it.\n";
    out.push_str(plugins);
    out
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("LANGUAGE.md")
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "only the environment can say that expectations are to be written"
)]
fn the_support_matrix_is_what_the_tables_say() {
    let written = written();
    if std::env::var_os("ENTRASNAP_WRITE_EXPECTED").is_some() {
        std::fs::write(path(), &written).unwrap();
    }
    let kept = std::fs::read_to_string(path()).unwrap_or_default();
    assert!(kept == written, "query/LANGUAGE.md is not what the tables say; see its head");
}

#[test]
fn what_is_said_to_be_refused_is_refused() {
    for name in ["cluster", "database", "workspace", "app", "resource", "external_table"] {
        assert!(
            crate::Script::parse(&format!("{name}('x')")).and_then(|script| script.check()).is_err(),
            "{name}"
        );
    }
    for name in ["prev", "next", "row_number", "row_cumsum", "rand", "series_stats"] {
        let script = crate::Script::parse(&format!("users | extend x = {name}(id)")).unwrap();
        assert_eq!(script.check().unwrap_err()[0].code, crate::Code::UnknownFunction, "{name}");
    }
    for text in ["set x; print 1", "alias database x = 'y'; print 1", "users | evaluate bag_unpack(x)"] {
        assert!(crate::Script::parse(text).is_err(), "{text}");
    }
}
