//! Recorded cases of the language from outside the repository: queries with the rows that the real engine gave.
//!
//! `ENTRASNAP_KQL_CASES` names their folder; its README has the form of the cases and the rules of comparison. Without
//! it there is nothing to run, and the test says so.

use std::fs;
use std::path::PathBuf;

use query::{Context, NoTables, ResultTable, Script};
use serde_json::Value;

use crate::query_rows::NOW;

mod same;

/// Failing cases that are shown.
const SHOWN_COUNT_MAX: usize = 10;

/// Cases whose recorded rows are not wanted here, and why. The two of the engine are its faults, no rules of the language:
/// a last day of the calendar has a weekday, and 0.1 + 0.2 reads back only from `0.30000000000000004`.
const UNWANTED: [(&str, &str); 3] = [
    ("docs#join-rightanti.md#0", "the page shows the columns of the other table"),
    (
        "engine#r3-datetime-timespan#agent-datetime-timespan-0039",
        "a quotient of timespans near the last datetime is null there",
    ),
    (
        "engine#r3-type-casts-coercion#agent-type-casts-coercion-0021",
        "the last digit of a sum of reals is another one there",
    ),
];

#[expect(clippy::disallowed_methods, reason = "only the environment can say where the cases are")]
fn folder() -> Option<PathBuf> {
    std::env::var_os("ENTRASNAP_KQL_CASES").map(PathBuf::from)
}

#[test]
#[expect(clippy::print_stderr, reason = "people want the count, and to know when there was none")]
fn recorded_cases_give_their_rows() {
    let Some(folder) = folder() else {
        eprintln!("ENTRASNAP_KQL_CASES is not set: no recorded cases were run");
        return;
    };
    let cases = cases(&folder);
    let failures: Vec<String> = cases
        .iter()
        .filter(|case| !UNWANTED.iter().any(|(id, _)| case["id"] == *id))
        .filter_map(|case| judge(case).err().map(|what| format!("{}: {what}", case["id"])))
        .collect();
    let wanted = cases.len() - UNWANTED.len();
    eprintln!(
        "{}/{wanted} cases give the expected rows, {} are unwanted",
        wanted - failures.len(),
        UNWANTED.len()
    );
    let shown = &failures[..failures.len().min(SHOWN_COUNT_MAX)];
    assert!(failures.is_empty(), "{} cases fail:\n{}", failures.len(), shown.join("\n"));
}

fn cases(folder: &std::path::Path) -> Vec<Value> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let texts = files.iter().map(|path| fs::read_to_string(path).unwrap());
    texts
        .flat_map(|text| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>())
        .collect()
}

fn judge(case: &Value) -> Result<(), String> {
    let text = case["kql"].as_str().unwrap();
    let checked = Script::parse(text).and_then(|script| script.check());
    if case["expect"] == "refused" {
        return match (checked, case.get("rows")) {
            (Err(findings), _) => {
                let told =
                    findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>().join("\n");
                let names = case["names"].as_array().map_or(&[][..], Vec::as_slice);
                let is_named =
                    names.is_empty() || names.iter().any(|name| told.contains(name.as_str().unwrap()));
                if is_named { Ok(()) } else { Err(format!("the refusal names none of {names:?}: {told}")) }
            }
            (Ok(()), Some(_)) => compare(case, text),
            (Ok(()), None) => Err("is not refused".to_owned()),
        };
    }
    checked.map_err(|findings| format!("{findings:?}"))?;
    if case.get("rows").is_some() { compare(case, text) } else { Ok(()) }
}

fn compare(case: &Value, text: &str) -> Result<(), String> {
    let results =
        query::run(text, &Context::new(&NoTables, NOW)).map_err(|findings| format!("{findings:?}"))?;
    let columns = case["columns"].as_array().unwrap();
    let names: Vec<&str> = columns.iter().map(|column| column["name"].as_str().unwrap()).collect();
    let found: Vec<Vec<Value>> = results.iter().flat_map(cells).collect();
    for table in results.iter().filter(|table| table.batches.iter().any(|batch| batch.row_count > 0)) {
        if !table.schema.iter().map(|field| field.name.as_str()).eq(names.iter().copied()) {
            return Err(format!("the columns must be {names:?}: {:?}", table.schema));
        }
    }
    let expected: Vec<Vec<Value>> =
        case["rows"].as_array().unwrap().iter().map(|row| row.as_array().unwrap().clone()).collect();
    if found.len() != expected.len() {
        return Err(format!("{} rows expected, found {}: {found:?}", expected.len(), found.len()));
    }
    let ignored =
        |name: &str| case["ignore"].as_array().is_some_and(|list| list.iter().any(|other| other == name));
    let any_order = case["arrays"] == "any order";
    let same_row = |expected: &[Value], found: &[Value]| {
        columns.iter().enumerate().all(|(index, column)| {
            let kind = column["type"].as_str();
            ignored(names[index]) || same::cell(kind, &expected[index], &found[index], any_order)
        })
    };
    for (expected, found) in groups(case, &names, &expected, &found) {
        same::multiset(expected, found, |expected, found| same_row(expected, found))
            .map_err(|row| format!("no row like {row:?} among {found:?}"))?;
    }
    Ok(())
}

/// The rows of a table, each cell as the command line prints it.
fn cells(table: &ResultTable) -> Vec<Vec<Value>> {
    let rows = table.batches.iter().flat_map(|batch| {
        (0..batch.row_count).map(move |row| {
            let cells = table.schema.iter().zip(&batch.columns);
            cells
                .map(|(field, column)| serde_json::from_str(&column.get(row).to_json(field.kind)).unwrap())
                .collect()
        })
    });
    rows.collect()
}

type Rows<'r> = &'r [Vec<Value>];

/// Runs of rows that may stand in any order among themselves.
fn groups<'r>(
    case: &Value,
    names: &[&str],
    expected: Rows<'r>,
    found: Rows<'r>,
) -> Vec<(Rows<'r>, Rows<'r>)> {
    if case["ordered"] != true {
        return vec![(expected, found)];
    }
    let keys: Vec<usize> = match case["order_keys"].as_array() {
        Some(keys) => keys.iter().filter_map(|key| names.iter().position(|name| key == name)).collect(),
        None => (0..names.len()).collect(),
    };
    let key = |row: &[Value]| keys.iter().map(|index| row[*index].clone()).collect::<Vec<_>>();
    let (mut groups, mut start) = (Vec::new(), 0);
    while start < expected.len() {
        let alike = expected[start..].iter().take_while(|row| key(row) == key(&expected[start])).count();
        groups.push((&expected[start..start + alike], &found[start..start + alike]));
        start += alike;
    }
    groups
}
