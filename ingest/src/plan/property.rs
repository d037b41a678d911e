//! Which properties and relations can be put back, how, and why not.

use engine::schema::{self, Inside, Property, PropertyWrite, Relation, RuleKind, Type, TypeId};

/// A newer reading has it so.
pub(super) const AS_WANTED: &str = "it is as wanted already";
/// Only its creation or deletion was chosen, and it is an update.
pub(super) const NOT_CHOSEN: &str = "no attribute or link of it was chosen";

/// No request writes it.
pub(super) const READ_ONLY: &str = "read-only";
/// Microsoft Graph has no way that an application may take.
pub(super) const UNSUPPORTED: &str = "unsupported";
/// One of the two sides does not have it.
pub(super) const UNOBSERVED: &str = "unobserved";
/// Only Microsoft's own recovery writes it.
pub(super) const NATIVE_ONLY: &str = "native recovery only";
/// A secret is never read, so it cannot be put back.
pub(super) const ISSUE_ANEW: &str = "issue anew";
/// Another directory is its master.
pub(super) const SYNCED: &str = "synced from on-premises";
/// The application that a service principal is of says it.
pub(super) const COPIED: &str = "copied from the application";
/// Exchange is its master.
pub(super) const EXCHANGE: &str = "written by Exchange only";
/// Only people may write it, and no application.
pub(super) const DELEGATED_ONLY: &str = "read-only for applications";
/// Another service holds it.
pub(super) const OUTSIDE: &str = "held by another service";

/// Whether the reason of a change that no step undoes is that there is nothing to undo.
pub(crate) fn is_no_difference(reason: &str) -> bool {
    [AS_WANTED, NOT_CHOSEN].contains(&reason)
}

/// What a service principal takes over from its application.
const COPIED_PROPERTIES: [&str; 6] = [
    "appDescription",
    "appDisplayName",
    "appRoles",
    "oauth2PermissionScopes",
    "signInAudience",
    "verifiedPublisher",
];

/// Types of the directory: what their metadata does not name, Graph refuses.
const STRICT: [TypeId; 6] = [
    TypeId::User,
    TypeId::Group,
    TypeId::Application,
    TypeId::ServicePrincipal,
    TypeId::Device,
    TypeId::AdministrativeUnit,
];

/// The property that holds licences.
pub(super) const LICENCES: &str = "assignedLicenses";

/// Secrets of applications and service principals.
pub(super) const CREDENTIALS: [&str; 2] = ["keyCredentials", "passwordCredentials"];

/// How a property of an object that exists is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Writing {
    /// By the update of the object.
    Update,
    /// By an update of its own.
    Alone,
    /// By another request.
    Request(&'static PropertyWrite),
    /// It holds secrets: what was added can be taken away.
    Credential,
    /// Element by element, in a collection below the object.
    Inside(&'static Inside),
    /// By the request that assigns licences.
    Licence,
    /// Not at all; why.
    Never(&'static str),
}

/// How a property is written; `property` is its name, not a path.
pub(super) fn writing(resource: &'static Type, property: &str) -> Writing {
    if let Some(write) = resource.recovery.writes.iter().find(|write| write.property == property) {
        return Writing::Request(write);
    }
    if let Some(inside) = resource.inside(property) {
        return Writing::Inside(inside);
    }
    let is_principal = resource.id == TypeId::ServicePrincipal;
    if CREDENTIALS.contains(&property) && (is_principal || resource.id == TypeId::Application) {
        return Writing::Credential;
    }
    if property == LICENCES && matches!(resource.id, TypeId::User | TypeId::Group) {
        return Writing::Licence;
    }
    if resource.recovery.native_only.contains(&property) {
        return Writing::Never(NATIVE_ONLY);
    }
    if is_principal && COPIED_PROPERTIES.contains(&property) {
        return Writing::Never(COPIED);
    }
    if property == "passwordProfile" {
        return Writing::Never(ISSUE_ANEW);
    }
    let is_volatile = schema::rule(resource.token, property, RuleKind::Volatile).is_some();
    if is_volatile
        || property.contains('@')
        || !resource.is_writable(property)
        || resource.recovery.write.is_empty()
    {
        return Writing::Never(READ_ONLY);
    }
    if resource.has(property, Property::is_alone) {
        return Writing::Alone;
    }
    if resource.has(property, Property::is_outside) {
        return Writing::Never(OUTSIDE);
    }
    if resource.has(property, |known| known.is_known() && known.is_risky()) {
        return Writing::Alone;
    }
    if resource.has(property, Property::is_known)
        || property.starts_with("extension_")
        || !STRICT.contains(&resource.id)
    {
        return Writing::Update;
    }
    Writing::Never(UNSUPPORTED)
}

/// Why links of a relation cannot be written, if they cannot.
pub(super) fn link_obstacle(resource: &Type, link: &Relation) -> Option<&'static str> {
    if link.is_delegated_only {
        return Some(DELEGATED_ONLY);
    }
    let is_written = link.add.is_some() && link.remove.is_some() && !resource.recovery.write.is_empty();
    (!is_written).then_some(READ_ONLY)
}

/// Whether and how something of a type can be recovered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportRow {
    /// The type token.
    pub type_token: &'static str,
    /// The property or relation; empty for the object itself.
    pub property: &'static str,
    /// Whether it can be put back.
    pub restorable: bool,
    /// Why not, or how when that is special; empty otherwise.
    pub reason: &'static str,
}

/// What can be recovered of each type, in the order of the table of types: the object, its properties, its relations.
#[must_use]
pub fn support() -> Vec<SupportRow> {
    let mut rows = Vec::new();
    for resource in schema::types() {
        let token = resource.token;
        let row =
            |property, restorable, reason| SupportRow { type_token: token, property, restorable, reason };
        let (restorable, reason) = object_support(resource);
        rows.push(row("", restorable, reason));
        let mut names: Vec<&'static str> = resource.known().collect();
        names.extend(resource.columns().map(|(name, _)| name));
        names.extend(resource.shown_alone());
        names.sort_unstable();
        names.dedup();
        names.retain(|name| *name != "id" && resource.link(name).is_none());
        for name in names {
            let (restorable, reason) = match writing(resource, name) {
                Writing::Never(READ_ONLY) if resource.is_relation_object => {
                    (true, "made again with the object")
                }
                Writing::Never(reason) => (false, reason),
                Writing::Credential => (false, ISSUE_ANEW),
                Writing::Alone | Writing::Licence => (true, "by a request of its own"),
                Writing::Inside(_) => (true, "element by element"),
                Writing::Update | Writing::Request(_) => (true, ""),
            };
            rows.push(row(name, restorable, reason));
        }
        for link in resource.links() {
            let obstacle = link_obstacle(resource, link);
            rows.push(row(link.name, obstacle.is_none(), obstacle.unwrap_or_default()));
        }
    }
    rows
}

fn object_support(resource: &'static Type) -> (bool, &'static str) {
    if resource.is_relation_object {
        return (true, "made again; no bin");
    }
    match (&resource.graph.bin, creation_obstacle(resource)) {
        (Some(_), None) => (true, "from the bin; else made again under a new ID, with the option recreate"),
        (Some(_), Some(_)) => (true, "from the bin"),
        (None, None) => (true, "made again under a new ID, with the option recreate; no bin"),
        (None, Some(obstacle)) => (false, obstacle),
    }
}

/// Why no object of a type can be made again, if none can.
pub(super) fn creation_obstacle(resource: &'static Type) -> Option<&'static str> {
    if let Some(why) = &resource.recovery.uncreatable {
        return Some(why);
    }
    if resource.is_singleton {
        return Some("it is always there");
    }
    (resource.recovery.create_required.is_empty() || resource.recovery.write.is_empty())
        .then_some(UNSUPPORTED)
}

/// Why no object of a type can be deleted, if none can.
pub(super) fn deletion_obstacle(resource: &Type) -> Option<&'static str> {
    (resource.recovery.is_undeletable || resource.is_singleton || resource.recovery.write.is_empty())
        .then_some(UNSUPPORTED)
}
