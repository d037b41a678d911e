//! Owns what is found out before a plan is applied: who made it, whose tenant it leads to, who applies it, and which
//! guards it raises now. What the plan says of any of these is information for its readers.

use engine::schema::{self, TypeId};
use engine::{BackupId, ObjectKey, Snapshot, Store};
use jiff::Timestamp;
use serde_json::Value;

use super::error::{Error, Result};
use super::record::{Beginning, recoveries};
use super::sign::{SignedIn, signed_in};
use super::undo::AFTER_RECOVERY;
use super::{ApplyRequest, check_client, is_over};
use crate::graph::{self, Client};
use crate::plan::{
    self, Guard, Identity, Named, Plan, PlanContext, Step, StepFault, captured, guards, hours,
    is_replacement, written_value,
};
use engine::records::RecoverySummary;

/// Digits of a hash that name a plan.
const HASH_LENGTH_MIN: usize = 16;

/// The guard for a newest state that is old.
const STALE: &str = "stale";
/// The guard for the identity that applies a plan.
const SELF_LOCKOUT: &str = "self-lockout";

/// What applying a plan means now.
#[derive(Debug, Clone)]
pub struct Examination {
    /// The recovery that applied it to its end; then there is nothing to do, and nothing else was looked at.
    pub finished: Option<RecoverySummary>,
    /// The recovery that was interrupted while it applied it.
    pub open: Option<String>,
    /// The tenant that is signed in to.
    pub tenant_id: String,
    /// Who is signed in.
    pub identity: Identity,
    /// The guards that the plan raises now, each with whether it is allowed.
    pub guards: Vec<Guard>,
}

impl Examination {
    /// Whether each guard that the plan raises is allowed.
    ///
    /// # Errors
    /// `Guarded`.
    pub fn check_guards(&self) -> Result<()> {
        let guards: Vec<Guard> = self.guards.iter().filter(|guard| !guard.allowed).cloned().collect();
        if guards.is_empty() { Ok(()) } else { Err(Error::Guarded { guards }) }
    }
}

/// Finds out what applying a plan means, and changes nothing: neither the tenant nor the store.
///
/// # Errors
/// `Plan` when the plan is not whole, sound, sealed, signed, or of this tenant; `HashText`, `Hash`, `NoHash`, `ReadOnly`,
/// `NoTenant`, `UnknownTenant`, `SignedInElsewhere`, `Store`, `Graph`, `Threads`.
pub fn examine(
    store: &Store,
    client: &Client,
    plan: &Plan,
    request: &ApplyRequest<'_>,
) -> Result<Examination> {
    check_origin(store, plan, request)?;
    let earlier = recoveries(store)?.into_iter().rev().find(|summary| summary.plan_id == plan.plan_id);
    let mut examination = Examination {
        finished: None,
        open: None,
        tenant_id: plan.tenant_id.clone(),
        identity: Identity::default(),
        guards: Vec::new(),
    };
    match earlier {
        Some(done) if is_over(done.status) => {
            examination.finished = Some(done);
            return Ok(examination);
        }
        Some(open) => examination.open = Some(open.id),
        None => {}
    }
    check_client(client)?;
    if request.is_rehearsal {
        return Ok(examination);
    }
    let found = who(store, client, plan, request)?;
    if examination.open.is_none() {
        examination.guards =
            raised(store, plan, request, &found.identity, &request.allow, client.clock().now())?;
    }
    examination.tenant_id = found.tenant_id;
    examination.identity = found.identity;
    Ok(examination)
}

/// As [`examine`], of a recovery that began already: what was allowed then stays so, and its own state is not too old.
pub(super) fn again(
    store: &Store,
    client: &Client,
    beginning: &Beginning,
    request: &ApplyRequest<'_>,
) -> Result<()> {
    let plan = &beginning.plan;
    plan.verify_hash()?;
    plan.check_steps()?;
    if request.is_rehearsal {
        return Ok(());
    }
    if plan.check_seal(store).is_err() {
        return Err(Error::UnsealedJournal);
    }
    check_states(store, plan)?;
    let found = who(store, client, plan, request)?;
    let mut allow = request.allow.clone();
    allow.extend(beginning.allow.iter().cloned());
    allow.push(STALE.to_owned());
    let guards = raised(store, plan, request, &found.identity, &allow, client.clock().now())?;
    let examination = Examination {
        finished: None,
        open: None,
        tenant_id: found.tenant_id,
        identity: found.identity,
        guards,
    };
    examination.check_guards()
}

/// Whether the plan is whole, sound, and the one that was meant, and sealed or signed as required.
fn check_origin(store: &Store, plan: &Plan, request: &ApplyRequest<'_>) -> Result<()> {
    plan.verify_hash()?;
    plan.check_steps()?;
    if let Some(expected) = &request.hash {
        let is_hash =
            expected.len() >= HASH_LENGTH_MIN && expected.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hash {
            return Err(Error::HashText { found: expected.clone(), length_min: HASH_LENGTH_MIN });
        }
        if !plan.hash.starts_with(&expected.to_ascii_lowercase()) {
            return Err(Error::Hash { expected: expected.clone(), found: plan.hash.clone() });
        }
    }
    if request.is_rehearsal {
        return Ok(());
    }
    if !request.accepts_unsealed {
        plan.check_seal(store)?;
    } else if request.hash.is_none() {
        return Err(Error::NoHash);
    }
    plan.check_signatures(&request.signatures)?;
    check_states(store, plan)
}

/// Holds against the store what requests say that no step shows: the parents of objects, and what stands in an object
/// that is replaced whole.
fn check_states(store: &Store, plan: &Plan) -> Result<()> {
    let mut sides: Option<[Option<Snapshot>; 2]> = None;
    for step in &plan.steps {
        let Some(resource) = schema::by_token(&step.object.type_token) else { continue };
        let is_whole = is_replacement(resource, step);
        let parent = parent_of(resource.graph.get, &step.request.path);
        if !is_whole && parent.is_none() {
            continue;
        }
        let sides = sides.get_or_insert_with(|| {
            [&plan.to.backup, &plan.from.backup]
                .map(|backup| BackupId::from_text(backup).and_then(|id| store.snapshot(&id).ok()))
        });
        check_state(step, is_whole, parent.as_deref(), sides)?;
    }
    Ok(())
}

fn parent_of(template: &str, path: &str) -> Option<String> {
    let parts = captured(template, path)?;
    let parent = parts.into_iter().find(|(name, _)| *name == "parentId")?.1;
    (!parent.starts_with('{')).then_some(parent)
}

fn check_state(
    step: &Step,
    is_whole: bool,
    parent: Option<&str>,
    sides: &[Option<Snapshot>; 2],
) -> Result<()> {
    let wrong = |fault: StepFault| plan::Error::Step { step: step.id.clone(), fault: Box::new(fault) };
    let token = step.object.type_token.as_str();
    let key = ObjectKey { type_token: token.into(), id: step.object.id.clone() };
    let mut states = Vec::new();
    for side in sides.iter().flatten() {
        states.extend(side.object(&key)?.map(|object| object.attributes()));
    }
    if states.is_empty() {
        return Err(wrong(StepFault::NoObject).into());
    }
    if let Some(parent) = parent
        && !states.iter().any(|state| state.get("parentId").and_then(Value::as_str) == Some(parent))
    {
        return Err(wrong(StepFault::OtherParent { found: parent.to_owned() }).into());
    }
    let nothing = Named::new();
    let body = step.request.body.as_object().filter(|_| is_whole).unwrap_or(&nothing);
    for (name, value) in body.iter().filter(|(name, _)| !step.after.contains_key(name)) {
        let stands = |state: &serde_json::Map<String, Value>| {
            written_value(token, name, state.get(name).cloned().unwrap_or_default()) == *value
        };
        if !states.iter().any(stands) {
            let fault = StepFault::Changed { name: name.clone(), found: value.to_string() };
            return Err(wrong(fault).into());
        }
    }
    Ok(())
}

/// Who is signed in, once that is the tenant of plan and store.
fn who(store: &Store, client: &Client, plan: &Plan, request: &ApplyRequest<'_>) -> Result<SignedIn> {
    if let Some(tenant) = store.tenant()
        && !plan.tenant_id.is_empty()
        && !tenant.eq_ignore_ascii_case(&plan.tenant_id)
    {
        let (expected, found) = (plan.tenant_id.clone(), tenant.to_owned());
        return Err(plan::Error::OtherTenant { expected, found }.into());
    }
    let mut found = graph::runtime()?.block_on(signed_in(client))?;
    let named = [Some(plan.tenant_id.as_str()), store.tenant(), request.tenant_id.as_deref()];
    let mut named = named.into_iter().flatten().filter(|tenant| !tenant.is_empty()).peekable();
    if named.peek().is_none() {
        return Err(Error::NoTenant { found: found.tenant_id });
    }
    if let Some(expected) = named.find(|tenant| !tenant.eq_ignore_ascii_case(&found.tenant_id)) {
        return Err(Error::SignedInElsewhere { expected: expected.to_owned(), found: found.tenant_id });
    }
    let newest = store.commits().last().map(|newest| &newest.id);
    if let (None, Some(app_id), Some(newest)) =
        (&found.identity.service_principal_id, &found.identity.app_id, newest)
    {
        let key = store.find(app_id, newest).ok().filter(|key| *key.type_token == TypeId::ServicePrincipal);
        found.identity.service_principal_id = key.map(|key| key.id);
    }
    Ok(found)
}

/// The guards that a plan raises, over the newest state of the store.
fn raised(
    store: &Store,
    plan: &Plan,
    request: &ApplyRequest<'_>,
    identity: &Identity,
    allow: &[String],
    now: Timestamp,
) -> Result<Vec<Guard>> {
    let guard = |name: &str, reason: String| Guard {
        name: name.to_owned(),
        reason,
        objects: Vec::new(),
        allowed: allow.iter().any(|allowed| allowed == name),
    };
    let Some(newest) = store.commits().last() else {
        return Ok(vec![guard(STALE, "the store holds no state of the tenant".to_owned())]);
    };
    let context = PlanContext {
        tenant_id: plan.tenant_id.clone(),
        seed: request.seed,
        now,
        from_point: plan.from.point.clone(),
        to_point: plan.to.point.clone(),
        query: plan.query.clone(),
        identity: identity.clone(),
        break_glass: request.break_glass.clone(),
        limits: request.limits,
        allow: allow.to_vec(),
    };
    let mut found = guards(&store.snapshot(&newest.id)?, &plan.steps, &context)?;
    let has = |name: &str| found.iter().any(|guard| guard.name == name);
    let mut more = Vec::new();
    let age = known_at(store, plan)?.map(|known| now.duration_since(known));
    let limit = request.limits.age_max;
    if !has(STALE) && age.is_none_or(|age| age > limit) {
        let reason = match age {
            None => "the store does not have the state that it was made against".to_owned(),
            Some(age) => {
                format!("the state it was made against is {} old, more than {}", hours(age), limit.as_hours())
            }
        };
        more.push(guard(STALE, reason));
    }
    if !has(SELF_LOCKOUT) && *identity == Identity::default() {
        more.push(guard(SELF_LOCKOUT, "nobody knows who applies the plan".to_owned()));
    }
    found.extend(more);
    Ok(found)
}

/// Of when the newest state is that a plan was made against, as the store knows it.
fn known_at(store: &Store, plan: &Plan) -> Result<Option<Timestamp>> {
    if let Some(recovery) = plan.to.point.strip_prefix(AFTER_RECOVERY) {
        let known = recoveries(store)?.into_iter().find(|summary| summary.id == recovery);
        return Ok(known.map(|summary| summary.completed.unwrap_or(summary.started)));
    }
    let known = store.commits().iter().find(|member| member.id == plan.to.backup);
    Ok(known.map(|member| member.taken_at))
}
