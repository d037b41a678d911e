//! Owns the calls that ask for a type: with the properties that are selected, the page size and the costs of the table; and
//! what a reading of it says that it covers.

use engine::coverage::{BinExtent, Extent, Gap, GapScope, RelationReading, TypeReading};

use super::event::Event;
use super::reader::{Unread, path_of};
use crate::graph::{Call, Shape};
use engine::schema::{Relation, Type};

/// What of a type is read, and how it is asked for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) resource: &'static Type,
    /// `$select`; empty for everything.
    pub(super) select: Vec<String>,
}

impl Asked {
    /// A call that lists the type, its other options behind.
    pub(super) fn list(&self, path: &str, options: &str) -> Call {
        let mut query = Vec::new();
        if !self.select.is_empty() {
            query.push(format!("$select={}", self.select.join(",")));
        }
        if let Some(page) = self.resource.graph.page {
            query.push(format!("$top={}", page.max));
        }
        if !options.is_empty() {
            query.push(options.to_owned());
        }
        let path = if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) };
        let selected = u32::from(!self.select.is_empty());
        self.call(path).units(self.resource.graph.units.list.saturating_sub(selected).max(1))
    }

    /// A call that reads something of the type.
    pub(super) fn call(&self, path: String) -> Call {
        let call = Call::get(path).version(self.resource.graph.version).meter(self.resource.graph.limit);
        Call { subject: Some(self.resource.token), ..call }
    }

    /// A call that reads one object.
    pub(super) fn one(&self, id: &str) -> Call {
        let mut path = path_of(self.resource.graph.get, id);
        if !self.select.is_empty() {
            path = format!("{path}?$select={}", self.select.join(","));
        }
        self.call(path).units(self.resource.graph.units.get).shape(Shape::Object)
    }

    pub(super) fn token(&self) -> &'static str {
        self.resource.token
    }

    pub(super) fn gap(&self, scope: GapScope, unread: &Unread) -> Event {
        let reason = unread.reason_for(self.resource);
        Event::Gap(Gap { type_token: self.token().to_owned(), scope, reason, count: 1 })
    }
}

/// A reading of a type, before its relations are known.
pub(super) fn reading(asked: &Asked, extent: Extent, bin: BinExtent) -> TypeReading {
    let resource = asked.resource;
    let says_all = asked.select.is_empty() && resource.shown_alone().next().is_none();
    let properties =
        (!says_all).then(|| named(asked).chain(resource.shown_alone().map(str::to_owned)).collect());
    TypeReading { extent, bin, properties, relations: Vec::new() }
}

/// The properties that lists of a type name, or give by themselves.
fn named(asked: &Asked) -> impl Iterator<Item = String> {
    let known = asked.resource.known().filter(|_| asked.select.is_empty()).map(str::to_owned);
    known.chain(asked.select.iter().cloned())
}

/// A relation that was read whole now.
pub(super) fn relation(link: &Relation, extent: Extent, as_of: jiff::Timestamp) -> RelationReading {
    RelationReading { name: link.name.to_owned(), extent, as_of }
}
