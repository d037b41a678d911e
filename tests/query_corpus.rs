//! Questions that administrators and incident responders ask, through every stage, with the rows they must give.
//!
//! Each `queries/NAME.kql` begins with a comment that asks the question in words; `queries/NAME.ndjson` has its rows.
//! After a wanted change, `ENTRASNAP_WRITE_EXPECTED=1` writes the rows anew, for people to read before they commit.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use engine::{Store, schema};
use query::{Context, Script, StoreTables};
use tests::Shelf;
use tests::shelf::details;
use twin::synthetic::{Incident, Tenant};

use crate::query_rows::{lines, run, tables};

const OBJECT_COUNT: u64 = 1_000;
const SEED: u64 = 7;
const DAY_COUNT: u32 = 4;

/// Four days of a small tenant, and the day of an incident.
static TABLES: LazyLock<StoreTables> = LazyLock::new(|| {
    let tenant = Tenant::new(OBJECT_COUNT, SEED);
    let mut store = Shelf::default().create().unwrap();
    for day in 0..DAY_COUNT {
        let objects: Vec<_> = tenant.objects(day).collect();
        back_up(&mut store, day, &objects);
    }
    let incident = Incident::new(&tenant, DAY_COUNT);
    let objects: Vec<_> = incident.snapshot().clone().into_objects().collect();
    back_up(&mut store, DAY_COUNT, &objects);
    tables(&Arc::new(store))
});

fn back_up(store: &mut Store, day: u32, objects: &[(&str, String)]) {
    let mut details = details(day);
    details.complete = schema::types().map(|found| found.token.to_owned()).collect();
    let mut backup = store.begin(details).unwrap();
    for (token, json) in objects {
        backup.put_json(token, json.as_bytes()).unwrap();
    }
    backup.commit().unwrap();
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("queries")
}

/// The questions by name.
fn questions() -> Vec<(String, String)> {
    let mut questions: Vec<(String, String)> = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "kql") {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            questions.push((name, fs::read_to_string(path).unwrap()));
        }
    }
    questions.sort();
    questions
}

#[expect(
    clippy::disallowed_methods,
    reason = "only the environment can say that expectations are to be written"
)]
fn writes_expected() -> bool {
    std::env::var_os("ENTRASNAP_WRITE_EXPECTED").is_some()
}

#[test]
fn questions_are_well_formed_and_keep_their_meaning_when_formatted() {
    let questions = questions();
    assert!(questions.len() >= 30, "{} questions", questions.len());
    for (name, text) in &questions {
        assert!(text.starts_with("// "), "{name} must begin with the question in words");
        let script = Script::parse(text).unwrap_or_else(|findings| panic!("{name}: {findings:?}"));
        script.check().unwrap_or_else(|findings| panic!("{name}: {findings:?}"));
        let pretty = script.format();
        assert_eq!(Script::parse(&pretty).unwrap().format(), pretty, "{name}");
        let found = run(&TABLES, text).unwrap_or_else(|findings| panic!("{name}: {findings:?}"));
        let again = run(&TABLES, &pretty).unwrap_or_else(|findings| panic!("{name}: {findings:?}\n{pretty}"));
        assert_eq!(lines(&found), lines(&again), "{name}");
    }
}

#[test]
fn questions_give_the_rows_that_were_read_and_found_right() {
    let mut wrong = Vec::new();
    for (name, text) in questions() {
        let results = run(&TABLES, &text).unwrap_or_else(|findings| panic!("{name}: {findings:?}"));
        let found: String = lines(&results).into_iter().flat_map(|line| [line, "\n".to_owned()]).collect();
        let path = folder().join(format!("{name}.ndjson"));
        if writes_expected() {
            fs::write(&path, &found).unwrap();
        }
        if fs::read_to_string(&path).unwrap_or_default() != found {
            wrong.push(format!("{name}:\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_thread_answers_as_many_do() {
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    for (name, text) in questions() {
        let serial = alone.install(|| run(&TABLES, &text)).map(|results| lines(&results));
        assert_eq!(serial, run(&TABLES, &text).map(|results| lines(&results)), "{name}");
    }
}

#[test]
fn every_question_has_a_plan_that_can_be_shown() {
    for (name, text) in questions() {
        let context = Context::new(&*TABLES, crate::query_rows::NOW);
        let plan = Script::parse(&text).unwrap().bind(&context).unwrap().explain();
        assert!(plan.is_ok_and(|plan| !plan.is_empty()), "{name}");
    }
}
