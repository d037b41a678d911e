//! Owns how objects look in answers: which properties, in runs copied from the text in memory.

use std::fmt;
use std::sync::Arc;

use crate::body::{Body, Shape};
use crate::replica::View;
use crate::resource::Kind;
use crate::state::Handle;

/// How the objects of one type are shown.
pub(crate) struct Form {
    kind: Kind,
    /// The properties that `$select` names; none for the default ones.
    select: Option<Vec<String>>,
    /// Whether each object says its type.
    typed: bool,
    plans: Vec<(Arc<Shape>, Plan)>,
}

/// How objects of one shape are copied.
struct Plan {
    runs: Vec<(usize, usize)>,
    /// Members that no object of the shape has: those never set.
    unset: String,
}

impl Form {
    pub(crate) fn new(kind: Kind, select: Option<&[String]>, typed: bool) -> Self {
        Self { kind, select: select.map(<[String]>::to_vec), typed, plans: Vec::new() }
    }

    /// Appends members, each with a comma behind it.
    pub(crate) fn push_members(&mut self, out: &mut String, body: &Body) {
        if self.typed && !self.kind.resource().is_abstract() {
            out.push_str("\"@odata.type\":\"#");
            out.push_str(self.kind.resource().odata[0]);
            out.push_str("\",");
        }
        let found = self.plans.iter().position(|(shape, _)| Arc::ptr_eq(shape, body.shape()));
        let index = found.unwrap_or_else(|| {
            let plan = self.plan(body.shape());
            self.plans.push((Arc::clone(body.shape()), plan));
            self.plans.len() - 1
        });
        let plan = &self.plans[index].1;
        for &(from, to) in &plan.runs {
            out.push_str(body.run(from, to));
        }
        out.push_str(&plan.unset);
    }

    fn plan(&self, shape: &Shape) -> Plan {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for (index, name) in shape.names.iter().enumerate() {
            if !self.shows(name) {
                continue;
            }
            match runs.last_mut() {
                Some((_, to)) if *to == index => *to += 1,
                _ => runs.push((index, index + 1)),
            }
        }
        let resource = self.kind.resource();
        let mut unset = String::new();
        for name in &resource.select {
            if self.shows(name) && !self.is_foreign(name) && !shape.has(name) {
                unset.push('"');
                unset.push_str(name);
                unset.push_str("\":");
                unset.push_str(resource.unset(name));
                unset.push(',');
            }
        }
        Plan { runs, unset }
    }

    /// Properties of derived types are not unset on their siblings.
    fn is_foreign(&self, name: &str) -> bool {
        self.kind.resource().is_abstract() && !matches!(name, "id" | "displayName" | "deletedDateTime")
    }

    fn shows(&self, name: &str) -> bool {
        if name == "@odata.type" {
            return true;
        }
        if self.kind.resource().is_hidden(name) {
            return false;
        }
        if let Some(names) = &self.select {
            return names.iter().any(|wanted| wanted == name || wanted == "*");
        }
        let defaults = &self.kind.resource().defaults;
        defaults.is_empty() || defaults.contains(&name)
    }
}

/// Appends an object, closed; `more` may add members, each with a comma behind it.
pub(crate) fn push_object(
    out: &mut String,
    view: &View<'_>,
    form: &mut Form,
    handle: Handle,
    more: impl FnOnce(&mut String),
) {
    out.push('{');
    form.push_members(out, view.body(handle));
    more(out);
    close(out, '}');
}

/// Appends formatted text, which cannot fail.
pub(crate) trait Append {
    /// Appends the text.
    fn append(&mut self, text: fmt::Arguments<'_>);
}

impl Append for String {
    fn append(&mut self, text: fmt::Arguments<'_>) {
        fmt::Write::write_fmt(self, text).expect("a String takes every text");
    }
}

/// Closes an object or array, without the comma behind its last part.
pub(crate) fn close(out: &mut String, sign: char) {
    if out.ends_with(',') {
        out.pop();
    }
    out.push(sign);
}

/// The forms of objects of several types.
#[derive(Default)]
pub(crate) struct Forms {
    select: Option<Vec<String>>,
    forms: Vec<Form>,
}

impl Forms {
    pub(crate) fn new(select: Option<&[String]>) -> Self {
        Self { select: select.map(<[String]>::to_vec), forms: Vec::new() }
    }

    /// Gives the form of a type.
    pub(crate) fn of(&mut self, kind: Kind) -> &mut Form {
        let index = self.forms.iter().position(|form| form.kind == kind).unwrap_or_else(|| {
            self.forms.push(Form::new(kind, self.select.as_deref(), true));
            self.forms.len() - 1
        });
        &mut self.forms[index]
    }
}
