//! The same rows whatever the columns are made of, how a table is cut into parts, and how many threads there are.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;

use crate::error::TableError;
use crate::testing::{run_streaming, run_within};
use crate::{
    Batch, Column, Field, Limits, Parts, ResultPart, ScanRequest, TableSource, Tables, Texts, Type, Value,
};

/// How the columns of a table are made.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// Values, all in one part.
    Plain,
    /// Whatever shares most, in parts of so many rows.
    Shared(usize),
}

/// A table of so many people, which counts the parts that were read.
struct People {
    form: Form,
    row_count: usize,
    read: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

fn fields() -> Vec<Field> {
    let kinds = [
        ("id", Type::String),
        ("displayName", Type::String),
        ("department", Type::String),
        ("type", Type::String),
        ("enabled", Type::Bool),
        ("age", Type::Long),
        ("score", Type::Real),
        ("bag", Type::Dynamic),
    ];
    kinds.into_iter().map(|(name, kind)| Field::new(name, kind)).collect()
}

fn cell(index: usize, row: usize) -> Value {
    let mixed = row.wrapping_mul(2_654_435_761) >> 7;
    let number = |count: usize| i64::try_from(mixed % count).unwrap();
    match index {
        0 => Value::text(&format!("u{row}")),
        1 => Value::text(&format!("{} Zoë{}", ["Ada", "BO", "cleo"][mixed % 3], mixed % 50)),
        2 => Value::text(["Sales", "IT", "", "HR"][mixed % 4]),
        3 => Value::text(if row < 40 { "user" } else { "guest" }),
        4 => {
            if mixed.is_multiple_of(7) {
                Value::Null
            } else {
                Value::Bool(mixed.is_multiple_of(2))
            }
        }
        5 => {
            if mixed.is_multiple_of(11) {
                Value::Null
            } else {
                Value::Long(number(30))
            }
        }
        6 => Value::Real(f64::from(u32::try_from(mixed % 1000).unwrap()) / 7.0),
        _ => match mixed % 5 {
            0 => Value::Null,
            1 => Value::Long(number(3)),
            2 => Value::Real(1.5),
            3 => Value::text("x"),
            _ => crate::function::array_of(vec![Value::Long(number(4)), Value::text("y")]),
        },
    }
}

/// One column of some rows.
fn column(form: Form, index: usize, rows: std::ops::Range<usize>) -> Column {
    static NAMES: LazyLock<Arc<Texts>> = LazyLock::new(|| {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for row in 0..400 {
            let Value::String(text) = cell(1, row) else { unreachable!() };
            bytes.extend_from_slice(text.as_bytes());
            ends.push(u32::try_from(bytes.len()).unwrap());
        }
        Arc::new(Texts::new(bytes, ends).unwrap())
    });
    static DEPARTMENTS: LazyLock<Arc<Vec<Value>>> =
        LazyLock::new(|| Arc::new(["HR", "Sales", "", "IT", "nobody"].map(Value::text).to_vec()));
    let cells: Vec<Value> = rows.clone().map(|row| cell(index, row)).collect();
    match (form, index) {
        (Form::Shared(_), 1) => {
            let codes = rows.map(|row| u32::try_from(row).unwrap()).collect();
            Column::Texts { codes: Arc::new(codes), texts: Arc::clone(&NAMES) }
        }
        (Form::Shared(_), 2) => {
            let code = |cell: &Value| DEPARTMENTS.iter().position(|value| value == cell).unwrap();
            let codes = cells.iter().map(|cell| u32::try_from(code(cell)).unwrap()).collect();
            Column::Dictionary { codes: Arc::new(codes), values: Arc::clone(&DEPARTMENTS) }
        }
        (Form::Shared(_), 3..) if cells.windows(2).all(|pair| pair[0] == pair[1]) => {
            Column::Constant(cells.first().cloned().unwrap_or_default())
        }
        (Form::Shared(_), 4 | 5) => {
            let codes = (0..u32::try_from(cells.len()).unwrap()).rev().collect();
            Column::Dictionary { codes: Arc::new(codes), values: Arc::new(cells.into_iter().rev().collect()) }
        }
        _ => Column::of(cells),
    }
}

struct Read {
    people: People,
    columns: Vec<usize>,
}

impl People {
    fn new(form: Form, row_count: usize) -> Self {
        Self { form, row_count, read: Arc::default(), stop: Arc::default() }
    }

    fn another(&self) -> Self {
        Self { read: Arc::clone(&self.read), stop: Arc::clone(&self.stop), ..*self }
    }

    fn part_rows(&self) -> usize {
        match self.form {
            Form::Plain => self.row_count.max(1),
            Form::Shared(rows) => rows,
        }
    }
}

impl Parts for Read {
    fn count(&self) -> usize {
        self.people.row_count.div_ceil(self.people.part_rows())
    }

    fn read(&self, part: usize) -> Result<Batch, TableError> {
        if self.people.read.fetch_add(1, Ordering::Relaxed) == 4 {
            self.people.stop.store(true, Ordering::Relaxed);
        }
        let size = self.people.part_rows();
        let rows = part * size..self.people.row_count.min((part + 1) * size);
        let columns = self.columns.iter().map(|index| column(self.people.form, *index, rows.clone()));
        Ok(Batch { columns: columns.collect(), row_count: rows.len() })
    }
}

impl TableSource for People {
    fn schema(&self) -> Vec<Field> {
        fields()
    }

    fn open(&self, request: &ScanRequest) -> Result<Box<dyn Parts>, TableError> {
        Ok(Box::new(Read { people: self.another(), columns: request.columns.clone() }))
    }
}

impl Tables for People {
    fn table(&self, name: &str, _: &[Value]) -> Result<Option<Arc<dyn TableSource>>, TableError> {
        Ok((name == "people").then(|| Arc::new(self.another()) as Arc<dyn TableSource>))
    }

    fn names(&self) -> Vec<String> {
        vec!["people".to_owned()]
    }
}

fn line(schema: &[Field], batch: &Batch, row: usize) -> String {
    let cells = schema.iter().zip(&batch.columns).map(|(field, column)| column.get(row).to_json(field.kind));
    cells.collect::<Vec<_>>().join(" ")
}

fn rows_within(text: &str, people: &People, limits: &Limits<'_>) -> Result<Vec<String>, String> {
    let tables = run_within(text, people, limits).map_err(|f| f[0].message.clone())?;
    let rows = tables.iter().flat_map(|table| {
        let of = |batch: &Batch| {
            (0..batch.row_count).map(|row| line(&table.schema, batch, row)).collect::<Vec<_>>()
        };
        table.batches.iter().flat_map(of).collect::<Vec<_>>()
    });
    Ok(rows.collect())
}

/// The rows of a query on so many threads.
fn rows(text: &str, people: &People, threads: usize) -> Vec<String> {
    static POOLS: LazyLock<Vec<rayon::ThreadPool>> = LazyLock::new(|| {
        let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        (1..=3).map(pool).collect()
    });
    let found = POOLS[threads - 1].install(|| rows_within(text, people, &Limits::default()));
    found.unwrap_or_else(|message| panic!("{text}: {message}"))
}

const QUERIES: [&str; 34] = [
    "people",
    "people | where department == 'IT' and enabled == false | project displayName, id",
    "people | where department in ('IT', 'HR') or age > 20 | project id",
    "people | where not(enabled) and displayName contains 'ZOË1'",
    "people | where displayName has 'ada' or displayName !contains 'zoë' | project id, displayName",
    "people | where displayName startswith 'B' and displayName endswith '1'",
    "people | where displayName =~ 'bo zoë7' or displayName == 'Ada Zoë3' or displayName != displayName",
    "people | where (displayName has_cs 'BO' and displayName !endswith_cs '4') or isnull(age)",
    "people | where enabled == true or age < 5 or score > 100 | count",
    "people | extend d = tolower(department), n = toupper(displayName), s = strcat(type, id) | project d, n, s",
    "people | where strlen(displayName) > 9 and tolower(department) == 'it' | project displayName",
    "people | summarize count() by department",
    "people | summarize count() by type",
    "people | summarize count()",
    "people | summarize count(), countif(enabled) by department, type, enabled",
    "people | summarize sum(age), min(age), max(score), avg(age), dcount(displayName) by department",
    "people | summarize sum(score), avg(score), stdev(score), variancep(score) by enabled",
    "people | summarize make_list(id), make_set(department), make_set(age, 3), make_list(age, 5) by type",
    "people | summarize arg_max(score, id), arg_min(age, *) by department",
    "people | summarize sum(bag), min(bag), max(bag), avg(bag), make_set(bag), any(bag) by type",
    "people | summarize percentiles(score, 5, 50, 95), percentile(age, 50), take_any(id, age)",
    "people | summarize sumif(score, enabled), avgif(age, age > 3), dcountif(id, enabled) by displayName",
    "people | distinct displayName, bag",
    "people | sort by department asc, age desc nulls last, displayName",
    "people | sort by displayName desc | project id",
    "people | sort by bag asc, score | project bag, id",
    "people | top 7 by age desc | project id, age",
    "people | sort by displayName asc, enabled | take 90 | project id",
    "people | where age > 3 | take 13 | project id | where id endswith '1'",
    "people | join kind=inner (people | where age > 10 | project id, department) on department | summarize count(), sum(score) by id",
    "people | join (people | project department, other = id) on department | project id, other",
    "people | join kind=fullouter (people | where age > 25 | project displayName, age) on displayName, age | project id, displayName1, age1",
    "people | join kind=leftanti (people | where enabled) on displayName | union (people | join kind=rightsemi (people | where age == 7) on department) | project id",
    "people | mv-expand bag | parse displayName with given ' ' family | project id, bag, given, family",
];

#[test]
fn a_query_gives_the_same_rows_in_whatever_form_and_on_however_many_threads() {
    for (text, row_count) in QUERIES.iter().flat_map(|text| [(text, 0), (text, 1), (text, 331)]) {
        let plain = rows(text, &People::new(Form::Plain, row_count), 1);
        for (form, threads) in
            [(Form::Plain, 2), (Form::Shared(7), 1), (Form::Shared(7), 3), (Form::Shared(200), 2)]
        {
            assert_eq!(
                rows(text, &People::new(form, row_count), threads),
                plain,
                "{text} {form:?} {threads}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn conditions_choose_the_same_rows_in_whatever_form(
        conditions in proptest::collection::vec(proptest::sample::select(vec![
            "department == 'IT'", "displayName contains 'o'", "enabled", "not(enabled == true)", "age > 12",
            "type == 'user'", "displayName has 'bo'", "score < 70 and isnotnull(age)", "not(displayName contains 'zoë2')",
            "department != 'HR'", "strcat(department, displayName) contains 'esbo'", "bag == 1", "isnull(enabled)",
        ]), 1..5),
        signs in proptest::collection::vec(proptest::sample::select(vec!["and", "or"]), 4),
        size in 1_usize..60,
    ) {
        let mut text = String::from("people | where ");
        for (index, condition) in conditions.iter().enumerate() {
            let sign = if index == 0 { "" } else { signs[index - 1] };
            text = format!("{text} {sign} ({condition})");
        }
        text.push_str(" | project id, displayName, department");
        let plain = rows(&text, &People::new(Form::Plain, 120), 1);
        prop_assert_eq!(rows(&text, &People::new(Form::Shared(size), 120), 3), plain, "{}", text);
    }
}

#[test]
fn a_few_rows_need_a_few_parts() {
    let parts_of = |text: &str| {
        let people = People::new(Form::Shared(10), 400);
        rows(text, &people, 2);
        people.read.load(Ordering::Relaxed)
    };
    assert_eq!(parts_of("people | count"), 40);
    assert_eq!(parts_of("people | take 10"), 1);
    assert_eq!(parts_of("people | take 0"), 0);
    assert_eq!(parts_of("people | where id == 'u3' | project id | take 1"), 1);
    assert_eq!(parts_of("people | project id | where id != 'x' | take 11 | count"), 3);
    assert_eq!(parts_of("people | take 5 | sort by id | take 2"), 1);
    assert_eq!(parts_of("print toscalar(people | project id)"), 1);
}

#[test]
fn a_query_stops_in_its_midst_when_it_is_told_to() {
    let people = People::new(Form::Shared(2), 400);
    let limits = Limits { cancelled: Some(&people.stop), ..Limits::default() };
    let message = rows_within("people | sort by id", &people, &limits).unwrap_err();
    assert_eq!(message, "the query was stopped");
    assert!(people.read.load(Ordering::Relaxed) < 200);
}

#[test]
fn a_sort_goes_to_disk_when_memory_ends_and_leaves_nothing_there() {
    let folder = tempfile::tempdir().unwrap();
    let people = People::new(Form::Shared(7), 331);
    let text = "people | sort by department asc, bag desc, displayName | where age != 3 | summarize count(), take_any(id) by type, department";
    let limits = |bytes, temporary| Limits { bytes, temporary, ..Limits::default() };
    let all = rows_within(text, &people, &Limits::default()).unwrap();
    assert_eq!(rows_within(text, &people, &limits(24_000, Some(folder.path()))).unwrap(), all);
    let streamed = "people | sort by bag, score";
    let all = rows_within(streamed, &people, &Limits::default()).unwrap();
    let mut rows = Vec::new();
    let mut schema = Vec::new();
    let mut files = 0;
    let limits = limits(2_000, Some(folder.path()));
    run_streaming(streamed, &people, &limits, &mut |part| {
        match part {
            ResultPart::Table(table) => schema = table.schema,
            ResultPart::Rows(batch) => {
                files = files.max(std::fs::read_dir(folder.path()).unwrap().count());
                rows.extend((0..batch.row_count).map(|row| line(&schema, &batch, row)));
            }
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(rows, all);
    // Where an open file needs no name, it has none even while rows are read from it.
    assert!(if cfg!(unix) { files == 0 } else { files > 3 }, "{files} runs");
    let message = rows_within(streamed, &people, &Limits { temporary: None, ..limits }).unwrap_err();
    assert!(message.starts_with("`sort` needs"), "it was held on disk: {message}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let missing = folder.path().join("missing");
    let limits = Limits { bytes: 1000, temporary: Some(&missing), ..Limits::default() };
    let message = rows_within("people | sort by id", &people, &limits).unwrap_err();
    assert!(message.starts_with("`sort` cannot keep rows in the temporary folder"), "{message}");
}

#[test]
fn rows_come_as_they_are_read_until_no_more_are_wanted() {
    let people = People::new(Form::Shared(10), 400);
    let mut seen = Vec::new();
    let text = "people | project id; people | where age > 100; people | take 15 | project id";
    run_streaming(text, &people, &Limits::default(), &mut |part| match part {
        ResultPart::Table(table) => {
            seen.push(format!("{} columns", table.schema.len()));
            ControlFlow::Continue(())
        }
        ResultPart::Rows(batch) => {
            seen.push(format!("{} rows", batch.row_count));
            ControlFlow::Break(())
        }
    })
    .unwrap();
    assert_eq!(seen, ["1 columns", "10 rows", "8 columns", "1 columns", "10 rows"]);
}
