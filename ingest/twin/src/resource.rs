//! Owns what the twin serves of each type: paths, properties, page sizes and costs, from the table of types.
//!
//! The lists are the table's. How Graph treats a request is not: the rules of the twin are written by hand, because they
//! judge what the program does with the same table.

use std::collections::HashMap;
use std::sync::LazyLock;

use engine::schema::{IdSource, Limit, Property, Type, TypeId, Units};

/// A type as the twin serves it: its index in the table of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Kind(pub(crate) u16);

/// One type as Graph serves it.
#[derive(Debug)]
pub(crate) struct Resource {
    /// How the product names it.
    pub(crate) token: &'static str,
    /// Its type; where Graph serves several in one collection, the first of them.
    first: &'static Type,
    /// The types served in its collection.
    types: Vec<TypeId>,
    /// Whether its objects are of derived types.
    has_derived_types: bool,
    /// The property that identifies an object.
    key: &'static str,
    /// Its `@odata.type` names without `#`: its own, then derived ones.
    pub(crate) odata: Vec<&'static str>,
    /// Where its collection, or its only object, is served; empty for those only found through others.
    pub(crate) path: &'static str,
    /// Whether it lives below objects of another type, at a path that has their ID.
    pub(crate) is_below: bool,
    /// Page size without `$top`, and the most `$top` may ask for; none where nothing is published.
    pub(crate) page: Option<(usize, usize)>,
    /// The properties without `$select`; empty for all.
    pub(crate) defaults: Vec<&'static str>,
    /// The properties that `$select` may name.
    pub(crate) select: Vec<&'static str>,
    /// Which of them are collections, so that unset means empty.
    collections: Vec<&'static str>,
    /// The properties that no client writes.
    pub(crate) read_only: Vec<&'static str>,
    /// The properties that no client writes on objects mastered on-premises.
    pub(crate) read_only_when_synced: Vec<&'static str>,
    /// The properties that only a create may set.
    pub(crate) immutable: Vec<&'static str>,
    /// The properties that a create must give; `a|b` is one of them.
    pub(crate) required: Vec<&'static str>,
    /// Collections below an object that are part of it: kept in it, and shown below it or where they are expanded.
    pub(crate) inside: Vec<&'static str>,
    /// Other objects that it refers to: kept in it by their IDs, and shown where they are expanded.
    pub(crate) references: Vec<&'static str>,
    /// The properties that another service holds, so that lists refuse them.
    pub(crate) outside: Vec<&'static str>,
}

impl Resource {
    /// Gives the name of the property that identifies an object.
    pub(crate) fn key_name(&self) -> &'static str {
        self.key
    }

    /// Says whether a property only shows under its own path or by an expansion.
    pub(crate) fn is_hidden(&self, name: &str) -> bool {
        self.inside.contains(&name) || self.references.contains(&name)
    }

    /// Says whether a tenant has exactly one, served without an ID.
    pub(crate) fn is_single(&self) -> bool {
        self.first.is_singleton
    }

    /// Gives its only object in a new tenant, as JSON.
    pub(crate) fn initial(&self) -> &'static str {
        self.first.initial
    }

    /// Says whether it relates two objects, so that its ID is of the server's making.
    pub(crate) fn is_relation_object(&self) -> bool {
        self.first.is_relation_object
    }

    /// Says whether deleted objects go to a bin.
    pub(crate) fn has_bin(&self) -> bool {
        self.first.has_bin()
    }

    /// Says whether `/delta` exists.
    pub(crate) fn has_delta(&self) -> bool {
        self.first.graph.delta.is_some()
    }

    /// Gives what limits calls.
    pub(crate) fn limit(&self) -> Limit {
        self.first.graph.limit
    }

    /// Gives what calls cost in resource units.
    pub(crate) fn units(&self) -> Units {
        self.first.graph.units
    }

    /// Says whether objects say in `@odata.type` which derived type they are.
    pub(crate) fn is_abstract(&self) -> bool {
        self.has_derived_types
    }

    /// Gives the text of a property that was never set.
    pub(crate) fn unset(&self, name: &str) -> &'static str {
        if self.collections.contains(&name) { "[]" } else { "null" }
    }
}

impl Kind {
    /// Gives its line of the table.
    pub(crate) fn resource(self) -> &'static Resource {
        &TABLE.rows[usize::from(self.0)]
    }

    /// Finds a type by the product's token, or by an `@odata.type`.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        TABLE.names.get(name.trim_start_matches("#microsoft.graph.")).copied()
    }

    /// Gives what a type is served as.
    pub(crate) fn of(id: TypeId) -> Self {
        TABLE.types[&id]
    }

    /// Gives what the configurations of all authentication methods are served as.
    pub(crate) fn method_configuration() -> Self {
        Self::of(TypeId::Fido2AuthenticationMethodConfiguration)
    }

    /// Gives the type; none for the configurations of authentication methods, which are of several.
    pub(crate) fn id(self) -> Option<TypeId> {
        match self.resource().types[..] {
            [id] => Some(id),
            _ => None,
        }
    }

    /// Finds the type served at a path, in lower case.
    pub(crate) fn from_path(path: &str) -> Option<Self> {
        TABLE.paths.get(path).copied()
    }

    /// Walks over the table.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..TABLE.rows.len()).map(|index| Self(u16::try_from(index).expect("the table is short")))
    }

    /// Says whether it is a directory object, found under `/directoryObjects` too.
    pub(crate) fn is_directory_object(self) -> bool {
        TABLE.directory_objects.contains(&self)
    }

    /// Walks over the types of directory objects, the commonest first.
    pub(crate) fn directory_objects() -> impl Iterator<Item = Self> {
        TABLE.directory_objects.iter().copied()
    }
}

impl PartialEq<TypeId> for Kind {
    fn eq(&self, id: &TypeId) -> bool {
        self.id() == Some(*id)
    }
}

/// The types served under `/directoryObjects`.
const DIRECTORY_OBJECTS: [TypeId; 8] = [
    TypeId::User,
    TypeId::Group,
    TypeId::ServicePrincipal,
    TypeId::Application,
    TypeId::Device,
    TypeId::OrgContact,
    TypeId::AdministrativeUnit,
    TypeId::DirectoryRole,
];

/// Other paths of the same objects, mostly those of the beta version.
const OTHER_PATHS: [(&str, TypeId); 4] = [
    ("administrativeunits", TypeId::AdministrativeUnit),
    ("settings", TypeId::GroupSetting),
    ("directorysettings", TypeId::GroupSetting),
    ("policies/featurerolloutpolicies", TypeId::FeatureRolloutPolicy),
];

struct Table {
    rows: Vec<Resource>,
    types: HashMap<TypeId, Kind>,
    names: HashMap<&'static str, Kind>,
    paths: HashMap<String, Kind>,
    directory_objects: Vec<Kind>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let rows = rows();
    let (mut types, mut names, mut paths) = (HashMap::new(), HashMap::new(), HashMap::new());
    for (index, row) in rows.iter().enumerate() {
        let kind = Kind(u16::try_from(index).expect("the table is short"));
        types.extend(row.types.iter().map(|id| (*id, kind)));
        names.insert(row.token, kind);
        names.extend(row.odata.iter().map(|odata| (odata.trim_start_matches("microsoft.graph."), kind)));
        if !row.path.is_empty() && !row.is_below {
            paths.insert(row.path.to_ascii_lowercase(), kind);
        }
    }
    for (path, id) in OTHER_PATHS {
        paths.insert(path.to_owned(), types[&id]);
    }
    let directory_objects = DIRECTORY_OBJECTS.iter().map(|id| types[id]).collect();
    Table { rows, types, names, paths, directory_objects }
});

/// The base type of the configurations of authentication methods, which Graph serves in one collection.
const METHOD_CONFIGURATION: &str = "authenticationMethodConfiguration";

/// Properties that a create may set although updates may not.
const SET_BY_CREATE: [(TypeId, &str); 3] = [
    (TypeId::AuthenticationStrengthPolicy, "policyType"),
    (TypeId::AuthenticationStrengthPolicy, "requirementsSatisfied"),
    (TypeId::ServicePrincipal, "appRoles"),
];

/// The rows of the table of types; types that share a collection are one row.
fn rows() -> Vec<Resource> {
    let mut rows: Vec<Resource> = Vec::new();
    for found in TypeId::ALL.iter().map(|id| id.info()) {
        let row = Resource::new(found);
        match rows.iter_mut().find(|other| !row.path.is_empty() && other.path == row.path) {
            Some(base) => base.join(row),
            None => rows.push(row),
        }
    }
    rows
}

impl Resource {
    fn new(found: &'static Type) -> Self {
        let of = |fact: fn(&Property) -> bool| found.names(fact).collect::<Vec<_>>();
        let with_id = |fact: fn(&Property) -> bool, source| {
            let id = (found.recovery.id == source).then_some("id");
            id.into_iter().chain(found.names(fact)).collect::<Vec<_>>()
        };
        let graph = &found.graph;
        let (key, id) = match found.recovery.id {
            IdSource::Server | IdSource::Create => ("id", Some("id")),
            IdSource::Property(name) => (name, None),
        };
        let mut read_only = with_id(Property::is_read_only, IdSource::Server);
        read_only.retain(|name| !SET_BY_CREATE.contains(&(found.id, *name)));
        let mut defaults = of(Property::is_default);
        defaults.extend(graph.is_partial.then_some("id"));
        // A relation object below another is found through the relation, and has no path of its own.
        let parent = graph.parent.as_ref().filter(|_| !found.is_relation_object);
        let below = parent.and_then(|parent| parent.path.rsplit('/').next());
        let path = graph.list.or(below).unwrap_or_default();
        let is_served =
            |property: &Property| !property.is_outside() && (property.is_selected() || !property.is_known());
        Self {
            token: found.token,
            first: found,
            types: vec![found.id],
            has_derived_types: found.properties.iter().any(Property::is_of_subtype),
            key,
            odata: found.odata_types.to_vec(),
            path: path.trim_start_matches('/'),
            is_below: parent.is_some(),
            page: graph.page.map(|page| (page.default as usize, page.max as usize)),
            defaults,
            select: id.into_iter().chain(found.names(is_served)).collect(),
            collections: of(Property::is_collection),
            read_only,
            read_only_when_synced: of(Property::is_read_only_when_synced),
            immutable: with_id(Property::is_immutable, IdSource::Create)
                .into_iter()
                .chain(graph.references.iter().copied())
                .collect(),
            required: found.recovery.create_required.to_vec(),
            inside: graph.inside.iter().map(|inside| inside.name).collect(),
            references: graph.references.to_vec(),
            outside: of(Property::is_outside),
        }
    }

    /// Adds a type that is served in the same collection, so that the row is the base type of both.
    fn join(&mut self, other: Self) {
        self.token = METHOD_CONFIGURATION;
        self.types.extend(other.types);
        self.has_derived_types = true;
        self.odata.extend(other.odata);
        for (mine, others) in [
            (&mut self.select, other.select),
            (&mut self.collections, other.collections),
            (&mut self.read_only, other.read_only),
        ] {
            let new: Vec<_> = others.into_iter().filter(|name| !mine.contains(name)).collect();
            mine.extend(new);
        }
        self.required.clear();
    }
}
