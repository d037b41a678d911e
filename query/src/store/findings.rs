//! The table `findings(from, to)`, and the findings of two backups for callers: rules, run over the tables of a store.

use std::sync::Arc;

use engine::DifferenceFilter;

use super::StoreTables;
use super::cells::{self, ColumnSpec};
use super::condition::admits_text;
use super::diff::Sides;
use crate::batch::{Batch, Column, Schema};
use crate::error::{Cause, TableError};
use crate::findings::{
    self, ChangeKey, Finding, RelatedObject, Rule, RuleError, RuleProblem, Rules, Severity,
};
use crate::limits::Limits;
use crate::point::ResolvedPoint;
use crate::table::{Parts, ScanRequest, TableSource, Tables};
use crate::value::{Type, Value};

/// Its name.
pub(super) const NAME: &str = "findings";

const COLUMNS: [ColumnSpec; 14] = [
    ("severity", Type::String),
    ("rule", Type::String),
    ("title", Type::String),
    ("sentence", Type::String),
    ("type", Type::String),
    ("id", Type::String),
    ("displayName", Type::String),
    ("kind", Type::String),
    ("name", Type::String),
    ("targetId", Type::String),
    ("fromValue", Type::Dynamic),
    ("toValue", Type::Dynamic),
    ("related", Type::Dynamic),
    ("undo", Type::Dynamic),
];

const SEVERITY: usize = 0;
const RULE: usize = 1;

impl StoreTables {
    /// What rules find between two backups: the gravest first, then by rule, type and ID.
    ///
    /// # Errors
    /// When a rule cannot be run, or gives what is no finding.
    pub fn findings(
        &self,
        [from, to]: [&ResolvedPoint; 2],
        rules: &Rules,
        limits: &Limits<'_>,
    ) -> Result<Vec<Finding>, RuleError> {
        self.findings_of([from, to], rules, limits, &|_| true)
    }

    fn findings_of(
        &self,
        [from, to]: [&ResolvedPoint; 2],
        rules: &Rules,
        limits: &Limits<'_>,
        is_wanted: &dyn Fn(&Rule) -> bool,
    ) -> Result<Vec<Finding>, RuleError> {
        // What rules note is about their own tables; the caller says once what was not read.
        let tables = WithoutFindings(Self { log: Arc::default(), ..self.clone() });
        let sides = findings::ComparedPoints {
            tables: &tables,
            from: &from.backup,
            to: &to.backup,
            now: to.taken_at,
            limits: *limits,
        };
        findings::run(&sides, rules, is_wanted)
    }
}

/// The tables that a rule sees.
struct WithoutFindings(StoreTables);

impl Tables for WithoutFindings {
    fn table(&self, name: &str, arguments: &[Value]) -> Result<Option<Arc<dyn TableSource>>, TableError> {
        if name == NAME {
            let message = "a rule cannot name `findings`, which runs every rule";
            return Err(TableError::arguments(message.to_owned()));
        }
        self.0.table(name, arguments)
    }

    fn names(&self) -> Vec<String> {
        self.0.names().into_iter().filter(|name| name != NAME).collect()
    }
}

/// The table.
pub(super) struct Findings {
    tables: StoreTables,
    sides: Sides,
}

impl Findings {
    pub(super) fn new(tables: &StoreTables, arguments: &[Value]) -> Result<Self, TableError> {
        let sides = Sides::new(tables, NAME, arguments)?;
        Ok(Self { tables: tables.clone(), sides })
    }
}

impl TableSource for Findings {
    fn schema(&self) -> Schema {
        cells::schema_of(&COLUMNS)
    }

    fn open(&self, request: &ScanRequest) -> Result<Box<dyn Parts>, TableError> {
        self.sides.note_unread(&self.tables, NAME, &DifferenceFilter::default())?;
        let conditions = &request.conditions;
        let is_wanted = |rule: &Rule| admits_text(conditions, RULE, rule.id.as_str());
        let sides = [&self.sides.from, &self.sides.to];
        let found = self.tables.findings_of(sides, Rules::shipped(), &Limits::default(), &is_wanted);
        let mut found = found.map_err(table_error)?;
        let is_admitted = |severity: Severity| admits_text(conditions, SEVERITY, severity.as_str());
        found.retain(|finding| is_admitted(finding.severity));
        let columns = request
            .columns
            .iter()
            .map(|column| Column::of(found.iter().map(|finding| cell(finding, *column)).collect()));
        let batch = Batch { columns: columns.collect(), row_count: found.len() };
        Ok(Box::new(batch.split()))
    }

    fn points(&self) -> Vec<ResolvedPoint> {
        self.sides.points()
    }
}

/// What the store says no to is no fault of the rule that asked.
fn table_error(error: RuleError) -> TableError {
    let RuleProblem::Query(diagnostics) = &error.problem else { return TableError::Other(Arc::new(error)) };
    let cause = diagnostics.iter().find_map(|diagnostic| diagnostic.cause.as_deref());
    match cause {
        Some(Cause::Table(table)) => table.clone(),
        _ => TableError::Other(Arc::new(error)),
    }
}

fn cell(finding: &Finding, column: usize) -> Value {
    let change = &finding.change;
    match column {
        SEVERITY => Value::text(finding.severity.as_str()),
        RULE => Value::text(&finding.rule.id),
        2 => Value::text(&finding.rule.title),
        3 => Value::text(&finding.sentence),
        4 => Value::text(&change.type_token),
        5 => Value::text(&change.id),
        6 => Value::text(&finding.display_name),
        7 => Value::text(&change.kind),
        8 => Value::text(&change.name),
        9 => Value::text(&change.target_id),
        10 => finding.from_value.clone(),
        11 => finding.to_value.clone(),
        12 => cells::array(finding.related.iter().map(related).collect()),
        _ => cells::array(finding.undo.iter().map(undone).collect()),
    }
}

fn related(object: &RelatedObject) -> Value {
    cells::bag([
        ("type", Value::text(&object.type_token)),
        ("id", Value::text(&object.id)),
        ("displayName", Value::text(&object.display_name)),
    ])
}

fn undone(change: &ChangeKey) -> Value {
    cells::bag([
        ("type", Value::text(&change.type_token)),
        ("id", Value::text(&change.id)),
        ("kind", Value::text(&change.kind)),
        ("name", Value::text(&change.name)),
        ("targetId", Value::text(&change.target_id)),
    ])
}
