//! What can be checked without the tables: calls of functions that are not defined.

use std::collections::HashSet;

use crate::ast::{
    Access, Argument, Call, Expression, ExpressionKind, Let, LetValue, Named, Operator, Order, Pipe, Search,
    Source, Statement,
};
use crate::error::{Code, Diagnostic};
use crate::function;

/// Looks at every call of a script.
pub(crate) fn calls(statements: &[Statement]) -> Vec<Diagnostic> {
    let mut walk = Walk { written: HashSet::new(), diagnostics: Vec::new() };
    walk.statements(statements);
    walk.diagnostics
}

struct Walk<'a> {
    written: HashSet<&'a str>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Walk<'a> {
    fn statements(&mut self, statements: &'a [Statement]) {
        for statement in statements {
            match statement {
                Statement::Let(binding) => self.binding(binding),
                Statement::Parameters(_) => {}
                Statement::Pipe(pipe) => self.pipe(pipe),
            }
        }
    }

    fn binding(&mut self, binding: &'a Let) {
        match &binding.value {
            LetValue::Pipe(pipe) => self.scalar_or_table(pipe),
            LetValue::Function(function) => {
                self.written.extend(function.parameters.iter().map(|p| p.name.text.as_str()));
                self.statements(&function.body);
            }
        }
        self.written.insert(&binding.name.text);
    }

    /// A pipe whose first word is a table, or a scalar when it has no stages.
    fn scalar_or_table(&mut self, pipe: &'a Pipe) {
        match &pipe.source {
            Source::Expression(value) if pipe.stages.is_empty() => self.expression(value),
            _ => self.pipe(pipe),
        }
    }

    fn pipe(&mut self, pipe: &'a Pipe) {
        self.source(&pipe.source);
        for stage in &pipe.stages {
            self.operator(&stage.operator);
        }
    }

    fn source(&mut self, source: &'a Source) {
        match source {
            Source::Expression(value) => self.table(value),
            Source::Print(list) => self.named(list),
            Source::Range(range) => {
                self.expressions([&range.from, &range.to, &range.step]);
            }
            Source::Union(union) => self.sources(&union.members),
            Source::Search(search) => self.search(search),
            Source::Datatable(table) => self.expressions(&table.cells),
        }
    }

    fn sources(&mut self, sources: &'a [Source]) {
        for source in sources {
            self.source(source);
        }
    }

    /// A call that must be a table is a table with arguments.
    fn table(&mut self, value: &'a Expression) {
        match &value.kind {
            ExpressionKind::Call(call) => {
                if function::is_foreign(&call.name.text) {
                    let span = call.name.span;
                    self.diagnostics.push(Diagnostic::unsupported(span, &call.name.text));
                }
                self.arguments(&call.arguments);
            }
            ExpressionKind::Path(base, steps) => {
                self.table(base);
                for step in steps {
                    if let Access::Call(call) = step {
                        self.arguments(&call.arguments);
                    }
                }
            }
            _ => self.expression(value),
        }
    }

    fn search(&mut self, search: &'a Search) {
        self.sources(&search.tables);
        self.expression(&search.predicate);
    }

    fn operator(&mut self, operator: &'a Operator) {
        match operator {
            Operator::Where(value) | Operator::Take(value) => self.expression(value),
            Operator::Project(list) | Operator::Extend(list) | Operator::Distinct(list) => {
                self.named(list);
            }
            Operator::Summarize(summarize) => {
                self.named(&summarize.aggregates);
                self.named(&summarize.keys);
            }
            Operator::Sort(orders) => self.orders(orders),
            Operator::Top(count, orders) => {
                self.expression(count);
                self.orders(orders);
            }
            Operator::Join(join) | Operator::Lookup(join) => {
                self.source(&join.right);
                self.expressions(&join.conditions);
            }
            Operator::Union(union) => self.sources(&union.members),
            Operator::MvExpand(expand) => {
                self.expressions(expand.items.iter().map(|(named, _)| &named.value));
                self.expressions(&expand.limit);
            }
            Operator::Parse(parse) => self.expression(&parse.value),
            Operator::Search(search) => self.search(search),
            Operator::Invoke(value) => self.table(value),
            Operator::Recover(recover) => {
                self.expressions(recover.options.iter().map(|(_, value)| value));
            }
            Operator::ProjectAway(_)
            | Operator::ProjectKeep(_)
            | Operator::ProjectRename(_)
            | Operator::ProjectReorder(_)
            | Operator::Count
            | Operator::As(_)
            | Operator::GetSchema
            | Operator::Render(_) => {}
        }
    }

    fn named(&mut self, list: &'a [Named]) {
        self.expressions(list.iter().map(|named| &named.value));
    }

    fn orders(&mut self, orders: &'a [Order]) {
        self.expressions(orders.iter().map(|order| &order.value));
    }

    fn expressions(&mut self, values: impl IntoIterator<Item = &'a Expression>) {
        values.into_iter().for_each(|value| self.expression(value));
    }

    fn expression(&mut self, value: &'a Expression) {
        match &value.kind {
            ExpressionKind::Call(call) => self.call(call),
            ExpressionKind::Path(base, steps) => {
                self.expression(base);
                for step in steps {
                    self.access(step);
                }
            }
            ExpressionKind::And(parts) | ExpressionKind::Or(parts) => self.expressions(parts),
            ExpressionKind::Negate(inner) => self.expression(inner),
            ExpressionKind::Chain(first, rest) => {
                self.expression(first);
                self.expressions(rest.iter().map(|(_, value)| value));
            }
            ExpressionKind::List(_, value, list) => {
                self.expression(value);
                self.arguments(list);
            }
            ExpressionKind::Between(between) => {
                self.expressions([&between.value, &between.low, &between.high]);
            }
            ExpressionKind::Pipe(pipe) => self.pipe(pipe),
            ExpressionKind::Literal(..)
            | ExpressionKind::TypeOf(_)
            | ExpressionKind::Name(_)
            | ExpressionKind::Star
            | ExpressionKind::Side(_) => {}
        }
    }

    fn access(&mut self, step: &'a Access) {
        match step {
            Access::Member(_) => {}
            Access::Index(value) => self.expression(value),
            Access::Call(call) => self.call(call),
        }
    }

    fn call(&mut self, call: &'a Call) {
        self.arguments(&call.arguments);
        let name = call.name.text.as_str();
        if function::exists(name) || self.written.contains(name) {
            return;
        }
        let message = format!("the function `{name}` is not supported");
        let diagnostic = Diagnostic::new(Code::UnknownFunction, call.name.span, message);
        self.diagnostics.push(diagnostic.with_names(name, "functions", function::names()));
    }

    fn arguments(&mut self, arguments: &'a [Argument]) {
        for argument in arguments {
            self.scalar_or_table(&argument.value);
        }
    }
}
