//! How fast is the history of a tenant, and of one object of it?
//!
//! All changes over a window: each backup's segment holds the slots it changed, so the cost follows the changes: 1 % of
//! the objects a day, two attributes each, 1 µs an attribute, and rows made of them. What does not follow them is the
//! vectors of types with links, which are read for each backup.
//!
//! One object among 365 backups: one lookup in the changed slots of each table of each backup (0.1 µs), and some 10 µs
//! for each backup that changed it. Expected: under 1 ms.

use std::hint::black_box;
use std::sync::Arc;

use benches::{Site, object_count};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use engine::Store;
use jiff::Timestamp;
use query::{Context, PointArgument, StoreResolver, StoreTables};

const DAY_COUNT: u32 = 31;
const BACKUP_COUNT: u32 = 365;
const KEY_COUNT: usize = 1_000;
/// 2026-11-20 12:00 UTC.
const NOW: Timestamp = Timestamp::constant(1_795_176_000, 0);

fn history(criterion: &mut Criterion) {
    let site = Site::default();
    let mut group = criterion.benchmark_group(format!("history {} objects", object_count()));
    group.sample_size(10);
    let mut store = site.store("store", DAY_COUNT);
    for count in [DAY_COUNT, BACKUP_COUNT] {
        site.lengthen(&mut store, count);
        let tables = tables(Store::open(store.path()).expect("whole files"));
        let window = format!("history('latest~{}')", count - 1);
        for (name, query) in [
            ("all changes", format!("{window} | summarize count() by type, change, kind")),
            ("objects alone", format!("{window} | where kind == 'object' | summarize count() by takenAt")),
            ("links of groups", format!("{window} | where type == 'group' and kind == 'link' | count")),
        ] {
            let name = format!("{name} over {} backups", count - 1);
            group.bench_function(name, |bencher| bencher.iter(|| row_count(&tables, &query)));
        }
        let keys = site.keys(KEY_COUNT);
        let mut next = keys.iter().cycle();
        let mut id = || next.next().expect("without end").id.clone();
        group.throughput(Throughput::Elements(1));
        group.bench_function(format!("one object among {count} backups"), |bencher| {
            bencher.iter(|| row_count(&tables, &format!("history('2001-01-01', 'latest', '{}')", id())));
        });
        group.bench_function(format!("one object among {count} backups, by a filter"), |bencher| {
            bencher.iter(|| row_count(&tables, &format!("history('2001-01-01') | where id == '{}'", id())));
        });
        group.bench_function(format!("one object among {count} backups, the store alone"), |bencher| {
            let mut next = keys.iter().cycle();
            bencher.iter(|| store.history(next.next().expect("without end")).expect("whole files").len());
        });
    }
    group.finish();
}

fn tables(store: Store) -> StoreTables {
    let store = Arc::new(store);
    let resolver = Arc::new(StoreResolver::new(Arc::clone(&store)));
    StoreTables::new(store, resolver, PointArgument::latest())
}

fn row_count(tables: &StoreTables, text: &str) -> usize {
    let results = query::run(text, &Context::new(tables, NOW)).expect("the query is right");
    black_box(tables.take_points());
    results.iter().flat_map(|table| &table.batches).map(|batch| batch.row_count).sum()
}

criterion_group!(benches, history);
criterion_main!(benches);
