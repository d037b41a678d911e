//! The REPL: inputs one after another, on a terminal with a line editor, else from lines that are piped in.

pub(crate) mod complete;
pub(crate) mod dot;
mod editor;
pub(crate) mod help;
mod history;
pub(crate) mod validate;

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use query::language::{self, progress};
use query::{Context, Definitions, ResultTable, Rules, Script, Tables as _};

use crate::answer::{explain, name_points, sentences, shown};
use crate::args::Format;
use crate::args::tenant::Tenant;
use crate::bridge::query::{Question, StoredTables};
use crate::error::{Failure, Outcome, Status, print};
use crate::live;
use crate::output::text::{counted, people_time};
use crate::output::{self, Cell, Layout, Rows, Style, backups, finding};
use crate::pager::{self, Pager, Rest, Screen};
use crate::session::Session;

use dot::Dot;
use editor::{Editor, Typed};

/// What earlier inputs have named, for this loop and for the editor.
type Kept = Arc<Mutex<Definitions>>;

/// Longest line that is read from a pipe, in bytes.
const LINE_BYTES_MAX: usize = 16 << 20;

/// What stays between inputs.
struct State {
    tables: Arc<StoredTables>,
    definitions: Kept,
    output: Option<Output>,
    is_timed: bool,
    is_interactive: bool,
    memory_bytes: Option<u64>,
}

/// The file that rows go into.
struct Output {
    path: PathBuf,
    file: File,
    /// What its name says, unless it says nothing.
    format: Option<Format>,
}

/// What a conversation was begun with.
pub(crate) struct Settings {
    pub(crate) keeps_history: bool,
    /// Bytes that a query may take.
    pub(crate) memory_bytes: Option<u64>,
}

/// Whether there is more to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Go,
    End,
}

/// Answers inputs until there are no more.
///
/// # Errors
/// From a pipe, what is wrong with an input: later ones may rely on it. On a terminal only that it cannot be read.
pub(crate) fn run(session: &mut Session<'_, '_>, settings: &Settings) -> Outcome {
    let is_dumb = session.io.variable("TERM").is_some_and(|term| term == "dumb");
    let is_interactive = session.io.stdin_is_terminal && session.io.stdout_is_terminal && !is_dumb;
    let mut state = State {
        tables: Arc::new(StoredTables::new(session, "latest")),
        definitions: Arc::default(),
        output: None,
        is_timed: is_interactive,
        is_interactive,
        memory_bytes: settings.memory_bytes,
    };
    if is_interactive { converse(session, &mut state, settings) } else { follow(session, &mut state) }
}

/// Asks on a terminal.
fn converse(session: &mut Session<'_, '_>, state: &mut State, settings: &Settings) -> Outcome {
    greet(session, state);
    let file = if settings.keeps_history { history::path(session.io) } else { None };
    let file = file.filter(|file| match history::prepare(file) {
        Ok(()) => true,
        Err(error) => {
            session.warn(&format!("no history is kept: {}: {error}", file.display()));
            false
        }
    });
    let mut editor = Editor::new(&state.tables, &state.definitions, file.as_deref(), session.look.color);
    let interrupt = session.io.interrupt;
    // Ctrl-C ends what an input does, and never the conversation.
    interrupt.while_heard(|| talk(session, state, &mut editor))
}

fn talk(session: &mut Session<'_, '_>, state: &mut State, editor: &mut Editor) -> Outcome {
    loop {
        // At the prompt, Ctrl-C is a key; from then on it is a wish to stop the input that runs.
        session.io.interrupt.clear();
        let typed = editor.read();
        let (width, height) = crate::io::terminal_size();
        (session.look.width, session.io.height) = (width.into(), height);
        match typed.map_err(Failure::output)? {
            Typed::End => return Ok(Status::Done),
            Typed::Dropped => {}
            Typed::Input(text) => match input(session, state, &text) {
                Ok(Next::Go) => {}
                Ok(Next::End) => return Ok(Status::Done),
                Err(failure) => drop(print::failure(session.io, &failure, false)),
            },
        }
        session.io.stdout.flush().map_err(Failure::output)?;
    }
}

fn greet(session: &mut Session<'_, '_>, state: &State) {
    let version = env!("CARGO_PKG_VERSION");
    session.note(&format!("entrasnap {version}. `.help` explains, Tab completes, Ctrl-D ends."));
    match state.tables.store() {
        Err(failure) => session.note(&format!("{}; {}", failure.message, failure.help)),
        Ok(store) => match store.backups() {
            [] => session.note("the store has no backup yet; `entrasnap import` makes one"),
            [.., last] => {
                let count = counted(store.backups().len() as u64, "backup");
                session.name_tenant(&store);
                session.note(&format!("{count}, the newest is {} ({})", last.id, people_time(last.taken_at)));
            }
        },
    }
}

/// Follows lines that are piped in.
fn follow(session: &mut Session<'_, '_>, state: &mut State) -> Outcome {
    let mut lines = InputLines::default();
    let mut text = String::new();
    loop {
        let line = lines.next(session)?;
        let is_over = line.is_none();
        let line = line.unwrap_or_default();
        let is_pending = !progress(&text).is_empty;
        if is_over || (is_pending && dot::is_dot(&line)) {
            let next = answer(session, state, &std::mem::take(&mut text))?;
            if is_over || next == Next::End {
                return Ok(Status::Done);
            }
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&line);
        if progress(&text).is_empty {
            text.clear();
        } else if validate::is_complete_in_script(&text)
            && answer(session, state, &std::mem::take(&mut text))? == Next::End
        {
            return Ok(Status::Done);
        }
        session.io.stdout.flush().map_err(Failure::output)?;
    }
}

/// Answers one input of a pipe. Somebody who types without a line editor sees what is wrong and goes on.
fn answer(session: &mut Session<'_, '_>, state: &mut State, text: &str) -> Outcome<Next> {
    match input(session, state, text) {
        Err(failure) if session.io.stdin_is_terminal && failure.status != Status::Interrupted => {
            print::failure(session.io, &failure, false);
            Ok(Next::Go)
        }
        answered => answered,
    }
}

/// Lines of stdin, without keeping it borrowed between them.
#[derive(Default)]
struct InputLines {
    kept: Vec<u8>,
    is_over: bool,
}

impl InputLines {
    fn next(&mut self, session: &mut Session<'_, '_>) -> Outcome<Option<String>> {
        loop {
            if let Some(end) = self.kept.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.kept.drain(..=end).collect();
                return text_of(line).map(Some);
            }
            if self.is_over {
                let rest = std::mem::take(&mut self.kept);
                return if rest.is_empty() { Ok(None) } else { text_of(rest).map(Some) };
            }
            if self.kept.len() > LINE_BYTES_MAX {
                return Err(Failure::usage("a line of the input is longer than 16 MiB"));
            }
            let mut chunk = [0; 8192];
            let read = session.io.stdin.read(&mut chunk);
            let count = read.map_err(|error| Failure::file("cannot read", "-".as_ref(), &error))?;
            self.is_over = count == 0;
            self.kept.extend_from_slice(&chunk[..count]);
        }
    }
}

fn text_of(mut line: Vec<u8>) -> Outcome<String> {
    while matches!(line.last(), Some(b'\n' | b'\r')) {
        line.pop();
    }
    String::from_utf8(line).map_err(|_| Failure::usage("the input is not UTF-8"))
}

/// Answers one input.
fn input(session: &mut Session<'_, '_>, state: &mut State, text: &str) -> Outcome<Next> {
    if let Some(found) = dot::of_habit(text) {
        return command(session, state, found);
    }
    if dot::is_dot(text) {
        let found = dot::parse(text);
        let found = found.map_err(|(message, help)| Failure::usage(message).with_help(help))?;
        return command(session, state, found);
    }
    if progress(text).is_empty {
        return Ok(Next::Go);
    }
    state.tables.refresh();
    let question = question(session, state, text);
    let (tables, interrupt) = (Arc::clone(&state.tables), session.io.interrupt);
    let mut began = question.now;
    let results = question.run(&tables, interrupt, &mut |named| {
        live::prepare(session, &Tenant::default(), named, &tables)?;
        began = (session.io.now)();
        Ok(())
    });
    let took_ms = (session.io.now)().duration_since(began).as_millis();
    let results = results.inspect_err(|_| state.tables.forget())?;
    name_points(session, &state.tables);
    if let Ok(script) = Script::parse(text) {
        state.definitions.lock().unwrap_or_else(PoisonError::into_inner).add(&script);
    }
    show(session, state, &results, took_ms)?;
    Ok(Next::Go)
}

fn definitions(state: &State) -> Definitions {
    state.definitions.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn question(session: &Session<'_, '_>, state: &State, text: &str) -> Question {
    let (text, memory_bytes, definitions) = (text.to_owned(), state.memory_bytes, definitions(state));
    Question { text, definitions, memory_bytes, now: (session.io.now)(), ..Question::default() }
}

/// Prints rows where they belong: into the file, through the pager, or to stdout.
fn show(
    session: &mut Session<'_, '_>,
    state: &mut State,
    results: &[ResultTable],
    took_ms: i128,
) -> Outcome<()> {
    let shown: Vec<_> = results.iter().map(shown).collect();
    let chosen = state.output.as_ref().and_then(|output| output.format).unwrap_or(session.format);
    let head = session.page_head(Layout::Results, chosen);
    let style = Style { head: head.as_ref(), ..session.style(Layout::Results) };
    let fits = if let Some(Output { path, file, format }) = &mut state.output {
        let look = output::Look { color: false, ..style.look };
        let format = format.unwrap_or(style.format);
        let style = Style { look, format, is_terminal: false, ..style };
        let mut out = std::io::BufWriter::new(file);
        let written =
            output::write_results(&mut out, &shown, style).and_then(|fits| out.flush().map(|()| fits));
        written.map_err(|error| Failure::file("cannot write", path, &error))?
    } else if state.is_interactive {
        let command = if session.has_pager { pager::command(session.io) } else { None };
        // The prompt and the sentence behind the rows are to fit, too.
        let lines = usize::from(session.io.height).saturating_sub(3).max(1);
        let screen = Screen { lines, width: session.look.width };
        let interrupt = session.io.interrupt;
        let mut pager = Pager::new(&mut *session.io.stdout, interrupt, command, screen, Rest::Stopped);
        let written = output::write_results(&mut pager, &shown, style);
        let finished = pager.finish();
        match written {
            // The reader has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Vec::new(),
            written => finished.and(written).map_err(Failure::output)?,
        }
    } else {
        output::write_results(&mut *session.io.stdout, &shown, style).map_err(Failure::output)?
    };
    let mut told = sentences(style.format, results, &fits);
    if state.is_timed && !results.is_empty() {
        match told.first_mut() {
            Some(first) => *first = format!("{first}, {took_ms} ms"),
            None => told.push(format!("{took_ms} ms")),
        }
    }
    for sentence in told {
        session.note(&sentence);
    }
    Ok(())
}

fn command(session: &mut Session<'_, '_>, state: &mut State, found: Dot) -> Outcome<Next> {
    match found {
        Dot::Quit => return Ok(Next::End),
        Dot::Help(None) => session.print_text(&help::overview())?,
        Dot::Help(Some(word)) => explain_word(session, state, &word)?,
        Dot::Tables => tables(session, state)?,
        Dot::Schema(table) => schema(session, state, &table)?,
        Dot::Functions => functions(session)?,
        Dot::Rules(None) => {
            session.print_rows(&finding::rules(Rules::shipped(), session.is_for_people()))?;
        }
        Dot::Rules(Some(name)) => print_rule(session, &name)?,
        Dot::Backups => {
            state.tables.refresh();
            let store = state.tables.store()?;
            session.print_rows(&backups::listed(store.backups(), session.is_for_people()))?;
        }
        Dot::Use(None) => session.note(&format!("tables are as of {}", state.tables.default_point())),
        Dot::Use(Some(point)) => {
            state.tables.refresh();
            let point = session.point(state.tables.store()?.as_ref(), &point)?;
            let backup = state.tables.use_point(&point)?;
            session.note(&format!("{point} is {} ({})", backup.id, people_time(backup.taken_at)));
        }
        Dot::Mode(None) => {
            let names = dot::MODES.map(|(name, _)| name).join(", ");
            let name = dot::mode_name(session.format);
            session.note(&format!("rows are printed as {name}; `.mode` takes {names}"));
        }
        Dot::Mode(Some(format)) => session.format = format,
        Dot::Output(None) => state.output = None,
        Dot::Output(Some(file)) => {
            let path = session.path(file.as_ref());
            let mut options = engine::disk::private_file();
            let opened = options.write(true).create(true).truncate(true).open(&path);
            let opened = opened.map_err(|error| Failure::file("cannot write", &path, &error))?;
            let format = dot::format_of(&path);
            if let Some(format) = format {
                let name = dot::mode_name(format);
                session.note(&format!("rows go into {} as {name}", path.display()));
            }
            state.output = Some(Output { path, file: opened, format });
        }
        Dot::Timing(is_on) => state.is_timed = is_on,
        Dot::Explain(text) => {
            state.tables.refresh();
            let steps = question(session, state, &text).explain(&state.tables, session.io.interrupt);
            let steps = steps.inspect_err(|_| state.tables.forget())?;
            name_points(session, &state.tables);
            explain(session, &steps)?;
        }
    }
    Ok(Next::Go)
}

/// Prints the text of a shipped rule, or of the definitions that rules share.
fn print_rule(session: &mut Session<'_, '_>, name: &str) -> Outcome<()> {
    let shared = || Rules::shared_files().iter().find(|(file, _)| *file == name).map(|(_, text)| *text);
    let text = Rules::shipped().get(name).map(|rule| &*rule.text).or_else(shared);
    let Some(text) = text else {
        let files: Vec<&str> = Rules::shared_files().iter().map(|(file, _)| *file).collect();
        let help = format!("`.rules` lists them; they share {}", files.join(", "));
        return Err(Failure::usage(format!("no rule \"{name}\"")).with_help(help));
    };
    session.print_text(text)
}

fn explain_word(session: &mut Session<'_, '_>, state: &State, word: &str) -> Outcome<()> {
    if let Some(text) = help::word(word) {
        return session.print_text(&text);
    }
    if state.tables.names().iter().any(|name| name == word) {
        if let Some(text) = help::table(word).filter(|_| session.is_for_people()) {
            session.print_text(&format!("{text}\n"))?;
        }
        return schema(session, state, word);
    }
    let help = match language::like(word).as_slice() {
        [] => "`.help` lists the operators, `.functions` the functions".to_owned(),
        like => format!("there are: {}", like.join(", ")),
    };
    Err(Failure::usage(format!("nothing is known of \"{word}\"")).with_help(help))
}

fn tables(session: &mut Session<'_, '_>, state: &State) -> Outcome<()> {
    state.tables.refresh();
    let names = state.tables.names();
    if session.format == Format::Table {
        let width = names.iter().map(String::len).max().unwrap_or(0) + 2;
        let in_line = (session.look.width / width).max(1);
        let lines = names.chunks(in_line).map(|names| {
            let cells: Vec<String> = names.iter().map(|name| format!("{name:width$}")).collect();
            cells.concat().trim_end().to_owned() + "\n"
        });
        let text: String = lines.collect();
        return session.print_text(&text);
    }
    let cells = names.into_iter().map(|name| vec![Cell::Text(name)]).collect();
    session.print_rows(&Rows { columns: &["table"], cells })
}

/// The columns of a table; tables of changes need two points to have some.
fn schema(session: &mut Session<'_, '_>, state: &State, table: &str) -> Outcome<()> {
    state.tables.refresh();
    let context =
        Context { definitions: definitions(state), ..Context::new(&*state.tables, (session.io.now)()) };
    let pipes = [table.to_owned(), format!("{table}(\"latest\", \"latest\")"), format!("{table}(\"\")")];
    let columns = pipes.iter().find_map(|pipe| {
        let prepared = Script::parse(pipe).ok()?.bind(&context).ok()?;
        let columns = prepared.columns().next_back()?.to_vec();
        (!columns.is_empty()).then_some(columns)
    });
    state.tables.forget();
    let Some(columns) = columns else {
        // The query itself says best what is wrong.
        question(session, state, table).explain(&state.tables, session.io.interrupt)?;
        return Err(Failure::usage(format!("\"{table}\" has no columns")));
    };
    let cell = |column: query::Field| vec![Cell::Text(column.name), Cell::text(column.kind.as_str())];
    let cells = columns.into_iter().map(cell).collect();
    session.print_rows(&Rows { columns: &["column", "type"], cells })
}

fn functions(session: &mut Session<'_, '_>) -> Outcome<()> {
    let rows = language::functions().into_iter().map(|function| {
        let kind = if function.aggregate { "aggregate" } else { "scalar" };
        [function.name, kind, function.usage, function.help].map(Cell::text).to_vec()
    });
    if session.format == Format::Table {
        let lines: Vec<String> =
            language::functions().iter().map(|it| format!("{:<44} {}\n", it.usage, it.help)).collect();
        return session.print_text(&lines.concat());
    }
    session.print_rows(&Rows { columns: &["name", "kind", "usage", "help"], cells: rows.collect() })
}
