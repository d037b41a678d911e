//! Owns requests and replies, apart from the sockets: a parsed request, a reply, and how it is delivered.

/// A request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    /// In upper case.
    pub(crate) method: String,
    /// Scheme and host that the client used, such as `http://127.0.0.1:8080`.
    pub(crate) base: String,
    /// `v1.0` or `beta`.
    pub(crate) version: String,
    /// The path behind the version, decoded, in segments; keys in parentheses are segments of their own.
    pub(crate) segments: Vec<String>,
    /// The path behind the base as the client wrote it, without the query.
    pub(crate) raw_path: String,
    /// The query as the client wrote it.
    pub(crate) raw_query: String,
    /// The query's names, with `$` where Graph has it optional, and values.
    pub(crate) query: Vec<(String, String)>,
    /// Header names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// How it reaches the client.
    pub(crate) delivery: Delivery,
    /// Whether the body is plain text, although it may look like JSON.
    pub(crate) is_text: bool,
}

/// How a reply reaches the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// How late, in milliseconds.
    pub(crate) late_ms: u32,
    /// Whether the connection closes without it.
    pub(crate) is_lost: bool,
    /// Whether the connection closes in the middle of it.
    pub(crate) is_cut: bool,
}

/// The content type of Graph's successful answers.
const JSON: &str =
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

impl Reply {
    /// Answers 200 with a body.
    pub(crate) fn json(body: impl Into<Vec<u8>>) -> Self {
        Self::with(200, body)
    }

    /// Answers with a body.
    pub(crate) fn with(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type", JSON.to_owned())],
            body: body.into(),
            ..Self::default()
        }
    }

    /// Answers 204.
    pub(crate) fn nothing() -> Self {
        Self { status: 204, ..Self::default() }
    }
}

impl Request {
    /// Parses a target such as `/v1.0/users?$top=5`.
    pub(crate) fn new(method: &str, base: &str, target: &str) -> Self {
        let (raw_path, raw_query) = target.split_once('?').unwrap_or((target, ""));
        let mut parts = raw_path.trim_matches('/').split('/').filter(|part| !part.is_empty());
        let version = parts.next().unwrap_or_default().to_owned();
        let mut segments = Vec::new();
        for part in parts {
            push_segment(&mut segments, &decode(part, false));
        }
        Self {
            method: method.to_ascii_uppercase(),
            base: base.to_owned(),
            version,
            segments,
            raw_path: raw_path.to_owned(),
            raw_query: raw_query.to_owned(),
            query: pairs(raw_query, |name| {
                let known = ["select", "filter", "expand", "top", "count", "search", "orderby", "skip"];
                if known.contains(&name) { format!("${name}") } else { name.to_owned() }
            }),
            ..Self::default()
        }
    }

    /// Gives a query option.
    pub(crate) fn option(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Gives a header; the name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Says whether the request has the header that advanced queries need.
    pub(crate) fn is_eventual(&self) -> bool {
        self.header("consistencylevel").is_some_and(|level| level.eq_ignore_ascii_case("eventual"))
    }

    /// Gives this request's address with one query option replaced or added.
    pub(crate) fn link_with(&self, name: &str, value: &str) -> String {
        let mut link = format!("{}{}?", self.base, self.raw_path);
        for pair in self.raw_query.split('&').filter(|pair| !pair.is_empty()) {
            let found = decode(pair.split('=').next().unwrap_or_default(), true);
            if !found.eq_ignore_ascii_case(name) {
                link.push_str(pair);
                link.push('&');
            }
        }
        link.push_str(name);
        link.push('=');
        link.push_str(value);
        link
    }

    /// Gives the metadata address that contexts start with.
    pub(crate) fn metadata(&self) -> String {
        format!("{}/{}/$metadata#", self.base, self.version)
    }
}

/// `users('ann')` is two segments; `delta()` is one without the parentheses.
fn push_segment(segments: &mut Vec<String>, part: &str) {
    let Some((name, key)) = part.strip_suffix(')').and_then(|part| part.split_once('(')) else {
        segments.push(part.to_owned());
        return;
    };
    segments.push(name.to_owned());
    if !key.is_empty() {
        let quoted = key.strip_prefix('\'').and_then(|key| key.strip_suffix('\''));
        segments.push(quoted.map_or_else(|| key.to_owned(), |key| key.replace("''", "'")));
    }
}

/// Splits a form or query and decodes it.
pub(crate) fn pairs(text: &str, rename: impl Fn(&str) -> String) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (rename(&decode(name, true)), decode(value, true))
        })
        .collect()
}

/// Decodes `%41`, and `+` where it means a space.
pub(crate) fn decode(text: &str, plus_is_space: bool) -> String {
    if !text.contains(['%', '+']) {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        let hex = behind.get(..2).and_then(|hex| str::from_utf8(hex).ok());
        match (first, hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            (b'+', _) if plus_is_space => bytes.push(b' '),
            _ => bytes.push(first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
