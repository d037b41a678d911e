//! The query language of entrasnap: text in, rows out.

pub mod ast;
mod check;
mod error;
mod function;
mod literal;
mod number;
mod syntax;
mod time;
mod value;

pub use error::{Code, Diagnostic};
pub use value::{TICKS_PER_DAY, TICKS_PER_SECOND, Type, Value};

/// Reads a script and reports what is wrong with it or outside the subset of KQL. Tables and
/// columns are not looked up.
///
/// # Errors
/// Every finding, in the order of the text.
pub fn check(text: &str) -> Result<(), Vec<Diagnostic>> {
    let findings = check::calls(&syntax::parse(text)?);
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}
