//! What the language service says, and that it says it of the language that the parser reads.

use std::collections::BTreeSet;

use super::*;
use crate::testing::{Directory, NOW};
use crate::{Code, Context, Definitions, Script, TableSource, Tables, Value};

/// The directory with two points in time.
struct Timed;

impl Tables for Timed {
    fn table(
        &self,
        name: &str,
        arguments: &[Value],
    ) -> Result<Option<std::sync::Arc<dyn TableSource>>, crate::TableError> {
        Directory.table(name, arguments)
    }

    fn names(&self) -> Vec<String> {
        Directory.names()
    }

    fn points(&self) -> Vec<(String, String)> {
        vec![("latest".to_owned(), "newest".to_owned()), ("klmnopqr".to_owned(), "2026-11-20".to_owned())]
    }
}

fn completed(text: &str) -> Vec<Completion> {
    let mut definitions = Definitions::default();
    definitions.add(&Script::parse("let gone = users | project lost = id; let two = 2").unwrap());
    complete(text, text.len(), &Context { definitions, ..Context::new(&Timed, NOW) })
}

fn values(text: &str) -> Vec<String> {
    completed(text).into_iter().map(|found| found.value).collect()
}

/// The columns that are offered first.
fn columns(text: &str) -> Vec<String> {
    let kinds: Vec<&str> = crate::Type::ALL.map(crate::Type::as_str).to_vec();
    let found = completed(text).into_iter().filter(|found| kinds.contains(&found.description.as_str()));
    found.map(|found| found.value).collect()
}

#[test]
fn a_statement_begins_with_a_table() {
    assert_eq!(values("us"), ["users"]);
    assert_eq!(values("GO"), ["gone"]);
    assert!(values("").contains(&"memberships".to_owned()));
    assert_eq!(values("let a = 1; mem"), ["memberships"]);
    assert_eq!(values("users | join kind=inner (mem"), ["memberships"]);
    assert_eq!(values("users | union mem"), ["memberships"]);
}

#[test]
fn behind_a_bar_stands_an_operator() {
    assert_eq!(values("users | mv"), ["mv-expand"]);
    assert_eq!(values("users | project-r"), ["project-rename", "project-reorder"]);
    let all = completed("users |");
    assert!(
        all.len() == operators().len() && all.iter().all(|found| !found.description.is_empty()),
        "{all:?}"
    );
}

#[test]
fn columns_are_those_of_the_pipe_so_far() {
    assert_eq!(values("users | where dep"), ["department"]);
    assert_eq!(columns("users | where age == 1 | project id, n = age | where "), ["id", "n"]);
    assert_eq!(columns("users | project id | where strlen("), ["id"]);
    assert_eq!(columns("users | join (memberships | where "), ["member", "group"]);
    assert_eq!(columns("memberships | join (users | take 1) on "), ["member", "group"]);
    assert_eq!(columns("let b = memberships | where "), ["member", "group"]);
    assert_eq!(columns("let b = users | project x = 1; b\n| where "), ["x"]);
    assert_eq!(columns("gone | where "), ["lost"], "what earlier scripts have named is known");
    assert_eq!(
        columns("users | project ['a b'] = 1, title = 2, ['kind'] = 3 | where "),
        ["['a b']", "['title']", "kind"]
    );
    assert_eq!(
        columns("memberships | where (] | where "),
        ["member", "group"],
        "what is wrong is passed over"
    );
}

#[test]
fn functions_come_with_their_help() {
    let found = completed("users | where strle");
    assert_eq!((found[0].value.as_str(), found[0].start), ("strlen(", 14));
    assert!(found[0].description.starts_with("strlen("), "{found:?}");
    assert!(values("print strca").contains(&"strcat(".to_owned()));
}

#[test]
fn points_in_time_stand_inside_the_strings_of_tables() {
    assert_eq!(values("users(\"la"), ["latest"]);
    assert_eq!(values("diff('latest', 'k"), ["klmnopqr"]);
    assert!(values("users | where a == \"la").is_empty());
    assert!(values("print strlen('la").is_empty());
}

#[test]
fn kinds_are_those_that_the_parser_takes() {
    let drawn = values("users | render ");
    assert_eq!(drawn, charts());
    for chart in drawn {
        Script::parse(&format!("users | render {chart}")).unwrap();
    }
    assert_eq!(values("users | join kind="), join_kinds().collect::<Vec<_>>());
    assert_eq!(values("users | join kind=left"), ["leftouter", "leftsemi", "leftanti", "leftantisemi"]);
    for kind in join_kinds() {
        let text = format!("users | join kind={kind} (users) on id");
        Script::parse(&text).unwrap().bind(&Context::new(&Directory, NOW)).map(drop).unwrap();
    }
}

#[test]
fn nothing_panics_wherever_the_cursor_is() {
    let text = "let é = users | where a == \"x\\\" // y\n| join kind = (groups | take ```) }] ; .mode";
    for index in 0..text.len() + 2 {
        let _found = complete(text, index, &Context::new(&Directory, NOW));
    }
}

#[test]
fn every_operator_has_an_example_that_is_a_query_with_it() {
    for operator in operators() {
        let checked = Script::parse(operator.example).and_then(|script| script.check());
        assert_eq!(checked, Ok(()), "{}", operator.example);
        assert!(operator.example.contains(operator.name) && !operator.help.is_empty(), "{}", operator.name);
        assert!(help(operator.name).contains(&Help::Operator(operator)));
    }
    for word in unsupported() {
        let findings = Script::parse(&format!("users | {word} x")).unwrap_err();
        assert_eq!(findings[0].code, Code::Unsupported, "{word}");
    }
}

/// The texts between quotation marks in a rule of the grammar.
fn words_of(rule: &str) -> BTreeSet<&str> {
    let grammar = include_str!("../grammar.pest");
    let (_, behind) = grammar.split_once(&format!("\n{rule} ")).unwrap();
    let end = behind.find("\n}").unwrap_or(behind.len()).min(behind.find("}\n").unwrap_or(behind.len()));
    behind[..end].split('"').skip(1).step_by(2).collect()
}

#[test]
fn the_tables_hold_the_words_of_the_grammar() {
    let mut known: BTreeSet<&str> = operators().iter().map(|operator| operator.name).collect();
    known.insert("mvexpand");
    assert_eq!(words_of("known_stage"), known.clone().into_iter().chain(["-"]).collect());
    known.extend(keywords());
    known.extend(beginnings());
    let grammar = include_str!("../grammar.pest");
    let rules = grammar.lines().filter_map(|line| line.split_once(' ').map(|(name, _)| name));
    let rules: Vec<&str> =
        rules.filter(|name| name.ends_with("_word") && !name.starts_with("unknown")).collect();
    assert!(rules.len() > 40, "{rules:?}");
    for rule in rules.into_iter().filter(|rule| !["stage_word", "literal_word"].contains(rule)) {
        for word in words_of(rule).into_iter().filter(|word| word.len() > 1 && word.is_ascii()) {
            let is_word = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
            assert!(!is_word || word == "_cs" || known.contains(word), "{rule}: {word}");
        }
    }
}

#[test]
fn every_token_has_its_meaning() {
    use Meaning::{Comment, Function, Keyword, Number, Operator, Table, Text, Unknown};
    let shown = |text: &'static str| {
        let all = highlight(text, &|name| name == "users");
        assert_eq!(all.iter().map(|(_, text)| *text).collect::<String>(), text);
        all.into_iter().filter(|(meaning, _)| *meaning != Meaning::Plain).collect::<Vec<_>>()
    };
    assert_eq!(
        shown("users | summarize n = count() by a // x\n| where b has 'c' and d > 5"),
        [
            (Table, "users"),
            (Operator, "summarize"),
            (Function, "count"),
            (Keyword, "by"),
            (Comment, "// x"),
            (Operator, "where"),
            (Keyword, "has"),
            (Text, "'c'"),
            (Keyword, "and"),
            (Number, "5"),
        ]
    );
    assert_eq!(shown("users | projct a")[1], (Unknown, "projct"));
    assert_eq!(shown("users | proj")[1], (Operator, "proj"));
    assert_eq!(shown("let x = 1; print x")[0], (Operator, "let"));
    assert_eq!(shown("a.users"), []);
}

#[test]
fn a_text_tells_how_far_it_has_come() {
    assert!(progress(" // x\n").is_empty && !progress("x").is_empty);
    assert_eq!(progress("f(a[1], {'b': (").open_brackets, 3);
    assert_eq!(progress("'(' ) (").open_brackets, 1);
    assert!(progress("print 1; // x").is_ended && !progress("print ';'").is_ended);
    assert!(progress("print ```a").is_in_fence && progress("print h~~~a\n\n").is_in_fence);
    assert!(!progress("print 'a```").is_in_fence && !progress("print ```a```").is_in_fence);
    assert!(is_unfinished("users |") && is_unfinished("users | where a ==") && is_unfinished("print ("));
    assert!(
        !is_unfinished("users")
            && !is_unfinished("users | projct a")
            && !is_unfinished("users | where a ==== b")
    );
}

#[test]
fn words_are_found_and_so_are_those_like_them() {
    assert_eq!(help("count()").len(), 2, "an operator and an aggregate");
    assert!(matches!(help("STRLEN")[..], [Help::Function(function)] if function.name == "strlen"));
    assert!(help("nothing_like_it").is_empty());
    assert!(like("startsw").is_empty() && like("startof").contains(&"startofday") && like("o").len() == 8);
}

#[test]
fn a_predicate_is_no_more_than_that() {
    let found = predicate("type == 'user' // x").unwrap().over("diff", &["a", "b"], &["type", "id"]);
    assert_eq!(found.format(), "diff(\"a\", \"b\")\n| where type == \"user\"\n| project type, id\n");
    for (text, at) in [("true) | take (1", 4), ("true | take 1", 5), ("true; print 1", 4), ("", 0)] {
        let findings = predicate(text).unwrap_err();
        assert_eq!((findings[0].code, findings[0].span.start), (Code::Syntax, at), "{text}");
    }
}

#[test]
fn definitions_are_known_later_and_blamed_nowhere() {
    let mut definitions = Definitions::default();
    let add = |definitions: &mut Definitions, text: &str| definitions.add(&Script::parse(text).unwrap());
    add(&mut definitions, "let old = (least:long) { users | where age > least }; users | take 1");
    add(
        &mut definitions,
        "let sums = (T:(*)) { T | summarize sum(age) + sum(strlen(id)) }; let old2 = old(40)",
    );
    add(&mut definitions, "let wrong = () { users | where nothing == 1 }");
    assert_eq!(definitions.names().collect::<Vec<_>>(), ["old", "sums", "old2", "wrong"]);
    let context = Context { definitions, ..Context::new(&Directory, NOW) };
    let first = |text: &str| {
        let results = crate::run(text, &context).unwrap();
        results[0].batches[0].columns[0].get(0).to_json(crate::Type::Long)
    };
    assert_eq!(first("old2 | count"), "2");
    assert_eq!(first("old2 | invoke sums()"), "108", "two aggregates of one name stay two");
    let findings = crate::run("print 1; wrong | count", &context).unwrap_err();
    assert_eq!((findings[0].code, findings[0].span), (Code::UnknownColumn, crate::ast::Span::default()));
}

#[test]
fn a_script_tells_what_it_names_and_gives() {
    let context = Context::new(&Directory, NOW);
    let text = "declare query_parameters(n:long = 1); let u = users | where age > 1; \
                u | join kind=inner u on id | where id in ((memberships | project member)); print n";
    let script = Script::parse(text).unwrap();
    assert_eq!(script.parameters().collect::<Vec<_>>(), ["n"]);
    let prepared = script.bind(&context).unwrap();
    let names: Vec<String> = prepared.tables().into_iter().map(|table| table.name).collect();
    assert_eq!(names, ["users", "memberships"]);
    assert_eq!(prepared.columns().map(<[crate::Field]>::len).collect::<Vec<_>>(), [12, 1]);
    let (first, second) = (prepared.run().unwrap(), prepared.run().unwrap());
    assert_eq!(first.len(), 2);
    assert_eq!(
        format!("{:?}", first[0].batches),
        format!("{:?}", second[0].batches),
        "as often as is wanted"
    );
    assert!(prepared.points().is_empty());
}
