//! The query language of entrasnap: text in, rows out.
//!
//! ```text
//! text ─ syntax ─▶ ast ─ bind ─▶ plan ─ rewrite ─▶ plan ─ execute ─▶ rows
//!                   │      ╰── names, types: `function`, `aggregate`, `Tables`
//!                   ╰── format ─▶ text
//! ```
//!
//! Rows are worked on in batches of columns, in parallel, and come in an order that does not depend on that; memory is
//! bounded by [`Limits`]. [`run`] gives all rows at once, [`run_streaming`] as they come.
//!
//! ```
//! use query::{NoTables, Parameters, run};
//!
//! let text = "datatable(name:string, age:long) ['Ada', 41, 'Bo', 29] | where age > 30";
//! let tables = run(text, &Parameters::new(), &NoTables, 0).expect("the query is right");
//! assert_eq!(tables[0].batches[0].columns[0].get(0).to_json(tables[0].schema[0].kind), "\"Ada\"");
//!
//! let findings = run("users | mv-apply x on (take 1)", &Parameters::new(), &NoTables, 0);
//! assert_eq!(findings.unwrap_err()[0].message, "`mv-apply` is not supported");
//! ```

mod aggregate;
pub mod ast;
mod batch;
mod bind;
mod check;
mod compare;
mod convert;
mod error;
mod execute;
mod explain;
mod format;
mod function;
mod json;
mod limits;
mod literal;
mod number;
mod pattern;
mod plan;
mod rewrite;
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
pub use error::{Code, Diagnostic};
pub use function::{FunctionHelp, functions};
pub use limits::Limits;
pub use script::{ResultPart, ResultTable, check, explain, format, run, run_streaming, run_within};
pub use store::{PointArgument, PointResolver, ResolvedPoint, StoreResolver, StoreTables};
pub use syntax::OPERATORS;
pub use table::{Admitted, Condition, NoTables, Parts, ScanRequest, TableSource, Tables};
pub use value::{TICKS_PER_DAY, TICKS_PER_SECOND, Type, Value};
