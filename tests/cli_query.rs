//! Tests of `query`: formats, errors and their places, parameters, several queries, exit statuses, pages.

use serde_json::{Value, json};

use crate::cli_commands::{Answer, Shell};

const EVERYTHING: &str = "print s = 'a', e = '', b = true, i = int(5), l = long(null), r = 1.5, n = real(nan), \
     p = real(+inf), t = 1d + 2h, d = datetime(2026-11-20), g = guid(00000000-0000-0000-0000-00000000000a), \
     j = dynamic({\"x\": [1, null]})";

impl Shell {
    /// Runs `query` with a text that may hold blanks, and options that do not.
    fn ask(&self, text: &str, options: &str) -> Answer {
        self.run_words(["query", text].into_iter().chain(options.split_whitespace()), "")
    }
}

#[test]
fn rows_have_the_value_forms_of_the_contract() {
    let shell = Shell::new();
    let answer = shell.ask(EVERYTHING, "-o ndjson").expect(0);
    assert_eq!(
        answer.stdout,
        concat!(
            r#"{"s":"a","e":"","b":true,"i":5,"l":null,"r":1.5,"n":"NaN","p":"Infinity","t":"1.02:00:00","#,
            r#""d":"2026-11-20T00:00:00.0000000Z","g":"00000000-0000-0000-0000-00000000000a","j":{"x":[1,null]}}"#,
            "\n"
        )
    );
    let array: Value = serde_json::from_str(&shell.ask(EVERYTHING, "-o json").expect(0).stdout).unwrap();
    assert_eq!(array, Value::Array(answer.lines()));
    assert!(answer.stderr.is_empty(), "{}", answer.stderr);
    assert!(shell.store().is_empty(), "a query over its own data opens no store");
}

#[test]
fn rows_come_in_every_format() {
    let shell = Shell::new();
    let text = "datatable(name:string, n:long) ['a|b', 1, '', -2]";
    let written = |format: &str| shell.ask(text, &format!("-o {format}")).expect(0).stdout;
    assert_eq!(written("csv"), "name,n\r\na|b,1\r\n,-2\r\n");
    assert_eq!(written("tsv"), "name\tn\na|b\t1\n\t-2\n");
    assert_eq!(written("md"), "| name | n |\n| --- | --: |\n| a\\|b | 1 |\n|  | -2 |\n");
    assert_eq!(written("table"), "name   n\n--------\na|b    1\n      -2\n");
    let html = written("html");
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("<td class=\"number\">-2</td>"), "{html}");
    assert!(!html.contains("<script") && !html.contains("http-equiv=\"refresh\""), "{html}");
}

#[test]
fn formulas_are_text_and_numbers_are_numbers_in_spreadsheets() {
    let shell = Shell::new();
    let text = "print a = '=1+1', b = '+x', c = '-5', d = '@x', e = '\\tx', f = '\\rx', g = -5, h = -1.5, ['=i'] = 1";
    let csv = shell.ask(text, "-o csv").expect(0).stdout;
    assert_eq!(csv, "a,b,c,d,e,f,g,h,'=i\r\n'=1+1,'+x,'-5,'@x,'\tx,\"'\rx\",-5,-1.5,1\r\n");
}

#[test]
fn results_without_rows_still_have_columns() {
    let shell = Shell::new();
    let text = "datatable(name:string, n:long) []";
    for (format, expected) in
        [("csv", "name,n\r\n"), ("ndjson", ""), ("json", "[]\n"), ("md", "| name | n |\n| --- | --- |\n")]
    {
        assert_eq!(shell.ask(text, &format!("-o {format}")).expect(0).stdout, expected, "{format}");
    }
    assert!(shell.ask(text, "-o html").expect(0).stdout.contains("no rows"));
    let table = shell.ask(text, "-o table").expect(0);
    assert!(table.stdout.starts_with("name  n\n") && table.stderr.contains("0 rows"), "{}", table.stdout);
}

#[test]
fn several_queries_of_a_file_run_in_order() {
    let shell = Shell::new();
    shell.write("audit.kql", "let x = 2;\nprint a = x; // one\nprint b = x + 1;\n");
    assert_eq!(shell.run("query -f audit.kql").expect(0).stdout, "{\"a\":2}\n{\"b\":3}\n");
    assert_eq!(shell.run("query -f audit.kql -o csv").expect(0).stdout, "a\r\n2\r\n\nb\r\n3\r\n");
    assert_eq!(shell.run_with("query -f -", "print 1").expect(0).stdout, "{\"print_0\":1}\n");
    assert_eq!(shell.run("query -f missing.kql").expect(1).error()["code"], "disk");
}

#[test]
fn parameters_are_typed_as_declared_and_odd_ones_refused() {
    let shell = Shell::new();
    let text = "declare query_parameters(who:string = 'nobody', n:long = 1); print who = who, m = n + 1";
    assert_eq!(shell.ask(text, "").expect(0).stdout, "{\"who\":\"nobody\",\"m\":2}\n");
    let given = shell.ask(text, "--param who=a=b --param n=41").expect(0);
    assert_eq!(given.stdout, "{\"who\":\"a=b\",\"m\":42}\n");
    let wrong = shell.ask(text, "--param n=x").expect(2);
    assert!(wrong.stderr.contains("`n` is not a long"), "{}", wrong.stderr);
    let odd = shell.ask(text, "--param whom=x").expect(2);
    assert_eq!(odd.error()["help"], "it declares: who, n");
    shell.ask(text, "--param nothing").expect(2);
}

#[test]
fn every_error_is_shown_at_its_position() {
    let shell = Shell::with_two_days();
    let answer = shell.ask("users\n| where departmnt == 'x' and nosuch(1) > 2", "").expect(2);
    let excerpt = "  |\n2 | | where departmnt == 'x' and nosuch(1) > 2\n  |         ^^^^^^^^^\nhelp: did you mean `department`?";
    assert!(answer.stderr.contains(excerpt), "{}", answer.stderr);
    let error = answer.error();
    assert_eq!((&error["code"], &error["line"]), (&"query".into(), &2.into()));
    assert_eq!(error["span"], json!({"offset": 14, "length": 9}));
    assert_eq!(error["findings"].as_array().map(Vec::len), Some(2), "{error}");
    assert!(answer.stdout.is_empty());
    shell.write("bad.kql", "print 1;\nprint (");
    let file = shell.run("query -f bad.kql").expect(2);
    assert!(file.stderr.contains("--> bad.kql:2:"), "{}", file.stderr);
    let unknown = shell.ask("usres", "").expect(2);
    assert_eq!(unknown.error()["help"], "did you mean `users`?");
    assert!(shell.ask("users", "-o csv").stderr.lines().all(|line| !line.starts_with('{')));
}

#[test]
fn tables_of_the_store_stand_at_their_point_in_time() {
    let shell = Shell::with_two_days();
    let now = shell.ask("users | project id, department | sort by id asc", "").expect(0);
    let department = |row: &Value| (row["id"].clone(), row["department"].clone());
    let pairs: Vec<_> = now.lines().iter().map(department).collect();
    assert_eq!(pairs, [("u1".into(), "Marketing".into()), ("u3".into(), "".into())]);
    assert!(now.stderr.starts_with("latest is ") && now.stderr.contains("2026-11-17"), "{}", now.stderr);
    assert!(shell.ask("users | count", "-q").expect(0).stderr.is_empty());
    let before = shell.ask("users('latest~1') | where id == 'u1' | project department", "").expect(0);
    assert_eq!(before.stdout, "{\"department\":\"Sales\"}\n");
    let by_time = shell.ask("users(datetime(2026-11-16 12:00)) | count", "").expect(0);
    assert_eq!(by_time.stdout, "{\"Count\":2}\n");
}

#[test]
fn points_that_are_no_backup_fail_and_say_where() {
    let shell = Shell::with_two_days();
    let missing = shell.ask("users('latest~9') | count", "").expect(1);
    assert_eq!(missing.error()["code"], "noBackup");
    assert!(missing.stderr.contains("^^^^^^^^^^^^^^^^^"), "{}", missing.stderr);
    let live = shell.ask("diff('latest', 'live')", "").expect(2);
    assert!(live.stderr.contains("AZURE_TENANT_ID is not set"), "{}", live.stderr);
    for text in [
        "users(\"LIVE\") | count",
        "users(' live ') | count",
        "users(strcat('li', 've')) | where displayName == 'live'",
        "let at = 'live'; let people = () { users(at) }; people | count",
        "changes('latest', \"Live\")",
        "users | where id in ((groups('live') | project id))",
    ] {
        let live = shell.ask(text, "").expect(2);
        assert!(live.stderr.contains("AZURE_TENANT_ID is not set"), "{text}: {}", live.stderr);
    }
    for text in [
        "users | where displayName == \"live\"",
        "users | where displayName != 'live' // users('live')",
        "print 'users(\"live\")'",
        "let live = 'live'; users | extend x = live | where x == 'live'",
    ] {
        shell.ask(text, "").expect(0);
    }
    let nowhere = Shell::new().ask("users | count", "").expect(1);
    assert_eq!(nowhere.error()["code"], "noStore");
    assert_eq!(Shell::new().ask("usrs", "").expect(2).error()["help"], "did you mean `users`?");
}

#[test]
fn a_check_and_a_plan_run_nothing() {
    let shell = Shell::new();
    shell.ask("anything | where whatever == 1", "--check").expect(0);
    shell.ask("anything | mv-apply x", "--check").expect(2);
    let shell = Shell::with_two_days();
    let plan = shell.ask("users | where department == 'Sales' | count", "--explain").expect(0);
    assert!(
        plan.lines().iter().any(|row| row["step"].as_str().is_some_and(|step| step.contains("scan users")))
    );
    assert!(shell.ask("users | take 1", "--explain -o table").expect(0).stdout.contains("scan users"));
}

#[test]
fn limits_and_interrupts_have_their_exit_status() {
    let shell = Shell::new();
    let text = "range x from 1 to 100000 step 1 | extend y = x * 2, z = tostring(x) | sort by y desc";
    let grouped = format!("{text} | summarize count() by z");
    let limited = shell.ask(&grouped, "--memory-limit 10kB").expect(1);
    assert_eq!(limited.error()["code"], "limit");
    shell.ask(text, "--memory-limit 1GiB").expect(0);
    shell.ask(text, "--memory-limit lots").expect(2);
    shell.interrupt.ask();
    let stopped = shell.ask(text, "").expect(130);
    assert_eq!(stopped.error()["code"], "interrupted");
}

#[test]
fn charts_are_drawn_for_people_and_rows_stay_for_programs() {
    let mut shell = Shell::new();
    let text =
        "datatable(city:string, n:long) ['Oslo', 4, 'Rome', 2] | render barchart with (title='Cities')";
    assert_eq!(shell.ask(text, "-o ndjson").expect(0).lines().len(), 2);
    let html = shell.ask(text, "-o html").expect(0).stdout;
    assert!(html.contains("<svg ") && html.contains("<figcaption>Cities") && html.contains("<td>Oslo</td>"));
    shell.is_terminal = true;
    let drawn = shell.ask(text, "").expect(0).stdout;
    assert!(drawn.starts_with("Cities\nOslo │████"), "{drawn}");
    let other = shell.ask("print a = 1 | render treemap", "").expect(0).stdout;
    assert!(other.starts_with("a\n-\n"), "{other}");
}

#[test]
fn a_terminal_shows_the_columns_that_fit() {
    let mut shell = Shell::with_two_days();
    shell.is_terminal = true;
    let shown = shell.ask("users | sort by id asc", "").expect(0);
    assert!(
        shown.stdout.starts_with("id  displayName  userPrincipalName  accountEnabled  department"),
        "{}",
        shown.stdout
    );
    assert!(shown.stdout.lines().all(|line| line.chars().count() <= 100), "{}", shown.stdout);
    assert!(
        shown.stderr.contains("2 rows; ") && shown.stderr.contains("`-o json` has all"),
        "{}",
        shown.stderr
    );
    let all = shell.ask("users", "-o ndjson").expect(0).lines();
    assert!(all[0].as_object().is_some_and(|row| row.len() > 50));
}

#[test]
fn a_predicate_chooses_among_the_rows_of_a_difference() {
    let shell = Shell::with_two_days();
    let chosen = |predicate: &str, rest: &[&str]| {
        let words = ["diff", "latest~1", "--where", predicate].into_iter().chain(rest.iter().copied());
        shell.run_words(words, "")
    };
    let rows = chosen("type == 'user' and change == \"updated\" // x", &[]).expect(0);
    assert_eq!(rows.stdout, shell.run("diff latest~1 --ids u1").stdout, "the same output as without it");
    assert!(chosen("type == 'device'", &["--exit-code"]).expect(0).stdout.is_empty());
    chosen("type == 'user'", &["--exit-code"]).expect(10);
    assert_eq!(chosen("type == 'group'", &["--summary"]).expect(0).lines()[0]["links"], 1);
    let wrong = chosen("typ == 'user'", &[]).expect(2);
    assert_eq!(wrong.error()["span"], json!({"offset": 0, "length": 3}));
    for odd in ["true) | take (1", "true | take 1", "true; print 1"] {
        chosen(odd, &[]).expect(2);
    }
    chosen("true", &["--all"]).expect(2);
}

#[test]
fn a_report_keeps_its_predicate_and_is_a_page_of_its_own() {
    let shell = Shell::with_two_days();
    let words = ["report", "create", "latest~1", "--name", "<b>", "--where", "change == 'updated'"];
    let created = shell.run_words(words.into_iter(), "").expect(0).lines();
    assert_eq!(created[0]["filter"]["where"], "change == 'updated'");
    assert_eq!(created[0]["objects"], 2);
    let page = shell.run("report show <b> -o html").expect(0).stdout;
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"), "{page}");
    assert!(
        page.contains("Report &lt;b&gt;") && page.contains("where change == &#39;updated&#39;"),
        "{page}"
    );
    assert!(!page.contains("<b>") && !page.contains("src=") && !page.contains("http://"), "{page}");
    assert_eq!(page.matches("<script").count(), 1, "only that of the filter: {page}");
    assert!(shell.run("backups -o html").expect(0).stdout.contains("<th>takenAt</th>"));
}

#[test]
fn rows_of_json_come_as_they_are_made() {
    let shell = Shell::new();
    let two =
        shell.ask("range x from 1 to 2 step 1; print 1 | take 0; print j = dynamic({\"a\":[]})", "-o json");
    assert_eq!(
        two.expect(0).stdout,
        "[\n  {\n    \"x\": 1\n  },\n  {\n    \"x\": 2\n  }\n]\n[]\n[\n  {\n    \"j\": {\n      \"a\": []\n    }\n  }\n]\n"
    );
    let many = shell.ask("range x from 1 to 100000 step 1", "-o json").expect(0).stdout;
    let rows: Vec<Value> = serde_json::from_str(&many).unwrap();
    assert_eq!(rows.len(), 100_000);
    assert_eq!(rows[99_999], json!({"x": 100_000}));
}

#[test]
fn a_sort_beyond_the_memory_limit_gives_the_same_rows() {
    let shell = Shell::new();
    let text = "range x from 1 to 200000 step 1 | sort by hash_md5(tostring(x)) asc";
    let whole = shell.ask(text, "-o csv").expect(0).stdout;
    assert_eq!(whole.lines().count(), 200_001);
    assert_eq!(shell.ask(text, "-o csv --memory-limit 2MB").expect(0).stdout, whole);
    let groups = shell.ask("range x from 1 to 200000 step 1 | summarize count() by x", "--memory-limit 1MB");
    assert_eq!(groups.expect(1).error()["code"], "limit");
}

#[test]
fn nothing_asked_is_said_and_something_else_is_no_query() {
    let shell = Shell::new();
    for format in ["table", "ndjson", "json"] {
        let answer = shell.ask("// let x = 1;", &format!("-o {format}")).expect(0);
        assert_eq!((&*answer.stdout, &*answer.stderr), ("", "nothing was asked\n"));
    }
    std::fs::write(shell.folder.path().join("other.kql"), [0, 159, 146, 150]).unwrap();
    let error = shell.run("query -f other.kql").expect(2).error();
    assert_eq!((error["code"].as_str(), error["file"].is_string()), (Some("query"), true));
}

#[test]
fn a_predicate_is_blamed_only_for_what_it_says() {
    let shell = Shell::with_two_days();
    for (predicate, offset) in [("type ==", 7), ("type in ('user'", 15), ("not(", 4)] {
        let answer = shell.run_words(["diff", "latest~1", "--where", predicate].into_iter(), "").expect(2);
        let error = answer.error();
        assert_eq!(error["message"], "syntax error: unexpected end", "{predicate}");
        assert_eq!(error["span"]["offset"], offset, "{predicate}");
    }
}

#[test]
fn an_unknown_id_is_told_from_one_without_changes() {
    let shell = Shell::with_two_days();
    let answer = shell.run("diff latest~1 --ids u1,nobody --exit-code").expect(10);
    assert!(answer.stderr.contains("warning: neither backup has an object \"nobody\""), "{}", answer.stderr);
    assert!(!answer.stderr.contains("\"u1\""), "{}", answer.stderr);
}

#[test]
fn a_damaged_store_is_blamed_and_not_the_query() {
    let shell = Shell::with_two_days();
    std::fs::write(shell.folder.path().join("entrasnap.store/HEAD"), "garbage").unwrap();
    let answer = shell.ask("users | count", "-o json").expect(1);
    let error = answer.error();
    assert_eq!((error["code"].as_str(), error["file"].is_string()), (Some("damaged"), true), "{error}");
    assert!(error.get("span").is_none() && !answer.stderr.contains("users | count"), "{}", answer.stderr);
}

#[cfg(unix)]
#[test]
fn what_is_longer_than_the_screen_goes_through_the_pager_and_keeps_its_status() {
    let mut shell = Shell::with_two_days();
    shell.is_terminal = true;
    let shown = shell.folder.path().join("shown");
    shell.variables = vec![("ENTRASNAP_PAGER", format!("cat > '{}'", shown.display()))];
    let long = "range n from 1 to 60 step 1";
    let paged = shell.ask(long, "").expect(0);
    assert_eq!((paged.stdout.as_str(), paged.stderr.as_str()), ("", "60 rows\n"));
    assert_eq!(std::fs::read_to_string(&shown).unwrap().lines().count(), 62);
    std::fs::remove_file(&shown).unwrap();
    assert_eq!(shell.ask(long, "--no-pager").expect(0).stdout.lines().count(), 62);
    assert_eq!(shell.ask("range n from 1 to 6 step 1", "").expect(0).stdout.lines().count(), 8);
    shell.run("diff latest~1 --exit-code").expect(10);
    shell.is_terminal = false;
    assert_eq!(shell.ask(long, "-o table").expect(0).stdout.lines().count(), 62);
    assert!(!shown.exists());
    shell.is_terminal = true;
    shell.variables = vec![("PAGER", "head -n 1 > /dev/null".to_owned())];
    shell.ask("range n from 1 to 100000 step 1", "").expect(0);
}

#[test]
fn habits_of_other_languages_are_answered_with_what_is_written_here() {
    let shell = Shell::with_two_days();
    for (text, help) in [
        ("users | where department = \"Sales\"", "`==` compares"),
        ("select displayName from users", "a query begins with a table"),
        ("users | where department == Sales", "a text stands in quotes: \"Sales\""),
        ("users | where createdDateTime > \"2026-11-20\"", "datetime(2026-11-20)"),
        ("users | where createdDateTime > 2026-11-20", "datetime(2026-11-20)"),
    ] {
        let error = shell.ask(text, "").expect(2).error();
        assert!(error["help"].as_str().is_some_and(|found| found.contains(help)), "{text}: {error}");
    }
}

#[test]
fn a_search_without_a_table_looks_through_objects_deleted_ones_and_links() {
    let shell = Shell::with_two_days();
    let rows = shell.ask("search \"Cid\"", "").expect(0).lines();
    let mut tables: Vec<&str> = rows.iter().filter_map(|row| row["$table"].as_str()).collect();
    tables.sort_unstable();
    assert_eq!(tables, ["links", "objects"], "{rows:?}");
    assert!(shell.ask("search \"Marketing\" | project id", "").expect(0).stdout.contains("u1"));
    assert_eq!(shell.ask("search \"nobody at all\"", "").expect(0).stdout, "");
}
