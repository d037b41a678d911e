//! What a step needs of the one below it: columns, and what lies at a path inside them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::batch::{Field, Schema};
use crate::function::operator::ACCESS;
use crate::plan::Scalar;
use crate::value::{Type, Value};

/// A column, or what lies at a path inside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Demand {
    pub(super) column: usize,
    pub(super) path: Vec<Arc<str>>,
}

/// Each demand is a column of the step that gives it, in this order.
pub(super) type Demands = BTreeSet<Demand>;

impl Demand {
    pub(super) fn whole(column: usize) -> Self {
        Self { column, path: Vec::new() }
    }
}

/// A value that is a column or what lies at a path inside one.
pub(super) fn path_of(scalar: &Scalar) -> Option<Demand> {
    match scalar {
        Scalar::Column(column) => Some(Demand::whole(*column)),
        Scalar::Call { function, arguments, .. } if std::ptr::eq(*function, &raw const ACCESS) => {
            let [base, Scalar::Constant(Value::String(name))] = arguments.as_slice() else { return None };
            let mut demand = path_of(base)?;
            demand.path.push(Arc::clone(name));
            Some(demand)
        }
        _ => None,
    }
}

/// What lies at a path inside a value.
pub(super) fn access(scalar: Scalar, path: &[Arc<str>]) -> Scalar {
    path.iter().fold(scalar, |inside, name| {
        let depth = 1 + inside.depth();
        let arguments = vec![inside, Scalar::Constant(Value::String(Arc::clone(name)))];
        let kinds = vec![Type::Dynamic, Type::String];
        Scalar::Call { function: &ACCESS, arguments, kinds, kind: Type::Dynamic, depth }
    })
}

/// Adds the columns a value is computed from.
pub(super) fn whole(scalar: &Scalar, demands: &mut Demands) {
    scalar.columns(&mut |column| _ = demands.insert(Demand::whole(column)));
}

/// The column that a demand has become.
pub(super) fn index(demands: &Demands, demand: &Demand) -> usize {
    demands.range(..demand).count()
}

/// A value of the columns that demands have become.
pub(super) fn moved(scalar: &Scalar, demands: &Demands) -> Scalar {
    if let Some(demand) = path_of(scalar)
        && demands.contains(&demand)
    {
        return Scalar::Column(index(demands, &demand));
    }
    match scalar {
        Scalar::Call { function, arguments, kinds, kind, .. } => {
            let arguments: Vec<Scalar> = arguments.iter().map(|argument| moved(argument, demands)).collect();
            let depth = 1 + arguments.iter().map(Scalar::depth).max().unwrap_or(0);
            Scalar::Call { function, arguments, kinds: kinds.clone(), kind: *kind, depth }
        }
        Scalar::Member { value, set } => {
            Scalar::Member { value: Box::new(moved(value, demands)), set: Arc::clone(set) }
        }
        other => other.clone(),
    }
}

/// The columns of a step that gives what is demanded.
pub(super) fn fields(all: &[Field], demands: &Demands) -> Schema {
    let field = |demand: &Demand| {
        let whole = &all[demand.column];
        if demand.path.is_empty() {
            return whole.clone();
        }
        let names = demand.path.iter().map(|name| &**name);
        let name = std::iter::once(whole.name.as_str()).chain(names).collect::<Vec<_>>().join(".");
        Field::new(name, Type::Dynamic)
    };
    demands.iter().map(field).collect()
}
