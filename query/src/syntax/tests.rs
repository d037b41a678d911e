//! Texts that are queries, texts that are not, and what is said about them.

use proptest::prelude::*;

use super::parse;
use crate::ast::{ExpressionKind, Operator, Source, Statement};
use crate::error::Code;

/// One query for every operator and most forms of expressions.
pub(crate) const QUERIES: [&str; 41] = [
    "users",
    "users;",
    "users('2026-11-20') | where department == 'Sales' and accountEnabled == false",
    "users | filter id has 'x' or (mail !endswith_cs \"y\" and not(isempty(mail)))",
    "users | where mail matches regex @'^a.*\"b$' | take 5",
    "users | where age between (1 .. 2) or age !between (3..4) or t between (ago(1d) .. 7d)",
    "users | where id in ('a', 'b') or id !in~ (dynamic(['c'])) or id has_any (names)",
    "users | where id in ((groups | project id))",
    "users | where * has 'admin' and skills[0].name =~ 'rust' and d['a b'].['c'] <> 3",
    "users | project a = 1, ['odd name'], [\"order\"], b = -x + 2 * (3 - y) % 4 / 5",
    "users | project-away a*, *b | project-keep * | project-rename n = o | project-reorder a* asc, b",
    "users | extend (a, b) = array_sort_asc(x, y), c = iff(a > 1, 'yes', 'no')",
    "users | summarize n = count(), make_set(id) by department, day = bin(created, 1d)",
    "users | summarize hint.strategy=shuffle by department | count",
    "users | distinct * | sort by a asc nulls last, b desc, c | order by d nulls first",
    "users | top 5 by n desc | limit 3",
    "users | join kind=leftanti (groups | where x) on id",
    "users | join kind = inner hint.strategy=broadcast groups on $left.a == $right.b, c",
    "users | lookup kind=leftouter (groups) on id | as t | getschema",
    "union kind=outer withsource=Source users, group*, (devices | take 1)",
    "users | union isfuzzy=true groups, datatable(a:long)[1] | render piechart with (title='a b', legend=hidden)",
    "users | mv-expand kind=array with_itemindex=i a = b to typeof(long), c limit 10",
    "users | parse kind=regex flags=U mail with * '@' domain:string '.' rest",
    "search in (users, group*) 'a' and ('b' or mail:'c')",
    "search kind=case_sensitive in (users) 'a' | invoke f(1)",
    "print 1h, 1.5d, 30min, 10s, 5ms, 2microseconds, 1tick, 0x1F, 1e3, 10., 1.5e-3",
    "print datetime(2026-11-20 08:00), time(1.02:03:04), guid(00000000-0000-0000-0000-000000000000)",
    "print int(null), real(nan), bool(true), long(-9), decimal(1.5), dynamic(null)",
    "print dynamic({'a': [1, 2.5, -3, true, null, \"x\"], \"b\": {}}), dynamic([datetime(2026-11-20)])",
    "print h'secret', @'a\\b''c', ```a\n\"b\"```, 'x' // a comment\n \"y\", '\\u00e9\\t'",
    "range x from 1 to 10 step 2",
    "datatable(a:long, b:string) [ 1, 'a', 2, 'b', ]",
    "datatable(a:long) [ long(\n1\n) ]",
    "let f = (a:long, b:string = 'x') { strcat(b, a) }; print f(1), f(a = 2)",
    "let g = (t:(id:string), u:(*)) { t | join u on id };",
    "let v = view () { let w = 1; users | where a == w; }; v()",
    "declare query_parameters(since:string = 'latest~1', n:long); diff(since, 'latest') | take n",
    "let x = toscalar(users | count); let m = materialize(users | take 1); m | where a == x",
    "diff('a', 'b') | recover attributes = (department, jobTitle) links = (members) with (recreate = true)",
    "diff(ago(1d), 'live') | recover",
    "users | where a == 1; groups | where b == 2",
];

#[test]
fn every_form_of_the_language_is_read() {
    for query in QUERIES {
        assert_eq!(parse(query).err(), None, "{query}");
    }
}

#[test]
fn broken_texts_are_refused_as_syntax() {
    for text in [
        "users |",
        "users | | take 1",
        "users | where",
        "users | where a and",
        "users | where (a == 1",
        "users | where a == 'x",
        "users | sort a",
        "users | join kind=inner on id",
        "users | join groups",
        "users | extend a = = 1",
        "users | take 1 2",
        "users | summarize",
        "let x = ;",
        "print dynamic([1, 2)",
        "print 'a\\q'",
        "print dynamic(a)",
        "print datetime(2026-11-20",
        "users | wher a == 1",
    ] {
        let findings = parse(text).unwrap_err();
        assert_eq!(findings[0].code, Code::Syntax, "{text}: {findings:?}");
    }
}

#[test]
fn what_is_outside_the_subset_is_named_with_its_position() {
    for (text, name) in [
        ("users | mv-apply a on (take 1) | take 2", "mv-apply"),
        ("users | make-series n = count() on t step 1d", "make-series"),
        ("users | evaluate bag_unpack(d)", "evaluate"),
        ("externaldata(a:string) [@'x|y'] | take 1", "externaldata"),
        ("find in (users) where a == 'x'", "find"),
        ("set notruncation; users", "set"),
    ] {
        let findings = parse(text).unwrap_err();
        assert_eq!(findings.len(), 1, "{text}: {findings:?}");
        assert_eq!(findings[0].message, format!("`{name}` is not supported"));
        assert_eq!(&text[findings[0].span.start..findings[0].span.end], name);
    }
}

#[test]
fn everything_unsupported_is_reported_at_once() {
    let findings = parse("users | serialize | fork (take 1) | sample 3").unwrap_err();
    let messages: Vec<&str> = findings.iter().map(|f| f.message.as_str()).collect();
    assert_eq!(
        messages,
        ["`serialize` is not supported", "`fork` is not supported", "`sample` is not supported"]
    );
}

#[test]
fn a_misspelt_operator_is_guessed() {
    let findings = parse("users | summarise count()").unwrap_err();
    assert_eq!(findings[0].help.as_deref(), Some("did you mean `summarize`?"));
    let findings = parse("users | qqqqqq count()").unwrap_err();
    let help = findings[0].help.as_deref().unwrap_or_default();
    assert!(help.starts_with("operators: where, filter, project, ") && help.ends_with(" more"), "{help}");
}

#[test]
fn deep_brackets_end_in_a_finding() {
    for (open, close, depth) in [("(", ")", 65), ("f(", ")", 65), ("(", ")", 100_000)] {
        let text = format!("print {}1{}", open.repeat(depth), close.repeat(depth));
        assert_eq!(parse(&text).unwrap_err()[0].code, Code::Limit, "{depth}");
    }
    assert!(parse(&format!("print {}1{}", "(".repeat(60), ")".repeat(60))).is_ok());
}

#[test]
fn a_text_without_end_is_refused_by_its_size() {
    let findings = parse(&"users | take 1;".repeat(100_000)).unwrap_err();
    assert_eq!(findings[0].code, Code::Limit);
}

#[test]
fn precedence_runs_from_or_to_members() {
    let statements = parse("T | where a or b and c == 1 + 2 * d.e").unwrap();
    let Some(Statement::Pipe(pipe)) = statements.first() else { panic!("not a pipe") };
    assert!(
        matches!(&pipe.source, Source::Expression(table) if table.kind == ExpressionKind::Name("T".into()))
    );
    let Operator::Where(condition) = &pipe.stages[0].operator else { panic!("not a filter") };
    let ExpressionKind::Or(parts) = &condition.kind else { panic!("{condition:?}") };
    let ExpressionKind::And(parts) = &parts[1].kind else { panic!("{parts:?}") };
    let ExpressionKind::Chain(_, rest) = &parts[1].kind else { panic!("{parts:?}") };
    let ExpressionKind::Chain(_, rest) = &rest[0].1.kind else { panic!("{rest:?}") };
    let ExpressionKind::Chain(_, rest) = &rest[0].1.kind else { panic!("{rest:?}") };
    assert!(matches!(rest[0].1.kind, ExpressionKind::Path(..)));
}

#[test]
fn the_least_long_is_a_literal() {
    let statements = parse("print -9223372036854775808 , 1").unwrap();
    let Some(Statement::Pipe(pipe)) = statements.first() else { panic!("not a pipe") };
    let Source::Print(list) = &pipe.source else { panic!("not a print") };
    assert!(matches!(list[0].value.kind, ExpressionKind::Literal(crate::Value::Long(i64::MIN), _)));
}

/// Words and signs of the language and some that are not.
fn token() -> impl Strategy<Value = String> {
    let words: Vec<&str> = QUERIES.iter().flat_map(|query| query.split(' ')).collect();
    prop_oneof![
        proptest::sample::select(words).prop_map(str::to_owned),
        proptest::sample::select(vec![
            "(", ")", "[", "]", "{", "}", "|", ";", ",", "=", "'", "\"", "`", "..", "$", "\\"
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ]
}

proptest! {
    #[test]
    fn soup_of_tokens_never_panics(tokens in proptest::collection::vec(token(), 0..60)) {
        let text = tokens.join(" ");
        if let Err(findings) = parse(&text) {
            prop_assert!(!findings.is_empty());
            for finding in findings {
                prop_assert!(text.get(finding.span.start..finding.span.end).is_some());
            }
        }
    }

    #[test]
    fn edited_queries_never_panic(which in 0..QUERIES.len(), at in 0..200_usize, cut in 0..9_usize, put in token()) {
        let mut characters: Vec<char> = QUERIES[which].chars().collect();
        let start = at.min(characters.len());
        let end = (start + cut).min(characters.len());
        characters.splice(start..end, put.chars());
        let text: String = characters.into_iter().collect();
        if let Err(findings) = crate::Script::parse(&text).and_then(|script| script.check()) {
            prop_assert!(findings.iter().all(|f| text.get(f.span.start..f.span.end).is_some()));
        }
    }
}

#[test]
fn words_of_kql_are_names_in_brackets_only() {
    for text in
        ["users | extend kind = 1", "print string = 1", "let desc = 1; print 2", "users | where asc == 1"]
    {
        let found = parse(text).expect_err(text);
        assert!(found[0].message.contains("requires brackets"), "{text}: {found:?}");
    }
    for text in ["users | extend ['kind'] = 1", "users | where kind == 1", "print ['string'] = 1, title = 2"]
    {
        assert!(parse(text).is_ok(), "{text}");
    }
}
