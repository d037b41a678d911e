//! Functions of texts. Positions and lengths count code points.

use sha2::Digest;

use super::{Function, MANY, Returns, RowArguments, array_of, length, or_null};
use crate::convert;
use crate::value::{Type, Value};

const TEXT: Returns = Returns::Is(Type::String);
const LONG: Returns = Returns::Is(Type::Long);
const BOOL: Returns = Returns::Is(Type::Bool);
/// Longest text put in by `replace_string`, in bytes.
const REPLACED_BYTES_MAX: usize = 64 << 20;
/// Longest text `strrep` makes, in bytes.
const REPEATED_BYTES_MAX: usize = 1 << 20;

pub(super) const TABLE: &[Function] = &[
    Function::new("strlen(text)", "the number of characters", (1, 1), LONG, |call| {
        length(call.text(0).chars().count())
    }),
    Function::new("string_size(text)", "the number of bytes", (1, 1), LONG, |call| {
        length(call.text(0).len())
    }),
    Function::new("tolower(text)", "small letters", (1, 1), TEXT, |call| {
        Value::text(&call.text(0).to_lowercase())
    }),
    Function::new("toupper(text)", "capital letters", (1, 1), TEXT, |call| {
        Value::text(&call.text(0).to_uppercase())
    }),
    Function::new("reverse(text)", "the characters in reverse", (1, 1), TEXT, |call| {
        Value::text(&call.text(0).chars().rev().collect::<String>())
    }),
    Function::new("strcat(text, …)", "texts one after the other", (1, MANY), TEXT, |call| {
        Value::text(&(0..call.len()).map(|index| call.text(index)).collect::<String>())
    }),
    Function::new(
        "strcat_delim(delimiter, text, …)",
        "texts with a delimiter between",
        (2, MANY),
        TEXT,
        |call| {
            let parts: Vec<_> = (1..call.len()).map(|index| call.text(index)).collect();
            Value::text(&parts.join(&call.text(0)))
        },
    ),
    Function::new(
        "strcat_array(array, delimiter)",
        "the elements with a delimiter between",
        (2, 2),
        TEXT,
        |call| {
            let Some(elements) = call.array(0) else { return Value::Null };
            let parts: Vec<String> =
                elements.iter().map(|element| convert::to_text(element, Type::Dynamic)).collect();
            Value::text(&parts.join(&call.text(1)))
        },
    ),
    Function::new("strcmp(a, b)", "-1, 0 or 1: how two texts are ordered", (2, 2), LONG, |call| {
        Value::Long(call.text(0).cmp(&call.text(1)) as i64)
    }),
    Function::new("strrep(value, count [, delimiter])", "a text several times", (2, 3), TEXT, strrep),
    Function::new("substring(text, start [, length])", "a part of a text", (2, 3), TEXT, substring),
    Function::new(
        "indexof(text, part [, start [, length [, occurrence]]])",
        "where a part stands, -1 if nowhere",
        (2, 5),
        LONG,
        indexof,
    ),
    Function::new("replace_string(text, part, new)", "every part replaced", (3, 3), TEXT, |call| {
        let (text, part) = (call.text(0), call.text(1));
        if part.is_empty() {
            return Value::text(&text);
        }
        let grown = text.matches(&*part).count().saturating_mul(call.text(2).len());
        if grown > REPLACED_BYTES_MAX {
            return Value::Null;
        }
        Value::text(&text.replace(&*part, &call.text(2)))
    }),
    Function::new(
        "translate(from, to, text)",
        "every character of one list replaced by that of another",
        (3, 3),
        TEXT,
        translate,
    ),
    Function::new(
        "split(text, delimiter [, index])",
        "the parts between delimiters",
        (2, 3),
        Returns::Is(Type::Dynamic),
        split,
    ),
    Function::new(
        "countof(text, part [, kind])",
        "how often a part or a pattern occurs",
        (2, 3),
        LONG,
        countof,
    ),
    Function::new("isascii(text)", "whether every character is ASCII", (1, 1), BOOL, |call| {
        Value::Bool(call.text(0).is_ascii())
    }),
    Function::new("isutf8(text)", "whether a text is UTF-8", (1, 1), BOOL, |_| Value::Bool(true)),
    Function::new("make_string(number, …)", "the text of code points", (1, MANY), TEXT, make_string),
    Function::new(
        "has_any_index(text, list)",
        "the index of the first element that is a term of a text",
        (2, 2),
        LONG,
        has_any_index,
    ),
    Function::new("hash_md5(value)", "the MD5 hash in hexadecimal", (1, 1), TEXT, |call| {
        hex(&md5::Md5::digest(call.text(0).as_bytes()))
    }),
    Function::new("hash_sha1(value)", "the SHA-1 hash in hexadecimal", (1, 1), TEXT, |call| {
        hex(&sha1::Sha1::digest(call.text(0).as_bytes()))
    }),
    Function::new("hash_sha256(value)", "the SHA-256 hash in hexadecimal", (1, 1), TEXT, |call| {
        hex(&sha2::Sha256::digest(call.text(0).as_bytes()))
    }),
];

fn hex(bytes: &[u8]) -> Value {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _written = write!(text, "{byte:02x}");
    }
    Value::text(&text)
}

fn strrep(call: &mut RowArguments<'_>) -> Value {
    let (text, delimiter) = (call.text(0), call.text(2));
    let count = usize::try_from(call.long(1).unwrap_or(0)).unwrap_or(0).min(1024);
    if (text.len() + delimiter.len()).saturating_mul(count) > REPEATED_BYTES_MAX {
        return Value::Null;
    }
    Value::text(&vec![&*text; count].join(&delimiter))
}

fn substring(call: &mut RowArguments<'_>) -> Value {
    let text = call.text(0);
    let Some(start) = call.long(1) else { return Value::Null };
    let wanted = match call.long_or(2, i64::MAX) {
        Some(count) => usize::try_from(count).unwrap_or(0),
        None => return Value::Null,
    };
    let skipped = if start < 0 {
        let count = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        (count + start).max(0)
    } else {
        start
    };
    let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
    Value::text(&text.chars().skip(skipped).take(wanted).collect::<String>())
}

fn indexof(call: &mut RowArguments<'_>) -> Value {
    let (text, part): (Vec<char>, Vec<char>) =
        (call.text(0).chars().collect(), call.text(1).chars().collect());
    if part.is_empty() {
        return Value::Null;
    }
    let count = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let (Some(start), Some(span), Some(occurrence)) =
        (call.long_or(2, 0), call.long_or(3, -1), call.long_or(4, 1))
    else {
        return Value::Null;
    };
    if span < -1 || occurrence < 1 {
        return Value::Null;
    }
    let start = if start < 0 { (count + start).max(0) } else { start };
    let end = if span < 0 { count } else { count.min(start.saturating_add(span)) };
    let range = usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0);
    let Some(window) = text.get(range.clone()) else { return Value::Long(-1) };
    let indexes = window.windows(part.len()).enumerate().filter(|(_, found)| *found == part);
    let index = indexes.map(|(index, _)| index + range.start);
    let nth = usize::try_from(occurrence - 1).unwrap_or(usize::MAX);
    index.into_iter().nth(nth).map_or(Value::Long(-1), length)
}

fn translate(call: &mut RowArguments<'_>) -> Value {
    let from: Vec<char> = call.text(0).chars().collect();
    let to: Vec<char> = call.text(1).chars().collect();
    let replaced = |character: char| match from.iter().position(|other| *other == character) {
        Some(index) => to.get(index).or(to.last()).copied(),
        None => Some(character),
    };
    Value::text(&call.text(2).chars().filter_map(replaced).collect::<String>())
}

fn split(call: &mut RowArguments<'_>) -> Value {
    let (text, delimiter) = (call.text(0), call.text(1));
    let parts: Vec<Value> = if delimiter.is_empty() {
        vec![Value::text(&text)]
    } else {
        text.split(&*delimiter).map(Value::text).collect()
    };
    if !call.has(2) {
        return array_of(parts);
    }
    let index = call.long(2).and_then(|index| usize::try_from(index).ok());
    or_null(index.and_then(|index| parts.get(index)), |part| array_of(vec![part.clone()]))
}

fn countof(call: &mut RowArguments<'_>) -> Value {
    let text = call.text(0);
    if call.text(2) == "regex" {
        return or_null(call.regex(1), |pattern| length(pattern.find_iter(&text).count()));
    }
    let part = call.text(1);
    if part.is_empty() { Value::Long(0) } else { length(text.matches(&*part).count()) }
}

fn make_string(call: &mut RowArguments<'_>) -> Value {
    let numbers = call.values().flat_map(|value| match value {
        Value::Array(elements) => elements.iter().collect(),
        value => vec![value],
    });
    let character = |value: &Value| char::from_u32(u32::try_from(convert::to_long(value)?).ok()?);
    or_null(numbers.map(character).collect::<Option<String>>(), |text| Value::text(&text))
}

fn has_any_index(call: &mut RowArguments<'_>) -> Value {
    let Some(elements) = call.array(1) else { return Value::Null };
    let text = super::operator::fold(&call.text(0));
    let index = elements.iter().position(|element| {
        let part = super::operator::fold(&convert::to_text(element, Type::Dynamic));
        super::operator::has_whole_term(&text, &part)
    });
    index.map_or(Value::Long(-1), length)
}
