//! What keeps a query within its memory, and what it can be stopped in.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::ast::Span;
use crate::error::Diagnostic;
use crate::execute::Execution;
use crate::limits::{Guard, Memory};
use crate::rewrite::rewrite;
use crate::testing::{Directory, NOW, run_streaming, run_within};
use crate::{Code, Limits, Parameters, ResultPart, bind, syntax};

const MIB: usize = 1 << 20;

/// The only cell of the result, or why there is none.
fn answer(text: &str, bytes: usize) -> Result<String, (Code, String)> {
    let limits = Limits { bytes, ..Limits::default() };
    let results = run_within(text, &Directory, &limits);
    let results = results.map_err(|mut findings| {
        let first = findings.swap_remove(0);
        (first.code, first.message)
    })?;
    let result = results.last().unwrap();
    let cells = result.batches.iter().flat_map(|batch| {
        (0..batch.row_count).map(|row| batch.columns[0].get(row).to_json(result.schema[0].kind))
    });
    Ok(cells.collect::<Vec<_>>().join(","))
}

/// Texts of a thousand letters, each another one.
const TEXTS: &str = "range n from 1 to 4000 step 1 | extend t = strcat(strrep('x', 1000), n)";

/// Nine times ten rows of each.
fn exploding(stages: usize) -> String {
    let stage = |index: usize| format!(" | mv-expand a{index} = a");
    let stages: String = (0..stages).map(stage).collect();
    format!("print a = range(1, 10){stages}")
}

#[test]
fn whatever_a_step_would_hold_beyond_the_limit_is_refused() {
    let list = |aggregate: &str| format!("{TEXTS} | summarize {aggregate} | project 1");
    for text in [
        "print x = range(1, 500000)".to_owned(),
        "print x = array_length(array_concat(range(1, 20000), range(1, 20000)))".to_owned(),
        "range n from 1 to 500000 step 1".to_owned(),
        "range n from 1 to 200 step 1 | extend a = range(1, 100000) | summarize sum(array_length(array_concat(a, a, n)))".to_owned(),
        format!("{TEXTS} | summarize make_list(t)"),
        format!("{TEXTS} | summarize make_set(t)"),
        format!("{TEXTS} | summarize make_bag(bag_pack(t, n))"),
        format!("{TEXTS} | summarize dcount(t)"),
        format!("{TEXTS} | summarize percentile(t, 50)"),
        format!("{TEXTS} | summarize take_any(t) by n"),
        format!("{TEXTS} | summarize count() by t"),
        format!("{TEXTS} | sort by t"),
        format!("{TEXTS} | top 4000 by t"),
        format!("{TEXTS} | project t"),
        format!("{TEXTS} | take 4000"),
        format!("{TEXTS} | union ({TEXTS})"),
        format!("{TEXTS} | join kind=inner ({TEXTS}) on t | count"),
        format!("{TEXTS} | join kind=fullouter ({TEXTS}) on n | summarize sum(strlen(t) + strlen(t1))"),
        format!("print 'y' in (({TEXTS} | project t))"),
        format!("{} | project a1, a2", exploding(5)),
        format!("{} | sort by tolong(a1)", exploding(5)),
        list("make_list(strcat(t, t))"),
    ] {
        let (code, message) = answer(&text, MIB).expect_err(&text);
        assert_eq!(code, Code::Limit, "{text}: {message}");
        answer(&text, 512 * MIB).unwrap_or_else(|found| panic!("{text}: {found:?}"));
    }
}

#[test]
fn what_is_made_of_each_row_and_used_up_needs_little_memory() {
    for (text, expected) in [
        (format!("{} | count", exploding(5)), "100000"),
        (format!("{} | take 3 | count", exploding(9)), "3"),
        (format!("{} | where a1 == 3 | summarize sum(tolong(a2))", exploding(4)), "5500"),
        ("range n from 1 to 3000 step 1 | extend a = range(n, n + 2000) | summarize sum(array_length(a))".to_owned(), "6003000"),
        ("range n from 1 to 3000 step 1 | where tostring(n) has_any (range(n, n + 2000)) | count".to_owned(), "3000"),
        ("range n from 1 to 3000 step 1 | extend k = 1 | join kind=inner (range m from 1 to 1000 step 1 | extend k = 1) on k | count".to_owned(), "3000000"),
        ("range n from 1 to 500 step 1 | mv-expand a = range(n, n + 5000) | count".to_owned(), "2500500"),
        (format!("{TEXTS} | summarize sum(strlen(strcat(t, t, t)))"), ""),
        (format!("{TEXTS} | where strcat(t, t) has '17' | count"), "0"),
        ("range n from 1 to 2000 step 1 | extend j = parse_json(strcat('[', strrep('1', 500, ','), ']')) | summarize sum(array_length(j))".to_owned(), "1000000"),
    ] {
        let found = answer(&text, 8 * MIB).unwrap_or_else(|found| panic!("{text}: {found:?}"));
        let expected = if expected.is_empty() { answer(&text, 512 * MIB).unwrap() } else { expected.to_owned() };
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn what_does_not_fit_together_is_computed_one_after_the_other() {
    // Each branch makes texts of two thirds of the limit at once, on as many threads as there are.
    let branch = "(range n from 1 to 40 step 1 | extend a = strrep(strrep(tostring(n % 10), 1000), 40))";
    for (text, expected) in [
        (format!("union {} | summarize sum(strlen(a))", [branch; 8].join(", ")), "12800000"),
        (format!("union {} | where a startswith '3' | count", [branch; 8].join(", ")), "32"),
        (
            format!(
                "{branch} | join kind=rightouter (datatable(b: string)['', 'x']) on $left.a == $right.b | count"
            ),
            "2",
        ),
    ] {
        for _ in 0..8 {
            assert_eq!(
                answer(&text, MIB).unwrap_or_else(|found| panic!("{text}: {found:?}")),
                expected,
                "{text}"
            );
        }
    }
}

/// The lines of a query, one after the other as they come.
fn streamed(text: &str, limits: &Limits<'_>) -> Vec<String> {
    let (mut lines, mut kinds) = (Vec::new(), Vec::new());
    run_streaming(text, &Directory, limits, &mut |part| {
        match part {
            ResultPart::Table(table) => kinds = table.schema.iter().map(|field| field.kind).collect(),
            ResultPart::Rows(batch) => lines.extend((0..batch.row_count).map(|row| {
                let cells = kinds.iter().zip(&batch.columns);
                cells.map(|(kind, column)| column.get(row).to_json(*kind)).collect::<Vec<_>>().join(" ")
            })),
        }
        ControlFlow::Continue(())
    })
    .unwrap_or_else(|found| panic!("{text}: {found:?}"));
    lines
}

#[test]
fn a_sort_of_what_is_beyond_the_memory_gives_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    for text in [
        "range x from 1 to 30000 step 1 | sort by hash_md5(tostring(x)) asc".to_owned(),
        "range x from 1 to 10000 step 1 | sort by strcat(strrep(tostring(x % 10), 200), x) desc".to_owned(),
        "range x from 1 to 30000 step 1 | extend k = x % 7 | sort by k asc, x % 11 desc, hash_md5(tostring(x))".to_owned(),
        "range x from 1 to 30000 step 1 | extend k = x % 7 | top 20 by strcat(strrep('y', 100), hash_md5(tostring(x)))".to_owned(),
        "range x from 1 to 20000 step 1 | where x % 3 != 0 | extend y = x * 2 | sort by tostring(y) asc | where y > 9".to_owned(),
        format!("{TEXTS} | sort by hash_md5(t) asc"),
        format!("{TEXTS} | sort by t | extend u = strcat(t, t) | project strlen(u), substring(u, 990, 20)"),
    ] {
        let whole = streamed(&text, &Limits::default());
        let limits = Limits { bytes: MIB / 4, temporary: Some(folder.path()), ..Limits::default() };
        assert_eq!(streamed(&text, &limits), whole, "{text}");
    }
}

#[test]
fn a_range_has_the_same_values_however_it_is_cut() {
    for (bounds, count) in [
        ("1 to 1000 step 1", 1000),
        ("1000 to 1 step -7", 143),
        ("5 to 5 step 3", 1),
        ("5 to 4 step 3", 0),
        ("0 to 9.95 step 0.1", 100),
        ("9.0 to 0.5 step -0.25", 35),
        ("datetime(2024-02-28) to datetime(2024-03-01) step 1h", 49),
        ("1m to 2m step 7s", 9),
    ] {
        let whole = streamed(
            &format!("print a = range({})", bounds.replace(" to ", ", ").replace(" step ", ", ")),
            &Limits::default(),
        );
        let text = format!("range x from {bounds}");
        let rows = streamed(&text, &Limits::default());
        assert_eq!(rows.len(), count, "{text}");
        let listed = streamed(&format!("{text} | summarize make_list(x)"), &Limits::default());
        assert_eq!(listed, whole, "{text}");
        for bytes in [2_000, 10_000, 30_000] {
            assert_eq!(streamed(&text, &Limits { bytes, ..Limits::default() }), rows, "{text} {bytes}");
        }
    }
    let large = "range x from 1 to 1000000 step 1 | where x % 100000 == 0";
    let limits = Limits { bytes: MIB, ..Limits::default() };
    assert_eq!(streamed(large, &limits).len(), 10, "no more than a few parts are held");
}

#[test]
fn after_room_was_missing_nothing_is_used_that_was_kept() {
    let limits = Limits { bytes: MIB, ..Limits::default() };
    let guard = Guard::new(NOW, &limits);
    let before = guard.attempt();
    assert!(guard.begin_again() && guard.attempt() == before, "nothing was missing");
    guard.give_up(Diagnostic::new(Code::Limit, Span::default(), "no room"));
    assert_eq!((guard.goes_on(), guard.proceed().unwrap_err().message.as_str()), (false, "no room"));
    assert!(guard.begin_again() && guard.attempt() != before && guard.goes_on());
    guard.proceed().unwrap();
    let stop = AtomicBool::new(true);
    let limits = Limits { cancelled: Some(&stop), ..limits };
    assert!(!Guard::new(NOW, &limits).begin_again(), "a query that was stopped is not tried again");
}

#[test]
fn what_can_be_computed_again_leaves_half_of_the_memory_to_others() {
    let memory = Memory::new(100);
    let (mut step, mut kept) = (memory.account("a step"), memory.account("what is kept"));
    step.grow(40).unwrap();
    assert!(kept.try_grow_spare(10) && !kept.try_grow_spare(1));
    step.grow(50).unwrap();
    drop(step);
    assert!(kept.try_grow_spare(40) && !kept.try_grow_spare(1));
    assert_eq!(memory.held_bytes(), 50);
}

#[test]
fn the_results_of_one_script_are_held_together() {
    let one = "range n from 1 to 20000 step 1";
    answer(one, MIB).unwrap();
    let (code, _) = answer(&format!("{one}; {one}; {one}"), MIB).unwrap_err();
    assert_eq!(code, Code::Limit);
}

#[test]
fn a_query_gives_everything_back_that_it_held() {
    let limits = Limits { bytes: 64 * MIB, ..Limits::default() };
    for text in [
        "users | sort by id | take 3".to_owned(),
        "users | summarize make_list(displayName) by department".to_owned(),
        "users | join kind=fullouter (users | where age > 30) on department".to_owned(),
        "users | where id in ((users | project id)) | extend a = range(1, 100) | mv-expand a".to_owned(),
        "let shared = users | extend x = strcat(id, id); union shared, shared | count".to_owned(),
        format!("{} | count", exploding(4)),
    ] {
        let guard = Guard::new(NOW, &limits);
        let (statements, parameters) = (syntax::parse(&text).unwrap(), Parameters::new());
        let bound = bind::bind(statements.iter(), &parameters, &Directory, &guard).unwrap();
        let execution = Execution::new(&guard);
        let rows = execution.rows(&rewrite(&bound[0].plan)).unwrap();
        drop((rows, execution));
        assert_eq!(guard.memory.held_bytes(), 0, "{text}");
    }
}

#[test]
fn a_query_stops_between_the_rows_that_it_makes() {
    for text in [
        exploding(9),
        format!("{} | where a1 == 1", exploding(9)),
        "range n from 1 to 1000000 step 1 | extend k = 1 | join kind=inner (range m from 1 to 1000000 step 1 | extend k = 1) on k".to_owned(),
    ] {
        let stop = AtomicBool::new(false);
        let limits = Limits { cancelled: Some(&stop), ..Limits::default() };
        let mut rows_after = 0;
        let stopped = run_streaming(&text, &Directory, &limits, &mut |part| {
            if let ResultPart::Rows(batch) = part {
                rows_after += if stop.swap(true, Ordering::Relaxed) { batch.row_count } else { 0 };
            }
            ControlFlow::Continue(())
        });
        assert_eq!(stopped.unwrap_err()[0].message, "the query was stopped", "{text}");
        assert_eq!(rows_after, 0, "{text}");
    }
}

#[test]
fn a_query_that_was_stopped_before_is_not_even_bound() {
    let stop = AtomicBool::new(true);
    let limits = Limits { cancelled: Some(&stop), ..Limits::default() };
    let stopped = run_within("users | count", &Directory, &limits);
    assert_eq!(stopped.unwrap_err()[0].message, "the query was stopped");
}

#[test]
fn a_step_has_a_bounded_number_of_columns() {
    let width = 12;
    let columns: Vec<String> = (0..width).map(|index| format!("c{index}: long")).collect();
    let joins = |count: usize| {
        let join = |index: usize| format!("let t{} = t{index} | join kind=inner t{index} on c0;", index + 1);
        let joins: String = (0..count).map(join).collect();
        format!("let t0 = datatable({})[]; {joins} t{count} | count", columns.join(", "))
    };
    let (code, message) = answer(&joins(11), MIB).unwrap_err();
    assert_eq!((code, message.contains("columns are more than the")), (Code::Limit, true), "{message}");
    answer(&joins(9), MIB).unwrap();
    let all: Vec<String> = (0..200).map(|index| format!("extend x{index} = c0")).collect();
    let (code, message) = answer(&format!("{}; t9 | {}", joins(9), all.join(" | ")), MIB).unwrap_err();
    assert_eq!((code, message.contains("all steps together")), (Code::Limit, true), "{message}");
}
