//! How long until a store that is closed gives its first answer?
//!
//! Opening reads HEAD, the manifests and the segment of the last checkpoint with what came since: at most 64 footers
//! of some kilobytes. Each file costs 20 µs to open, map and close, each manifest 20 µs to check and parse. The first
//! answer then reads the directory of IDs and one vector from the map. Expected with files in the page cache: under
//! 15 ms with 31 backups, under 30 ms with 1,000.
//!
//! The limit is opening, reading and closing the store's small files, once each.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use benches::{Site, object_count};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use engine::{ObjectKey, Store};

const DAY_COUNT: u32 = 31;
const BACKUP_COUNT: u32 = 1_000;
/// In the default size a benchmark only shows that it still runs.
const BACKUP_COUNT_SMALL: u32 = 70;
const OBJECT_COUNT_SMALL: u64 = 10_000;

fn open(criterion: &mut Criterion) {
    let site = Site::default();
    let mut group = criterion.benchmark_group(format!("open {} objects", object_count()));
    group.sample_size(20);
    let keys = site.keys(100);
    let mut store = site.store("store", DAY_COUNT);
    measure(&mut group, &store, &keys);
    let backups = if object_count() < OBJECT_COUNT_SMALL { BACKUP_COUNT_SMALL } else { BACKUP_COUNT };
    site.lengthen(&mut store, backups);
    measure(&mut group, &store, &keys);
    group.finish();
}

fn measure(group: &mut BenchmarkGroup<'_, WallTime>, store: &Store, keys: &[ObjectKey]) {
    let (path, backups) = (store.path(), store.backups().len());
    let mut keys = keys.iter().cycle();
    group.bench_function(format!("{backups} backups, open"), |bencher| {
        bencher.iter(|| Store::open(path).expect("it was open before").backups().len());
    });
    group.bench_function(format!("{backups} backups, open and show an object"), |bencher| {
        bencher.iter(|| first_answer(path, keys.next().expect("without end")));
    });
    group.bench_function(format!("{backups} backups, limit: read HEAD and the manifests"), |bencher| {
        bencher.iter(|| {
            black_box(fs::read(path.join("HEAD")).expect("a file of ours"));
            let manifests = fs::read_dir(path.join("manifests")).expect("a folder of ours");
            for manifest in manifests.flatten() {
                black_box(fs::read(manifest.path()).expect("a file of ours"));
            }
        });
    });
}

fn first_answer(path: &Path, key: &ObjectKey) -> usize {
    let store = Store::open(path).expect("it was open before");
    let newest = &store.backups().last().expect("there are many").id;
    let object = store.snapshot(newest).expect("it is there").object(key).expect("whole files");
    black_box(object.map_or(0, |object| object.to_json().len()))
}

criterion_group!(benches, open);
criterion_main!(benches);
