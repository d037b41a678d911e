//! The bar that filters the objects of a page; it is hidden where no script runs.

use std::io::{self, Write};

use super::super::risk::{SEVERITIES, rank};
use super::super::text::escaped_html as escaped;

/// Writes the bar for objects of some types, with severities where the page has findings.
pub(crate) fn write(out: &mut dyn Write, types: &[&str], has_severities: bool) -> io::Result<()> {
    out.write_all(
        b"<div class=\"filter\" id=\"filter\" role=\"search\" hidden>\n\
          <label>Text <input type=\"search\" id=\"filter-text\" autocomplete=\"off\"></label>\n\
          <label>Type <select id=\"filter-type\"><option value=\"\">all</option>",
    )?;
    for name in types {
        let name = escaped(name);
        write!(out, "<option value=\"{name}\">{name}</option>")?;
    }
    out.write_all(b"</select></label>\n")?;
    if has_severities {
        out.write_all(b"<label>Severity <select id=\"filter-severity\"><option value=\"0\">any</option>")?;
        for severity in SEVERITIES {
            write!(out, "<option value=\"{}\">{} or more</option>", rank(severity), severity.as_str())?;
        }
        out.write_all(b"</select></label>\n")?;
    }
    out.write_all(
        b"<button type=\"button\" id=\"filter-unfold\">Unfold all</button>\n\
          <button type=\"button\" id=\"filter-fold\">Fold all</button>\n\
          <output id=\"filter-shown\"></output>\n</div>\n",
    )
}
