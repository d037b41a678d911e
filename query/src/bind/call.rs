//! Calls: functions of the table, functions written in the query, and those of the binder itself.

use std::sync::Arc;

use crate::aggregate;
use crate::ast::{
    Argument, Call, ExpressionKind, Function as Written, LetValue, Parameter, ParameterKind, Span, Statement,
};
use crate::error::{Code, Diagnostic, nearest};
use crate::function::{self, Body, Function};
use crate::plan::{Plan, Scalar, Typed};
use crate::value::{Type, Value};

use super::expression::{typed, unknown};
use super::group::placeholder;
use super::{Binder, Binding, Environment, INLINE_DEPTH_MAX, Rows, is_table, nothing};

impl<'a> Binder<'a> {
    pub(super) fn call(
        &mut self,
        call: &'a Call,
        span: Span,
        rows: Rows<'_>,
        environment: &Environment<'a>,
    ) -> Typed {
        let name = call.name.text.as_str();
        if let Some(Binding::Function { function: written, inner, .. }) = environment.find(name) {
            let (written, inner) = (*written, inner.clone());
            return self.inline_scalar(written, &call.arguments, span, rows, &inner, environment);
        }
        if aggregate::find(name).is_some()
            && let Some(Binding::Scalar(made)) = environment.find(&placeholder(call))
        {
            return made.clone();
        }
        let Some(found) = function::find(name) else {
            self.unknown_function(call);
            return unknown();
        };
        if let Some(named) = call.arguments.iter().find_map(|argument| argument.name.as_ref()) {
            let message = format!("`{name}` takes no named arguments");
            self.report(Diagnostic::invalid(named.span, message));
        }
        if !self.count_fits(found.usage, found.least, found.most, call.arguments.len(), span) {
            return unknown();
        }
        if matches!(found.body, Body::Binder) {
            return self.bound_function(found, call, span, rows, environment);
        }
        let arguments = call.arguments.iter();
        let arguments = arguments.map(|argument| self.scalar_pipe(&argument.value, rows, environment));
        let arguments: Vec<Typed> = arguments.collect();
        if name == "extract" && arguments.len() == 4 {
            return self.extract(found, arguments, span);
        }
        self.apply(found, arguments, span)
    }

    fn unknown_function(&mut self, call: &Call) {
        let name = call.name.text.as_str();
        let diagnostic = if aggregate::find(name).is_some() {
            let message = format!("the aggregate `{name}` can only stand in `summarize`");
            Diagnostic::invalid(call.name.span, message)
        } else {
            let message = format!("the function `{name}` is not supported");
            let diagnostic = Diagnostic::new(Code::UnknownFunction, call.name.span, message);
            match nearest(name, function::names()) {
                Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
                None => diagnostic,
            }
        };
        self.report(diagnostic);
    }

    pub(super) fn count_fits(
        &mut self,
        usage: &str,
        least: usize,
        most: usize,
        count: usize,
        span: Span,
    ) -> bool {
        let fits = (least..=most).contains(&count);
        if !fits {
            let message = format!("{count} arguments do not fit `{usage}`");
            self.report(Diagnostic::invalid(span, message));
        }
        fits
    }

    /// `extract` with a type converts what it found.
    fn extract(&mut self, found: &'static Function, mut arguments: Vec<Typed>, span: Span) -> Typed {
        let kind = match arguments.pop().map(|kind| kind.scalar) {
            Some(Scalar::Constant(Value::String(name))) => Type::from_name(&name),
            _ => None,
        };
        let text = self.apply(found, arguments, span);
        self.cast(text, kind.unwrap_or(Type::String))
    }

    fn bound_function(
        &mut self,
        found: &'static Function,
        call: &'a Call,
        span: Span,
        rows: Rows<'_>,
        environment: &Environment<'a>,
    ) -> Typed {
        let first = call.arguments.first().map(|argument| &argument.value);
        match (found.name, first) {
            ("toscalar", Some(pipe)) if is_table(pipe, environment) => {
                let plan = self.pipe(pipe, environment);
                let kind = plan.schema.first().map_or(Type::Dynamic, |field| field.kind);
                match self.query_id(&plan, span) {
                    Some(id) => Typed { scalar: Scalar::Query { id, plan }, kind },
                    None => unknown(),
                }
            }
            ("toscalar" | "materialize", Some(pipe)) => self.scalar_pipe(pipe, rows, environment),
            ("column_ifexists", Some(pipe)) => {
                let name = self.scalar_pipe(pipe, rows, environment);
                let position = match &name.scalar {
                    Scalar::Constant(Value::String(name)) => {
                        rows.iter().position(|field| field.name == **name)
                    }
                    _ => None,
                };
                match position {
                    Some(index) => Typed { scalar: Scalar::Column(index), kind: rows[index].kind },
                    None => self.scalar_pipe(&call.arguments[1].value, rows, environment),
                }
            }
            ("pack_all", first) => {
                let without_empty = first.is_some_and(|pipe| {
                    let flag = self.scalar_pipe(pipe, rows, environment);
                    matches!(flag.scalar, Scalar::Constant(Value::Bool(true)))
                });
                self.pack_all(if without_empty { "bag_pack_present" } else { "bag_pack" }, rows, span)
            }
            _ => unknown(),
        }
    }

    fn pack_all(&mut self, name: &str, rows: Rows<'_>, span: Span) -> Typed {
        let pairs = rows.iter().enumerate().flat_map(|(index, field)| {
            let key = typed(Value::text(&field.name), Type::String);
            [key, Typed { scalar: Scalar::Column(index), kind: field.kind }]
        });
        match function::find(name) {
            Some(function) => self.apply(function, pairs.collect(), span),
            None => unknown(),
        }
    }

    /// A call where a table stands.
    pub(super) fn table_call(
        &mut self,
        call: &'a Call,
        span: Span,
        environment: &Environment<'a>,
    ) -> Arc<Plan> {
        let name = call.name.text.as_str();
        if let Some(Binding::Function { function: written, inner, .. }) = environment.find(name) {
            let (written, inner) = (*written, inner.clone());
            return self.inline_table(written, &call.arguments, span, &inner, environment);
        }
        if let ("materialize", [argument]) = (name, call.arguments.as_slice()) {
            return self.pipe(&argument.value, environment);
        }
        if function::is_foreign(name) {
            self.report(Diagnostic::unsupported(call.name.span, name));
            return nothing(span);
        }
        if function::find(name).is_some() {
            let message = format!("`{name}` gives a value; a table is required here");
            self.report(Diagnostic::new(Code::Type, call.name.span, message));
            return nothing(span);
        }
        let mut arguments = Vec::new();
        for argument in &call.arguments {
            if let Scalar::Constant(value) = self.scalar_pipe(&argument.value, &[], environment).scalar {
                arguments.push(value);
            } else {
                let message = "the arguments of a table must be constants";
                self.report(Diagnostic::invalid(argument.value.span, message));
            }
        }
        self.stored_table(name, &arguments, span)
    }

    fn inline_scalar(
        &mut self,
        written: &'a Written,
        arguments: &'a [Argument],
        span: Span,
        rows: Rows<'_>,
        inner: &Environment<'a>,
        outer: &Environment<'a>,
    ) -> Typed {
        if !self.enter(span) {
            return unknown();
        }
        let local = self.pass(written, arguments, span, rows, inner, outer);
        let (local, last) = self.body(&written.body, local);
        let value = match last {
            Some(Statement::Pipe(pipe)) => self.scalar_pipe(pipe, &[], &local),
            _ => unknown(),
        };
        self.inlined -= 1;
        value
    }

    pub(super) fn inline_table(
        &mut self,
        written: &'a Written,
        arguments: &'a [Argument],
        span: Span,
        inner: &Environment<'a>,
        outer: &Environment<'a>,
    ) -> Arc<Plan> {
        if !self.enter(span) {
            return nothing(span);
        }
        let local = self.pass(written, arguments, span, &[], inner, outer);
        let (local, last) = self.body(&written.body, local);
        let plan = match last {
            Some(Statement::Pipe(pipe)) => self.pipe(pipe, &local),
            _ => nothing(span),
        };
        self.inlined -= 1;
        plan
    }

    fn enter(&mut self, span: Span) -> bool {
        if self.inlined >= INLINE_DEPTH_MAX {
            let message = format!("functions call one another more than {INLINE_DEPTH_MAX} deep");
            self.report(Diagnostic::new(Code::Limit, span, message));
            return false;
        }
        self.inlined += 1;
        true
    }

    /// Gives the parameters of a function their values.
    fn pass(
        &mut self,
        written: &'a Written,
        arguments: &'a [Argument],
        span: Span,
        rows: Rows<'_>,
        inner: &Environment<'a>,
        outer: &Environment<'a>,
    ) -> Environment<'a> {
        let mut local = inner.clone();
        if arguments.len() > written.parameters.len() {
            let (given, taken) = (arguments.len(), written.parameters.len());
            let message = format!("{given} arguments for {taken} parameters");
            self.report(Diagnostic::invalid(span, message));
        }
        for (index, parameter) in written.parameters.iter().enumerate() {
            let name = parameter.name.text.as_str();
            let named = arguments
                .iter()
                .find(|argument| argument.name.as_ref().is_some_and(|given| given.text == name));
            let placed = arguments.get(index).filter(|argument| argument.name.is_none());
            let binding = match named.or(placed) {
                Some(argument) => self.argument(parameter, argument, rows, outer),
                None => self.default(parameter, span, inner),
            };
            local = local.with(name, binding);
        }
        local
    }

    fn argument(
        &mut self,
        parameter: &'a Parameter,
        argument: &'a Argument,
        rows: Rows<'_>,
        outer: &Environment<'a>,
    ) -> Binding<'a> {
        match &parameter.kind {
            ParameterKind::Scalar(kind) => {
                let value = self.scalar_pipe(&argument.value, rows, outer);
                Binding::Scalar(self.cast(value, *kind))
            }
            ParameterKind::Table(columns) => {
                let plan = self.pipe(&argument.value, outer);
                for column in columns {
                    let name = &column.name.text;
                    if !plan.schema.iter().any(|field| field.name == *name) {
                        let message = format!("the table has no column `{name}`");
                        let span = argument.value.span;
                        self.report(Diagnostic::new(Code::UnknownColumn, span, message));
                    }
                }
                Binding::Table(self.shared(plan))
            }
        }
    }

    fn default(&mut self, parameter: &'a Parameter, span: Span, inner: &Environment<'a>) -> Binding<'a> {
        if let Some(default) = &parameter.default {
            let value = self.scalar(default, &[], inner);
            if let ParameterKind::Scalar(kind) = parameter.kind {
                return Binding::Scalar(self.cast(value, kind));
            }
        }
        let message = format!("the parameter `{}` requires a value", parameter.name.text);
        self.report(Diagnostic::invalid(span, message));
        Binding::Scalar(unknown())
    }

    /// Binds the `let` statements of a body and gives its last statement.
    fn body(
        &mut self,
        body: &'a [Statement],
        mut local: Environment<'a>,
    ) -> (Environment<'a>, Option<&'a Statement>) {
        let Some((last, before)) = body.split_last() else { return (local, None) };
        for statement in before {
            if let Statement::Let(binding) = statement {
                if let LetValue::Function(function) = &binding.value {
                    let binding_of = Self::function(function, &local);
                    local = local.with(&binding.name.text, binding_of);
                } else {
                    local = self.binding(binding, &local);
                }
            }
        }
        (local, Some(last))
    }

    /// `T | invoke f(…)`: the rows are the first argument.
    pub(super) fn invoke(
        &mut self,
        value: &'a crate::ast::Expression,
        plan: &Arc<Plan>,
        environment: &Environment<'a>,
    ) -> Arc<Plan> {
        let ExpressionKind::Call(call) = &value.kind else { return nothing(value.span) };
        let Some(Binding::Function { function: written, inner, .. }) = environment.find(&call.name.text)
        else {
            self.unknown_function(call);
            return nothing(value.span);
        };
        let (written, inner) = (*written, inner.clone());
        let Some((first, rest)) = written.parameters.split_first() else {
            let message = format!("`{}` takes no table", call.name.text);
            self.report(Diagnostic::invalid(value.span, message));
            return nothing(value.span);
        };
        if !self.enter(value.span) {
            return nothing(value.span);
        }
        let mut local = inner.with(&first.name.text, Binding::Table(self.shared(Arc::clone(plan))));
        for (index, parameter) in rest.iter().enumerate() {
            let binding = match call.arguments.get(index) {
                Some(argument) => self.argument(parameter, argument, &[], environment),
                None => self.default(parameter, value.span, &inner),
            };
            local = local.with(&parameter.name.text, binding);
        }
        let (local, last) = self.body(&written.body, local);
        let result = match last {
            Some(Statement::Pipe(pipe)) => self.pipe(pipe, &local),
            _ => nothing(value.span),
        };
        self.inlined -= 1;
        result
    }
}
