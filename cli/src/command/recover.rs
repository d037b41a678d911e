//! `recover`: plans, shows, asks and applies in one.

use crate::applying::{apply_plan, may_apply};
use crate::args::recovery::{Applying, PlanChoice};
use crate::args::tenant::Tenant;
use crate::error::Outcome;
use crate::session::Session;
use crate::{plan_file, planning};

/// Plans, shows, asks and applies in one
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  entrasnap recover latest~1 latest --types user --rehearse")]
pub(crate) struct Options {
    /// The state that is wanted back
    #[arg(value_name = "FROM")]
    pub(crate) from: String,
    /// The state whose changes are undone
    #[arg(value_name = "TO", default_value = "live")]
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) choice: PlanChoice,
    #[command(flatten)]
    pub(crate) applying: Applying,
    #[command(flatten)]
    pub(crate) tenant: Tenant,
}

/// Plans, shows, asks and applies.
///
/// # Errors
/// As `plan`, and as `apply`.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options) -> Outcome {
    may_apply(session)?;
    let plan = planning::between(session, &options.from, &options.to, &options.choice, &options.tenant)?;
    plan_file::print(session, &plan)?;
    apply_plan(session, &plan, &options.applying, &options.choice.allow, &options.tenant)
}
