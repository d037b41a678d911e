//! Owns what can be wrong with an answer that Graph calls a success.

/// What was expected of an answer, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerFault {
    /// It is no object.
    #[error("expected an object in JSON, found {found}")]
    NotObject {
        /// What came instead.
        found: String,
    },
    /// It is no page of a collection.
    #[error("expected a page with an array `value`, found {found}")]
    NotPage {
        /// What came instead.
        found: String,
    },
    /// The parser takes it for no page of a collection.
    #[error("expected a page with an array `value`: {reason}")]
    PageText {
        /// What the parser found.
        reason: String,
    },
    /// A page has items that are no objects.
    #[error("expected a page of objects, found one with other values")]
    OtherItems,
    /// It is longer than any answer that is asked for.
    #[error("expected an answer of at most {} MB, found a longer one", limit_bytes >> 20)]
    TooLong {
        /// The most bytes it may have.
        limit_bytes: usize,
    },
    /// The link to the next page is empty.
    #[error("expected a link to the next page, found an empty one")]
    EmptyLink,
    /// The link to the next page leads back.
    #[error("expected a link to the next page, found one to a page that was read already")]
    KnownLink,
    /// A page of a delta query leads nowhere.
    #[error("expected a link to the next page or round, found neither")]
    NoLink,
    /// The last page of a delta query has no link to the next round.
    #[error("expected a link to the next round, found none")]
    NoRound,
    /// Pages without items do not end.
    #[error("expected an end or items, found {count} pages without any")]
    EmptyPages {
        /// How many there were.
        count: usize,
    },
    /// Pages have the items of earlier ones.
    #[error("expected further items, found the same pages again and again")]
    RepeatedPages,
    /// The collection does not end.
    #[error("expected an end, found more than {count} pages")]
    TooManyPages {
        /// The most that are read.
        count: usize,
    },
    /// An item of a delta query is no record.
    #[error("expected a record of changes: {reason}")]
    Record {
        /// What the parser found.
        reason: String,
    },
    /// A record of a delta query names no object.
    #[error("expected records with an ID, found one without")]
    RecordWithoutId,
    /// A link names no object.
    #[error("expected links of {type_token} to objects with an ID, found one without")]
    LinkWithoutId {
        /// The type of the objects that link.
        type_token: String,
    },
    /// The elements of a property are no list.
    #[error("expected a list of elements: {reason}")]
    Elements {
        /// What the parser found.
        reason: String,
    },
}
