//! Owns the network: one HTTP exchange, by reqwest over rustls with ring and the system's trust store.
//!
//! HTTP/2 where TLS offers it, connections kept, gzip, the system's proxies; redirects are not followed, because the
//! token would go with them. Plain http goes out without a proxy, and only where [`address`] lets it.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};

use super::call::Method;
use super::error::{AnswerFault, Error, Result};
use super::retry::Loss;
use super::secret::Secret;

pub(crate) mod address;

use address::Address;

/// How long a connection may take to come about.
const CONNECT_MAX: Duration = Duration::from_secs(15);
/// How long a server may be silent. Graph gives up on a request itself before that.
const SILENCE_MAX: Duration = Duration::from_mins(2);
/// What a body begins with room for, whatever its length is said to be.
const ROOM_MAX: usize = 1 << 20;

/// Keeps connections.
pub(crate) struct Transport {
    /// To this machine and its link.
    near: reqwest::Client,
    /// To everything else; none when nothing else is ever asked.
    far: Option<reqwest::Client>,
}

/// A request.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: Method,
    pub(crate) address: &'a Address,
    pub(crate) headers: &'a [(&'static str, &'a str)],
    pub(crate) token: Option<&'a Secret>,
    /// Content type and content.
    pub(crate) body: Option<(&'static str, Bytes)>,
    /// The most bytes that the answer's body may have, unpacked.
    pub(crate) answer_max: usize,
}

/// An answer.
pub(crate) struct Received {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    /// A header's value, where it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// An exchange without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) loss: Loss,
    /// What happened.
    pub(crate) what: String,
}

impl Transport {
    /// Prepares connections to these hosts.
    ///
    /// # Errors
    /// `Connections` when the system's trust store cannot be read.
    pub(crate) fn new(user_agent: &str, exchange_max: Duration, hosts: &[&Address]) -> Result<Self> {
        // Another part of the program may have chosen a provider already: then that one serves.
        drop(rustls::crypto::ring::default_provider().install_default());
        let builder = || {
            reqwest::Client::builder()
                .user_agent(user_agent)
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(CONNECT_MAX)
                .read_timeout(SILENCE_MAX)
                .timeout(exchange_max)
                .tcp_nodelay(true)
                .referer(false)
        };
        // What is near has no TLS: no trust store is needed, and machines without one are served.
        let near = builder().no_proxy().tls_certs_only([]).build().map_err(unusable)?;
        let is_far = hosts.iter().any(|host| !host.is_near());
        let far = is_far.then(|| builder().https_only(true).build()).transpose().map_err(unusable)?;
        Ok(Self { near, far })
    }

    /// Sends a request and takes its answer.
    ///
    /// # Errors
    /// How the answer was lost.
    pub(crate) async fn exchange(&self, outgoing: &Outgoing<'_>) -> Result<Received, Lost> {
        let client = if outgoing.address.is_near() { Some(&self.near) } else { self.far.as_ref() };
        let client = client.ok_or_else(|| not_sent("no connections were prepared to hosts outside"))?;
        let mut request = client.request(method(outgoing.method), outgoing.address.0.clone());
        for (name, value) in outgoing.headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = outgoing.token {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", token.reveal()))
                .map_err(|_| not_sent("the token holds what no header can"))?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        if let Some((content_type, content)) = &outgoing.body {
            request = request.header(CONTENT_TYPE, *content_type).body(content.clone());
        }
        let mut response = request.send().await.map_err(|error| lost(error, None))?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let body = body_of(response, status, outgoing.answer_max).await?;
        Ok(Received { status, headers, body })
    }
}

/// Takes a body as it is unpacked, so that one that never ends takes no more room than one that is too long.
async fn body_of(mut response: reqwest::Response, status: u16, most: usize) -> Result<Bytes, Lost> {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    let mut body = BytesMut::with_capacity(announced.min(most).min(ROOM_MAX));
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(error, Some(status)))? {
        if body.len() + chunk.len() > most {
            let what = AnswerFault::TooLong { limit_bytes: most }.to_string();
            return Err(Lost { loss: Loss::TooLarge { status, limit_bytes: most }, what });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Patch => reqwest::Method::PATCH,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
    }
}

fn not_sent(what: &str) -> Lost {
    Lost { loss: Loss::NotSent, what: what.to_owned() }
}

/// Says what happened, without the address: a delta link holds a token.
fn lost(error: reqwest::Error, status: Option<u16>) -> Lost {
    let error = error.without_url();
    let mut what = if error.is_timeout() { "timed out".to_owned() } else { error.to_string() };
    let mut cause = std::error::Error::source(&error);
    while let Some(source) = cause {
        what = format!("{what}: {source}");
        cause = source.source();
    }
    let loss = match status {
        Some(status) => Loss::Truncated { status },
        // What TLS says stands only in the words of the innermost cause.
        None if what.contains("invalid peer certificate") => Loss::Distrusted,
        None if error.is_connect() || error.is_builder() => Loss::NotSent,
        None => Loss::NoAnswer,
    };
    Lost { loss, what }
}

fn unusable(error: reqwest::Error) -> Error {
    Error::Connections { reason: lost(error, None).what }
}
