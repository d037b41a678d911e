//! How far a long command is: a bar on a terminal, otherwise a line now and then, nothing when quiet.

use std::cell::RefCell;
use std::io::Write;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use crate::render::{counted, size};

/// Seconds between two lines.
const LINE_INTERVAL_S: i64 = 5;

/// Where progress is shown.
pub(crate) struct Progress<'io> {
    now: &'io (dyn Fn() -> Timestamp + Sync),
    shown: RefCell<Shown<'io>>,
}

enum Shown<'io> {
    Bar(ProgressBar),
    Lines { out: &'io mut (dyn Write + Send), last: Timestamp },
    Nothing,
}

impl<'io> Progress<'io> {
    /// Shows a bar, which takes care of the terminal itself.
    pub(crate) fn bar(now: &'io (dyn Fn() -> Timestamp + Sync)) -> Self {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes}, {msg}, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { now, shown: RefCell::new(Shown::Bar(bar)) }
    }

    /// Writes a line now and then.
    pub(crate) fn lines(now: &'io (dyn Fn() -> Timestamp + Sync), out: &'io mut (dyn Write + Send)) -> Self {
        Self { now, shown: RefCell::new(Shown::Lines { out, last: now() }) }
    }

    /// Shows nothing.
    pub(crate) fn nothing(now: &'io (dyn Fn() -> Timestamp + Sync)) -> Self {
        Self { now, shown: RefCell::new(Shown::Nothing) }
    }

    /// Shows objects read so far, and bytes of the input.
    pub(crate) fn show(&self, objects: u64, bytes: u64, bytes_total: Option<u64>) {
        match &mut *self.shown.borrow_mut() {
            Shown::Nothing => {}
            Shown::Bar(bar) => {
                bar.set_length(bytes_total.unwrap_or(bytes).max(bytes));
                bar.set_position(bytes);
                bar.set_message(counted(objects, "object"));
            }
            Shown::Lines { out, last } => {
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
        if let Shown::Bar(bar) = &*self.shown.borrow() {
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
