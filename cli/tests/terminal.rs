//! The REPL on a real pseudo-terminal: completion, several lines, Ctrl-C, and the history it leaves.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use expectrl::session::OsSession;
use expectrl::{Eof, Expect as _, Session};

/// A slow machine is no failure.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often the terminal is looked at before it must have changed: some seconds.
const LOOK_COUNT_MAX: usize = 2_000_000;

/// A terminal with the REPL in it.
struct Terminal {
    session: OsSession,
}

impl Terminal {
    fn start(folder: &Path, args: &[&str]) -> Self {
        // The terminal echoes, as those of people do: so it can be told when keys are no longer read one by one.
        let mut command = Command::new("sh");
        command.args(["-c", "stty echo && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_entrasnap")]);
        command.args(args).env_clear().current_dir(folder);
        command.env("TERM", "xterm").env("PATH", "/usr/bin:/bin").env("XDG_STATE_HOME", folder.join("state"));
        let mut session = Session::spawn(command).unwrap();
        session.set_expect_timeout(Some(PATIENCE));
        Self { session }
    }

    #[track_caller]
    fn expect(&mut self, text: &str) {
        self.session.expect(text).unwrap_or_else(|error| panic!("{text:?} never came: {error}"));
    }

    /// Answers the question where the cursor is, as every terminal does, and waits for the prompt.
    #[track_caller]
    fn prompt(&mut self) {
        self.expect("\u{1b}[6n");
        self.session.send("\u{1b}[1;1R").unwrap();
        self.expect("> ");
    }

    fn type_keys(&mut self, keys: &str) {
        self.session.send(keys).unwrap();
    }

    /// Waits until what is typed is no longer read key by key: then the input is being answered.
    fn wait_until_answering(&mut self) {
        for _ in 0..LOOK_COUNT_MAX {
            if self.session.get_process().get_echo().unwrap() {
                return;
            }
            // What is written must be read, or the program waits for us.
            self.session.check("\u{1b}[?2004l").unwrap();
            std::thread::yield_now();
        }
        panic!("the input was never answered");
    }

    #[track_caller]
    fn end(mut self) {
        self.session.expect(Eof).unwrap();
        let status = self.session.get_process().wait().unwrap();
        assert!(format!("{status:?}").ends_with(", 0)"), "{status:?}");
    }
}

/// A query that takes long and little memory.
fn endless() -> String {
    let hashes = (0..60).fold("tostring(x)".to_owned(), |inner, _| format!("hash_sha256({inner})"));
    format!("range x from 1 to 1000000 step 1 | where {hashes} == 'x' | count")
}

#[test]
fn a_conversation_completes_goes_on_and_survives_an_interrupt() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(folder.path(), &[]);
    terminal.prompt();

    terminal.type_keys("print strle");
    terminal.type_keys("\t");
    // The bracket behind it has its own colour.
    terminal.expect("strlen");
    terminal.type_keys("'four') * 1000 + 1\r");
    terminal.expect("4001");
    terminal.expect("1 row");
    terminal.prompt();

    terminal.type_keys("print a = 39 |\r");
    terminal.expect("...> ");
    terminal.type_keys("extend b = a + 4000\r\r");
    terminal.expect("4039");
    terminal.prompt();

    terminal.type_keys(&endless());
    terminal.type_keys("\r");
    terminal.wait_until_answering();
    terminal.type_keys("\u{3}");
    terminal.expect("the query was stopped");
    terminal.prompt();

    terminal.type_keys(" print secret = 1\r");
    terminal.expect("1 row");
    terminal.prompt();
    terminal.type_keys("dropped\u{3}");
    terminal.prompt();
    terminal.type_keys("\u{4}");
    terminal.end();

    let history = folder.path().join("state/entrasnap/history");
    assert_eq!(std::fs::metadata(&history).unwrap().permissions().mode() & 0o777, 0o600);
    let kept = std::fs::read_to_string(&history).unwrap();
    assert!(kept.starts_with("print strlen('four') * 1000 + 1\nprint a = 39 |"), "{kept}");
    assert!(!kept.contains("secret") && !kept.contains("dropped"), "{kept}");
}

#[test]
fn nothing_is_kept_when_no_history_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(folder.path(), &["repl", "--no-history"]);
    terminal.prompt();
    terminal.type_keys("print 1\r");
    terminal.expect("1 row");
    terminal.prompt();
    terminal.type_keys(".quit\r");
    terminal.end();
    assert!(!folder.path().join("state").exists());
}
