//! Answers of queries: streamed, or printed when complete, with row counts and remarks on stderr.

use std::ops::ControlFlow;

use query::{Prepared, ResultPart, ResultTable};

use crate::args::Format;
use crate::bridge::query::{Question, StoredTables};
use crate::bridge::rows;
use crate::error::{Failure, Outcome};
use crate::io::Interrupt;
use crate::output::head::Head;
use crate::output::text::{counted, printable_lines};
use crate::output::{self, Cell, Fit, Layout, ResultView, Rows, Style, Table as _, Writer};
use crate::session::Session;

/// Prints complete results.
///
/// # Errors
/// When the output cannot be written.
pub(crate) fn print(
    session: &mut Session<'_, '_>,
    text: &str,
    tables: &StoredTables,
    results: &[ResultTable],
) -> Outcome<()> {
    if results.is_empty() {
        session.note("nothing was asked");
    }
    let news = tables.news();
    for sentence in &news {
        session.note(sentence);
    }
    let shown: Vec<ResultView<'_>> = results.iter().map(shown).collect();
    let facts = [("Query", text.trim().to_owned()), ("Points", news.join("; "))];
    let head =
        session.page_head(Layout::Results, session.format).map(|head| Head { facts: facts.to_vec(), ..head });
    let style = Style { head: head.as_ref(), ..session.style(Layout::Results) };
    let fits = output::write_results(&mut *session.io.stdout, &shown, style).map_err(Failure::output)?;
    for sentence in sentences(session.format, results, &fits) {
        session.note(&sentence);
    }
    Ok(())
}

/// Prints rows while the query runs.
///
/// # Errors
/// What is wrong with the question, what stopped it, or that the output cannot be written.
pub(crate) fn stream(
    session: &mut Session<'_, '_>,
    question: &Question,
    prepared: &Prepared<'_>,
    tables: &StoredTables,
) -> Outcome<()> {
    let (style, interrupt) = (session.style(Layout::Results), session.io.interrupt);
    let mut writer = output::writer(&mut *session.io.stdout, style).map_err(Failure::output)?;
    let (mut begun, mut written) = (Vec::<ResultTable>::new(), Ok(()));
    let mut take = |part| {
        if written.is_ok() {
            written = written_part(&mut *writer, part, &mut begun, interrupt);
        }
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    question.heard(interrupt, || prepared.stream(&mut take))?;
    if interrupt.is_asked() {
        return Err(Failure::stopped());
    }
    if !begun.is_empty() {
        written = written.and_then(|()| writer.end().map(drop));
    }
    written.map_err(Failure::output)?;
    drop(writer);
    if begun.is_empty() {
        session.note("nothing was asked");
    }
    name_points(session, tables);
    for sentence in sentences(style.format, &begun, &[]) {
        session.note(&sentence);
    }
    Ok(())
}

/// Writes a part of the results; a result that begins ends the one before.
fn written_part(
    writer: &mut dyn Writer,
    part: ResultPart,
    begun: &mut Vec<ResultTable>,
    interrupt: &Interrupt,
) -> std::io::Result<()> {
    match (part, begun.last()) {
        (ResultPart::Table(table), last) => {
            if last.is_some() {
                writer.end()?;
            }
            writer.head(&table.columns())?;
            begun.push(table);
            Ok(())
        }
        (ResultPart::Rows(batch), Some(table)) => {
            let rows = ResultTable { batches: vec![batch], ..table.clone() };
            // One batch can be gigabytes of text, so each row is a moment to stop.
            rows.visit(&mut |row| {
                if interrupt.is_asked() {
                    return Err(std::io::ErrorKind::Interrupted.into());
                }
                writer.row(row)
            })
        }
        _ => Ok(()),
    }
}

/// Says on stderr which backup each point in time names, and the other remarks of the tables.
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
        return session.print_text(&printable_lines(steps));
    }
    let cells = steps.lines().map(|line| vec![Cell::text(line)]).collect();
    session.print_rows(&Rows { columns: &["step"], cells })
}

/// A result as it is shown.
pub(crate) fn shown(result: &ResultTable) -> ResultView<'_> {
    ResultView { table: result, chart: rows::chart_of(result) }
}

/// What people want to know beside the rows.
pub(crate) fn sentences(format: Format, results: &[ResultTable], fits: &[Fit]) -> Vec<String> {
    let mut sentences = Vec::new();
    if format == Format::Table {
        for (result, fit) in results.iter().zip(fits) {
            let rows = counted(result.row_count() as u64, "row");
            sentences.push(match fit.remark() {
                Some(remark) => format!("{rows}; {remark}; `project` chooses others, `-o json` has all"),
                None => rows,
            });
        }
    }
    if results.iter().any(|result| result.selection.is_some()) {
        sentences.push("`recover` only chooses; nothing was changed".to_owned());
    }
    sentences
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use query::{Context, NoTables, Script};

    use super::*;

    /// Counts rows; the first one requests a stop.
    struct Counter<'i> {
        rows: usize,
        interrupt: &'i Interrupt,
    }

    impl Writer for Counter<'_> {
        fn head(&mut self, _columns: &[&str]) -> std::io::Result<()> {
            Ok(())
        }

        fn row(&mut self, _row: &[Cell]) -> std::io::Result<()> {
            self.rows += 1;
            self.interrupt.ask();
            Ok(())
        }

        fn end(&mut self) -> std::io::Result<Fit> {
            Ok(Fit { shown: 1, columns: 1, left_out: Vec::new() })
        }
    }

    #[test]
    fn no_row_is_written_after_a_stop_is_asked_for() {
        let script = Script::parse("range n from 1 to 100 step 1").unwrap();
        let context = Context::new(&NoTables, Timestamp::UNIX_EPOCH);
        let interrupt = Interrupt::new();
        let (mut counter, mut begun) = (Counter { rows: 0, interrupt: &interrupt }, Vec::new());
        let mut last = Ok(());
        let mut take = |part| {
            last = written_part(&mut counter, part, &mut begun, &interrupt);
            if last.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        script.bind(&context).unwrap().stream(&mut take).unwrap();
        assert_eq!(last.unwrap_err().kind(), std::io::ErrorKind::Interrupted);
        assert_eq!(counter.rows, 1);
    }
}
