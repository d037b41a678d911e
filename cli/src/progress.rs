//! How far a long command is: a bar on a terminal, otherwise a line now and then, nothing when quiet.

use std::cell::{Cell, RefCell};
use std::io::Write;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use crate::output::text::{counted, size};

/// Time between two drawings of a bar: its clock goes on while nothing comes.
const TICK: Duration = Duration::from_millis(200);
/// Seconds between two lines.
const LINE_INTERVAL_S: i64 = 5;

/// What a bar on a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meter {
    /// Bytes of how many.
    Bar,
    /// A count, where the total is unknown.
    Counter,
}

/// Where progress is shown.
pub(crate) struct Progress<'io> {
    now: &'io (dyn Fn() -> Timestamp + Sync),
    shown: RefCell<Indicator<'io>>,
    /// What [`Progress::add`] counted.
    count: Cell<u64>,
}

enum Indicator<'io> {
    Bar(ProgressBar),
    Lines { out: &'io mut (dyn Write + Send), last: Timestamp },
    Nothing,
}

impl<'io> Progress<'io> {
    /// Shows a meter on a terminal, lines elsewhere, nothing where no meter is wanted.
    pub(crate) fn new(
        meter: Option<Meter>,
        is_terminal: bool,
        now: &'io (dyn Fn() -> Timestamp + Sync),
        out: &'io mut (dyn Write + Send),
    ) -> Self {
        match meter {
            None => Self::nothing(now),
            Some(_) if !is_terminal => Self::lines(now, out),
            Some(Meter::Bar) => Self::bar(now),
            Some(Meter::Counter) => Self::counter(now),
        }
    }

    /// Shows a bar, which takes care of the terminal itself.
    fn bar(now: &'io (dyn Fn() -> Timestamp + Sync)) -> Self {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes}, {msg}, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(TICK);
        Self { now, shown: RefCell::new(Indicator::Bar(bar)), count: Cell::new(0) }
    }

    /// Writes a line now and then.
    fn lines(now: &'io (dyn Fn() -> Timestamp + Sync), out: &'io mut (dyn Write + Send)) -> Self {
        Self { now, shown: RefCell::new(Indicator::Lines { out, last: now() }), count: Cell::new(0) }
    }

    /// Shows nothing.
    fn nothing(now: &'io (dyn Fn() -> Timestamp + Sync)) -> Self {
        Self { now, shown: RefCell::new(Indicator::Nothing), count: Cell::new(0) }
    }

    /// Shows a counter, where the total is unknown.
    fn counter(now: &'io (dyn Fn() -> Timestamp + Sync)) -> Self {
        let bar = ProgressBar::new_spinner().with_message("waiting for the first answer");
        let style = ProgressStyle::with_template("{spinner} {msg}, {per_sec}, {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.enable_steady_tick(TICK);
        Self { now, shown: RefCell::new(Indicator::Bar(bar)), count: Cell::new(0) }
    }

    /// Counts so many more objects.
    pub(crate) fn add(&self, count: u64) {
        self.count.set(self.count.get() + count);
        let text = counted(self.count.get(), "object");
        self.say(self.count.get(), &text);
    }

    /// Shows how many of all steps are decided.
    pub(crate) fn show_steps(&self, decided: u64, all: u64, troubled: u64) {
        let trouble =
            if troubled == 0 { String::new() } else { format!(", {troubled} failed or in conflict") };
        self.say(decided, &format!("{decided} of {}{trouble}", counted(all, "step")));
    }

    /// Says something at once.
    pub(crate) fn tell(&self, text: &str) {
        match &mut *self.shown.borrow_mut() {
            Indicator::Nothing => {}
            Indicator::Bar(bar) => bar.set_message(text.to_owned()),
            Indicator::Lines { out, .. } => {
                out.write_all(format!("{text}\n").as_bytes()).ok();
            }
        }
    }

    fn say(&self, position: u64, text: &str) {
        match &mut *self.shown.borrow_mut() {
            Indicator::Nothing => {}
            Indicator::Bar(bar) => {
                bar.set_position(position);
                bar.set_message(text.to_owned());
            }
            Indicator::Lines { out, last } => {
                let now = (self.now)();
                if now.as_second() - last.as_second() >= LINE_INTERVAL_S {
                    *last = now;
                    out.write_all(format!("{text}\n").as_bytes()).ok();
                }
            }
        }
    }

    /// Shows objects read so far, and bytes of the input.
    pub(crate) fn show(&self, objects: u64, bytes: u64, bytes_total: Option<u64>) {
        match &mut *self.shown.borrow_mut() {
            Indicator::Nothing => {}
            Indicator::Bar(bar) => {
                bar.set_length(bytes_total.unwrap_or(bytes).max(bytes));
                bar.set_position(bytes);
                bar.set_message(counted(objects, "object"));
            }
            Indicator::Lines { out, last } => {
                let now = (self.now)();
                if now.as_second() - last.as_second() >= LINE_INTERVAL_S {
                    *last = now;
                    let line = format!("{}, {}\n", counted(objects, "object"), part(bytes, bytes_total));
                    out.write_all(line.as_bytes()).ok();
                }
            }
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if let Indicator::Bar(bar) = &*self.shown.borrow() {
            bar.finish_and_clear();
        }
    }
}

fn part(bytes: u64, bytes_total: Option<u64>) -> String {
    match bytes_total {
        None => size(bytes),
        Some(total) => format!("{} of {}", size(bytes), size(total)),
    }
}

#[cfg(test)]
mod tests;
