//! Owns faults that a caller switches on: what can go wrong with Graph, and how each call is hit.

mod spoil;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::resource::Kind;
use crate::route::Route;
use crate::rules::Refusal;
use crate::synthetic::random::Source;
use crate::wire::{Delivery, Reply, Request};
pub(crate) use spoil::PERMISSIONS;
pub use spoil::Spoil;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// So many of a thousand calls are refused with 429.
    Throttled(u32),
    /// So many of a thousand calls are refused with 503.
    Unavailable(u32),
    /// So many of a thousand writes are refused with 409, as if another one were under way.
    Concurrent(u32),
    /// So many of a thousand answers are not sent: the connection closes after the call took effect.
    Reset(u32),
    /// So many of a thousand answers end in the middle.
    Truncated(u32),
    /// Every answer is so many milliseconds late.
    Slow(u32),
    /// So many of a thousand calls are refused with 401, as if the token had expired.
    TokenExpired(u32),
    /// Calls about a type are refused with 403; the type's token.
    Forbidden(String),
    /// So many of a thousand delta rounds are refused with 410 and have to begin anew.
    DeltaGone(u32),
    /// Delta tokens made before the first call after this was switched on are expired.
    DeltaExpired,
    /// Delta pages hold some objects twice.
    DeltaDuplicates,
    /// Delta pages are in no order.
    DeltaUnordered,
    /// Every delta page follows an empty one.
    DeltaEmptyPages,
    /// Delta rounds leave out that links to an object disappear when it goes into the bin, and return with it.
    DeltaSilentBin,
    /// Users who hold roles are guarded from the client, which holds none.
    SensitiveActions,
    /// Conditional access restores nothing from its bin for applications, as its reference says.
    PolicyBinForPeople,
    /// Deleted security groups skip the bin, as they did until 2024.
    SecurityGroupsSkipBin,
    /// Answers to GETs whose path and query hold a text go wrong, so many of them.
    Spoiled {
        /// How.
        how: Spoil,
        /// What the path and query hold.
        part: String,
        /// How many answers; of `lacking`, how many objects.
        count: u32,
    },
    /// The client lacks a permission: its token does not name it, and properties that need it are null.
    NoPermission(String),
    /// Asking for a property is refused with 400, as of a cloud that does not know it.
    UnknownProperty(String),
    /// The bin of a type is refused with 400, as in a tenant without its preview; the type's token.
    NoBin(String),
}

/// Why a list of faults cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultError {
    /// No fault has the name.
    #[error("unknown fault `{name}`; known are {known}")]
    Unknown {
        /// The name.
        name: String,
        /// All names.
        known: String,
    },
    /// The text behind `=` does not fit.
    #[error("fault `{name}` expects {expected} behind `=`, found `{found}`")]
    Value {
        /// The name.
        name: String,
        /// What is expected there.
        expected: &'static str,
        /// The text.
        found: String,
    },
}

/// How often a fault strikes without a number behind it, in a thousand calls.
const OFTEN: u32 = 50;
/// How late slow answers are without a number behind the fault, in milliseconds.
const LATE_MS: u32 = 2000;

/// All names.
const NAMES: [&str; 20] = [
    "no-permission",
    "unknown-property",
    "no-bin",
    "429",
    "503",
    "409",
    "reset",
    "truncate",
    "slow",
    "expired-token",
    "403",
    "410",
    "expired-delta",
    "duplicate-delta",
    "unordered-delta",
    "empty-delta-pages",
    "silent-bin-in-delta",
    "sensitive-actions",
    "policy-bin-for-people",
    "security-groups-skip-bin",
];

impl Fault {
    /// Reads a list such as `429,503=20,slow=500,403=device`. A number is how many of a thousand calls are hit, of
    /// `slow` the milliseconds.
    ///
    /// # Errors
    /// `Unknown` for a name that is none, `Value` when the text behind `=` does not fit.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, FaultError> {
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Self::parse).collect()
    }

    fn parse(item: &str) -> Result<Self, FaultError> {
        let (name, value) = match item.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (item, None),
        };
        let number = |default: u32, most: u32| match value {
            None => Ok(default),
            Some(value) => {
                value.parse().ok().filter(|number| *number <= most).ok_or_else(|| FaultError::Value {
                    name: name.to_owned(),
                    expected: if most == 1000 { "calls in a thousand" } else { "milliseconds" },
                    found: value.to_owned(),
                })
            }
        };
        let often = || number(OFTEN, 1000);
        let plain = |fault: Self| match value {
            None => Ok(fault),
            Some(found) => {
                Err(FaultError::Value { name: name.to_owned(), expected: "nothing", found: found.to_owned() })
            }
        };
        match name {
            "429" => often().map(Self::Throttled),
            "503" => often().map(Self::Unavailable),
            "409" => often().map(Self::Concurrent),
            "reset" => often().map(Self::Reset),
            "truncate" => often().map(Self::Truncated),
            "slow" => number(LATE_MS, 600_000).map(Self::Slow),
            "expired-token" => often().map(Self::TokenExpired),
            "410" => number(1000, 1000).map(Self::DeltaGone),
            "expired-delta" => plain(Self::DeltaExpired),
            "duplicate-delta" => plain(Self::DeltaDuplicates),
            "unordered-delta" => plain(Self::DeltaUnordered),
            "empty-delta-pages" => plain(Self::DeltaEmptyPages),
            "silent-bin-in-delta" => plain(Self::DeltaSilentBin),
            "sensitive-actions" => plain(Self::SensitiveActions),
            "policy-bin-for-people" => plain(Self::PolicyBinForPeople),
            "security-groups-skip-bin" => plain(Self::SecurityGroupsSkipBin),
            "403" => match value.and_then(|value| Some((Kind::from_name(value)?, value))) {
                Some((kind, _)) => Ok(Self::Forbidden(kind.resource().token.to_owned())),
                None => Err(FaultError::Value {
                    name: name.to_owned(),
                    expected: "a type, such as `user`",
                    found: value.unwrap_or_default().to_owned(),
                }),
            },
            _ => Self::parse_path(name, value),
        }
    }

    /// Reads a fault of one path, property or permission.
    fn parse_path(name: &str, value: Option<&str>) -> Result<Self, FaultError> {
        let missing = |expected| FaultError::Value {
            name: name.to_owned(),
            expected,
            found: value.unwrap_or_default().to_owned(),
        };
        let given = value.filter(|value| !value.is_empty());
        match (name, given) {
            ("no-permission", Some(value)) => Ok(Self::NoPermission(value.to_owned())),
            ("unknown-property", Some(value)) => Ok(Self::UnknownProperty(value.to_owned())),
            ("no-bin", Some(value)) => match Kind::from_name(value) {
                Some(kind) => Ok(Self::NoBin(kind.resource().token.to_owned())),
                None => Err(missing("a type, such as `device`")),
            },
            ("no-permission" | "unknown-property" | "no-bin", None) => Err(missing("a name")),
            _ => {
                let Some(how) = Spoil::from_name(name) else {
                    let known: Vec<&str> = NAMES.into_iter().chain(Spoil::names()).collect();
                    return Err(FaultError::Unknown { name: name.to_owned(), known: known.join(", ") });
                };
                let expected = "part of a path, such as `/users`, and how often, such as `*2`";
                let value = given.ok_or_else(|| missing(expected))?;
                let (part, count) = match value.rsplit_once('*') {
                    Some((part, count)) => (part, count.parse().map_err(|_| missing(expected))?),
                    None => (value, u32::MAX),
                };
                Ok(Self::Spoiled { how, part: part.to_owned(), count })
            }
        }
    }
}

/// The faults of one call.
pub(crate) struct CallFaults {
    list: Vec<Fault>,
    source: Source,
    number: u64,
    /// When the list was switched on.
    since_ms: i64,
    /// How often each has struck since then.
    struck: Arc<[AtomicU32]>,
}

/// The faults that are switched on, since when, and how often each struck.
#[derive(Clone)]
pub(crate) struct ActiveFaults {
    list: Vec<Fault>,
    since_ms: i64,
    struck: Arc<[AtomicU32]>,
}

impl ActiveFaults {
    pub(crate) fn new(list: Vec<Fault>, since_ms: i64) -> Self {
        let struck = list.iter().map(|_| AtomicU32::new(0)).collect();
        Self { list, since_ms, struck }
    }

    /// The permissions that the client has.
    pub(crate) fn permissions(&self) -> Vec<&'static str> {
        let lacks = |name: &str| self.list.contains(&Fault::NoPermission(name.to_owned()));
        PERMISSIONS.into_iter().filter(|name| !lacks(name)).collect()
    }
}

impl CallFaults {
    pub(crate) fn new(active: &ActiveFaults, seed: u64, number: u64) -> Self {
        let ActiveFaults { list, since_ms, struck } = active.clone();
        Self { list, source: Source::new(seed).fork(0x6661_756c), number, since_ms, struck }
    }

    fn strikes(&self, branch: u64, permille: u32) -> bool {
        self.source.fork(branch).chance(self.number, permille)
    }

    /// Gives how a call is refused before it takes effect.
    pub(crate) fn refusal(&self, method: &str) -> Option<Refusal> {
        self.list.iter().find_map(|fault| match fault {
            Fault::Throttled(permille) if self.strikes(1, *permille) => {
                let scope = "Tenant_Application/ReadWrite";
                let refusal = Refusal::new(429, "TooManyRequests", "Please retry again later.");
                let wait = if self.number.is_multiple_of(3) { "1.128" } else { "1" };
                Some(
                    refusal
                        .with_header("retry-after", wait)
                        .with_header("x-ms-throttle-scope", scope)
                        .with_header("x-ms-throttle-information", "CPULimitExceeded"),
                )
            }
            Fault::Unavailable(permille) if self.strikes(2, *permille) => {
                let refusal =
                    Refusal::new(503, "ServiceUnavailable", "The service is temporarily unavailable.");
                Some(if self.number.is_multiple_of(2) {
                    refusal.with_header("retry-after", "1")
                } else {
                    refusal
                })
            }
            Fault::Concurrent(permille) if method != "GET" && self.strikes(8, *permille) => Some(Refusal::new(
                409,
                "Directory_ConcurrencyViolation",
                "Error due to concurrent requests being made to the tenant. Please wait briefly and retry.",
            )),
            Fault::TokenExpired(permille) if self.strikes(3, *permille) => Some(Refusal::new(
                401,
                "InvalidAuthenticationToken",
                "Lifetime validation failed, the token is expired.",
            )),
            _ => None,
        })
    }

    /// Spoils an answer.
    pub(crate) fn spoil(&self, request: &Request, reply: &mut Reply) {
        if request.method != "GET" {
            return;
        }
        let target = format!("{}?{}", request.raw_path, request.raw_query);
        for (fault, struck) in self.list.iter().zip(self.struck.iter()) {
            let Fault::Spoiled { how, part, count } = fault else { continue };
            // A list that lacks objects is at exactly one path.
            let is_it = match how {
                Spoil::Lacking => request.raw_path.ends_with(part.as_str()),
                _ => target.contains(part.as_str()),
            };
            if !is_it || !how.concerns(request) {
                continue;
            }
            let is_steady = matches!(how, Spoil::Lacking | Spoil::LackingIn);
            if is_steady || struck.fetch_add(1, Ordering::Relaxed) < *count {
                how.apply(request, reply, *count as usize);
            }
        }
        if self.list.iter().any(|fault| matches!(fault, Fault::NoPermission(_))) {
            spoil::hide_guarded(request, reply, |name| {
                self.list.contains(&Fault::NoPermission(name.to_owned()))
            });
        }
    }

    /// Gives how a request for an unknown property, or for a missing bin, is refused.
    pub(crate) fn refuses(&self, request: &Request, route: &Route) -> Option<Refusal> {
        self.list.iter().find_map(|fault| match fault {
            Fault::UnknownProperty(name) => {
                let select = request.option("$select")?;
                select.split(',').any(|selected| selected == name).then(|| {
                    let message =
                        format!("Could not find a property named '{name}' on type 'microsoft.graph.user'.");
                    Refusal::new(400, "BadRequest", message)
                })
            }
            Fault::NoBin(token) => match route {
                Route::Bin(kind) if kind.resource().token == *token => Some(Refusal::bad_request(
                    "The device type is not supported for soft deletion in this tenant.",
                )),
                _ => None,
            },
            _ => None,
        })
    }

    /// Says whether calls about a type are refused.
    pub(crate) fn forbids(&self, kind: Kind) -> bool {
        self.list
            .iter()
            .any(|fault| matches!(fault, Fault::Forbidden(token) if *token == kind.resource().token))
    }

    /// Gives how the answer is delivered.
    pub(crate) fn delivery(&self) -> Delivery {
        let mut delivery = Delivery::default();
        for fault in &self.list {
            match fault {
                Fault::Slow(late_ms) => delivery.late_ms = *late_ms,
                Fault::Reset(permille) => delivery.is_lost |= self.strikes(4, *permille),
                Fault::Truncated(permille) => delivery.is_cut |= self.strikes(5, *permille),
                _ => {}
            }
        }
        delivery
    }

    /// Says whether a delta round has to begin anew.
    pub(crate) fn resyncs(&self) -> bool {
        self.list
            .iter()
            .any(|fault| matches!(fault, Fault::DeltaGone(permille) if self.strikes(6, *permille)))
    }

    /// Says whether a token of that age is refused.
    pub(crate) fn expires_tokens(&self, issued_ms: i64) -> bool {
        self.list.contains(&Fault::DeltaExpired) && issued_ms <= self.since_ms
    }

    /// Says whether every delta page follows an empty one.
    pub(crate) fn empty_pages(&self) -> bool {
        self.list.contains(&Fault::DeltaEmptyPages)
    }

    /// Says whether delta rounds leave out that the target of a link went to the bin or back.
    pub(crate) fn omits_binned_links(&self) -> bool {
        self.list.contains(&Fault::DeltaSilentBin)
    }

    /// Says whether conditional access restores nothing from its bin.
    pub(crate) fn keeps_policies_binned(&self) -> bool {
        self.list.contains(&Fault::PolicyBinForPeople)
    }

    /// Says whether privileged users are guarded from the client.
    pub(crate) fn guards_privileged(&self) -> bool {
        self.list.contains(&Fault::SensitiveActions)
    }

    /// Says whether security groups are deleted for good at once.
    pub(crate) fn security_groups_skip_bin(&self) -> bool {
        self.list.contains(&Fault::SecurityGroupsSkipBin)
    }

    /// Doubles and mixes the records of a delta page.
    pub(crate) fn disturb(&self, values: &mut Vec<String>) {
        if self.list.contains(&Fault::DeltaDuplicates) {
            let doubled: Vec<String> = values.iter().step_by(7).cloned().collect();
            values.extend(doubled);
        }
        if self.list.contains(&Fault::DeltaUnordered) {
            for index in (1..values.len()).rev() {
                let bound = u32::try_from(index + 1).unwrap_or(u32::MAX);
                let other = self.source.fork(7).below(index as u64 ^ self.number << 32, bound);
                values.swap(index, other as usize);
            }
        }
    }
}
