//! Changes on a page: counts, then a section for each object.

use std::io::{self, Write};

use super::super::html::Tables;
use super::super::text::escaped_html as escaped;
use super::super::write_table;
use super::content::Budget;
use super::detail::{Detail, Extent, Mark, details, mark_of, title_of, undo_of};
use super::{sentence, summary, unshown};
use crate::change::ChangeRow;
use crate::names::Names;

/// Writes a difference.
pub(crate) fn write(
    out: &mut dyn Write,
    changes: &[ChangeRow],
    names: &mut Names,
    is_whole: bool,
) -> io::Result<()> {
    writeln!(out, "<p>{}</p>", escaped(&sentence(changes)))?;
    if changes.len() > 1 {
        write_table(&mut Tables::within(out), &summary(changes))?;
    }
    let mut budget = Budget::new(is_whole);
    changes.iter().try_for_each(|change| object(out, change, budget.next(change), names))?;
    match unshown(&budget) {
        Some(text) => writeln!(out, "<p>{}</p>", escaped(&text)),
        None => Ok(()),
    }
}

fn object(out: &mut dyn Write, change: &ChangeRow, extent: Extent, names: &mut Names) -> io::Result<()> {
    let class = class(mark_of(change));
    let title = title_of(change, names);
    let name = if title.is_empty() { &change.id } else { &title };
    let (kind, what) = (escaped(&change.type_token), escaped(&change.change));
    let (name, id) = (escaped(name), escaped(&change.id));
    writeln!(
        out,
        "<h2><span class=\"{class}\">{what}</span> {kind} {name} <span class=\"id\"><code>{id}</code></span></h2>"
    )?;
    let undo = undo_of(change);
    if !undo.is_empty() {
        writeln!(out, "<p>{}</p>", escaped(&undo))?;
    }
    let (besides, rows): (Vec<Detail>, Vec<Detail>) = details(change, names, extent)
        .into_iter()
        .partition(|detail| matches!(detail, Detail::Unobserved(_) | Detail::Note(_)));
    for detail in besides {
        match detail {
            Detail::Unobserved(names) => {
                writeln!(out, "<p>not observed on one side: {}</p>", escaped(&names))?;
            }
            Detail::Note(text) => writeln!(out, "<p>{}</p>", escaped(&text))?,
            Detail::Value { .. } | Detail::List { .. } | Detail::Link { .. } | Detail::Held { .. } => {}
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    out.write_all(b"<table>\n<thead><tr><th>what</th><th>from</th><th>to</th></tr></thead>\n<tbody>\n")?;
    rows.iter().try_for_each(|detail| row(out, detail))?;
    out.write_all(b"</tbody>\n</table>\n")
}

/// The rows of one detail: what, from, to. What a change of a value means is not for colours to say.
fn row(out: &mut dyn Write, detail: &Detail) -> io::Result<()> {
    match detail {
        Detail::Value { path, from, to } => {
            let (path, from, to) = (escaped(path), from.shown(escaped), to.shown(escaped));
            writeln!(out, "<tr><td>{path}</td><td class=\"v\">{from}</td><td class=\"v\">{to}</td></tr>")
        }
        Detail::List { path, elements, .. } => elements.iter().try_for_each(|(mark, element)| {
            one_side(out, &escaped(path), *mark, "v ", &element.shown(escaped))
        }),
        Detail::Link { mark, relation, target, note } => {
            one_side(out, &escaped(&format!("{relation}{note}")), *mark, "", &escaped(target))
        }
        Detail::Held { mark, path, value } => {
            one_side(out, &escaped(path), *mark, "v ", &value.shown(escaped))
        }
        Detail::Unobserved(_) | Detail::Note(_) => Ok(()),
    }
}

/// A row of what is there on one side only.
fn one_side(out: &mut dyn Write, what: &str, mark: Mark, style: &str, shown: &str) -> io::Result<()> {
    let class = class(mark);
    let cells = match mark {
        Mark::Removed => format!("<td class=\"{style}{class}\">{shown}</td><td></td>"),
        Mark::Added | Mark::Changed => format!("<td></td><td class=\"{style}{class}\">{shown}</td>"),
    };
    writeln!(out, "<tr><td>{what}</td>{cells}</tr>")
}

/// The name of a mark in the style of pages.
fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Added => "came",
        Mark::Removed => "went",
        Mark::Changed => "differs",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::tests::example;

    #[test]
    fn a_difference_is_a_section_for_each_object() {
        let attack = "<script>alert(\"1\")</script><img src=x onerror='y'>";
        let mut changes = example();
        attack.clone_into(&mut changes[0].display_name);
        changes[0].attributes[0].to_value = Some(format!("\"{attack}\""));
        let mut page = Vec::new();
        write(&mut page, &changes, &mut Names::none(), false).unwrap();
        let page = String::from_utf8(page).unwrap();
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        assert_eq!(page.matches("<h2>").count(), 3);
        assert!(page.contains("<td>members</td><td></td><td class=\"came\">u1</td>"), "{page}");
        assert!(page.contains("<td>tags</td><td class=\"v went\">&quot;a&quot;</td><td></td>"), "{page}");
    }
}
