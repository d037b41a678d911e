//! Owns values that only one object may have: the object that holds one now is deleted or gives it up before another is
//! brought back with it, or the plan says why that cannot be brought back.
//!
//! Shape: a claim is a value in a space, such as a sign-in name or an address; an object brought back claims what it had, and
//! a live object that has it holds it.
//!
//! Invariants
//! 1. Nothing is restored while another object holds what it claims: Graph refuses that.
//! 2. A holder is deleted first only into a bin, with a note: should the restore fail all the same, it can be restored.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use engine::scan::Space as Columns;
use engine::schema::TypeId;
use engine::{ChangeKind, Snapshot};
use serde_json::{Value, json};

use super::delete::{Deletion, deletion};
use super::draft::{Draft, DraftId, Wanted, WantedMap};
use super::facts::Facts;
use super::lookup::{self, Attributes, Lookup};
use super::pick::Picked;
use super::property::{self, Writing};
use super::request::{filled, request};
use super::update::update_draft;
use super::value::decoded;
use super::{Named, Phase, PlanObject, StepKind};
use crate::plan::Result;

/// The property that holds the name that a user signs in with.
const PRINCIPAL_NAME: &str = "userPrincipalName";

/// Among which values one may stand only once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Space {
    /// Names that sign in.
    PrincipalName,
    /// Mail addresses, of any type of object.
    Address,
    /// Names of groups that have mail.
    Nickname,
    /// Client IDs of service principals.
    AppId,
    /// What applications are known by to those who ask for tokens.
    IdentifierUri,
    /// Names that people chose for applications and groups.
    UniqueName,
}

/// The properties that hold unique values: types, property, space.
const CLAIMS: [(&[TypeId], &str, Space); 8] = [
    (&[TypeId::User], "userPrincipalName", Space::PrincipalName),
    (&[TypeId::User, TypeId::Group, TypeId::OrgContact], "proxyAddresses", Space::Address),
    (&[TypeId::User, TypeId::Group, TypeId::OrgContact], "mail", Space::Address),
    (&[TypeId::Group], "mailNickname", Space::Nickname),
    (&[TypeId::ServicePrincipal], "appId", Space::AppId),
    (&[TypeId::Application], "identifierUris", Space::IdentifierUri),
    (&[TypeId::Application], "uniqueName", Space::UniqueName),
    (&[TypeId::Group], "uniqueName", Space::UniqueName),
];

type Claim = (Space, String);

/// What holds a claim.
#[derive(Debug, Clone)]
pub(super) struct Holder {
    object: PlanObject,
    property: &'static str,
    space: Space,
    value: String,
}

/// What an object claims that is to be brought back.
#[derive(Debug)]
pub(super) enum Contest {
    /// Nothing that this plan does not move out of the way.
    Yields(Vec<Holder>),
    /// Another object holds a claim and keeps it: the reason, and what a restore can be sent so that it works all the same.
    Held(String, Option<Detour>),
}

/// How a restore works although its names are taken.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Detour {
    /// The name it is restored under; none when its own is free.
    name: Option<String>,
}

impl Detour {
    /// The body of the restore.
    pub(super) fn body(&self) -> Value {
        let mut body = json!({ "autoReconcileProxyConflict": true });
        if let Some(name) = &self.name {
            body["newUserPrincipalName"] = json!(name);
        }
        body
    }

    /// What people should know of it.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = vec!["comes back without the addresses that others took".to_owned()];
        let name = self.name.iter();
        notes.extend(name.map(|name| format!("comes back as {name}: its own name is taken")));
        notes
    }
}

/// An object that is to come back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claimant<'o> {
    pub(super) object: &'o PlanObject,
    /// From its bin, and not made again.
    pub(super) is_restored: bool,
}

/// Live objects that hold what others claim: each with the index of who claims it.
pub(super) type Held = Vec<(Holder, usize)>;

/// Who holds what objects claim that are to come back, in the order of the claims.
pub(super) fn holders_of(lookup: &mut Lookup, claimants: &[Claimant<'_>]) -> Result<Held> {
    let mut claims: BTreeMap<Claim, Vec<usize>> = BTreeMap::new();
    for (index, claimant) in claimants.iter().enumerate() {
        let attributes = returning_attributes(lookup, claimant)?;
        for claim in claims_of(&claimant.object.type_token, &attributes) {
            claims.entry(claim).or_default().push(index);
        }
    }
    let holders = holders(&lookup.newest, &claims)?;
    let ids: BTreeSet<&str> = holders.values().map(|holder| holder.object.id.as_str()).collect();
    lookup.learn(&ids)?;
    let mut held = Held::new();
    for (claim, mut holder) in holders {
        holder.object = lookup.shown(&holder.object.id);
        let others = claims[&claim].iter().filter(|index| claimants[**index].object.id != holder.object.id);
        held.extend(others.map(|index| (holder.clone(), *index)));
    }
    Ok(held)
}

/// The contest of each object that is to be brought back, by ID.
pub(super) fn contests(
    facts: &Facts<'_>,
    claimants: &[Claimant<'_>],
    held: Held,
    picked: &[Picked],
) -> HashMap<String, Contest> {
    let mut contests = HashMap::new();
    for (holder, index) in held {
        let claimant = claimants[index];
        let contest = contests.entry(claimant.object.id.clone());
        let contest = contest.or_insert_with(|| Contest::Yields(Vec::new()));
        add_holder(facts, contest, claimant, holder, picked);
    }
    contests
}

/// An object as it will be when it is back.
fn returning_attributes(lookup: &Lookup, claimant: &Claimant<'_>) -> Result<Attributes> {
    let PlanObject { type_token, id, .. } = claimant.object;
    let sides = [&lookup.newest, &lookup.to, &lookup.from];
    for side in if claimant.is_restored { &sides[..] } else { &sides[2..] } {
        if let Some(attributes) = lookup::attributes(side, type_token, id)? {
            return Ok(attributes);
        }
    }
    Ok(Attributes::new())
}

fn add_holder(
    facts: &Facts<'_>,
    contest: &mut Contest,
    claimant: Claimant<'_>,
    holder: Holder,
    picked: &[Picked],
) {
    let of_holder = picked.iter().find(|picked| picked.id == holder.object.id);
    let came = of_holder.filter(|picked| {
        picked.has_presence && matches!(picked.change.kind, ChangeKind::Added | ChangeKind::Restored)
    });
    let is_going =
        came.is_some_and(|picked| matches!(deletion(facts, picked), Deletion::Step(StepKind::SoftDelete, _)));
    if is_going || of_holder.is_some_and(|picked| gives_up(picked, &holder)) {
        if let Contest::Yields(holders) = contest {
            holders.push(holder);
        }
        return;
    }
    let (reason, detour) = refusal(claimant, holder, came.is_some());
    *contest = match (std::mem::replace(contest, Contest::Yields(Vec::new())), detour) {
        (Contest::Held(earlier, Some(before)), Some(detour)) => {
            Contest::Held(earlier, Some(Detour { name: before.name.or(detour.name) }))
        }
        (Contest::Held(earlier, _), _) => Contest::Held(earlier, None),
        (_, detour) => Contest::Held(reason, detour),
    };
}

/// Why an object cannot come back while another holds what it claims, and how it could all the same.
fn refusal(claimant: Claimant<'_>, holder: Holder, has_come: bool) -> (String, Option<Detour>) {
    let Holder { object, property, value, space } = holder;
    let name = if object.display_name.is_empty() { &object.id } else { &object.display_name };
    let help = if has_come { "; it was not there: the option softDelete moves it away first" } else { "" };
    let is_name = matches!(space, Space::PrincipalName | Space::Address);
    let can_detour = claimant.is_restored && claimant.object.type_token == TypeId::User && is_name;
    let hint = if can_detour && help.is_empty() { "; the option reconcile restores it without" } else { "" };
    let reason = format!("its {property} {value} is held by {name} ({}){help}{hint}", object.id);
    let new_name =
        (space == Space::PrincipalName).then(|| spare_name(&value, &claimant.object.id, "restored"));
    (reason, can_detour.then_some(Detour { name: new_name }))
}

/// Lets the return of an object wait for the steps that release its unique values.
pub(super) fn order_holders(drafts: &mut [Draft], back: DraftId, holders: &[Holder]) {
    for holder in holders {
        let Some(first) = releasing_step(drafts, holder) else { continue };
        let (returned, phase) = (drafts[back].object.clone(), drafts[back].phase);
        bring_forward(drafts, first, phase);
        drafts[back].depends_on.insert(first);
        let draft = &mut drafts[first];
        if draft.kind == StepKind::SoftDelete {
            draft.notes.push(format!(
                "goes first, because it holds the {} of {} ({}): if that cannot be brought back, restore this one",
                holder.property, returned.display_name, returned.id
            ));
        }
    }
}

/// The step after which a holder does not hold its claim any more.
fn releasing_step(drafts: &[Draft], holder: &Holder) -> Option<DraftId> {
    drafts.iter().position(|draft| {
        let is_own = draft.object.id == holder.object.id;
        let writes = draft.kind == StepKind::Update && draft.after.contains_key(holder.property);
        is_own && (draft.kind == StepKind::SoftDelete || writes)
    })
}

/// Lets a step, and what it waits for, be done in an earlier phase.
fn bring_forward(drafts: &mut [Draft], step: DraftId, phase: Phase) {
    let mut open = vec![step];
    while let Some(step) = open.pop() {
        let draft = &mut drafts[step];
        if draft.phase > phase {
            draft.phase = phase;
            open.extend(draft.depends_on.iter().copied());
        }
    }
}

/// Orders updates of sign-in names: the update that releases a name is before the one that takes it, and of users who swap
/// names one takes a temporary name.
pub(super) fn order_names(drafts: &mut Vec<Draft>, lookup: &Lookup) -> Result<()> {
    let mut updates: BTreeMap<String, DraftId> = BTreeMap::new();
    for (index, draft) in drafts.iter().enumerate() {
        if draft.kind == StepKind::Update
            && draft.object.type_token == TypeId::User
            && draft.after.contains_key(PRINCIPAL_NAME)
        {
            updates.insert(draft.object.id.clone(), index);
        }
    }
    let mut claims: BTreeMap<Claim, Vec<usize>> = BTreeMap::new();
    for index in updates.values() {
        let wanted = principal_name(&drafts[*index].after).to_lowercase();
        claims.entry((Space::PrincipalName, wanted)).or_default().push(*index);
    }
    // What each waits for.
    let mut waits: BTreeMap<DraftId, DraftId> = BTreeMap::new();
    for (claim, holder) in holders(&lookup.newest, &claims)? {
        for index in &claims[&claim] {
            if drafts[*index].object.id == holder.object.id {
                continue;
            }
            let first = updates.get(&holder.object.id).copied().or_else(|| releasing_step(drafts, &holder));
            if let Some(first) = first {
                waits.insert(*index, first);
            } else {
                let note = format!("Graph refuses it while {} has this name", holder.object.id);
                drafts[*index].notes.push(note);
            }
        }
    }
    break_swaps(drafts, &mut waits);
    for (index, first) in waits {
        let phase = drafts[index].phase;
        bring_forward(drafts, first, phase);
        drafts[index].depends_on.insert(first);
    }
    Ok(())
}

fn principal_name(side: &Named) -> &str {
    side.get(PRINCIPAL_NAME).and_then(Value::as_str).unwrap_or_default()
}

/// Breaks circles of updates that wait for each other: one takes a temporary name first, and the last waits for that.
fn break_swaps(drafts: &mut Vec<Draft>, waits: &mut BTreeMap<DraftId, DraftId>) {
    let waiting: Vec<DraftId> = waits.keys().copied().collect();
    for index in waiting {
        let (mut last, mut count) = (index, 0);
        let closes = loop {
            match waits.get(&last) {
                Some(next) if *next == index => break true,
                Some(next) if count <= waits.len() => (last, count) = (*next, count + 1),
                _ => break false,
            }
        };
        if !closes {
            continue;
        }
        let aside = step_aside(&mut drafts[index]);
        drafts.push(aside);
        let aside = drafts.len() - 1;
        waits.insert(last, aside);
        drafts[index].depends_on.insert(aside);
    }
}

/// The update that gives a user another name for a while, before an update of the name.
fn step_aside(draft: &mut Draft) -> Draft {
    let object = draft.object.clone();
    let spare = json!(spare_name(principal_name(&draft.before), &object.id, "moving"));
    let standing = draft.before.insert(PRINCIPAL_NAME.to_owned(), spare.clone()).unwrap_or_default();
    let resource = TypeId::User.info();
    let request = request(resource, resource.recovery.update, filled(resource.graph.get, &object.id));
    let wanted = Wanted { before: standing.clone(), after: spare };
    let mut aside =
        update_draft(resource, &object, request, WantedMap::from([(PRINCIPAL_NAME.to_owned(), wanted)]));
    aside.notes.push(format!(
        "for a while, because names are swapped; if a later step fails, give it {standing} back"
    ));
    aside
}

/// Whether undoing a change takes from a holder what it holds.
fn gives_up(picked: &Picked, holder: &Holder) -> bool {
    let is_it = |index: &&usize| *picked.change.attributes[**index].name == *holder.property;
    let Some(index) = picked.attributes.iter().find(is_it) else { return false };
    let writing = picked.resource().map(|resource| property::writing(resource, holder.property));
    if !matches!(writing, Some(Writing::Update | Writing::Alone)) {
        return false;
    }
    let wanted = decoded(picked.change.attributes[*index].from.as_deref());
    !values_of(holder.property, &wanted).contains(&holder.value)
}

/// The claims of an object.
fn claims_of(token: &str, attributes: &Attributes) -> BTreeSet<Claim> {
    let of_type = CLAIMS.iter().filter(|(types, ..)| types.iter().any(|id| token == *id));
    let claims = of_type.filter(|(_, _, space)| *space != Space::Nickname || has_mail(attributes));
    claims
        .flat_map(|(_, property, space)| {
            let value = attributes.get(*property).unwrap_or(&Value::Null);
            values_of(property, value).into_iter().map(|value| (*space, value))
        })
        .collect()
}

fn has_mail(attributes: &Attributes) -> bool {
    attributes.get("mailEnabled") == Some(&Value::Bool(true))
}

/// The values of a property, as they are compared.
fn values_of(property: &str, value: &Value) -> Vec<String> {
    let texts: Vec<&str> = match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let lower = texts.into_iter().filter(|text| !text.is_empty()).map(str::to_lowercase);
    lower.map(|text| if property == "mail" { format!("smtp:{text}") } else { text }).collect()
}

/// The live objects that have what is claimed; each claim has one holder at most.
fn holders(snapshot: &Snapshot, claims: &BTreeMap<Claim, Vec<usize>>) -> Result<BTreeMap<Claim, Holder>> {
    let mut found = BTreeMap::new();
    let spaces: BTreeSet<Space> = claims.keys().map(|(space, _)| *space).collect();
    for (types, property, space) in CLAIMS.iter().filter(|(_, _, space)| spaces.contains(space)) {
        for token in types.iter().map(|id| id.token()) {
            let scan = snapshot.scan(token);
            let rows = scan.live()?;
            let cells = scan.cells(Columns::Core, property, &rows.versions)?;
            for (row, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                for value in values_of(property, &engine::scan::decode(cell)) {
                    let claim = (*space, value);
                    if !claims.contains_key(&claim) {
                        continue;
                    }
                    let id = scan.ids(&[rows.ordinals[row]])?;
                    let id = String::from_utf8_lossy(id.get(0)).into_owned();
                    if *space == Space::Nickname
                        && !lookup::attributes(snapshot, token, &id)?.is_some_and(|found| has_mail(&found))
                    {
                        continue;
                    }
                    let object = PlanObject { id, type_token: token.to_owned(), display_name: String::new() };
                    let holder = Holder { object, property, space: *space, value: claim.1.clone() };
                    found.insert(claim, holder);
                }
            }
        }
    }
    Ok(found)
}

/// A free name similar to another.
fn spare_name(name: &str, id: &str, why: &str) -> String {
    let (local, domain) = name.split_once('@').unwrap_or((name, ""));
    let mark: String = id.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    format!("{local}.{why}-{mark}@{domain}")
}
