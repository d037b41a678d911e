//! Owns one request from its arrival to its answer: who asks, what it costs, what it reads or writes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::auth::Auth;
use crate::clock::to_http_date;
use crate::options::Options;
use crate::read::Read;
use crate::replica::{Lag, Reader, View};
use crate::route::{self, Place};
use crate::rules::Refusal;
use crate::seal::Seal;
use crate::state::{Life, State};
use crate::synthetic::random::Source;
use crate::wire::{Reply, Request};
use crate::write::Write;

/// A running tenant.
pub(crate) struct Core {
    state: RwLock<State>,
    pub(crate) auth: Auth,
    pub(crate) options: Options,
    seal: Seal,
    source: Source,
    requests: AtomicU64,
}

impl Core {
    pub(crate) fn new(mut state: State, options: Options) -> Self {
        let client_id = state.new_id();
        let auth = Auth::new(&state.tenant_id, client_id, &options.entropy);
        Self {
            auth,
            seal: Seal::new(&options.entropy),
            source: Source::new(options.seed).fork(0x7265_7175),
            state: RwLock::new(state),
            options,
            requests: AtomicU64::new(0),
        }
    }

    /// Gives the tenant for reading. A panic elsewhere leaves it as it was, which is good enough to read.
    pub(crate) fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the tenant for writing.
    pub(crate) fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.options.clock.now_ms()
    }

    pub(crate) fn lag(&self) -> Lag {
        Lag { max_ms: i64::from(self.options.replica_lag_ms), seed: self.options.seed }
    }

    /// Answers a request.
    pub(crate) fn answer(&self, request: &Request) -> Reply {
        let now_ms = self.now_ms();
        if let Some(reply) = self.auth.answer(request, &request.raw_path, now_ms) {
            return reply;
        }
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let request_id = self.source.guid(number).to_string();
        let answer = self.auth.check(request, now_ms).and_then(|()| self.dispatch(request, now_ms));
        self.finish(request, answer, &request_id, now_ms)
    }

    /// Writes a refusal as Graph does, and the headers that every answer has.
    fn finish(
        &self,
        request: &Request,
        answer: Result<Reply, Refusal>,
        request_id: &str,
        now_ms: i64,
    ) -> Reply {
        let client_request_id = request.header("client-request-id").unwrap_or(request_id);
        let mut reply =
            answer.unwrap_or_else(|refusal| refusal.to_reply(now_ms, request_id, client_request_id));
        reply.headers.push(("request-id", request_id.to_owned()));
        reply.headers.push(("client-request-id", client_request_id.to_owned()));
        reply.headers.push(("date", to_http_date(now_ms)));
        reply.headers.push(("cache-control", "no-cache".to_owned()));
        reply.headers.push(("vary", "Accept-Encoding".to_owned()));
        reply.headers.push(("strict-transport-security", "max-age=31536000".to_owned()));
        reply.headers.push(("odata-version", "4.0".to_owned()));
        reply.headers.push(("x-ms-ags-diagnostic", DIAGNOSTIC.to_owned()));
        reply
    }

    /// Answers a request of somebody who may ask.
    fn dispatch(&self, request: &Request, now_ms: i64) -> Result<Reply, Refusal> {
        let place = route::find(request)?;
        if request.method == "GET" || place == Place::GetByIds {
            return self.read(request, &place, now_ms);
        }
        let mut state = self.state_mut();
        let mut write = Write {
            request,
            state: &mut state,
            seal: &self.seal,
            lag: self.lag(),
            now_ms,
            security_groups_skip_bin: false,
        };
        write.answer(place)
    }

    fn read(&self, request: &Request, place: &Place, now_ms: i64) -> Result<Reply, Refusal> {
        let state = self.state();
        let reader = match place {
            Place::Object(..) | Place::DirectoryObject(_) | Place::BinObject(..) => Reader::Get,
            _ => Reader::List,
        };
        let view = View::new(&state, self.lag(), reader, now_ms);
        let read = Read { request, view: &view, seal: &self.seal, now_ms };
        match place {
            Place::Collection(kind) => read.collection(*kind),
            Place::Count(kind) => read.count(*kind, Life::Live),
            Place::Bin(kind) => read.bin(*kind),
            Place::BinCount(kind) => read.count(*kind, Life::Binned),
            Place::Object(kind, id) => read.object(*kind, id),
            Place::Under(kind, id, rest) => read.under(read.resolve(*kind, id)?, rest),
            Place::DirectoryObject(id) => read.entity(read.directory_object(id)?, true),
            Place::UnderDirectoryObject(id, rest) => read.under(read.directory_object(id)?, rest),
            Place::BinObject(_, id) => read.entity(read.binned(id)?, true),
            Place::GetByIds => read.get_by_ids(),
            _ => Err(Refusal::method_not_allowed()),
        }
    }
}

/// What Graph tells of its machines.
const DIAGNOSTIC: &str = "{\"ServerInfo\":{\"DataCenter\":\"Loopback\",\"Slice\":\"E\",\"Ring\":\"0\",\
                          \"ScaleUnit\":\"001\",\"RoleInstance\":\"TWIN0001\"}}";
