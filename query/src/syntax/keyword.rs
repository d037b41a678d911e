//! Words of KQL that are names only in brackets: `['kind']`.

use super::{Builder, Part};
use crate::ast::Name;
use crate::error::{Code, Diagnostic};

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
/// Words that begin something else where a value or a member stands.
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

/// Whether a name is read back only in brackets.
pub(crate) fn is_keyword(name: &str) -> bool {
    WORDS.contains(&name) || NEW.contains(&name) || USED.contains(&name)
}

/// What a name is there for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It is given to something.
    New,
    /// It stands for what has it.
    Known,
}

impl Builder {
    /// A name that KQL reads as one without brackets, too.
    pub(super) fn checked_name(&mut self, pair: &Part<'_>, used: Use) -> Name {
        let name = self.name(pair);
        let others = if used == Use::New { &NEW[..] } else { &USED[..] };
        let text = pair.as_str().trim();
        if WORDS.contains(&text) || others.contains(&text) {
            let message = format!("the name `{text}` requires brackets, as it is a word of KQL");
            let diagnostic = Diagnostic::new(Code::Syntax, name.span, message);
            self.diagnostics.push(diagnostic.with_help(format!("`['{text}']`")));
        }
        name
    }
}
