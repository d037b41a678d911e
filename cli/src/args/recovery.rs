//! What was typed about recoveries: plans, applying them, their history.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::tenant::{Tenant, Waiting};

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

#[derive(Debug, clap::Args)]
pub(crate) struct Plan {
    /// The state that is wanted back; or `show`, to show a plan file, or `sign`, to sign one
    #[arg(value_name = "FROM", required_unless_present_any = ["file", "report"])]
    pub(crate) from: Option<String>,
    /// The state whose changes are undone [default: live]; behind `show` and `sign`, the plan file
    #[arg(value_name = "TO")]
    pub(crate) to: Option<String>,
    /// A query file that ends in `recover`
    #[arg(short, long, value_name = "FILE.kql", conflicts_with = "from")]
    pub(crate) file: Option<PathBuf>,
    /// A saved difference, by its ID or name
    #[arg(long, value_name = "ID", conflicts_with_all = ["from", "file"])]
    pub(crate) report: Option<String>,
    #[command(flatten)]
    pub(crate) choice: PlanChoice,
    /// The plan file to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Behind `sign`: a private Ed25519 key as SSH keeps it, without a passphrase
    #[arg(long, value_name = "FILE", conflicts_with = "signature")]
    pub(crate) key: Option<PathBuf>,
    /// Behind `sign`: what `ssh-keygen -Y sign -n entrasnap-plan` made of a file that holds the plan's hash alone
    #[arg(long, value_name = "FILE")]
    pub(crate) signature: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) tenant: Tenant,
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

#[derive(Debug, clap::Args)]
pub(crate) struct Apply {
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

#[derive(Debug, clap::Args)]
pub(crate) struct Recover {
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

#[derive(Debug, Subcommand)]
pub(crate) enum Recovery {
    /// Shows a recovery and what became of each step
    #[command(after_help = "Example:\n  entrasnap recoveries")]
    Show(RecoveryId),
    /// Asks a recovery that runs elsewhere to stop
    #[command(after_help = "Example:\n  entrasnap recoveries")]
    Cancel(RecoveryId),
    /// Goes on with a recovery that was interrupted or cancelled
    #[command(after_help = "Example:\n  entrasnap recoveries")]
    Resume(Resume),
    /// Plans the opposite of a recovery, and applies it with `--yes`
    #[command(after_help = "Example:\n  entrasnap recoveries")]
    Undo(Undo),
}

#[derive(Debug, clap::Args)]
pub(crate) struct RecoveryId {
    /// The recovery's ID, or the beginning of one
    #[arg(value_name = "ID")]
    pub(crate) id: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Resume {
    /// The recovery's ID, or the beginning of one
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// What to do where something stands that is neither as planned nor as wanted
    #[arg(long, value_enum, value_name = "WAY", default_value_t = Conflict::Skip)]
    pub(crate) on_conflict: Conflict,
    /// Allows a guard by its name, besides those that were allowed when it began
    #[arg(long, value_name = "GUARD", value_delimiter = ',')]
    pub(crate) allow: Vec<String>,
    /// The tenant that is meant, where neither the plan nor its store says one
    #[arg(long, value_name = "ID")]
    pub(crate) tenant_id: Option<String>,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
    #[command(flatten)]
    pub(crate) tenant: Tenant,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Undo {
    /// The recovery's ID, or the beginning of one
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The plan file to write
    #[arg(long, value_name = "FILE", conflicts_with = "yes")]
    pub(crate) out: Option<PathBuf>,
    /// Applies it at once
    #[arg(short = 'y', long)]
    pub(crate) yes: bool,
    /// Why, for the history
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) reason: String,
    /// Allows a guard by its name
    #[arg(long, value_name = "GUARD", value_delimiter = ',')]
    pub(crate) allow: Vec<String>,
    /// The tenant that is meant, where neither the plan nor its store says one
    #[arg(long, value_name = "ID")]
    pub(crate) tenant_id: Option<String>,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
    #[command(flatten)]
    pub(crate) tenant: Tenant,
}
