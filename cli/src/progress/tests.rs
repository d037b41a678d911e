//! Tests of progress lines.

use std::sync::atomic::{AtomicI64, Ordering};

use super::*;

#[test]
fn lines_come_now_and_then() {
    let second = AtomicI64::new(0);
    let now = || Timestamp::from_second(second.load(Ordering::Relaxed)).unwrap();
    let mut out = Vec::new();
    let progress = Progress::lines(&now, &mut out);
    for (at, objects) in [(1, 10), (5, 50), (6, 60), (11, 110)] {
        second.store(at, Ordering::Relaxed);
        progress.show(objects, objects * 1_000, Some(200_000));
    }
    drop(progress);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "50 objects, 50.0 kB of 200 kB\n110 objects, 110 kB of 200 kB\n"
    );
}

#[test]
fn nothing_shows_nothing() {
    Progress::nothing(&|| Timestamp::UNIX_EPOCH).show(1, 1, None);
}
