//! Objects that were not there go: into the bin or for good, and only when somebody asked for it.

use engine::ChangeKind;
use serde_json::{Value, json};

use super::contain;
use super::draft::{Draft, DraftId};
use super::lookup::{self, Attributes};
use super::make::{Picked, Planner, resource_of, shown};
use super::property;
use super::update::{Wanted, WantedMap, object_path, request, update_of};
use super::value::written_value;
use super::{Named, Phase, StepKind};
use crate::plan::Result;
use crate::resource::Resource;

/// The order of deletions: what refers to others goes before them. Types that are not named come last but one.
const ORDER: [&str; 3] = ["conditionalAccessPolicy", "servicePrincipal", "application"];

impl Planner {
    /// Plans that an object goes that was not there, or was in the bin.
    pub(super) fn plan_removal(&mut self, picked: &Picked) -> Result<()> {
        let change = &picked.change;
        if !picked.has_presence {
            // Somebody asked for attributes or links of what lies in the bin again when the plan is done.
            if !(picked.attributes.is_empty() && picked.links.is_empty()) {
                self.skip(change, "", "it was in the bin");
            }
            return Ok(());
        }
        match self.removal_kind(picked) {
            Ok((kind, resource)) => {
                let attributes = lookup::attributes(&self.lookup.to, resource.token, &picked.id)?;
                self.remove(resource, picked, kind, &attributes.unwrap_or_default());
            }
            Err(reason) => self.skip(change, "", reason),
        }
        Ok(())
    }

    pub(super) fn removal_kind(&self, picked: &Picked) -> Result<(StepKind, &'static Resource), String> {
        let change = &picked.change;
        let resource = resource_of(change).ok_or(property::UNSUPPORTED)?;
        if change.reason == Some(property::SYNCED) || change.is_unobserved() {
            return Err(change.reason_text().into_owned());
        }
        if resource.token == "device" {
            return Err("devices are never deleted".to_owned());
        }
        if let Some(obstacle) = property::deletion_obstacle(resource) {
            return Err(obstacle.to_owned());
        }
        if self.is_gone(&picked.id) {
            return Err("it is not there any more".to_owned());
        }
        // A federated credential lets somebody in, as a secret does.
        if resource.token == "federatedIdentityCredential" {
            return Ok((StepKind::RemoveLink, resource));
        }
        match (resource.graph.bin.is_some(), change.kind) {
            (true, _) if self.options.soft_delete => Ok((StepKind::SoftDelete, resource)),
            (true, ChangeKind::Restored) => Err("it was in the bin; needs the option softDelete".to_owned()),
            (true, _) => Err("it was not there; needs the option softDelete".to_owned()),
            (false, _) if self.options.hard_delete => Ok((StepKind::HardDelete, resource)),
            (false, _) => Err("no bin; needs the option hardDelete".to_owned()),
        }
    }

    fn remove(
        &mut self,
        resource: &'static Resource,
        picked: &Picked,
        kind: StepKind,
        attributes: &Attributes,
    ) {
        let object = shown(&picked.change);
        let path = object_path(resource, &object.id, attributes);
        if path.contains("{parentId}") {
            self.skip(&picked.change, "", "the object it belongs to was not observed");
            return;
        }
        let first = self.make_harmless(resource, picked, attributes);
        let is_credential = kind == StepKind::RemoveLink;
        let phase = if is_credential { Phase::Containment } else { Phase::Deletion };
        let mut draft = Draft::new(kind, phase, object, request(resource, "DELETE", path));
        draft.depends_on.extend(first);
        if kind != StepKind::SoftDelete {
            draft.before = kept_values(resource, attributes);
        }
        self.drafts.add(draft);
    }

    /// What must not take effect any longer, or Graph refuses to delete: a policy that is on, a trusted location.
    fn make_harmless(
        &mut self,
        resource: &'static Resource,
        picked: &Picked,
        attributes: &Attributes,
    ) -> Option<DraftId> {
        let (name, harmless) = match resource.token {
            "conditionalAccessPolicy" if attributes.get("state").is_some_and(contain::is_enabled) => {
                ("state", json!("disabled"))
            }
            "namedLocation" if attributes.get("isTrusted") == Some(&Value::Bool(true)) => {
                ("isTrusted", Value::Bool(false))
            }
            _ => return None,
        };
        let object = shown(&picked.change);
        let request = update_of(resource, &object.id, attributes);
        let before = attributes.get(name).cloned().unwrap_or_default();
        let wanted = WantedMap::from([(name.to_owned(), Wanted { before, after: harmless })]);
        let step = self.add_update(resource, &object, request, wanted);
        if resource.token == "namedLocation" {
            self.drafts.list[step].phase = Phase::Deletion;
        }
        Some(step)
    }

    /// Lets deletions wait for those of what refers to them.
    pub(super) fn order_deletions(&mut self) {
        let rank = |token: &str| ORDER.iter().position(|known| *known == token).unwrap_or(ORDER.len());
        let mut by_rank: Vec<(usize, DraftId)> = Vec::new();
        for (place, draft) in self.drafts.list.iter().enumerate() {
            if matches!(draft.kind, StepKind::SoftDelete | StepKind::HardDelete) {
                by_rank.push((rank(&draft.object.type_token), place));
            }
        }
        let of = |wanted: usize| {
            let found = by_rank.iter().filter(move |(rank, _)| *rank == wanted);
            found.map(|(_, place)| *place).collect::<Vec<_>>()
        };
        // Definitions are refused as long as a policy uses them; policies are few.
        let policies = of(rank("conditionalAccessPolicy"));
        let (principals, applications) = (of(rank("servicePrincipal")), of(rank("application")));
        for (_, place) in by_rank.iter().filter(|(found, _)| *found == ORDER.len()) {
            let token = self.drafts.list[*place].object.type_token.as_str();
            if contain::phase_of_return(token) == Phase::Definitions {
                self.drafts.list[*place].depends_on.extend(&policies);
            }
        }
        // An application takes its service principal along; so that both can be undone, that goes first.
        if let Some(last) = principals.last() {
            for application in applications {
                self.drafts.list[application].depends_on.insert(*last);
            }
        }
    }
}

/// Everything that an object was, as far as a step that makes it again could write it.
pub(super) fn kept_values(resource: &Resource, attributes: &Attributes) -> Named {
    let is_kept =
        |name: &str, value: &Value| !value.is_null() && name != "id" && !name.contains("@odata.context");
    (attributes.iter())
        .filter(|(name, value)| is_kept(name, value))
        .map(|(name, value)| (name.clone(), written_value(resource.token, name, value.clone())))
        .collect()
}
