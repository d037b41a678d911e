//! What a source reports of a tenant: the only way into a backup, whether the source is a file, Graph or another tool.

use jiff::Timestamp;

use crate::ObjectKey;
use crate::content::ShreddedObjects;
use crate::coverage::gap::Gap;
use crate::coverage::reading::TypeReading;

/// Something that a source reports. Later observations of an object override earlier ones.
#[derive(Debug)]
pub enum Observation<'a> {
    /// Parsed objects, in the order of the input.
    Objects(ShreddedObjects),
    /// An object is neither live nor in the recycle bin.
    Gone(&'a ObjectKey),
    /// An object is in the recycle bin, with its last version; the source said no more of it than when it was deleted.
    /// One that the store does not know stays unknown.
    InBin {
        /// The object.
        object: &'a ObjectKey,
        /// When it was deleted, if the source said so.
        deleted_at: Option<Timestamp>,
    },
    /// All links of one relation of an object.
    Links {
        /// The object whose links they are.
        source: &'a ObjectKey,
        /// The relation, such as `members`.
        relation: &'a str,
        /// IDs, in any order.
        targets: &'a [&'a str],
    },
    /// Changes of the links of one relation, made to those that the object had or that this backup gave it. Of an
    /// addition and a removal of one link the later observation counts; within one observation, the removal.
    LinkChanges {
        /// The object whose links they are.
        source: &'a ObjectKey,
        /// The relation.
        relation: &'a str,
        /// IDs.
        added: &'a [&'a str],
        /// IDs.
        removed: &'a [&'a str],
    },
    /// An object could not be read, and stays as it was.
    UnreadObject(&'a ObjectKey),
    /// The links of one relation of an object could not be read, and stay as they were.
    UnreadLinks {
        /// The object whose links they are.
        source: &'a ObjectKey,
        /// The relation.
        relation: &'a str,
    },
    /// Something could not be read, with the reason. It becomes part of the coverage and a warning.
    Unread(Gap),
    /// How a type was read; then nothing is guessed from its data. Of two such observations of a type the last counts.
    Read {
        /// Type token, such as `user`.
        type_token: &'a str,
        /// How it was read.
        reading: TypeReading,
    },
}
