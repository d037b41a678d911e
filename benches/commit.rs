//! How fast does a file become a backup?
//!
//! First backup, one core: an object of 2 KB is read (9 GB/s from the page cache: 0.2 µs), shredded and hashed (3 µs,
//! see `parse`), its columns are encoded and written (1 to 2 µs). Beside it: BLAKE3 over every object by itself, which is
//! what contents cost before they were hashed side by side. The limit is reading the file.
//! Expected for 1,000,000 objects on two cores: under 5 s.
//!
//! Next day, 1 % changed: what has the raw text of yesterday is neither parsed nor stored, so an object costs its
//! reading, the search for its end, and a 64-bit hash of its text (10 GB/s). The limit is reading the file.
//! Expected for 1,000,000 objects: under 2 s.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::Read;
use std::path::Path;

use benches::{Site, copy, create, import, object_count};
use criterion::{BatchSize, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

fn commit(criterion: &mut Criterion) {
    let site = Site::default();
    let (first, next) = (site.file(0), site.file(1));
    let bytes = fs::metadata(&first).expect("just written").len();
    let mut group = criterion.benchmark_group(format!("commit {} objects", object_count()));
    group.throughput(Throughput::Bytes(bytes));
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    let base = site.path("base");
    import(&mut create(&base), &first, 0);
    let work = site.path("work");
    group.bench_function("first backup", |bencher| {
        let empty = || remove(&work);
        bencher.iter_batched(empty, |()| import(&mut create(&work), &first, 0), BatchSize::PerIteration);
    });
    group.bench_function("next day", |bencher| {
        let yesterday = || {
            remove(&work);
            copy(&base, &work);
            create(&work)
        };
        bencher.iter_batched(yesterday, |mut store| import(&mut store, &next, 1), BatchSize::PerIteration);
    });
    group.bench_function("limit: read the file", |bencher| {
        let mut buffer = vec![0; 1 << 20];
        bencher.iter(|| read(&first, &mut buffer));
    });
    let text = fs::read(&first).expect("just written");
    group.bench_function("beside: BLAKE3 of each object, one core", |bencher| {
        bencher.iter(|| {
            let mut begin = 0;
            for end in memchr::memchr_iter(b'\n', &text) {
                black_box(blake3::keyed_hash(&[7; 32], &text[begin..end]));
                begin = end + 1;
            }
        });
    });
    group.finish();
}

fn remove(folder: &Path) {
    if folder.exists() {
        fs::remove_dir_all(folder).expect("a folder of ours");
    }
}

fn read(path: &Path, buffer: &mut [u8]) -> usize {
    let mut file = File::open(path).expect("just written");
    let mut total = 0;
    loop {
        match file.read(buffer).expect("a whole file") {
            0 => return total,
            count => total += count,
        }
    }
}

criterion_group!(benches, commit);
criterion_main!(benches);
