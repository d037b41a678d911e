//! Arguments of plans and of applying them, which several verbs take.

use clap::ValueEnum;

use super::tenant::Waiting;

/// What to bring back.
#[derive(Debug, Clone, Default, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that is typed or not")]
pub(crate) struct PlanChoice {
    /// Only these types, such as `user,group`
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    pub(crate) types: Vec<String>,
    /// Only the objects with these IDs
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub(crate) ids: Vec<String>,
    /// Only objects for which this is true: a predicate over the rows of `diff(from, to)`
    #[arg(long = "where", value_name = "EXPR")]
    pub(crate) predicate: Option<String>,
    /// Only these attributes
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) attributes: Vec<String>,
    /// Only these relations
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) links: Vec<String>,
    /// Makes again what was deleted for good, under new IDs
    #[arg(long)]
    pub(crate) recreate: bool,
    /// Moves to the recycle bin what was not there
    #[arg(long)]
    pub(crate) soft_delete: bool,
    /// Deletes what was not there and has no recycle bin
    #[arg(long)]
    pub(crate) hard_delete: bool,
    /// Restores users whose name or addresses others took, under another name and without these addresses
    #[arg(long)]
    pub(crate) reconcile: bool,
    /// Allows a guard by its name
    #[arg(long, value_name = "GUARD", value_delimiter = ',')]
    pub(crate) allow: Vec<String>,
}

/// What to do with conflicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Conflict {
    /// Leaves them and goes on
    #[default]
    Skip,
    /// Leaves them and ends
    Stop,
    /// Writes what is wanted all the same
    Overwrite,
}

/// How a plan is applied.
#[derive(Debug, Clone, Default, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that is typed or not")]
pub(crate) struct Applying {
    /// Asks nothing
    #[arg(short = 'y', long)]
    pub(crate) yes: bool,
    /// What to do where something stands that is neither as planned nor as wanted
    #[arg(long, value_enum, value_name = "WAY", default_value_t = Conflict::Skip)]
    pub(crate) on_conflict: Conflict,
    /// Why, for the history
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) reason: String,
    /// Takes a full backup first
    #[arg(long)]
    pub(crate) backup_first: bool,
    /// Conditional access policies that would be enabled only report
    #[arg(long)]
    pub(crate) ca_report_only: bool,
    /// Applies it to a simulated tenant instead: what would fail, how long it takes
    #[arg(long)]
    pub(crate) rehearse: bool,
    /// Only the plan with this hash, which `plan show` prints; its first 16 digits do
    #[arg(long, value_name = "HASH")]
    pub(crate) hash: Option<String>,
    /// Takes a plan that this store did not make, after it was read
    #[arg(long, requires = "hash")]
    pub(crate) accept_unsealed: bool,
    /// The tenant that is meant, where neither the plan nor its store says one
    #[arg(long, value_name = "ID")]
    pub(crate) tenant_id: Option<String>,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}
