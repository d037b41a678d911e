//! Rows and their values as serde reads them.

use std::fmt::Display;
use std::sync::Arc;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, Expected, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use super::Row;
use crate::batch::{CellRef, Column, Field};
use crate::literal;
use crate::time::{format_datetime, format_timespan};
use crate::value::{Type, Value};

/// Why a row cannot be read into a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// The type needs a column that the result does not have.
    #[error("expected a column `{column}`, found none")]
    NoColumn {
        /// Its name.
        column: &'static str,
    },
    /// The type forbids a column that the result has.
    #[error("found a column `{column}`, which has no field")]
    NoField {
        /// Its name.
        column: String,
    },
    /// The type takes another number of columns.
    #[error("expected {expected} columns, found {found}")]
    Columns {
        /// How many the type takes.
        expected: usize,
        /// How many the result has.
        found: usize,
    },
    /// A value does not fit its field.
    #[error("row {row}{}: expected {expected}, found {found}", at(column))]
    Value {
        /// The row, from 0.
        row: usize,
        /// The column, or empty for the row as a whole; inside a dynamic value the path, such as `employeeOrgData.division`.
        column: String,
        /// What the field takes.
        expected: String,
        /// What the cell holds.
        found: String,
    },
    /// A type refuses a value for a reason of its own.
    #[error("row {row}{}: {message}", at(column))]
    Other {
        /// The row, from 0.
        row: usize,
        /// The column, or empty for the row as a whole; inside a dynamic value the path.
        column: String,
        /// The reason.
        message: String,
    },
}

fn at(column: &str) -> String {
    if column.is_empty() { String::new() } else { format!(", column `{column}`") }
}

impl RowError {
    /// The same error, of the row with this number.
    pub(super) fn in_row(mut self, number: usize) -> Self {
        if let Self::Value { row, .. } | Self::Other { row, .. } = &mut self {
            *row = number;
        }
        self
    }

    /// The same error, of a value inside the column or member of this name. A field that is missing there is no column of
    /// the result.
    fn inside(mut self, name: &str) -> Self {
        match &mut self {
            Self::Value { column, .. } | Self::Other { column, .. } => {
                *column = if column.is_empty() { name.to_owned() } else { format!("{name}.{column}") };
                self
            }
            Self::NoColumn { .. } | Self::NoField { .. } | Self::Columns { .. } => {
                let message = match self {
                    Self::NoColumn { column } => format!("expected a member `{column}`, found none"),
                    Self::NoField { column } => format!("found a member `{column}`, which has no field"),
                    other => other.to_string(),
                };
                Self::custom(message).inside(name)
            }
        }
    }

    fn mismatch(found: String, expected: &dyn Expected) -> Self {
        Self::Value { row: 0, column: String::new(), expected: expected.to_string(), found }
    }
}

impl serde::de::Error for RowError {
    fn custom<T: Display>(message: T) -> Self {
        Self::Other { row: 0, column: String::new(), message: message.to_string() }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = if found == Unexpected::Unit { "null".to_owned() } else { found.to_string() };
        Self::mismatch(found, expected)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn missing_field(column: &'static str) -> Self {
        Self::NoColumn { column }
    }

    fn unknown_field(column: &str, _: &'static [&'static str]) -> Self {
        Self::NoField { column: column.to_owned() }
    }
}

impl<'de> Deserializer<'de> for Row<'de> {
    type Error = RowError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        visitor.visit_map(Fields { row: self, next: 0 })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        visitor.visit_seq(Fields { row: self, next: 0 })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, RowError> {
        if length == self.schema.len() {
            return self.deserialize_seq(visitor);
        }
        Err(RowError::Columns { expected: length, found: self.schema.len() })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, RowError> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, RowError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct map struct
        enum identifier ignored_any
    }
}

/// The columns of a row, one after the other.
struct Fields<'t> {
    row: Row<'t>,
    next: usize,
}

impl<'t> Fields<'t> {
    fn column(&self, index: usize) -> Option<(&'t Field, &'t Column)> {
        Some((self.row.schema.get(index)?, self.row.batch.columns.get(index)?))
    }

    /// The next value.
    fn value<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Result<Option<S::Value>, RowError> {
        let Some((field, column)) = self.column(self.next) else { return Ok(None) };
        self.next += 1;
        let cell = match column.cell(self.row.index) {
            CellRef::Value(Value::Null) if field.kind == Type::String => CellRef::Text(""),
            cell => cell,
        };
        seed.deserialize(Cell(cell)).map(Some).map_err(|error| error.inside(&field.name))
    }
}

impl<'t> MapAccess<'t> for Fields<'t> {
    type Error = RowError;

    fn next_key_seed<K: DeserializeSeed<'t>>(&mut self, seed: K) -> Result<Option<K::Value>, RowError> {
        let column = self.column(self.next);
        column.map(|(field, _)| seed.deserialize(Cell(CellRef::Text(&field.name)))).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Result<S::Value, RowError> {
        self.value(seed).map(|value| value.expect("serde asks for the value of a key it was given"))
    }
}

impl<'t> SeqAccess<'t> for Fields<'t> {
    type Error = RowError;

    fn next_element_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Result<Option<S::Value>, RowError> {
        self.value(seed)
    }
}

/// One value: a cell, or what lies inside a dynamic one.
struct Cell<'t>(CellRef<'t>);

impl<'de> Deserializer<'de> for Cell<'de> {
    type Error = RowError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        let value = match self.0 {
            CellRef::Text(text) => return visitor.visit_borrowed_str(text),
            CellRef::Value(value) => value,
        };
        match value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(bool) => visitor.visit_bool(*bool),
            Value::Long(long) => visitor.visit_i64(*long),
            Value::Real(real) => visitor.visit_f64(*real),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Datetime(ticks) => visitor.visit_string(format_datetime(*ticks)),
            Value::Timespan(ticks) => visitor.visit_string(format_timespan(*ticks)),
            Value::Guid(guid) => visitor.visit_string(literal::format_guid(*guid)),
            Value::Array(elements) => visitor.visit_seq(Elements(elements.iter())),
            Value::Object(pairs) => visitor.visit_map(Members { pairs: pairs.iter(), current: None }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        match self.0 {
            CellRef::Value(Value::Null) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, RowError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, RowError> {
        match self.0 {
            CellRef::Text(text) => visitor.visit_enum(StrDeserializer::new(text)),
            CellRef::Value(Value::String(text)) => visitor.visit_enum(StrDeserializer::new(text)),
            CellRef::Value(Value::Object(pairs)) => {
                let members = Members { pairs: pairs.iter(), current: None };
                visitor.visit_enum(MapAccessDeserializer::new(members))
            }
            CellRef::Value(_) => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// The elements of an array.
struct Elements<'t>(std::slice::Iter<'t, Value>);

impl<'t> SeqAccess<'t> for Elements<'t> {
    type Error = RowError;

    fn next_element_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Result<Option<S::Value>, RowError> {
        self.0.next().map(|element| seed.deserialize(Cell(CellRef::Value(element)))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The members of an object.
struct Members<'t> {
    pairs: std::slice::Iter<'t, (Arc<str>, Value)>,
    /// The member whose key was given last.
    current: Option<&'t (Arc<str>, Value)>,
}

impl<'t> MapAccess<'t> for Members<'t> {
    type Error = RowError;

    fn next_key_seed<K: DeserializeSeed<'t>>(&mut self, seed: K) -> Result<Option<K::Value>, RowError> {
        self.current = self.pairs.next();
        self.current.map(|(key, _)| seed.deserialize(Cell(CellRef::Text(key)))).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Result<S::Value, RowError> {
        let (key, value) = self.current.expect("serde asks for the value of a key it was given");
        seed.deserialize(Cell(CellRef::Value(value))).map_err(|error| error.inside(key))
    }
}
