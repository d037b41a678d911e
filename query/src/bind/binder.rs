//! Owns what is the same for all stages of binding: where names are looked up, what was found wrong, and the counts that
//! bound a script. The stages are functions over it, each in the file of its operator.
//!
//! *Invariants*: 1. Every step is made by [`Binder::step`], which holds the limits on depth and columns. 2. A number that
//! [`Binder`] gives a shared step or a query inside a value is given once.

use std::sync::Arc;

use super::Parameters;
use crate::ast::Span;
use crate::batch::{Field, Schema};
use crate::error::{Code, Diagnostic};
use crate::limits::Guard;
use crate::plan::{Plan, Step};
use crate::table::Tables;
use crate::value::Type;

/// Deepest chain of steps: an operator is up to three of them, and a name is one.
const PLAN_DEPTH_MAX: usize = 5000;
/// Most queries inside values that are nested in one another.
const NESTED_QUERIES_MAX: usize = 64;
/// Most parts of expressions of one query after functions are written out.
const PARTS_MAX: usize = 1_000_000;
/// Deepest nesting of functions written in the query.
const INLINE_DEPTH_MAX: usize = 32;
/// Most columns of one step: more than any table has, and few enough to look at each.
const COLUMNS_MAX: usize = 10_000;
/// Most columns of all steps of one script: a union of all tables alone has tens of thousands.
const ALL_COLUMNS_MAX: usize = 1_000_000;

/// A column that stands for those of a table that was not found; names are not looked for among the others.
pub(super) const LOST: &str = "\0";

/// The context of one script while it is bound.
pub(super) struct Binder<'a> {
    pub(super) tables: &'a dyn Tables,
    pub(super) parameters: &'a Parameters,
    pub(super) guard: &'a Guard<'a>,
    diagnostics: Vec<Diagnostic>,
    /// Shared steps and queries inside values so far; each has a number.
    shared_count: u32,
    /// Parts of expressions so far.
    part_count: usize,
    /// Functions of the query that are being written out.
    inline_depth: usize,
    /// Columns of all steps made so far.
    column_count: usize,
}

impl<'a> Binder<'a> {
    pub(super) fn new(tables: &'a dyn Tables, parameters: &'a Parameters, guard: &'a Guard<'a>) -> Self {
        Self {
            tables,
            parameters,
            guard,
            diagnostics: Vec::new(),
            shared_count: 0,
            part_count: 0,
            inline_depth: 0,
            column_count: 0,
        }
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn has_findings(&self) -> bool {
        !self.diagnostics.is_empty()
    }

    /// All findings, in the order of the text, each once.
    pub(super) fn into_findings(self) -> Vec<Diagnostic> {
        let mut diagnostics = self.diagnostics;
        diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
        diagnostics.dedup();
        diagnostics
    }

    /// Makes a step; a chain that is too deep is cut.
    pub(super) fn step(&mut self, step: Step, schema: Schema, span: Span) -> Arc<Plan> {
        let plan = Plan::new(step, schema, span);
        if plan.depth > PLAN_DEPTH_MAX {
            let message = format!("more than {PLAN_DEPTH_MAX} steps follow one another");
            self.report(Diagnostic::new(Code::Limit, span, message));
            return Plan::new(Step::Rows(Vec::new()), plan.schema.clone(), span);
        }
        self.column_count = self.column_count.saturating_add(plan.schema.len());
        if let Some(message) = self.too_many_columns(plan.schema.len()) {
            self.report(Diagnostic::new(Code::Limit, span, message));
            return nothing(span);
        }
        plan
    }

    /// Why a step with so many columns is refused. A query that was stopped is bound no further either.
    fn too_many_columns(&self, count: usize) -> Option<String> {
        if count > COLUMNS_MAX {
            return Some(format!("{count} columns are more than the {COLUMNS_MAX} that a step may have"));
        }
        if self.column_count > ALL_COLUMNS_MAX {
            return Some(format!("all steps together have more than {ALL_COLUMNS_MAX} columns"));
        }
        self.guard.proceed().err().map(|stopped| stopped.message)
    }

    /// Rows that get a name. A table is read again for each step that takes it, so that each reads only what it needs.
    pub(super) fn shared(&mut self, plan: Arc<Plan>) -> Arc<Plan> {
        if matches!(plan.step, Step::Scan(_) | Step::Rows(_) | Step::Shared { .. }) {
            return plan;
        }
        let (schema, span, id) = (plan.schema.clone(), plan.span, self.next_id());
        Plan::new(Step::Shared { id, input: plan }, schema, span)
    }

    /// A number for what is computed once.
    fn next_id(&mut self) -> u32 {
        self.shared_count += 1;
        self.shared_count
    }

    /// The number for a query inside a value; none where too many are nested.
    pub(super) fn query_id(&mut self, plan: &Plan, span: Span) -> Option<u32> {
        if plan.nested_queries < NESTED_QUERIES_MAX {
            return Some(self.next_id());
        }
        let message = format!("more than {NESTED_QUERIES_MAX} queries inside values need one another");
        self.report(Diagnostic::new(Code::Limit, span, message));
        None
    }

    /// Counts a part of an expression; gives whether it is to be bound.
    pub(super) fn count_part(&mut self, span: Span) -> bool {
        self.part_count += 1;
        if self.part_count == PARTS_MAX + 1 {
            let message = "the query is too large once its functions are written out";
            self.report(Diagnostic::new(Code::Limit, span, message));
        }
        self.part_count <= PARTS_MAX
    }

    /// Begins to write out a function of the query, unless too many are nested. [`Binder::leave_function`] ends it.
    pub(super) fn enter_function(&mut self, span: Span) -> bool {
        if self.inline_depth >= INLINE_DEPTH_MAX {
            let message = format!("functions call one another more than {INLINE_DEPTH_MAX} deep");
            self.report(Diagnostic::new(Code::Limit, span, message));
            return false;
        }
        self.inline_depth += 1;
        true
    }

    pub(super) fn leave_function(&mut self) {
        self.inline_depth -= 1;
    }
}

/// A table without rows, after an error.
pub(super) fn nothing(span: Span) -> Arc<Plan> {
    Plan::new(Step::Rows(Vec::new()), vec![Field::new(LOST, Type::Dynamic)], span)
}
