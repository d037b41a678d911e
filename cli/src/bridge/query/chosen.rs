//! What queries choose of a difference: the objects of a predicate, the rows of `recover`.

use std::collections::HashSet;

use query::language::{Predicate, predicate};
use query::{ResolvedPoint, ResultTable, Value};

use super::{Question, ReadLive, StoredTables, no_live};
use crate::error::{Failure, Outcome};
use crate::io::Interrupt;

/// What a query that ends in `recover` chose.
#[derive(Debug)]
pub(crate) struct ChosenRows {
    /// `diff` or `changes`.
    pub(crate) source: String,
    /// The two points in time.
    pub(crate) points: Vec<ResolvedPoint>,
    pub(crate) attributes: Vec<String>,
    pub(crate) links: Vec<String>,
    pub(crate) recreate: bool,
    pub(crate) soft_delete: bool,
    pub(crate) hard_delete: bool,
    pub(crate) rows: Vec<ChosenRow>,
}

/// One chosen row; what the source has not is empty.
#[derive(Debug, Default)]
pub(crate) struct ChosenRow {
    pub(crate) type_token: String,
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) target_id: String,
}

/// What the last query of a text chose with `recover`.
///
/// # Errors
/// What is wrong with the text; a text that does not end in `recover`, exit status 2.
pub(crate) fn selection_of(
    question: &Question,
    tables: &StoredTables,
    interrupt: &Interrupt,
    live: &mut ReadLive<'_>,
) -> Outcome<ChosenRows> {
    let results = question.run(tables, interrupt, live)?;
    let result = results.into_iter().next_back();
    let Some((result, selection)) = result
        .and_then(|mut result| Some((result.selection.take()?, result)))
        .map(|(selection, result)| (result, selection))
    else {
        let message = "the query chooses nothing to recover";
        return Err(Failure::usage(message).with_help("end it with `| recover`"));
    };
    if selection.points.len() != 2 {
        return Err(Failure::usage("expected a query over two points in time of the store"));
    }
    let rows = result.rows().map(|row| {
        let [type_token, id, kind, name, target_id] = ["type", "id", "kind", "name", "targetId"]
            .map(|column| row.text(column).unwrap_or_default().to_owned());
        ChosenRow { type_token, id, kind, name, target_id }
    });
    let rows = rows.collect();
    let is_on = |name: &str| {
        selection.options.iter().any(|(option, value)| option == name && *value == Value::Bool(true))
    };
    Ok(ChosenRows {
        source: selection.source.clone(),
        points: selection.points.clone(),
        attributes: selection.attributes.clone().unwrap_or_default(),
        links: selection.links.clone().unwrap_or_default(),
        recreate: is_on("recreate"),
        soft_delete: is_on("softDelete"),
        hard_delete: is_on("hardDelete"),
        rows,
    })
}

/// Types and IDs of the objects of a difference for which a predicate is true.
///
/// # Errors
/// What is wrong with the predicate, or what stopped the query.
pub(crate) fn chosen_changes(
    tables: &StoredTables,
    [from, to]: [&str; 2],
    condition: &str,
    now: jiff::Timestamp,
    interrupt: &Interrupt,
) -> Outcome<HashSet<(String, String)>> {
    let script = read_predicate(condition)?.over("diff", &[from, to], &["type", "id"]);
    let question = Question { text: condition.to_owned(), now, ..Question::default() };
    let results = question.run_script(&script, tables, interrupt, &mut no_live)?;
    tables.forget();
    let rows = results.iter().flat_map(ResultTable::rows);
    Ok(rows.filter_map(|row| Some((row.text("type")?.to_owned(), row.text("id")?.to_owned()))).collect())
}

/// Reads a predicate, which is no more than that.
///
/// # Errors
/// Where it is more, or no predicate at all.
pub(crate) fn read_predicate(text: &str) -> Outcome<Predicate> {
    predicate(text).map_err(|findings| {
        let first = findings.first().map(|finding| finding.span).unwrap_or_default();
        if let Some(end @ (")" | "]" | "}" | "|" | ";")) = text.get(first.start..first.end) {
            let message = format!("`--where` takes a predicate, and \"{end}\" ends it");
            return Failure::usage(message)
                .with_help("`entrasnap query` takes whole queries over `diff(from, to)`");
        }
        let question = Question { text: text.to_owned(), ..Question::default() };
        question.failure(&findings, false)
    })
}
