//! What the operators give.

mod bounds;
mod deep;
mod parts;

use std::sync::atomic::AtomicBool;

use crate::testing::{Directory, findings, rows, run_within, sorted};
use crate::{Code, Limits};

#[test]
fn filters_drop_what_is_false_or_unknown() {
    assert_eq!(rows("users | where age > 40 | project id"), ["\"u1\"", "\"u4\""]);
    assert_eq!(rows("users | where not(age > 40) | project id"), ["\"u3\"", "\"u5\""]);
    assert_eq!(rows("users | where age != 41 | count"), ["4"]);
    assert_eq!(rows("users | where age !in (41, 29) | project id"), ["\"u2\"", "\"u4\""]);
    assert_eq!(rows("users | where * has 'cleo' | project id"), ["\"u3\""]);
    assert_eq!(rows("users | where age between (29 .. 41) | count"), ["3"]);
}

#[test]
fn extend_sees_the_row_before_it() {
    let text = "users | take 1 | extend id = displayName, displayName = id | project id, displayName";
    assert_eq!(rows(text), ["\"Ada\" \"u1\""]);
}

#[test]
fn sorts_put_nulls_where_they_belong() {
    assert_eq!(
        rows("users | sort by age, id asc | project id, age"),
        ["\"u4\" 63", "\"u1\" 41", "\"u3\" 29", "\"u5\" 29", "\"u2\" null"]
    );
    assert_eq!(rows("users | sort by age asc | take 1 | project id"), ["\"u2\""]);
    assert_eq!(rows("users | sort by age asc nulls last | take 1 | project age"), ["29"]);
    assert_eq!(rows("users | top 2 by age | project id"), ["\"u4\"", "\"u1\""]);
}

#[test]
fn groups_come_in_the_order_they_appear() {
    assert_eq!(
        rows("users | summarize n = count(), s = sum(age), l = make_list(age) by department"),
        ["\"Sales\" 2 41 [41]", "\"IT\" 2 58 [29,29]", "\"\" 1 63 [63]"]
    );
    assert_eq!(rows("users | summarize arg_max(age, displayName)"), ["63 \"Dan\""]);
    assert_eq!(
        rows("users | summarize m = arg_min(age, id) by department | where department == 'IT'"),
        ["\"IT\" 29 \"u3\""]
    );
    assert_eq!(
        rows("users | summarize countif(age > 30), dcount(department), percentile(age, 50)"),
        ["2 3 29"]
    );
    assert_eq!(
        rows("users | summarize make_set_if(id, accountEnabled), avgif(age, age < 40)"),
        ["[\"u1\",\"u3\",\"u4\"] 29.0"]
    );
    assert_eq!(rows("users | summarize x = 100 * countif(accountEnabled) / count()"), ["60"]);
    assert_eq!(rows("users | distinct department | count"), ["3"]);
}

#[test]
fn nothing_to_group_gives_one_row_or_none() {
    let none = "users | where false";
    assert_eq!(
        rows(&format!("{none} | summarize count(), sum(age), min(age), avg(age), make_list(id)")),
        ["0 0 null \"NaN\" []"]
    );
    assert_eq!(rows(&format!("{none} | summarize count() by id")), [""; 0]);
}

#[test]
fn joins_pair_rows_in_every_way() {
    let right = "(memberships | project id = member, group)";
    let of = |kind: &str, rest: &str| {
        sorted(&format!("users | project id | join kind={kind} {right} on id {rest}"))
    };
    assert_eq!(
        of("inner", "| project id, group"),
        ["\"u1\" \"admins\"", "\"u1\" \"staff\"", "\"u3\" \"staff\""]
    );
    assert_eq!(of("leftanti", ""), ["\"u2\"", "\"u4\"", "\"u5\""]);
    assert_eq!(of("leftsemi", ""), ["\"u1\"", "\"u3\""]);
    assert_eq!(of("rightanti", ""), ["\"u9\" \"staff\""]);
    assert_eq!(of("leftouter", "| where id == 'u2'"), ["\"u2\" \"\" \"\""]);
    assert_eq!(of("rightouter", "| where id1 == 'u9'"), ["\"\" \"u9\" \"staff\""]);
    assert_eq!(of("fullouter", "| count"), ["7"]);
    let text = "users | join kind=inner memberships on $left.id == $right.member | count";
    assert_eq!(rows(text), ["3"]);
    assert_eq!(
        rows("users | lookup kind=inner (memberships | project id = member, group) on id | count"),
        ["3"]
    );
}

#[test]
fn null_keys_meet_null_keys() {
    assert_eq!(rows("users | join kind=inner (users | where isnull(age)) on age | count"), ["1"]);
}

#[test]
fn unions_fill_what_a_table_does_not_have() {
    let text = "union withsource=from (users | take 1 | project id), (memberships | take 1 | project group)";
    assert_eq!(rows(text), ["\"union_arg0\" \"u1\" \"\"", "\"union_arg1\" \"\" \"admins\""]);
    assert_eq!(rows("union kind=inner users, (users | project id, age) | count"), ["10"]);
    assert_eq!(rows("union user*, memberships | count"), ["9"]);
}

#[test]
fn elements_become_rows() {
    let of = |cell: &str, rest: &str| rows(&format!("print a = 1, x = dynamic({cell}) | mv-expand {rest}"));
    assert_eq!(of("[1, 'b', null]", "x"), ["1 1", "1 \"b\"", "1 null"]);
    assert_eq!(of("[]", "x"), [""; 0]);
    assert_eq!(of("null", "x"), ["1 null"]);
    assert_eq!(of("{'k': 1, 'l': 2}", "x"), ["1 {\"k\":1}", "1 {\"l\":2}"]);
    assert_eq!(of("{'k': 1}", "kind=array x"), ["1 [\"k\",1]"]);
    assert_eq!(of("[5, 'x']", "with_itemindex=i x to typeof(long)"), ["1 5 0", "1 null 1"]);
    assert_eq!(of("[1, 2, 3]", "y = x limit 2 | project y"), ["1", "2"]);
    assert_eq!(of("[1, 2]", "x, z = dynamic(['p']) | project x, z"), ["1 \"p\"", "2 null"]);
}

#[test]
fn texts_are_taken_apart() {
    let of =
        |stage: &str| rows(&format!("print s = 'id=17; name=Ada; rest' | parse {stage} | project-away s"));
    assert_eq!(of("s with 'id=' n:long '; name=' who ';' *"), ["17 \"Ada\""]);
    assert_eq!(of("s with 'id=' n:long '; age=' who"), ["null \"\""]);
    assert_eq!(of("s with * 'name=' n:long ';' rest"), ["null \"\""]);
    assert_eq!(of("kind=relaxed s with * 'name=' n:long ';' rest"), ["null \" rest\""]);
    assert_eq!(of("kind=regex s with @'id=\\d+. name=' who ';' *"), ["\"Ada\""]);
}

#[test]
fn search_looks_into_every_column() {
    assert_eq!(rows("search in (users) 'ada' | project ['$table'], id"), ["\"users\" \"u1\""]);
    assert_eq!(
        sorted("search 'u1' | summarize count() by t = $table"),
        ["\"diff\" 1", "\"memberships\" 2", "\"users\" 1"]
    );
    assert_eq!(rows("users | search department:'it' and not('eve') | project id"), ["\"u3\""]);
    assert_eq!(rows("users | search 'cl*' or age == 63 | project id"), ["\"u3\"", "\"u4\""]);
    assert_eq!(rows("users | search kind=case_sensitive 'ada' | count"), ["0"]);
}

#[test]
fn inner_queries_are_values_and_lists() {
    assert_eq!(rows("users | where age == toscalar(users | summarize max(age)) | project id"), ["\"u4\""]);
    assert_eq!(rows("users | where id in (memberships | project member) | count"), ["2"]);
    assert_eq!(rows("users | where id !in ((memberships | project member)) | count"), ["3"]);
    assert_eq!(
        rows("let m = materialize(users | where age > 30); m | count; m | project id"),
        ["2", "\"u1\"", "\"u4\""]
    );
    assert_eq!(
        rows("users | where age > 30 | as old | count | project Count, n = toscalar(old | count)"),
        ["2 2"]
    );
}

#[test]
fn small_sources_make_rows() {
    assert_eq!(rows("range x from 1 to 7 step 3"), ["1", "4", "7"]);
    assert_eq!(rows("range x from 3 to 1 step 1"), [""; 0]);
    assert_eq!(rows("range x from 1.0 to 2 step 0.5"), ["1.0", "1.5", "2.0"]);
    assert_eq!(
        rows("datatable(a:real, b:long, c:string)[1, '2', 'x', 3, long(null), '']"),
        ["1.0 2 \"x\"", "3.0 null \"\""]
    );
    assert_eq!(
        rows("print a = 1, b = 'x' | getschema | project ColumnName, ColumnType"),
        ["\"a\" \"long\"", "\"b\" \"string\""]
    );
}

#[test]
fn a_query_stops_when_it_is_told_to() {
    let stop = AtomicBool::new(true);
    let limits = Limits { cancelled: Some(&stop), ..Limits::default() };
    let found = run_within("users | count", &Directory, &limits).unwrap_err();
    assert_eq!(found[0].message, "the query was stopped");
}

#[test]
fn a_step_that_needs_too_much_says_so() {
    let of = |text: &str, bytes| {
        let limits = Limits { bytes, ..Limits::default() };
        run_within(text, &Directory, &limits).map_err(|findings| findings[0].message.clone())
    };
    assert!(of("users | count", 1000).is_ok(), "a count holds next to nothing");
    let begins = [
        ("users", "the result of the query needs "),
        ("users | sort by id", "`sort` needs "),
        ("users | top 3 by id | count", "`top` needs "),
        ("users | summarize make_list(age) by id, displayName", "`summarize` needs "),
        ("users | join kind=inner (users) on id | count", "`join` needs "),
        ("users | take 5 | count", "`take` needs "),
    ];
    for (text, begin) in begins {
        let message = of(text, 100).unwrap_err();
        assert!(message.starts_with(begin), "{text}: {message}");
        assert!(message.ends_with("of the 100 bytes allowed are left"), "{text}: {message}");
    }
}

#[test]
fn too_many_rows_end_in_a_finding() {
    assert_eq!(findings("range x from 1 to 100000000 step 1")[0].0, Code::Limit);
    let text = "range x from 1 to 100000 step 1 | extend k = 1 \
                | join kind=inner (range y from 1 to 100000 step 1 | extend k = 1) on k | project x, y";
    let limits = Limits { bytes: 64 << 20, ..Limits::default() };
    let found = run_within(text, &Directory, &limits).unwrap_err();
    assert_eq!(found[0].code, Code::Limit);
}
