//! Owns the order in which a plan is made: each stage is a function of what the stages before it gave.

use std::collections::BTreeSet;

use engine::schema::TypeId;
use engine::{ChangeKind, Snapshot};
use serde_json::Value;

use super::assignment::Terms;
use super::draft::{Outcome, Returns};
use super::facts::{Facts, Given};
use super::lookup::Lookup;
use super::pick::{Picked, pick};
use super::relation::{AppRoleNames, NaturalKeys};
use super::restore::Restored;
use super::{
    FORMAT_VERSION, Guard, Plan, PlanContext, PlanInput, PlanPoint, Step, cost, delete, guard, link, lookup,
    order, policy, property, references, relation, restore, update,
};
use crate::plan::{Error, Result};

/// Letters of a plan's ID.
const ID_LETTERS: &[u8; 16] = b"klmnopqrstuvwxyz";

/// Makes the plan that undoes changes.
///
/// # Errors
/// `OtherTenant` when the backups are of another tenant; `Store` when they cannot be read.
pub fn make(input: PlanInput) -> Result<Plan> {
    let PlanInput { changes, unread, from, to, live, selection, options, context } = input;
    check_tenant(&context, &to)?;
    let points = [point(&context.from_point, &from), point(&context.to_point, &to)];
    let picked = pick(changes, selection.as_ref(), &options);
    let mut lookup = Lookup::new(from, to, live);
    let keys = learn(&mut lookup, &picked)?;
    let given = Given { options, context, terms: Terms::read(&lookup.from)? };
    let (outcome, returns) = draft(&given, &mut lookup, &keys, picked)?;
    let Outcome { drafts, mut skipped, unfixable } = outcome;
    let steps = order::steps(drafts, &returns);
    skipped.sort_by(|a, b| (&a.object, &a.name, &a.reason).cmp(&(&b.object, &b.name, &b.reason)));
    skipped.dedup();
    let Given { options, context, .. } = given;
    learn_guarded(&mut lookup, &context)?;
    let guards = guard::find(&lookup, &context, &steps)?;
    let permissions = cost::permissions(&steps, &lookup);
    let estimate = cost::estimate(&steps, &lookup)?;
    let [from, to] = points;
    let mut plan = Plan {
        format_version: FORMAT_VERSION,
        plan_id: plan_id(&context.seed),
        tenant_id: context.tenant_id,
        created_at: context.now,
        from,
        to,
        query: context.query,
        options,
        steps,
        skipped,
        unfixable,
        unread,
        guards,
        permissions,
        estimate,
        hash: String::new(),
        seal: String::new(),
        signatures: Vec::new(),
    };
    plan.hash = plan.compute_hash();
    Ok(plan)
}

/// The guards that steps raise which come from no difference, over what the newest state holds.
///
/// # Errors
/// `Store` when it cannot be read.
pub fn guards(newest: &Snapshot, steps: &[Step], context: &PlanContext) -> Result<Vec<Guard>> {
    let mut lookup = Lookup::new(newest.clone(), newest.clone(), None);
    let sides = |step: &Step| step.before.values().chain(step.after.values()).cloned().collect::<Vec<_>>();
    let values: Vec<Value> = steps.iter().flat_map(sides).collect();
    let mut ids: BTreeSet<&str> = values.iter().filter_map(Value::as_str).collect();
    ids.extend(steps.iter().map(|step| step.object.id.as_str()));
    ids.extend(steps.iter().flat_map(|step| &step.links).map(|link| link.target_id.as_str()));
    lookup.learn(&ids)?;
    learn_guarded(&mut lookup, context)?;
    guard::find(&lookup, context, steps)
}

/// Backups that hold the organization say whose they are.
fn check_tenant(context: &PlanContext, to: &Snapshot) -> Result<()> {
    for object in to.objects(TypeId::Organization.token())? {
        let found = object?.key.id;
        if !found.eq_ignore_ascii_case(&context.tenant_id) {
            return Err(Error::OtherTenant { expected: context.tenant_id.clone(), found });
        }
    }
    Ok(())
}

fn point(text: &str, snapshot: &Snapshot) -> PlanPoint {
    let backup = snapshot.backup();
    PlanPoint { point: text.to_owned(), backup: backup.id.to_string(), taken_at: backup.taken_at }
}

/// Learns the names of all that is chosen, and what decides how it is written.
fn learn(lookup: &mut Lookup, picked: &[Picked]) -> Result<NaturalKeys> {
    let has_reading = lookup.has_reading;
    let objects = || picked.iter().filter(|picked| !lookup::is_relation_object(&picked.change.type_token));
    let links = objects().flat_map(|Picked { change, links, .. }| {
        links.iter().map(|index| change.links[*index].target_id.to_string())
    });
    let targets: BTreeSet<String> = links.collect();
    let mut ids: BTreeSet<&str> = targets.iter().map(String::as_str).collect();
    for picked in objects() {
        if has_reading {
            ids.insert(&picked.id);
        } else {
            // A newer state might know better.
            lookup.tell_change(&picked.id, &picked.change);
        }
    }
    lookup.learn(&ids)?;
    let keys = relation::learn(lookup, picked)?;
    let of_type = |wanted: TypeId| {
        let of_type = picked.iter().filter(|picked| *picked.change.type_token == wanted);
        of_type.map(|picked| picked.id.as_str()).collect::<BTreeSet<&str>>()
    };
    let mut groups = of_type(TypeId::Group);
    groups.extend(ids.iter().filter(|id| lookup.is_of(id, TypeId::Group)));
    lookup.read_columns(TypeId::Group, &groups, &["groupTypes", "isAssignableToRole", "mailEnabled"])?;
    lookup.read_columns(
        TypeId::AdministrativeUnit,
        &of_type(TypeId::AdministrativeUnit),
        &["membershipType"],
    )?;
    lookup.read_columns(TypeId::DirectoryRole, &of_type(TypeId::DirectoryRole), &["roleTemplateId"])?;
    Ok(keys)
}

/// Learns the names of those whom guards are about, whether a step names them or not.
fn learn_guarded(lookup: &mut Lookup, context: &PlanContext) -> Result<()> {
    let own = [&context.identity.service_principal_id, &context.identity.user_id];
    let ids = context.break_glass.iter().chain(own.into_iter().flatten()).map(String::as_str);
    lookup.learn(&ids.collect())
}

/// All drafts with their dependencies, and the objects that are brought back.
fn draft(
    given: &Given,
    lookup: &mut Lookup,
    keys: &NaturalKeys,
    picked: Vec<Picked>,
) -> Result<(Outcome, Returns)> {
    // Objects that are brought back decide which links can be made, and which IDs change.
    let Restored { outcome: mut plan, returns, yields } = restore::draft(lookup, given, &picked)?;
    let facts = Facts { given, lookup, returns: &returns };
    let mut names = AppRoleNames::default();
    let (relations, mut assignments) = relation::draft(&facts, keys, &picked, &mut names)?;
    plan.append(relations);
    let values = update::read_values(facts.lookup, &picked)?;
    // Each change is dropped after its drafts are made: a plan of everything would be in memory twice.
    for (picked, values) in picked.into_iter().zip(values) {
        if lookup::is_relation_object(&picked.change.type_token) {
            continue;
        }
        match picked.change.kind {
            ChangeKind::Updated => {
                let updates = update::draft(&facts, &picked, values)?;
                let links = link::draft(&facts, &assignments, &picked, &updates.drafts);
                plan.append(updates);
                plan.append(links);
            }
            ChangeKind::Added | ChangeKind::Restored => _ = plan.append(delete::draft(&facts, &picked)?),
            ChangeKind::CreatedAndDeleted | ChangeKind::Purged => {
                let reason = match picked.change.reason {
                    Some(_) => picked.change.reason_text(),
                    None => property::UNSUPPORTED.into(),
                };
                plan.skip(&picked.object(), "", reason);
            }
            _ => {}
        }
    }
    references::draft(&mut plan, lookup, (given, &returns), &mut assignments, &mut names)?;
    delete::order(&mut plan.drafts);
    restore::order(&mut plan.drafts, lookup, &returns, yields)?;
    policy::order(&mut plan.drafts, lookup, &returns)?;
    Ok((plan, returns))
}

fn plan_id(seed: &[u8; 32]) -> String {
    let hash = blake3::derive_key("entrasnap plan id, version 1", seed);
    let letters = hash[..8].iter().flat_map(|byte| [byte >> 4, byte & 15]);
    letters.map(|four_bits| char::from(ID_LETTERS[usize::from(four_bits)])).collect()
}
