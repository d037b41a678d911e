//! Reports by the ID or name that a person types, and the changes that they keep.

use engine::Store;
use engine::records::Report;

use crate::change::ChangeRow;
use crate::error::{Failure, Outcome, Status};

/// How many letters of an ID are enough to name it.
const PREFIX_LENGTH_MIN: usize = 4;

/// Whether this is the report's whole ID or its name.
pub(crate) fn answers(report: &Report, name: &str) -> bool {
    report.id == name || report.name == name
}

/// A new report's ID: 12 hexadecimal digits.
pub(crate) fn new_id(seed: [u8; 32]) -> String {
    let digits = seed[..6].iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// Changes as the text that a record keeps.
pub(crate) fn changes_text(changes: &[ChangeRow]) -> String {
    serde_json::to_string(changes).expect("changes are JSON values under text keys")
}

/// The changes that a report keeps.
///
/// # Errors
/// When the text is not of changes.
pub(crate) fn changes(report: &Report) -> Outcome<Vec<ChangeRow>> {
    let changes = report.changes.as_deref().map(serde_json::from_str).transpose();
    changes.map(Option::unwrap_or_default).map_err(|error| {
        let message = format!("the journal of reports holds a record that is no report: {error}");
        let help = "run `entrasnap verify --deep`";
        Failure::new("damaged", Status::Failed, message).with_help(help)
    })
}

/// The report with an ID, a name, or the only one whose ID starts so.
///
/// # Errors
/// When there is none, or more than one.
pub(crate) fn find(store: &Store, name: &str) -> Outcome<Report> {
    let report = choose(store.reports()?, name)?;
    Ok(store.report(&report.id)?.unwrap_or(report))
}

fn choose(mut reports: Vec<Report>, name: &str) -> Outcome<Report> {
    if let Some(index) = reports.iter().position(|report| answers(report, name)) {
        return Ok(reports.swap_remove(index));
    }
    let known: Vec<String> = reports.iter().map(|report| report.id.clone()).collect();
    reports.retain(|report| name.len() >= PREFIX_LENGTH_MIN && report.id.starts_with(name));
    match reports.len() {
        1 => Ok(reports.swap_remove(0)),
        0 => {
            let message = format!("no report \"{name}\"");
            let help = match known.as_slice() {
                [] => "there are none; `entrasnap report create` makes one".to_owned(),
                known => format!("there are: {}", known.join(", ")),
            };
            Err(Failure::new("noReport", Status::Failed, message).with_help(help))
        }
        count => {
            let message = format!("\"{name}\" is the start of the IDs of {count} reports");
            Err(Failure::new("ambiguous", Status::Failed, message).with_help("use more letters of the ID"))
        }
    }
}

#[cfg(test)]
mod tests;
