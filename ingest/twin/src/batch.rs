//! Owns `$batch`: many requests in one, each answered and metered alone.

use serde_json::{Map, Value, json};

use crate::rules::Refusal;
use crate::wire::{Reply, Request};

/// The most requests of a batch.
const REQUESTS_MAX: usize = 20;

/// One request of a batch.
#[derive(Debug)]
struct BatchRequest {
    id: String,
    depends_on: Option<String>,
    request: Request,
}

/// Answers a batch; `answer` answers one request of it.
pub(crate) fn answer(
    request: &Request,
    number: u64,
    mut answer: impl FnMut(&Request) -> Reply,
) -> Result<Reply, Refusal> {
    let requests = parse(request)?;
    let mut statuses: Map<String, Value> = Map::new();
    let mut responses = Vec::with_capacity(requests.len());
    let mut waiting: Vec<&BatchRequest> = requests.iter().collect();
    while !waiting.is_empty() {
        let ready =
            |inner: &&BatchRequest| inner.depends_on.as_ref().is_none_or(|id| statuses.contains_key(id));
        let Some(index) = waiting.iter().position(ready) else {
            return Err(malformed("The dependencies of the requests form a circle."));
        };
        let inner = waiting.remove(index);
        let before = inner.depends_on.as_ref().and_then(|id| statuses.get(id)).and_then(Value::as_u64);
        let reply = if before.is_some_and(|status| status >= 400) {
            failed_dependency()
        } else {
            answer(&inner.request)
        };
        statuses.insert(inner.id.clone(), reply.status.into());
        responses.push(response(&inner.id, &reply));
    }
    // Answers are in any order.
    let shift = usize::try_from(number).unwrap_or(0) % responses.len();
    responses.rotate_left(shift);
    Ok(Reply::json(format!("{{\"responses\":[{}]}}", responses.join(","))))
}

fn malformed(message: &str) -> Refusal {
    Refusal::new(400, "BadRequest", message)
}

fn parse(request: &Request) -> Result<Vec<BatchRequest>, Refusal> {
    let body: Value = serde_json::from_slice(&request.body)
        .map_err(|_| malformed("Unable to read JSON request payload."))?;
    let list = body["requests"].as_array().filter(|list| !list.is_empty());
    let list = list.ok_or_else(|| malformed("The batch holds no requests."))?;
    if list.len() > REQUESTS_MAX {
        return Err(malformed("The number of requests in a batch exceeds the maximum of 20."));
    }
    let mut requests: Vec<BatchRequest> = Vec::with_capacity(list.len());
    for item in list {
        let inner = parse_request(request, item)?;
        if requests.iter().any(|found| found.id == inner.id) {
            return Err(malformed("The IDs of the requests in a batch must be unique."));
        }
        requests.push(inner);
    }
    let known = |id: &String| requests.iter().any(|inner| inner.id == *id);
    if !requests.iter().filter_map(|inner| inner.depends_on.as_ref()).all(known) {
        return Err(malformed("A request depends on one that is not in the batch."));
    }
    Ok(requests)
}

fn parse_request(outer: &Request, item: &Value) -> Result<BatchRequest, Refusal> {
    let text = |name: &str| item[name].as_str().unwrap_or_default();
    let (id, method, url) = (text("id"), text("method"), text("url"));
    if id.is_empty() || method.is_empty() || url.is_empty() {
        return Err(malformed("Every request of a batch requires id, method and url."));
    }
    // Some clients send whole addresses, although only paths behind the version are documented.
    let own = format!("{}/{}/", outer.base, outer.version);
    let relative = url.strip_prefix(own.as_str()).unwrap_or(url).trim_start_matches('/');
    let target = format!("/{}/{relative}", outer.version);
    let mut request = Request::new(method, &outer.base, &target);
    if request.segments == ["$batch"] {
        return Err(malformed("Batches cannot be nested."));
    }
    let headers = item["headers"].as_object().into_iter().flatten();
    request.headers = headers
        .filter_map(|(name, value)| Some((name.to_ascii_lowercase(), value.as_str()?.to_owned())))
        .collect();
    if let Some(body) = item.get("body").filter(|body| !body.is_null()) {
        if request.header("content-type").is_none() {
            return Err(malformed(&format!(
                "Write request id : {id} does not contain Content-Type header or body."
            )));
        }
        request.body = body.to_string().into_bytes();
    }
    let depends_on = match item["dependsOn"].as_array().map(Vec::as_slice) {
        None | Some([]) => None,
        Some([one]) => one.as_str().map(str::to_owned),
        Some(_) => return Err(malformed("A request can depend on one other request only.")),
    };
    Ok(BatchRequest { id: id.to_owned(), depends_on, request })
}

fn failed_dependency() -> Reply {
    let body = json!({"error": {"code": "FailedDependency", "message": "A request it depends on failed."}});
    Reply::with(424, body.to_string())
}

fn response(id: &str, reply: &Reply) -> String {
    let headers: Map<String, Value> = reply
        .headers
        .iter()
        .filter(|(name, _)| INNER_HEADERS.contains(name))
        .map(|(name, value)| (canonical(name), value.as_str().into()))
        .collect();
    let body = match str::from_utf8(&reply.body) {
        Ok("") | Err(_) => "null".to_owned(),
        Ok(text) if reply.is_text => Value::from(text).to_string(),
        Ok(text) if text.starts_with(['{', '[']) || text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.to_owned()
        }
        Ok(text) => Value::from(text).to_string(),
    };
    format!(
        "{{\"id\":{},\"status\":{},\"headers\":{},\"body\":{body}}}",
        Value::from(id),
        reply.status,
        Value::Object(headers)
    )
}

/// The headers that answers in a batch have.
const INNER_HEADERS: [&str; 8] = [
    "content-type",
    "location",
    "retry-after",
    "cache-control",
    "request-id",
    "x-ms-resource-unit",
    "x-ms-throttle-scope",
    "x-ms-throttle-information",
];

/// Graph writes `Retry-After`; its own headers are in lower case.
fn canonical(name: &str) -> String {
    match name {
        "content-type" => "Content-Type".to_owned(),
        "location" => "Location".to_owned(),
        "retry-after" => "Retry-After".to_owned(),
        "cache-control" => "Cache-Control".to_owned(),
        _ => name.to_owned(),
    }
}
