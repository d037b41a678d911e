//! Columns nobody uses are not read, and of nested values only what lies at the paths that are used.
//!
//! *Shape*: every step is asked for *demands*, columns or places inside them, and gives just these, in the order of the
//! set. It may add demands of its own to the set, such as what a filter looks at; they come out of it, too.
//!
//! A nested property is one `dynamic` column, as in Graph: `employeeOrgData.division` reads the flattened column of that
//! path, which no schema lists.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use self::demand::{Demand, Demands, access, fields, moved, path_of, place, whole};
use crate::plan::{ExpandStep, JoinKind, JoinStep, ParseStep, Plan, Scalar, Scan, SortKey, Step};

mod demand;

/// Leaves out the columns of tables that no step above uses.
pub(super) fn prune(plan: &Arc<Plan>) -> Arc<Plan> {
    Prune { shared: super::shared(plan), known: HashMap::new() }.plan(plan)
}

struct Prune {
    shared: HashSet<*const Plan>,
    /// Shared steps once rewritten.
    known: HashMap<*const Plan, Arc<Plan>>,
}

impl Prune {
    /// A step that gives all of its columns.
    fn plan(&mut self, plan: &Arc<Plan>) -> Arc<Plan> {
        let address = Arc::as_ptr(plan);
        if let Some(known) = self.known.get(&address) {
            return Arc::clone(known);
        }
        let schema = plan.schema.clone();
        let pruned = match &plan.step {
            Step::Scan(_) => Arc::clone(plan),
            Step::Project { input, columns } => {
                Arc::new(Plan { step: self.project(input, columns.clone()), schema })
            }
            Step::Group { input, keys, aggregates } => {
                let (mut keys, mut aggregates) = (keys.clone(), aggregates.clone());
                let mut scalars: Vec<&mut Scalar> = keys.iter_mut().collect();
                for aggregate in &mut aggregates {
                    scalars.extend(aggregate.arguments.iter_mut());
                    scalars.extend(aggregate.condition.iter_mut());
                }
                let input = self.narrowed(input, &mut scalars);
                Arc::new(Plan { step: Step::Group { input, keys, aggregates }, schema })
            }
            step if step.inputs().any(|input| self.can_narrow(input)) => {
                let mut demands = (0..schema.len()).map(Demand::whole).collect();
                let wanted = Demands::clone(&demands);
                let narrow = self.narrow_own(plan, &mut demands);
                exactly(narrow, &demands, &wanted)
            }
            step => Arc::new(Plan { step: step.with_inputs(&mut |input| self.plan(input)), schema }),
        };
        if self.shared.contains(&address) {
            self.known.insert(address, Arc::clone(&pruned));
        }
        pruned
    }

    fn project(&mut self, input: &Arc<Plan>, mut columns: Vec<Scalar>) -> Step {
        let mut scalars: Vec<&mut Scalar> = columns.iter_mut().collect();
        let input = self.narrowed(input, &mut scalars);
        Step::Project { input, columns }
    }

    /// Narrows what lies below to what these values use, and points them to its places.
    fn narrowed(&mut self, input: &Arc<Plan>, scalars: &mut [&mut Scalar]) -> Arc<Plan> {
        if !self.can_narrow(input) {
            return self.plan(input);
        }
        let mut demands = Demands::new();
        for scalar in scalars.iter() {
            self.ask(scalar, input, &mut demands);
        }
        let narrow = self.narrow(input, &mut demands);
        for scalar in scalars {
            **scalar = moved(scalar, &demands);
        }
        narrow
    }

    /// Adds what a value uses of the step below it.
    fn ask(&self, scalar: &Scalar, input: &Arc<Plan>, demands: &mut Demands) {
        if let Some(demand) = path_of(scalar)
            && (demand.path.is_empty() || self.gives(input, &demand))
        {
            demands.insert(demand);
            return;
        }
        match scalar {
            Scalar::Call { arguments, .. } => {
                for argument in arguments {
                    self.ask(argument, input, demands);
                }
            }
            Scalar::Member { value, .. } => self.ask(value, input, demands),
            _ => {}
        }
    }

    /// Whether narrowing reaches a table or a projection that nobody else takes.
    fn can_narrow(&self, plan: &Arc<Plan>) -> bool {
        !self.shared.contains(&Arc::as_ptr(plan))
            && match &plan.step {
                Step::Scan(_) | Step::Project { .. } => true,
                Step::Group { .. } => false,
                step => step.inputs().any(|input| self.can_narrow(input)),
            }
    }

    /// Whether the tables below store what lies at a path by itself.
    fn gives(&self, plan: &Arc<Plan>, demand: &Demand) -> bool {
        if self.shared.contains(&Arc::as_ptr(plan)) {
            return false;
        }
        match &plan.step {
            Step::Scan(scan) => nested(scan, demand).is_some(),
            Step::Filter { input, .. } | Step::Sort { input, .. } | Step::Take { input, .. } => {
                self.gives(input, demand)
            }
            Step::Expand { input, expand } => {
                !made_by_expand(expand).any(|place| place == demand.column) && self.gives(input, demand)
            }
            Step::Parse { input, parse } => {
                !made_by_parse(parse).any(|place| place == demand.column) && self.gives(input, demand)
            }
            Step::Union(inputs) => inputs.iter().all(|input| self.gives(input, demand)),
            Step::Join { left, right, join } => match side(join, left.schema.len(), demand) {
                Side::Left(demand) => self.gives(left, &demand),
                Side::Right(demand) => self.gives(right, &demand),
            },
            Step::Project { input, columns } => match &columns[demand.column] {
                Scalar::Constant(_) => true,
                column => path_of(&access(column.clone(), &demand.path))
                    .is_some_and(|below| self.gives(input, &below)),
            },
            _ => false,
        }
    }

    /// What is demanded of a step, and what it uses itself.
    fn narrow(&mut self, plan: &Arc<Plan>, demands: &mut Demands) -> Arc<Plan> {
        if self.can_narrow(plan) { self.narrow_own(plan, demands) } else { picked(self.plan(plan), demands) }
    }

    fn narrow_own(&mut self, plan: &Arc<Plan>, demands: &mut Demands) -> Arc<Plan> {
        let step = match &plan.step {
            Step::Filter { input, predicate } => {
                self.ask(predicate, input, demands);
                let input = self.narrow(input, demands);
                Step::Filter { input, predicate: moved(predicate, demands) }
            }
            Step::Sort { input, keys, limit } => {
                for key in keys {
                    self.ask(&key.value, input, demands);
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
        Arc::new(Plan { step, schema: fields(&plan.schema, demands) })
    }

    /// Columns that elements replace are read all the same, so that they keep their places.
    fn expand(&mut self, input: &Arc<Plan>, expand: &ExpandStep, demands: &mut Demands) -> Step {
        let mut expand = expand.clone();
        demands.extend(made_by_expand(&expand).map(Demand::whole));
        for item in &expand.items {
            whole(&item.value, demands);
        }
        let (input, below) = self.below(input, made_by_expand(&expand), demands);
        for item in &mut expand.items {
            item.value = moved(&item.value, &below);
            item.place = place(demands, &Demand::whole(item.place));
        }
        expand.index_column = expand.index_column.map(|column| place(demands, &Demand::whole(column)));
        Step::Expand { input, expand }
    }

    fn parse(&mut self, input: &Arc<Plan>, parse: &ParseStep, demands: &mut Demands) -> Step {
        let mut parse = parse.clone();
        demands.extend(made_by_parse(&parse).map(Demand::whole));
        whole(&parse.value, demands);
        let (input, below) = self.below(input, made_by_parse(&parse), demands);
        parse.value = moved(&parse.value, &below);
        for (column, _) in &mut parse.places {
            *column = place(demands, &Demand::whole(*column));
        }
        Step::Parse { input, parse }
    }

    /// Narrows what lies below a step that makes columns: some in place of those of its input, others after them.
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
                Side::Left(demand) => _ = of_left.insert(demand),
                Side::Right(below) => {
                    of_right.insert(below.clone());
                    kept.push((demand.clone(), below));
                }
            }
        }
        for key in &join.left_keys {
            self.ask(key, left, &mut of_left);
        }
        for key in &join.right_keys {
            self.ask(key, right, &mut of_right);
        }
        let (left, right) = (self.narrow(left, &mut of_left), self.narrow(right, &mut of_right));
        let mut join = join.clone();
        join.left_keys = join.left_keys.iter().map(|key| moved(key, &of_left)).collect();
        join.right_keys = join.right_keys.iter().map(|key| moved(key, &of_right)).collect();
        join.right_columns = kept.iter().map(|(_, below)| place(&of_right, below)).collect();
        *demands = match join.kind {
            JoinKind::RightSemi | JoinKind::RightAnti => of_right,
            _ => of_left.into_iter().chain(kept.into_iter().map(|(demand, _)| demand)).collect(),
        };
        Step::Join { left, right, join }
    }
}

/// Which side of a join a demand is made of.
enum Side {
    Left(Demand),
    Right(Demand),
}

fn side(join: &JoinStep, width: usize, demand: &Demand) -> Side {
    match join.kind {
        JoinKind::RightSemi | JoinKind::RightAnti => Side::Right(demand.clone()),
        _ if demand.column < width => Side::Left(demand.clone()),
        _ => {
            let column = join.right_columns[demand.column - width];
            Side::Right(Demand { column, path: demand.path.clone() })
        }
    }
}

/// The place of what is demanded in a table.
fn nested(scan: &Scan, demand: &Demand) -> Option<usize> {
    let column = *scan.request.columns.get(demand.column)?;
    if demand.path.is_empty() { Some(column) } else { scan.source.nested(column, &demand.path) }
}

fn made_by_expand(expand: &ExpandStep) -> impl Iterator<Item = usize> + '_ {
    expand.items.iter().map(|item| item.place).chain(expand.index_column)
}

fn made_by_parse(parse: &ParseStep) -> impl Iterator<Item = usize> + '_ {
    parse.places.iter().map(|(place, _)| *place)
}

/// What is demanded of a step that gives all of its columns.
fn picked(plan: Arc<Plan>, demands: &Demands) -> Arc<Plan> {
    let all: BTreeSet<Demand> = (0..plan.schema.len()).map(Demand::whole).collect();
    if all == *demands {
        return plan;
    }
    let columns = demands.iter().map(|demand| access(Scalar::Column(demand.column), &demand.path)).collect();
    let schema = fields(&plan.schema, demands);
    Arc::new(Plan { step: Step::Project { input: plan, columns }, schema })
}

/// Leaves out what a step gives beyond what was wanted.
fn exactly(plan: Arc<Plan>, given: &Demands, wanted: &Demands) -> Arc<Plan> {
    if given == wanted {
        return plan;
    }
    let places: Vec<usize> = wanted.iter().map(|demand| place(given, demand)).collect();
    let schema = places.iter().map(|place| plan.schema[*place].clone()).collect();
    let columns = places.into_iter().map(Scalar::Column).collect();
    Arc::new(Plan { step: Step::Project { input: plan, columns }, schema })
}
