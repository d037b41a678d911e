//! What a cell can hold, and the type of a column.

use std::sync::Arc;

/// Ticks (100 ns) of a second.
pub const TICKS_PER_SECOND: i64 = 10_000_000;
/// Ticks of a day.
pub const TICKS_PER_DAY: i64 = 864_000_000_000;

/// The type of a column or of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// True or false.
    Bool,
    /// 32 bits.
    Int,
    /// 64 bits.
    Long,
    /// Double precision.
    Real,
    /// Text; it has no null.
    String,
    /// Ticks since 0001-01-01 UTC.
    Datetime,
    /// Ticks.
    Timespan,
    /// 128 bits.
    Guid,
    /// Any JSON value.
    Dynamic,
}

impl Type {
    /// Every type.
    pub const ALL: [Self; 9] = [
        Self::Bool,
        Self::Int,
        Self::Long,
        Self::Real,
        Self::String,
        Self::Datetime,
        Self::Timespan,
        Self::Guid,
        Self::Dynamic,
    ];

    /// Names the type as a query does.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Long => "long",
            Self::Real => "real",
            Self::String => "string",
            Self::Datetime => "datetime",
            Self::Timespan => "timespan",
            Self::Guid => "guid",
            Self::Dynamic => "dynamic",
        }
    }

    /// Finds the type of a name; `double`, `decimal`, `date` and other second names count.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "bool" | "boolean" => Self::Bool,
            "int" | "int32" => Self::Int,
            "long" | "int64" => Self::Long,
            "real" | "double" | "decimal" => Self::Real,
            "string" => Self::String,
            "datetime" | "date" => Self::Datetime,
            "timespan" | "time" => Self::Timespan,
            "guid" | "uuid" | "uniqueid" => Self::Guid,
            "dynamic" | "object" => Self::Dynamic,
            _ => return None,
        })
    }

    /// Tells whether arithmetic with numbers is possible.
    #[must_use]
    pub fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Long | Self::Real)
    }
}

/// One value. A dynamic column may hold any of them, nested; other columns hold their kind or null.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// An int or a long.
    Long(i64),
    /// A real.
    Real(f64),
    /// A text.
    String(Arc<str>),
    /// Ticks since 0001-01-01 UTC.
    Datetime(i64),
    /// Ticks.
    Timespan(i64),
    /// 128 bits, first text digit highest.
    Guid(u128),
    /// A JSON array.
    Array(Arc<Vec<Value>>),
    /// A JSON object in the order of its text.
    Object(Arc<Vec<(Arc<str>, Value)>>),
}

impl Value {
    /// Makes a text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::String(Arc::from(text))
    }

    /// Tells whether there is no value.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value of a missing cell: `""` for strings, else null.
    #[must_use]
    pub fn missing(kind: Type) -> Self {
        if kind == Type::String { Self::text("") } else { Self::Null }
    }
}
