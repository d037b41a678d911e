//! Owns the writing of JSON text: properties in the order given, nothing parsed, nothing allocated.

use engine::schema::TypeId;

use super::random::Guid;

/// An object being written at the end of a text.
pub(crate) struct Json<'a> {
    out: &'a mut String,
}

impl<'a> Json<'a> {
    /// Opens an object that carries its type.
    pub(crate) fn typed(out: &'a mut String, id: TypeId) -> Self {
        Self::derived(out, id.info().odata_types[0])
    }

    /// Opens an object that carries a derived type, such as `microsoft.graph.ipNamedLocation`.
    pub(crate) fn derived(out: &'a mut String, odata_type: &str) -> Self {
        out.push_str("{\"@odata.type\":\"#");
        out.push_str(odata_type);
        out.push_str("\",");
        Self { out }
    }

    /// Closes the object.
    pub(crate) fn close(self) {
        if self.out.ends_with(',') {
            self.out.pop();
        }
        self.out.push('}');
    }

    /// Writes a name and hands out the text, for a value written by the caller with its comma.
    pub(crate) fn name(&mut self, name: &str) -> &mut String {
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
        self.out
    }

    /// Writes a value that is JSON already.
    pub(crate) fn raw(&mut self, name: &str, text: &str) {
        let out = self.name(name);
        out.push_str(text);
        out.push(',');
    }

    /// Writes an object inside this one.
    pub(crate) fn nested(&mut self, name: &str, fill: impl FnOnce(&mut Json<'_>)) {
        let out = self.name(name);
        push_nested(out, fill);
        out.push(',');
    }

    /// Writes an array of objects, one for each item.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(&mut Json<'_>, T),
    ) {
        let out = self.name(name);
        out.push('[');
        for item in items {
            push_nested(out, |json| fill(json, item));
            out.push(',');
        }
        if out.ends_with(',') {
            out.pop();
        }
        out.push_str("],");
    }

    /// Writes a whole number.
    pub(crate) fn number(&mut self, name: &str, number: u32) {
        let out = self.name(name);
        push_number(out, u64::from(number));
        out.push(',');
    }

    /// Writes properties that are JSON already, names included, without a comma at the end.
    pub(crate) fn members(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push(',');
    }

    /// Writes null for each name.
    pub(crate) fn nulls(&mut self, names: &[&str]) {
        for name in names {
            self.raw(name, "null");
        }
    }

    /// Writes an empty array for each name.
    pub(crate) fn empties(&mut self, names: &[&str]) {
        for name in names {
            self.raw(name, "[]");
        }
    }

    /// Writes a truth value.
    pub(crate) fn boolean(&mut self, name: &str, value: bool) {
        self.raw(name, if value { "true" } else { "false" });
    }

    /// Writes a text.
    pub(crate) fn string(&mut self, name: &str, value: &str) {
        let out = self.name(name);
        push_string(out, value);
        out.push(',');
    }

    /// Writes a text put together from parts.
    pub(crate) fn parts(&mut self, name: &str, parts: &[&str]) {
        let out = self.name(name);
        out.push('"');
        for part in parts {
            push_escaped(out, part);
        }
        out.push_str("\",");
    }

    /// Writes a text, or null where there is none.
    pub(crate) fn optional(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(text) => self.string(name, text),
            None => self.raw(name, "null"),
        }
    }

    /// Writes an ID.
    pub(crate) fn guid(&mut self, name: &str, guid: Guid) {
        let out = self.name(name);
        push_guid(out, guid);
        out.push(',');
    }

    /// Writes an array of IDs.
    pub(crate) fn guids(&mut self, name: &str, guids: impl Iterator<Item = Guid>) {
        let out = self.name(name);
        push_guids(out, guids);
        out.push(',');
    }
}

/// Appends an object without a type.
fn push_nested(out: &mut String, fill: impl FnOnce(&mut Json<'_>)) {
    out.push('{');
    let mut json = Json { out };
    fill(&mut json);
    json.close();
}

/// Appends an array of IDs.
pub(crate) fn push_guids(out: &mut String, guids: impl Iterator<Item = Guid>) {
    out.push('[');
    let mut first = true;
    for guid in guids {
        if !first {
            out.push(',');
        }
        first = false;
        push_guid(out, guid);
    }
    out.push(']');
}

/// Appends a quoted ID.
pub(crate) fn push_guid(out: &mut String, guid: Guid) {
    out.push('"');
    guid.push(out);
    out.push('"');
}

/// Appends a quoted text.
pub(crate) fn push_string(out: &mut String, value: &str) {
    out.push('"');
    push_escaped(out, value);
    out.push('"');
}

/// Appends a text; only what JSON forbids inside quotes is escaped.
fn push_escaped(out: &mut String, value: &str) {
    if !value.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        out.push_str(value);
        return;
    }
    for character in value.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\u{0}'..='\u{1f}' => out.push(' '),
            other => out.push(other),
        }
    }
}

/// Appends a whole number.
pub(crate) fn push_number(out: &mut String, number: u64) {
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    let mut rest = number;
    loop {
        start -= 1;
        digits[start] = b"0123456789"[usize::try_from(rest % 10).unwrap_or(0)];
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.push_str(str::from_utf8(&digits[start..]).expect("digits are ASCII"));
}

/// Appends a number with leading zeros.
pub(crate) fn push_padded(out: &mut String, number: u32, width: usize) {
    let mut bound = 10_u64;
    for _ in 1..width {
        if u64::from(number) < bound {
            out.push('0');
        }
        bound *= 10;
    }
    push_number(out, u64::from(number));
}

/// The first day of every synthetic tenant, in days since 1970-01-01: 2 November 2026.
pub(crate) const FIRST_DAY: u32 = 20_759;

/// Appends a quoted moment: `"2026-11-02T08:15:42Z"`.
pub(crate) fn push_moment(out: &mut String, day_number: u32, second: u32) {
    // Days to a civil date, with years that begin in March so that the leap day comes last.
    let shifted = day_number + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + u32::from(month <= 2);
    out.push('"');
    push_padded(out, year, 4);
    for (mark, number) in
        [('-', month), ('-', day), ('T', second / 3600 % 24), (':', second / 60 % 60), (':', second % 60)]
    {
        out.push(mark);
        push_padded(out, number, 2);
    }
    out.push_str("Z\"");
}
