//! Owns what a recovery may write of a type, by which requests, and with which permissions.

/// Where an object's ID comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdSource {
    /// Graph gives it.
    Server,
    /// Whoever makes the object chooses it.
    Create,
    /// There is none: this property identifies it.
    Property(&'static str),
}

/// What a recovery may write of a type.
#[derive(Debug)]
pub struct Recovery {
    /// The method that writes an object; one that replaces it whole is `PUT`.
    pub update: &'static str,
    /// Whether writes must say its `@odata.type`.
    pub is_typed: bool,
    /// Where an object's ID comes from.
    pub id: IdSource,
    /// Properties that other requests than an update write.
    pub writes: &'static [PropertyWrite],
    /// What a create must give; `a|b` is one of them. Nothing can be made when it is empty.
    pub create_required: &'static [&'static str],
    /// Why no application can make it, although something is required.
    pub uncreatable: Option<&'static str>,
    /// Whether the reference of Graph lists its restore from the bin as not supported for applications, whatever they may
    /// do.
    pub is_restored_by_people: bool,
    /// Whether no request deletes it.
    pub is_undeletable: bool,
    /// What only Microsoft's own recovery writes.
    pub native_only: &'static [&'static str],
    /// Application permissions that writing needs.
    pub write: &'static [&'static str],
    /// Further permissions for some writes, each with what it is for.
    pub write_extra: &'static [&'static str],
}

/// A property that another request than an update writes.
#[derive(Debug)]
pub struct PropertyWrite {
    /// The property, which is also the name in the body.
    pub property: &'static str,
    /// Its method.
    pub method: &'static str,
    /// Its path.
    pub path: &'static str,
}

impl Recovery {
    pub(crate) const NONE: Self = Self {
        update: "PATCH",
        is_typed: false,
        id: IdSource::Server,
        writes: &[],
        create_required: &[],
        uncreatable: None,
        is_restored_by_people: false,
        is_undeletable: false,
        native_only: &[],
        write: &[],
        write_extra: &[],
    };
}
