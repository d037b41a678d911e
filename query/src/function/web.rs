//! Addresses, paths, comma-separated values and base64.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Function, Returns, RowArguments, array_of, or_null};
use crate::literal;
use crate::value::{Type, Value};

const TEXT: Returns = Returns::Is(Type::String);
const DYNAMIC: Returns = Returns::Is(Type::Dynamic);

pub(super) const TABLE: &[Function] = &[
    Function::new("parse_url(text)", "the parts of an address", (1, 1), DYNAMIC, parse_url),
    Function::new("parse_urlquery(text)", "the parameters of an address", (1, 1), DYNAMIC, |call| {
        object(vec![("Query Parameters", query_parameters(&call.text(0)))])
    }),
    Function::new("parse_path(text)", "the parts of a path of a file", (1, 1), DYNAMIC, parse_path),
    Function::new(
        "parse_csv(text)",
        "the values of the first line of comma-separated values",
        (1, 1),
        DYNAMIC,
        parse_csv,
    ),
    Function::new("url_encode_component(text)", "a text fit for an address", (1, 1), TEXT, |call| {
        Value::text(&url_encode(&call.text(0)))
    }),
    Function::new("url_decode(text)", "the text of an encoded address", (1, 1), TEXT, |call| {
        Value::text(&url_decode(&call.text(0)))
    }),
    Function::new("base64_encode_tostring(text)", "the base64 of a text", (1, 1), TEXT, |call| {
        Value::text(&STANDARD.encode(call.text(0).as_bytes()))
    }),
    Function::new("base64_decode_tostring(text)", "the text a base64 stands for", (1, 1), TEXT, |call| {
        let bytes = STANDARD.decode(call.text(0).as_bytes()).ok();
        or_null(bytes.and_then(|bytes| String::from_utf8(bytes).ok()), |text| Value::text(&text))
    }),
    Function::new("base64_decode_toarray(text)", "the bytes a base64 stands for", (1, 1), DYNAMIC, |call| {
        or_null(STANDARD.decode(call.text(0).as_bytes()).ok(), |bytes| {
            array_of(bytes.into_iter().map(|byte| Value::Long(i64::from(byte))).collect())
        })
    }),
];

fn object(pairs: Vec<(&str, Value)>) -> Value {
    literal::object(pairs.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

fn parse_url(call: &mut RowArguments<'_>) -> Value {
    let text = call.text(0);
    let Some((scheme, rest)) = text.split_once("://") else { return Value::Null };
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, ""),
    };
    let (login, address) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
    object(vec![
        ("Scheme", Value::text(scheme)),
        ("Host", Value::text(host)),
        ("Port", Value::text(port)),
        ("Path", Value::text(path)),
        ("Username", Value::text(user)),
        ("Password", Value::text(password)),
        ("Query Parameters", query_parameters(query)),
        ("Fragment", Value::text(fragment)),
    ])
}

fn query_parameters(query: &str) -> Value {
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key.into(), Value::text(value))
    });
    literal::object(pairs.collect())
}

fn parse_path(call: &mut RowArguments<'_>) -> Value {
    let text = call.text(0);
    let (scheme, rest) = text.split_once("://").unwrap_or(("", &text));
    let root_end = rest.find(['/', '\\']).unwrap_or(0);
    let has_drive = rest[..root_end].ends_with(':');
    let root = if has_drive { &rest[..root_end] } else { "" };
    let (stream_free, stream) = match rest.rfind(':').filter(|index| *index > root_end) {
        Some(index) if rest[index..].find(['/', '\\']).is_none() => (&rest[..index], &rest[index + 1..]),
        _ => (rest, ""),
    };
    let name_start = stream_free.rfind(['/', '\\']).map_or(0, |index| index + 1);
    let name = &stream_free[name_start..];
    let directory = stream_free[..name_start].trim_end_matches(['/', '\\']);
    let directory_name = directory.rsplit(['/', '\\']).next().unwrap_or("");
    object(vec![
        ("Scheme", Value::text(scheme)),
        ("RootPath", Value::text(root)),
        ("DirectoryPath", Value::text(directory)),
        ("DirectoryName", Value::text(directory_name)),
        ("Filename", Value::text(name)),
        ("Extension", Value::text(name.rsplit_once('.').map_or("", |(_, extension)| extension))),
        ("AlternateDataStreamName", Value::text(stream)),
    ])
}

fn parse_csv(call: &mut RowArguments<'_>) -> Value {
    let text = call.text(0);
    let mut fields = Vec::new();
    let (mut field, mut quoted) = (String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(Value::text(&std::mem::take(&mut field))),
            '\n' | '\r' if !quoted => break,
            other => field.push(other),
        }
    }
    fields.push(Value::text(&field));
    array_of(fields)
}

fn url_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _written = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn url_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let code = text.get(index + 1..index + 3).filter(|_| bytes[index] == b'%');
        if let Some(byte) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            decoded.push(byte);
            index += 3;
        } else {
            decoded.push(if bytes[index] == b'+' { b' ' } else { bytes[index] });
            index += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
