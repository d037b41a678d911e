//! Changes on a page: findings and counts first, a list of contents, then areas with a folded section for each object.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use query::Severity;

use super::super::anchor::{anchor, anchor_part};
use super::super::area::{Area, grouped};
use super::super::html::{filter_bar, findings as finding_list, policy_table};
use super::super::risk::{Finding, badge, rank};
use super::super::text::{counted, escaped_html as escaped, grouped as thousands};
use super::content::Budget;
use super::detail::{Detail, Extent, Mark, details, mark_of, title_of, undo_of};
use super::{Difference, sentence, unshown};
use crate::change::ChangeRow;
use crate::names::Names;

/// Objects that the list of contents names; of more it names the types alone.
const CONTENTS_MAX: usize = 400;
/// Objects of a page on which small changes are unfolded.
const UNFOLDED_MAX: usize = 60;
/// Rows of a small change.
const SMALL_ROWS_MAX: usize = 6;
/// Properties and relations that the line of an object names.
const GIST_MAX: usize = 4;

/// Writes a difference.
pub(crate) fn write(out: &mut dyn Write, difference: &Difference<'_>, names: &mut Names) -> io::Result<()> {
    let Difference { changes, findings, .. } = *difference;
    finding_list(out, findings, changes)?;
    let areas = grouped(changes, |change| change.type_token.as_str());
    writeln!(out, "<section id=\"counts\">\n<h2>Counts</h2>\n<p>{}</p>", escaped(&sentence(changes)))?;
    counts(out, &areas)?;
    out.write_all(b"</section>\n")?;
    if changes.is_empty() {
        return Ok(());
    }
    contents(out, &areas, changes.len(), names)?;
    let mut budget = Budget::new(difference.is_whole);
    let types: Vec<&str> = areas.values().flat_map(BTreeMap::keys).copied().collect();
    filter_bar(out, &types, !findings.is_empty())?;
    let severities = severities(findings);
    for (area, types) in &areas {
        writeln!(out, "<section class=\"area\" id=\"{}\">\n<h2>{}</h2>", area.anchor(), area.title())?;
        for (token, changes) in types {
            writeln!(
                out,
                "<h3 id=\"type-{}\">{} <span class=\"count\">{}</span></h3>",
                anchor_part(token),
                escaped(token),
                thousands(changes.len() as u64)
            )?;
            for change in changes {
                let severity = severities.get(&(*token, change.id.as_str())).copied();
                object(out, change, (severity, budget.next(change)), difference, names)?;
            }
        }
        out.write_all(b"</section>\n")?;
    }
    match unshown(&budget) {
        Some(text) => writeln!(out, "<p class=\"note\">{}</p>", escaped(&text)),
        None => Ok(()),
    }
}

/// How many objects of each area were added, removed and changed.
fn counts(out: &mut dyn Write, areas: &BTreeMap<Area, BTreeMap<&str, Vec<&ChangeRow>>>) -> io::Result<()> {
    if areas.is_empty() {
        return Ok(());
    }
    out.write_all(
        b"<div class=\"scroll\">\n<table>\n<thead><tr><th>area</th><th class=\"number\">added</th>\
          <th class=\"number\">changed</th><th class=\"number\">removed</th></tr></thead>\n<tbody>\n",
    )?;
    for (area, types) in areas {
        let count = |mark: Mark| {
            let changes = types.values().flatten();
            thousands(changes.filter(|change| mark_of(change) == mark).count() as u64)
        };
        writeln!(
            out,
            "<tr><td><a href=\"#{}\">{}</a></td><td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>",
            area.anchor(),
            area.title(),
            count(Mark::Added),
            count(Mark::Changed),
            count(Mark::Removed)
        )?;
    }
    out.write_all(b"</tbody>\n</table>\n</div>\n")
}

/// The list of contents: areas, types and, where they are not too many, objects.
fn contents(
    out: &mut dyn Write,
    areas: &BTreeMap<Area, BTreeMap<&str, Vec<&ChangeRow>>>,
    count: usize,
    names: &mut Names,
) -> io::Result<()> {
    writeln!(
        out,
        "<nav class=\"contents\" aria-label=\"Contents\">\n<details><summary>Contents: {}</summary>",
        counted(count as u64, "object")
    )?;
    for (area, types) in areas {
        writeln!(out, "<p><a href=\"#{}\">{}</a></p>\n<ul>", area.anchor(), area.title())?;
        for (token, changes) in types {
            if count > CONTENTS_MAX {
                let (anchor, kind) = (anchor_part(token), escaped(token));
                let many = thousands(changes.len() as u64);
                writeln!(out, "<li><a href=\"#type-{anchor}\">{kind}</a> ({many})</li>")?;
                continue;
            }
            for change in changes {
                let anchor = anchor(token, &change.id);
                let (kind, name) = (escaped(token), escaped(&name_of(change, names)));
                writeln!(out, "<li><a href=\"#{anchor}\">{kind} {name}</a></li>")?;
            }
        }
        out.write_all(b"</ul>\n")?;
    }
    out.write_all(b"</details>\n</nav>\n")
}

/// The section of one object.
fn object(
    out: &mut dyn Write,
    change: &ChangeRow,
    (severity, extent): (Option<Severity>, Extent),
    difference: &Difference<'_>,
    names: &mut Names,
) -> io::Result<()> {
    let details = details(change, names, extent);
    let policy = difference.policies.get(&change.id);
    let is_small = difference.changes.len() <= UNFOLDED_MAX && details.len() <= SMALL_ROWS_MAX;
    let open = if is_small && !details.is_empty() { " open" } else { "" };
    let weight = severity.map_or(0, rank);
    let (kind, name) = (escaped(&change.type_token), escaped(&name_of(change, names)));
    writeln!(
        out,
        "<details class=\"object\" data-type=\"{kind}\" data-severity=\"{weight}\"{open}>\n\
         <summary>{}<span class=\"badge {}\">{}</span> {kind} <strong>{name}</strong>{}</summary>",
        severity.map_or_else(String::new, |severity| format!("{} ", badge(severity))),
        class(mark_of(change)),
        escaped(&change.change),
        gist(&details)
    )?;
    let (anchor, id) = (anchor(&change.type_token, &change.id), escaped(&change.id));
    writeln!(out, "<div class=\"body\" id=\"{anchor}\">\n<p class=\"id\">ID <code>{id}</code></p>")?;
    let undo = undo_of(change);
    if !undo.is_empty() {
        writeln!(out, "<p class=\"note\">{}</p>", escaped(&undo))?;
    }
    write_details(out, &details)?;
    if let Some(policy) = policy {
        out.write_all(b"<h4>The policy in words</h4>\n")?;
        policy_table(out, policy)?;
    }
    out.write_all(b"</div>\n</details>\n")
}

/// How much the worst finding about each object weighs, by type and ID.
fn severities(findings: &[Finding]) -> HashMap<(&str, &str), Severity> {
    let mut worst = HashMap::new();
    for finding in findings {
        for object in &finding.objects {
            let known =
                worst.entry((object.type_token.as_str(), object.id.as_str())).or_insert(finding.severity);
            *known = finding.severity.max(*known);
        }
    }
    worst
}

/// What changed, in a few words behind the name.
fn gist(details: &[Detail]) -> String {
    let mut words: Vec<&str> = Vec::new();
    for detail in details {
        let word = match detail {
            Detail::Value { path, .. } | Detail::List { path, .. } => path.as_str(),
            Detail::Link { relation, .. } => relation.as_str(),
            Detail::Held { .. } | Detail::Unobserved(_) | Detail::Note(_) => continue,
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    let more = words.len().saturating_sub(GIST_MAX);
    words.truncate(GIST_MAX);
    match (words.is_empty(), more) {
        (true, _) => String::new(),
        (_, 0) => format!(" <span class=\"gist\">{}</span>", escaped(&words.join(", "))),
        _ => format!(" <span class=\"gist\">{} and {more} more</span>", escaped(&words.join(", "))),
    }
}

/// Writes details: remarks, then a table of what stood there and what stands there now.
pub(crate) fn write_details(out: &mut dyn Write, details: &[Detail]) -> io::Result<()> {
    let is_remark = |detail: &&Detail| matches!(detail, Detail::Unobserved(_) | Detail::Note(_));
    for detail in details.iter().filter(is_remark) {
        match detail {
            Detail::Unobserved(names) => {
                writeln!(out, "<p class=\"note\">not observed on one side: {}</p>", escaped(names))?;
            }
            Detail::Note(text) => writeln!(out, "<p class=\"note\">{}</p>", escaped(text))?,
            Detail::Value { .. } | Detail::List { .. } | Detail::Link { .. } | Detail::Held { .. } => {}
        }
    }
    if details.iter().all(|detail| is_remark(&detail)) {
        return Ok(());
    }
    out.write_all(
        b"<table class=\"changes\">\n<thead><tr><th>what</th><th>from</th><th>to</th></tr></thead>\n<tbody>\n",
    )?;
    details.iter().try_for_each(|detail| row(out, detail))?;
    out.write_all(b"</tbody>\n</table>\n")
}

/// The rows of one detail: what, from, to. What a change of a value means is not for colours to say.
fn row(out: &mut dyn Write, detail: &Detail) -> io::Result<()> {
    match detail {
        Detail::Value { path, from, to } => {
            let (path, from, to) = (escaped(path), from.shown(escaped), to.shown(escaped));
            writeln!(
                out,
                "<tr><td>{path}</td><td class=\"value\">{from}</td><td class=\"value\">{to}</td></tr>"
            )
        }
        Detail::List { path, elements, order } => {
            elements.iter().try_for_each(|(mark, element)| {
                one_side(out, &escaped(path), *mark, "value ", &element.shown(escaped))
            })?;
            let Some(order) = order else { return Ok(()) };
            let (path, order) = (escaped(path), escaped(order));
            writeln!(
                out,
                "<tr><td>{path}, in this order</td><td></td><td class=\"value changed\">{order}</td></tr>"
            )
        }
        Detail::Link { mark, relation, target, note } => {
            one_side(out, &escaped(&format!("{relation}{note}")), *mark, "", &escaped(target))
        }
        Detail::Held { mark, path, value } => {
            one_side(out, &escaped(path), *mark, "value ", &value.shown(escaped))
        }
        Detail::Unobserved(_) | Detail::Note(_) => Ok(()),
    }
}

/// A row of what is there on one side only.
fn one_side(out: &mut dyn Write, what: &str, mark: Mark, style: &str, shown: &str) -> io::Result<()> {
    let class = class(mark);
    let cells = match mark {
        Mark::Removed => format!("<td class=\"{style}{class}\">− {shown}</td><td></td>"),
        Mark::Added | Mark::Changed => format!("<td></td><td class=\"{style}{class}\">+ {shown}</td>"),
    };
    writeln!(out, "<tr><td>{what}</td>{cells}</tr>")
}

/// The name of an object, the sentence of one that relates others, or its ID where it has none.
fn name_of(change: &ChangeRow, names: &mut Names) -> String {
    let title = title_of(change, names);
    if title.is_empty() { change.id.clone() } else { title }
}

/// The name of a mark in the style of pages.
pub(crate) fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Added => "added",
        Mark::Removed => "removed",
        Mark::Changed => "changed",
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::risk::examples;
    use super::*;
    use crate::change::tests::example;

    fn written(changes: &[ChangeRow], findings: &[Finding]) -> String {
        let mut page = Vec::new();
        let policies = BTreeMap::new();
        let difference = Difference { changes, findings, policies: &policies, is_whole: false };
        write(&mut page, &difference, &mut Names::none()).unwrap();
        String::from_utf8(page).unwrap()
    }

    #[test]
    fn a_difference_is_a_section_for_each_object() {
        let attack = "<script>alert(\"1\")</script><img src=x onerror='y'>";
        let mut changes = example();
        attack.clone_into(&mut changes[0].display_name);
        changes[0].attributes[0].to_value = Some(format!("\"{attack}\""));
        let page = written(&changes, &[]);
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        assert_eq!(page.matches("<details class=\"object\"").count(), 3);
        assert!(page.contains("<td>members</td><td></td><td class=\"added\">+ u1</td>"), "{page}");
        let removed = "<td>tags</td><td class=\"value removed\">− &quot;a&quot;</td><td></td>";
        assert!(page.contains(removed), "{page}");
        assert!(!page.contains("id=\"findings\""), "{page}");
    }

    #[test]
    fn every_link_of_the_contents_leads_to_an_object() {
        let changes = example();
        let page = written(&changes, &[]);
        let targets: Vec<&str> =
            page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(targets.len() > changes.len(), "{page}");
        for target in targets {
            assert_eq!(page.matches(&format!("id=\"{target}\"")).count(), 1, "{target} in {page}");
        }
        assert_ne!(anchor("a", "b c"), anchor("a", "b_20_c"));
    }

    #[test]
    fn an_object_weighs_as_much_as_its_worst_finding() {
        let changes = example();
        let page = written(&changes, &examples(&changes[0]));
        assert!(page.contains("id=\"findings\""), "{page}");
        let rank = super::rank(Severity::High);
        assert_eq!(page.matches(&format!("data-severity=\"{rank}\"")).count(), 1, "{page}");
        let link = format!("href=\"#{}\"", anchor(&changes[0].type_token, &changes[0].id));
        assert_eq!(page.matches(&link).count(), 3, "in two findings and in the contents: {page}");
    }
}
