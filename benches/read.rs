//! How fast is one object among millions, as of some backup?
//!
//! Found: the ID's bucket in the directory, four IDs to compare, and one slot in each of 60 vectors: cache misses of
//! 0.1 µs each. Expected: under 5 µs.
//!
//! Whole JSON: 40 cells, each a chunk to look up, a presence bit, a code or an offset, and some texts in a compressed
//! block of 4 KiB (3 µs each); then 2 KB of text are put together. Expected: under 150 µs.
//!
//! History: as much for each backup that changed the object, and one lookup in the changed slots of each that did not.
//!
//! The limit is a hash map in memory that holds every ID and the object's number.

use std::collections::HashMap;
use std::hint::black_box;

use benches::{Site, object_count};
use criterion::{Criterion, criterion_group, criterion_main};

const DAY_COUNT: u32 = 31;
const KEY_COUNT: usize = 10_000;

fn read(criterion: &mut Criterion) {
    let site = Site::default();
    let store = site.store("store", DAY_COUNT);
    let keys = site.keys(KEY_COUNT);
    let mut group = criterion.benchmark_group(format!("read {} objects", object_count()));
    let ids: Vec<&engine::BackupId> = store.backups().iter().map(|backup| &backup.id).collect();
    for (name, backup) in
        [("the newest backup", ids[ids.len() - 1]), ("a backup in the middle", ids[ids.len() / 2])]
    {
        let snapshot = store.snapshot(backup).expect("it is there");
        let mut next = keys.iter().cycle();
        group.bench_function(format!("found by ID, as of {name}"), |bencher| {
            bencher.iter(|| store.find(&next.next().expect("without end").id, backup).ok());
        });
        group.bench_function(format!("whole JSON, as of {name}"), |bencher| {
            bencher.iter(|| {
                let object = snapshot.object(next.next().expect("without end")).expect("whole files");
                black_box(object.map_or(0, |object| object.to_json().len()))
            });
        });
    }
    let mut next = keys.iter().cycle();
    group.bench_function(format!("history over {DAY_COUNT} backups"), |bencher| {
        bencher.iter(|| store.history(next.next().expect("without end")).expect("whole files").len());
    });
    let map: HashMap<&str, usize> =
        keys.iter().enumerate().map(|(number, key)| (key.id.as_str(), number)).collect();
    group.bench_function("limit: a hash map in memory", |bencher| {
        bencher.iter(|| map.get(next.next().expect("without end").id.as_str()).copied());
    });
    group.finish();
}

criterion_group!(benches, read);
criterion_main!(benches);
