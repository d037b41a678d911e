//! Stages that need no more than the columns of a row.

use std::sync::Arc;

use crate::ast::{Direction, Expression, ExpressionKind, Name, Named, Nulls, Operator, Order, Stage};
use crate::batch::{Batch, Column, Field, Schema};
use crate::error::Diagnostic;
use crate::plan::{Plan, Scalar, SortKey, Step, Typed};
use crate::value::{Type, Value};

use super::{Binder, Environment, Span, name};

impl<'a> Binder<'a> {
    pub(super) fn stage(
        &mut self,
        stage: &'a Stage,
        plan: &Arc<Plan>,
        environment: &Environment<'a>,
    ) -> Arc<Plan> {
        let span = stage.span;
        match &stage.operator {
            Operator::Where(condition) => self.filter(condition, plan, span, environment),
            Operator::Project(list) => self.project(list, plan, span, environment),
            Operator::ProjectAway(patterns) => {
                let away = self.matching(patterns, plan);
                self.keep(plan, span, |index| !away.contains(&index))
            }
            Operator::ProjectKeep(patterns) => {
                let kept = self.matching(patterns, plan);
                self.keep(plan, span, |index| kept.contains(&index))
            }
            Operator::ProjectRename(renames) => self.rename(renames, plan, span, environment),
            Operator::ProjectReorder(list) => self.reorder(list, plan, span),
            Operator::Extend(list) => self.extend(list, plan, span, environment),
            Operator::Summarize(summarize) => self.summarize(summarize, plan, environment),
            Operator::Count => self.count(plan, span),
            Operator::Distinct(list) => self.distinct(list, plan, span, environment),
            Operator::Sort(orders) => self.sort(orders, None, plan, span, environment),
            Operator::Top(count, orders) => {
                let limit = self.row_count(count, environment);
                self.sort(orders, Some(limit), plan, span, environment)
            }
            Operator::Take(count) => {
                let count = self.row_count(count, environment);
                let step = Step::Take { input: Arc::clone(plan), count };
                self.plan(step, plan.schema.clone(), span)
            }
            Operator::Join(join) => self.join(join, plan, span, environment),
            Operator::Lookup(join) => self.lookup(join, plan, span, environment),
            Operator::Union(union) => self.union(union, Some(plan), environment),
            Operator::MvExpand(expand) => self.mv_expand(expand, plan, span, environment),
            Operator::Parse(parse) => self.parse(parse, plan, span, environment),
            Operator::Search(search) => self.search(search, Some(plan), environment),
            Operator::GetSchema => self.get_schema(plan, span),
            Operator::Invoke(value) => self.invoke(value, plan, environment),
            Operator::As(_) | Operator::Render(_) => Arc::clone(plan),
            Operator::Recover(_) => {
                let message = "`recover` can only end a query";
                self.report(Diagnostic::invalid(span, message));
                Arc::clone(plan)
            }
        }
    }

    fn filter(
        &mut self,
        condition: &'a Expression,
        plan: &Arc<Plan>,
        span: Span,
        environment: &Environment<'a>,
    ) -> Arc<Plan> {
        let value = self.scalar(condition, &plan.schema, environment);
        let predicate = self.condition(value, condition.span).scalar;
        let step = Step::Filter { input: Arc::clone(plan), predicate };
        self.plan(step, plan.schema.clone(), span)
    }

    /// Makes columns of values, with names for those that were given none.
    pub(super) fn columns(
        &mut self,
        list: &'a [Named],
        rows: &[Field],
        environment: &Environment<'a>,
    ) -> Vec<(Field, Scalar)> {
        let (mut made, mut unnamed) = (Vec::new(), 0);
        for named in list {
            if matches!(named.value.kind, ExpressionKind::Star) {
                let all = rows.iter().cloned().enumerate();
                made.extend(all.map(|(index, field)| (field, Scalar::Column(index))));
                continue;
            }
            let value = self.scalar(&named.value, rows, environment);
            if named.names.len() > 1 {
                made.extend(self.several(&named.names, &value, named.value.span));
                continue;
            }
            let name = named.names.first().map(|name| name.text.clone());
            let name = name.or_else(|| name::of(&named.value)).unwrap_or_else(|| {
                unnamed += 1;
                format!("Column{unnamed}")
            });
            made.push((Field::new(name, value.kind), value.scalar));
        }
        made
    }

    /// `(a, b) = f(…)`: the elements of an array.
    fn several(&mut self, names: &[Name], value: &Typed, span: Span) -> Vec<(Field, Scalar)> {
        let element = |(index, name): (i64, &Name)| {
            let position = super::expression::typed(Value::Long(index), Type::Long);
            let arguments = vec![value.clone(), position];
            let element = self.apply(&crate::function::operator::ACCESS, arguments, span);
            (Field::new(name.text.clone(), Type::Dynamic), element.scalar)
        };
        (0..).zip(names).map(element).collect()
    }

    fn project(
        &mut self,
        list: &'a [Named],
        plan: &Arc<Plan>,
        span: Span,
        environment: &Environment<'a>,
    ) -> Arc<Plan> {
        let (schema, columns) = self.named_columns(list, plan, environment);
        self.plan(Step::Project { input: Arc::clone(plan), columns }, schema, span)
    }

    /// The columns of a list, each under a name of its own.
    pub(super) fn named_columns(
        &mut self,
        list: &'a [Named],
        plan: &Arc<Plan>,
        environment: &Environment<'a>,
    ) -> (Schema, Vec<Scalar>) {
        let (mut schema, mut columns) = (Schema::new(), Vec::new());
        for (field, scalar) in self.columns(list, &plan.schema, environment) {
            schema.push(Field::new(name::unique(&schema, &field.name), field.kind));
            columns.push(scalar);
        }
        (schema, columns)
    }

    fn extend(
        &mut self,
        list: &'a [Named],
        plan: &Arc<Plan>,
        span: Span,
        environment: &Environment<'a>,
    ) -> Arc<Plan> {
        let mut schema = plan.schema.clone();
        let mut columns: Vec<Scalar> = (0..schema.len()).map(Scalar::Column).collect();
        for (field, scalar) in self.columns(list, &plan.schema, environment) {
            if let Some(index) = schema.iter().position(|other| other.name == field.name) {
                schema[index] = field;
                columns[index] = scalar;
            } else {
                schema.push(field);
                columns.push(scalar);
            }
        }
        self.plan(Step::Project { input: Arc::clone(plan), columns }, schema, span)
    }

    /// The columns that patterns name.
    fn matching(&mut self, patterns: &[Name], plan: &Arc<Plan>) -> Vec<usize> {
        let mut all = Vec::new();
        for pattern in patterns {
            all.extend(self.matches(pattern, plan));
        }
        all
    }

    fn matches(&mut self, pattern: &Name, plan: &Arc<Plan>) -> Vec<usize> {
        let fields = plan.schema.iter().enumerate();
        let found: Vec<usize> = fields
            .filter(|(_, field)| name::fits(&pattern.text, &field.name))
            .map(|(index, _)| index)
            .collect();
        if found.is_empty() && !pattern.text.contains('*') {
            let rows = &plan.schema;
            self.unknown_column(&pattern.text, pattern.span, rows, &Environment::default());
        }
        found
    }

    fn keep(&mut self, plan: &Arc<Plan>, span: Span, keep: impl Fn(usize) -> bool) -> Arc<Plan> {
        let kept: Vec<usize> = (0..plan.schema.len()).filter(|index| keep(*index)).collect();
        self.pick(plan, &kept, span)
    }

    /// Some columns of a table, in the order given.
    pub(super) fn pick(&mut self, plan: &Arc<Plan>, indexes: &[usize], span: Span) -> Arc<Plan> {
        let schema = indexes.iter().map(|index| plan.schema[*index].clone()).collect();
        let columns = indexes.iter().map(|index| Scalar::Column(*index)).collect();
        self.plan(Step::Project { input: Arc::clone(plan), columns }, schema, span)
    }

    fn rename(
        &mut self,
        renames: &[(Name, Name)],
        plan: &Arc<Plan>,
        span: Span,
        environment: &Environment<'a>,
    ) -> Arc<Plan> {
        let mut schema = plan.schema.clone();
        for (new, old) in renames {
            match plan.schema.iter().position(|field| field.name == old.text) {
                Some(index) => schema[index].name.clone_from(&new.text),
                None => self.unknown_column(&old.text, old.span, &plan.schema, environment),
            }
        }
        let columns = (0..schema.len()).map(Scalar::Column).collect();
        self.plan(Step::Project { input: Arc::clone(plan), columns }, schema, span)
    }

    fn reorder(&mut self, list: &[(Name, Option<Direction>)], plan: &Arc<Plan>, span: Span) -> Arc<Plan> {
        let mut indexes: Vec<usize> = Vec::new();
        for (pattern, direction) in list {
            let mut found = self.matches(pattern, plan);
            found.retain(|index| !indexes.contains(index));
            let by_name =
                |left: &usize, right: &usize| plan.schema[*left].name.cmp(&plan.schema[*right].name);
            match direction {
                Some(Direction::Ascending) => found.sort_by(by_name),
                Some(Direction::Descending) => found.sort_by(|left, right| by_name(right, left)),
                None => {}
            }
            indexes.extend(found);
        }
        let rest: Vec<usize> = (0..plan.schema.len()).filter(|index| !indexes.contains(index)).collect();
        indexes.extend(rest);
        self.pick(plan, &indexes, span)
    }

    fn sort(
        &mut self,
        orders: &'a [Order],
        limit: Option<Scalar>,
        plan: &Arc<Plan>,
        span: Span,
        environment: &Environment<'a>,
    ) -> Arc<Plan> {
        let keys = orders.iter().map(|order| {
            let descending = order.direction != Some(Direction::Ascending);
            let nulls_first = order.nulls.map_or(!descending, |nulls| nulls == Nulls::First);
            let value = self.scalar(&order.value, &plan.schema, environment).scalar;
            SortKey { value, descending, nulls_first }
        });
        let keys = keys.collect();
        let step = Step::Sort { input: Arc::clone(plan), keys, limit };
        self.plan(step, plan.schema.clone(), span)
    }

    /// A number of rows: the same for every row.
    pub(super) fn row_count(&mut self, value: &'a Expression, environment: &Environment<'a>) -> Scalar {
        let count = self.scalar(value, &[], environment);
        if !count.kind.is_number() && count.kind != Type::Dynamic {
            let message = format!("a number of rows is required, not a {}", count.kind.as_str());
            self.report(Diagnostic::invalid(value.span, message));
        }
        count.scalar
    }

    fn get_schema(&mut self, plan: &Arc<Plan>, span: Span) -> Arc<Plan> {
        let text = |texts: Vec<&str>| Column::of(texts.into_iter().map(Value::text).collect());
        let fields = &plan.schema;
        let ordinals = (0..).zip(fields).map(|(ordinal, _)| Value::Long(ordinal)).collect();
        let columns = vec![
            text(fields.iter().map(|field| field.name.as_str()).collect()),
            Column::of(ordinals),
            text(fields.iter().map(|field| system_type(field.kind)).collect()),
            text(fields.iter().map(|field| field.kind.as_str()).collect()),
        ];
        let schema = vec![
            Field::new("ColumnName", Type::String),
            Field::new("ColumnOrdinal", Type::Int),
            Field::new("DataType", Type::String),
            Field::new("ColumnType", Type::String),
        ];
        self.plan(Step::Rows(vec![Batch { columns, row_count: fields.len() }]), schema, span)
    }
}

fn system_type(kind: Type) -> &'static str {
    match kind {
        Type::Bool => "System.SByte",
        Type::Int => "System.Int32",
        Type::Long => "System.Int64",
        Type::Real => "System.Double",
        Type::String => "System.String",
        Type::Datetime => "System.DateTime",
        Type::Timespan => "System.TimeSpan",
        Type::Guid => "System.Guid",
        Type::Dynamic => "System.Object",
    }
}
