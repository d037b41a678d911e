//! Makes a plan: what is chosen of the changes, in which order they are looked at, and what comes out.

use std::collections::{BTreeSet, HashMap, HashSet};

use engine::{Change, ChangeKind, LinkAction, Snapshot, Unread};
use serde_json::Value;

use super::draft::Drafts;
use super::lookup::{self, Known, Lookup, Presence};
use super::relation::{Holding, Schedules};
use super::unique::Holder;
use super::{
    FORMAT_VERSION, Guard, Plan, PlanContext, PlanInput, PlanObject, PlanOptions, PlanPoint, Selection,
    Skipped, Step, Unfixable, cost, guard, update,
};
use crate::plan::{Error, Result};
use crate::resource::{self, Resource};

/// Letters of a plan's ID.
const ID_LETTERS: &[u8; 16] = b"klmnopqrstuvwxyz";

/// A change, and what was chosen of it.
#[derive(Debug)]
pub(super) struct Picked {
    pub(super) change: Change,
    /// The text of its object's ID.
    pub(super) id: String,
    /// Places of the chosen attributes.
    pub(super) attributes: Vec<usize>,
    /// Places of the chosen links.
    pub(super) links: Vec<usize>,
    /// Whether it was chosen that the object came or went.
    pub(super) has_presence: bool,
    /// Whether nothing else was chosen of it, by name.
    pub(super) is_bare: bool,
}

/// A plan in the making.
pub(super) struct Planner {
    pub(super) lookup: Lookup,
    pub(super) options: PlanOptions,
    pub(super) context: PlanContext,
    pub(super) drafts: Drafts,
    pub(super) skipped: Vec<Skipped>,
    pub(super) unfixable: Vec<Unfixable>,
    /// Natural keys of relation objects by Graph's IDs, at the wanted state and at the other.
    pub(super) natural_keys: [HashMap<String, HashMap<String, String>>; 2],
    /// What a step about a role assignment gives or takes: what a directory role lists as its members, and a schedule
    /// without an end, say the same.
    pub(super) assigned: HashSet<Holding>,
    /// Schedules of the wanted state, once they were read.
    pub(super) schedules: Option<Schedules>,
    /// Who has to make room for what comes back, by its ID.
    pub(super) yields: Vec<(String, Vec<Holder>)>,
    /// Names of application roles by their IDs, by resource.
    pub(super) app_roles: HashMap<String, HashMap<String, String>>,
}

/// Makes the plan that undoes changes.
///
/// # Errors
/// `PlanTenant` when the backups are of another tenant; `Store` when they cannot be read.
pub fn make(input: PlanInput) -> Result<Plan> {
    let PlanInput { changes, unread, from, to, live, selection, options, context } = input;
    check_tenant(&context, &to)?;
    let points = [point(&context.from_point, &from), point(&context.to_point, &to)];
    let mut picked = pick(changes, selection.as_ref(), &options);
    picked.sort_by(|a, b| (&a.change.type_token, &a.change.id).cmp(&(&b.change.type_token, &b.change.id)));
    let mut planner = Planner::new(Lookup::new(from, to, live), options, context);
    planner.learn(&picked)?;
    planner.draft(picked)?;
    planner.finish(points, unread)
}

/// The guards that steps raise which come from no difference, over what the newest state holds.
///
/// # Errors
/// `Store` when it cannot be read.
pub fn guards(newest: &Snapshot, steps: &[Step], context: PlanContext) -> Result<Vec<Guard>> {
    let lookup = Lookup::new(newest.clone(), newest.clone(), None);
    let mut planner = Planner::new(lookup, PlanOptions::default(), context);
    let sides = |step: &Step| step.before.values().chain(step.after.values()).cloned().collect::<Vec<_>>();
    let values: Vec<Value> = steps.iter().flat_map(sides).collect();
    let mut ids: BTreeSet<&str> = values.iter().filter_map(Value::as_str).collect();
    ids.extend(steps.iter().map(|step| step.object.id.as_str()));
    ids.extend(steps.iter().flat_map(|step| &step.links).map(|link| link.target_id.as_str()));
    planner.lookup.learn(&ids)?;
    planner.learn_guarded()?;
    guard::find(&planner, steps)
}

/// Backups that hold the organization say whose they are.
fn check_tenant(context: &PlanContext, to: &Snapshot) -> Result<()> {
    for object in to.objects("organization")? {
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

/// The chosen changes.
fn pick(changes: Vec<Change>, selection: Option<&Selection>, options: &PlanOptions) -> Vec<Picked> {
    let is_all = options.attributes.is_empty() && options.links.is_empty();
    let has_attribute = |name: &str| {
        let is_named = |wanted: &String| {
            name.strip_prefix(wanted.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        is_all || options.attributes.iter().any(is_named)
    };
    let has_link = |name: &str| is_all || options.links.iter().any(|wanted| wanted == name);
    let mut picked = Vec::with_capacity(changes.len());
    for change in changes {
        let chosen = match selection {
            Some(selection) => match selection.of(&change) {
                Some(chosen) => Some(chosen),
                None => continue,
            },
            None => None,
        };
        let attributes = (0..change.attributes.len()).filter(|place| {
            let name = &change.attributes[*place].name;
            has_attribute(name) && chosen.is_none_or(|chosen| chosen.has_attribute(name))
        });
        let links = (0..change.links.len()).filter(|place| {
            let link = &change.links[*place];
            let is_chosen =
                || chosen.is_none_or(|chosen| chosen.has_link(&link.relation, &link.target_id.to_string()));
            // What ended with an object comes back with it.
            link.cascade.is_none() && has_link(&link.relation) && is_chosen()
        });
        let (attributes, links) = (attributes.collect(), links.collect());
        let has_presence = is_all && chosen.is_none_or(|chosen| chosen.is_whole || chosen.has_presence);
        let is_bare = chosen.is_some_and(super::input::Chosen::is_bare);
        let id = change.id.to_string();
        picked.push(Picked { change, id, attributes, links, has_presence, is_bare });
    }
    picked
}

impl Planner {
    fn new(lookup: Lookup, options: PlanOptions, context: PlanContext) -> Self {
        Self {
            lookup,
            options,
            context,
            drafts: Drafts::default(),
            skipped: Vec::new(),
            unfixable: Vec::new(),
            natural_keys: Default::default(),
            assigned: HashSet::new(),
            schedules: None,
            yields: Vec::new(),
            app_roles: HashMap::new(),
        }
    }

    /// Learns the names of all that is chosen, and what decides how it is written.
    fn learn(&mut self, picked: &[Picked]) -> Result<()> {
        let has_reading = self.lookup.has_reading;
        let objects =
            || picked.iter().filter(|picked| !lookup::is_relation_object(&picked.change.type_token));
        let links = objects().flat_map(|Picked { change, links, .. }| {
            links.iter().map(|place| change.links[*place].target_id.to_string())
        });
        let targets: BTreeSet<String> = links.collect();
        let mut ids: BTreeSet<&str> = targets.iter().map(String::as_str).collect();
        for picked in objects() {
            if has_reading {
                ids.insert(&picked.id);
            } else {
                self.lookup.tell_change(&picked.change);
            }
        }
        self.lookup.learn(&ids)?;
        self.learn_relations(picked)?;
        let linked = |token: &str| {
            let of_type = picked.iter().filter(|picked| &*picked.change.type_token == token);
            of_type.map(|picked| picked.id.as_str()).collect::<BTreeSet<&str>>()
        };
        let mut groups = linked("group");
        groups.extend(ids.iter().filter(|id| self.lookup.is_of(id, "group")));
        let names = ["groupTypes", "isAssignableToRole", "mailEnabled"];
        self.lookup.read_columns("group", &groups, &names)?;
        self.lookup.read_columns("administrativeUnit", &linked("administrativeUnit"), &["membershipType"])?;
        self.lookup.read_columns("directoryRole", &linked("directoryRole"), &["roleTemplateId"])
    }

    /// Learns the names of those whom guards are about, whether a step names them or not.
    fn learn_guarded(&mut self) -> Result<()> {
        let context = self.context.clone();
        let own = [&context.identity.service_principal_id, &context.identity.user_id];
        let ids = context.break_glass.iter().chain(own.into_iter().flatten()).map(String::as_str);
        self.lookup.learn(&ids.collect())
    }

    fn draft(&mut self, picked: Vec<Picked>) -> Result<()> {
        let is_relation = |picked: &&Picked| lookup::is_relation_object(&picked.change.type_token);
        // What comes back decides what links can be made, and what IDs mean.
        self.plan_returns(&picked)?;
        for picked in picked.iter().filter(is_relation) {
            self.plan_relation(picked)?;
        }
        let values = update::read_values(&self.lookup, &picked)?;
        // Each change goes once its steps are there: a plan of everything would be in memory twice.
        for (picked, values) in picked.into_iter().zip(values).filter(|(picked, _)| !is_relation(&picked)) {
            let picked = &picked;
            match picked.change.kind {
                ChangeKind::Updated => {
                    self.plan_update(picked, values)?;
                    self.plan_links(picked);
                }
                ChangeKind::Added | ChangeKind::Restored => self.plan_removal(picked)?,
                ChangeKind::CreatedAndDeleted | ChangeKind::Purged => {
                    let reason = match picked.change.reason {
                        Some(_) => picked.change.reason_text(),
                        None => super::property::UNSUPPORTED.into(),
                    };
                    self.skip(&picked.change, "", reason);
                }
                _ => {}
            }
        }
        self.plan_references()?;
        self.order_returns()?;
        self.order_policies()
    }

    fn finish(mut self, [from, to]: [PlanPoint; 2], unread: Vec<Unread>) -> Result<Plan> {
        let drafts = std::mem::take(&mut self.drafts);
        let steps = drafts.into_steps();
        self.learn_guarded()?;
        let guards = guard::find(&self, &steps)?;
        let permissions = cost::permissions(&steps, &self.lookup);
        let estimate = cost::estimate(&steps, &self.lookup)?;
        self.skipped.sort_by(|a, b| (&a.object, &a.name, &a.reason).cmp(&(&b.object, &b.name, &b.reason)));
        self.skipped.dedup();
        let mut plan = Plan {
            format_version: FORMAT_VERSION,
            plan_id: plan_id(&self.context.seed),
            tenant_id: self.context.tenant_id,
            created_at: self.context.now,
            from,
            to,
            query: self.context.query,
            options: self.options,
            steps,
            skipped: self.skipped,
            unfixable: self.unfixable,
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

    /// Lists a chosen change as one that no step undoes.
    pub(super) fn skip(&mut self, change: &Change, name: &str, reason: impl Into<String>) {
        let object = shown(change);
        self.skipped.push(Skipped { object, name: name.to_owned(), reason: reason.into() });
    }
}

impl Lookup {
    /// Takes over what a change says of its object, unless a newer state may know better.
    fn tell_change(&mut self, change: &Change) {
        let presence = match change.kind {
            ChangeKind::SoftDeleted | ChangeKind::CreatedAndDeleted => Presence::Binned,
            ChangeKind::HardDeleted | ChangeKind::Deleted | ChangeKind::Purged => Presence::Gone,
            _ => Presence::Live,
        };
        let type_token = change.type_token.clone();
        self.tell(
            &change.id.to_string(),
            Known { type_token, name: change.display_name.to_string(), presence },
        );
    }

    /// Whether an object is known to be of a type.
    pub(super) fn is_of(&self, id: &str, token: &str) -> bool {
        self.known(id).is_some_and(|known| &*known.type_token == token)
    }
}

/// The object of a change, as plans show it.
pub(super) fn shown(change: &Change) -> PlanObject {
    PlanObject {
        id: change.id.to_string(),
        type_token: change.type_token.to_string(),
        display_name: change.display_name.to_string(),
    }
}

/// What Graph does with the type of a change.
pub(super) fn resource_of(change: &Change) -> Option<&'static Resource> {
    resource::by_token(&change.type_token)
}

/// Whether undoing the change of a link makes it.
pub(super) fn is_wanted(action: LinkAction) -> bool {
    action == LinkAction::Removed
}

fn plan_id(seed: &[u8; 32]) -> String {
    let hash = blake3::derive_key("entrasnap plan id, version 1", seed);
    let letters = hash[..8].iter().flat_map(|byte| [byte >> 4, byte & 15]);
    letters.map(|four_bits| char::from(ID_LETTERS[usize::from(four_bits)])).collect()
}
