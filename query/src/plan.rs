//! What a query does, with every name resolved: scalars over the columns of a row, and the steps
//! that rows go through.
//!
//! *Invariants*: 1. A plan is a tree but for [`Step::Shared`]: rows that several steps take are under the number of
//! such a step, and nothing depends on how often a plan is cloned. 2. A plan of any depth is dropped without recursion.

use std::collections::HashSet;
use std::sync::Arc;

use crate::aggregate;
use crate::ast::Span;
use crate::batch::{Batch, Schema};
use crate::compare::Key;
use crate::function::Function;
use crate::table::{ScanRequest, TableSource};
use crate::value::{Type, Value};

/// A value computed from a row.
#[derive(Clone)]
pub(crate) enum Scalar {
    /// The same in every row.
    Constant(Value),
    /// The cell of a column.
    Column(usize),
    /// A function of other values; their types come along.
    Call {
        function: &'static Function,
        arguments: Vec<Scalar>,
        kinds: Vec<Type>,
        kind: Type,
        /// Calls nested in this one, itself included.
        depth: usize,
    },
    /// Whether a value is one of many.
    Member { value: Box<Scalar>, set: Arc<HashSet<Key>> },
    /// The first cell of the first row of a query; computed once for each number.
    Query { id: u32, plan: Arc<Plan> },
    /// The first column of a query as an array; computed once for each number.
    List { id: u32, plan: Arc<Plan> },
}

impl Scalar {
    /// Visits every column the value is computed from.
    pub(crate) fn columns(&self, visit: &mut dyn FnMut(usize)) {
        match self {
            Self::Column(index) => visit(*index),
            Self::Call { arguments, .. } => {
                for argument in arguments {
                    argument.columns(visit);
                }
            }
            Self::Member { value, .. } => value.columns(visit),
            Self::Constant(_) | Self::Query { .. } | Self::List { .. } => {}
        }
    }

    /// Visits the number and the plan of every query inside the value.
    pub(crate) fn queries(&self, visit: &mut dyn FnMut(u32, &Arc<Plan>)) {
        match self {
            Self::Query { id, plan } | Self::List { id, plan } => visit(*id, plan),
            Self::Call { arguments, .. } => {
                for argument in arguments {
                    argument.queries(visit);
                }
            }
            Self::Member { value, .. } => value.queries(visit),
            Self::Constant(_) | Self::Column(_) => {}
        }
    }

    /// The same value over columns with other indexes.
    pub(crate) fn moved(&self, position: &dyn Fn(usize) -> Scalar) -> Self {
        match self {
            Self::Column(index) => position(*index),
            Self::Call { function, arguments, kinds, kind, .. } => {
                let arguments: Vec<Self> =
                    arguments.iter().map(|argument| argument.moved(position)).collect();
                let depth = 1 + arguments.iter().map(Self::depth).max().unwrap_or(0);
                Self::Call { function, arguments, kinds: kinds.clone(), kind: *kind, depth }
            }
            Self::Member { value, set } => {
                Self::Member { value: Box::new(value.moved(position)), set: Arc::clone(set) }
            }
            other => other.clone(),
        }
    }

    /// How many calls are nested in the value.
    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::Call { depth, .. } => *depth,
            Self::Member { value, .. } => 1 + value.depth(),
            _ => 0,
        }
    }
}

/// A scalar and its type.
#[derive(Clone)]
pub(crate) struct Typed {
    pub(crate) scalar: Scalar,
    pub(crate) kind: Type,
}

/// A step and the columns of the rows that leave it.
pub(crate) struct Plan {
    pub(crate) step: Step,
    pub(crate) schema: Schema,
    /// Where the step is written.
    pub(crate) span: Span,
    /// Steps that wait for one another below this one, itself included, those of queries inside values too.
    pub(crate) depth: usize,
    /// Queries inside the values of this plan that are nested in one another.
    pub(crate) nested_queries: usize,
}

impl Plan {
    pub(crate) fn new(step: Step, schema: Schema, span: Span) -> Arc<Self> {
        let (mut depth, mut nested_queries) = (0, 0);
        for input in step.inputs() {
            depth = input.depth.max(depth);
            nested_queries = input.nested_queries.max(nested_queries);
        }
        step.scalars(&mut |scalar| {
            scalar.queries(&mut |_, plan| {
                depth = plan.depth.max(depth);
                nested_queries = (plan.nested_queries + 1).max(nested_queries);
            });
        });
        Arc::new(Self { step, schema, span, depth: depth + 1, nested_queries })
    }
}

impl Drop for Plan {
    /// Takes a long chain apart step by step, so that none overflows the stack.
    fn drop(&mut self) {
        let mut left = self.step.take_inputs();
        while let Some(plan) = left.pop() {
            if let Some(mut plan) = Arc::into_inner(plan) {
                left.append(&mut plan.step.take_inputs());
            }
        }
    }
}

/// What a step does.
#[derive(Clone)]
pub(crate) enum Step {
    /// Rows of a table.
    Scan(Scan),
    /// Rows that are known already.
    Rows(Vec<Batch>),
    /// One row of constants.
    Print(Vec<Scalar>),
    /// `from`, `from + step`, … up to `to`.
    Range { from: Typed, to: Typed, step: Typed },
    /// Rows that every step with this number takes; they are computed once and held.
    Shared { id: u32, input: Arc<Plan> },
    /// The rows for which it is true.
    Filter { input: Arc<Plan>, predicate: Scalar },
    /// New columns made of the old.
    Project { input: Arc<Plan>, columns: Vec<Scalar> },
    /// One row for each group: keys, then aggregates.
    Group { input: Arc<Plan>, keys: Vec<Scalar>, aggregates: Vec<Aggregate> },
    /// All rows in order, or the first of them.
    Sort { input: Arc<Plan>, keys: Vec<SortKey>, limit: Option<Scalar> },
    /// Any so many rows.
    Take { input: Arc<Plan>, count: Scalar },
    /// Pairs of rows of two tables.
    Join { left: Arc<Plan>, right: Arc<Plan>, join: JoinStep },
    /// Rows of several tables with the same columns.
    Union(Vec<Arc<Plan>>),
    /// A row for each element.
    Expand { input: Arc<Plan>, expand: ExpandStep },
    /// New columns taken from a text.
    Parse { input: Arc<Plan>, parse: ParseStep },
}

/// A table and what is needed of it.
#[derive(Clone)]
pub(crate) struct Scan {
    /// The name and arguments as written.
    pub(crate) name: String,
    pub(crate) arguments: Vec<Value>,
    pub(crate) source: Arc<dyn TableSource>,
    pub(crate) request: ScanRequest,
}

/// The inputs of a step, borrowed or owned as the step is: the one list of which operators have how many.
macro_rules! inputs_of {
    ($step:expr) => {{
        let mut all = Vec::new();
        match $step {
            Step::Scan(_) | Step::Rows(_) | Step::Print(_) | Step::Range { .. } => {}
            Step::Shared { input, .. }
            | Step::Filter { input, .. }
            | Step::Project { input, .. }
            | Step::Group { input, .. }
            | Step::Sort { input, .. }
            | Step::Take { input, .. }
            | Step::Expand { input, .. }
            | Step::Parse { input, .. } => all.push(input),
            Step::Join { left, right, .. } => all.extend([left, right]),
            Step::Union(inputs) => all.extend(inputs),
        }
        all
    }};
}

impl Step {
    /// The steps whose rows this one takes.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = &Arc<Plan>> {
        inputs_of!(self).into_iter()
    }

    /// Visits every value that the step computes.
    pub(crate) fn scalars(&self, visit: &mut dyn FnMut(&Scalar)) {
        match self {
            Self::Scan(_) | Self::Rows(_) | Self::Shared { .. } | Self::Union(_) => {}
            Self::Print(scalars) | Self::Project { columns: scalars, .. } => scalars.iter().for_each(visit),
            Self::Range { from, to, step } => [from, to, step].iter().for_each(|typed| visit(&typed.scalar)),
            Self::Filter { predicate, .. } => visit(predicate),
            Self::Group { keys, aggregates, .. } => {
                keys.iter().for_each(&mut *visit);
                for aggregate in aggregates {
                    aggregate.arguments.iter().chain(&aggregate.condition).for_each(&mut *visit);
                }
            }
            Self::Sort { keys, limit, .. } => {
                keys.iter().map(|key| &key.value).chain(limit).for_each(visit);
            }
            Self::Take { count, .. } => visit(count),
            Self::Join { join, .. } => join.left_keys.iter().chain(&join.right_keys).for_each(visit),
            Self::Expand { expand, .. } => {
                expand.items.iter().map(|item| &item.value).chain(&expand.limit).for_each(visit);
            }
            Self::Parse { parse, .. } => visit(&parse.value),
        }
    }

    /// The steps whose rows this one took; it takes none any more.
    fn take_inputs(&mut self) -> Vec<Arc<Plan>> {
        inputs_of!(std::mem::replace(self, Self::Rows(Vec::new())))
    }

    /// The step over other inputs.
    pub(crate) fn with_inputs(&self, change: &mut dyn FnMut(&Arc<Plan>) -> Arc<Plan>) -> Self {
        let mut step = self.clone();
        for input in inputs_of!(&mut step) {
            *input = change(input);
        }
        step
    }
}

/// One aggregate of a `summarize`.
#[derive(Clone)]
pub(crate) struct Aggregate {
    pub(crate) kind: aggregate::Kind,
    pub(crate) arguments: Vec<Scalar>,
    pub(crate) kinds: Vec<Type>,
    /// Rows for which it is not true are passed over.
    pub(crate) condition: Option<Scalar>,
    /// Most elements, or the requested ranks.
    pub(crate) settings: Vec<Value>,
    /// How many columns it makes.
    pub(crate) width: usize,
}

impl Aggregate {
    /// An accumulator of this aggregate without rows.
    pub(crate) fn accumulator(&self) -> aggregate::Accumulator {
        aggregate::Accumulator::new(self.kind, &self.kinds, &self.settings, self.width)
    }
}

/// How to sort by one value.
#[derive(Clone)]
pub(crate) struct SortKey {
    pub(crate) value: Scalar,
    pub(crate) descending: bool,
    pub(crate) nulls_first: bool,
}

/// Which rows of a join are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JoinKind {
    InnerUnique,
    Inner,
    LeftOuter,
    RightOuter,
    FullOuter,
    LeftSemi,
    LeftAnti,
    RightSemi,
    RightAnti,
}

/// How two tables are joined.
#[derive(Clone)]
pub(crate) struct JoinStep {
    pub(crate) kind: JoinKind,
    pub(crate) left_keys: Vec<Scalar>,
    pub(crate) right_keys: Vec<Scalar>,
    /// The columns of the right table that are kept.
    pub(crate) right_columns: Vec<usize>,
}

/// How elements become rows.
#[derive(Clone)]
pub(crate) struct ExpandStep {
    /// Column, where it goes, and the type of its elements.
    pub(crate) items: Vec<ExpandItem>,
    pub(crate) index_column: Option<usize>,
    pub(crate) pairs_as_arrays: bool,
    pub(crate) limit: Option<Scalar>,
}

/// One column whose elements become rows.
#[derive(Clone)]
pub(crate) struct ExpandItem {
    pub(crate) value: Scalar,
    pub(crate) index: usize,
    pub(crate) kind: Type,
}

/// How a text is taken apart.
#[derive(Clone)]
pub(crate) struct ParseStep {
    pub(crate) value: Scalar,
    pub(crate) kind: Type,
    pub(crate) pattern: crate::pattern::Pattern,
    /// Where each captured text goes, and its type.
    pub(crate) indexes: Vec<(usize, Type)>,
}
