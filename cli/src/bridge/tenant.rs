//! The simulated tenant of `demo`, by package `twin`.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use twin::synthetic::{Incident, Snapshot, Tenant};

use crate::names::is_guid;
use crate::report::{Failure, Outcome};

/// The file of the tenant before the incident.
pub(crate) const BEFORE: &str = "monday.ndjson";
/// The file of the tenant after it.
pub(crate) const AFTER: &str = "tuesday.ndjson";

/// What the incident does that is worth a closer look, as `Incident::describe` names it.
const CLOSER_LOOK: (&str, &str) = ("conditional access policy", "conditionalAccessPolicy");

/// What the simulated tenant went through.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    /// Objects before the incident.
    pub(crate) objects: u64,
    /// What happened, one sentence for each act.
    pub(crate) incident: Vec<String>,
    /// Types worth a closer look.
    pub(crate) types: String,
    /// ID of an object worth a closer look.
    pub(crate) suspect: String,
}

/// Writes the tenant before and after the incident.
///
/// # Errors
/// When a file cannot be written, or the tenant is too small for an incident.
pub(crate) fn write(folder: &Path, objects: u32, seed: u64) -> Outcome<Story> {
    let tenant = Tenant::new(objects.into(), seed);
    let incident = Incident::new(&tenant, 1);
    let objects = write_file(&folder.join(BEFORE), &tenant.on(0))?;
    write_file(&folder.join(AFTER), incident.snapshot())?;
    let acts = incident.describe();
    let suspect = acts
        .iter()
        .filter(|act| act.contains(CLOSER_LOOK.0))
        .chain(&acts)
        .find_map(|act| first_guid(act))
        .ok_or_else(|| Failure::usage("the tenant is too small for an incident; use more --objects"))?;
    Ok(Story { objects, incident: acts, types: CLOSER_LOOK.1.to_owned(), suspect })
}

fn write_file(path: &Path, tenant: &Snapshot<'_>) -> Outcome<u64> {
    let failed = |error: std::io::Error| Failure::file("cannot write", path, &error);
    let mut out = BufWriter::new(File::create(path).map_err(failed)?);
    let counts = tenant.write_ndjson(&mut out).map_err(failed)?;
    out.into_inner().map_err(|error| failed(error.into_error()))?;
    Ok(counts.objects)
}

fn first_guid(text: &str) -> Option<String> {
    let mut words = text.split(|letter: char| !letter.is_ascii_hexdigit() && letter != '-');
    words.find(|word| is_guid(word)).map(str::to_owned)
}
