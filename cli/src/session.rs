//! One run of one verb: its options, the store it opens, what it says on stderr and in the log.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::coverage::Unread;
use engine::disk::{create_private_folder, private_file};
use engine::{BackupSummary, CreateOptions, Point, Store};

use crate::args::{Color, Format, Global};
use crate::bridge::scratch::Scratch;
use crate::error::{Failure, Outcome, Status, print};
use crate::io::Io;
use crate::output::head::Head;
use crate::output::html::{self, Body, Script};
use crate::output::text::{printable_lines, wrapped};
use crate::output::{self, Layout, Look, Rows, Style, unread};
use crate::point;
use crate::progress::{Meter, Progress};
use crate::tenant::TenantIdentity;

/// One run of one verb.
#[expect(clippy::struct_excessive_bools, reason = "each is an option that is given or not")]
pub(crate) struct Session<'run, 'io> {
    pub(crate) io: &'run mut Io<'io>,
    pub(crate) format: Format,
    pub(crate) look: Look,
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
    /// Whether long output may go through a pager.
    pub(crate) has_pager: bool,
    /// Whether separated text has no guard against formulas.
    is_raw: bool,
    store: PathBuf,
    read_only: bool,
    log: Option<File>,
    /// Where the store is copied to when it must not be written; goes away at the end.
    copy: Option<Scratch>,
}

impl<'run, 'io> Session<'run, 'io> {
    /// Reads the global options.
    ///
    /// # Errors
    /// When the log cannot be opened.
    pub(crate) fn start(io: &'run mut Io<'io>, global: &Global) -> Outcome<Self> {
        let default = if io.stdout_is_terminal { Format::Table } else { Format::Ndjson };
        let format = global.output.unwrap_or(default);
        let store = global.store.clone().or_else(|| io.variable("ENTRASNAP_STORE").map(PathBuf::from));
        let store = io.current_dir.join(store.unwrap_or_else(|| "entrasnap.store".into()));
        let log = global.log.as_ref().map(|path| open_log(&io.current_dir.join(path))).transpose()?;
        let color = match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let dumb = io.variable("TERM").is_some_and(|term| term == "dumb");
                io.stdout_is_terminal && io.variable("NO_COLOR").is_none() && !dumb
            }
        };
        let verbose = global.verbose > 0;
        let look = Look { color, width: io.width.max(20).into(), whole: verbose };
        let (quiet, read_only, is_raw) = (global.quiet, global.read_only, global.raw);
        let has_pager = !global.no_pager;
        Ok(Self { io, format, look, quiet, verbose, has_pager, is_raw, store, read_only, log, copy: None })
    }

    /// Runs a command, then says and logs how it ended.
    pub(crate) fn run(&mut self, command: impl FnOnce(&mut Self) -> Outcome) -> Status {
        let began = (self.io.now)();
        let outcome = command(self);
        if self.verbose {
            let took_ms = (self.io.now)().duration_since(began).as_millis();
            self.note(&format!("store {}, {took_ms} ms", self.store.display()));
        }
        match outcome {
            Ok(status) => status,
            Err(failure) => {
                self.record("error", &failure.message);
                let json = matches!(self.format, Format::Json | Format::Ndjson);
                print::failure(self.io, &failure, json)
            }
        }
    }

    /// The folder of the store.
    pub(crate) fn store_path(&self) -> &Path {
        &self.store
    }

    /// Opens the store for reading.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub(crate) fn open(&self) -> Outcome<Store> {
        Ok(Store::open_on(Arc::clone(&self.io.disk), &self.store)?)
    }

    /// Opens the store that is there for writing.
    ///
    /// # Errors
    /// As [`Session::open`], and when this run is for reading only.
    pub(crate) fn open_to_write(&self, verb: &'static str) -> Outcome<Store> {
        self.may_write(verb)?;
        drop(self.open()?);
        self.create(verb)
    }

    /// Opens the store for writing, made when it is not there.
    ///
    /// # Errors
    /// When this run is for reading only, or the store cannot be made or read.
    pub(crate) fn create(&self, verb: &'static str) -> Outcome<Store> {
        self.may_write(verb)?;
        let options = CreateOptions { seed: (self.io.seed)(), tenant: None };
        Ok(Store::create_on(Arc::clone(&self.io.disk), &self.store, &options)?)
    }

    /// Refuses to write when this run is for reading only.
    ///
    /// # Errors
    /// `readOnly`, exit status 3.
    pub(crate) fn may_write(&self, verb: &'static str) -> Outcome<()> {
        if !self.read_only {
            return Ok(());
        }
        let message = format!("`{verb}` writes to the store, and --read-only was given");
        Err(Failure::new("readOnly", Status::Refused, message))
    }

    /// Makes this run go on with a copy of the store when it must not write the store itself. Files that never change
    /// are linked, not copied.
    ///
    /// # Errors
    /// When the copy cannot be made.
    pub(crate) fn write_to_a_copy_if_read_only(&mut self) -> Outcome<()> {
        if !self.read_only || self.copy.is_some() {
            return Ok(());
        }
        let temporary = std::env::temp_dir();
        let copy = Scratch::new();
        let copy = copy.map_err(|error| Failure::file("cannot make a folder in", &temporary, &error))?;
        let path = copy.path().join("store");
        copy_store(&self.store, &path).map_err(|error| Failure::file("cannot copy", &self.store, &error))?;
        self.store = path;
        self.copy = Some(copy);
        Ok(())
    }

    /// Something worth knowing that is no data.
    pub(crate) fn note(&mut self, text: &str) {
        self.record("note", text);
        if !self.quiet {
            self.say(&printable_lines(text));
        }
    }

    /// Says something on stderr; on a terminal, no word of it is broken at the margin.
    fn say(&mut self, text: &str) {
        if !self.io.stderr_is_terminal {
            return self.io.say(text);
        }
        let lines: Vec<String> = text.split('\n').flat_map(|line| wrapped(line, self.look.width)).collect();
        self.io.say(&lines.join("\n"));
    }

    /// Something that must not be missed.
    pub(crate) fn warn(&mut self, text: &str) {
        self.record("warning", text);
        self.say(&format!("warning: {}", printable_lines(text)));
    }

    /// Where something long shows how far it is.
    pub(crate) fn progress(&mut self, meter: Meter) -> Progress<'_> {
        let meter = (!self.quiet).then_some(meter);
        let io = &mut *self.io;
        Progress::new(meter, io.stderr_is_terminal, io.now, &mut *io.stderr)
    }

    /// Prints text as it is.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub(crate) fn print_text(&mut self, text: &str) -> Outcome<()> {
        self.io.stdout.write_all(text.as_bytes()).map_err(Failure::output)
    }

    /// Prints a list.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub(crate) fn print_rows(&mut self, rows: &Rows) -> Outcome<()> {
        let head = self.page_head(Layout::List, self.format);
        let style = Style { head: head.as_ref(), ..self.style(Layout::List) };
        let fit = output::write_list(&mut *self.io.stdout, rows, style).map_err(Failure::output)?;
        if let Some(remark) = fit.remark() {
            self.note(&format!("{remark}; a wider terminal or `-o json` shows all"));
        }
        Ok(())
    }

    /// How rows are written to stdout.
    pub(crate) fn style(&self, layout: Layout) -> Style<'static> {
        Style {
            layout,
            format: self.format,
            look: self.look,
            is_terminal: self.io.stdout_is_terminal,
            is_raw: self.is_raw,
            head: None,
        }
    }

    /// The head of a page of rows, in the format that has pages; the tenant is that of the store, if there is one.
    pub(crate) fn page_head(&self, layout: Layout, format: Format) -> Option<Head> {
        if format != Format::Html {
            return None;
        }
        let tenant = self.open().map(|store| TenantIdentity::of(&store)).unwrap_or_default();
        Some(Head { tenant, made: Some((self.io.now)()), ..Head::titled(layout.title()) })
    }

    /// Prints a page of its own.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub(crate) fn print_page(&mut self, head: &Head, script: Script, body: Body<'_>) -> Outcome<()> {
        html::page(&mut *self.io.stdout, head, script, body).map_err(Failure::output)
    }

    /// Prints a single result: `rows` holds one row, `people` says the same in words.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub(crate) fn print_one(&mut self, rows: &Rows, people: &str) -> Outcome<()> {
        match self.format {
            Format::Table => self.print_text(people),
            Format::Json => output::json::object(&mut *self.io.stdout, rows).map_err(Failure::output),
            _ => self.print_rows(rows),
        }
    }

    /// Names the tenant of a store to people, above what they read of it.
    pub(crate) fn name_tenant(&mut self, store: &Store) {
        if !self.is_for_people() {
            return;
        }
        let tenant = TenantIdentity::of(store);
        if !tenant.is_unknown() {
            self.note(&format!("tenant {tenant}"));
        }
    }

    /// Says what was not read; with a verdict, under `--quiet` too.
    pub(crate) fn tell_unread(&mut self, unread: &[Unread], is_verdict: bool) {
        if unread.is_empty() {
            return;
        }
        if matches!(self.format, Format::Json | Format::Ndjson) {
            if is_verdict || !self.quiet {
                self.io.say(&serde_json::json!({ "unread": unread }).to_string());
            }
            return;
        }
        let text = unread::sentence(unread, self.verbose);
        if is_verdict { self.warn(&text) } else { self.note(&text) }
    }

    /// Appends to the log, if there is one. A log that fails does not stop the work.
    fn record(&mut self, level: &str, message: &str) {
        if let Some(log) = &mut self.log {
            let time = (self.io.now)().to_string();
            let line = serde_json::json!({"time": time, "level": level, "message": message});
            log.write_all(format!("{line}\n").as_bytes()).ok();
        }
    }

    /// A point in time as typed, as the store reads it.
    ///
    /// # Errors
    /// When several backups have the note that it is.
    pub(crate) fn point(&self, store: &Store, typed: &str) -> Outcome<String> {
        point::absolute(store, typed, (self.io.now)())
    }

    /// A path as typed, from the folder the run started in.
    pub(crate) fn path(&self, typed: &Path) -> PathBuf {
        self.io.current_dir.join(typed)
    }

    /// Whether the data is printed in a format in which IDs have names beside them.
    pub(crate) fn reads_names(&self) -> bool {
        matches!(self.format, Format::Table | Format::Md | Format::Html)
    }

    /// Whether people are to read the data.
    pub(crate) fn is_for_people(&self) -> bool {
        self.format == Format::Table
    }
}

/// Copies a store: segments and manifests never change, so a link is as good.
fn copy_store(from: &Path, to: &Path) -> std::io::Result<()> {
    create_private_folder(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let name = entry.file_name();
        let is_fixed = ["seg", "man"]
            .iter()
            .any(|ending| source.extension().is_some_and(|extension| extension == *ending));
        if entry.file_type()?.is_dir() {
            if name != "catalog" {
                copy_store(&source, &target)?;
            }
        } else if !is_fixed || std::fs::hard_link(&source, &target).is_err() {
            std::fs::copy(&source, &target)?;
        }
    }
    Ok(())
}

fn open_log(path: &Path) -> Outcome<File> {
    private_file()
        .create(true)
        .append(true)
        .open(path)
        .map_err(|error| Failure::file("cannot open the log", path, &error))
}

/// The backup that a point in time, as typed, names.
///
/// # Errors
/// A text that is no point in time, `live` (which is no backup), or no such backup.
pub(crate) fn resolve(store: &Store, text: &str) -> Outcome<BackupSummary> {
    if text.trim().eq_ignore_ascii_case("live") {
        return Err(no_tenant());
    }
    let point = Point::parse(text).map_err(|error| Failure { status: Status::Usage, ..Failure::from(error) });
    let point = point.map_err(|failure| {
        failure.with_help("`yesterday`, `monday`, `-1d` and a note that only one backup has are points, too")
    })?;
    Ok(store.resolve(&point)?.clone())
}

/// Says what the store remarks on a point besides the backup that it names.
pub(crate) fn remark(session: &mut Session<'_, '_>, store: &Store, text: &str) {
    if let Some(remark) = Point::parse(text).ok().and_then(|point| store.remark(&point)) {
        session.note(&remark);
    }
}

/// Why `live` cannot be read here.
pub(crate) fn no_tenant() -> Failure {
    let message = "`live` cannot be read here";
    let help = "`diff`, `plan`, `show`, `report create` and `query` read it; or `entrasnap backup`, then use `latest`";
    Failure::new("live", Status::Failed, message).with_help(help)
}
