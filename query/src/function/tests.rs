//! What the functions and signs give, each on its smallest telling example.

use proptest::prelude::*;

use super::functions;
use crate::testing::print;

/// Expressions and the values they print.
fn all(cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        assert_eq!(print(expression), *expected, "{expression}");
    }
}

#[test]
fn arithmetic_keeps_and_widens_types() {
    all(&[
        ("7 / 2", "3"),
        ("-7 / 2", "-3"),
        ("-7 % 3", "2"),
        ("1 / 0", "null"),
        ("1.0 / 0", "\"Infinity\""),
        ("1 + 1.5", "2.5"),
        ("9223372036854775807 + 1", "-9223372036854775808"),
        ("gettype(toint(1) + toint(1))", "\"long\""),
        ("1d / 1h", "24.0"),
        ("1d * 2.5", "\"2.12:00:00\""),
        ("datetime(2026-03-01) - datetime(2026-02-28)", "\"1.00:00:00\""),
        ("datetime(2026-02-28) + 1d", "\"2026-03-01T00:00:00.0000000Z\""),
        ("-(2)", "-2"),
        ("int(null) + 1", "null"),
    ]);
}

#[test]
fn null_is_neither_equal_nor_unequal_to_null() {
    all(&[
        ("int(null) == int(null)", "null"),
        ("int(null) == 1", "false"),
        ("int(null) != 1", "true"),
        ("int(null) < 1", "null"),
        ("false and bool(null)", "false"),
        ("true or bool(null)", "true"),
        ("true and bool(null)", "null"),
        ("iff(bool(null), 'a', 'b')", "\"b\""),
        ("isnull('')", "false"),
        ("tostring(int(null))", "\"\""),
        ("real(nan) == real(nan)", "false"),
    ]);
}

#[test]
fn tests_of_text_respect_terms_and_case() {
    all(&[
        ("'a_b c' has 'b'", "true"),
        ("'abc' has 'b'", "false"),
        ("'v1.2.3' has '2.3'", "true"),
        ("'Straße' =~ 'STRASSE'", "false"),
        ("'MÜLLER' =~ 'müller'", "true"),
        ("'End.' hassuffix 'end'", "true"),
        ("'the cat' hasprefix_cs 'Ca'", "false"),
        ("'abc' contains ''", "true"),
        ("'abc' !startswith 'AB'", "false"),
        ("'x' in~ ('X', 'y')", "true"),
        ("'one two' has_all ('two', 'ONE')", "true"),
        ("'one two' has_any (dynamic(['three']))", "false"),
        ("'abc' matches regex '^.b'", "true"),
    ]);
}

#[test]
fn conversions_fail_to_null() {
    all(&[
        ("toint('12.5')", "null"),
        ("toint(' 0x1F ')", "31"),
        ("toint(-1.9)", "-1"),
        ("toint(1e10)", "2147483647"),
        ("tolong(true)", "1"),
        ("todouble('-INF')", "\"-Infinity\""),
        ("tobool('yes')", "null"),
        ("todatetime('2026-13-01')", "null"),
        ("todatetime('12-02-2022')", "\"2022-12-02T00:00:00.0000000Z\""),
        ("totimespan('13:00')", "\"13:00:00\""),
        ("totimespan('1.5')", "null"),
        ("tostring(true)", "\"True\""),
        ("tostring(dynamic(true))", "\"true\""),
        ("tostring(1.0)", "\"1.0\""),
        ("tostring(dynamic({'b': [1, null], 'a': 'x'}))", "\"{\\\"b\\\":[1,null],\\\"a\\\":\\\"x\\\"}\""),
        ("toguid('00000000-0000-0000-0000-0000000000AB')", "\"00000000-0000-0000-0000-0000000000ab\""),
        ("parse_json('no json')", "\"no json\""),
        ("parse_json('')", "null"),
        ("strcat('a', 1, true, int(null))", "\"a1True\""),
    ]);
}

#[test]
fn paths_reach_into_dynamic_values() {
    all(&[
        ("dynamic({'a': [10, {'b': 'x'}]}).a[-1].b", "\"x\""),
        ("dynamic([1])[1]", "null"),
        ("dynamic({'a': 1})['b']", "null"),
        ("dynamic({'n': 3.5}).n > 3", "true"),
        ("dynamic({'n': 'x'}).n == 'x'", "true"),
        ("gettype(dynamic([]))", "\"array\""),
        ("gettype(dynamic(1.5))", "\"double\""),
    ]);
}

#[test]
fn texts_are_counted_by_characters() {
    all(&[
        ("strlen('a😀')", "2"),
        ("string_size('é')", "2"),
        ("substring('abcdef', -2, 1)", "\"e\""),
        ("substring('abc', 9)", "\"\""),
        ("indexof('abcabc', 'c', 3)", "5"),
        ("indexof('abc', 'x')", "-1"),
        ("reverse('añ')", "\"ña\""),
        ("split('a,b', ',')", "[\"a\",\"b\"]"),
        ("split('', ',')", "[\"\"]"),
        ("split('a,b', ',', 1)", "[\"b\"]"),
        ("replace_string('aXbX', 'X', '-')", "\"a-b-\""),
        ("replace_regex('john smith', @'(\\w+) (\\w+)', @'\\2 \\1')", "\"smith john\""),
        ("trim('x', 'xxaxx')", "\"xax\""),
        ("countof('aaa', 'a')", "3"),
        ("extract('(b)(c)?', 2, 'abd')", "\"\""),
        ("extract(@'n=(\\d+)', 1, 'n=42', typeof(long))", "42"),
        ("extract_all(@'(\\w)=(\\d)', 'a=1 b=2')", "[[\"a\",\"1\"],[\"b\",\"2\"]]"),
        ("strcat_array(dynamic([1, null, 3]), '-')", "\"1--3\""),
        ("translate('ab', 'xy', 'cab')", "\"cxy\""),
        ("hash_md5('')", "\"d41d8cd98f00b204e9800998ecf8427e\""),
        ("base64_decode_tostring(base64_encode_tostring('hé'))", "\"hé\""),
        ("parse_url('https://u:p@h.org:81/a/b?x=1#f').Host", "\"h.org\""),
        ("url_decode('a%20b+c')", "\"a b c\""),
        ("parse_csv('a,\"b,c\",')", "[\"a\",\"b,c\",\"\"]"),
        ("format_bytes(2048)", "\"2 KB\""),
    ]);
}

#[test]
fn dates_follow_the_calendar() {
    all(&[
        ("datetime_add('month', 1, datetime(2024-01-31))", "\"2024-02-29T00:00:00.0000000Z\""),
        ("datetime_diff('month', datetime(2026-03-01), datetime(2025-12-31))", "3"),
        ("datetime_diff('week', datetime(2026-11-22), datetime(2026-11-21))", "1"),
        ("startofweek(datetime(2026-11-20 08:00))", "\"2026-11-15T00:00:00.0000000Z\""),
        ("endofmonth(datetime(2026-02-03))", "\"2026-02-28T23:59:59.9999999Z\""),
        ("endofyear(datetime(9999-01-01))", "\"9999-12-31T23:59:59.9999999Z\""),
        ("dayofweek(datetime(2026-11-23))", "\"1.00:00:00\""),
        ("week_of_year(datetime(2027-01-01))", "53"),
        (
            "format_datetime(datetime(2026-01-02 03:04:05.6), 'yy-MM-dd HH:mm:ss.fff')",
            "\"26-01-02 03:04:05.600\"",
        ),
        ("format_timespan(-(2h + 30m), 'hh:mm')", "\"-02:30\""),
        ("bin(datetime(2026-11-20 13:45), 1h)", "\"2026-11-20T13:00:00.0000000Z\""),
        ("bin(-5, 2)", "-6"),
        ("make_datetime(2026, 13, 1)", "null"),
        ("now() - ago(1d)", "\"1.00:00:00\""),
        ("now()", "\"2026-11-20T12:00:00.0000000Z\""),
        ("datetime_part('quarter', datetime(2026-11-20))", "4"),
        ("unixtime_seconds_todatetime(1)", "\"1970-01-01T00:00:01.0000000Z\""),
    ]);
}

#[test]
fn arrays_and_objects_are_values() {
    all(&[
        ("array_slice(dynamic([1,2,3,4]), -3, -2)", "[2,3]"),
        ("array_sort_asc(dynamic(['b', null, 'a']))", "[\"a\",\"b\",null]"),
        ("array_sum(dynamic([1, 2.5]))", "3.5"),
        ("array_concat(dynamic([1]), dynamic(null), dynamic([2]))", "[1,2]"),
        ("array_rotate_left(dynamic([1,2,3]), 1)", "[2,3,1]"),
        ("array_index_of(dynamic(['a','b']), 'b')", "1"),
        ("set_union(dynamic([1,2]), dynamic([2,3]))", "[1,2,3]"),
        ("set_difference(dynamic([1,2]), dynamic([2]))", "[1]"),
        ("zip(dynamic([1,2]), dynamic(['a']))", "[[1,\"a\"],[2,null]]"),
        ("range(1, 7, 3)", "[1,4,7]"),
        ("bag_merge(dynamic({'b': 2}), dynamic({'b': 3, 'a': 1}))", "{\"b\":2,\"a\":1}"),
        ("bag_keys(dynamic({'k': 1, 'l': {}}))", "[\"k\",\"l\"]"),
        ("treepath(dynamic({'a': {'b': 1}}))", "[\"['a']\",\"['a']['b']\"]"),
        ("pack('a', 1, 'b', dynamic([]))", "{\"a\":1,\"b\":[]}"),
        ("dynamic_to_json(dynamic({'b': 1, 'a': 2}))", "\"{\\\"a\\\":2,\\\"b\\\":1}\""),
        ("jaccard_index(dynamic([1,2,3]), dynamic([1,2,3,4]))", "0.75"),
        ("max_of(1, 2.5, int(null))", "2.5"),
        ("coalesce('', 'x')", "\"x\""),
        ("case(false, 1, true, 2, 3)", "2"),
        ("round(2.5)", "3.0"),
        ("log(-1)", "null"),
    ]);
}

#[test]
fn every_function_has_a_usage_and_help() {
    for function in functions() {
        assert!(function.usage.starts_with(function.name), "{function:?}");
        assert!(function.usage.ends_with(')') && !function.help.is_empty(), "{function:?}");
    }
}

/// Values of every type, many of them at an edge.
const EDGES: [&str; 24] = [
    "1",
    "-9223372036854775808",
    "9223372036854775807",
    "0",
    "0.5",
    "real(nan)",
    "real(-inf)",
    "1e308",
    "''",
    "'é😀 x'",
    "'2026-11-20'",
    "'('",
    "true",
    "bool(null)",
    "int(null)",
    "datetime(9999-12-31)",
    "datetime(0001-01-01)",
    "1tick",
    "-9000000d",
    "guid(null)",
    "dynamic([1,'a',null])",
    "dynamic({'a':{'b':1}})",
    "dynamic(null)",
    "'month'",
];

proptest! {
    #[test]
    fn no_function_panics_on_values_at_the_edge(
        which in any::<proptest::sample::Index>(),
        arguments in proptest::collection::vec(proptest::sample::select(EDGES.to_vec()), 0..5),
    ) {
        let all = functions();
        let name = all[which.index(all.len())].name;
        let text = format!("print {name}({})", arguments.join(", "));
        let _result = crate::testing::run(&text);
    }

    #[test]
    fn no_sign_panics_on_values_at_the_edge(
        sign in proptest::sample::select(vec!["+", "-", "*", "/", "%", "==", "<", "has", "in~", "=~"]),
        left in proptest::sample::select(EDGES.to_vec()),
        right in proptest::sample::select(EDGES.to_vec()),
    ) {
        let _result = crate::testing::run(&format!("print ({left}) {sign} ({right})"));
    }
}
