//! Writes the table of what can be put back as a document: `ingest/RECOVERY.md`, which a test holds against the table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{SupportRow, support};

/// The document: each type, what of it can be put back, and what cannot with the reason.
#[must_use]
pub fn support_document() -> String {
    let mut text = String::from(
        "# What a recovery can put back\n\n\
         Made from the table of types: `cargo run -p entrasnap-ingest --example support > ingest/RECOVERY.md`. A test holds this\n\
         page against the table. On objects that are synced from on-premises nothing is written.\n",
    );
    let rows = support();
    let mut tokens: Vec<&str> = rows.iter().map(|row| row.type_token).collect();
    tokens.dedup();
    for token in tokens {
        let of_type: Vec<&SupportRow> = rows.iter().filter(|row| row.type_token == token).collect();
        write_type(&mut text, token, &of_type);
    }
    text
}

fn write_type(text: &mut String, token: &str, rows: &[&SupportRow]) {
    let object = rows.iter().find(|row| row.property.is_empty());
    let object = object.map_or_else(String::new, |row| {
        let able = if row.restorable { "put back" } else { "not put back" };
        format!("The object itself is {able}: {}.", row.reason)
    });
    writeln!(text, "\n## {token}\n\n{object}").ok();
    let mut groups: BTreeMap<(bool, &str), Vec<&str>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.property.is_empty()) {
        groups.entry((!row.restorable, row.reason)).or_default().push(row.property);
    }
    if groups.is_empty() {
        return;
    }
    text.push_str("\n| | properties and relations |\n| --- | --- |\n");
    for ((is_left, reason), names) in groups {
        let how = match (is_left, reason) {
            (false, "") => "put back".to_owned(),
            (false, reason) => format!("put back {reason}"),
            (true, reason) => format!("not: {reason}"),
        };
        writeln!(text, "| {how} | {} |", names.join(", ")).ok();
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_document_says_what_the_table_says() {
        let written = include_str!("../../RECOVERY.md");
        assert!(
            written == super::support_document(),
            "make it anew: cargo run -p entrasnap-ingest --example support > ingest/RECOVERY.md"
        );
    }
}
