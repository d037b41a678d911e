//! Owns Graph's limits: the cost of each call, and the buckets it is taken from.
//!
//! *Sources.* The published throttling limits of the identity and access service; the README has the link.

use engine::schema::{Limit, TypeId};

use crate::resource::Kind;
use crate::route::Route;
use crate::rules::Refusal;
use crate::wire::Request;

/// The cost of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) units: u32,
    pub(crate) is_write: bool,
    pub(crate) limit: Limit,
    pub(crate) is_device: bool,
}

/// Gives the cost of a call.
pub(crate) fn cost(request: &Request, route: &Route) -> Cost {
    let is_write = request.method != "GET" && !route.only_reads();
    let (kind, base) = base_cost(request, route);
    let limit = kind.map_or(Limit::Identity, |kind| kind.resource().limit());
    let is_device = is_write && kind == Some(Kind::of(TypeId::Device));
    if is_write {
        return Cost { units: 1, is_write, limit, is_device };
    }
    let mut units = base;
    if request.option("$expand").is_some() {
        units += 1;
    }
    if request.option("$select").is_some() {
        units = units.saturating_sub(1);
    }
    let top = request.option("$top").and_then(|top| top.parse::<u32>().ok());
    if top.is_some_and(|top| top < 20) {
        units = units.saturating_sub(1);
    }
    // Of getByIds $select takes three.
    if *route == Route::GetByIds && request.option("$select").is_some() {
        units = 2;
    }
    Cost { units: units.max(1), is_write, limit, is_device }
}

fn base_cost(request: &Request, route: &Route) -> (Option<Kind>, u32) {
    match route {
        Route::Collection(kind) => (Some(*kind), kind.resource().units().list),
        Route::Count(kind) | Route::Delta(kind) | Route::Bin(kind) | Route::BinCount(kind) => {
            (Some(*kind), 1)
        }
        Route::Object(kind, _) => (Some(*kind), kind.resource().units().get),
        Route::Under(kind, _, rest) => (Some(*kind), behind(&rest[0])),
        Route::UnderDirectoryObject(_, rest) => (None, behind(&rest[0])),
        Route::GetByIds => (None, 5),
        Route::BinObject(kind, _) | Route::BinAction(kind, ..) => (*kind, 1),
        Route::ScheduleRequests(kind) => (Some(*kind), 1),
        _ => (None, u32::from(!request.method.is_empty())),
    }
}

/// Gives the cost of a relation or action.
fn behind(name: &str) -> u32 {
    match name.rsplit('.').next().unwrap_or(name) {
        "transitiveMembers" => 5,
        "isMemberOf" | "checkMemberGroups" | "checkMemberObjects" | "domainNameReferences" => 4,
        "members" => 3,
        "getMemberGroups"
        | "getMemberObjects"
        | "licenseDetails"
        | "memberOf"
        | "ownedObjects"
        | "transitiveMemberOf"
        | "appRoleAssignments"
        | "extensionProperties" => 2,
        _ => 1,
    }
}

/// A bucket that empties with time.
#[derive(Clone, Debug)]
struct Bucket {
    capacity: f64,
    period_ms: f64,
    level: f64,
    at_ms: i64,
}

impl Bucket {
    fn new(capacity: u32, period_ms: u32) -> Self {
        Self { capacity: f64::from(capacity), period_ms: f64::from(period_ms), level: 0.0, at_ms: 0 }
    }

    /// Fills a cost in, also where it overflows: refused calls count. Gives the milliseconds to wait, 0 for none.
    fn take(&mut self, cost: u32, speed: f64, now_ms: i64) -> f64 {
        let rate = self.capacity / self.period_ms * speed;
        let passed = u32::try_from((now_ms - self.at_ms).max(0)).unwrap_or(u32::MAX);
        self.at_ms = self.at_ms.max(now_ms);
        self.level = (self.level - f64::from(passed) * rate).max(0.0);
        let level = self.level + f64::from(cost);
        self.level = level.min(self.capacity * 1.8);
        ((level - self.capacity) / rate).max(0.0)
    }

    fn fill(&self) -> f64 {
        self.level / self.capacity
    }
}

/// All limits of one tenant and its only client.
#[derive(Clone, Debug)]
pub(crate) struct Throttle {
    speed: f64,
    units: Bucket,
    writes: Bucket,
    devices: Bucket,
    policies: Bucket,
    refused: u64,
}

impl Throttle {
    /// Sets the limits of a tenant of so many users; a speed of 0 is without limits.
    pub(crate) fn new(users: usize, speed: f64) -> Self {
        let units = match users {
            0..50 => 3500,
            50..=500 => 5000,
            _ => 8000,
        };
        Self {
            speed: if speed.is_finite() { speed.max(0.0) } else { 0.0 },
            units: Bucket::new(units, 10_000),
            writes: Bucket::new(3000, 150_000),
            devices: Bucket::new(3000, 150_000),
            policies: Bucket::new(1, 1000),
            refused: 0,
        }
    }

    /// Takes a call's cost; gives how full the bucket of resource units is, where Graph says so.
    pub(crate) fn take(&mut self, cost: Cost, now_ms: i64, scope: &str) -> Result<Option<f64>, Refusal> {
        if self.speed == 0.0 {
            return Ok(None);
        }
        if cost.limit == Limit::ConditionalAccess {
            // A refused call does not lengthen the wait here, or a client that polls would never get through.
            let before = self.policies.clone();
            if self.policies.take(1, self.speed, now_ms) > 0.0 {
                self.policies = before;
                return Err(Refusal::new(429, "TooManyRequests", "Too many requests."));
            }
            return Ok(None);
        }
        let units = if cost.limit == Limit::Identity { cost.units } else { 0 };
        let mut wait_ms = self.units.take(units, self.speed, now_ms);
        let mut limit = "ResourceUnitLimitExceeded";
        if cost.is_write {
            let write_ms = self.writes.take(1, self.speed, now_ms);
            if write_ms > wait_ms {
                (wait_ms, limit) = (write_ms, "WriteLimitExceeded");
            }
        }
        if cost.is_device {
            wait_ms = wait_ms.max(self.devices.take(1, self.speed, now_ms));
        }
        if wait_ms == 0.0 {
            let fill = self.units.fill();
            return Ok((fill >= 0.8).then_some(fill));
        }
        self.refused += 1;
        let seconds = wait_ms / 1000.0;
        // Now and then Graph gives fractions of a second.
        let wait = if self.refused.is_multiple_of(3) {
            format!("{seconds:.3}")
        } else {
            format!("{}", seconds.ceil())
        };
        let kind = if limit == "WriteLimitExceeded" { "Write" } else { "ReadWrite" };
        Err(Refusal::new(429, "TooManyRequests", "Please retry again later.")
            .with_header("retry-after", wait)
            .with_header("x-ms-throttle-limit-percentage", format!("{:.1}", self.units.fill().max(1.0)))
            .with_header("x-ms-throttle-scope", format!("Tenant_Application/{kind}/{scope}"))
            .with_header("x-ms-throttle-information", limit))
    }
}
