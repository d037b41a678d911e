//! Owns one request from its arrival to its answer: who calls, what it costs, what it reads or writes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use engine::schema::{Limit, TypeId};

use crate::auth::Auth;
use crate::clock::to_http_date;
use crate::counts::Counts;
use crate::delta::Delta;
use crate::faults::{ActiveFaults, CallFaults, Fault};
use crate::options::Options;
use crate::read::Read;
use crate::replica::{Lag, Reader, View};
use crate::resource::Kind;
use crate::route::{self, Route};
use crate::rules::Refusal;
use crate::seal::Seal;
use crate::state::{Life, State, expire, has_expired};
use crate::synthetic::random::Source;
use crate::throttle::{Throttle, cost};
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
    throttle: Mutex<Throttle>,
    counts: Mutex<Counts>,
    /// The faults that are switched on.
    faults: Mutex<ActiveFaults>,
}

impl Core {
    pub(crate) fn new(mut state: State, options: Options) -> Self {
        let client_id = state.new_id();
        let auth = Auth::new(&state.tenant_id, client_id, &options.entropy);
        let users = state.handles(Kind::of(TypeId::User)).len();
        let since_ms = options.clock.now_ms();
        Self {
            auth,
            seal: Seal::new(&options.entropy),
            source: Source::new(options.seed).fork(0x7265_7175),
            state: RwLock::new(state),
            requests: AtomicU64::new(0),
            throttle: Mutex::new(Throttle::new(users, options.speed)),
            counts: Mutex::default(),
            faults: Mutex::new(ActiveFaults::new(options.faults.clone(), since_ms)),
            options,
        }
    }

    /// Gives the tenant for reading. A panic elsewhere leaves it readable.
    pub(crate) fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the tenant for writing.
    pub(crate) fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the counts.
    pub(crate) fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Switches these faults on, and all others off.
    pub(crate) fn set_faults(&self, faults: Vec<Fault>) {
        let now_ms = self.now_ms();
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = ActiveFaults::new(faults, now_ms);
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
        let permissions = self.faults.lock().unwrap_or_else(PoisonError::into_inner).permissions();
        if let Some(reply) = self.auth.answer(request, &request.raw_path, &permissions, now_ms) {
            return reply;
        }
        let is_due = has_expired(&self.state(), now_ms);
        if is_due {
            expire(&mut self.state_mut(), now_ms);
        }
        let (number, faults) = self.next();
        let delivery = faults.delivery();
        let is_batch = request.method == "POST" && request.segments == ["$batch"];
        let mut reply = match self.auth.check(request, now_ms) {
            Err(refusal) => self.finish(request, Err(refusal), number, now_ms),
            Ok(()) if is_batch => {
                self.counts().batches += 1;
                let answer = crate::batch::answer(request, number, |inner| {
                    let (number, faults) = self.next();
                    self.single(inner, number, &faults, now_ms)
                });
                self.finish(request, answer, number, now_ms)
            }
            Ok(()) => self.single(request, number, &faults, now_ms),
        };
        reply.delivery = delivery;
        reply
    }

    /// Numbers a call, and gives its faults.
    fn next(&self) -> (u64, CallFaults) {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let guard = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        (number, CallFaults::new(&guard, self.options.seed, number))
    }

    /// Answers one request that is not a batch.
    fn single(&self, request: &Request, number: u64, faults: &CallFaults, now_ms: i64) -> Reply {
        let mut units = None;
        let mut fill = None;
        let answer = route::find(request).and_then(|route| {
            let cost = cost(request, &route);
            units = (cost.limit != Limit::ConditionalAccess).then_some(cost.units);
            let scope = format!("{}/{}", self.auth.client_id, self.auth.tenant_id);
            let mut throttle = self.throttle.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = throttle.take(cost, now_ms, &scope);
            drop(throttle);
            fill = taken?;
            faults.refusal(&request.method).map_or(Ok(()), Err)?;
            if route.kinds().any(|kind| faults.forbids(kind)) {
                return Err(Refusal::forbidden());
            }
            faults.refuses(request, &route).map_or(Ok(()), Err)?;
            self.dispatch(request, route, faults, now_ms)
        });
        let mut reply = self.finish(request, answer, number, now_ms);
        faults.spoil(request, &mut reply);
        if let Some(units) = units {
            reply.headers.push(("x-ms-resource-unit", units.to_string()));
        }
        if let Some(fill) = fill {
            reply.headers.push(("x-ms-throttle-limit-percentage", format!("{fill:.2}")));
        }
        self.counts().add(request, &reply, units.unwrap_or(0));
        reply
    }

    /// Writes a refusal as Graph does, and the headers that every answer has.
    fn finish(&self, request: &Request, answer: Result<Reply, Refusal>, number: u64, now_ms: i64) -> Reply {
        let request_id = &self.source.guid(number).to_string();
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

    /// Answers a request that may be answered.
    fn dispatch(
        &self,
        request: &Request,
        route: Route,
        faults: &CallFaults,
        now_ms: i64,
    ) -> Result<Reply, Refusal> {
        if request.method == "GET" || route.only_reads() {
            return self.read(request, &route, faults, now_ms);
        }
        let mut state = self.state_mut();
        let mut write = Write {
            request,
            state: &mut state,
            seal: &self.seal,
            lag: self.lag(),
            now_ms,
            security_groups_skip_bin: faults.security_groups_skip_bin(),
            guards_privileged: faults.guards_privileged(),
            keeps_policies_binned: faults.keeps_policies_binned(),
        };
        write.answer(route)
    }

    fn read(
        &self,
        request: &Request,
        route: &Route,
        faults: &CallFaults,
        now_ms: i64,
    ) -> Result<Reply, Refusal> {
        let state = self.state();
        let reader = match route {
            Route::Object(..) | Route::DirectoryObject(_) | Route::BinObject(..) => Reader::Get,
            _ => Reader::List,
        };
        if matches!(route, Route::Delta(_) | Route::DirectoryDelta) {
            let (seal, lag) = (&self.seal, self.lag());
            let delta = Delta { request, state: &state, seal, lag, faults, now_ms };
            return delta.answer(if let Route::Delta(kind) = route { Some(*kind) } else { None });
        }
        let view = View::new(&state, self.lag(), reader, now_ms);
        let read = Read { request, view: &view, seal: &self.seal, now_ms };
        match route {
            Route::Collection(kind) => read.collection(*kind),
            Route::Count(kind) => read.count(*kind, Life::Live),
            Route::Bin(kind) => read.bin(*kind),
            Route::BinCount(kind) => read.count(*kind, Life::Binned),
            Route::Object(kind, id) => read.object(*kind, id),
            Route::Under(kind, id, rest) => read.under(read.resolve(*kind, id)?, rest),
            Route::DirectoryObject(id) => read.entity(read.directory_object(id)?, true),
            Route::UnderDirectoryObject(id, rest) => read.under(read.directory_object(id)?, rest),
            Route::BinObject(_, id) => read.entity(read.binned(id)?, true),
            Route::GetByIds => read.get_by_ids(),
            Route::AvailableExtensions => read.available_extensions(),
            Route::OwnedInBin => read.owned_in_bin(),
            Route::EmptyCollection => Ok(read.nothing()),
            _ => Err(Refusal::method_not_allowed()),
        }
    }
}

/// The value of a header with which Graph names its machines.
const DIAGNOSTIC: &str = "{\"ServerInfo\":{\"DataCenter\":\"Loopback\",\"Slice\":\"E\",\"Ring\":\"0\",\
                          \"ScaleUnit\":\"001\",\"RoleInstance\":\"TWIN0001\"}}";
