//! The frame of a page: its head, what it may load (nothing) and run (one script of our own, by its hash), how it is
//! printed, and the facts and gaps that stand above everything.

use std::fmt::Write as _;
use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::super::head::Head;
use super::super::text::{escaped_html as escaped, printable};

pub(super) const STYLE: &str = include_str!("style.css");
pub(super) const FILTER: &str = include_str!("filter.js");

/// Gaps that are read at once; more are folded.
const UNREAD_LENGTH_MAX: usize = 600;

/// What a page can do besides being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    None,
    /// Objects can be filtered.
    Filter,
}

/// What writes a part of a page.
pub(crate) type Body<'b> = &'b mut dyn FnMut(&mut dyn Write) -> io::Result<()>;

/// Writes a whole page around its body.
pub(crate) fn page(out: &mut dyn Write, head: &Head, script: Script, body: Body<'_>) -> io::Result<()> {
    begin(out, head, script)?;
    body(out)?;
    end(out, script)
}

/// Writes everything in front of the body.
pub(super) fn begin(out: &mut dyn Write, head: &Head, script: Script) -> io::Result<()> {
    let style = format!("{STYLE}{}", printed(head));
    let script_source = match script {
        Script::None => String::new(),
        Script::Filter => format!("; script-src {}", hash(FILTER)),
    };
    let title = escaped(&head.running());
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src {}{script_source}; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n",
        hash(&style)
    )?;
    facts(out, head)?;
    out.write_all(b"<main>\n")
}

/// The hash of a style or script, as a policy names it.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// The running header and the page numbers of the printed page.
fn printed(head: &Head) -> String {
    format!(
        "@page{{margin:20mm 15mm 16mm;@top-left{{content:\"{}\";font:9pt sans-serif}}\
         @bottom-right{{content:counter(page) \" / \" counter(pages);font:9pt sans-serif}}}}\n",
        quoted(&head.running())
    )
}

/// A text inside a string of a style: whatever is no letter or digit stands there as its number.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for letter in printable(text).chars() {
        if letter.is_alphanumeric() {
            out.push(letter);
        } else {
            write!(out, "\\{:x} ", u32::from(letter)).ok();
        }
    }
    out
}

/// Writes the title, the facts, and what was not read.
fn facts(out: &mut dyn Write, head: &Head) -> io::Result<()> {
    writeln!(out, "<header>\n<p class=\"product\">entrasnap</p>\n<h1>{}</h1>", escaped(&head.title))?;
    out.write_all(b"<dl class=\"facts\">\n")?;
    for (label, value) in head.all_facts() {
        writeln!(out, "<dt>{label}</dt><dd>{}</dd>", escaped(&value))?;
    }
    out.write_all(b"</dl>\n")?;
    unread(out, head)?;
    out.write_all(b"</header>\n")
}

fn unread(out: &mut dyn Write, head: &Head) -> io::Result<()> {
    let sentences = head.unread_sentences();
    if sentences.is_empty() {
        return Ok(());
    }
    let items: Vec<String> =
        sentences.iter().map(|sentence| format!("<li>{}</li>\n", escaped(sentence))).collect();
    let items = items.concat();
    out.write_all(b"<section class=\"box warn\" id=\"unread\">\n<h2>What was not read</h2>\n")?;
    out.write_all(b"<p>This page says nothing of it: there may be changes that nobody sees here.</p>\n")?;
    if sentences.iter().map(String::len).sum::<usize>() <= UNREAD_LENGTH_MAX {
        writeln!(out, "<ul>\n{items}</ul>\n</section>")
    } else {
        let count = head.unread.len();
        writeln!(
            out,
            "<details><summary>{count} types and relations</summary>\n<ul>\n{items}</ul>\n</details>\n</section>"
        )
    }
}

/// Writes everything behind the body.
pub(super) fn end(out: &mut dyn Write, script: Script) -> io::Result<()> {
    out.write_all(b"</main>\n<footer>This page loads nothing and can be kept as one file.</footer>\n")?;
    if script == Script::Filter {
        writeln!(out, "<script>{FILTER}</script>")?;
    }
    out.write_all(b"</body>\n</html>\n")
}
