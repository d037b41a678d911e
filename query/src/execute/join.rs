//! Joins: the right table is hashed by its keys, the left one looks its partners up.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Execution, evaluate};
use crate::batch::{Batch, Column, row_number};
use crate::compare::Key;
use crate::error::Diagnostic;
use crate::plan::{JoinKind, JoinStep, Plan, Scalar};
use crate::value::Value;

impl Execution<'_> {
    pub(super) fn join(
        &self,
        left: &Arc<Plan>,
        right: &Arc<Plan>,
        join: &JoinStep,
    ) -> Result<Vec<Batch>, Diagnostic> {
        let left_rows = Batch::concatenate(&self.rows(left)?, left.schema.len());
        let right_rows = Batch::concatenate(&self.rows(right)?, right.schema.len());
        let left_keys = self.keys(&left_rows, &join.left_keys);
        let right_keys = self.keys(&right_rows, &join.right_keys);
        let made = match join.kind {
            JoinKind::LeftSemi => left_rows.gather(&partnered(&left_keys, &right_keys, &Side::With)),
            JoinKind::LeftAnti => left_rows.gather(&partnered(&left_keys, &right_keys, &Side::Without)),
            JoinKind::RightSemi => right_rows.gather(&partnered(&right_keys, &left_keys, &Side::With)),
            JoinKind::RightAnti => right_rows.gather(&partnered(&right_keys, &left_keys, &Side::Without)),
            kind => {
                let width = left.schema.len() + join.right_columns.len();
                let pairs = pairs(kind, &left_keys, &right_keys, |count| {
                    self.limits.admit(count.saturating_mul(width))
                })?;
                let missing = |plan: &Plan| {
                    plan.schema.iter().map(|field| Value::missing(field.kind)).collect::<Vec<_>>()
                };
                paired(&left_rows, &right_rows, join, &pairs, &missing(left), &missing(right))
            }
        };
        Ok(made.split())
    }

    fn keys(&self, batch: &Batch, keys: &[Scalar]) -> Vec<Key> {
        let columns: Vec<Column> = keys.iter().map(|key| evaluate(key, batch, self.now)).collect();
        let key = |row| Key(columns.iter().map(|column| column.get(row).into_owned()).collect());
        (0..batch.row_count).map(key).collect()
    }
}

/// Whether rows with or without a partner are kept.
#[derive(PartialEq, Eq)]
enum Side {
    With,
    Without,
}

fn partnered(keys: &[Key], others: &[Key], side: &Side) -> Vec<u32> {
    let others: std::collections::HashSet<&Key> = others.iter().collect();
    let wanted = *side == Side::With;
    let rows = keys.iter().enumerate().filter(|(_, key)| others.contains(key) == wanted);
    rows.map(|(row, _)| row_number(row)).collect()
}

/// Pairs of rows; a row without a partner is paired with nothing.
#[derive(Default)]
struct Pairs {
    left: Vec<Option<u32>>,
    right: Vec<Option<u32>>,
}

fn pairs(
    kind: JoinKind,
    left: &[Key],
    right: &[Key],
    admit: impl Fn(usize) -> Result<(), Diagnostic>,
) -> Result<Pairs, Diagnostic> {
    let mut partners: HashMap<&Key, Vec<u32>> = HashMap::new();
    for (row, key) in right.iter().enumerate() {
        partners.entry(key).or_default().push(row_number(row));
    }
    let mut pairs = Pairs::default();
    let mut met = vec![false; right.len()];
    let mut seen = std::collections::HashSet::new();
    for (row, key) in left.iter().enumerate() {
        if kind == JoinKind::InnerUnique && !seen.insert(key) {
            continue;
        }
        let found = partners.get(key).map_or(&[][..], Vec::as_slice);
        admit(pairs.left.len() + found.len())?;
        for other in found {
            pairs.left.push(Some(row_number(row)));
            pairs.right.push(Some(*other));
            met[*other as usize] = true;
        }
        if found.is_empty() && matches!(kind, JoinKind::LeftOuter | JoinKind::FullOuter) {
            pairs.left.push(Some(row_number(row)));
            pairs.right.push(None);
        }
    }
    if matches!(kind, JoinKind::RightOuter | JoinKind::FullOuter) {
        for (row, _) in met.iter().enumerate().filter(|(_, met)| !**met) {
            pairs.left.push(None);
            pairs.right.push(Some(row_number(row)));
        }
    }
    Ok(pairs)
}

fn paired(
    left: &Batch,
    right: &Batch,
    join: &JoinStep,
    pairs: &Pairs,
    left_missing: &[Value],
    right_missing: &[Value],
) -> Batch {
    let left_columns = left.columns.iter().zip(left_missing);
    let mut columns: Vec<Column> =
        left_columns.map(|(column, missing)| column.gather_or(&pairs.left, missing)).collect();
    for place in &join.right_columns {
        columns.push(right.columns[*place].gather_or(&pairs.right, &right_missing[*place]));
    }
    Batch { columns, row_count: pairs.left.len() }
}
