//! The REPL.

pub(crate) mod words;
