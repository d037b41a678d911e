//! What was typed: verbs, options and their help.

pub(crate) mod recovery;
mod simulated;
pub(crate) mod tenant;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::StyledStr;
use clap::{Arg, ArgAction, FromArgMatches, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;

pub(crate) use simulated::{Demo, Twin};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "entrasnap",
    version,
    about = "Keeps every state of a Microsoft Entra ID tenant, and shows what changed between any two",
    disable_help_subcommand = true
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Options that stand before or after the verb.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Folder of the store [env: `ENTRASNAP_STORE`] [default: entrasnap.store]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// How data is printed [default: table on a terminal, ndjson when piped]
    #[arg(short, long, global = true, value_enum, value_name = "FORMAT")]
    pub(crate) output: Option<Format>,
    /// When to use colours
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub(crate) color: Color,
    /// Only data, warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// More about what is done; long values whole
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Appends what is said to this file too, one JSON object per line
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// Refuses whatever would write to the store
    #[arg(long, global = true)]
    pub(crate) read_only: bool,
}

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// One array or object
    Json,
    /// One object per line
    Ndjson,
    /// Comma-separated, RFC 4180
    Csv,
    /// Tab-separated
    Tsv,
    /// Markdown
    Md,
    /// A page of its own, ready to print
    Html,
    /// One line per value, in the REPL
    #[value(skip)]
    Line,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    Always,
    Never,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Commits a backup from files
    #[command(
        after_help = "Example:\n  echo '{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"u1\",\"displayName\":\"Ann\"}' | entrasnap import -"
    )]
    Import(Import),
    /// Commits a backup of the live tenant, read through Microsoft Graph
    #[command(
        after_help = "Example:\n  entrasnap backup --report\n\nIncremental where Graph tells what changed; a run that was interrupted is gone on with. `entrasnap setup` writes the commands that register the application it signs in as."
    )]
    Backup(tenant::Backup),
    /// Plans a recovery: what would be sent, and nothing is; `plan show FILE` shows one
    #[command(
        after_help = "Example:\n  entrasnap plan latest~1 latest --types user --out plan.json\n  entrasnap plan show plan.json"
    )]
    Plan(recovery::Plan),
    /// Applies a plan to the live tenant
    #[command(after_help = "Example:\n  entrasnap apply plan.json --rehearse")]
    Apply(recovery::Apply),
    /// Plans, shows, asks and applies in one
    #[command(after_help = "Example:\n  entrasnap recover latest~1 latest --types user --rehearse")]
    Recover(recovery::Recover),
    /// Lists the recoveries, oldest first
    #[command(after_help = "Example:\n  entrasnap recoveries")]
    Recoveries,
    /// Shows, stops, resumes or undoes a recovery
    #[command(subcommand, after_help = "Example:\n  entrasnap recoveries")]
    Recovery(recovery::Recovery),
    /// Prints the least Graph permissions that a command needs
    #[command(after_help = "Example:\n  entrasnap permissions backup --types user,group")]
    Permissions(tenant::Permissions),
    /// Writes the commands that register a reader and a recovery application
    #[command(after_help = "Example:\n  entrasnap setup --shell bash")]
    Setup(tenant::Setup),
    /// Lists the backups, oldest first
    #[command(after_help = "Example:\n  entrasnap backups -o json")]
    Backups,
    /// Shows one object as it was at a backup
    #[command(after_help = "Example:\n  entrasnap show Ann --at latest")]
    Show(Show),
    /// Shows all changes of one object, oldest first
    #[command(after_help = "Example:\n  entrasnap history Ann")]
    History(History),
    /// Shows the difference of two backups
    #[command(
        after_help = "Example:\n  entrasnap diff latest latest --summary\n  entrasnap diff latest latest --where 'type == \"user\" and attributeCount > 1'\n\nA point in time is `latest`, `latest~3`, a backup ID or the start of one, an RFC 3339 time (the newest backup at or before it), or `2026-11-20` (the only backup of that day in UTC, else as its 00:00)."
    )]
    Diff(Diff),
    /// Saves differences, and shows saved ones
    #[command(subcommand, after_help = "Example:\n  entrasnap report list")]
    Report(Report),
    /// Writes a backup as files
    #[command(after_help = "Example:\n  entrasnap export latest exported --format ndjson")]
    Export(Export),
    /// Checks that the store is what was written
    #[command(after_help = "Example:\n  entrasnap verify --deep")]
    Verify(Verify),
    /// Shows sizes and counts of the store
    #[command(after_help = "Example:\n  entrasnap stats")]
    Stats,
    /// Makes the catalogue of the store anew from its files
    #[command(after_help = "Example:\n  entrasnap reindex")]
    Reindex,
    /// Asks a question in the query language
    #[command(
        after_help = "Example:\n  entrasnap query 'print answer = strlen(\"entrasnap\")'\n  entrasnap query --check 'users | where accountEnabled == false | count'\n\nA query is KQL, as of Microsoft Sentinel and Azure Data Explorer: a table, then operators, each behind a `|`. Tables take a point in time: `users(\"latest~1\")`, `diff(ago(1d), \"latest\")`. Several queries are separated by `;`. The REPL completes names and explains operators."
    )]
    Query(Query),
    /// Opens a conversation in the query language; so does no verb at all on a terminal
    #[command(
        after_help = "Example:\n  echo 'print 1 + 1;' | entrasnap repl\n\n`.help` explains the language and the dot commands. Without a terminal, statements (each ended by `;` or an empty line) and dot commands are read from stdin; the first error ends it."
    )]
    Repl(Repl),
    /// Tells the whole story on a simulated tenant, in a temporary store
    #[command(after_help = "Example:\n  entrasnap demo --objects 2000")]
    Demo(Demo),
    /// Serves a simulated Graph tenant on this machine until Ctrl-C
    #[command(
        after_help = "Example:\n  entrasnap twin --objects 2000 --port 8080 --faults 429=5,slow\n\nIt prints the variables that Azure's libraries and this program need to talk to it. Only programs on this machine reach it; nothing it is told is kept."
    )]
    Twin(Twin),
    /// Prints the completions of a shell
    #[command(after_help = "Example:\n  entrasnap completions bash")]
    Completions(Completions),
    /// Writes the manual pages into a folder
    #[command(after_help = "Example:\n  entrasnap man manual")]
    Man(Man),
}

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own on the command line")]
pub(crate) struct Import {
    /// Files or folders: NDJSON (`-` is stdin), a JSON array, a Graph list page, a folder in the layout of `EntraExporter`
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// When the data was read from the tenant [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) taken_at: Option<Timestamp>,
    /// Weaves data older than the newest backup into the past; else it is refused
    #[arg(long)]
    pub(crate) insert: bool,
    /// Free text kept with the backup
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) note: String,
    /// Type of objects that do not say theirs
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) type_token: Option<String>,
    /// What is missing from the data is kept, not deleted
    #[arg(long)]
    pub(crate) partial: bool,
    /// Types (`user`) and relations (`group.members`) that are complete although no data came for them
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    pub(crate) complete: Vec<String>,
    /// Values that PowerShell cut off (`@{…}`, a single value for a list) are taken as they stand
    #[arg(long)]
    pub(crate) accept_truncated: bool,
    /// Data is taken although it has hardly any of the objects that the store holds
    #[arg(long)]
    pub(crate) new_tenant_data: bool,
    #[command(flatten)]
    pub(crate) waiting: tenant::Waiting,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// An ID, or an unambiguous user principal name, display name or application ID
    #[arg(value_name = "OBJECT")]
    pub(crate) object: String,
    /// The point in time
    #[arg(long, value_name = "POINT", default_value = "latest")]
    pub(crate) at: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct History {
    /// An ID, or an unambiguous user principal name, display name or application ID
    #[arg(value_name = "OBJECT")]
    pub(crate) object: String,
}

/// Which two backups, and which of their changes.
#[derive(Debug, clap::Args)]
pub(crate) struct Selection {
    /// The point in time to start from
    #[arg(value_name = "FROM")]
    pub(crate) from: String,
    /// The point in time to end at
    #[arg(value_name = "TO", default_value = "latest")]
    pub(crate) to: String,
    /// Only these types, such as `user,group`
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    pub(crate) types: Vec<String>,
    /// Only the objects with these IDs
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub(crate) ids: Vec<String>,
    /// Only objects for which this is true: a predicate of the query language over the rows of `diff(from, to)`
    #[arg(long = "where", value_name = "EXPR")]
    pub(crate) predicate: Option<String>,
}

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that is typed or not")]
pub(crate) struct Diff {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Server-made properties, purged objects, and links that ended with a deleted object too
    #[arg(long, conflicts_with = "predicate")]
    pub(crate) all: bool,
    /// Only counts, per type and kind of change
    #[arg(long)]
    pub(crate) summary: bool,
    /// Says what is ignored, what is compared as a set, and what was not observed
    #[arg(long)]
    pub(crate) explain: bool,
    /// Exit status 10 when there are differences, 4 when there are none and something was not read
    #[arg(long)]
    pub(crate) exit_code: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Report {
    /// Computes a difference and saves it
    #[command(after_help = "Example:\n  entrasnap report create latest latest --name first")]
    Create(ReportCreate),
    /// Lists the saved differences, oldest first
    #[command(after_help = "Example:\n  entrasnap report list")]
    List,
    /// Shows a saved difference, without computing it again
    #[command(after_help = "Example:\n  entrasnap report show first")]
    Show(ReportName),
    /// Removes a saved difference from the list
    #[command(after_help = "Example:\n  entrasnap report delete first")]
    Delete(ReportName),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReportCreate {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// A name to find it by
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(crate) name: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReportName {
    /// The report's ID, the start of it, or its name
    #[arg(value_name = "ID")]
    pub(crate) id: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// The point in time
    #[arg(value_name = "POINT")]
    pub(crate) point: String,
    /// The folder to write to
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// The layout of the files
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ExportFormat::Ndjson)]
    pub(crate) format: ExportFormat,
}

/// The layout of exported files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// One file per type, one object per line
    Ndjson,
    /// The folder tree of `EntraExporter`
    EntraExporter,
    #[value(hide = true)]
    Parquet,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// Reads every byte and rebuilds every version
    #[arg(long)]
    pub(crate) deep: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Query {
    /// The query
    #[arg(value_name = "TEXT", required_unless_present = "file", conflicts_with = "file")]
    pub(crate) text: Option<String>,
    /// Reads the query from a file (`-` is stdin)
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// A value for `declare query_parameters`
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parse_parameter)]
    pub(crate) parameters: Vec<(String, String)>,
    /// Shows the steps it would take, and takes none
    #[arg(long)]
    pub(crate) explain: bool,
    /// Only parses: errors with their place, no store is opened
    #[arg(long, conflicts_with = "explain")]
    pub(crate) check: bool,
    /// How much memory it may take, such as 512MB
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) memory_limit: Option<u64>,
}

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Repl {
    /// Keeps no history of what is typed
    #[arg(long)]
    pub(crate) no_history: bool,
    /// How much memory a query may take, such as 512MB
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) memory_limit: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Man {
    /// The folder; made when it is not there
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

/// Verbs that are known but not built, and what does the nearest thing today.
const PLANNED: [(&str, &str); 2] =
    [("prune", "every backup is kept"), ("store", "a store is a plain folder that can be copied")];

/// What a command line asks for.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// A verb of this version.
    Command(Box<Arguments>),
    /// A verb that is not built yet.
    Planned(String),
}

/// Reads a command line. Without a verb it asks for the REPL when somebody can type there.
///
/// # Errors
/// What clap says, which includes the answer to `--help` and `--version`.
pub(crate) fn parse(args: &[OsString], width: u16, is_terminal: bool) -> Result<Parsed, clap::Error> {
    let command = with_planned(command()).term_width(width.into());
    let command = command.subcommand_required(!is_terminal).arg_required_else_help(!is_terminal);
    let matches = command.try_get_matches_from(args)?;
    match matches.subcommand_name().filter(|name| planned(name).is_some()) {
        Some(name) => Ok(Parsed::Planned(name.to_owned())),
        None => Arguments::from_arg_matches(&matches).map(|found| Parsed::Command(Box::new(found))),
    }
}

/// The verbs of this version, for help, completions and manual pages.
pub(crate) fn command() -> clap::Command {
    let names: Vec<&str> = PLANNED.iter().map(|(name, _)| *name).collect();
    let note =
        format!("Known, but not built in this version: {}.\n\nExample:\n  entrasnap demo", names.join(", "));
    <Arguments as clap::CommandFactory>::command().after_help(StyledStr::from(note))
}

/// Verbs not built yet are recognised with whatever follows them, and never listed.
fn with_planned(command: clap::Command) -> clap::Command {
    let rest = Arg::new("rest").num_args(0..).trailing_var_arg(true).allow_hyphen_values(true);
    command.subcommands(
        PLANNED
            .map(|(name, _)| clap::Command::new(name).hide(true).disable_help_flag(true).arg(rest.clone())),
    )
}

/// What no verb at all means.
pub(crate) fn without_verb() -> Command {
    Command::Repl(Repl::default())
}

fn planned(name: &str) -> Option<&'static str> {
    PLANNED.iter().find(|(known, _)| *known == name).map(|(_, help)| *help)
}

/// What to do instead of a verb that is not built yet.
pub(crate) fn planned_help(name: &str) -> &'static str {
    planned(name).unwrap_or_default()
}

/// Whether errors are wanted as JSON, told from arguments that may not even parse.
pub(crate) fn wants_json(args: &[OsString], stdout_is_terminal: bool) -> bool {
    let mut format = None;
    let mut texts = args.iter().filter_map(|arg| arg.to_str()).peekable();
    while let Some(text) = texts.next() {
        format = match text {
            "-o" | "--output" => texts.peek().copied(),
            _ => text.strip_prefix("--output=").or_else(|| text.strip_prefix("-o")),
        }
        .or(format);
    }
    match format {
        Some(format) => matches!(format.trim_start_matches('='), "json" | "ndjson"),
        None => !stdout_is_terminal,
    }
}

/// Reads `name=value`; the value may hold anything.
fn parse_parameter(text: &str) -> Result<(String, String), String> {
    let expected = || "expected NAME=VALUE".to_owned();
    let (name, value) = text.split_once('=').ok_or_else(expected)?;
    let name = name.trim();
    if name.is_empty() { Err(expected()) } else { Ok((name.to_owned(), value.to_owned())) }
}

/// Reads a size: a number of bytes, or one with a unit such as `512MB` or `2 GiB`.
fn parse_size(text: &str) -> Result<u64, String> {
    let (number, unit) =
        text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len()));
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "kib" => 1 << 10,
        "m" | "mb" => 1_000_000,
        "mib" => 1 << 20,
        "g" | "gb" => 1_000_000_000,
        "gib" => 1 << 30,
        _ => 0,
    };
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    bytes.filter(|bytes| *bytes > 0).ok_or_else(|| "expected a size such as 512MB or 2GiB".to_owned())
}

/// Reads an RFC 3339 time, or a date or a time without offset as UTC.
fn parse_time(text: &str) -> Result<Timestamp, String> {
    let civil = || {
        let date_time: jiff::civil::DateTime = text.trim_end_matches(['Z', 'z']).parse().ok()?;
        jiff::tz::TimeZone::UTC.to_timestamp(date_time).ok()
    };
    text.parse().ok().or_else(civil).ok_or_else(|| {
        "expected a time such as 2026-11-20T08:00:00Z, or a date such as 2026-11-20".to_owned()
    })
}

#[cfg(test)]
mod tests;
