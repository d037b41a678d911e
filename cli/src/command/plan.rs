//! `plan`: what a recovery would send, as a file to read, keep and apply.

use std::path::{Path, PathBuf};

use crate::args::recovery::PlanChoice;
use crate::args::tenant::Tenant;
use crate::error::{Failure, Outcome, Status};
use crate::session::Session;
use crate::{plan_file, planning};

/// Plans a recovery: what would be sent, and nothing is; `plan show FILE` shows one
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  entrasnap plan latest~1 latest --types user --out plan.json\n  entrasnap plan show plan.json"
)]
pub(crate) struct Options {
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

impl Options {
    /// Whether a plan file is shown, and no plan made.
    pub(super) fn is_show(&self) -> bool {
        self.from.as_deref() == Some("show")
    }
}

/// Makes a plan, or shows one.
///
/// # Errors
/// When a point names no backup, the query is wrong, the tenant cannot be read, or the file cannot be written.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options) -> Outcome {
    if options.is_show() {
        let Some(file) = &options.to else {
            return Err(Failure::usage("expected a plan file behind `plan show`"));
        };
        let plan = plan_file::read(session, Path::new(file))?;
        plan_file::print(session, &plan)?;
        return Ok(Status::Done);
    }
    if options.from.as_deref() == Some("sign") {
        return sign(session, options);
    }
    planning::check_allowed(&options.choice.allow)?;
    let plan = match (&options.file, &options.report) {
        (Some(file), _) => planning::of_query(session, file, &options.choice, &options.tenant)?,
        (None, Some(report)) => planning::of_report(session, report, &options.choice)?,
        (None, None) => {
            let from = options.from.clone().unwrap_or_default();
            let to = options.to.clone().unwrap_or_else(|| "live".to_owned());
            planning::between(session, &from, &to, &options.choice, &options.tenant)?
        }
    };
    if let Some(out) = &options.out {
        plan_file::write(session, out, &plan)?;
    }
    let store = session.open()?;
    session.name_tenant(&store);
    plan_file::print(session, &plan)?;
    Ok(Status::Done)
}

/// Signs a plan file, or adds a signature that was made elsewhere.
fn sign(session: &mut Session<'_, '_>, options: &Options) -> Outcome {
    let Some(file) = options.to.as_deref().map(Path::new) else {
        return Err(Failure::usage("expected a plan file behind `plan sign`"));
    };
    let text = |session: &Session<'_, '_>, file: &Path| {
        let path = session.path(file);
        std::fs::read_to_string(&path).map_err(|error| Failure::file("cannot read", &path, &error))
    };
    let mut plan = plan_file::read(session, file)?;
    let key = match (&options.key, &options.signature) {
        (Some(key), None) => plan.sign(&text(session, key)?)?,
        (None, Some(signature)) => plan.add_signature(&text(session, signature)?)?,
        _ => return Err(Failure::usage("expected --key or --signature behind `plan sign FILE`")),
    };
    plan_file::write(session, file, &plan)?;
    session.note(&format!("hash {} is signed by {key}", plan.hash));
    Ok(Status::Done)
}
