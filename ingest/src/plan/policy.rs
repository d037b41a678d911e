//! Owns when conditional access is switched on: after everything that it excludes has been brought back, and not at all when
//! that failed.
//!
//! A policy that is on while an excluded account or group is missing locks out whom it was made to leave alone.

use std::collections::{BTreeSet, HashMap};

use engine::ObjectKey;
use serde_json::Value;

use super::contain::is_enabled;
use super::draft::{Draft, DraftId};
use super::lookup;
use super::make::Planner;
use super::{StepKind, StepLink};
use crate::plan::Result;

/// The type of policies.
pub(super) const POLICY: &str = "conditionalAccessPolicy";

impl Planner {
    /// Lets each policy that is switched on, or changed while it is on, wait for what it excludes.
    pub(super) fn order_policies(&mut self) -> Result<()> {
        let of_policies = |draft: &Draft| draft.object.type_token == POLICY;
        let places = (0..self.drafts.list.len()).filter(|place| of_policies(&self.drafts.list[*place]));
        let places: Vec<DraftId> = places.collect();
        for place in places {
            let draft = &self.drafts.list[place];
            if !self.may_enforce(draft)? {
                continue;
            }
            let needed = self.needed_by(&self.excluded(draft)?)?;
            if needed.is_empty() {
                continue;
            }
            let draft = &mut self.drafts.list[place];
            let count = draft.depends_on.len();
            draft.depends_on.extend(needed.into_iter().filter(|step| *step != place));
            if draft.depends_on.len() > count {
                let note =
                    "waits for the accounts and groups that it excludes: without them it stays as it is";
                draft.notes.push(note.to_owned());
            }
        }
        Ok(())
    }

    /// Whether a policy enforces something when a step about it is done.
    fn may_enforce(&self, draft: &Draft) -> Result<bool> {
        if let Some(state) = draft.after.get("state") {
            return Ok(is_enabled(state));
        }
        match draft.kind {
            StepKind::Update | StepKind::Restore => {
                Ok(self.policy_value(&draft.object.id, "state")?.is_some_and(|state| is_enabled(&state)))
            }
            _ => Ok(false),
        }
    }

    /// A property of a policy as it stands, or lies in the bin, or was.
    fn policy_value(&self, id: &str, name: &str) -> Result<Option<Value>> {
        for side in [&self.lookup.newest, &self.lookup.to, &self.lookup.from] {
            if let Some(mut attributes) = lookup::attributes(side, POLICY, id)? {
                return Ok(attributes.remove(name));
            }
        }
        Ok(None)
    }

    /// The accounts and groups that a policy excludes when a step about it is done.
    fn excluded(&self, draft: &Draft) -> Result<BTreeSet<String>> {
        let own = self.drafts.list.iter().filter(|other| other.object.id == draft.object.id);
        let written = own.filter_map(|draft| draft.after.get("conditions")).next_back().cloned();
        let conditions = match written {
            Some(conditions) => Some(conditions),
            None => self.policy_value(&draft.object.id, "conditions")?,
        };
        Ok(conditions.map(|conditions| excluded_ids(&conditions)).unwrap_or_default())
    }

    /// The steps that bring some accounts and groups back, members of the groups among them, however deep.
    fn needed_by(&self, excluded: &BTreeSet<String>) -> Result<BTreeSet<DraftId>> {
        let mut joins: HashMap<&str, Vec<DraftId>> = HashMap::new();
        let is_member = |link: &StepLink| link.relation == "members";
        for (place, draft) in self.drafts.list.iter().enumerate() {
            if draft.kind == StepKind::AddLink && draft.links.iter().any(is_member) {
                joins.entry(&draft.object.id).or_default().push(place);
            }
        }
        let mut needed = BTreeSet::new();
        let mut open: Vec<String> = excluded.iter().cloned().collect();
        let mut seen: BTreeSet<String> = excluded.clone();
        while let Some(id) = open.pop() {
            needed.extend(self.drafts.returns.get(&id).copied());
            needed.extend(self.drafts.renames.get(&id).map(|new| new.step));
            let mut inner: Vec<String> = Vec::new();
            for place in joins.get(id.as_str()).into_iter().flatten() {
                needed.insert(*place);
                inner.extend(self.drafts.list[*place].links.iter().map(|link| link.target_id.clone()));
            }
            let key = ObjectKey { type_token: "group".into(), id };
            for side in [&self.lookup.newest, &self.lookup.from] {
                let links = side.object(&key)?.map(|group| group.links).unwrap_or_default();
                let members = links.into_iter().filter(|(relation, _)| **relation == *"members");
                inner.extend(members.flat_map(|(_, targets)| targets));
            }
            open.extend(inner.into_iter().filter(|id| seen.insert(id.clone())));
        }
        Ok(needed)
    }
}

/// The accounts and groups that conditions exclude, by ID.
pub(super) fn excluded_ids(conditions: &Value) -> BTreeSet<String> {
    let users = conditions.get("users").unwrap_or(&Value::Null);
    let lists = ["excludeUsers", "excludeGroups"].map(|name| users.get(name).and_then(Value::as_array));
    let ids = lists.into_iter().flatten().flatten().filter_map(Value::as_str);
    ids.filter(|id| !matches!(*id, "All" | "None" | "GuestsOrExternalUsers")).map(str::to_owned).collect()
}
