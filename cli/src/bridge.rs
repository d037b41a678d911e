//! Where this package meets the others: one thin file per thing they do for a command.

pub(crate) mod graph;
pub(crate) mod incident;
pub(crate) mod query;
pub(crate) mod rehearsal;
pub(crate) mod rows;
pub(crate) mod schema;
pub(crate) mod scratch;
pub(crate) mod twin;
