//! Owns routing: the type, the object and the operation that a path names, without a look at the tenant.

use engine::schema::TypeId;

use crate::resource::Kind;
use crate::rules::Refusal;
use crate::wire::Request;

/// How a path names an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Id {
    /// By its ID, or a user by the principal name.
    Plain(String),
    /// By another property, as in `applications(appId='…')`.
    By(String, String),
    /// The only one of its type.
    Only,
}

/// The meaning of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Collection(Kind),
    Count(Kind),
    Delta(Kind),
    DirectoryDelta,
    Object(Kind, Id),
    /// A path behind an object: `members`, `manager/$ref`, `restore` and so on.
    Under(Kind, Id, Vec<String>),
    DirectoryObject(String),
    UnderDirectoryObject(String, Vec<String>),
    GetByIds,
    /// The directory extensions of all applications.
    AvailableExtensions,
    /// The bin of a type.
    Bin(Kind),
    BinCount(Kind),
    /// An object in the bin; the type where the path names it.
    BinObject(Option<Kind>, String),
    BinAction(Option<Kind>, String, String),
    OwnedInBin,
    Invitations,
    /// Collections that are always empty: native recovery jobs, audit logs.
    EmptyCollection,
    /// Requests that make or remove schedules of privileged roles.
    ScheduleRequests(Kind),
}

impl Route {
    /// Says whether a POST changes nothing.
    pub(crate) fn only_reads(&self) -> bool {
        matches!(self, Self::GetByIds | Self::OwnedInBin | Self::AvailableExtensions)
    }

    /// Walks over the type that a path names, if any.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = Kind> {
        let kind = match self {
            Self::Collection(kind)
            | Self::Count(kind)
            | Self::Delta(kind)
            | Self::Object(kind, _)
            | Self::Under(kind, ..)
            | Self::Bin(kind)
            | Self::BinCount(kind)
            | Self::ScheduleRequests(kind) => Some(*kind),
            Self::BinObject(kind, _) | Self::BinAction(kind, ..) => *kind,
            _ => None,
        };
        kind.into_iter()
    }
}

/// The bins that are not under `/directory/deletedItems`.
const OWN_BINS: [(&str, TypeId); 4] = [
    ("identity/conditionalaccess/deleteditems/policies", TypeId::ConditionalAccessPolicy),
    ("identity/conditionalaccess/deleteditems/namedlocations", TypeId::NamedLocation),
    ("policies/deleteditems/crosstenantpartners", TypeId::CrossTenantAccessPolicyConfigurationPartner),
    ("rolemanagement/directory/deleteditems/roledefinitions", TypeId::RoleDefinition),
];

/// The paths of requests for schedules.
const SCHEDULE_REQUESTS: [(&str, TypeId); 2] = [
    ("rolemanagement/directory/roleassignmentschedulerequests", TypeId::RoleAssignmentSchedule),
    ("rolemanagement/directory/roleeligibilityschedulerequests", TypeId::RoleEligibilitySchedule),
];

/// Gives the route of a request's path.
pub(crate) fn find(request: &Request) -> Result<Route, Refusal> {
    if !matches!(request.version.as_str(), "v1.0" | "beta") {
        return Err(Refusal::new(400, "BadRequest", "Invalid version: expected v1.0 or beta."));
    }
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let lower: Vec<String> = segments.iter().map(|segment| segment.to_ascii_lowercase()).collect();
    let first: Vec<&str> = lower.iter().map(String::as_str).collect();
    if let Some(route) = special(&segments, &first) {
        return Ok(route);
    }
    for count in (1..=segments.len().min(5)).rev() {
        let path = first[..count].join("/");
        if let Some((_, id)) = OWN_BINS.iter().find(|(bin, _)| *bin == path) {
            return bin(Kind::of(*id), &segments[count..]);
        }
        if let Some((_, id)) = SCHEDULE_REQUESTS.iter().find(|(found, _)| *found == path) {
            return Ok(Route::ScheduleRequests(Kind::of(*id)));
        }
        if let Some(kind) = Kind::from_path(&path) {
            return Ok(within(kind, &segments[count..]));
        }
    }
    Err(Refusal::no_segment(segments.first().copied().unwrap_or_default()))
}

fn special(segments: &[&str], lower: &[&str]) -> Option<Route> {
    let own = |segment: &str| segment.to_owned();
    Some(match (lower, segments) {
        (["directoryobjects", "getbyids" | "microsoft.graph.getbyids"], _) => Route::GetByIds,
        (
            [
                "directoryobjects",
                "getavailableextensionproperties" | "microsoft.graph.getavailableextensionproperties",
            ],
            _,
        ) => Route::AvailableExtensions,
        (["directoryobjects", "delta" | "microsoft.graph.delta"], _) => Route::DirectoryDelta,
        (["directoryobjects", _], [_, id]) => Route::DirectoryObject(own(id)),
        (["directoryobjects", _, ..], [_, id, rest @ ..]) => {
            Route::UnderDirectoryObject(own(id), rest.iter().map(|segment| own(segment)).collect())
        }
        (["invitations"], _) => Route::Invitations,
        (
            ["directory", "recovery", "snapshots" | "jobs" | "recoveryjobs"]
            | ["auditlogs", "directoryaudits" | "signins"],
            _,
        ) => Route::EmptyCollection,
        (["directory", "deleteditems", "getuserownedobjects"], _) => Route::OwnedInBin,
        (["directory", "deleteditems", cast], [_, _, name]) => match cast_kind(name) {
            Some(kind) => Route::Bin(kind),
            None => Route::BinObject(None, own(cast)),
        },
        (["directory", "deleteditems", _, "$count"], [_, _, cast, _]) => Route::BinCount(cast_kind(cast)?),
        (["directory", "deleteditems", _, action], [_, _, id, name]) => match cast_kind(id) {
            Some(kind) => Route::BinObject(Some(kind), own(name)),
            None => Route::BinAction(None, own(id), own(action)),
        },
        _ => return None,
    })
}

/// The type of a cast such as `microsoft.graph.user`.
pub(crate) fn cast_kind(segment: &str) -> Option<Kind> {
    let name = segment.strip_prefix("microsoft.graph.").or_else(|| segment.strip_prefix("graph."))?;
    Kind::from_name(name)
}

fn bin(kind: Kind, rest: &[&str]) -> Result<Route, Refusal> {
    match rest {
        [] => Ok(Route::Bin(kind)),
        ["$count"] => Ok(Route::BinCount(kind)),
        [id] => Ok(Route::BinObject(Some(kind), (*id).to_owned())),
        [id, action] => {
            let action = action.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
            Ok(Route::BinAction(Some(kind), (*id).to_owned(), action))
        }
        [_, _, behind, ..] => Err(Refusal::no_segment(behind)),
    }
}

fn within(kind: Kind, rest: &[&str]) -> Route {
    let rest = match rest {
        // The beta version has the only authorization policy in a collection.
        ["authorizationPolicy", rest @ ..] if kind == TypeId::AuthorizationPolicy => rest,
        rest => rest,
    };
    let own = |rest: &[&str]| rest.iter().map(|segment| (*segment).to_owned()).collect::<Vec<_>>();
    if kind.resource().is_single() {
        return if rest.is_empty() {
            Route::Object(kind, Id::Only)
        } else {
            Route::Under(kind, Id::Only, own(rest))
        };
    }
    match rest {
        [] => Route::Collection(kind),
        ["$count"] => Route::Count(kind),
        ["delta" | "microsoft.graph.delta"] if kind.resource().has_delta() => Route::Delta(kind),
        [id] => Route::Object(kind, to_id(id)),
        [id, rest @ ..] => Route::Under(kind, to_id(id), own(rest)),
    }
}

/// `appId='x'` names a property, everything else is an ID.
fn to_id(segment: &str) -> Id {
    if let Some((name, value)) = segment.split_once('=')
        && name.len() > 1
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        return Id::By(name.to_owned(), value.trim_matches('\'').to_owned());
    }
    Id::Plain(segment.to_owned())
}
