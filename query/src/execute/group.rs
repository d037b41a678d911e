//! Groups: keys in order of first appearance, and the aggregates of each.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Execution, evaluate};
use crate::aggregate::{Aggregate, State};
use crate::batch::{Batch, Column};
use crate::compare::Key;
use crate::convert;
use crate::error::Diagnostic;
use crate::plan::{Plan, Scalar};
use crate::value::Value;

/// One group while rows go by.
struct Group {
    key: Key,
    states: Vec<State>,
}

impl Execution<'_> {
    pub(super) fn group(
        &self,
        plan: &Plan,
        input: &Arc<Plan>,
        keys: &[Scalar],
        aggregates: &[Aggregate],
    ) -> Result<Vec<Batch>, Diagnostic> {
        let keys = self.prepare_all(keys)?;
        let aggregates = self.prepare_aggregates(aggregates)?;
        let (mut places, mut groups): (HashMap<Key, usize>, Vec<Group>) = Default::default();
        if keys.is_empty() {
            groups.push(new_group(Key(Vec::new()), &aggregates));
        }
        for batch in self.rows(input)?.iter() {
            self.limits.admit(0)?;
            let group_of = self.places(batch, &keys, &aggregates, &mut places, &mut groups);
            for (index, aggregate) in aggregates.iter().enumerate() {
                self.add(batch, aggregate, index, &group_of, &mut groups);
            }
        }
        let row_count = groups.len();
        let columns = finished(groups, plan.schema.len());
        Ok(Batch { columns, row_count }.split())
    }

    fn prepare_aggregates(&self, aggregates: &[Aggregate]) -> Result<Vec<Aggregate>, Diagnostic> {
        let prepared = aggregates.iter().map(|aggregate| {
            let arguments = self.prepare_all(&aggregate.arguments)?;
            let condition = aggregate.condition.as_ref();
            let condition = condition.map(|condition| self.prepare(condition)).transpose()?;
            Ok(Aggregate { arguments, condition, ..aggregate.clone() })
        });
        prepared.collect()
    }

    /// The group of each row of a batch.
    fn places(
        &self,
        batch: &Batch,
        keys: &[Scalar],
        aggregates: &[Aggregate],
        places: &mut HashMap<Key, usize>,
        groups: &mut Vec<Group>,
    ) -> Vec<usize> {
        if keys.is_empty() {
            return vec![0; batch.row_count];
        }
        let columns: Vec<Column> = keys.iter().map(|key| evaluate(key, batch, self.now)).collect();
        let mut place = |key: Key| {
            if let Some(place) = places.get(&key) {
                return *place;
            }
            let place = groups.len();
            groups.push(new_group(key.clone(), aggregates));
            places.insert(key, place);
            place
        };
        if let [Column::Dictionary { codes, values }] = columns.as_slice() {
            let mut known: Vec<Option<usize>> = vec![None; values.len()];
            let place_of = |code: &u32| {
                let code = *code as usize;
                *known[code].get_or_insert_with(|| place(Key(vec![values[code].clone()])))
            };
            return codes.iter().map(place_of).collect();
        }
        let key = |row| Key(columns.iter().map(|column| column.get(row).into_owned()).collect());
        (0..batch.row_count).map(|row| place(key(row))).collect()
    }

    fn add(
        &self,
        batch: &Batch,
        aggregate: &Aggregate,
        index: usize,
        group_of: &[usize],
        groups: &mut [Group],
    ) {
        let column = |scalar: &Scalar| evaluate(scalar, batch, self.now);
        let condition = aggregate.condition.as_ref().map(column);
        let arguments: Vec<Column> = aggregate.arguments.iter().map(column).collect();
        for (row, group) in group_of.iter().enumerate() {
            let counted = condition
                .as_ref()
                .is_none_or(|condition| convert::to_bool(&condition.get(row)) == Some(true));
            if counted {
                let values: Vec<_> = arguments.iter().map(|column| column.get(row)).collect();
                let values: Vec<&Value> = values.iter().map(|value| &**value).collect();
                groups[*group].states[index].add(&values);
            }
        }
    }
}

fn new_group(key: Key, aggregates: &[Aggregate]) -> Group {
    Group { key, states: aggregates.iter().map(State::new).collect() }
}

fn finished(groups: Vec<Group>, width: usize) -> Vec<Column> {
    let mut columns: Vec<Vec<Value>> = vec![Vec::with_capacity(groups.len()); width];
    for group in groups {
        let results = group.states.into_iter().flat_map(State::finish);
        for (column, value) in columns.iter_mut().zip(group.key.0.into_iter().chain(results)) {
            column.push(value);
        }
    }
    columns.into_iter().map(Column::of).collect()
}
