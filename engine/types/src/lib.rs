//! Owns what the program knows of each type of Microsoft Entra ID, as constants: one file per type in `table`.
//!
//! Shape: a [`Type`] has its names, [`Property`]s, [`Relation`]s, [`Rule`]s (what counts as a change), [`Graph`] (how
//! Graph serves it) and [`Recovery`] (what can be written, made and deleted). [`TypeId`] names the types that the program
//! knows; a token that no file knows is no `TypeId`, and stays a text where it is found, because imports bring any type.
//!
//! Invariants, held by the tests of `table`: names are unique over the table; properties are sorted by name and stand
//! once; paths begin with `/` and name no version; placeholders are `{id}`, `{targetId}`, `{tenantId}`, `{parentId}`,
//! `{resourceId}` and `{graphId}`; a request that removes a link ends in `/$ref`.
//!
//! Sources: the [metadata](https://github.com/microsoftgraph/msgraph-metadata) of v1.0 of 2026-08-20, the
//! [permissions](https://github.com/microsoftgraph/microsoft-graph-devx-content) of 2026-08-07, the
//! [throttling limits](https://learn.microsoft.com/graph/throttling-limits), and the reference of each type, read
//! 2026-11-22.

#![forbid(unsafe_code)]

mod graph;
mod property;
mod recovery;
mod relation;
mod rule;
mod table;

pub use graph::{Bin, Graph, Guarded, Inside, Limit, Page, Parent, Tier, Units, Version};
pub use property::{Property, PropertyType};
pub use recovery::{IdSource, PropertyWrite, Recovery};
pub use relation::{Reference, Relation};
pub use rule::{GENERAL_RULES, Rule, RuleKind};
pub use table::TypeId;

/// One type of object.
#[derive(Debug)]
pub struct Type {
    /// Which of the known types it is.
    pub id: TypeId,
    /// How the product names it, such as `roleAssignment`.
    pub token: &'static str,
    /// Its table in the query language, such as `roleAssignments`.
    pub table: &'static str,
    /// Its `@odata.type` names without `#`: its own first, then aliases and subtypes that fold into it.
    pub odata_types: &'static [&'static str],
    /// The part behind `$metadata#` in `@odata.context`, without keys and `/$entity`.
    pub contexts: &'static [&'static str],
    /// Where `EntraExporter` puts it: folders or files without `.json`; `*` is the ID of a parent.
    pub folders: &'static [&'static str],
    /// What the metadata declares of it, `id` left out, sorted by name.
    pub properties: &'static [Property],
    /// What people want to know first of an object that is new or gone, besides its name and ID.
    pub first: &'static [&'static str],
    /// Paths of collections that no property of its own is: below a property, or shown by Graph where it is expanded.
    pub nested_collections: &'static [&'static str],
    /// The properties that identify it where Graph's ID does not; empty for most types.
    pub natural_key: &'static [KeyPart],
    /// Its relations to other objects.
    pub relations: &'static [Relation],
    /// What does not count as a change, besides [`GENERAL_RULES`].
    pub rules: &'static [Rule],
    /// Whether a tenant has exactly one, which may come without an ID.
    pub is_singleton: bool,
    /// The only object of its type as a new tenant has it: JSON, without what the server adds; `{}` for other types.
    pub initial: &'static str,
    /// Whether it relates two objects, so that Graph gives it a new ID each time it is made.
    pub is_relation_object: bool,
    /// Whether no two tenants have an object with the same ID, so that common IDs tell a common tenant.
    pub has_unique_ids: bool,
    /// How Graph serves it.
    pub graph: Graph,
    /// What a recovery may write.
    pub recovery: Recovery,
}

/// A property that is part of a natural key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPart {
    /// The property.
    pub name: &'static str,
    /// Whether null is a value of it; it counts as an empty text.
    pub may_be_null: bool,
    /// When it is given, the only value with which the part stands in the key: what was activated for a time stands beside
    /// what was assigned to the same holder, and must not take its place.
    pub only: Option<&'static str>,
}

impl KeyPart {
    const fn required(name: &'static str) -> Self {
        Self { name, may_be_null: false, only: None }
    }

    const fn nullable(name: &'static str) -> Self {
        Self { name, may_be_null: true, only: None }
    }

    const fn only(name: &'static str, value: &'static str) -> Self {
        Self { name, may_be_null: true, only: Some(value) }
    }
}

impl Type {
    /// What files of types complete; no file leaves `id`, names and paths as they are here.
    const NONE: Self = Self {
        id: TypeId::User,
        token: "",
        table: "",
        odata_types: &[],
        contexts: &[],
        folders: &[],
        properties: &[],
        first: &[],
        nested_collections: &[],
        natural_key: &[],
        relations: &[],
        rules: &[],
        is_singleton: false,
        initial: "{}",
        is_relation_object: false,
        has_unique_ids: false,
        graph: Graph::NONE,
        recovery: Recovery::NONE,
    };

    /// Its `@odata.type` as Graph writes it, such as `#microsoft.graph.user`.
    #[must_use]
    pub fn odata_type(&self) -> String {
        format!("#{}", self.odata_types.first().unwrap_or(&self.token))
    }

    /// The names of those of its properties of which something is true.
    pub fn names(&self, is_one: impl Fn(&Property) -> bool) -> impl Iterator<Item = &'static str> {
        self.properties.iter().filter(move |property| is_one(property)).map(|property| property.name)
    }

    /// A property by name, if the table declares it.
    #[must_use]
    pub fn declared(&self, name: &str) -> Option<&'static Property> {
        let properties: &'static [Property] = self.properties;
        properties.binary_search_by(|property| property.name.cmp(name)).ok().map(|index| &properties[index])
    }

    /// Whether a fact is true of a declared property, such as [`Property::is_alone`].
    #[must_use]
    pub fn has(&self, name: &str, fact: fn(&Property) -> bool) -> bool {
        self.declared(name).is_some_and(fact)
    }

    /// Its columns, `id` left out, with their static types: texts first, collections and complex values last.
    pub fn columns(&self) -> impl Iterator<Item = (&'static str, PropertyType)> {
        let properties: &'static [Property] = self.properties;
        let of_type = move |kind| properties.iter().filter(move |property| property.is_column_of(kind));
        PropertyType::ALL
            .into_iter()
            .flat_map(move |kind| of_type(kind).map(move |property| (property.name, kind)))
    }

    /// The static type of a column.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<PropertyType> {
        if name == "id" {
            return Some(PropertyType::String);
        }
        self.declared(name).filter(|property| property.is_column()).map(|property| property.kind)
    }

    /// A relation by name.
    #[must_use]
    pub fn relation(&self, name: &str) -> Option<&'static Relation> {
        self.relations.iter().find(|relation| relation.name == name)
    }

    /// A relation that is read from its objects, by name.
    #[must_use]
    pub fn link(&self, name: &str) -> Option<&'static Relation> {
        self.relation(name).filter(|relation| relation.read.is_some())
    }

    /// Its relations that are read from its objects.
    pub fn links(&self) -> impl Iterator<Item = &'static Relation> {
        let relations: &'static [Relation] = self.relations;
        relations.iter().filter(|relation| relation.read.is_some())
    }

    /// Whether deleted objects go to a recycle bin first.
    #[must_use]
    pub fn has_bin(&self) -> bool {
        self.graph.bin.is_some()
    }

    /// Whether a path, such as `conditions/users/includeUsers`, is a collection.
    #[must_use]
    pub fn is_collection(&self, path: &str) -> bool {
        self.declared(path).is_some_and(Property::is_collection) || self.nested_collections.contains(&path)
    }

    /// Whether no request writes a property.
    #[must_use]
    pub fn is_read_only(&self, name: &str) -> bool {
        match self.declared(name) {
            Some(property) => property.is_read_only(),
            None => name == "id" && self.recovery.id == IdSource::Server,
        }
    }

    /// Whether only a create may set a property.
    #[must_use]
    pub fn is_immutable(&self, name: &str) -> bool {
        match self.declared(name) {
            Some(property) => property.is_immutable(),
            None if name == "id" => self.recovery.id == IdSource::Create,
            None => self.graph.references.contains(&name),
        }
    }

    /// Whether a property can be written on an object that exists and is mastered in the cloud.
    #[must_use]
    pub fn is_writable(&self, name: &str) -> bool {
        let may_patch =
            || self.has(name, Property::is_patchable) || !self.properties.iter().any(Property::is_patchable);
        !self.is_read_only(name) && !self.is_immutable(name) && may_patch()
    }

    /// What `$select` names, sorted; nothing where Graph gives everything without it.
    #[must_use]
    pub fn selected(&self) -> Vec<&'static str> {
        if !self.graph.is_partial {
            return Vec::new();
        }
        let mut names: Vec<_> = self.names(Property::is_selected).chain(["id"]).collect();
        names.sort_unstable();
        names
    }

    /// Every property of the metadata, `id` among them.
    pub fn known(&self) -> impl Iterator<Item = &'static str> {
        let id = matches!(self.recovery.id, IdSource::Server | IdSource::Create).then_some("id");
        id.into_iter().chain(self.names(Property::is_known))
    }

    /// The collection below its objects of this name.
    #[must_use]
    pub fn inside(&self, name: &str) -> Option<&'static Inside> {
        self.graph.inside.iter().find(|inside| inside.name == name)
    }

    /// Properties that only asking for one object shows.
    pub fn shown_alone(&self) -> impl Iterator<Item = &'static str> {
        self.graph.inside.iter().map(|inside| inside.name).chain(self.graph.references.iter().copied())
    }

    /// The JSON text of a property that was never set.
    #[must_use]
    pub fn unset(&self, name: &str) -> &'static str {
        let is_empty =
            self.declared(name).is_some_and(|property| property.is_collection() && property.is_known());
        if is_empty { "[]" } else { "null" }
    }

    /// How changes of its objects are noticed.
    #[must_use]
    pub fn tier(&self) -> Tier {
        match (self.graph.delta, &self.graph.parent) {
            (Some(_), _) => Tier::Tracked,
            (None, None) => Tier::Polled,
            (None, Some(_)) => Tier::Swept,
        }
    }
}
