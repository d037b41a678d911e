//! What applying a plan needs and costs: permissions, requests, seconds under the published limits.

use std::collections::BTreeSet;

use engine::schema::{self, Limit, TypeId};
use serde_json::Value;

use super::lookup::{self, Lookup};
use super::{Estimate, Step, StepKind, TARGET};
use crate::plan::Result;

/// Writes a second that one application may send to one tenant: 3,000 in 150 s.
const WRITES_PER_SECOND: f64 = 20.0;
/// Requests a second to conditional access, of all applications together.
const POLICY_REQUESTS_PER_SECOND: f64 = 1.0;
/// Writes a second to applications that personal accounts may use: 60 in a minute.
const PERSONAL_WRITES_PER_SECOND: f64 = 1.0;
/// Resource units a second in the smallest tenants: 3,500 in 10 s.
const UNITS_PER_SECOND: f64 = 350.0;

/// Users' properties that a smaller permission than all of them is enough for.
const USER_PROPERTIES: [(&[&str], &[&str]); 5] = [
    (&["accountEnabled"], &["User.EnableDisableAccount.All", "User.Read.All"]),
    (&["otherMails"], &["User-Mail.ReadWrite.All", "User.Read.All"]),
    (&["businessPhones", "mobilePhone"], &["User-Phone.ReadWrite.All", "User.Read.All"]),
    (&["customSecurityAttributes"], &["CustomSecAttributeAssignment.ReadWrite.All", "User.Read.All"]),
    (&["employeeLeaveDateTime"], &["User-LifeCycleInfo.ReadWrite.All", "User.Read.All"]),
];

/// The least application permissions that the steps need, in order.
pub(super) fn permissions(steps: &[Step], lookup: &Lookup) -> Vec<String> {
    let mut needed = BTreeSet::new();
    for step in steps {
        needed.extend(permissions_of(step, lookup));
    }
    // Who may write all properties may write each.
    if needed.contains("User.ReadWrite.All") {
        for (_, smaller) in USER_PROPERTIES.iter().take(3) {
            smaller.iter().for_each(|name| _ = needed.remove(name));
        }
    }
    if needed.contains("Group.ReadWrite.All") {
        needed.remove("GroupMember.ReadWrite.All");
    }
    needed.into_iter().map(str::to_owned).collect()
}

fn permissions_of(step: &Step, lookup: &Lookup) -> Vec<&'static str> {
    let Some(resource) = schema::by_token(&step.object.type_token) else { return Vec::new() };
    let is_role_group =
        lookup.cell(TypeId::Group, &step.object.id, "isAssignableToRole") == &Value::Bool(true);
    let relation = step.links.first().map(|link| link.relation.as_str());
    match (resource.id, step.kind, relation) {
        (TypeId::User, StepKind::Restore | StepKind::SoftDelete, _) => {
            vec!["User.DeleteRestore.All", "User.Read.All"]
        }
        (TypeId::User, StepKind::Recreate, _) if step.request.path == "/invitations" => {
            vec!["User.Invite.All", "User.Read.All"]
        }
        (_, StepKind::Update, _) if step.request.path.ends_with("/assignLicense") => {
            let read = if resource.id == TypeId::User { "User.Read.All" } else { "Group.Read.All" };
            vec!["LicenseAssignment.ReadWrite.All", read]
        }
        (TypeId::User, StepKind::Update, _) => {
            let fits = |names: &&(&[&str], &'static [&'static str])| {
                step.after.keys().all(|name| names.0.contains(&name.as_str()))
            };
            let smaller = USER_PROPERTIES.iter().find(fits);
            smaller.map_or_else(|| vec!["User.ReadWrite.All"], |(_, names)| names.to_vec())
        }
        (TypeId::ServicePrincipal, StepKind::AddLink | StepKind::RemoveLink, None)
            if step.request.path.contains("/delegatedPermissionClassifications") =>
        {
            vec!["Policy.ReadWrite.PermissionGrant"]
        }
        (TypeId::ServicePrincipal, StepKind::Update, _)
            if step.after.contains_key("customSecurityAttributes") =>
        {
            vec!["Application.Read.All", "CustomSecAttributeAssignment.ReadWrite.All"]
        }
        (TypeId::Group, _, Some("members")) if is_role_group => {
            vec!["GroupMember.ReadWrite.All", "RoleManagement.ReadWrite.Directory"]
        }
        (TypeId::Group, _, Some("members")) => vec!["GroupMember.ReadWrite.All"],
        (TypeId::Group, _, _) if is_role_group => {
            vec!["Group.ReadWrite.All", "RoleManagement.ReadWrite.Directory"]
        }
        (TypeId::AppRoleAssignment, ..) => vec!["AppRoleAssignment.ReadWrite.All", "Application.Read.All"],
        (TypeId::ConditionalAccessPolicy, ..) => {
            vec!["Application.Read.All", "Policy.Read.All", "Policy.ReadWrite.ConditionalAccess"]
        }
        (TypeId::NamedLocation, ..) => vec!["Policy.Read.All", "Policy.ReadWrite.ConditionalAccess"],
        (TypeId::ServicePrincipal, _, Some(relation)) if relation != "owners" => {
            vec!["Application.ReadWrite.All", "Policy.Read.All"]
        }
        _ => resource.recovery.write.to_vec(),
    }
}

/// Requests and seconds.
pub(super) fn estimate(steps: &[Step], lookup: &Lookup) -> Result<Estimate> {
    let (mut writes, mut reads, mut policies, mut personal) = (0_u64, 0_u64, 0_u64, 0_u64);
    for step in steps {
        let count = request_count(step);
        // What will be overwritten is read first; what is made, is looked for.
        let looked = 1;
        match schema::by_token(&step.object.type_token).map(|resource| resource.graph.limit) {
            Some(Limit::ConditionalAccess) => policies += count + looked,
            _ if is_personal(step, lookup)? => {
                personal += count;
                reads += looked;
            }
            _ => {
                writes += count;
                reads += looked;
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "nobody sends 2^52 requests")]
    let seconds = |count: u64, per_second: f64| count as f64 / per_second;
    let total = seconds(writes, WRITES_PER_SECOND)
        + seconds(reads, UNITS_PER_SECOND)
        + seconds(policies, POLICY_REQUESTS_PER_SECOND)
        + seconds(personal, PERSONAL_WRITES_PER_SECOND);
    Ok(Estimate { requests: writes + reads + policies + personal, seconds: (total * 10.0).round() / 10.0 })
}

/// How often the request of a step is sent.
fn request_count(step: &Step) -> u64 {
    if step.links.is_empty() || is_bulk(step) { 1 } else { step.links.len() as u64 }
}

/// Whether one request makes all links of a step.
fn is_bulk(step: &Step) -> bool {
    let is_one = |value: &Value| {
        let only = value.as_array().and_then(|values| values.first());
        only.and_then(Value::as_str).is_some_and(|text| text.contains(TARGET))
    };
    step.request.body.as_object().is_some_and(|body| body.values().any(is_one))
}

/// Whether an application is one that personal accounts may use, which is written more slowly.
fn is_personal(step: &Step, lookup: &Lookup) -> Result<bool> {
    if step.object.type_token != TypeId::Application {
        return Ok(false);
    }
    let attributes = lookup::attributes(&lookup.to, TypeId::Application.token(), &step.object.id)?;
    let audience = attributes.and_then(|mut attributes| attributes.remove("signInAudience"));
    Ok(audience.is_some_and(|audience| {
        audience == "AzureADandPersonalMicrosoftAccount" || audience == "PersonalMicrosoftAccount"
    }))
}
