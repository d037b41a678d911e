//! How fast are questions to a store, the first time and after that?
//!
//! Warm: columns come from the cache as codes, so the executor alone counts (its sketch is in `query.rs`): 3 ms for
//! filter and project, 1.5 ms for the count by department, 0.5 ms by type, 8 ms for `contains` at 1,000,000 objects.
//! First: the columns are read from the segments; 700,000 names are 16 MB of compressed texts, decoded at 0.5 GB/s and
//! core, a column of codes is unpacked at 2 GB/s: expected 20 to 100 ms. Several backups share what was read of them.

use std::hint::black_box;
use std::sync::Arc;

use benches::{Site, object_count};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use engine::Store;
use jiff::Timestamp;
use query::{Context, PointArgument, StoreResolver, StoreTables};

const DAY_COUNT: u32 = 3;

const QUESTIONS: [(&str, &str); 7] = [
    (
        "filter and project",
        "users | where department == 'Sales' and accountEnabled == false | project displayName, mail",
    ),
    ("count by department", "users | summarize count() by department"),
    ("count by type", "objects | summarize count() by type"),
    ("contains", "users | where displayName contains 'svc' | project displayName"),
    ("one user by ID", "users | where id == 'nobody' | project displayName"),
    ("take 10", "users | take 10 | project displayName"),
    (
        "count by department over three backups",
        "union users, users('latest~1'), users('latest~2') | summarize count() by department",
    ),
];

fn ask(criterion: &mut Criterion) {
    let site = Site::default();
    let path = site.store("store", DAY_COUNT).path().to_owned();
    let mut group = criterion.benchmark_group(format!("ask {} objects", object_count()));
    group.sample_size(10);
    let tables = open(&path);
    for (name, text) in QUESTIONS {
        group.bench_function(format!("{name}, first"), |bencher| {
            bencher.iter_batched(|| open(&path), |tables| answer(&tables, text), BatchSize::PerIteration);
        });
        group.bench_function(format!("{name}, warm"), |bencher| bencher.iter(|| answer(&tables, text)));
    }
    group.finish();
}

fn open(path: &std::path::Path) -> StoreTables {
    let store = Arc::new(Store::open(path).expect("it was just made"));
    let resolver = Arc::new(StoreResolver::new(Arc::clone(&store)));
    StoreTables::new(store, resolver, PointArgument::latest())
}

fn answer(tables: &StoreTables, text: &str) -> usize {
    let results = query::run(text, &Context::new(tables, Timestamp::UNIX_EPOCH)).expect("the query is right");
    black_box(tables.take_points());
    results.iter().flat_map(|table| &table.batches).map(|batch| batch.row_count).sum()
}

criterion_group!(benches, ask);
criterion_main!(benches);
