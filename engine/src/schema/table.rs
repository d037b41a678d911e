//! The table of types, in parts.

mod access;
mod directory;
mod method;
mod policy;
mod tenant;

use super::Type;

/// All parts of the table.
pub(super) const PARTS: &[&[Type]] =
    &[directory::TYPES, access::TYPES, method::TYPES, policy::TYPES, tenant::TYPES];
