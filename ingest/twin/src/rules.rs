//! Owns Graph's refusals: status, code and message of each, as its answers have them.
//!
//! *Sources.* The README of the twin lists where each of them was documented or recorded.

mod link;
mod write;

use serde_json::{Value, json};

use crate::clock::to_error_date;
use crate::wire::Reply;
pub(crate) use link::{check_link, check_unlink, link_target};
pub(crate) use write::{
    Reconcile, check_create, check_delete, check_restore, check_update, is_managed_identity,
};

/// An answer that refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// Code, message and target of each detail.
    pub(crate) details: Vec<(String, String, String)>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: Vec::new(), headers: Vec::new() }
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn with_detail(mut self, code: &str, message: &str, target: &str) -> Self {
        self.details.push((code.to_owned(), message.to_owned(), target.to_owned()));
        self
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "Request_BadRequest", message)
    }

    pub(crate) fn unsupported_query(message: impl Into<String>) -> Self {
        Self::new(400, "Request_UnsupportedQuery", message)
    }

    pub(crate) fn not_found(id: &str) -> Self {
        let message = format!(
            "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
        );
        Self::new(404, "Request_ResourceNotFound", message)
    }

    pub(crate) fn no_segment(segment: &str) -> Self {
        Self::new(400, "BadRequest", format!("Resource not found for the segment '{segment}'."))
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
    }

    pub(crate) fn forbidden() -> Self {
        Self::new(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, "Request_MultipleObjectsWithSameKeyValue", message)
    }

    pub(crate) fn read_only(name: &str, type_name: &str) -> Self {
        Self::bad_request(format!("Property '{name}' is read-only and cannot be set.")).with_detail(
            "PropertyNotWritable",
            &format!("Property of type {type_name} is read-only."),
            name,
        )
    }

    /// Writes it as Graph does.
    pub(crate) fn to_reply(&self, now_ms: i64, request_id: &str, client_request_id: &str) -> Reply {
        let inner = json!({"date": to_error_date(now_ms), "request-id": request_id,
            "client-request-id": client_request_id});
        let mut error = json!({"code": self.code, "message": self.message, "innerError": inner});
        if !self.details.is_empty() {
            let detail = |(code, message, target): &(String, String, String)| json!({"code": code, "message": message, "target": target});
            error["details"] = Value::Array(self.details.iter().map(detail).collect());
        }
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend(self.headers.iter().cloned());
        Reply {
            status: self.status,
            headers,
            body: json!({"error": error}).to_string().into_bytes(),
            ..Reply::default()
        }
    }
}
