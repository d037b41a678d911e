//! Arguments that verbs have in common: the global ones, and what several verbs take.

pub(crate) mod recovery;
pub(crate) mod tenant;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, ValueEnum};

/// Options that stand before or after the verb.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Global options")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that is typed or not")]
pub(crate) struct Global {
    /// Folder of the store [env: `ENTRASNAP_STORE`] [default: entrasnap.store]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// Works with the tenant of this name, as `entrasnap tenant add` keeps it [env: `ENTRASNAP_TENANT`]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) tenant: Option<String>,
    /// Runs the verb for each tenant of `entrasnap tenant list`
    #[arg(long, global = true, conflicts_with_all = ["tenant", "store"])]
    pub(crate) all_tenants: bool,
    /// How data is printed [default: table on a terminal, ndjson when piped]
    #[arg(short, long, global = true, value_enum, value_name = "FORMAT")]
    pub(crate) output: Option<Format>,
    /// CSV and TSV with the values as they are: nothing stands before what a spreadsheet takes for a formula
    #[arg(long, global = true)]
    pub(crate) raw: bool,
    /// Shows long output as it is; else a terminal shows it through `ENTRASNAP_PAGER`, `PAGER` or less
    #[arg(long, global = true)]
    pub(crate) no_pager: bool,
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

/// Which two backups, and which of their changes.
#[derive(Debug, clap::Args)]
pub(crate) struct Selection {
    /// The point in time to start from
    #[arg(value_name = "FROM", default_value = "latest~1")]
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

/// Whether errors are wanted as JSON, by arguments that may not even parse.
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

/// What was expected of a value that was typed; the parser of the command line says which value it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected(pub(crate) &'static str);

impl std::fmt::Display for Expected {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "expected {}", self.0)
    }
}

impl std::error::Error for Expected {}

/// Reads a size: a number of bytes, or one with a unit such as `512MB` or `2 GiB`.
pub(crate) fn parse_size(text: &str) -> Result<u64, Expected> {
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
    bytes.filter(|bytes| *bytes > 0).ok_or(Expected("a size such as 512MB or 2GiB"))
}
