//! `query`: questions in the query language.

use std::path::{Path, PathBuf};

use query::{Parameters, Script};

use crate::answer;
use crate::args::tenant::Tenant;
use crate::args::{Expected, parse_size};
use crate::bridge::query::{Question, StoredTables};
use crate::bridge::scratch::Scratch;
use crate::error::{Failure, Outcome, Status};
use crate::live;
use crate::output;
use crate::session::Session;

/// Asks a question in the query language
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  entrasnap query 'print answer = strlen(\"entrasnap\")'\n  entrasnap query --check 'users | where accountEnabled == false | count'\n\nA query is KQL, as of Microsoft Sentinel and Azure Data Explorer: a table, then operators, each behind a `|`. Tables take a point in time: `users(\"latest~1\")`, `diff(ago(1d), \"latest\")`. Several queries are separated by `;`. The REPL completes names and explains operators."
)]
pub(crate) struct Options {
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
    /// Only parses: errors with their position, no store is opened
    #[arg(long, conflicts_with = "explain")]
    pub(crate) check: bool,
    /// How much memory it may take, such as 512MB
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) memory_limit: Option<u64>,
}

/// Answers every question of the text, in order.
///
/// # Errors
/// What is wrong with the text, each finding with its position; what stopped a query; or the store cannot be read.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options) -> Outcome {
    let text = match (&options.text, &options.file) {
        (Some(text), _) => text.clone(),
        (None, Some(file)) => read(session, file)?,
        (None, None) => return Err(Failure::usage("expected a query, or -f FILE")),
    };
    let question = Question {
        text,
        parameters: options.parameters.iter().cloned().collect(),
        memory_bytes: options.memory_limit,
        now: (session.io.now)(),
        ..Question::default()
    };
    ask(session, &question, options).map_err(|failure| {
        let file = options.file.as_ref().map(|file| file.display().to_string().into());
        let is_about_text = !failure.excerpts.is_empty() && failure.file.is_none();
        if is_about_text { Failure { file, ..failure } } else { failure }
    })
}

fn ask(session: &mut Session<'_, '_>, question: &Question, options: &Options) -> Outcome {
    if options.check {
        question.check()?;
        session.note("the query is well formed");
        return Ok(Status::Done);
    }
    let script = question.parse()?;
    check_parameters(&script, &question.parameters)?;
    let tables = StoredTables::new(session, "latest");
    let interrupt = session.io.interrupt;
    // Where there can be no folder, a query has memory alone.
    let scratch = Scratch::new().ok();
    let context = question.context(&tables, interrupt, scratch.as_ref());
    let prepared = question.bind(&script, &context, &tables, interrupt, &mut |asked| {
        live::prepare(session, &Tenant::default(), asked, &tables)
    })?;
    if options.explain {
        let steps = question.heard(interrupt, || prepared.explain())?;
        answer::name_points(session, &tables);
        answer::explain(session, &steps)?;
        return Ok(Status::Done);
    }
    if output::is_stream(session.format) {
        answer::stream(session, question, &prepared, &tables)?;
    } else {
        let results = question.heard(interrupt, || prepared.run())?;
        answer::print(session, &question.text, &tables, &results)?;
    }
    Ok(Status::Done)
}

/// A parameter that no query declares is most likely misspelt; its default would answer another question.
fn check_parameters(script: &Script, parameters: &Parameters) -> Outcome<()> {
    let declared: Vec<&str> = script.parameters().collect();
    let mut odd: Vec<&String> = parameters.keys().filter(|name| !declared.contains(&name.as_str())).collect();
    odd.sort();
    let Some(name) = odd.first() else { return Ok(()) };
    let help = match declared.as_slice() {
        [] => "a query takes values with `declare query_parameters(name:type = default);`".to_owned(),
        declared => format!("it declares: {}", declared.join(", ")),
    };
    Err(Failure::usage(format!("the query declares no parameter \"{name}\"")).with_help(help))
}

fn read(session: &mut Session<'_, '_>, file: &Path) -> Outcome<String> {
    let mut bytes = Vec::new();
    let path = session.path(file);
    let read = if file.as_os_str() == "-" {
        session.io.stdin.read_to_end(&mut bytes).map(drop)
    } else {
        std::fs::read(&path).map(|read| bytes = read)
    };
    let shown = if file.as_os_str() == "-" { file } else { &path };
    read.map_err(|error| Failure::file("cannot read", shown, &error))?;
    String::from_utf8(bytes).map_err(|_| {
        let error = std::io::Error::other("it is not UTF-8");
        // A file of something else is a mistake in the question, not in the machine.
        Failure { code: "query", status: Status::Usage, ..Failure::file("cannot read", shown, &error) }
    })
}

/// Reads `name=value`; the value may hold anything.
fn parse_parameter(text: &str) -> Result<(String, String), Expected> {
    let expected = Expected("NAME=VALUE");
    let (name, value) = text.split_once('=').ok_or(expected)?;
    let name = name.trim();
    if name.is_empty() { Err(expected) } else { Ok((name.to_owned(), value.to_owned())) }
}
