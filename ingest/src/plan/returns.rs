//! Objects that went come back: from the bin under their IDs, or made again.

use std::collections::BTreeMap;

use engine::scan::Space;
use engine::{ChangeKind, Snapshot};
use serde_json::Value;

use super::draft::{Draft, DraftId};
use super::lookup::{self, Presence};
use super::make::{Picked, Planner, resource_of, shown};
use super::property;
use super::unique::{Contest, Holder};
use super::update::{filled, request};
use super::{PlanObject, RequestTemplate, Skipped, StepKind, contain};
use crate::plan::Result;
use crate::resource::{Bin, Resource};

/// Why something is made again that lies in its bin.
const NOT_GIVEN_BACK: &str = "lies in the recycle bin, which Graph does not let applications restore it from: made again, \
                              with a new ID";

impl Planner {
    /// Plans the return of what went, so that everything else knows what will be there.
    pub(super) fn plan_returns(&mut self, picked: &[Picked]) -> Result<()> {
        let mut returning = Vec::new();
        for picked in picked {
            let change = &picked.change;
            let is_lost = matches!(
                change.kind,
                ChangeKind::SoftDeleted | ChangeKind::HardDeleted | ChangeKind::Deleted
            );
            if !is_lost || !picked.has_presence || lookup::is_relation_object(&change.type_token) {
                continue;
            }
            let (resource, bin) = match self.return_of(picked)? {
                Return::Skipped(reason) => {
                    self.skip(change, "", reason);
                    continue;
                }
                Return::Restored(resource, bin) => (resource, Some(bin)),
                Return::Recreated(resource) => (resource, None),
            };
            let notes = match bin {
                Some(_) if change.kind == ChangeKind::Deleted => {
                    vec!["the recycle bin was not read: it may not be there".to_owned()]
                }
                None if self.lies_in_bin(&picked.id) => vec![NOT_GIVEN_BACK.to_owned()],
                _ => Vec::new(),
            };
            returning.push(Returning { object: shown(change), resource, bin, body: Value::Null, notes });
        }
        self.add_home_principals(&mut returning)?;
        let yields = self.settle_claims(&mut returning, picked)?;
        let mut restored = Vec::new();
        for returning in returning.iter().filter(|returning| returning.bin.is_some()) {
            self.restore(returning);
            restored.push((returning.object.clone(), returning.resource));
        }
        let anew = || returning.iter().filter(|returning| returning.bin.is_none());
        let recreated: Vec<_> =
            anew().map(|returning| (returning.object.clone(), returning.resource)).collect();
        self.recreate(&recreated)?;
        for returning in anew() {
            if let Some(new) = self.drafts.renames.get(&returning.object.id) {
                self.drafts.list[new.step].notes.extend(returning.notes.iter().cloned());
            }
        }
        self.order_principals(&restored)?;
        for (object, resource) in &restored {
            self.plan_restored(object, resource)?;
        }
        self.yields = yields;
        Ok(())
    }

    /// Leaves out what cannot come back because somebody holds its names, unless it may come back without them; gives what
    /// has to make room for the others.
    fn settle_claims(
        &mut self,
        returning: &mut Vec<Returning>,
        picked: &[Picked],
    ) -> Result<Vec<(String, Vec<Holder>)>> {
        let mut contests = self.contests(returning, picked)?;
        let mut yields = Vec::new();
        let reconcile = self.options.reconcile;
        let skipped = &mut self.skipped;
        returning.retain_mut(|returning| match contests.remove(&returning.object.id) {
            None => true,
            Some(Contest::Yields(holders)) => {
                yields.push((returning.object.id.clone(), holders));
                true
            }
            Some(Contest::Held(_, Some(detour))) if reconcile => {
                returning.body = detour.body();
                returning.notes.extend(detour.notes());
                true
            }
            Some(Contest::Held(reason, _)) => {
                let object = returning.object.clone();
                skipped.push(Skipped { object, name: String::new(), reason });
                false
            }
        });
        Ok(yields)
    }

    fn return_of(&self, picked: &Picked) -> Result<Return> {
        let change = &picked.change;
        if change.action == engine::RecoveryAction::None && change.reason.is_some() {
            return Ok(Return::Skipped(change.reason_text().into_owned()));
        }
        let Some(resource) = resource_of(change) else {
            return Ok(Return::Skipped(property::UNSUPPORTED.to_owned()));
        };
        if resource.token == "servicePrincipal" && self.is_managed_identity(&picked.id)? {
            let reason = "a managed identity comes with the resource it is of";
            return Ok(Return::Skipped(reason.to_owned()));
        }
        let presence = self.lookup.known(&picked.id).map(|known| known.presence);
        Ok(match (&resource.graph.bin, presence) {
            (_, Some(Presence::Live)) => Return::Skipped("it is there again".to_owned()),
            // In vain an application would ask for it.
            (Some(_), Some(Presence::Binned))
                if self.options.recreate
                    && self.is_for_application()
                    && property::RESTORED_BY_PEOPLE.contains(&resource.token) =>
            {
                Return::Recreated(resource)
            }
            (Some(bin), Some(Presence::Binned)) => Return::Restored(resource, bin),
            (Some(bin), _) if change.kind == ChangeKind::Deleted => Return::Restored(resource, bin),
            _ => match property::creation_obstacle(resource) {
                Some(obstacle) => Return::Skipped(format!("gone for good: {obstacle}")),
                None if self.options.recreate => Return::Recreated(resource),
                None => Return::Skipped("gone for good; needs the option recreate".to_owned()),
            },
        })
    }

    fn lies_in_bin(&self, id: &str) -> bool {
        self.lookup.known(id).is_some_and(|known| known.presence == Presence::Binned)
    }

    /// Whether an application by itself is to apply the plan, and nobody who signed in to it.
    fn is_for_application(&self) -> bool {
        let identity = &self.context.identity;
        identity.user_id.is_none() && (identity.app_id.is_some() || identity.service_principal_id.is_some())
    }

    fn is_managed_identity(&self, id: &str) -> Result<bool> {
        let attributes = lookup::attributes(&self.lookup.from, "servicePrincipal", id)?;
        let kind = attributes.and_then(|mut attributes| attributes.remove("servicePrincipalType"));
        Ok(kind.is_some_and(|kind| kind == "ManagedIdentity"))
    }

    /// Drafts the restore of an object.
    fn restore(&mut self, returning: &Returning) {
        let Returning { object, resource, bin, body, notes } = returning;
        let Some(bin) = bin else { return };
        let request = RequestTemplate {
            version: bin.version,
            body: body.clone().into(),
            ..request(resource, "POST", filled(&bin.restore, &object.id))
        };
        let phase = contain::phase_of_return(resource.token);
        let step = self.drafts.add(Draft::new(StepKind::Restore, phase, object.clone(), request));
        self.drafts.list[step].notes.clone_from(notes);
        if let Some(name) = body.get("newUserPrincipalName") {
            self.drafts.list[step].after.insert("userPrincipalName".to_owned(), name.clone());
        }
        self.drafts.returns.insert(object.id.clone(), step);
    }

    /// An application takes its service principal along into the bin, and comes back without it.
    fn add_home_principals(&self, returning: &mut Vec<Returning>) -> Result<()> {
        let resource = crate::resource::by_token("servicePrincipal");
        let is_restored =
            |returning: &&Returning| returning.bin.is_some() && is_application(&returning.object);
        let applications: Vec<String> =
            returning.iter().filter(is_restored).map(|returning| returning.object.id.clone()).collect();
        let (Some(resource), false) = (resource, applications.is_empty()) else { return Ok(()) };
        let principals = by_app_id(&self.lookup.newest, true)?;
        for id in applications {
            let Some(app_id) = self.app_id("application", &id)? else { continue };
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

    /// Lets what comes back wait for what holds its names now, once all steps are drafted.
    pub(super) fn order_returns(&mut self) -> Result<()> {
        let yields = std::mem::take(&mut self.yields);
        let step_of = |id: &String| {
            let drafts = &self.drafts;
            let recreated = || drafts.renames.get(id).map(|new| new.step);
            drafts.returns.get(id).copied().or_else(recreated)
        };
        let yields: Vec<_> =
            yields.into_iter().filter_map(|(id, holders)| Some((step_of(&id)?, holders))).collect();
        self.order_claims(&yields);
        self.order_names()
    }

    /// Lets service principals wait for their applications.
    fn order_principals(&mut self, restored: &[(PlanObject, &'static Resource)]) -> Result<()> {
        let mut applications: BTreeMap<String, DraftId> = BTreeMap::new();
        for (object, _) in restored.iter().filter(|(object, _)| is_application(object)) {
            if let Some(app_id) = self.app_id("application", &object.id)? {
                applications.insert(app_id, self.drafts.returns[&object.id]);
            }
        }
        if applications.is_empty() {
            return Ok(());
        }
        for (object, _) in restored.iter().filter(|(object, _)| object.type_token == "servicePrincipal") {
            let app_id = self.app_id("servicePrincipal", &object.id)?;
            if let Some(application) = app_id.and_then(|app_id| applications.get(&app_id)) {
                let step = self.drafts.returns[&object.id];
                self.drafts.list[step].depends_on.insert(*application);
            }
        }
        Ok(())
    }

    /// The client ID of an application or service principal, from the wanted state or else from the other.
    pub(super) fn app_id(&self, token: &str, id: &str) -> Result<Option<String>> {
        for side in [&self.lookup.from, &self.lookup.to] {
            let attributes = lookup::attributes(side, token, id)?;
            if let Some(Value::String(app_id)) = attributes.and_then(|mut found| found.remove("appId")) {
                return Ok(Some(app_id));
            }
        }
        Ok(None)
    }

    /// Plans what else a restored object needs to be as it was.
    fn plan_restored(&mut self, object: &PlanObject, resource: &'static Resource) -> Result<()> {
        let wanted = lookup::attributes(&self.lookup.from, resource.token, &object.id)?;
        let standing = lookup::attributes(&self.lookup.to, resource.token, &object.id)?;
        if let (Some(wanted), Some(mut standing)) = (wanted, standing) {
            // A name that was taken stays with who took it.
            let step = self.drafts.returns.get(&object.id).map(|step| &self.drafts.list[*step]);
            if step.is_some_and(|step| !step.request.body.is_null()) {
                for name in ["userPrincipalName", "mailNickname", "mail", "proxyAddresses"] {
                    let value = wanted.get(name).cloned().unwrap_or_default();
                    standing.insert(name.to_owned(), value);
                }
            }
            self.update_differing(resource, object, &wanted, &standing)?;
        }
        Ok(())
    }
}

/// An object that is to come back.
#[derive(Debug)]
pub(super) struct Returning {
    pub(super) object: PlanObject,
    pub(super) resource: &'static Resource,
    /// The bin it comes from; none when it is made again.
    pub(super) bin: Option<&'static Bin>,
    /// What its restore is told.
    body: Value,
    notes: Vec<String>,
}

/// How an object comes back.
enum Return {
    Restored(&'static Resource, &'static Bin),
    Recreated(&'static Resource),
    Skipped(String),
}

fn is_application(object: &PlanObject) -> bool {
    object.type_token == "application"
}

/// Service principals by their client IDs: ID and name.
pub(super) fn by_app_id(snapshot: &Snapshot, deleted: bool) -> Result<BTreeMap<String, (String, String)>> {
    let scan = snapshot.scan("servicePrincipal");
    let rows = if deleted { scan.deleted()? } else { scan.live()? };
    let ids = scan.ids(&rows.ordinals)?;
    let app_ids = scan.cells(Space::Core, "appId", &rows.versions)?;
    let names = scan.cells(Space::Core, "displayName", &rows.versions)?;
    let text = |cell: &[u8]| engine::scan::decode(cell).as_str().map(str::to_owned);
    let mut found = BTreeMap::new();
    for ((id, app_id), name) in ids.iter().zip(app_ids.iter()).zip(names.iter()) {
        if let Some(app_id) = text(app_id) {
            let id = String::from_utf8_lossy(id).into_owned();
            found.insert(app_id, (id, text(name).unwrap_or_default()));
        }
    }
    Ok(found)
}
