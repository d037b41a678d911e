//! What the order of the objects does not show: that nothing hangs, and that little is read ahead.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use engine::{ObjectKey, Warning};

use super::*;
use crate::import::recording::import_text;

/// Bytes of a block, which are ten lines.
const BLOCK_BYTES: usize = 110;
const LINE: &str = "{\"id\":\"1\"}\n";

/// Counts what is read.
struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::SeqCst);
        Ok(count)
    }
}

/// Counts objects, panics where it is told to, and remembers how much was read ahead at most.
struct Counter {
    panics_at: u64,
    read: Arc<AtomicU64>,
    taken: u64,
    ahead_max: u64,
}

struct CountingWorker {
    panics_at: u64,
    count: u64,
}

impl Worker for CountingWorker {
    type Parts = u64;

    fn met_delta_name(&self) -> bool {
        false
    }

    fn push(&mut self, _raw: &[u8], _hint: Option<&str>, _is_deleted: bool) -> engine::Result<()> {
        self.count += 1;
        assert!(self.count < self.panics_at, "told to panic");
        Ok(())
    }

    fn take(&mut self) -> u64 {
        std::mem::take(&mut self.count)
    }
}

impl Sink for Counter {
    type Worker = CountingWorker;

    fn worker(&self) -> CountingWorker {
        CountingWorker { panics_at: self.panics_at, count: 0 }
    }

    fn put(&mut self, parts: u64) -> engine::Result<()> {
        let ahead = self.read.load(Ordering::SeqCst) - self.taken * LINE.len() as u64;
        self.ahead_max = self.ahead_max.max(ahead);
        self.taken += parts;
        Ok(())
    }

    fn put_links(&mut self, _: &ObjectKey, _: &str, _: &[&str]) -> engine::Result<()> {
        Ok(())
    }

    fn warn(&mut self, _: Warning) {}
}

fn run_lines(count: usize, panics_at: u64) -> Counter {
    let read = Arc::new(AtomicU64::new(0));
    let inner = io::Cursor::new(LINE.repeat(count).into_bytes());
    let reader = Box::new(Counted { inner, read: Arc::clone(&read) });
    let inputs = vec![Input::Stream { reader, origin: Origin::of_file(Path::new("users.json"), None) }];
    let mut sink = Counter { panics_at, read, taken: 0, ahead_max: 0 };
    let limits = Limits { block_bytes: BLOCK_BYTES, head_bytes: 64, object_bytes: 4096 };
    let cancel = AtomicBool::new(false);
    run(inputs, &mut sink, &PipelineOptions { limits, progress: &(), cancel: &cancel }).unwrap();
    sink
}

#[test]
fn no_more_is_read_ahead_than_slots_can_hold() {
    let sink = run_lines(10_000, u64::MAX);
    assert_eq!(sink.taken, 10_000);
    // Each slot holds a block, with what the one before left of a line; one more may be read by the first look.
    let most = ((SLOT_COUNT_MAX + 2) * (BLOCK_BYTES + LINE.len())) as u64;
    assert!(sink.ahead_max <= most, "{} bytes, expected at most {most}", sink.ahead_max);
}

#[test]
fn a_panic_of_a_worker_reaches_the_caller() {
    let outcome = catch_unwind(|| run_lines(1000, 5).taken);
    let panic = outcome.unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"told to panic"));
}

#[test]
fn a_thread_of_a_pool_of_one_imports_too() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let taken = pool.install(|| run_lines(1000, u64::MAX).taken);
    assert_eq!(taken, 1000);
    let names = pool.install(|| import_text("users.json", LINE.repeat(99).as_bytes(), 30).unwrap().names());
    assert_eq!(names.len(), 99);
}
