//! The query language of entrasnap: text in, rows out.
//!
//! ```text
//! text ─ syntax ─▶ ast ─ bind ─▶ plan ─ rewrite ─▶ plan ─ execute ─▶ rows
//!                   │      ╰── names, types: `function`, `aggregate`, `Tables`
//!                   ╰── format ─▶ text
//! ```
//!
//! Rows are worked on in batches of columns, in parallel, and come in an order that does not depend on that; memory is
//! bounded by [`Limits`]. A [`Script`] is read, bound to a [`Context`], and then [`Prepared`] to run, to stream, or to be
//! explained. What editors need to know is in [`language`].
//!
//! ```
//! use jiff::Timestamp;
//! use entrasnap_query::{Context, NoTables, Script};
//!
//! let context = Context::new(&NoTables, Timestamp::UNIX_EPOCH);
//! let text = "datatable(name:string, age:long) ['Ada', 41, 'Bo', 29] | where age > 30";
//! let prepared = Script::parse(text).and_then(|script| script.bind(&context)).expect("the query is right");
//! let tables = prepared.run().expect("it fits into the memory");
//! let names: Vec<&str> = tables[0].rows().filter_map(|row| row.text("name")).collect();
//! assert_eq!(names, ["Ada"]);
//!
//! let findings = Script::parse("users | mv-apply x on (take 1)").unwrap_err();
//! assert_eq!(findings[0].message, "`mv-apply` is not supported");
//! ```

mod aggregate;
pub mod ast;
mod batch;
mod bind;
mod check;
mod compare;
mod convert;
mod deep;
mod error;
mod execute;
mod explain;
mod findings;
mod format;
mod function;
mod json;
pub mod language;
mod limits;
mod literal;
mod number;
mod pattern;
mod plan;
mod point;
mod rewrite;
mod row;
mod script;
mod store;
mod syntax;
mod table;
#[cfg(test)]
mod testing;
mod time;
mod value;

pub use batch::{BATCH_ROWS, Batch, Column, Field, Schema, Texts};
pub use bind::{Parameters, Selection};
pub use error::{Cause, Code, Diagnostic, TableError};
pub use findings::{ChangeKey, Finding, RelatedObject, Rule, RuleError, RuleProblem, Rules, Severity};
pub use limits::Limits;
pub use point::ResolvedPoint;
pub use row::{Row, RowError, Rows};
pub use script::{
    Context, Definitions, Diagnostics, NamedTable, Predicate, Prepared, ResultPart, ResultTable, Script, run,
};
pub use store::{PointArgument, PointResolver, StoreResolver, StoreTables};
pub use table::{Admitted, Condition, NoTables, Parts, ScanRequest, TableSource, Tables};
pub use value::{TICKS_PER_DAY, TICKS_PER_SECOND, Type, Value};
