//! Owns the return of objects that are no longer there: from the bin under their IDs, or made again.

use std::borrow::Cow;
use std::collections::BTreeMap;

use engine::schema::{Bin, Type, TypeId};
use engine::{ChangeKind, RecoveryAction};
use serde_json::Value;

use super::draft::{Draft, DraftId, Outcome, Returns};
use super::facts::{Facts, Given};
use super::lookup::{self, Lookup, Presence, by_app_id};
use super::pick::Picked;
use super::request::{filled, request};
use super::unique::{self, Claimant, Contest, Holder};
use super::{Identity, PlanObject, RequestTemplate, StepKind, phase, property, recreate, update};
use crate::plan::Result;

/// Why something is made again that lies in its bin.
const NOT_GIVEN_BACK: &str = "lies in the recycle bin, which Graph does not let applications restore it from: made again, \
                              with a new ID";

/// What a detoured restore leaves to who took it.
const TAKEN: [&str; 4] = ["userPrincipalName", "mailNickname", "mail", "proxyAddresses"];

/// What comes of the first stage: what everything else must know of.
#[derive(Debug)]
pub(super) struct Restored {
    pub(super) outcome: Outcome,
    pub(super) returns: Returns,
    /// Holders of unique values that must release them first, by the ID of the object that is brought back.
    pub(super) yields: Vec<(String, Vec<Holder>)>,
}

/// An object that is to come back.
#[derive(Debug)]
struct Returning {
    object: PlanObject,
    resource: &'static Type,
    /// The bin it comes from; none when it is made again.
    bin: Option<&'static Bin>,
    /// The body of its restore.
    body: Value,
    notes: Vec<String>,
}

impl Returning {
    fn is_restored_application(&self) -> bool {
        self.bin.is_some() && self.object.type_token == TypeId::Application
    }
}

/// How an object is brought back.
enum Return {
    Restored(&'static Type, &'static Bin),
    Recreated(&'static Type),
    Skipped(Cow<'static, str>),
}

/// Drafts the return of what is no longer there, so that everything else knows what will be.
pub(super) fn draft(lookup: &mut Lookup, given: &Given, picked: &[Picked]) -> Result<Restored> {
    let mut outcome = Outcome::default();
    let mut returning = chosen(lookup, given, picked, &mut outcome)?;
    add_home_principals(lookup, &mut returning)?;
    let yields = resolve_claims(lookup, given, &mut returning, picked, &mut outcome)?;
    let (restored, recreated): (Vec<Returning>, Vec<Returning>) =
        returning.into_iter().partition(|returning| returning.bin.is_some());
    let mut returns = Returns::default();
    for returning in &restored {
        let step = restore_draft(returning).map(|draft| outcome.add(draft));
        returns.kept.extend(step.map(|step| (returning.object.id.clone(), step)));
    }
    let wanted = recreated.iter().map(|returning| (&returning.object, returning.resource));
    let (made, new) = recreate::draft(lookup, wanted)?;
    let first = outcome.append(made);
    returns.append(new, first);
    for returning in &recreated {
        if let Some(new) = returns.renamed.get(&returning.object.id) {
            outcome.drafts[new.step].notes.extend(returning.notes.iter().cloned());
        }
    }
    order_principals(lookup, &restored, &returns, &mut outcome.drafts)?;
    for returning in &restored {
        outcome.append(differing(lookup, returning)?);
    }
    Ok(Restored { outcome, returns, yields })
}

/// The chosen objects that can come back; the others are skipped.
fn chosen(
    lookup: &Lookup,
    given: &Given,
    picked: &[Picked],
    outcome: &mut Outcome,
) -> Result<Vec<Returning>> {
    let mut returning = Vec::new();
    for picked in picked {
        let change = &picked.change;
        let is_lost =
            matches!(change.kind, ChangeKind::SoftDeleted | ChangeKind::HardDeleted | ChangeKind::Deleted);
        if !is_lost || !picked.has_presence || lookup::is_relation_object(&change.type_token) {
            continue;
        }
        let object = picked.object();
        let (resource, bin) = match return_of(lookup, given, picked)? {
            Return::Skipped(reason) => {
                outcome.skip(&object, "", reason);
                continue;
            }
            Return::Restored(resource, bin) => (resource, Some(bin)),
            Return::Recreated(resource) => (resource, None),
        };
        let is_binned = lookup.known(&picked.id).is_some_and(|known| known.presence == Presence::Binned);
        let notes = match bin {
            Some(_) if change.kind == ChangeKind::Deleted => {
                vec!["the recycle bin was not read: it may not be there".to_owned()]
            }
            None if is_binned => vec![NOT_GIVEN_BACK.to_owned()],
            _ => Vec::new(),
        };
        returning.push(Returning { object, resource, bin, body: Value::Null, notes });
    }
    Ok(returning)
}

/// How an object is brought back, or why it is not.
fn return_of(lookup: &Lookup, given: &Given, picked: &Picked) -> Result<Return> {
    let change = &picked.change;
    let skipped = |reason: &'static str| Ok(Return::Skipped(reason.into()));
    if change.action == RecoveryAction::None && change.reason.is_some() {
        return Ok(Return::Skipped(change.reason_text()));
    }
    let Some(resource) = picked.resource() else { return skipped(property::UNSUPPORTED) };
    if resource.id == TypeId::ServicePrincipal && is_managed_identity(lookup, &picked.id)? {
        return skipped("a managed identity comes with the resource it is of");
    }
    let recreate = given.options.recreate;
    let presence = lookup.known(&picked.id).map(|known| known.presence);
    match (&resource.graph.bin, presence) {
        (_, Some(Presence::Live)) => skipped("it is there again"),
        // In vain an application would ask for it.
        (Some(_), Some(Presence::Binned))
            if recreate
                && is_application_alone(&given.context.identity)
                && resource.recovery.is_restored_by_people =>
        {
            Ok(Return::Recreated(resource))
        }
        (Some(bin), Some(Presence::Binned)) => Ok(Return::Restored(resource, bin)),
        (Some(bin), _) if change.kind == ChangeKind::Deleted => Ok(Return::Restored(resource, bin)),
        _ => match property::creation_obstacle(resource) {
            Some(obstacle) => Ok(Return::Skipped(format!("gone for good: {obstacle}").into())),
            None if recreate => Ok(Return::Recreated(resource)),
            None => skipped("gone for good; needs the option recreate"),
        },
    }
}

/// Whether an application applies the plan by itself, with no signed-in user.
fn is_application_alone(identity: &Identity) -> bool {
    identity.user_id.is_none() && (identity.app_id.is_some() || identity.service_principal_id.is_some())
}

fn is_managed_identity(lookup: &Lookup, id: &str) -> Result<bool> {
    let attributes = lookup::attributes(&lookup.from, TypeId::ServicePrincipal.token(), id)?;
    let kind = attributes.and_then(|mut attributes| attributes.remove("servicePrincipalType"));
    Ok(kind.is_some_and(|kind| kind == "ManagedIdentity"))
}

/// Adds service principals: an application takes its own along into the bin, and is restored without it.
fn add_home_principals(lookup: &Lookup, returning: &mut Vec<Returning>) -> Result<()> {
    let resource = TypeId::ServicePrincipal.info();
    let applications = returning.iter().filter(|returning| returning.is_restored_application());
    let applications: Vec<String> = applications.map(|returning| returning.object.id.clone()).collect();
    if applications.is_empty() {
        return Ok(());
    }
    let principals = by_app_id(&lookup.newest, true)?;
    for id in applications {
        let Some(app_id) = lookup.app_id(TypeId::Application, &id)? else { continue };
        let Some((principal, name)) = principals.get(&app_id) else { continue };
        if returning.iter().any(|returning| returning.object.id == *principal) {
            continue;
        }
        let object = PlanObject {
            id: principal.clone(),
            type_token: resource.token.to_owned(),
            display_name: name.clone(),
        };
        let (bin, body) = (resource.graph.bin.as_ref(), Value::Null);
        returning.push(Returning { object, resource, bin, body, notes: Vec::new() });
    }
    Ok(())
}

/// Leaves out what cannot come back because another object holds its names, unless it may come back without them; gives
/// what has to make room for the others.
fn resolve_claims(
    lookup: &mut Lookup,
    given: &Given,
    returning: &mut Vec<Returning>,
    picked: &[Picked],
    outcome: &mut Outcome,
) -> Result<Vec<(String, Vec<Holder>)>> {
    let claimants: Vec<Claimant<'_>> = (returning.iter())
        .map(|returning| Claimant { object: &returning.object, is_restored: returning.bin.is_some() })
        .collect();
    let holders = unique::holders_of(lookup, &claimants)?;
    // No return is drafted yet, and a deletion concerns none of them.
    let facts = Facts { given, lookup, returns: &Returns::default() };
    let mut contests = unique::contests(&facts, &claimants, holders, picked);
    let mut yields = Vec::new();
    returning.retain_mut(|returning| match contests.remove(&returning.object.id) {
        None => true,
        Some(Contest::Yields(holders)) => {
            yields.push((returning.object.id.clone(), holders));
            true
        }
        Some(Contest::Held(_, Some(detour))) if given.options.reconcile => {
            returning.body = detour.body();
            returning.notes.extend(detour.notes());
            true
        }
        Some(Contest::Held(reason, _)) => {
            outcome.skip(&returning.object, "", reason);
            false
        }
    });
    Ok(yields)
}

/// The restore of an object.
fn restore_draft(returning: &Returning) -> Option<Draft> {
    let Returning { object, resource, bin, body, notes } = returning;
    let bin = (*bin)?;
    let request = RequestTemplate {
        version: bin.version,
        body: body.clone().into(),
        ..request(resource, "POST", filled(bin.restore, &object.id))
    };
    let phase = phase::of_return(resource.id);
    let mut draft = Draft::new(StepKind::Restore, phase, object.clone(), request);
    draft.notes.clone_from(notes);
    if let Some(name) = body.get("newUserPrincipalName") {
        draft.after.insert("userPrincipalName".to_owned(), name.clone());
    }
    Some(draft)
}

/// Lets service principals wait for their applications.
fn order_principals(
    lookup: &Lookup,
    restored: &[Returning],
    returns: &Returns,
    drafts: &mut [Draft],
) -> Result<()> {
    let mut applications: BTreeMap<String, DraftId> = BTreeMap::new();
    for returning in restored.iter().filter(|returning| returning.is_restored_application()) {
        if let Some(app_id) = lookup.app_id(TypeId::Application, &returning.object.id)? {
            applications.insert(app_id, returns.kept[&returning.object.id]);
        }
    }
    if applications.is_empty() {
        return Ok(());
    }
    let principals = restored.iter().map(|returning| &returning.object);
    for object in principals.filter(|object| object.type_token == TypeId::ServicePrincipal) {
        let app_id = lookup.app_id(TypeId::ServicePrincipal, &object.id)?;
        if let Some(application) = app_id.and_then(|app_id| applications.get(&app_id)) {
            drafts[returns.kept[&object.id]].depends_on.insert(*application);
        }
    }
    Ok(())
}

/// Drafts what else a restored object needs to be as it was.
fn differing(lookup: &Lookup, returning: &Returning) -> Result<Outcome> {
    let Returning { object, resource, body, .. } = returning;
    let wanted = lookup::attributes(&lookup.from, resource.token, &object.id)?;
    let standing = lookup::attributes(&lookup.to, resource.token, &object.id)?;
    let (Some(wanted), Some(mut standing)) = (wanted, standing) else { return Ok(Outcome::default()) };
    // A name that was taken stays with who took it.
    if !body.is_null() {
        for name in TAKEN {
            let value = wanted.get(name).cloned().unwrap_or_default();
            standing.insert(name.to_owned(), value);
        }
    }
    update::draft_differing(lookup, resource, object, wanted, standing)
}

/// Lets returns wait for the steps that release unique values, once all steps are drafted.
pub(super) fn order(
    drafts: &mut Vec<Draft>,
    lookup: &Lookup,
    returns: &Returns,
    yields: Vec<(String, Vec<Holder>)>,
) -> Result<()> {
    for (id, holders) in yields {
        if let Some(back) = returns.step(&id) {
            unique::order_holders(drafts, back, &holders);
        }
    }
    unique::order_names(drafts, lookup)
}
