//! How fast is the difference of two backups?
//!
//! The list of changed objects is where two vectors of u32 differ: 8 bytes an ordinal, read at 30 GB/s, so 0.27 ms for
//! 1,000,000. Neighbours cost less, because the later segment holds the changed slots; what is left is a Graph ID for each
//! of the 10,000 changes (0.1 µs each, two cores). Expected: under 1 ms in process. Names, and what would undo each change,
//! cost as much again for objects known before, and a decompressed block for each new one.
//!
//! Attributes and links: a changed object stores which paths changed and the old values; the new ones are read from
//! their columns, a few cache misses and one small decompression each: 10,000 changes of two attributes, 1 µs an
//! attribute, two cores. Expected: under 15 ms; 30 backups apart (a quarter of all objects changed) under 250 ms.
//!
//! Links that ended with an object are looked for in all sets of the *from* side, some 30 ns each: with 1,000,000 sets
//! under 30 ms more on two cores, and nothing more where no object went.

use std::hint::black_box;

use benches::{Site, object_count};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use engine::{BackupId, Cascades, DifferenceFilter, Store};

const DAY_COUNT: u32 = 31;

fn diff(criterion: &mut Criterion) {
    let site = Site::default();
    let store = site.store("store", DAY_COUNT);
    let mut group = criterion.benchmark_group(format!("diff {} objects", object_count()));
    group.sample_size(20);
    let ids: Vec<&BackupId> = store.backups().iter().map(|backup| &backup.id).collect();
    let (oldest, before, newest) = (ids[0], ids[ids.len() - 2], ids[ids.len() - 1]);
    for (name, from) in [("neighbours", before), ("30 backups apart", oldest)] {
        let filter = DifferenceFilter::default();
        group.bench_function(format!("{name}, list of objects"), |bencher| {
            bencher.iter(|| {
                black_box(store.changed_objects(from, newest, &filter)).expect("both are there").len()
            });
        });
    }
    let (without, with) = (Cascades::Hidden, Cascades::AtDeleted);
    for (name, from, objects_only, cascades) in [
        ("neighbours, objects with names", before, true, without),
        ("neighbours, attributes and links", before, false, without),
        ("neighbours, lost links as well", before, false, with),
        ("30 backups apart, objects with names", oldest, true, without),
        ("30 backups apart, attributes and links", oldest, false, without),
        ("30 backups apart, lost links as well", oldest, false, with),
    ] {
        let filter = DifferenceFilter { objects_only, cascades, ..DifferenceFilter::default() };
        let changes = difference(&store, from, newest, &filter);
        group.throughput(Throughput::Elements(changes as u64));
        group.bench_function(name, |bencher| bencher.iter(|| difference(&store, from, newest, &filter)));
    }
    limit(&mut group);
    group.finish();
}

fn difference(store: &Store, from: &BackupId, to: &BackupId, filter: &DifferenceFilter) -> usize {
    black_box(store.difference(from, to, filter).expect("both are there")).len()
}

/// Compares two vectors of which one slot in a hundred differs, spread as widely as it can be.
fn limit(group: &mut BenchmarkGroup<'_, WallTime>) {
    let count = u32::try_from(object_count()).expect("ordinals are u32");
    let before: Vec<u32> = (1..=count).collect();
    let after: Vec<u32> =
        before.iter().map(|version| if version % 100 == 0 { !version } else { *version }).collect();
    group.throughput(Throughput::Bytes(u64::from(count) * 8));
    group.bench_function("limit: compare two vectors of u32, list what differs", |bencher| {
        let mut changed = Vec::with_capacity(before.len());
        bencher.iter(|| {
            changed.clear();
            let blocks = before.chunks(32).zip(after.chunks(32)).enumerate();
            for (block, (before, after)) in blocks.filter(|(_, (before, after))| before != after) {
                let slots = before.iter().zip(after).enumerate();
                let differing = slots.filter(|(_, (before, after))| before != after);
                changed.extend(differing.map(|(slot, _)| block * 32 + slot));
            }
            changed.len()
        });
    });
    group.bench_function("limit: compare two vectors of u32, count what differs", |bencher| {
        bencher.iter(|| black_box(&before).iter().zip(black_box(&after)).filter(|(a, b)| a != b).count());
    });
}

criterion_group!(benches, diff);
criterion_main!(benches);
