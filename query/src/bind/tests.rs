//! What the binder refuses, and the names and types it finds.

use crate::testing::{Directory, NOW, columns, findings, rows, run, sorted};
use crate::{Code, Context, Parameters, Value};

#[test]
fn unknown_names_are_reported_all_at_once_with_a_guess() {
    let found = findings("users | where departmnt == 'IT' | project displayNam, age");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|(code, ..)| *code == Code::UnknownColumn));
    assert_eq!(found[0].1, "unknown column `departmnt`");
    assert_eq!(found[0].2, "did you mean `department`?");
    assert_eq!(found[1].2, "did you mean `displayName`?");
}

#[test]
fn unknown_tables_and_functions_are_named() {
    let found = findings("user | take 1");
    assert_eq!((found[0].0, found[0].2.as_str()), (Code::UnknownTable, "did you mean `users`?"));
    let found = findings("users | where strlenn(id) == 1");
    assert_eq!((found[0].0, found[0].2.as_str()), (Code::UnknownFunction, "did you mean `strlen`?"));
    let found = findings("users | where sum(age) > 1");
    assert_eq!(found[0].1, "the aggregate `sum` can only stand in `summarize`");
}

#[test]
fn unknown_names_that_are_near_nothing_get_the_list_of_those_there_are() {
    let found = findings("users | where licences == 1");
    assert_eq!(found[0].1, "unknown column `licences`");
    assert_eq!(found[0].2, "columns: id, displayName, department, age, accountEnabled, employeeOrgData");
    let found = findings("print 1 | project-away licences");
    assert_eq!(found[0].2, "columns: print_0");
    let found = findings("print x = licences");
    assert_eq!(found[0].2, "there are no columns here");
    let found = findings("applications | take 1");
    assert_eq!(found[0].1, "unknown table `applications`");
    assert_eq!(found[0].2, "tables: diff, memberships, users");
    let found = findings("union app*");
    assert_eq!(found[0].2, "tables: diff, memberships, users");
    let found = findings("let f = (T:(licences:long)) { T | count }; f(users)");
    assert_eq!(found[0].1, "the table has no column `licences`");
    assert!(found[0].2.starts_with("columns: id, displayName, "), "{found:?}");
}

#[test]
fn a_long_list_of_names_ends_with_a_count() {
    let columns: Vec<String> = (10..24).map(|number| format!("c{number}")).collect();
    let values = columns.iter().map(|name| format!("{name} = 1")).collect::<Vec<_>>().join(", ");
    let found = findings(&format!("print {values} | project licences"));
    assert_eq!(found[0].2, format!("columns: {} and 2 more", columns[..12].join(", ")));
    let found = findings(&format!("print {values} | project-away c10, c11 | project licences"));
    assert_eq!(found[0].2, format!("columns: {}", columns[2..].join(", ")));
    let found = findings("print qqqqqq(1)");
    assert_eq!(found[0].0, Code::UnknownFunction);
    assert!(found[0].2.starts_with("functions: abs, ") && found[0].2.ends_with(" more"), "{found:?}");
}

#[test]
fn a_table_says_itself_what_its_arguments_must_be() {
    assert_eq!(findings("users('a', 'b')")[0].1, "`users` takes one point");
}

#[test]
fn types_that_do_not_fit_are_refused() {
    for (text, message) in [
        ("users | where age == 'x'", "a long cannot be compared with a string"),
        ("users | where id", "a condition is required here, not a string"),
        ("users | extend x = id + 1", "`+` does not fit string and long"),
        ("users | where id.name == 'x'", "a string has no members"),
        ("print startofday(1)[0]", "a datetime has no members"),
        ("print x = users", "unknown column `users`"),
        ("users | take 'x'", "a number of rows is required, not a string"),
        ("users | where id matches regex '('", "this is not a regular expression"),
        ("users | join memberships on id", "unknown column `id`"),
        ("users | join (users | project age = id) on age", "must have one type"),
        ("print strlen()", "0 arguments do not fit `strlen(text)`"),
        ("datatable(a:long)[1.5, 'x', dynamic([])]", "a dynamic does not fit a column of type long"),
    ] {
        let found = findings(text);
        assert!(found.iter().any(|(_, told, _)| told.contains(message)), "{text}: {found:?}");
    }
}

#[test]
fn results_without_a_name_are_named_as_in_kql() {
    for (text, expected) in [
        ("users | project strlen(id), age, toint(age)", "Column1:long age:long age1:int"),
        (
            "users | extend age = 1.5, x = 1 | project-away id, d*",
            "age:real accountEnabled:bool employeeOrgData:dynamic x:long",
        ),
        (
            "users | summarize count(), sum(age), avg(age) by department",
            "department:string count_:long sum_age:long avg_age:real",
        ),
        (
            "users | summarize countif(age > 1), make_set(id), make_list(id), dcount(id)",
            "countif_:long set_id:dynamic list_id:dynamic dcount_id:long",
        ),
        (
            "users | summarize arg_max(age, displayName), any(id) by bin(age, 10)",
            "age:long age1:long displayName:string any_id:string",
        ),
        ("users | summarize percentiles(age, 50, 90)", "percentile_age_50:long percentile_age_90:long"),
        ("users | summarize m = max(age) + 1, min(age) by d = department", "d:string m:long min_age:long"),
        ("print 1, a = 'x', 2.0", "print_0:long a:string print_2:real"),
        (
            "users | join kind=inner users on id | project-keep id*, age*",
            "id:string age:long id1:string age1:long",
        ),
        ("users | lookup (users | project id, x = 1) on id | project-keep id*, x", "id:string x:long"),
        ("users | count", "Count:long"),
        ("range t from datetime(2026-01-01) to datetime(2026-01-02) step 1d", "t:datetime"),
        (
            "users | project-rename name = displayName | project-reorder age, d* | take 0",
            "age:long department:string id:string name:string accountEnabled:bool employeeOrgData:dynamic",
        ),
        ("union (print a = 1), (print a = 'x') | take 0", "a_long:long a_string:string"),
        ("print d = dynamic({}) | project d.a.b, d['x y'], d[0]", "d_a_b:dynamic d_x y:dynamic d_0:dynamic"),
    ] {
        assert_eq!(columns(text), expected, "{text}");
    }
}

#[test]
fn members_of_a_complex_property_are_values() {
    for member in ["employeeOrgData.division", "['employeeOrgData'].division", "employeeOrgData['division']"]
    {
        let text = format!("users | where {member} == 'South' | project id");
        assert_eq!(rows(&text), ["\"u3\""]);
        assert_eq!(columns(&format!("users | project {member}")), "employeeOrgData_division:dynamic");
    }
}

#[test]
fn let_names_values_tables_and_functions() {
    let text = "let limit = 30; let old = users | where age > limit; \
                let label = (n:string, mark:string = '!') { strcat(n, mark) }; \
                let of = (t:(department:string), d:string) { t | where department == d }; \
                of(old, 'Sales') | project l = label(displayName), m = label(mark = '?', n = id)";
    assert_eq!(rows(text), ["\"Ada!\" \"u1?\""]);
}

#[test]
fn invoke_passes_the_rows_first() {
    let text = "let over = (t:(age:long), n:long) { t | where age > n }; users | invoke over(40) | count";
    assert_eq!(rows(text), ["2"]);
}

#[test]
fn several_queries_run_in_order() {
    assert_eq!(rows("print 1; print 2;"), ["1", "2"]);
}

#[test]
fn parameters_take_values_defaults_or_are_missed() {
    let text = "declare query_parameters(least:long = 50, name:string = 'x'); \
                users | where age > least | project displayName, name";
    assert_eq!(rows(text), ["\"Dan\" \"x\""]);
    let least = |value: &str| {
        let parameters = Parameters::from([("least".to_owned(), value.to_owned())]);
        crate::run(text, &Context { parameters, ..Context::new(&Directory, NOW) })
    };
    assert!(least("62").is_ok());
    assert_eq!(least("many").unwrap_err()[0].message, "the value of `least` is not a long");
    let missed = findings("declare query_parameters(n:long); print n");
    assert_eq!(missed[0].1, "the parameter `n` requires a value");
}

#[test]
fn recover_keeps_what_was_chosen() {
    let text = "diff('a', 'b') | where type == 'user' \
                | recover attributes = (department) with (recreate = true)";
    let tables = run(text).unwrap();
    let selection = tables[0].selection.as_ref().unwrap();
    assert_eq!(selection.source, "diff");
    assert_eq!(selection.arguments, [Value::text("a"), Value::text("b")]);
    assert_eq!(selection.attributes.as_deref(), Some(&["department".to_owned()][..]));
    assert_eq!(selection.links, None);
    assert_eq!(selection.options, [("recreate".to_owned(), Value::Bool(true))]);
    assert_eq!(tables[0].batches.iter().map(|batch| batch.row_count).sum::<usize>(), 1);
}

#[test]
fn recover_needs_one_source_of_changes_and_ends_the_query() {
    for (text, message) in [
        ("users | recover", "`recover` requires rows of exactly one `diff`, `changes` or `findings`"),
        ("diff('a') | union (diff('b')) | recover", "`recover` requires rows of exactly one"),
        ("diff('a') | project id | recover", "`recover` requires the column `type`"),
        ("diff('a') | recover | take 1", "`recover` can only end a query"),
    ] {
        let found = findings(text);
        assert!(found[0].1.starts_with(message), "{text}: {found:?}");
    }
}

#[test]
fn queries_that_grow_without_end_are_stopped() {
    let deep = format!("users {}", "| where age > 1 ".repeat(10_000));
    let (code, message, _) = findings(&deep).swap_remove(0);
    assert_eq!((code, message.as_str()), (Code::Limit, "more than 5000 steps follow one another"));
    let wide = format!("users | extend x = age{}", " + age".repeat(1000));
    assert_eq!(findings(&wide)[0].0, Code::Limit);
    let functions =
        (1..40).map(|level| format!("let f{level} = (x:long) {{ f{0}(x) + f{0}(x) }}; ", level - 1));
    let functions: String = functions.collect();
    let doubling = format!("let f0 = (x:long) {{ x + x }}; {functions} users | extend y = f39(age)");
    assert!(findings(&doubling).iter().any(|(code, ..)| *code == Code::Limit));
}

#[test]
fn a_table_named_twice_is_the_same_table() {
    let text = "let it = users | where department == 'IT'; it | join kind=inner it on id | project id";
    assert_eq!(sorted(text), ["\"u3\"", "\"u5\""]);
}

#[test]
fn what_follows_from_a_missing_table_is_not_told() {
    for text in [
        "usres | where age > 3 | extend x = deparment | summarize count() by x, mail",
        "users | join kind=inner usres on id | where other == 1",
        "union users, usres | where other == 1",
        "usres | sort by a | mv-expand b | top 3 by c",
    ] {
        let found = findings(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!(found[0].0, Code::UnknownTable);
    }
    let found = findings("usres | project id | where mail == 'x'; users | where deparment == 'x'");
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn the_top_is_by_one_value() {
    let found = findings("users | top 5 by age, id");
    assert_eq!(found[0].1, "`top by several values` is not supported");
}
