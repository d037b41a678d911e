//! Which tables of a query ask for the live tenant: those that its binder looks up at that point, and no text that
//! happens to say so.

use std::sync::{Arc, Mutex, PoisonError};

use query::{PointArgument, TableSource, Tables, Value};

use super::{Question, StoredTables, to_ticks};

/// The tables, and whom they ask for.
struct Watched<'t> {
    tables: &'t StoredTables,
    /// Names of tables that were looked up at `live`.
    live: Mutex<Vec<String>>,
}

impl Tables for Watched<'_> {
    fn table(&self, name: &str, arguments: &[Value]) -> Result<Option<Arc<dyn TableSource>>, String> {
        if !arguments.iter().any(is_live) {
            return self.tables.table(name, arguments);
        }
        self.live.lock().unwrap_or_else(PoisonError::into_inner).push(name.to_owned());
        // Nothing is read of it: whatever backup there is has the columns that the rest of the query names.
        let stored =
            |argument: &Value| if is_live(argument) { Value::text("latest") } else { argument.clone() };
        self.tables.table(name, &arguments.iter().map(stored).collect::<Vec<_>>())
    }

    fn names(&self) -> Vec<String> {
        self.tables.names()
    }
}

fn is_live(argument: &Value) -> bool {
    matches!(argument, Value::String(text) if PointArgument::Text(text.to_string()).is_live())
}

/// The names of the tables that a question asks for at `live`, each as often as it does.
pub(crate) fn tables_at_live(question: &Question, tables: &StoredTables) -> Vec<String> {
    let text = question.whole();
    let mut texts = std::iter::once(&text).chain(question.parameters.values());
    if !texts.any(|text| text.to_ascii_lowercase().contains("live")) {
        return Vec::new();
    }
    let watched = Watched { tables, live: Mutex::default() };
    // What is wrong with the question is said when it is asked.
    drop(query::explain(&text, &question.parameters, &watched, to_ticks(question.now)));
    tables.forget();
    watched.live.into_inner().unwrap_or_else(PoisonError::into_inner)
}
