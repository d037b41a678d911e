//! Owns what is known of one property: its static type and what Graph does with it.

/// The static type of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PropertyType {
    /// Text; enumerations and durations too.
    String,
    /// Boolean.
    Boolean,
    /// 32-bit integer.
    Int32,
    /// 64-bit integer.
    Int64,
    /// Double.
    Double,
    /// Point in time.
    DateTime,
    /// GUID.
    Guid,
    /// Collection or complex value.
    Dynamic,
}

impl PropertyType {
    /// All types, in the order of columns.
    pub const ALL: [Self; 8] = [
        Self::String,
        Self::Boolean,
        Self::Int32,
        Self::Int64,
        Self::Double,
        Self::DateTime,
        Self::Guid,
        Self::Dynamic,
    ];
}

/// One property of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Property {
    /// Its name.
    pub name: &'static str,
    /// Its static type.
    pub kind: PropertyType,
    facts: u16,
}

const COLLECTION: u16 = 1;
const READ_ONLY: u16 = 1 << 1;
const READ_ONLY_WHEN_SYNCED: u16 = 1 << 2;
const IMMUTABLE: u16 = 1 << 3;
const PATCHABLE: u16 = 1 << 4;
const OUTSIDE: u16 = 1 << 5;
const ALONE: u16 = 1 << 6;
const DEFAULT: u16 = 1 << 7;
const OF_SUBTYPE: u16 = 1 << 8;
const UNSELECTED: u16 = 1 << 9;
const UNDECLARED: u16 = 1 << 10;
const STREAM: u16 = 1 << 11;
const RISKY: u16 = 1 << 12;

pub(crate) const fn string(name: &'static str) -> Property {
    Property { name, kind: PropertyType::String, facts: 0 }
}

pub(crate) const fn boolean(name: &'static str) -> Property {
    Property { name, kind: PropertyType::Boolean, facts: 0 }
}

pub(crate) const fn int32(name: &'static str) -> Property {
    Property { name, kind: PropertyType::Int32, facts: 0 }
}

pub(crate) const fn date_time(name: &'static str) -> Property {
    Property { name, kind: PropertyType::DateTime, facts: 0 }
}

pub(crate) const fn guid(name: &'static str) -> Property {
    Property { name, kind: PropertyType::Guid, facts: 0 }
}

/// A complex value; a collection of anything is one too, and says so.
pub(crate) const fn dynamic(name: &'static str) -> Property {
    Property { name, kind: PropertyType::Dynamic, facts: 0 }
}

/// Bytes that have an address of their own: declared by the metadata, and no column.
pub(crate) const fn stream(name: &'static str) -> Property {
    Property { name, kind: PropertyType::Dynamic, facts: STREAM }
}

/// What files of types say of a property.
impl Property {
    const fn with(self, fact: u16) -> Self {
        Self { facts: self.facts | fact, ..self }
    }

    /// It is a collection, so that unset means empty.
    pub(crate) const fn collection(self) -> Self {
        self.with(COLLECTION)
    }

    /// No request writes it.
    pub(crate) const fn read_only(self) -> Self {
        self.with(READ_ONLY)
    }

    /// No request writes it on objects mastered on-premises, besides what Graph refuses there anyway.
    pub(crate) const fn read_only_when_synced(self) -> Self {
        self.with(READ_ONLY_WHEN_SYNCED)
    }

    /// Only a create may set it.
    pub(crate) const fn immutable(self) -> Self {
        self.with(IMMUTABLE)
    }

    /// An update may write it. A type with such properties has no others that an update may write.
    pub(crate) const fn patchable(self) -> Self {
        self.with(PATCHABLE)
    }

    /// Another service holds it, so that lists refuse it.
    pub(crate) const fn outside(self) -> Self {
        self.with(OUTSIDE)
    }

    /// A request of its own writes it.
    pub(crate) const fn alone(self) -> Self {
        self.with(ALONE)
    }

    /// Graph may refuse it for reasons of its own: for want of a right, such as the rank that a change of an account with a
    /// role needs, or for what its value is, such as a name that must be unique or of a verified domain. An update is taken
    /// whole or not at all, so it is sent in one of its own, where it holds back nothing else.
    pub(crate) const fn risky(self) -> Self {
        self.with(RISKY)
    }

    /// A list gives it without `$select`, of a type whose lists leave most properties out.
    pub(crate) const fn by_default(self) -> Self {
        self.with(DEFAULT)
    }

    /// Only a derived type has it: the metadata of the type itself does not declare it.
    pub(crate) const fn of_subtype(self) -> Self {
        self.with(OF_SUBTYPE)
    }

    /// `$select` does not name it although the metadata declares it.
    pub(crate) const fn unselected(self) -> Self {
        self.with(UNSELECTED)
    }

    /// Graph gives it although the metadata does not declare it; it is no column.
    pub(crate) const fn undeclared(self) -> Self {
        self.with(UNDECLARED)
    }
}

impl Property {
    const fn is(&self, fact: u16) -> bool {
        self.facts & fact != 0
    }

    /// Whether it is a collection, so that unset means empty.
    #[must_use]
    pub const fn is_collection(&self) -> bool {
        self.is(COLLECTION)
    }

    /// Whether no request writes it.
    #[must_use]
    pub const fn is_read_only(&self) -> bool {
        self.is(READ_ONLY)
    }

    /// Whether no request writes it on objects mastered on-premises.
    #[must_use]
    pub const fn is_read_only_when_synced(&self) -> bool {
        self.is(READ_ONLY_WHEN_SYNCED)
    }

    /// Whether only a create may set it.
    #[must_use]
    pub const fn is_immutable(&self) -> bool {
        self.is(IMMUTABLE)
    }

    /// Whether an update may write it, of a type that names those that it may.
    #[must_use]
    pub const fn is_patchable(&self) -> bool {
        self.is(PATCHABLE)
    }

    /// Whether another service holds it, so that lists refuse it.
    #[must_use]
    pub const fn is_outside(&self) -> bool {
        self.is(OUTSIDE)
    }

    /// Whether a request of its own writes it.
    #[must_use]
    pub const fn is_alone(&self) -> bool {
        self.is(ALONE)
    }

    /// Whether Graph may refuse it for reasons of its own, so that an update of its own writes it.
    #[must_use]
    pub const fn is_risky(&self) -> bool {
        self.is(RISKY)
    }

    /// Whether lists give it without `$select`, of a type whose lists leave most out.
    #[must_use]
    pub const fn is_default(&self) -> bool {
        self.is(DEFAULT)
    }

    /// Whether the metadata of the type declares it.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        !self.is(OF_SUBTYPE) && !self.is(UNDECLARED)
    }

    /// Whether only a derived type has it.
    #[must_use]
    pub const fn is_of_subtype(&self) -> bool {
        self.is(OF_SUBTYPE)
    }

    /// Whether `$select` names it, of a type whose lists leave most out.
    #[must_use]
    pub const fn is_selected(&self) -> bool {
        !self.is(OUTSIDE) && !self.is(UNSELECTED) && !self.is(OF_SUBTYPE)
    }

    /// Whether it is a column of the type's table.
    #[must_use]
    pub const fn is_column(&self) -> bool {
        !self.is(STREAM) && !self.is(UNDECLARED)
    }

    pub(crate) fn is_column_of(&self, kind: PropertyType) -> bool {
        self.kind == kind && self.is_column()
    }
}
