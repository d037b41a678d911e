//! Queries nobody would write: whatever the text, there is an answer or findings with places in it, never a panic.

use std::sync::{Arc, LazyLock};

use engine::Store;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use query::{Script, StoreTables};
use tests::Shelf;
use tests::shelf::back_up;

use crate::query_rows::{lines, run, tables};

/// Two days of a tenant of three objects.
static TABLES: LazyLock<StoreTables> = LazyLock::new(|| {
    let mut store = Shelf::default().create().unwrap();
    let user = |id: u32, department: &str| {
        format!(
            r##"{{"@odata.type": "#microsoft.graph.user", "id": "u{id}", "displayName": "User {id}", "accountEnabled": true, "department": "{department}", "businessPhones": ["1", "2"]}}"##
        )
    };
    let group = |members: &str| {
        format!(
            r##"{{"@odata.type": "#microsoft.graph.group", "id": "g1", "displayName": "Staff", "members": [{members}]}}"##
        )
    };
    back_up(&mut store, 0, &[user(1, "Sales"), user(2, ""), group("\"u1\", \"u2\"")]).unwrap();
    back_up(&mut store, 1, &[user(1, "IT"), user(2, ""), group("\"u1\"")]).unwrap();
    tables(&Arc::<Store>::new(store))
});

const SOURCES: [&str; 14] = [
    "users",
    "users('latest~1')",
    "groups",
    "objects",
    "deletedItems",
    "links",
    "diff('latest~1')",
    "changes('latest~1', 'latest')",
    "history(ago(900d))",
    "backups",
    "reports",
    "datatable(id:string, n:long) ['u1', 1, 'g1', long(null)]",
    "print id = 'u1', x = dynamic({'a': [1, 2]})",
    "range id from 1 to 5 step 2",
];
const COLUMNS: [&str; 13] = [
    "id",
    "type",
    "displayName",
    "department",
    "attributes",
    "members",
    "takenAt",
    "change",
    "kind",
    "targetId",
    "deleted",
    "x.a[0]",
    "n",
];
const LITERALS: [&str; 12] = [
    "'u1'",
    "'Sales'",
    "''",
    "5",
    "-1.5",
    "true",
    "long(null)",
    "datetime(2026-11-20)",
    "ago(3d)",
    "1h",
    "dynamic(['u1', 2])",
    "guid(00000000-0000-4000-8000-000000000001)",
];
const TESTS: [&str; 14] = [
    "==",
    "!=",
    "<",
    ">=",
    "=~",
    "contains",
    "!has",
    "startswith_cs",
    "has_any",
    "in",
    "matches regex",
    "endswith",
    "between",
    "!in~",
];

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(texts).prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![one_of(&COLUMNS), one_of(&LITERALS)];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let call = prop::sample::select(
            &["tostring", "tolower", "strlen", "array_length", "isempty", "todatetime", "bag_keys"][..],
        );
        let sign = prop::sample::select(&["+", "-", "*", "/", "%"][..]);
        prop_oneof![
            (call, inner.clone()).prop_map(|(name, value)| format!("{name}({value})")),
            (inner.clone(), sign, inner.clone())
                .prop_map(|(left, sign, right)| format!("({left} {sign} {right})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("iff({a}, {b}, {c})")),
            (inner.clone(), inner).prop_map(|(base, key)| format!("todynamic({base})[{key}]")),
        ]
    })
}

fn condition() -> impl Strategy<Value = String> {
    (value(), prop::sample::select(&TESTS[..]), value(), value()).prop_map(|(left, test, right, other)| {
        match test {
            "in" | "!in~" | "has_any" => format!("{left} {test} ({right}, {other})"),
            "between" => format!("{left} between ({right} .. {other})"),
            test => format!("{left} {test} {right}"),
        }
    })
}

/// What is asked most: a column, a test, a constant.
fn simple_condition() -> impl Strategy<Value = String> {
    let columns =
        prop::sample::select(&["id", "type", "displayName", "change", "kind", "department", "targetId"][..]);
    let values =
        prop::sample::select(&["'u1'", "'g1'", "'user'", "'Sales'", "'updated'", "'link'", "'object'"][..]);
    (columns, prop::sample::select(&["==", "!=", "=~", "in"][..]), values).prop_map(
        |(column, test, value)| {
            if test == "in" {
                format!("{column} in ({value}, 'group')")
            } else {
                format!("{column} {test} {value}")
            }
        },
    )
}

fn stage() -> impl Strategy<Value = String> {
    let source = || one_of(&SOURCES);
    let kind = prop::sample::select(
        &["inner", "innerunique", "leftouter", "fullouter", "leftanti", "rightsemi"][..],
    );
    let aggregate = prop::sample::select(
        &[
            "count()",
            "dcount(id)",
            "make_set(type)",
            "arg_max(id, *)",
            "take_any(displayName)",
            "percentile(n, 50)",
        ][..],
    );
    prop_oneof![
        3 => condition().prop_map(|text| format!("where {text}")),
        2 => (condition(), condition()).prop_map(|(a, b)| format!("where {a} and not({b})")),
        2 => value().prop_map(|text| format!("extend n = {text}")),
        1 => (one_of(&COLUMNS), value()).prop_map(|(name, text)| format!("project id, c = {text}, d = {name}")),
        2 => (aggregate, one_of(&COLUMNS)).prop_map(|(text, key)| format!("summarize {text} by {key}")),
        1 => (kind, source()).prop_map(|(kind, table)| format!("join kind={kind} ({table}) on id")),
        1 => source().prop_map(|table| format!("union ({table})")),
        1 => one_of(&COLUMNS).prop_map(|name| format!("mv-expand {name}")),
        1 => value().prop_map(|text| format!("sort by {text} asc nulls first")),
        1 => value().prop_map(|text| format!("top 3 by {text}")),
        1 => prop::sample::select(&["count", "take 2", "distinct id", "getschema", "project-away id", "search 'u1'", "lookup (groups) on id", "recover", "as it", "parse displayName with a ' ' b:long", "render table"][..]).prop_map(str::to_owned),
    ]
}

fn pipe() -> impl Strategy<Value = String> {
    (one_of(&SOURCES), prop::collection::vec(stage(), 0..6))
        .prop_map(|(source, stages)| [vec![source], stages].concat().join("\n| "))
}

/// Words and signs of the language in any order.
fn soup() -> impl Strategy<Value = String> {
    let words = &[
        "|",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ";",
        "=",
        "==",
        "..",
        "let",
        "declare",
        "where",
        "summarize",
        "by",
        "join",
        "kind=inner",
        "on",
        "$left.id",
        "mv-expand",
        "to typeof(long)",
        "recover",
        "attributes",
        "with",
        "union",
        "withsource=t",
        "'",
        "\"",
        "@'",
        "```",
        "//",
        "/*",
        "-",
        "!",
        "~",
        "ago(",
        "1d",
        "datetime(",
        "dynamic(",
        "null",
        "true",
        "case(",
        "toscalar(",
        "materialize(",
        "invoke",
        "range",
        "from",
        "step",
        "print",
        "datatable",
        "é",
        "\u{0}",
        "\u{202e}",
        "0x",
        "1e999",
        "9223372036854775808",
    ][..];
    let word = prop_oneof![4 => prop::sample::select(words).prop_map(str::to_owned), 1 => one_of(&SOURCES), 2 => value()];
    prop::collection::vec(word, 0..25).prop_map(|words| words.join(" "))
}

/// Asks everything there is to ask of a text.
fn probe(text: &str) {
    let parsed = Script::parse(text);
    if let Ok(script) = &parsed {
        let pretty = script.format();
        let again =
            Script::parse(&pretty).unwrap_or_else(|findings| panic!("{text}\n{pretty}\n{findings:?}"));
        assert_eq!(pretty, again.format(), "{text}");
    }
    let checked = parsed.and_then(|script| script.check());
    let found = run(&TABLES, text);
    assert!(checked.is_ok() || found.is_err(), "what is refused without a store is refused with one: {text}");
    if let Err(findings) = found {
        assert!(!findings.is_empty(), "{text}");
        for finding in findings {
            assert!(!finding.message.is_empty());
            assert!(text.get(finding.span.start..finding.span.end).is_some(), "{text}: {finding:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(19),
        ..ProptestConfig::default()
    })]

    #[test]
    fn queries_of_the_grammar_have_an_answer(text in pipe()) {
        probe(&text);
    }

    #[test]
    fn soup_of_words_has_an_answer(text in soup()) {
        probe(&text);
    }

    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,60}", bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        probe(&text);
        probe(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn one_thread_gives_the_rows_of_many(text in pipe()) {
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let serial = alone.install(|| run(&TABLES, &text)).map(|results| lines(&results));
        let parallel = run(&TABLES, &text).map(|results| lines(&results));
        prop_assert_eq!(serial, parallel, "{}", text);
    }

    /// A table named twice is computed once, and nothing moves into it: so its rows are those of the plain plan.
    #[test]
    fn filters_give_the_same_rows_wherever_they_run(
        source in one_of(&SOURCES),
        condition in prop_oneof![simple_condition(), condition()],
    ) {
        let moved = format!("{source} | where {condition}");
        let plain = format!("let it = {source}; it | union (it | take 0) | where {condition}");
        if let (Ok(moved), Ok(plain)) = (run(&TABLES, &moved), run(&TABLES, &plain)) {
            prop_assert_eq!(lines(&moved), lines(&plain), "{} where {}", source, condition);
        }
    }
}
