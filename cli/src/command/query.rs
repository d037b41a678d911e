//! `query`: questions in the query language.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use query::{Parameters, Prepared, ResultPart, ResultTable, Script};

use super::live;
use crate::args::tenant::Tenant;
use crate::args::{Format, Query};
use crate::bridge::query::{Question, StoredTables};
use crate::bridge::rows;
use crate::bridge::scratch::Scratch;
use crate::render::grid::Fit;
use crate::render::{self, Cell, Rows, Shown, counted, separated, stream};
use crate::report::{Failure, Outcome, Status};
use crate::session::Session;

/// Answers every question of the text, in order.
///
/// # Errors
/// What is wrong with the text, each with its place; what stopped a query; or the store cannot be read.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Query) -> Outcome {
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
    answer(session, &question, options).map_err(|failure| {
        let file = options.file.as_ref().map(|file| file.display().to_string().into());
        let is_about_text = !failure.excerpts.is_empty() && failure.file.is_none();
        if is_about_text { Failure { file, ..failure } } else { failure }
    })
}

fn answer(session: &mut Session<'_, '_>, question: &Question, options: &Query) -> Outcome {
    if options.check {
        question.check()?;
        session.note("the query is well formed");
        return Ok(Status::DONE);
    }
    let script = question.parse()?;
    check_parameters(&script, &question.parameters)?;
    let tables = StoredTables::new(session.store_path(), "latest");
    let interrupt = session.io.interrupt;
    // Where there can be no folder, a query has memory alone.
    let scratch = Scratch::new().ok();
    let context = question.context(&tables, interrupt, scratch.as_ref());
    let prepared = question.bind(&script, &context, &tables, interrupt, &mut |asked| {
        live::prepare(session, &Tenant::default(), asked, &tables)
    })?;
    if options.explain {
        let steps = question.heard(interrupt, || prepared.explain())?;
        name_points(session, &tables);
        explain(session, &steps)?;
        return Ok(Status::DONE);
    }
    if stream::is_possible(session.format) {
        return stream(session, question, &prepared, &tables);
    }
    let results = question.heard(interrupt, || prepared.run())?;
    if results.is_empty() {
        session.note("nothing was asked");
    }
    name_points(session, &tables);
    show(session, &results)?;
    Ok(Status::DONE)
}

/// Prints rows as they come.
fn stream(
    session: &mut Session<'_, '_>,
    question: &Question,
    prepared: &Prepared<'_>,
    tables: &StoredTables,
) -> Outcome {
    let (format, mut begun, mut written) = (session.format, Vec::<ResultTable>::new(), Ok(()));
    let mut row_count = 0;
    let is_shown = session.io.stdout_is_terminal && separated::is_dialect(format);
    let (stdout, interrupt) = (&mut *session.io.stdout, session.io.interrupt);
    let mut shown;
    let out: &mut dyn Write = if is_shown {
        shown = separated::Shown::new(stdout);
        &mut shown
    } else {
        stdout
    };
    let mut take = |part: ResultPart| {
        if written.is_err() {
            return ControlFlow::Break(());
        }
        written = match (part, begun.last()) {
            (ResultPart::Table(table), last) => {
                let ends = last.map_or(Ok(()), |_| stream::end(out, format, row_count));
                let begins = ends.and_then(|()| stream::begin(out, &table, format, begun.len()));
                begun.push(table);
                row_count = 0;
                begins
            }
            (ResultPart::Rows(batch), Some(table)) => {
                let rows = ResultTable { batches: vec![batch], ..table.clone() };
                let before = row_count;
                row_count += render::Table::row_count(&rows);
                stream::rows(out, &rows, format, before)
            }
            _ => Ok(()),
        };
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    question.heard(interrupt, || prepared.stream(&mut take))?;
    if written.is_ok() && !begun.is_empty() {
        written = stream::end(out, format, row_count);
    }
    written.map_err(Failure::output)?;
    if begun.is_empty() {
        session.note("nothing was asked");
    }
    name_points(session, tables);
    for sentence in sentences(format, &begun, &[]) {
        session.note(&sentence);
    }
    Ok(Status::DONE)
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

/// Says on stderr which backup each point in time stands for, and what else the tables have to say.
pub(crate) fn name_points(session: &mut Session<'_, '_>, tables: &StoredTables) {
    for sentence in tables.news() {
        session.note(&sentence);
    }
}

/// Prints how the queries would be run.
///
/// # Errors
/// When the output cannot be written.
pub(crate) fn explain(session: &mut Session<'_, '_>, steps: &str) -> Outcome<()> {
    if session.is_for_people() {
        return render::raw(session, &render::printable_lines(steps));
    }
    let cells = steps.lines().map(|line| vec![Cell::text(line)]).collect();
    render::list(session, &Rows { columns: &["step"], cells })
}

fn show(session: &mut Session<'_, '_>, results: &[ResultTable]) -> Outcome<()> {
    let shown: Vec<Shown<'_>> = results.iter().map(shown).collect();
    let written = render::results(&mut *session.io.stdout, &shown, session.format, session.look);
    let fits = written.map_err(Failure::output)?;
    for sentence in sentences(session.format, results, &fits) {
        session.note(&sentence);
    }
    Ok(())
}

/// A result as it is shown.
pub(crate) fn shown(result: &ResultTable) -> Shown<'_> {
    Shown { table: result, chart: rows::chart_of(result) }
}

/// What people want to know beside the rows.
pub(crate) fn sentences(format: Format, results: &[ResultTable], fits: &[Fit]) -> Vec<String> {
    let mut sentences = Vec::new();
    if format == Format::Table {
        for (result, fit) in results.iter().zip(fits) {
            let rows = counted(render::Table::row_count(result) as u64, "row");
            sentences.push(if fit.shown < fit.columns {
                format!(
                    "{rows}, {} of {} columns; `project` chooses others, `-o json` has all",
                    fit.shown, fit.columns
                )
            } else {
                rows
            });
        }
    }
    if results.iter().any(|result| result.selection.is_some()) {
        sentences.push("`recover` only chooses; nothing was changed".to_owned());
    }
    sentences
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
        Failure { code: "query", status: Status::USAGE, ..Failure::file("cannot read", shown, &error) }
    })
}
