//! Owns what two objects may not have both: whoever holds it now goes or gives it up before what comes back, or the plan says
//! why that cannot come back.
//!
//! Shape: a claim is a value in a space, such as a name that signs in, or an address; what comes back claims what it had, and
//! a live object that has it holds it.
//!
//! Invariants
//! 1. Nothing is restored while somebody else holds what it claims: Graph refuses that.
//! 2. A holder goes first only into a bin, and says so: should the restore fail all the same, it can be brought back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use engine::scan::Space as Columns;
use engine::{ChangeKind, Snapshot};
use serde_json::{Value, json};

use super::draft::{Draft, DraftId};
use super::lookup::{self, Attributes};
use super::make::{Picked, Planner};
use super::property::{self, Writing};
use super::returns::Returning;
use super::update::{Wanted, WantedMap, filled, request};
use super::{Named, Phase, PlanObject, StepKind};
use crate::plan::Result;
use crate::resource;

/// Among which values one may stand only once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Space {
    /// Names that sign in.
    PrincipalName,
    /// Addresses of mail, whoever has them.
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

/// Which property of which types stands in which space.
const CLAIMS: [(&[&str], &str, Space); 8] = [
    (&["user"], "userPrincipalName", Space::PrincipalName),
    (&["user", "group", "orgContact"], "proxyAddresses", Space::Address),
    (&["user", "group", "orgContact"], "mail", Space::Address),
    (&["group"], "mailNickname", Space::Nickname),
    (&["servicePrincipal"], "appId", Space::AppId),
    (&["application"], "identifierUris", Space::IdentifierUri),
    (&["application"], "uniqueName", Space::UniqueName),
    (&["group"], "uniqueName", Space::UniqueName),
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

/// What stands in the way of an object that is to come back.
#[derive(Debug)]
pub(super) enum Contest {
    /// Nothing that this plan does not move out of the way.
    Yields(Vec<Holder>),
    /// Somebody holds what it claims, and keeps it: the reason, and what a restore can be told so that it works all the same.
    Held(String, Option<Detour>),
}

/// How a restore works although its names are taken.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Detour {
    /// The name it comes back under; none when its own is free.
    name: Option<String>,
}

impl Detour {
    /// What the restore is told.
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

impl Planner {
    /// What stands in the way of each object that is to come back, by ID.
    pub(super) fn contests(
        &mut self,
        returning: &[Returning],
        picked: &[Picked],
    ) -> Result<HashMap<String, Contest>> {
        let mut claims: BTreeMap<Claim, Vec<usize>> = BTreeMap::new();
        for (place, returning) in returning.iter().enumerate() {
            let attributes = self.coming(returning)?;
            for claim in claims_of(&returning.object.type_token, &attributes) {
                claims.entry(claim).or_default().push(place);
            }
        }
        let holders = holders(&self.lookup.newest, &claims)?;
        let ids: BTreeSet<&str> = holders.values().map(|holder| holder.object.id.as_str()).collect();
        self.lookup.learn(&ids)?;
        let mut contests = HashMap::new();
        for (claim, mut holder) in holders {
            holder.object = self.lookup.shown(&holder.object.id);
            for place in &claims[&claim] {
                let object = &returning[*place].object;
                if object.id != holder.object.id {
                    let contest = contests.entry(object.id.clone());
                    let contest = contest.or_insert_with(|| Contest::Yields(Vec::new()));
                    self.add_holder(contest, &returning[*place], holder.clone(), picked);
                }
            }
        }
        Ok(contests)
    }

    /// An object as it will be when it is back.
    fn coming(&self, returning: &Returning) -> Result<Attributes> {
        let (token, id) = (&returning.resource.token, &returning.object.id);
        let sides = [&self.lookup.newest, &self.lookup.to, &self.lookup.from];
        let sides = if returning.bin.is_some() { &sides[..] } else { &sides[2..] };
        for side in sides {
            if let Some(attributes) = lookup::attributes(side, token, id)? {
                return Ok(attributes);
            }
        }
        Ok(Attributes::new())
    }

    fn add_holder(&self, contest: &mut Contest, returning: &Returning, holder: Holder, picked: &[Picked]) {
        let of_holder = picked.iter().find(|picked| picked.id == holder.object.id);
        let came = of_holder.filter(|picked| {
            picked.has_presence && matches!(picked.change.kind, ChangeKind::Added | ChangeKind::Restored)
        });
        let is_going =
            came.is_some_and(|picked| matches!(self.removal_kind(picked), Ok((StepKind::SoftDelete, _))));
        let gives_up = of_holder.is_some_and(|picked| gives_up(picked, &holder));
        if is_going || gives_up {
            if let Contest::Yields(holders) = contest {
                holders.push(holder);
            }
            return;
        }
        let Holder { object, property, value, space } = holder;
        let name = if object.display_name.is_empty() { &object.id } else { &object.display_name };
        let help =
            if came.is_some() { "; it was not there: the option softDelete moves it away first" } else { "" };
        let is_name = matches!(space, Space::PrincipalName | Space::Address);
        let can_detour = returning.bin.is_some() && returning.object.type_token == "user" && is_name;
        let hint =
            if can_detour && help.is_empty() { "; the option reconcile restores it without" } else { "" };
        let reason = format!("its {property} {value} is held by {name} ({}){help}{hint}", object.id);
        let new_name =
            (space == Space::PrincipalName).then(|| spare_name(&value, &returning.object.id, "restored"));
        let detour = can_detour.then_some(Detour { name: new_name });
        *contest = match (std::mem::replace(contest, Contest::Yields(Vec::new())), detour) {
            (Contest::Held(earlier, Some(before)), Some(detour)) => {
                Contest::Held(earlier, Some(Detour { name: before.name.or(detour.name) }))
            }
            (Contest::Held(earlier, _), _) => Contest::Held(earlier, None),
            (_, detour) => Contest::Held(reason, detour),
        };
    }

    /// Lets what comes back wait for what holds its names now.
    pub(super) fn order_claims(&mut self, yields: &[(DraftId, Vec<Holder>)]) {
        for (back, holders) in yields {
            for holder in holders {
                let Some(first) = self.way_out(holder) else { continue };
                let returned = self.drafts.list[*back].object.clone();
                let phase = self.drafts.list[*back].phase;
                self.bring_forward(first, phase);
                self.drafts.list[*back].depends_on.insert(first);
                let draft = &mut self.drafts.list[first];
                if draft.kind == StepKind::SoftDelete {
                    draft.notes.push(format!(
                        "goes first, because it holds the {} of {} ({}): if that cannot be brought back, restore this one",
                        holder.property, returned.display_name, returned.id
                    ));
                }
            }
        }
    }

    /// The step after which a holder does not hold its claim any more.
    fn way_out(&self, holder: &Holder) -> Option<DraftId> {
        let mut drafts = self.drafts.list.iter().enumerate();
        let found = drafts.find(|(_, draft)| {
            let is_own = draft.object.id == holder.object.id;
            let writes = draft.kind == StepKind::Update && draft.after.contains_key(holder.property);
            is_own && (draft.kind == StepKind::SoftDelete || writes)
        });
        found.map(|(place, _)| place)
    }

    /// Lets a step, and what it waits for, be done in an earlier phase.
    fn bring_forward(&mut self, step: DraftId, phase: Phase) {
        let mut open = vec![step];
        while let Some(step) = open.pop() {
            let draft = &mut self.drafts.list[step];
            if draft.phase > phase {
                draft.phase = phase;
                open.extend(draft.depends_on.iter().copied());
            }
        }
    }

    /// Orders updates of names that sign in: who gives a name up goes before who takes it, and of those who swap names one
    /// takes another for a while.
    pub(super) fn order_names(&mut self) -> Result<()> {
        const NAME: &str = "userPrincipalName";
        let mut updates: BTreeMap<String, DraftId> = BTreeMap::new();
        for (place, draft) in self.drafts.list.iter().enumerate() {
            if draft.kind == StepKind::Update
                && draft.object.type_token == "user"
                && draft.after.contains_key(NAME)
            {
                updates.insert(draft.object.id.clone(), place);
            }
        }
        let name = |draft: &Draft, side: fn(&Draft) -> &Named| {
            side(draft).get(NAME).and_then(Value::as_str).unwrap_or_default().to_lowercase()
        };
        let mut claims: BTreeMap<Claim, Vec<usize>> = BTreeMap::new();
        for place in updates.values() {
            let wanted = name(&self.drafts.list[*place], |draft| &draft.after);
            claims.entry((Space::PrincipalName, wanted)).or_default().push(*place);
        }
        let holders = holders(&self.lookup.newest, &claims)?;
        // Whom each waits for.
        let mut waits: BTreeMap<DraftId, DraftId> = BTreeMap::new();
        for (claim, holder) in holders {
            for place in &claims[&claim] {
                let own = self.drafts.list[*place].object.id == holder.object.id;
                let first = updates.get(&holder.object.id).copied().or_else(|| self.way_out(&holder));
                match first.filter(|_| !own) {
                    Some(first) => _ = waits.insert(*place, first),
                    None if own => {}
                    None => {
                        let note = format!("Graph refuses it while {} has this name", holder.object.id);
                        self.drafts.list[*place].notes.push(note);
                    }
                }
            }
        }
        self.break_swaps(&mut waits);
        for (place, first) in waits {
            let phase = self.drafts.list[place].phase;
            self.bring_forward(first, phase);
            self.drafts.list[place].depends_on.insert(first);
        }
        Ok(())
    }

    /// Who waits, in the end, for itself takes another name first, and the last of the others waits for that.
    fn break_swaps(&mut self, waits: &mut BTreeMap<DraftId, DraftId>) {
        let places: Vec<DraftId> = waits.keys().copied().collect();
        for place in places {
            let (mut last, mut count) = (place, 0);
            let closes = loop {
                match waits.get(&last) {
                    Some(next) if *next == place => break true,
                    Some(next) if count <= waits.len() => (last, count) = (*next, count + 1),
                    _ => break false,
                }
            };
            if !closes {
                continue;
            }
            let aside = self.step_aside(place);
            waits.insert(last, aside);
            self.drafts.list[place].depends_on.insert(aside);
        }
    }

    /// Drafts the update that gives a user another name for a while.
    fn step_aside(&mut self, place: DraftId) -> DraftId {
        const NAME: &str = "userPrincipalName";
        let object = self.drafts.list[place].object.clone();
        let standing = self.drafts.list[place].before.get(NAME).cloned().unwrap_or_default();
        let spare = json!(spare_name(standing.as_str().unwrap_or_default(), &object.id, "moving"));
        self.drafts.list[place].before.insert(NAME.to_owned(), spare.clone());
        let resource = resource::by_token("user").expect("the table has users");
        let request = request(resource, resource.recovery.update, filled(resource.graph.get, &object.id));
        let wanted = WantedMap::from([(NAME.to_owned(), Wanted { before: standing.clone(), after: spare })]);
        let step = self.add_update(resource, &object, request, wanted);
        let note =
            format!("for a while, because names are swapped; if a later step fails, give it {standing} back");
        self.drafts.list[step].notes.push(note);
        step
    }
}

/// Whether undoing a change takes from a holder what it holds.
fn gives_up(picked: &Picked, holder: &Holder) -> bool {
    let is_it = |place: &&usize| *picked.change.attributes[**place].name == *holder.property;
    let Some(place) = picked.attributes.iter().find(is_it) else { return false };
    let resource = resource::by_token(&picked.change.type_token);
    let writing = resource.map(|resource| property::writing(resource, holder.property));
    if !matches!(writing, Some(Writing::Update | Writing::Alone)) {
        return false;
    }
    let wanted = super::update::decoded(picked.change.attributes[*place].from.as_deref());
    !values_of(holder.property, &wanted).contains(&holder.value)
}

/// The claims of an object.
fn claims_of(token: &str, attributes: &Attributes) -> BTreeSet<Claim> {
    let of_type = CLAIMS.iter().filter(|(tokens, ..)| tokens.contains(&token));
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
    for (tokens, property, space) in CLAIMS.iter().filter(|(_, _, space)| spaces.contains(space)) {
        for token in *tokens {
            let scan = snapshot.scan(token);
            let rows = scan.live()?;
            let cells = scan.cells(Columns::Core, property, &rows.versions)?;
            for (place, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                for value in values_of(property, &engine::scan::decode(cell)) {
                    let claim = (*space, value);
                    if !claims.contains_key(&claim) {
                        continue;
                    }
                    let id = scan.ids(&[rows.ordinals[place]])?;
                    let id = String::from_utf8_lossy(id.get(0)).into_owned();
                    if *space == Space::Nickname
                        && !lookup::attributes(snapshot, token, &id)?.is_some_and(|found| has_mail(&found))
                    {
                        continue;
                    }
                    let object =
                        PlanObject { id, type_token: (*token).to_owned(), display_name: String::new() };
                    let holder = Holder { object, property, space: *space, value: claim.1.clone() };
                    found.insert(claim, holder);
                }
            }
        }
    }
    Ok(found)
}

/// A name beside another that nobody has.
fn spare_name(name: &str, id: &str, why: &str) -> String {
    let (local, domain) = name.split_once('@').unwrap_or((name, ""));
    let mark: String = id.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    format!("{local}.{why}-{mark}@{domain}")
}
