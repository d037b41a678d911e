//! Columns that repeat another column of their row group: a mail address that is the user principal name,
//! an alias that is the part of it before the `@`, a list that holds nothing else.
//!
//! The text of such a cell is `prefix`, then a part of the base cell's text, then `suffix`. The cell itself is
//! kept as the presence code *unknown*, which no reading ever writes into a column with a base; cells that do
//! not follow the rule are kept as they are. Stores of users get smaller by a fifth, and reading a cell costs
//! one more cell.

use super::footer::ReferenceEntry;

/// Which part of the base's text is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BasePart {
    /// All of it.
    Whole,
    /// The part before the first `@`.
    Local,
}

/// Properties that others are made from, by experience; each must be a string.
pub(crate) const BASE_PATHS: [&str; 3] = ["appId", "displayName", "userPrincipalName"];

/// Rows looked at to find out whether a column repeats another.
const SAMPLE_COUNT: usize = 64;
/// Shorter columns are not worth an entry in the footer.
const ROW_COUNT_MIN: usize = 64;
/// Texts around the repeated part may not be longer than this.
const AFFIX_SIZE_MAX: usize = 256;

/// How a column is made from its base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule<'a> {
    pub(crate) part: BasePart,
    pub(crate) prefix: &'a [u8],
    pub(crate) suffix: &'a [u8],
}

impl BasePart {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Whole => 0,
            Self::Local => 1,
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        [Self::Whole, Self::Local].get(usize::from(code)).copied()
    }

    /// The repeated part of a base cell; none if the cell is not a string, or has no such part.
    fn of(self, base: &[u8]) -> Option<&[u8]> {
        let text = base.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        let text = match self {
            Self::Whole => text,
            Self::Local => &text[..text.iter().position(|&byte| byte == b'@')?],
        };
        (!text.is_empty()).then_some(text)
    }
}

impl Rule<'_> {
    /// Whether a cell is what the rule makes of the base's.
    pub(crate) fn makes(&self, cell: &[u8], base: &[u8]) -> bool {
        self.part.of(base).is_some_and(|part| {
            cell.len() == self.prefix.len() + part.len() + self.suffix.len()
                && cell.starts_with(self.prefix)
                && cell.ends_with(self.suffix)
                && cell[self.prefix.len()..].starts_with(part)
        })
    }
}

/// Appends what the rule of a footer makes of a base cell; false when it makes nothing of it.
pub(crate) fn append(entry: &ReferenceEntry, base: &[u8], out: &mut Vec<u8>) -> bool {
    let Some(part) = BasePart::from_code(entry.part).and_then(|part| part.of(base)) else { return false };
    out.extend_from_slice(&entry.prefix);
    out.extend_from_slice(part);
    out.extend_from_slice(&entry.suffix);
    true
}

/// The rule by which most cells of a column are made from a base column, if there is one.
pub(crate) fn find_rule<'a>(cells: &[&'a [u8]], base: &[&[u8]]) -> Option<Rule<'a>> {
    if cells.len() < ROW_COUNT_MIN {
        return None;
    }
    let step = cells.len().div_ceil(SAMPLE_COUNT);
    let sample: Vec<(&[u8], &[u8])> = cells
        .iter()
        .zip(base)
        .step_by(step)
        .filter(|(cell, _)| cell.len() > 4)
        .map(|(c, b)| (*c, *b))
        .collect();
    let is_varied = sample.iter().any(|(cell, _)| sample.first().is_some_and(|first| first.0 != *cell));
    if sample.len() * 8 < cells.len().div_ceil(step) || !is_varied {
        return None;
    }
    for part in [BasePart::Whole, BasePart::Local] {
        let rules = sample.iter().take(SAMPLE_COUNT / 8).filter_map(|(cell, base)| rule_of(part, cell, base));
        for rule in rules {
            let made = sample.iter().filter(|(cell, base)| rule.makes(cell, base)).count();
            if made * 2 >= sample.len() {
                return Some(rule);
            }
        }
    }
    None
}

fn rule_of<'a>(part: BasePart, cell: &'a [u8], base: &[u8]) -> Option<Rule<'a>> {
    let text = part.of(base)?;
    let start = cell.windows(text.len()).position(|window| window == text)?;
    let (prefix, suffix) = (&cell[..start], &cell[start + text.len()..]);
    (prefix.len() + suffix.len() <= AFFIX_SIZE_MAX).then_some(Rule { part, prefix, suffix })
}

#[cfg(test)]
mod tests {
    use super::{BasePart, Rule, append, find_rule};
    use crate::segment::footer::ReferenceEntry;

    #[test]
    fn an_alias_and_a_list_are_found_to_repeat_the_name() {
        let names: Vec<String> = (0..200).map(|n| format!("\"user{n}@contoso.com\"")).collect();
        let lists: Vec<String> = (0..200).map(|n| format!("[\"SMTP:user{n}@contoso.com\"]")).collect();
        let aliases: Vec<String> = (0..200).map(|n| format!("\"user{n}\"")).collect();
        let bytes = |texts: &'static [String]| texts.iter().map(String::as_bytes).collect::<Vec<_>>();
        let (names, lists, aliases) = (bytes(names.leak()), bytes(lists.leak()), bytes(aliases.leak()));
        let rule = find_rule(&lists, &names).unwrap();
        assert_eq!(rule, Rule { part: BasePart::Whole, prefix: b"[\"SMTP:", suffix: b"\"]" });
        let rule = find_rule(&aliases, &names).unwrap();
        assert_eq!(rule.part, BasePart::Local);
        let entry = ReferenceEntry {
            part: rule.part.code(),
            prefix: rule.prefix.into(),
            suffix: rule.suffix.into(),
            ..ReferenceEntry::default()
        };
        let mut made = Vec::new();
        assert!(append(&entry, names[7], &mut made));
        assert_eq!(made, aliases[7]);
        assert!(!append(&entry, b"null", &mut made));
    }

    #[test]
    fn a_column_that_merely_looks_alike_has_no_rule() {
        let base: Vec<&[u8]> = vec![b"\"a@b\""; 100];
        let cells: Vec<&[u8]> = vec![b"\"zzzz\""; 100];
        assert_eq!(find_rule(&cells, &base), None);
    }
}
