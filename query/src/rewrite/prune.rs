//! Columns that no step uses are not read, and of nested values only what lies at the paths that are used.
//!
//! *Shape*: every step is given *demands*, columns or paths inside them, and gives just these, in the order of the
//! set. It may add demands of its own to the set, such as what a filter looks at; they come out of it, too.
//!
//! A nested property is one `dynamic` column, as in Graph: `employeeOrgData.division` reads the flattened column of that
//! path, which no schema lists.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use self::demand::{Demand, Demands, access, fields, index, moved, path_of, whole};
use crate::plan::{ExpandStep, JoinKind, JoinStep, ParseStep, Plan, Scalar, Scan, SortKey, Step};

mod demand;

/// Leaves out the columns of tables that no step above uses.
pub(super) fn prune(plan: &Arc<Plan>) -> Arc<Plan> {
    Prune { known: HashMap::new() }.plan(plan)
}

struct Prune {
    /// Shared steps once rewritten.
    known: HashMap<u32, Arc<Plan>>,
}

impl Prune {
    /// A step that gives all of its columns.
    fn plan(&mut self, plan: &Arc<Plan>) -> Arc<Plan> {
        let schema = plan.schema.clone();
        match &plan.step {
            Step::Shared { id, input } => {
                if let Some(known) = self.known.get(id) {
                    return Arc::clone(known);
                }
                let input = self.plan(input);
                let shared = Plan::new(Step::Shared { id: *id, input }, schema, plan.span);
                self.known.insert(*id, Arc::clone(&shared));
                shared
            }
            Step::Scan(_) => Arc::clone(plan),
            Step::Project { input, columns } => {
                Plan::new(self.project(input, columns.clone()), schema, plan.span)
            }
            Step::Group { input, keys, aggregates } => {
                let (mut keys, mut aggregates) = (keys.clone(), aggregates.clone());
                let mut scalars: Vec<&mut Scalar> = keys.iter_mut().collect();
                for aggregate in &mut aggregates {
                    scalars.extend(aggregate.arguments.iter_mut());
                    scalars.extend(aggregate.condition.iter_mut());
                }
                let input = self.narrowed(input, &mut scalars);
                Plan::new(Step::Group { input, keys, aggregates }, schema, plan.span)
            }
            step if step.inputs().any(can_narrow) => {
                let mut demands = (0..schema.len()).map(Demand::whole).collect();
                let wanted = Demands::clone(&demands);
                let narrow = self.narrow_own(plan, &mut demands);
                exactly(narrow, &demands, &wanted)
            }
            step => Plan::new(step.with_inputs(&mut |input| self.plan(input)), schema, plan.span),
        }
    }

    fn project(&mut self, input: &Arc<Plan>, mut columns: Vec<Scalar>) -> Step {
        let mut scalars: Vec<&mut Scalar> = columns.iter_mut().collect();
        let input = self.narrowed(input, &mut scalars);
        Step::Project { input, columns }
    }

    /// Narrows what lies below to what these values use, and points them to its columns.
    fn narrowed(&mut self, input: &Arc<Plan>, scalars: &mut [&mut Scalar]) -> Arc<Plan> {
        if !can_narrow(input) {
            return self.plan(input);
        }
        let mut demands = Demands::new();
        for scalar in scalars.iter() {
            ask(scalar, input, &mut demands);
        }
        let narrow = self.narrow(input, &mut demands);
        for scalar in scalars {
            **scalar = moved(scalar, &demands);
        }
        narrow
    }

    /// What is demanded of a step, and what it uses itself.
    fn narrow(&mut self, plan: &Arc<Plan>, demands: &mut Demands) -> Arc<Plan> {
        if can_narrow(plan) { self.narrow_own(plan, demands) } else { picked(self.plan(plan), demands) }
    }

    fn narrow_own(&mut self, plan: &Arc<Plan>, demands: &mut Demands) -> Arc<Plan> {
        let step = match &plan.step {
            Step::Filter { input, predicate } => {
                ask(predicate, input, demands);
                let input = self.narrow(input, demands);
                Step::Filter { input, predicate: moved(predicate, demands) }
            }
            Step::Sort { input, keys, limit } => {
                for key in keys {
                    ask(&key.value, input, demands);
                }
                let input = self.narrow(input, demands);
                let keys =
                    keys.iter().map(|key| SortKey { value: moved(&key.value, demands), ..key.clone() });
                Step::Sort { input, keys: keys.collect(), limit: limit.clone() }
            }
            Step::Take { input, count } => {
                Step::Take { input: self.narrow(input, demands), count: count.clone() }
            }
            Step::Scan(scan) => {
                let mut scan = scan.clone();
                let columns = demands.iter().map(|demand| {
                    nested(&scan, demand).expect("paths are demanded of tables that have them")
                });
                scan.request.columns = columns.collect();
                Step::Scan(scan)
            }
            Step::Project { input, columns } => {
                let columns =
                    demands.iter().map(|demand| access(columns[demand.column].clone(), &demand.path));
                self.project(input, columns.collect())
            }
            Step::Union(inputs) => {
                let inputs = inputs.iter().map(|input| {
                    let mut grown = demands.clone();
                    let narrow = self.narrow(input, &mut grown);
                    exactly(narrow, &grown, demands)
                });
                Step::Union(inputs.collect())
            }
            Step::Expand { input, expand } => self.expand(input, expand, demands),
            Step::Parse { input, parse } => self.parse(input, parse, demands),
            Step::Join { left, right, join } => self.join(left, right, join, demands),
            _ => return picked(Arc::clone(plan), demands),
        };
        Plan::new(step, fields(&plan.schema, demands), plan.span)
    }

    /// Columns that elements replace are read all the same, so that they keep their indexes.
    fn expand(&mut self, input: &Arc<Plan>, expand: &ExpandStep, demands: &mut Demands) -> Step {
        let mut expand = expand.clone();
        demands.extend(made_by_expand(&expand).map(Demand::whole));
        for item in &expand.items {
            whole(&item.value, demands);
        }
        let (input, below) = self.below(input, made_by_expand(&expand), demands);
        for item in &mut expand.items {
            item.value = moved(&item.value, &below);
            item.index = index(demands, &Demand::whole(item.index));
        }
        expand.index_column = expand.index_column.map(|column| index(demands, &Demand::whole(column)));
        Step::Expand { input, expand }
    }

    fn parse(&mut self, input: &Arc<Plan>, parse: &ParseStep, demands: &mut Demands) -> Step {
        let mut parse = parse.clone();
        demands.extend(made_by_parse(&parse).map(Demand::whole));
        whole(&parse.value, demands);
        let (input, below) = self.below(input, made_by_parse(&parse), demands);
        parse.value = moved(&parse.value, &below);
        for (column, _) in &mut parse.indexes {
            *column = index(demands, &Demand::whole(*column));
        }
        Step::Parse { input, parse }
    }

    /// Narrows what lies below a step that makes columns: some replace those of its input, others follow them.
    fn below(
        &mut self,
        input: &Arc<Plan>,
        made: impl Iterator<Item = usize>,
        demands: &mut Demands,
    ) -> (Arc<Plan>, Demands) {
        let added = demands.split_off(&Demand::whole(input.schema.len()));
        let narrow = self.narrow(input, demands);
        // What a filter below looks at inside a column is something else once the column is replaced.
        let grown = demands.clone();
        let made: HashSet<usize> = made.collect();
        demands.retain(|demand| demand.path.is_empty() || !made.contains(&demand.column));
        let narrow = exactly(narrow, &grown, demands);
        let below = demands.clone();
        demands.extend(added);
        (narrow, below)
    }

    fn join(&mut self, left: &Arc<Plan>, right: &Arc<Plan>, join: &JoinStep, demands: &mut Demands) -> Step {
        let width = left.schema.len();
        let (mut of_left, mut of_right, mut kept) = (Demands::new(), Demands::new(), Vec::new());
        for demand in demands.iter() {
            match side(join, width, demand) {
                JoinDemand::Left(demand) => _ = of_left.insert(demand),
                JoinDemand::Right(below) => {
                    of_right.insert(below.clone());
                    kept.push((demand.clone(), below));
                }
            }
        }
        for key in &join.left_keys {
            ask(key, left, &mut of_left);
        }
        for key in &join.right_keys {
            ask(key, right, &mut of_right);
        }
        let (left, right) = (self.narrow(left, &mut of_left), self.narrow(right, &mut of_right));
        let mut join = join.clone();
        join.left_keys = join.left_keys.iter().map(|key| moved(key, &of_left)).collect();
        join.right_keys = join.right_keys.iter().map(|key| moved(key, &of_right)).collect();
        join.right_columns = kept.iter().map(|(_, below)| index(&of_right, below)).collect();
        *demands = match join.kind {
            JoinKind::RightSemi | JoinKind::RightAnti => of_right,
            _ => of_left.into_iter().chain(kept.into_iter().map(|(demand, _)| demand)).collect(),
        };
        Step::Join { left, right, join }
    }
}

/// Adds what a value uses of the step below it.
fn ask(scalar: &Scalar, input: &Arc<Plan>, demands: &mut Demands) {
    if let Some(demand) = path_of(scalar)
        && (demand.path.is_empty() || gives(input, &demand))
    {
        demands.insert(demand);
        return;
    }
    match scalar {
        Scalar::Call { arguments, .. } => {
            for argument in arguments {
                ask(argument, input, demands);
            }
        }
        Scalar::Member { value, .. } => ask(value, input, demands),
        _ => {}
    }
}

/// Whether narrowing reaches a table or a projection that no other step takes.
fn can_narrow(plan: &Arc<Plan>) -> bool {
    match &plan.step {
        Step::Scan(_) | Step::Project { .. } => true,
        Step::Group { .. } | Step::Shared { .. } => false,
        step => step.inputs().any(can_narrow),
    }
}

/// Whether the tables below store what lies at a path by itself.
fn gives(plan: &Arc<Plan>, demand: &Demand) -> bool {
    match &plan.step {
        Step::Scan(scan) => nested(scan, demand).is_some(),
        Step::Filter { input, .. } | Step::Sort { input, .. } | Step::Take { input, .. } => {
            gives(input, demand)
        }
        Step::Expand { input, expand } => {
            !made_by_expand(expand).any(|index| index == demand.column) && gives(input, demand)
        }
        Step::Parse { input, parse } => {
            !made_by_parse(parse).any(|index| index == demand.column) && gives(input, demand)
        }
        Step::Union(inputs) => inputs.iter().all(|input| gives(input, demand)),
        Step::Join { left, right, join } => match side(join, left.schema.len(), demand) {
            JoinDemand::Left(demand) => gives(left, &demand),
            JoinDemand::Right(demand) => gives(right, &demand),
        },
        Step::Project { input, columns } => match &columns[demand.column] {
            Scalar::Constant(_) => true,
            column => {
                path_of(&access(column.clone(), &demand.path)).is_some_and(|below| gives(input, &below))
            }
        },
        _ => false,
    }
}

/// Which side of a join a demand is made of.
enum JoinDemand {
    Left(Demand),
    Right(Demand),
}

fn side(join: &JoinStep, width: usize, demand: &Demand) -> JoinDemand {
    match join.kind {
        JoinKind::RightSemi | JoinKind::RightAnti => JoinDemand::Right(demand.clone()),
        _ if demand.column < width => JoinDemand::Left(demand.clone()),
        _ => {
            let column = join.right_columns[demand.column - width];
            JoinDemand::Right(Demand { column, path: demand.path.clone() })
        }
    }
}

/// The index of what is demanded in a table.
fn nested(scan: &Scan, demand: &Demand) -> Option<usize> {
    let column = *scan.request.columns.get(demand.column)?;
    if demand.path.is_empty() { Some(column) } else { scan.source.nested(column, &demand.path) }
}

fn made_by_expand(expand: &ExpandStep) -> impl Iterator<Item = usize> + '_ {
    expand.items.iter().map(|item| item.index).chain(expand.index_column)
}

fn made_by_parse(parse: &ParseStep) -> impl Iterator<Item = usize> + '_ {
    parse.indexes.iter().map(|(index, _)| *index)
}

/// What is demanded of a step that gives all of its columns.
fn picked(plan: Arc<Plan>, demands: &Demands) -> Arc<Plan> {
    let all: BTreeSet<Demand> = (0..plan.schema.len()).map(Demand::whole).collect();
    if all == *demands {
        return plan;
    }
    let columns = demands.iter().map(|demand| access(Scalar::Column(demand.column), &demand.path)).collect();
    let (schema, span) = (fields(&plan.schema, demands), plan.span);
    Plan::new(Step::Project { input: plan, columns }, schema, span)
}

/// Leaves out what a step gives beyond what was wanted.
fn exactly(plan: Arc<Plan>, given: &Demands, wanted: &Demands) -> Arc<Plan> {
    if given == wanted {
        return plan;
    }
    let indexes: Vec<usize> = wanted.iter().map(|demand| index(given, demand)).collect();
    let schema = indexes.iter().map(|index| plan.schema[*index].clone()).collect();
    let columns = indexes.into_iter().map(Scalar::Column).collect();
    let span = plan.span;
    Plan::new(Step::Project { input: plan, columns }, schema, span)
}
