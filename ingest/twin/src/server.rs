//! Owns the sockets: HTTP/1.1 on loopback, one task per connection, no knowledge of Graph.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

use crate::answer::Core;
use crate::faults::Fault;
use crate::options::Options;
use crate::twin::Twin;
use crate::wire::{Reply, Request};

/// The largest request that is read.
const REQUEST_BYTES_MAX: usize = 4 << 20;
/// How many threads answer.
const THREADS: usize = 2;

/// A twin being served. It stops when this is dropped.
pub struct Server {
    core: Arc<Core>,
    address: SocketAddr,
    runtime: Option<Runtime>,
}

/// Serves a tenant on 127.0.0.1 until the server is stopped.
///
/// # Errors
/// When the port is taken, or the operating system has no threads or sockets left.
pub fn serve(twin: Twin, options: Options) -> io::Result<Server> {
    let runtime = Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()?;
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let core = Arc::new(Core::new(twin.state, options));
    let serving = Arc::clone(&core);
    let guard = runtime.enter();
    let listener = TcpListener::from_std(listener)?;
    drop(guard);
    runtime.spawn(async move {
        loop {
            // A connection that fails before it begins concerns no other one.
            if let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection(stream, Arc::clone(&serving)));
            }
        }
    });
    Ok(Server { core, address, runtime: Some(runtime) })
}

async fn connection(stream: TcpStream, core: Arc<Core>) {
    // A page is written in one go; waiting for more would only delay it.
    drop(stream.set_nodelay(true));
    let service = service_fn(move |request| exchange(request, Arc::clone(&core)));
    let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A client that closes the connection gets no answer.
    drop(served.await);
}

/// A call whose answer is withheld from the client.
#[derive(Debug, thiserror::Error)]
#[error("the answer is lost on purpose")]
struct Lost;

async fn exchange(
    request: hyper::Request<Incoming>,
    core: Arc<Core>,
) -> Result<hyper::Response<Content>, Lost> {
    let (parts, body) = request.into_parts();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let host = parts.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
    let scheme = parts.headers.get("x-forwarded-proto").and_then(|scheme| scheme.to_str().ok());
    let base = format!("{}://{host}", scheme.unwrap_or("http"));
    let mut taken = Request::new(parts.method.as_str(), &base, target);
    taken.headers = parts
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    taken.body = match Limited::new(body, REQUEST_BYTES_MAX).collect().await {
        Ok(body) => body.to_bytes().to_vec(),
        Err(_) => return Ok(respond(Reply { status: 413, ..Reply::default() })),
    };
    let reply = core.answer(&taken);
    if reply.delivery.late_ms > 0 {
        tokio::time::sleep(Duration::from_millis(u64::from(reply.delivery.late_ms))).await;
    }
    if reply.delivery.is_lost { Err(Lost) } else { Ok(respond(reply)) }
}

fn respond(reply: Reply) -> hyper::Response<Content> {
    let mut response = hyper::Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    let content = Content { bytes: Some(Bytes::from(reply.body)), is_cut: reply.delivery.is_cut };
    response.body(content).unwrap_or_else(|_| hyper::Response::new(Content { bytes: None, is_cut: false }))
}

/// The body of an answer: all of it, or half of what its length announces.
struct Content {
    bytes: Option<Bytes>,
    is_cut: bool,
}

impl Body for Content {
    type Data = Bytes;
    type Error = Lost;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Lost>>> {
        let is_cut = self.is_cut;
        Poll::Ready(match self.bytes.take() {
            Some(bytes) if is_cut && bytes.len() > 1 => Some(Ok(Frame::data(bytes.slice(..bytes.len() / 2)))),
            Some(bytes) if !bytes.is_empty() => Some(Ok(Frame::data(bytes))),
            None if is_cut => Some(Err(Lost)),
            _ => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.as_ref().is_none_or(Bytes::is_empty) && !self.is_cut
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

impl Server {
    /// Gives the address, for `AZURE_AUTHORITY_HOST` and the Graph endpoint alike: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Gives the socket's address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Gives the tenant's ID.
    #[must_use]
    pub fn tenant_id(&self) -> &str {
        &self.core.auth.tenant_id
    }

    /// Gives the client's ID.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.core.auth.client_id
    }

    /// Gives the client's secret, new in each run. It must not be logged.
    #[must_use]
    pub fn client_secret(&self) -> &str {
        self.core.auth.secret()
    }

    /// Switches these faults on, and all others off.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.core.set_faults(faults);
    }

    pub(crate) fn core(&self) -> &Core {
        &self.core
    }

    /// Stops serving; calls that are being answered are cut off.
    pub fn stop(mut self) {
        self.shut_down();
    }

    fn shut_down(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting here would panic inside another runtime.
            runtime.shutdown_background();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shut_down();
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}
