//! The names of results without a name of their own.

use std::collections::{HashMap, HashSet};

use crate::ast::{Access, Expression, ExpressionKind};
use crate::batch::Field;
use crate::value::Value;

/// Functions whose result keeps the name of the column they are applied to.
const KEEPING: [&str; 16] = [
    "bin",
    "floor",
    "parse_json",
    "tobool",
    "toboolean",
    "todatetime",
    "todecimal",
    "todouble",
    "todynamic",
    "toguid",
    "toint",
    "tolong",
    "toobject",
    "toreal",
    "tostring",
    "totimespan",
];

/// The name an expression brings along: a column, a path, or a conversion of one.
pub(super) fn of(value: &Expression) -> Option<String> {
    match &value.kind {
        ExpressionKind::Name(name) => Some(name.clone()),
        ExpressionKind::Path(base, steps) => {
            let mut name = of(base)?;
            for step in steps {
                match step {
                    Access::Member(member) => name.extend(["_", &member.text]),
                    Access::Index(index) => match &index.kind {
                        ExpressionKind::Literal(Value::String(key), _) => {
                            name.extend(["_", key]);
                        }
                        ExpressionKind::Literal(Value::Long(position), _) => {
                            name.extend(["_", &position.to_string()]);
                        }
                        _ => return None,
                    },
                    Access::Call(_) => return None,
                }
            }
            Some(name)
        }
        ExpressionKind::Call(call) if KEEPING.contains(&call.name.text.as_str()) => {
            let first = call.arguments.first()?;
            match &first.value.source {
                crate::ast::Source::Expression(value) if first.value.stages.is_empty() => of(value),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The name, or the name with the first free number.
pub(super) fn unique(schema: &[Field], name: &str) -> String {
    let taken = |name: &str| schema.iter().any(|field| field.name == name);
    if !taken(name) {
        return name.to_owned();
    }
    (1..=schema.len() + 1)
        .map(|number| format!("{name}{number}"))
        .find(|name| !taken(name))
        .unwrap_or_default()
}

/// The names of the columns of a step while it gets more, so that each new one is free without a look at all others.
pub(super) struct Names {
    taken: HashSet<String>,
    /// For each name that was taken already, the first number behind it that may be free.
    next: HashMap<String, usize>,
}

impl Names {
    pub(super) fn of(schema: &[Field]) -> Self {
        Self { taken: schema.iter().map(|field| field.name.clone()).collect(), next: HashMap::new() }
    }

    /// As [`unique`], and takes the name.
    pub(super) fn take(&mut self, name: &str) -> String {
        let mut free = name.to_owned();
        if self.taken.contains(name) {
            let next = self.next.entry(name.to_owned()).or_insert(1);
            loop {
                free = format!("{name}{next}");
                *next += 1;
                if !self.taken.contains(&free) {
                    break;
                }
            }
        }
        self.taken.insert(free.clone());
        free
    }
}

/// Whether a name fits a pattern in which `*` is any text.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(index) => rest = &rest[index + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}
