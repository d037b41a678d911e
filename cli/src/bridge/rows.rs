//! The rows of a query as a table that can be shown.

use std::io;

use query::ast::Render;
use query::{ResultTable, Type, Value};

use crate::output::chart::{Kind, Request};
use crate::output::{Cell, Table};

impl Table for ResultTable {
    fn columns(&self) -> Vec<&str> {
        self.schema.iter().map(|field| field.name.as_str()).collect()
    }

    fn visit(&self, visit: &mut dyn FnMut(&[Cell]) -> io::Result<()>) -> io::Result<()> {
        let kinds: Vec<Type> = self.schema.iter().map(|field| field.kind).collect();
        let mut cells = Vec::with_capacity(kinds.len());
        for row in self.rows() {
            cells.clear();
            cells.extend(row.values().zip(&kinds).map(|(value, kind)| cell(&value, *kind)));
            visit(&cells)?;
        }
        Ok(())
    }
}

/// A value in the form that the contract gives it.
fn cell(value: &Value, kind: Type) -> Cell {
    let text = || value.to_json(kind);
    let bare = || text().trim_matches('"').to_owned();
    match value {
        Value::Null if kind == Type::String => Cell::Text(String::new()),
        Value::Null => Cell::Null,
        Value::Bool(flag) => Cell::Flag(*flag),
        Value::Long(number) => Cell::Integer(*number),
        Value::Real(_) => Cell::Real(bare()),
        Value::String(text) => Cell::Text(text.to_string()),
        Value::Datetime(_) => Cell::Moment(bare()),
        Value::Timespan(_) | Value::Guid(_) => Cell::Word(bare()),
        Value::Array(_) | Value::Object(_) => Cell::Json(text()),
    }
}

/// The chart that a query requests, if it is one that is drawn.
pub(crate) fn chart_of(result: &ResultTable) -> Option<Request> {
    let render: &Render = result.render.as_ref()?;
    let property = |wanted: &str| {
        let found = render.properties.iter().find(|(name, _)| name.text.eq_ignore_ascii_case(wanted));
        found.map(|(_, values)| values.clone()).unwrap_or_default()
    };
    let kind = Kind::from_name(&render.kind.text)?;
    Some(Request {
        kind,
        title: property("title").join(", "),
        x: property("xcolumn").into_iter().next(),
        y: property("ycolumns"),
    })
}
