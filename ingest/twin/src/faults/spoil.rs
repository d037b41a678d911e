//! Owns answers that go wrong on one path: another status, a body that is none, links in a circle, lists that lack an
//! object, pages that expire, properties that are null.
//!
//! *Sources.* Reports of clients of Graph: HTML and empty bodies under 200, delta pages without a link, links that lead
//! back, 404 for existing objects ([terraform-provider-azuread](https://github.com/hashicorp/terraform-provider-azuread),
//! [EntraExporter](https://github.com/microsoft/EntraExporter)); `Directory_ExpiredPageToken` and nulls without a
//! permission ([paging](https://learn.microsoft.com/graph/paging), [user](https://learn.microsoft.com/graph/api/resources/user)).

use serde_json::{Value, json};

use crate::wire::{Reply, Request};

/// How an answer goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Spoil {
    /// Another status, with an error in JSON.
    Status(u16),
    /// A page in HTML under 200.
    Html,
    /// Nothing under 200.
    Empty,
    /// Nothing under 204.
    NoContent,
    /// Half of the body, as if it were all.
    Cut,
    /// An error under 200.
    ErrorBody,
    /// JSON of another shape.
    OtherJson,
    /// A page without `value`.
    NoValue,
    /// A delta page without a link.
    NoLink,
    /// Pages whose links lead from one to the other and back.
    Circle,
    /// Pages that never end, each under a link of its own.
    Endless,
    /// A body of 65 MiB.
    Huge,
    /// A refusal for a thousand million seconds.
    LongWait,
    /// The page behind the first is refused, because its token expired.
    ExpiredPage,
    /// Lists begin after so many objects.
    Lacking,
    /// The same, of lists whose query holds a text.
    LackingIn,
}

/// By name.
const SPOILS: [(&str, Spoil); 15] = [
    ("html", Spoil::Html),
    ("empty", Spoil::Empty),
    ("no-content", Spoil::NoContent),
    ("cut", Spoil::Cut),
    ("error-body", Spoil::ErrorBody),
    ("other-json", Spoil::OtherJson),
    ("no-value", Spoil::NoValue),
    ("no-link", Spoil::NoLink),
    ("circle", Spoil::Circle),
    ("endless", Spoil::Endless),
    ("huge", Spoil::Huge),
    ("long-wait", Spoil::LongWait),
    ("expired-page", Spoil::ExpiredPage),
    ("lacking", Spoil::Lacking),
    ("lacking-in", Spoil::LackingIn),
];

/// Properties that are null without a permission: type, property, permissions of which one is enough.
const GUARDED: [(&str, &str, &[&str]); 3] = [
    (
        "servicePrincipals",
        "customSecurityAttributes",
        &["CustomSecAttributeAssignment.Read.All", "CustomSecAttributeAssignment.ReadWrite.All"],
    ),
    (
        "users",
        "customSecurityAttributes",
        &["CustomSecAttributeAssignment.Read.All", "CustomSecAttributeAssignment.ReadWrite.All"],
    ),
    ("users", "employeeLeaveDateTime", &["User-LifeCycleInfo.Read.All", "User-LifeCycleInfo.ReadWrite.All"]),
];

/// The permissions of the client.
pub(crate) const PERMISSIONS: [&str; 5] = [
    "Directory.ReadWrite.All",
    "CustomSecAttributeAssignment.Read.All",
    "CustomSecAttributeAssignment.ReadWrite.All",
    "User-LifeCycleInfo.Read.All",
    "User-LifeCycleInfo.ReadWrite.All",
];

/// Bytes of a huge body.
const HUGE_BYTES: usize = 65 << 20;

impl Spoil {
    /// Finds one by its name; `status-500` and its like name a status.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        if let Some(status) = name.strip_prefix("status-") {
            return status.parse::<u16>().ok().filter(|status| (200..600).contains(status)).map(Self::Status);
        }
        SPOILS.iter().find(|(known, _)| *known == name).map(|(_, spoil)| spoil.clone())
    }

    /// All names.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        SPOILS.iter().map(|(name, _)| *name).chain(["status-500"])
    }

    /// Says whether it concerns this request, whose path or query holds the text of the fault.
    pub(super) fn concerns(&self, request: &Request) -> bool {
        let is_later = request.option("$skiptoken").is_some();
        match self {
            Self::ExpiredPage => is_later,
            Self::Lacking | Self::LackingIn => !is_later && request.option("$filter").is_none(),
            _ => true,
        }
    }

    /// Spoils an answer; `count` is the number of the fault.
    pub(super) fn apply(&self, request: &Request, reply: &mut Reply, count: usize) {
        let text = |body: &str| body.as_bytes().to_vec();
        match self {
            Self::Status(status) => refuse(reply, *status, "UnknownError"),
            Self::ExpiredPage => refuse(reply, 400, "Directory_ExpiredPageToken"),
            Self::LongWait => {
                refuse(reply, 429, "TooManyRequests");
                reply.headers.push(("retry-after", "1000000000".to_owned()));
            }
            Self::Html => {
                reply.headers.retain(|(name, _)| *name != "content-type");
                reply.headers.push(("content-type", "text/html".to_owned()));
                (reply.status, reply.body) = (200, text("<!DOCTYPE html><html><body>Sign in</body></html>"));
            }
            Self::Empty => (reply.status, reply.body) = (200, Vec::new()),
            Self::NoContent => (reply.status, reply.body) = (204, Vec::new()),
            Self::Cut => reply.body.truncate(reply.body.len() / 2),
            Self::ErrorBody => {
                reply.status = 200;
                reply.body = text("{\"error\":{\"code\":\"UnknownError\",\"message\":\"\"}}");
            }
            Self::OtherJson => (reply.status, reply.body) = (200, text("[1,2]")),
            Self::NoValue => change(reply, |body| drop(body.remove("value"))),
            Self::NoLink => change(reply, |body| {
                body.remove("@odata.nextLink");
                body.remove("@odata.deltaLink");
            }),
            Self::Circle => change(reply, |body| {
                let other = if request.option("circle") == Some("1") { "2" } else { "1" };
                body.remove("@odata.deltaLink");
                body.insert("@odata.nextLink".to_owned(), json!(request.link_with("circle", other)));
            }),
            Self::Endless => change(reply, |body| {
                let number = request.option("endless").and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
                let next = (number + 1).to_string();
                body.remove("@odata.deltaLink");
                body.insert("@odata.nextLink".to_owned(), json!(request.link_with("endless", &next)));
            }),
            Self::Huge => reply.body.resize(HUGE_BYTES, b' '),
            Self::Lacking | Self::LackingIn => change(reply, |body| {
                if let Some(Value::Array(items)) = body.get_mut("value") {
                    items.drain(..count.min(items.len()));
                }
            }),
        }
        reply.is_text = matches!(self, Self::Cut | Self::Html);
    }
}

fn refuse(reply: &mut Reply, status: u16, code: &str) {
    reply.status = status;
    reply.body = json!({"error": {"code": code, "message": ""}}).to_string().into_bytes();
}

fn change(reply: &mut Reply, change: impl FnOnce(&mut serde_json::Map<String, Value>)) {
    if let Ok(Value::Object(mut body)) = serde_json::from_slice(&reply.body) {
        change(&mut body);
        reply.body = Value::Object(body).to_string().into_bytes();
    }
}

/// Sets properties to null that need a permission the client lacks.
pub(super) fn hide_guarded(request: &Request, reply: &mut Reply, lacks: impl Fn(&str) -> bool) {
    let first = request.segments.first().map_or("", String::as_str);
    let hidden: Vec<&str> = GUARDED
        .iter()
        .filter(|(of, _, permissions)| *of == first && permissions.iter().all(|name| lacks(name)))
        .map(|(_, property, _)| *property)
        .collect();
    if hidden.is_empty() || reply.status >= 300 {
        return;
    }
    change(reply, |body| {
        let is_list = body.get("value").is_some_and(Value::is_array);
        let mut objects: Vec<&mut serde_json::Map<String, Value>> = if is_list {
            let items = body.get_mut("value").and_then(Value::as_array_mut);
            items.into_iter().flatten().filter_map(Value::as_object_mut).collect()
        } else {
            vec![body]
        };
        for object in &mut objects {
            for name in hidden.iter().filter(|name| request.raw_query.contains(**name)) {
                object.insert((*name).to_owned(), Value::Null);
            }
        }
    });
}
