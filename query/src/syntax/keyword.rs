//! The words of the language: those inside operators, those that begin something, and those that are names
//! only in brackets: `['kind']`.

/// Words inside operators.
pub(crate) const KEYWORDS: [&str; 50] = [
    "and",
    "or",
    "by",
    "on",
    "in",
    "has",
    "contains",
    "startswith",
    "endswith",
    "has_any",
    "has_all",
    "has_cs",
    "contains_cs",
    "startswith_cs",
    "endswith_cs",
    "hasprefix",
    "hassuffix",
    "matches",
    "regex",
    "between",
    "asc",
    "desc",
    "nulls",
    "first",
    "last",
    "kind",
    "with",
    "to",
    "typeof",
    "from",
    "step",
    "true",
    "false",
    "null",
    "dynamic",
    "datetime",
    "timespan",
    "attributes",
    "links",
    "limit",
    "hasprefix_cs",
    "hassuffix_cs",
    "flags",
    "bagexpansion",
    "with_itemindex",
    "withsource",
    "with_source",
    "isfuzzy",
    "query_parameters",
    "view",
];

/// Words that begin a statement or a source.
pub(crate) const BEGINNINGS: [&str; 7] = ["let", "declare", "print", "range", "datatable", "union", "search"];

/// Words that are no names anywhere.
const WORDS: [&str; 40] = [
    "anomalychart",
    "areachart",
    "asc",
    "barchart",
    "boolean",
    "card",
    "columnchart",
    "date",
    "datetime",
    "decimal",
    "decodeblocks",
    "desc",
    "double",
    "dynamic",
    "expandoutput",
    "first",
    "flags",
    "float",
    "hasprefix",
    "hassuffix",
    "int",
    "isfuzzy",
    "last",
    "ladderchart",
    "like",
    "linechart",
    "long",
    "others",
    "piechart",
    "pivotchart",
    "project",
    "real",
    "scatterchart",
    "string",
    "time",
    "timechart",
    "timeline",
    "timespan",
    "union",
    "uniqueid",
];
/// Words that cannot be given as a name.
const NEW: [&str; 5] = ["false", "kind", "true", "with_source", "withsource"];
/// Words that begin something else in the position of a value or a member.
const USED: [&str; 16] = [
    "accumulate",
    "as",
    "datatable",
    "externaldata",
    "find",
    "invoke",
    "materialize",
    "of",
    "print",
    "sample",
    "search",
    "set",
    "title",
    "toscalar",
    "totable",
    "where",
];

/// Words that are no names without quotes.
pub(crate) const RESERVED: [&str; 32] = [
    "and",
    "or",
    "by",
    "on",
    "in",
    "between",
    "matches",
    "has_any",
    "has_all",
    "let",
    "has",
    "has_cs",
    "hasprefix",
    "hassuffix",
    "hasprefix_cs",
    "hassuffix_cs",
    "contains",
    "contains_cs",
    "startswith",
    "startswith_cs",
    "endswith",
    "endswith_cs",
    "true",
    "false",
    "print",
    "range",
    "union",
    "search",
    "datatable",
    "typeof",
    "dynamic",
    "declare",
];

/// Whether a name is read back only in brackets.
pub(crate) fn is_keyword(name: &str) -> bool {
    WORDS.contains(&name) || NEW.contains(&name) || USED.contains(&name)
}

/// Whether a name is read as a value without brackets.
pub(crate) fn stands_bare(name: &str) -> bool {
    let mut letters = name.chars();
    let is_begin = letters.next().is_some_and(|letter| letter.is_ascii_alphabetic() || letter == '_');
    is_begin
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && !WORDS.contains(&name)
        && !USED.contains(&name)
        && !RESERVED.contains(&name)
}

/// What a name is there for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It is given to something.
    New,
    /// It refers to what has it.
    Known,
}

/// Whether KQL reads a name only in brackets, for its use.
pub(super) fn requires_brackets(name: &str, used: Use) -> bool {
    let others = if used == Use::New { &NEW[..] } else { &USED[..] };
    WORDS.contains(&name) || others.contains(&name)
}
