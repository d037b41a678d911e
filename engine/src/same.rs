//! Says whether two values mean the same: one definition for differences, plans and recoveries.
//!
//! Shape: a `Comparer` knows what the table of types declares about one path; it writes both values in a *normal
//! form* and compares the bytes. "Same" therefore is an equivalence, whatever is compared in which order.
//!
//! | value | its normal form |
//! | --- | --- |
//! | absent, null, `[]`, `{}`, an object of nothing but these | nothing |
//! | a collection | its elements in order of their normal forms, unless the table declares it ordered |
//! | a text that lists names (`RuleKind::CommaList`, `RuleKind::SpaceList`) | its names, sorted, without blanks |
//! | a point in time: RFC 3339 in any zone and with any fraction, or `/Date(ms)/` | the instant |
//! | a GUID | lower case |
//! | a number | its decimal value, so that 1 is 1.0 |
//! | a declared text column that is no identifier | itself |
//!
//! A collection of an unknown property is a set: Graph keeps few collections in order, and gives all others in an order
//! that changes from one answer to the next, so that the guess "ordered" would report changes that are none, for ever.
//! Collections that are tried or passed in order are few and documented; the table declares each with its reason.
//!
//! A value that Graph itself moved from one property to another is in `moved`.
//!
//! Texts are read as instants and GUIDs where nothing is declared of them, and only when the whole text is one. In a
//! declared text column, such as `displayName`, every byte counts.

mod instant;
pub(crate) mod moved;
mod normal;

use serde_json::Value;

use crate::Result;
use crate::paths::PathId;
use crate::rows::Rows;
use crate::schema::{self, PropertyType, RuleKind};
use crate::value::{NULL, UNKNOWN, canonicalize, push_segment};
use normal::Normal;

/// Says whether two values of a property of a type mean the same; `Value::Null` is an absent one, too.
///
/// This is what differences call no change, what a plan does not write, and what a recovery takes as written.
#[must_use]
pub fn is_same(type_token: &str, property: &str, a: &Value, b: &Value) -> bool {
    if a == b {
        return true;
    }
    let moved = if moved::can_move(type_token) { moved::without_moved(property, a, b) } else { None };
    let (a, b) = moved.as_ref().map_or((a, b), |[a, b]| (a, b));
    let mut path = String::new();
    push_segment(property.as_bytes(), &mut path);
    let canonical = |value: &Value| {
        let mut text = Vec::new();
        canonicalize(value.to_string().as_bytes(), &mut text).map(|()| text)
    };
    match (canonical(a), canonical(b)) {
        (Ok(a), Ok(b)) => Comparer::new(type_token, &path).is_same(&a, &b),
        _ => false,
    }
}

/// How the values at one path of a type are compared.
#[derive(Debug)]
pub(crate) struct Comparer {
    here: Meaning,
    /// What is declared of paths below: the rest of the path, and how it is compared.
    below: Vec<(Box<str>, RuleKind)>,
    /// Whether the value counts only where something beside it says that there is an end.
    is_start: bool,
    /// Whether it says how another value is written, as `Project@odata.type` does, and so is never compared.
    is_annotation: bool,
}

/// What texts and collections at a path mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Meaning {
    /// Every byte of a text counts.
    is_exact: bool,
    /// What separates the names that a text lists.
    separator: Option<u8>,
    /// The order of elements counts.
    is_ordered: bool,
}

impl Meaning {
    /// What holds below a path for which this rule is declared.
    fn with(mut self, kind: RuleKind) -> Self {
        match kind {
            RuleKind::Ordered => self.is_ordered = true,
            RuleKind::CommaList => self.separator = Some(b','),
            RuleKind::SpaceList => self.separator = Some(b' '),
            RuleKind::Volatile | RuleKind::Unordered | RuleKind::Start => {}
        }
        self
    }
}

impl Comparer {
    /// Looks up what the table declares about a path, such as `conditions/users/includeUsers`.
    pub(crate) fn new(type_token: &str, path: &str) -> Self {
        let has = |kind: &RuleKind| schema::rule(type_token, path, *kind).is_some();
        let kinds = [RuleKind::Ordered, RuleKind::CommaList, RuleKind::SpaceList];
        let here = Meaning { is_exact: is_exact(type_token, path), ..Meaning::default() };
        let here = kinds.into_iter().filter(has).fold(here, Meaning::with);
        let mut below = Vec::new();
        for rule in schema::rules_of(type_token).filter(|rule| rule.kind != RuleKind::Unordered) {
            let inside = rule.paths.iter().filter_map(|inner| inner.strip_prefix(path)?.strip_prefix('/'));
            below.extend(inside.map(|inner| (inner.into(), rule.kind)));
        }
        // Annotations of the transport are not compared, and shown only with all differences.
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_annotation = name.ends_with("@odata.type") && name != "@odata.type";
        Self { here, below, is_start: has(&RuleKind::Start), is_annotation }
    }

    /// Whether two cells hold the same value. An empty slice is an absent cell. Unknown equals everything, because no
    /// difference can be claimed from it.
    pub(crate) fn is_same(&self, a: &[u8], b: &[u8]) -> bool {
        if a == b || a == UNKNOWN || b == UNKNOWN || self.is_annotation {
            return true;
        }
        !self.differ_plainly(a, b) && self.normal(a) == self.normal(b)
    }

    /// Whether the value counts only if its assignment has an end; see [`RuleKind::Start`].
    pub(crate) fn is_start(&self) -> bool {
        self.is_start
    }

    /// Whether two unequal texts differ in their normal forms too, as far as a first look says it: nearly all changes
    /// are of one plain text into another.
    fn differ_plainly(&self, a: &[u8], b: &[u8]) -> bool {
        match (a, b) {
            ([b'"', ..], [b'"', ..]) => {
                let is_list = self.here.separator.is_some();
                !is_list && (self.here.is_exact || !(has_forms(a) && has_forms(b)))
            }
            ([b't' | b'f', ..], [b't' | b'f', ..]) => true,
            ([_, ..], [_, ..]) => [a, b].iter().all(|text| text.iter().all(u8::is_ascii_digit)),
            _ => false,
        }
    }

    /// The normal form of a canonical text; empty for what says nothing.
    fn normal(&self, text: &[u8]) -> Vec<u8> {
        Normal::new(&self.below).write(text, self.here)
    }
}

/// Where a schedule says that it ends, beside its start.
const ENDS: [&str; 2] = ["expiration/endDateTime", "expiration/duration"];

/// Whether a version says that the schedule whose start is at this path has an end.
pub(crate) fn has_end(rows: &Rows<'_>, version: u32, start: PathId) -> Result<bool> {
    let paths = &rows.state().paths;
    let start = paths.text(start);
    let Some((schedule, _)) = start.rsplit_once('/') else { return Ok(true) };
    for end in ENDS {
        let found = match version {
            0 => None,
            version => rows.read_cell(version, paths.id(&format!("{schedule}/{end}")))?,
        };
        if found.is_some_and(|text| text != NULL) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether every byte of a text at this path counts: it is a declared text column, and no identifier.
fn is_exact(type_token: &str, path: &str) -> bool {
    let declared = schema::by_token(type_token).and_then(|found| found.column(path));
    declared == Some(PropertyType::String) && path != "id" && !path.ends_with("Id")
}

/// Whether a quoted text may be written in other ways: as long as a GUID, or beginning as an instant does.
fn has_forms(quoted: &[u8]) -> bool {
    quoted.len() == normal::QUOTED_GUID_LENGTH
        || quoted.get(1).is_some_and(|byte| byte.is_ascii_digit() || *byte == b'/')
}

#[cfg(test)]
mod tests;
