//! One attribute in all versions of a type, as codes into values of a query.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use engine::scan::{self, Block, ColumnPlan, FIRST_VALUE, Form, TextList, Values, VersionColumn};

use super::size::{VALUE_SIZE, texts_size};
use crate::batch::{Column, Texts};
use crate::error::TableError;
use crate::json;
use crate::time::{UNIX_EPOCH, in_range};
use crate::value::{Type, Value};
use crate::{convert, number};

/// Fewer values than this are kept in a dictionary, however few versions there are.
const DICTIONARY_COUNT: usize = 64;
/// Values that come this many times on average are worth a dictionary.
const REPEATED_COUNT: usize = 4;

/// A column that any number of threads read together, each some of its blocks.
pub(super) struct SharedColumn {
    plan: ColumnPlan,
    kind: Type,
    /// The first block that no thread has begun.
    next: AtomicUsize,
    blocks: Vec<Mutex<Option<Result<Block, TableError>>>>,
    whole: OnceLock<Result<Arc<CodedColumn>, TableError>>,
}

/// Codes of all versions, and what they mean.
pub(super) struct CodedColumn {
    /// By version number.
    pub(super) codes: Vec<u32>,
    pub(super) values: Coding,
}

/// What codes mean.
pub(super) enum Coding {
    /// Values.
    Values(Arc<Vec<Value>>),
    /// Texts.
    Texts(Arc<Texts>),
    /// JSON texts that become values one by one: there are too many.
    Json(Vec<Values>),
}

/// How values of a kind are read from the store.
pub(super) fn form_of(kind: Type) -> Form {
    match kind {
        Type::Int | Type::Long | Type::Real | Type::Datetime => Form::Typed,
        _ => Form::Json,
    }
}

impl SharedColumn {
    pub(super) fn new(plan: ColumnPlan, kind: Type) -> Self {
        let blocks = (0..plan.block_count()).map(|_| Mutex::default()).collect();
        Self { plan, kind, next: AtomicUsize::new(0), blocks, whole: OnceLock::new() }
    }

    /// The column, if it was read already.
    pub(super) fn ready(&self) -> Option<&Arc<CodedColumn>> {
        self.whole.get().and_then(|whole| whole.as_ref().ok())
    }

    /// The column. A thread that needs it while others read it reads blocks, too. No lock is held while work of other
    /// queries may run.
    pub(super) fn read(&self) -> Result<Arc<CodedColumn>, TableError> {
        if self.whole.get().is_none() {
            loop {
                let index = self.next.fetch_add(1, Ordering::Relaxed);
                let Some(block) = self.blocks.get(index) else { break };
                let mut block = block.lock().unwrap_or_else(PoisonError::into_inner);
                if block.is_none() {
                    *block = Some(self.block(index));
                }
            }
        }
        self.whole.get_or_init(|| self.merge().map(Arc::new)).clone()
    }

    fn block(&self, index: usize) -> Result<Block, TableError> {
        self.plan.block(index).map_err(TableError::store)
    }

    fn merge(&self) -> Result<CodedColumn, TableError> {
        let mut blocks = Vec::with_capacity(self.blocks.len());
        for (index, block) in self.blocks.iter().enumerate() {
            let taken = block.lock().unwrap_or_else(PoisonError::into_inner).take();
            blocks.push(taken.unwrap_or_else(|| self.block(index))?);
        }
        let column = self.plan.merge(blocks).map_err(TableError::store)?;
        CodedColumn::new(column, self.kind)
    }
}

impl CodedColumn {
    fn new(column: VersionColumn, kind: Type) -> Result<Self, TableError> {
        let count = column.value_count();
        let many = count > DICTIONARY_COUNT && count * REPEATED_COUNT > column.codes.len();
        let VersionColumn { codes, runs } = column;
        let values = match kind {
            Type::String if many => Coding::Texts(Arc::new(texts_of(&runs)?)),
            Type::Dynamic => Coding::Json(runs),
            _ => Coding::Values(Arc::new(values_of(&runs, kind))),
        };
        let values = match values {
            Coding::Json(runs) if !many => Coding::Values(Arc::new(values_of(&runs, kind))),
            values => values,
        };
        Ok(Self { codes, values })
    }

    /// The cells of some versions.
    pub(super) fn gather(&self, versions: &[u32]) -> Column {
        let codes = versions.iter().map(|version| self.code(*version));
        match &self.values {
            Coding::Values(values) => {
                Column::Dictionary { codes: Arc::new(codes.collect()), values: Arc::clone(values) }
            }
            Coding::Texts(texts) => {
                Column::Texts { codes: Arc::new(codes.collect()), texts: Arc::clone(texts) }
            }
            Coding::Json(_) => Column::of(codes.map(|code| self.value(code)).collect()),
        }
    }

    /// The code of a version.
    pub(super) fn code(&self, version: u32) -> u32 {
        self.codes.get(version as usize).copied().unwrap_or(scan::ABSENT)
    }

    /// The value of a code.
    pub(super) fn value(&self, code: u32) -> Value {
        match &self.values {
            Coding::Values(values) => values.get(code as usize).cloned().unwrap_or_default(),
            Coding::Texts(texts) => Value::text(texts.get(code as usize)),
            Coding::Json(runs) => {
                let Some(mut index) = code.checked_sub(FIRST_VALUE).map(|index| index as usize) else {
                    return Value::Null;
                };
                for run in runs {
                    match (run, index.checked_sub(run.len())) {
                        (_, Some(rest)) => index = rest,
                        (Values::Json(texts), None) => return of_json(texts.get(index), Type::Dynamic),
                        (Values::Integers(numbers) | Values::Ticks(numbers), None) => {
                            return Value::Long(numbers[index]);
                        }
                    }
                }
                Value::Null
            }
        }
    }

    /// About how much memory it takes.
    pub(super) fn size(&self) -> usize {
        let values = match &self.values {
            Coding::Values(values) => values.len() * VALUE_SIZE,
            Coding::Texts(texts) => texts_size(texts),
            Coding::Json(runs) => runs.iter().map(run_size).sum(),
        };
        self.codes.len() * 4 + values
    }
}

fn run_size(run: &Values) -> usize {
    match run {
        Values::Json(texts) => texts.bytes.len() + texts.ends.len() * 4,
        Values::Integers(numbers) | Values::Ticks(numbers) => numbers.len() * 8,
    }
}

/// The values of codes, those of cells without a value first.
fn values_of(runs: &[Values], kind: Type) -> Vec<Value> {
    let mut values = vec![Value::missing(kind); FIRST_VALUE as usize];
    for run in runs {
        match run {
            Values::Json(texts) => values.extend(texts.iter().map(|text| of_json(text, kind))),
            Values::Integers(numbers) => {
                values.extend(numbers.iter().map(|number| of_integer(*number, kind)));
            }
            Values::Ticks(ticks) => values.extend(ticks.iter().map(|ticks| of_ticks(*ticks))),
        }
    }
    values
}

fn texts_of(runs: &[Values]) -> Result<Texts, TableError> {
    let total = runs.iter().map(run_size).sum();
    let mut texts = TextList { bytes: Vec::with_capacity(total), ends: vec![0; FIRST_VALUE as usize] };
    for run in runs {
        let Values::Json(list) = run else {
            return Err(TableError::Data("expected texts of a string column".to_owned()));
        };
        for json in list.iter() {
            match plain_text(json) {
                Some(text) => texts.bytes.extend_from_slice(text),
                None => {
                    if let Value::String(text) = of_json(json, Type::String) {
                        texts.bytes.extend_from_slice(text.as_bytes());
                    }
                }
            }
            let end = u32::try_from(texts.bytes.len());
            texts.ends.push(
                end.map_err(|_| TableError::Data("a column holds more than 4 GiB of text".to_owned()))?,
            );
        }
    }
    Texts::new(texts.bytes, texts.ends)
}

/// The text between the quotes of a JSON text without escapes.
fn plain_text(json: &[u8]) -> Option<&[u8]> {
    let text = json.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    (!text.contains(&b'\\')).then_some(text)
}

fn of_integer(number: i64, kind: Type) -> Value {
    match kind {
        Type::Int if i32::try_from(number).is_err() => Value::Null,
        Type::Int | Type::Long => Value::Long(number),
        Type::Real => Value::Real(number::to_real(number)),
        _ => Value::Null,
    }
}

fn of_ticks(ticks: i64) -> Value {
    in_range(ticks.saturating_add(UNIX_EPOCH)).map_or(Value::Null, Value::Datetime)
}

/// The value of a cell's JSON text in a column of a kind; what does not fit is missing.
pub(super) fn of_json(text: &[u8], kind: Type) -> Value {
    if kind == Type::String
        && let Some(text) = plain_text(text)
        && let Ok(text) = std::str::from_utf8(text)
    {
        return Value::text(text);
    }
    let parsed = std::str::from_utf8(text).ok().and_then(json::parse);
    let value = parsed.or_else(|| json::parse(&scan::decode(text).to_string()));
    of_value(value.unwrap_or_default(), kind)
}

/// A value of JSON in a column of a kind; what does not fit is missing.
pub(super) fn of_value(value: Value, kind: Type) -> Value {
    match (&value, kind) {
        (_, Type::Dynamic)
        | (Value::String(_), Type::String)
        | (Value::Bool(_), Type::Bool)
        | (Value::Real(_), Type::Real) => value,
        (Value::Long(number), Type::Int | Type::Long | Type::Real) => of_integer(*number, kind),
        (Value::String(_), Type::Datetime) => {
            convert::to_datetime(&value).map_or(Value::Null, Value::Datetime)
        }
        (Value::String(_), Type::Timespan) => {
            convert::to_timespan(&value).map_or(Value::Null, Value::Timespan)
        }
        (Value::String(_), Type::Guid) => convert::to_guid(&value).map_or(Value::Null, Value::Guid),
        _ => Value::missing(kind),
    }
}
