//! How fast does the executor answer over columns that are in memory?
//!
//! Every filter and group reads one u32 code a row (4 MB for 1,000,000 rows) and looks up what was computed once a
//! value: 1 ns a row and core, so 0.5 ms on two cores; a filter writes the places of the rows that are left, and two
//! filters read two codes: expected under 3 ms for filter and project, under 1.5 ms for the count by department. A
//! constant column costs nothing a row, so the count by it is parsing, binding and waking threads: under 0.5 ms.
//! `contains` reads 16 MB of folded texts at 5 GB/s and core, then one bit a row: under 8 ms.
//!
//! Not bounded by memory but by hashing and comparing, for comparison: joins, many groups, sorts.

use std::hint::black_box;
use std::sync::Arc;

use benches::object_count;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use query::{
    BATCH_ROWS, Batch, Column, Context, Field, Parts, ScanRequest, TableError, TableSource, Tables, Texts,
    Type, Value,
};

/// People as a store would give them: codes, and values that all batches share.
struct People {
    columns: Vec<Vec<Column>>,
    row_count: usize,
}

const DEPARTMENT_COUNT: u32 = 60;

fn fields() -> Vec<Field> {
    let texts = ["id", "displayName", "mail", "department", "type"];
    let fields = texts.into_iter().map(|name| Field::new(name, Type::String));
    fields.chain([Field::new("accountEnabled", Type::Bool), Field::new("age", Type::Long)]).collect()
}

/// Mixes the bits of a number, so that values are spread and yet the same every time.
fn mixed(number: u32) -> u32 {
    let mixed = (number ^ (number >> 16)).wrapping_mul(0x7feb_352d);
    (mixed ^ (mixed >> 15)).wrapping_mul(0x846c_a68b) >> 4
}

fn texts(count: u32, write: impl Fn(u32) -> String) -> Arc<Texts> {
    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
    for number in 0..count {
        bytes.extend_from_slice(write(number).as_bytes());
        ends.push(u32::try_from(bytes.len()).expect("less than 4 GB"));
    }
    Arc::new(Texts::new(bytes, ends).expect("the texts were written one after the other"))
}

impl People {
    fn new(row_count: usize) -> Self {
        let count = u32::try_from(row_count).expect("rows are u32");
        let names = ["Ada", "Bo", "Cleo", "Dan", "Eve", "Finn", "Gül", "Hana"];
        let name =
            |number: u32| format!("{} Lovelace{number:x}", names[mixed(number) as usize % names.len()]);
        let many = [
            texts(count, |number| format!("{:08x}-0000-4000-8000-{number:012x}", mixed(number))),
            texts(count, name),
            texts(count, |number| format!("p{number}@contoso.com")),
        ];
        let department = |number| Value::text(&format!("Department {number}"));
        let few: [Vec<Value>; 3] = [
            (0..DEPARTMENT_COUNT).map(department).collect(),
            vec![Value::Bool(true), Value::Bool(false)],
            (0..80).map(Value::Long).collect(),
        ];
        let few = few.map(Arc::new);
        let column = |index: usize, from: u32, to: u32| match index {
            0..3 => Column::Texts { codes: Arc::new((from..to).collect()), texts: Arc::clone(&many[index]) },
            3 => coded(&few[0], (from..to).map(|row| mixed(row) % DEPARTMENT_COUNT)),
            4 => Column::Constant(Value::text(if from < count / 2 { "user" } else { "group" })),
            5 => coded(&few[1], (from..to).map(|row| u32::from(mixed(row ^ 0x55) % 100 < 92))),
            _ => coded(&few[2], (from..to).map(|row| mixed(row ^ 0x77) % 80)),
        };
        let starts = (0..count).step_by(BATCH_ROWS);
        let batch = |from: u32| {
            let to = count.min(from.saturating_add(u32::try_from(BATCH_ROWS).expect("fits")));
            (0..fields().len()).map(|index| column(index, from, to)).collect()
        };
        Self { columns: starts.map(batch).collect(), row_count }
    }
}

fn coded(values: &Arc<Vec<Value>>, codes: impl Iterator<Item = u32>) -> Column {
    Column::Dictionary { codes: Arc::new(codes.collect()), values: Arc::clone(values) }
}

struct Table(Arc<People>);

struct Read {
    people: Arc<People>,
    columns: Vec<usize>,
}

impl Parts for Read {
    fn count(&self) -> usize {
        self.people.columns.len()
    }

    fn read(&self, part: usize) -> Result<Batch, TableError> {
        let row_count = BATCH_ROWS.min(self.people.row_count - part * BATCH_ROWS);
        let columns = self.columns.iter().map(|index| self.people.columns[part][*index].clone());
        Ok(Batch { columns: columns.collect(), row_count })
    }
}

impl TableSource for Table {
    fn schema(&self) -> Vec<Field> {
        fields()
    }

    fn open(&self, request: &ScanRequest) -> Result<Box<dyn Parts>, TableError> {
        Ok(Box::new(Read { people: Arc::clone(&self.0), columns: request.columns.clone() }))
    }
}

impl Tables for Table {
    fn table(&self, name: &str, _: &[Value]) -> Result<Option<Arc<dyn TableSource>>, TableError> {
        Ok((name == "users").then(|| Arc::new(Self(Arc::clone(&self.0))) as Arc<dyn TableSource>))
    }

    fn names(&self) -> Vec<String> {
        vec!["users".to_owned()]
    }
}

fn query(criterion: &mut Criterion) {
    let row_count = usize::try_from(object_count()).expect("fits");
    let table = Table(Arc::new(People::new(row_count)));
    let mut group = criterion.benchmark_group(format!("query {row_count} rows"));
    group.sample_size(20).throughput(Throughput::Elements(row_count as u64));
    let filter = "users | where department == 'Department 7' and accountEnabled == false";
    for (name, text) in [
        ("filter and project", format!("{filter} | project displayName, mail")),
        ("count", "users | count".to_owned()),
        ("count by department", "users | summarize count() by department".to_owned()),
        ("count by type", "users | summarize count() by type".to_owned()),
        ("contains", "users | where displayName contains 'LACEffff' | project displayName".to_owned()),
        (
            "count by department, accountEnabled",
            "users | summarize count() by department, accountEnabled".to_owned(),
        ),
        ("sum by department", "users | summarize sum(age), dcount(accountEnabled) by department".to_owned()),
        ("top 10", "users | top 10 by displayName desc | project displayName".to_owned()),
        ("take 10", format!("{filter} | take 10")),
        ("sort", "users | sort by department, age | project id".to_owned()),
        ("group by id", "users | summarize count() by id | count".to_owned()),
        (
            "join by id",
            "users | join kind=inner (users | where age > 40 | project id, department) on id | count"
                .to_owned(),
        ),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                black_box(
                    query::run(&text, &Context::new(&table, Timestamp::UNIX_EPOCH))
                        .expect("the query is right"),
                )
            });
        });
    }
    group.finish();
}

criterion_group!(benches, query);
criterion_main!(benches);
