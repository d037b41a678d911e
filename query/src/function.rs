//! The one table of functions: name, usage, help, result type and code. Parser, binder, completion
//! and help are made from it.

pub(crate) mod array;
mod bag;
mod cast;
mod date;
mod dateformat;
mod logic;
mod math;
pub(crate) mod operator;
mod regular;
mod set;
mod text;
mod web;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use crate::convert;
use crate::value::{Type, Value};

/// What a user may know of a function, for help and completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunctionHelp {
    /// Its name.
    pub name: &'static str,
    /// How it is written, optional arguments in square brackets.
    pub usage: &'static str,
    /// What it gives.
    pub help: &'static str,
    /// Whether it is used in `summarize`, over the rows of a group.
    pub aggregate: bool,
}

/// Lists every function and aggregate by name.
#[must_use]
pub fn functions() -> Vec<FunctionHelp> {
    let scalars = all().map(|function| FunctionHelp {
        name: function.name,
        usage: function.usage,
        help: function.help,
        aggregate: false,
    });
    let aggregates = crate::aggregate::all().map(|function| FunctionHelp {
        name: function.name,
        usage: function.usage,
        help: function.help,
        aggregate: true,
    });
    let mut functions: Vec<FunctionHelp> = scalars.chain(aggregates).collect();
    functions.sort_by_key(|function| function.name);
    functions
}

/// A function of the values of one row.
pub(crate) struct Function {
    /// Its name.
    pub name: &'static str,
    /// How it is written, optional arguments in square brackets.
    pub usage: &'static str,
    /// What it gives.
    pub help: &'static str,
    /// Fewest arguments.
    pub least: usize,
    /// Most arguments.
    pub most: usize,
    pub(crate) result: Returns,
    pub(crate) body: Body,
}

/// The type of a result.
pub(crate) enum Returns {
    /// Always this.
    Is(Type),
    /// That of the arguments; nothing when they do not fit.
    By(fn(&[Type]) -> Option<Type>),
}

/// Where the code of a function is.
pub(crate) enum Body {
    /// Here: the value of a row.
    Row(fn(&mut RowArguments<'_>) -> Value),
    /// In the binder, which knows names and tables.
    Binder,
}

/// Any number of arguments.
pub(crate) const MANY: usize = usize::MAX;

impl Function {
    /// An entry of the table; `usage` says which arguments may be left out.
    pub(crate) const fn new(
        usage: &'static str,
        help: &'static str,
        arguments: (usize, usize),
        result: Returns,
        code: fn(&mut RowArguments<'_>) -> Value,
    ) -> Self {
        let (least, most) = arguments;
        Self { name: name_of(usage), usage, help, least, most, result, body: Body::Row(code) }
    }

    /// An entry whose code is in the binder.
    const fn bound(usage: &'static str, help: &'static str, arguments: (usize, usize)) -> Self {
        let (least, most) = arguments;
        let result = Returns::Is(Type::Dynamic);
        Self { name: name_of(usage), usage, help, least, most, result, body: Body::Binder }
    }

    /// The type of the result for arguments of these types, if they fit.
    pub(crate) fn result_type(&self, kinds: &[Type]) -> Option<Type> {
        match self.result {
            Returns::Is(kind) => Some(kind),
            Returns::By(rule) => rule(kinds),
        }
    }
}

/// The word before the parenthesis.
const fn name_of(usage: &'static str) -> &'static str {
    let bytes = usage.as_bytes();
    let mut length = 0;
    while length < bytes.len() && bytes[length] != b'(' {
        length += 1;
    }
    usage.split_at(length).0
}

/// Functions whose code is in the binder.
static BOUND: [Function; 4] = [
    Function::bound("toscalar(table)", "the first value of a table", (1, 1)),
    Function::bound("materialize(table)", "a table, computed once", (1, 1)),
    Function::bound("pack_all([without_empty])", "an object of all columns", (0, 1)),
    Function::bound("column_ifexists(name, default)", "a column, or the default", (2, 2)),
];

/// Second names: the name, and what it means.
const ALIASES: &[(&str, &str)] = &[
    ("array_iif", "array_iff"),
    ("extractjson", "extract_json"),
    ("iif", "iff"),
    ("notempty", "isnotempty"),
    ("notnull", "isnotnull"),
    ("pack", "bag_pack"),
    ("pack_dictionary", "bag_pack"),
    ("parsejson", "parse_json"),
    ("replace", "replace_regex"),
    ("toboolean", "tobool"),
    ("todecimal", "todouble"),
    ("todynamic", "parse_json"),
    ("toobject", "parse_json"),
    ("toreal", "todouble"),
    ("url_encode", "url_encode_component"),
    ("weekofyear", "week_of_year"),
    ("columnifexists", "column_ifexists"),
];

static TABLE: LazyLock<HashMap<&'static str, &'static Function>> = LazyLock::new(|| {
    let mut table: HashMap<&str, &Function> = all().map(|entry| (entry.name, entry)).collect();
    for (alias, name) in ALIASES {
        if let Some(function) = table.get(name).copied() {
            table.insert(alias, function);
        }
    }
    table
});

/// The functions of values by families.
pub(crate) fn families() -> [(&'static str, &'static [Function]); 12] {
    [
        ("Tables and columns", &BOUND),
        ("Logic", logic::TABLE),
        ("Conversion", cast::TABLE),
        ("Numbers", math::TABLE),
        ("Texts and hashes", text::TABLE),
        ("Regular expressions", regular::TABLE),
        ("Addresses, base64 and separated values", web::TABLE),
        ("Dates and times", date::TABLE),
        ("Dates and times as texts", dateformat::TABLE),
        ("Arrays", array::TABLE),
        ("Objects", bag::TABLE),
        ("Sets", set::TABLE),
    ]
}

/// Lists every function of values.
pub(crate) fn all() -> impl Iterator<Item = &'static Function> {
    families().into_iter().flat_map(|(_, members)| members)
}

/// Second names of functions, and what they mean.
#[cfg(test)]
pub(crate) fn aliases() -> impl Iterator<Item = (&'static str, &'static str)> {
    ALIASES.iter().copied()
}

/// Finds a function by its name or second name.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    TABLE.get(name).copied()
}

/// Whether a value function or an aggregate has that name.
pub(crate) fn exists(name: &str) -> bool {
    find(name).is_some() || crate::aggregate::find(name).is_some()
}

/// Whether a name leads to tables of other databases, which this language does not have.
pub(crate) fn is_foreign(name: &str) -> bool {
    matches!(name, "cluster" | "database" | "workspace" | "app" | "resource" | "external_table")
}

/// Every name in order, aggregates and second names included.
static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let aggregates = crate::aggregate::all().map(|aggregate| aggregate.name);
    let mut names: Vec<&str> = TABLE.keys().copied().chain(aggregates).collect();
    names.sort_unstable();
    names
});

/// Lists every name in order, aggregates and second names included.
pub(crate) fn names() -> impl Iterator<Item = &'static str> + Clone {
    NAMES.iter().copied()
}

/// What functions keep between rows.
pub(crate) struct State {
    /// The one instant of the query.
    pub(crate) now: i64,
    regexes: HashMap<String, Option<Regex>>,
}

/// Most compiled patterns kept by one call.
const REGEXES_MAX: usize = 256;
/// Largest compiled pattern in bytes.
const REGEX_BYTES_MAX: usize = 1 << 20;

impl State {
    pub(crate) fn new(now: i64) -> Self {
        Self { now, regexes: HashMap::new() }
    }

    /// A compiled pattern; nothing if it is none.
    pub(crate) fn regex(&mut self, pattern: &str) -> Option<Regex> {
        if let Some(known) = self.regexes.get(pattern) {
            return known.clone();
        }
        if self.regexes.len() >= REGEXES_MAX {
            self.regexes.clear();
        }
        let compiled = compile(pattern).ok();
        self.regexes.insert(pattern.to_owned(), compiled.clone());
        compiled
    }
}

/// Compiles a pattern within the limit of size.
pub(crate) fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    regex::RegexBuilder::new(pattern).size_limit(REGEX_BYTES_MAX).build()
}

/// The values of one argument for all rows.
#[derive(Clone, Copy)]
pub(crate) enum Operand<'a> {
    /// The same in every row.
    Same(&'a Value),
    /// One for each row.
    Each(&'a [Value]),
    /// For each row the index of its value.
    Coded(&'a [u32], &'a [Value]),
}

impl<'a> Operand<'a> {
    fn get(self, row: usize) -> &'a Value {
        match self {
            Self::Same(value) => value,
            Self::Each(values) => &values[row],
            Self::Coded(codes, values) => &values[codes[row] as usize],
        }
    }
}

/// The arguments of one row.
pub(crate) struct RowArguments<'a> {
    pub(crate) operands: &'a [Operand<'a>],
    pub(crate) kinds: &'a [Type],
    pub(crate) row: usize,
    pub(crate) state: &'a mut State,
}

impl<'a> RowArguments<'a> {
    pub(crate) fn len(&self) -> usize {
        self.operands.len()
    }

    pub(crate) fn has(&self, index: usize) -> bool {
        index < self.operands.len()
    }

    /// An argument; null when it was left out.
    pub(crate) fn value(&self, index: usize) -> &'a Value {
        static NULL: Value = Value::Null;
        self.operands.get(index).map_or(&NULL, |operand| operand.get(self.row))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &'a Value> + use<'a> {
        let (operands, row) = (self.operands, self.row);
        operands.iter().map(move |operand| operand.get(row))
    }

    pub(crate) fn kind(&self, index: usize) -> Type {
        self.kinds.get(index).copied().unwrap_or(Type::Dynamic)
    }

    /// An argument as `tostring` would write it.
    pub(crate) fn text(&self, index: usize) -> Cow<'a, str> {
        match self.value(index) {
            Value::String(text) => Cow::Borrowed(text),
            value => Cow::Owned(convert::to_text(value, self.kind(index))),
        }
    }

    pub(crate) fn long(&self, index: usize) -> Option<i64> {
        convert::to_long(self.value(index))
    }

    /// A long, or the default when the argument was left out.
    pub(crate) fn long_or(&self, index: usize, default: i64) -> Option<i64> {
        if self.has(index) { self.long(index) } else { Some(default) }
    }

    pub(crate) fn real(&self, index: usize) -> Option<f64> {
        convert::real_of(self.value(index))
    }

    pub(crate) fn datetime(&self, index: usize) -> Option<i64> {
        convert::to_datetime(self.value(index))
    }

    pub(crate) fn flag(&self, index: usize) -> bool {
        convert::to_bool(self.value(index)) == Some(true)
    }

    pub(crate) fn array(&self, index: usize) -> Option<&'a [Value]> {
        match self.value(index) {
            Value::Array(elements) => Some(elements),
            _ => None,
        }
    }

    pub(crate) fn object(&self, index: usize) -> Option<&'a [(Arc<str>, Value)]> {
        match self.value(index) {
            Value::Object(pairs) => Some(pairs),
            _ => None,
        }
    }

    pub(crate) fn regex(&mut self, index: usize) -> Option<Regex> {
        let pattern = self.text(index);
        self.state.regex(&pattern)
    }
}

/// A value or null.
pub(crate) fn or_null<T>(value: Option<T>, make: impl Fn(T) -> Value) -> Value {
    value.map_or(Value::Null, make)
}

/// An array.
pub(crate) fn array_of(elements: Vec<Value>) -> Value {
    Value::Array(Arc::new(elements))
}

/// The length of something as a long.
pub(crate) fn length(count: usize) -> Value {
    Value::Long(i64::try_from(count).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
