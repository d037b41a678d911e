//! All tests that need more than one package or a fake, as one program.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

mod cli_commands;
mod engine_journal;
mod tidy;
