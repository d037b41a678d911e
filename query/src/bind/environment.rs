//! The names that `let`, `as`, parameters and aggregates have given, as seen from one position in the query.

use std::sync::Arc;

use crate::ast::{Call, FunctionDefinition};
use crate::plan::{Plan, Typed};

/// What a name means.
#[derive(Clone)]
pub(super) enum Binding<'a> {
    /// A value.
    Scalar(Typed),
    /// Rows.
    Table(Arc<Plan>),
    /// A function, the names it sees, and whether its result has rows.
    Function { function: &'a FunctionDefinition, inner: Environment<'a>, gives_table: bool },
}

/// Names given so far; a later one hides an earlier one.
#[derive(Clone, Default)]
pub(super) struct Environment<'a>(Option<Arc<Node<'a>>>);

struct Node<'a> {
    name: String,
    binding: Binding<'a>,
    earlier: Environment<'a>,
}

impl<'a> Environment<'a> {
    pub(super) fn with(&self, name: &str, binding: Binding<'a>) -> Self {
        Self(Some(Arc::new(Node { name: name.to_owned(), binding, earlier: self.clone() })))
    }

    pub(super) fn find(&self, name: &str) -> Option<&Binding<'a>> {
        self.nodes().find(|node| node.name == name).map(|node| &node.binding)
    }

    /// The names of values and functions, for "did you mean".
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.nodes().map(|node| node.name.as_str())
    }

    /// The names of tables that fit a pattern with `*`, in the order they were given.
    pub(super) fn tables(&self) -> Vec<(&str, &Arc<Plan>)> {
        let mut tables: Vec<_> = self
            .nodes()
            .filter_map(|node| match &node.binding {
                Binding::Table(plan) => Some((node.name.as_str(), plan)),
                _ => None,
            })
            .collect();
        tables.reverse();
        tables
    }

    fn nodes(&self) -> impl Iterator<Item = &Node<'a>> {
        let mut next = self.0.as_deref();
        std::iter::from_fn(move || {
            let node = next?;
            next = node.earlier.0.as_deref();
            Some(node)
        })
    }
}

/// The name under which the column of an aggregate is known inside an expression.
pub(super) fn placeholder(call: &Call) -> String {
    // Two calls of one aggregate are two columns: the call itself is what tells them apart.
    format!("{}@{call:p}", call.name.text)
}

impl Drop for Node<'_> {
    /// Takes a long chain apart one by one, so that no chain overflows the stack.
    fn drop(&mut self) {
        let mut next = self.earlier.0.take();
        while let Some(node) = next {
            match Arc::try_unwrap(node) {
                Ok(mut node) => next = node.earlier.0.take(),
                Err(_) => break,
            }
        }
    }
}
