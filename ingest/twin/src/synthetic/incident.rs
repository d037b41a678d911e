//! Owns one attack on a tenant, and the exact difference it makes.

use super::attribute::policy;
use super::expectation::Expectation;
use super::layout::{Key, ObjectKind};
use super::link::{MemberSequence, PRIVILEGED};
use super::render::application::ROGUE_NAME;
use super::render::user::{SEIZED_DEPARTMENT, SEIZED_TITLE, is_in_sales};
use super::{Snapshot, Tenant};

/// How many members the privileged group loses at most.
const MEMBERS_REMOVED: u32 = 4;
/// How many users are deleted at most.
const USERS_DELETED: usize = 5;

/// An attack on a tenant, on top of what it is on some day.
///
/// The parts that a small tenant has no objects for are left out.
#[derive(Clone, Debug)]
pub struct Incident<'a> {
    snapshot: Snapshot<'a>,
    expectation: Expectation,
    story: Vec<String>,
}

impl<'a> Incident<'a> {
    /// Its name.
    pub const NAME: &'static str = "midnight-intruder";

    /// Adds it to the ordinary changes of a day.
    #[must_use]
    pub fn new(tenant: &'a Tenant, day: u32) -> Self {
        let snapshot = tenant.on(day);
        let mut incident = Self { snapshot, expectation: Expectation::default(), story: Vec::new() };
        // Deletion is first: users in the bin are not renamed as well.
        incident.delete_users();
        incident.rename_sales();
        incident.empty_privileged_group();
        incident.weaken_policy();
        incident.plant_application();
        incident.delete_group();
        incident
    }

    /// Gives the tenant as it is afterwards.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot<'a> {
        &self.snapshot
    }

    /// Says how many things differ from the same day without the incident.
    #[must_use]
    pub fn expectation(&self) -> &Expectation {
        &self.expectation
    }

    /// Describes it in words, one sentence for each act.
    #[must_use]
    pub fn describe(&self) -> Vec<String> {
        self.story.clone()
    }

    fn id(&self, key: Key) -> String {
        self.snapshot.layout.id(key.kind, key.index).to_string()
    }

    /// Counts one more changed object.
    fn changed(&mut self, kind: ObjectKind, paths: &[&'static str]) {
        self.expectation.changed += 1;
        self.expectation.attributes_changed_in += u64::from(!paths.is_empty());
        for path in paths {
            self.expectation.attribute_changes += 1;
            *self.expectation.by_attribute.entry((kind.token(), path)).or_default() += 1;
        }
    }

    /// Finds a live object that nothing points to.
    fn unlinked(&self, kind: ObjectKind) -> impl Iterator<Item = Key> + '_ {
        let stable = self.snapshot.layout.stable(kind);
        self.snapshot.live_keys_of(kind).filter(move |key| key.index >= stable)
    }

    fn delete_users(&mut self) {
        let day = self.snapshot.state.day;
        let users: Vec<_> = self.unlinked(ObjectKind::User).take(USERS_DELETED).collect();
        for key in &users {
            self.snapshot.state.history_mut(*key).deleted = Some(day);
        }
        let count = users.len() as u64;
        self.expectation.removed += count;
        self.expectation.soft_deleted += count;
        if count > 0 {
            self.story.push(format!("moved {count} users to the bin"));
        }
    }

    fn rename_sales(&mut self) {
        let users: Vec<_> = self
            .snapshot
            .live_keys_of(ObjectKind::User)
            .filter(|key| is_in_sales(&self.snapshot.draft(*key)))
            .collect();
        for key in &users {
            self.snapshot.state.history_mut(*key).hostile = Some(key.index);
            self.changed(ObjectKind::User, &["department", "jobTitle"]);
        }
        if !users.is_empty() {
            self.story.push(format!(
                "changed all {} users of the department Sales to department {SEIZED_DEPARTMENT}, \
                 job title {SEIZED_TITLE}",
                users.len()
            ));
        }
    }

    fn empty_privileged_group(&mut self) {
        let key = Key { kind: ObjectKind::Group, index: PRIVILEGED };
        // A later group is among those without links, of which one is deleted.
        if PRIVILEGED >= self.snapshot.layout.count(key.kind) {
            return;
        }
        let members = MemberSequence::of(self.snapshot.layout, PRIVILEGED);
        let history = self.snapshot.state.history_mut(key);
        let removed = members.count(history.window).min(MEMBERS_REMOVED);
        history.window.left += removed;
        if removed > 0 {
            self.changed(ObjectKind::Group, &[]);
            self.expectation.links_removed += u64::from(removed);
            let id = self.id(key);
            self.story.push(format!("removed {removed} members from the privileged group {id}"));
        }
    }

    fn weaken_policy(&mut self) {
        let enabled = |key: &Key| self.snapshot.draft(*key).choose(policy::STATE, 3) == 0;
        let mut policies = self.snapshot.live_keys_of(ObjectKind::ConditionalAccessPolicy);
        let Some(key) = policies.find(enabled) else { return };
        drop(policies);
        // The third state is `disabled`; three is a prime, so that every step reaches it.
        while self.snapshot.draft(key).choose(policy::STATE, 3) != 2 {
            self.snapshot.state.history_mut(key).revisions[policy::STATE] += 1;
        }
        let history = self.snapshot.state.history_mut(key);
        history.revisions[policy::EXCLUDED_USERS] += 1;
        history.revisions[policy::MODIFIED] += 1;
        self.changed(key.kind, &["state", "conditions/users/excludeUsers", "modifiedDateTime"]);
        let id = self.id(key);
        self.story
            .push(format!("disabled the conditional access policy {id} and excluded one more user from it"));
    }

    fn plant_application(&mut self) {
        if self.snapshot.layout.count(ObjectKind::AppRoleAssignment) == 0 {
            return;
        }
        let state = &mut self.snapshot.state;
        let application = state.plant(ObjectKind::Application);
        let principal = state.plant(ObjectKind::ServicePrincipal);
        let assignment = state.plant(ObjectKind::AppRoleAssignment);
        for (key, partner) in
            [(application, principal.index), (principal, application.index), (assignment, principal.index)]
        {
            state.history_mut(key).hostile = Some(partner);
        }
        self.expectation.added += 3;
        let id = self.id(application);
        self.story.push(format!(
            "registered the application {ROGUE_NAME} ({id}) with a service principal and let it \
             read and write the whole directory"
        ));
    }

    fn delete_group(&mut self) {
        let Some(key) = self.unlinked(ObjectKind::Group).next() else { return };
        self.snapshot.state.history_mut(key).removed = true;
        self.expectation.removed += 1;
        self.expectation.hard_deleted += 1;
        let id = self.id(key);
        self.story.push(format!("deleted the group {id} for good"));
    }
}
