//! The table of types, by package `engine`.

use engine::schema::{self, RuleKind};

/// The token of a type that was named by its token, its table or its `@odata.type`.
pub(crate) fn type_token(name: &str) -> String {
    let token = schema::token_from_name(name);
    let is_same = |known: &&schema::Type| {
        known.token.eq_ignore_ascii_case(token) || known.table.eq_ignore_ascii_case(token)
    };
    schema::types().find(is_same).map_or(token, |known| known.token).to_owned()
}

/// The relations that the table knows of a type.
pub(crate) fn relations(type_token: &str) -> Vec<&'static str> {
    let found = schema::by_token(type_token).map_or(&[][..], |found| found.relations);
    found.iter().map(|relation| relation.name).collect()
}

/// Whether the table knows a token.
pub(crate) fn is_known(type_token: &str) -> bool {
    schema::by_token(type_token).is_some()
}

/// What a difference leaves out or compares in its own way for a type, one sentence each.
pub(crate) fn explain(type_token: &str, all: bool) -> Vec<String> {
    if !is_known(type_token) {
        return vec!["not in the table of types, so every property is compared".to_owned()];
    }
    let sentences = schema::rules_of(type_token).filter_map(|rule| {
        let what = match rule.kind {
            RuleKind::Unordered => "compared as a set",
            RuleKind::Ordered => "compared in order",
            RuleKind::CommaList => "compared as a list of names with commas, in any order",
            RuleKind::SpaceList => "compared as a list of names with blanks, in any order",
            RuleKind::Start => "compared only where there is an end",
            RuleKind::Volatile if all => return None,
            RuleKind::Volatile => "not compared",
        };
        let paths: Vec<String> = rule.paths.iter().map(|path| path.replace('/', ".")).collect();
        Some(format!("{what}: {} ({})", paths.join(", "), rule.why))
    });
    sentences.collect()
}
