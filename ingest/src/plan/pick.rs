//! Owns which part of each change was chosen: by a query's rows, by options, or all of it.

use engine::{Change, LinkAction};

use super::input::Chosen;
use super::{PlanObject, PlanOptions, Selection};
use engine::schema::{self, Type};

/// A change, and what was chosen of it.
#[derive(Debug)]
pub(super) struct Picked {
    pub(super) change: Change,
    /// The text of its object's ID.
    pub(super) id: String,
    /// Indexes of the chosen attributes.
    pub(super) attributes: Vec<usize>,
    /// Indexes of the chosen links.
    pub(super) links: Vec<usize>,
    /// Whether the creation or deletion of the object was chosen.
    pub(super) has_presence: bool,
    /// Whether nothing else was chosen of it, by name.
    pub(super) is_bare: bool,
}

impl Picked {
    /// The object as plans show it.
    pub(super) fn object(&self) -> PlanObject {
        PlanObject {
            id: self.id.clone(),
            type_token: self.change.type_token.to_string(),
            display_name: self.change.display_name.to_string(),
        }
    }

    /// What Graph does with the type.
    pub(super) fn resource(&self) -> Option<&'static Type> {
        schema::by_token(&self.change.type_token)
    }
}

/// Whether undoing the change of a link makes it.
pub(super) fn is_wanted(action: LinkAction) -> bool {
    action == LinkAction::Removed
}

/// The chosen changes, in the order of their types and IDs.
pub(super) fn pick(
    changes: Vec<Change>,
    selection: Option<&Selection>,
    options: &PlanOptions,
) -> Vec<Picked> {
    let mut picked = Vec::with_capacity(changes.len());
    for change in changes {
        let chosen = match selection {
            Some(selection) => match selection.of(&change) {
                Some(chosen) => Some(chosen),
                None => continue,
            },
            None => None,
        };
        picked.push(pick_one(change, chosen, options));
    }
    picked.sort_by(|a, b| (&a.change.type_token, &a.change.id).cmp(&(&b.change.type_token, &b.change.id)));
    picked
}

fn pick_one(change: Change, chosen: Option<&Chosen>, options: &PlanOptions) -> Picked {
    let is_all = options.attributes.is_empty() && options.links.is_empty();
    let has_attribute = |name: &str| {
        let is_named = |wanted: &String| {
            name.strip_prefix(wanted.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        is_all || options.attributes.iter().any(is_named)
    };
    let has_link = |name: &str| is_all || options.links.iter().any(|wanted| wanted == name);
    let attributes = (0..change.attributes.len()).filter(|index| {
        let name = &change.attributes[*index].name;
        has_attribute(name) && chosen.is_none_or(|chosen| chosen.has_attribute(name))
    });
    let links = (0..change.links.len()).filter(|index| {
        let link = &change.links[*index];
        let is_chosen =
            || chosen.is_none_or(|chosen| chosen.has_link(&link.relation, &link.target_id.to_string()));
        // Links that ended with an object are restored with it.
        link.cascade.is_none() && has_link(&link.relation) && is_chosen()
    });
    let (attributes, links) = (attributes.collect(), links.collect());
    let has_presence = is_all && chosen.is_none_or(|chosen| chosen.is_whole || chosen.has_presence);
    let is_bare = chosen.is_some_and(Chosen::is_bare);
    let id = change.id.to_string();
    Picked { change, id, attributes, links, has_presence, is_bare }
}
