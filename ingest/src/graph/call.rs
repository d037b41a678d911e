//! Owns one question to Graph and its answer, apart from how they travel.

use std::fmt;

use bytes::Bytes;

use super::page::Page;
use super::shape::Shape;
use engine::schema::{Limit, Version};

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, links or acts.
    Post,
    /// Changes.
    Patch,
    /// Sets.
    Put,
    /// Deletes or unlinks.
    Delete,
}

impl Method {
    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// What happens when a call is sent twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing: it only reads.
    Read,
    /// The same as once, or a refusal that says so.
    Idempotent,
    /// Something twice, such as two objects: it is sent again only when the first one certainly took no effect.
    Once,
}

/// Which of Graph's limits a call counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meter {
    /// Resource units, and writes.
    Identity,
    /// The same; writes count against the limit of devices too.
    Device,
    /// One request a second for the whole tenant.
    ConditionalAccess,
    /// Nothing published.
    Unpublished,
}

impl From<Limit> for Meter {
    fn from(class: Limit) -> Self {
        match class {
            Limit::Identity => Self::Identity,
            Limit::ConditionalAccess => Self::ConditionalAccess,
            Limit::Unpublished => Self::Unpublished,
        }
    }
}

/// The actions that only read, although they are POSTs.
pub(crate) const READING_ACTIONS: [&str; 1] = ["/directoryObjects/getAvailableExtensionProperties"];

/// One question to Graph.
#[derive(Clone)]
pub struct Call {
    /// Its method.
    pub method: Method,
    /// The version in front of `path`; a link has its own.
    pub version: Version,
    /// The path behind the version with its query, such as `/users?$top=999`, or a whole link that Graph gave.
    /// Values inside must be escaped: see [`escape`].
    pub path: String,
    /// Whether `ConsistencyLevel: eventual` goes with it.
    pub is_eventual: bool,
    /// The header `Prefer`.
    pub prefer: Option<String>,
    /// JSON.
    pub body: Option<Bytes>,
    /// What it counts against.
    pub meter: Meter,
    /// Resource units it is expected to cost; what Graph says it cost replaces that.
    pub units: u32,
    /// What happens when it is sent twice.
    pub effect: Effect,
    /// What its answer has to be; another one is asked for again.
    pub shape: Shape,
    /// The token of the type that it is about, for who reads a whole tenant.
    pub subject: Option<&'static str>,
}

impl Call {
    fn new(method: Method, path: impl Into<String>, body: Option<Bytes>, effect: Effect) -> Self {
        Self {
            method,
            version: Version::V1,
            path: path.into(),
            is_eventual: false,
            prefer: None,
            body,
            meter: Meter::Identity,
            units: 1,
            effect,
            shape: Shape::Any,
            subject: None,
        }
    }

    /// Reads a path or a link.
    #[must_use]
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::Get, path, None, Effect::Read)
    }

    /// Posts JSON; taken to have an effect each time it is sent, unless [`Call::effect`] says otherwise.
    #[must_use]
    pub fn post(path: impl Into<String>, json: impl Into<Bytes>) -> Self {
        Self::new(Method::Post, path, Some(json.into()), Effect::Once)
    }

    /// Asks a question that Graph takes as a POST although it changes nothing: one of few that a client that
    /// may only read sends too.
    #[must_use]
    pub fn read_by_post(path: impl Into<String>, json: impl Into<Bytes>) -> Self {
        Self::new(Method::Post, path, Some(json.into()), Effect::Read)
    }

    /// Whether it changes nothing, so that a client that may only read may send it.
    pub(crate) fn is_read(&self) -> bool {
        self.method == Method::Get
            || (self.method == Method::Post && READING_ACTIONS.contains(&self.path.as_str()))
    }

    /// Changes what the JSON names.
    #[must_use]
    pub fn patch(path: impl Into<String>, json: impl Into<Bytes>) -> Self {
        Self::new(Method::Patch, path, Some(json.into()), Effect::Idempotent)
    }

    /// Sets.
    #[must_use]
    pub fn put(path: impl Into<String>, json: impl Into<Bytes>) -> Self {
        Self::new(Method::Put, path, Some(json.into()), Effect::Idempotent)
    }

    /// Deletes or unlinks.
    #[must_use]
    pub fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::Delete, path, None, Effect::Idempotent)
    }

    /// Names the version.
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// Asks with `ConsistencyLevel: eventual`, as advanced queries require.
    #[must_use]
    pub fn eventual(mut self) -> Self {
        self.is_eventual = true;
        self
    }

    /// Sends `Prefer`.
    #[must_use]
    pub fn prefer(mut self, preference: impl Into<String>) -> Self {
        self.prefer = Some(preference.into());
        self
    }

    /// Names what it counts against.
    #[must_use]
    pub fn meter(mut self, meter: impl Into<Meter>) -> Self {
        self.meter = meter.into();
        self
    }

    /// Names the resource units.
    #[must_use]
    pub fn units(mut self, units: u32) -> Self {
        self.units = units;
        self
    }

    /// Says what its answer has to be.
    #[must_use]
    pub fn shape(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self
    }

    /// Says what happens when it is sent twice.
    #[must_use]
    pub fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// What is asked, without the body and without tokens in the query: for messages.
    pub(crate) fn asked(&self) -> String {
        let path = self.path.split(['?', '#']).next().unwrap_or_default();
        let version = if path.starts_with('/') { self.version.segment() } else { "" };
        format!("{} {version}{path}", self.method.name())
    }
}

/// The body is not shown: it may hold a password.
impl fmt::Debug for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Call").field(&self.asked()).finish()
    }
}

/// An answer with a status below 300.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body as it came; empty for 204. In a batch, a part of the batch's body.
    pub body: Bytes,
    /// Graph's `request-id`.
    pub request_id: Option<String>,
    /// Where a created object is.
    pub location: Option<String>,
    /// The body taken apart, where a page was asked for.
    pub(crate) page: Option<Page>,
}

/// The body is not shown: it may hold a password.
impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Answer");
        shown.field("status", &self.status).field("body_bytes", &self.body.len());
        shown.field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

/// Escapes a value for a path or a query: an ID, a user principal name, a filter.
#[must_use]
pub fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            escaped.push(hexadecimal(byte >> 4));
            escaped.push(hexadecimal(byte & 15));
        }
    }
    escaped
}

fn hexadecimal(digit: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(digit & 15)])
}
