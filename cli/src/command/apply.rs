//! `apply`: applies a plan file to the tenant.

use std::path::PathBuf;

use crate::applying::apply_plan;
use crate::args::recovery::Applying;
use crate::args::tenant::Tenant;
use crate::error::Outcome;
use crate::plan_file;
use crate::session::Session;

/// Applies a plan to the live tenant
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  entrasnap apply plan.json --rehearse")]
pub(crate) struct Options {
    /// The plan file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) applying: Applying,
    /// Allows a guard by its name
    #[arg(long, value_name = "GUARD", value_delimiter = ',')]
    pub(crate) allow: Vec<String>,
    #[command(flatten)]
    pub(crate) tenant: Tenant,
}

/// Applies a plan file.
///
/// # Errors
/// When the plan is none, was edited, is guarded or stale, another recovery runs, or the tenant cannot be reached.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options) -> Outcome {
    let plan = plan_file::read(session, &options.file)?;
    apply_plan(session, &plan, &options.applying, &options.allow, &options.tenant)
}
