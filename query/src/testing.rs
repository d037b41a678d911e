//! Small tables and short ways to run queries, for the tests of this crate.

use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::Timestamp;

use crate::batch::{Batch, Column, Schema};
use crate::error::TableError;
use crate::table::{Parts, ScanRequest, TableSource, Tables};
use crate::{
    Code, Context, Diagnostic, Diagnostics, Field, Limits, ResultPart, ResultTable, Script, Type, Value,
};

/// 2026-11-20 12:00 UTC, the instant of every test.
pub(crate) const NOW: Timestamp = Timestamp::constant(1_795_176_000, 0);

/// A directory of a few users, one group table, and what changed.
pub(crate) struct Directory;

/// Rows in columns, cut into batches of two.
struct Sample {
    schema: Schema,
    columns: Vec<Vec<Value>>,
}

impl TableSource for Sample {
    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    /// The column after the last one of the schema.
    fn nested(&self, column: usize, path: &[Arc<str>]) -> Option<usize> {
        let is_stored = self.schema[column].name == "employeeOrgData" && path == ["division".into()];
        is_stored.then_some(self.schema.len())
    }

    fn open(&self, request: &ScanRequest) -> Result<Box<dyn Parts>, TableError> {
        let row_count = self.columns.first().map_or(0, Vec::len);
        let batches = (0..row_count).step_by(2).map(|start| {
            let rows = start..row_count.min(start + 2);
            let columns = request.columns.iter().map(|index| {
                let values = self.columns[*index][rows.clone()].to_vec();
                let codes = (0..u32::try_from(values.len()).expect("two rows")).collect();
                Column::Dictionary { codes: Arc::new(codes), values: Arc::new(values) }
            });
            Batch { columns: columns.collect(), row_count: rows.len() }
        });
        Ok(Box::new(batches.collect::<Vec<_>>()))
    }
}

fn texts(values: &[&str]) -> Vec<Value> {
    values.iter().map(|value| Value::text(value)).collect()
}

fn users() -> Sample {
    let divisions = ["North", "", "South"].map(Value::text);
    let divisions = [&divisions[..], &[Value::Null, Value::Null]].concat();
    let bag = |division: &Value| match division {
        Value::Null => Value::Null,
        division => Value::Object(Arc::new(vec![("division".into(), division.clone())])),
    };
    let long = |value| if value == 0 { Value::Null } else { Value::Long(value) };
    Sample {
        schema: vec![
            Field::new("id", Type::String),
            Field::new("displayName", Type::String),
            Field::new("department", Type::String),
            Field::new("age", Type::Long),
            Field::new("accountEnabled", Type::Bool),
            Field::new("employeeOrgData", Type::Dynamic),
        ],
        columns: vec![
            texts(&["u1", "u2", "u3", "u4", "u5"]),
            texts(&["Ada", "Bo", "Cleo", "Dan", "Eve"]),
            texts(&["Sales", "Sales", "IT", "", "IT"]),
            [41, 0, 29, 63, 29].map(long).to_vec(),
            [true, false, true, true, false].map(Value::Bool).to_vec(),
            divisions.iter().map(bag).collect(),
            divisions.clone(),
        ],
    }
}

fn memberships() -> Sample {
    Sample {
        schema: vec![Field::new("member", Type::String), Field::new("group", Type::String)],
        columns: vec![texts(&["u1", "u1", "u3", "u9"]), texts(&["admins", "staff", "staff", "staff"])],
    }
}

fn diff() -> Sample {
    Sample {
        schema: vec![Field::new("id", Type::String), Field::new("type", Type::String)],
        columns: vec![texts(&["u1", "g1"]), texts(&["user", "group"])],
    }
}

impl Tables for Directory {
    fn table(&self, name: &str, arguments: &[Value]) -> Result<Option<Arc<dyn TableSource>>, TableError> {
        let table = match name {
            "users" if arguments.len() > 1 => {
                return Err(TableError::arguments("`users` takes one point".to_owned()));
            }
            "users" => users(),
            "memberships" => memberships(),
            "diff" => diff(),
            _ => return Ok(None),
        };
        Ok(Some(Arc::new(table)))
    }

    fn names(&self) -> Vec<String> {
        ["diff", "memberships", "users"].map(str::to_owned).to_vec()
    }
}

/// Runs a script over the directory.
pub(crate) fn run(text: &str) -> Result<Vec<ResultTable>, Vec<Diagnostic>> {
    run_within(text, &Directory, &Limits::default())
}

/// Runs a script over some tables, within limits.
pub(crate) fn run_within(
    text: &str,
    tables: &dyn Tables,
    limits: &Limits<'_>,
) -> Result<Vec<ResultTable>, Diagnostics> {
    crate::run(text, &Context { limits: *limits, ..Context::new(tables, NOW) })
}

/// Runs a script and gives its rows as they come.
pub(crate) fn run_streaming(
    text: &str,
    tables: &dyn Tables,
    limits: &Limits<'_>,
    take: &mut dyn FnMut(ResultPart) -> ControlFlow<()>,
) -> Result<(), Diagnostics> {
    let context = Context { limits: *limits, ..Context::new(tables, NOW) };
    let prepared = Script::parse(text)?.bind(&context)?;
    prepared.stream(take).map_err(|diagnostic| vec![diagnostic])
}

/// The steps of a script over the directory.
pub(crate) fn explained(text: &str) -> String {
    let context = Context::new(&Directory, NOW);
    let prepared = Script::parse(text).and_then(|script| script.bind(&context));
    prepared.unwrap_or_else(|findings| panic!("{text}: {findings:?}")).explain().unwrap()
}

/// The rows of a query, each as its JSON values with spaces between.
pub(crate) fn rows(text: &str) -> Vec<String> {
    let tables = run(text).unwrap_or_else(|findings| panic!("{text}: {findings:?}"));
    tables.iter().flat_map(lines).collect()
}

fn lines(table: &ResultTable) -> Vec<String> {
    let rows = table.batches.iter().flat_map(|batch| {
        (0..batch.row_count).map(|row| {
            let cells = table.schema.iter().zip(&batch.columns);
            let cells = cells.map(|(field, column)| column.get(row).to_json(field.kind));
            cells.collect::<Vec<_>>().join(" ")
        })
    });
    rows.collect()
}

/// The rows of a query in the order of their texts.
pub(crate) fn sorted(text: &str) -> Vec<String> {
    let mut rows = rows(text);
    rows.sort();
    rows
}

/// The columns of a query: `name:type` with spaces between.
pub(crate) fn columns(text: &str) -> String {
    let tables = run(text).unwrap_or_else(|findings| panic!("{text}: {findings:?}"));
    let fields = tables[0].schema.iter();
    let fields = fields.map(|field| format!("{}:{}", field.name, field.kind.as_str()));
    fields.collect::<Vec<_>>().join(" ")
}

/// The values of one row of constants.
pub(crate) fn print(expression: &str) -> String {
    rows(&format!("print {expression}")).join("\n")
}

/// What is wrong with a query: kinds, messages and help.
pub(crate) fn findings(text: &str) -> Vec<(Code, String, String)> {
    let findings = run(text).expect_err(text);
    let told = findings.into_iter().map(|finding| {
        assert!(text.get(finding.span.start..finding.span.end).is_some(), "{text}: {finding:?}");
        (finding.code, finding.message, finding.help.unwrap_or_default())
    });
    told.collect()
}
