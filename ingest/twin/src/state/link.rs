//! Owns links: which relations there are, their targets and sources, and the same link in the records of both ends.

use engine::schema::TypeId;

use super::{Handle, State};
use crate::resource::Kind;

/// A relation between two objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Relation(u8);

/// The facts about a relation.
struct Row {
    name: &'static str,
    /// Whether there is one target at most.
    to_one: bool,
    /// The property of a relation object that holds the target's ID; such links are not served as links.
    property: Option<&'static str>,
}

const fn many(name: &'static str) -> Row {
    Row { name, to_one: false, property: None }
}

const fn one(name: &'static str) -> Row {
    Row { name, to_one: true, property: None }
}

const fn reference(name: &'static str, property: &'static str) -> Row {
    Row { name, to_one: true, property: Some(property) }
}

const ROWS: &[Row] = &[
    many("members"),
    many("owners"),
    one("manager"),
    many("sponsors"),
    many("registeredOwners"),
    many("registeredUsers"),
    many("claimsMappingPolicies"),
    many("homeRealmDiscoveryPolicies"),
    many("tokenLifetimePolicies"),
    many("tokenIssuancePolicies"),
    many("appManagementPolicies"),
    many("incompatibleGroups"),
    many("incompatibleAccessPackages"),
    many("internalSponsors"),
    many("externalSponsors"),
    many("appliesTo"),
    many("scopedRoleMembers"),
    reference("principal", "principalId"),
    reference("resource", "resourceId"),
    reference("client", "clientId"),
    reference("roleDefinition", "roleDefinitionId"),
];

impl Relation {
    /// The members of groups, roles and units.
    pub(crate) const MEMBERS: Self = Self(0);
    /// The owners of an object.
    pub(crate) const OWNERS: Self = Self(1);
    /// The manager of a user.
    pub(crate) const MANAGER: Self = Self(2);

    /// Finds a relation by its Graph name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let index = ROWS.iter().position(|row| row.name == name)?;
        u8::try_from(index).ok().map(Self)
    }

    /// Walks over the relations that are properties of relation objects.
    pub(crate) fn references() -> impl Iterator<Item = (Self, &'static str)> {
        ROWS.iter().filter_map(|row| Some((Self::from_name(row.name)?, row.property?)))
    }

    /// Gives the name.
    pub(crate) fn name(self) -> &'static str {
        ROWS[usize::from(self.0)].name
    }

    /// Says whether there is one target at most.
    pub(crate) fn is_to_one(self) -> bool {
        ROWS[usize::from(self.0)].to_one
    }

    /// Says whether it is a property of a relation object.
    pub(crate) fn is_reference(self) -> bool {
        ROWS[usize::from(self.0)].property.is_some()
    }
}

impl State {
    /// Gives the targets of a relation, deleted ones included.
    pub(crate) fn targets(&self, source: Handle, relation: Relation) -> &[Handle] {
        let links = &self.record(source).links;
        links.iter().find(|(found, _)| *found == relation).map_or(&[], |(_, targets)| targets)
    }

    /// Walks over the targets of a relation that are live.
    pub(crate) fn live_targets(
        &self,
        source: Handle,
        relation: Relation,
    ) -> impl Iterator<Item = Handle> + '_ {
        self.targets(source, relation).iter().copied().filter(|&target| self.is_live(target))
    }

    /// Walks over the live objects of a type that point to an object.
    pub(crate) fn sources(
        &self,
        target: Handle,
        relation: Relation,
        kind: Option<Kind>,
    ) -> impl Iterator<Item = Handle> + '_ {
        let incoming = self.record(target).incoming.iter();
        incoming
            .filter(move |(found, source)| {
                *found == relation && kind.is_none_or(|kind| self.record(*source).kind == kind)
            })
            .map(|(_, source)| *source)
            .filter(|&source| self.is_live(source))
    }

    /// Adds a link without an entry in the log; false when there is one.
    pub(super) fn attach(&mut self, source: Handle, relation: Relation, target: Handle) -> bool {
        let links = &mut self.records[source as usize].links;
        match links.iter_mut().find(|(found, _)| *found == relation) {
            Some((_, targets)) if targets.contains(&target) => return false,
            Some((_, targets)) => targets.push(target),
            None => links.push((relation, vec![target])),
        }
        self.records[target as usize].incoming.push((relation, source));
        true
    }

    /// Sets all targets of a relation at once; for loading, where the source has none.
    pub(super) fn attach_all(&mut self, source: Handle, relation: Relation, targets: Vec<Handle>) {
        for &target in &targets {
            self.records[target as usize].incoming.push((relation, source));
        }
        self.records[source as usize].links.push((relation, targets));
    }

    /// Removes a link without an entry in the log; false when there is none.
    pub(super) fn detach(&mut self, source: Handle, relation: Relation, target: Handle) -> bool {
        let links = &mut self.records[source as usize].links;
        let Some((_, targets)) = links.iter_mut().find(|(found, _)| *found == relation) else { return false };
        let Some(index) = targets.iter().position(|&found| found == target) else { return false };
        targets.remove(index);
        let incoming = &mut self.records[target as usize].incoming;
        if let Some(index) = incoming.iter().position(|found| *found == (relation, source)) {
            incoming.swap_remove(index);
        }
        true
    }

    /// Links a relation object to the objects whose IDs it has.
    pub(super) fn attach_references(&mut self, handle: Handle) {
        let kind = self.record(handle).kind;
        if !kind.resource().is_relation_object() {
            return;
        }
        for (relation, property) in Relation::references() {
            let target = self.record(handle).body.text(property).and_then(|id| {
                let role = Kind::of(TypeId::RoleDefinition);
                if relation.name() == "roleDefinition" {
                    self.find(role, &id)
                } else {
                    self.find_directory_object(&id)
                }
            });
            if let Some(target) = target {
                self.attach(handle, relation, target);
            }
        }
    }
}

/// Finds the object that a link leads to.
pub(crate) fn find_target(state: &State, relation: Relation, id: &str) -> Option<Handle> {
    if let Some(found) = state.find_directory_object(id) {
        return Some(found);
    }
    let other = match relation.name() {
        "claimsMappingPolicies" => TypeId::ClaimsMappingPolicy,
        "homeRealmDiscoveryPolicies" => TypeId::HomeRealmDiscoveryPolicy,
        "tokenLifetimePolicies" => TypeId::TokenLifetimePolicy,
        "tokenIssuancePolicies" => TypeId::TokenIssuancePolicy,
        "appManagementPolicies" => TypeId::AppManagementPolicy,
        "incompatibleAccessPackages" => TypeId::AccessPackage,
        _ => return None,
    };
    state.find(Kind::of(other), id)
}
