//! Many runs, little memory.

use std::sync::Arc;

use super::*;
use crate::Limits;
use crate::testing::NOW;

/// Texts of so many letters that only their first ones tell apart.
fn texts(numbers: impl Iterator<Item = usize>) -> Batch {
    let values: Vec<Value> = numbers.map(|n| Value::text(&format!("{n:06}{}", "x".repeat(200)))).collect();
    Batch { row_count: values.len(), columns: vec![Column::of(values)] }
}

#[test]
fn a_merge_holds_a_block_of_each_run_and_no_more_than_half_of_the_memory() {
    const RUN_COUNT: usize = 300;
    const ROWS: usize = 16;
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { bytes: 40_000, temporary: Some(folder.path()), cancelled: None };
    let guard = Guard::new(NOW, &limits);
    let keys: Arc<[OrderBy]> = [OrderBy::ascending(0)].into();
    let mut held = guard.memory.account("`sort`");
    let mut runs = Runs::new(&guard, folder.path(), &keys, 1);
    for run in 0..RUN_COUNT {
        runs.add(&[texts((0..ROWS).map(|row| row * RUN_COUNT + run))], &mut held).unwrap();
        assert_eq!(guard.memory.held_bytes(), 0, "nothing is held between two runs");
    }
    assert!(runs.block_bytes() > 0 && runs.waiting.len() < 40, "{} runs wait", runs.waiting.len());
    let last = texts(std::iter::once(RUN_COUNT * ROWS));
    let merge = runs.merge(vec![last], 1, held).unwrap();
    let most_bytes = limits.bytes / 2 + guard.batch_bytes();
    assert!((1..=most_bytes).contains(&guard.memory.held_bytes()), "{}", guard.memory.held_bytes());
    let rows: Vec<String> = merge
        .flat_map(|batch| {
            let batch = batch.unwrap();
            assert!(batch.size_bytes() <= 2 * guard.batch_bytes(), "{} bytes at once", batch.size_bytes());
            (0..batch.row_count)
                .map(|row| batch.columns[0].text(row).unwrap()[..6].to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(rows.iter().enumerate().all(|(index, row)| *row == format!("{index:06}")), "in order, each once");
    assert_eq!((rows.len(), guard.memory.held_bytes()), (RUN_COUNT * ROWS + 1, 0));
}

#[test]
fn a_row_that_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { bytes: 1000, temporary: Some(folder.path()), cancelled: None };
    let guard = Guard::new(NOW, &limits);
    let keys: Arc<[OrderBy]> = [OrderBy::ascending(0)].into();
    let mut held = guard.memory.account("`sort`");
    let mut runs = Runs::new(&guard, folder.path(), &keys, 1);
    let large = || {
        let value = Value::text(&"x".repeat(900));
        Batch { row_count: 1, columns: vec![Column::of(vec![value])] }
    };
    let added = runs.add(&[large()], &mut held).and_then(|()| runs.add(&[large()], &mut held));
    let refused = added.and_then(|()| runs.merge(Vec::new(), 1, held).map(drop)).unwrap_err();
    assert!(refused.message.starts_with("`sort` needs "), "{}", refused.message);
    assert!(
        matches!(refused.cause.as_deref(), Some(Cause::Memory { allowed_bytes: 1000, .. })),
        "{refused:?}"
    );
}
