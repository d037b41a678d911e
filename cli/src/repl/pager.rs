//! Long output through the user's pager; short output, and output to files and programs, as it is.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::{Child, Command, Stdio};

use crate::io::Io;

/// What shows long output when the user says nothing: it ends by itself when all fits, and keeps colours.
const DEFAULT: &str = "less -FRX";

/// The user's pager; nothing when it was set to nothing.
pub(crate) fn command(io: &Io<'_>) -> Option<OsString> {
    let set = (io.environment)("ENTRASNAP_PAGER").or_else(|| (io.environment)("PAGER"));
    Some(set.unwrap_or_else(|| DEFAULT.into())).filter(|command| !command.is_empty())
}

/// Keeps output back until it is longer than the terminal, then gives it to the pager.
pub(crate) struct Pager<'io> {
    out: &'io mut (dyn Write + Send),
    command: Option<OsString>,
    kept: Vec<u8>,
    line_count: usize,
    line_count_max: usize,
    child: Option<Child>,
}

impl<'io> Pager<'io> {
    /// Shows up to so many lines as they are. Without a command it does so with all.
    pub(crate) fn new(out: &'io mut (dyn Write + Send), command: Option<OsString>, lines: usize) -> Self {
        Self { out, command, kept: Vec::new(), line_count: 0, line_count_max: lines.max(1), child: None }
    }

    /// Shows the rest, and waits until the user has read it.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        match self.child.take() {
            Some(mut child) => {
                drop(child.stdin.take());
                child.wait().map(drop)
            }
            None => self.out.write_all(&self.kept).and_then(|()| self.out.flush()),
        }
    }

    /// A pager that cannot be run is no reason to show nothing.
    fn start(&mut self) -> io::Result<()> {
        if let Some(command) = self.command.take() {
            self.out.flush()?;
            let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
            self.child = Command::new(shell).arg(flag).arg(command).stdin(Stdio::piped()).spawn().ok();
        }
        let kept = std::mem::take(&mut self.kept);
        self.pass(&kept)
    }

    fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.child.as_mut().and_then(|child| child.stdin.as_mut()) {
            Some(stdin) => stdin.write_all(bytes),
            None => self.out.write_all(bytes),
        }
    }
}

impl Write for Pager<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.line_count > self.line_count_max {
            self.pass(bytes)?;
            return Ok(bytes.len());
        }
        self.kept.extend_from_slice(bytes);
        self.line_count += bytes.split(|byte| *byte == b'\n').count() - 1;
        if self.line_count > self.line_count_max {
            self.start()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_pager_everything_goes_straight_on() {
        let mut out: Vec<u8> = Vec::new();
        let mut pager = Pager::new(&mut out, None, 2);
        for line in 0..5 {
            writeln!(pager, "{line}").unwrap();
        }
        pager.finish().unwrap();
        assert_eq!(out, b"0\n1\n2\n3\n4\n");
    }

    #[cfg(unix)]
    #[test]
    fn long_output_goes_to_the_pager_and_short_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let shown = folder.path().join("shown");
        let command = OsString::from(format!("cat > '{}'", shown.display()));
        for (lines, in_pager) in [(2, false), (9, true)] {
            let mut out: Vec<u8> = Vec::new();
            let mut pager = Pager::new(&mut out, Some(command.clone()), 3);
            let text = "line\n".repeat(lines);
            pager.write_all(text.as_bytes()).unwrap();
            pager.finish().unwrap();
            assert_eq!(shown.exists(), in_pager);
            let read = if in_pager {
                std::fs::read_to_string(&shown).unwrap()
            } else {
                String::from_utf8(out).unwrap()
            };
            assert_eq!(read, text);
        }
    }
}
