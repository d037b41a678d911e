//! Requests about elements of collections below an object: each holds the one element that the step shows.

use serde_json::Value;

use super::StepFault;
use super::fault::{Verdict, odd_body};
use super::request::Checked;
use crate::plan::Named;
use crate::plan::elements::{GIVEN, LOOKED_UP, element_id, element_of};
use engine::schema::Inside;

impl Checked<'_> {
    /// Whether values show an element of a collection below the object.
    pub(super) fn is_about_element(&self, values: &Named) -> bool {
        values.keys().any(|name| self.resource.inside(name).is_some())
    }

    /// An element that is made.
    pub(super) fn made_element(&self) -> Verdict {
        let (inside, element) = self.shown(&self.step.after)?;
        if !self.step.before.is_empty() {
            return Err(StepFault::Shape("an element that does not stand"));
        }
        self.sends("POST", self.resource.graph.version, inside.path)?;
        self.is_body_of_element(element)
    }

    /// An element that is changed.
    pub(super) fn changed_element(&self) -> Verdict {
        let (inside, standing) = self.shown(&self.step.before)?;
        let (wanted_in, wanted) = self.shown(&self.step.after)?;
        if !inside.can_change || inside.name != wanted_in.name {
            return Err(StepFault::Shape("an element of a collection whose elements can be changed"));
        }
        self.leads_to_element("PATCH", inside, standing)?;
        self.is_body_of_element(wanted)
    }

    /// An element that is taken away.
    pub(super) fn removed_element(&self) -> Verdict {
        let (inside, element) = self.shown(&self.step.before)?;
        if !self.step.after.is_empty() {
            return Err(StepFault::Shape("nothing in the place of the element"));
        }
        self.leads_to_element("DELETE", inside, element)?;
        self.has_no_body()
    }

    fn shown<'v>(&self, values: &'v Named) -> Result<(&'static Inside, &'v Value), StepFault> {
        let found = element_of(self.resource, values);
        found.ok_or(StepFault::Shape("links, or one element of a collection below the object"))
    }

    fn leads_to_element(&self, method: &str, inside: &Inside, element: &Value) -> Verdict {
        let id = element_id(element);
        let template = format!("{}/{{elementId}}", inside.path);
        self.matches(method, self.resource.graph.version, &template, &|name, part| match name {
            "id" => self.is_own(part),
            _ if id.is_empty() => part == LOOKED_UP,
            _ => part == id,
        })
    }

    /// Whether the body says the element that is shown, and nothing else.
    fn is_body_of_element(&self, element: &Value) -> Verdict {
        let body = &self.step.request.body;
        let is_given = GIVEN.iter().any(|name| body.get(name).is_some());
        if body.as_object().is_some() && !is_given && body == element { Ok(()) } else { Err(odd_body(body)) }
    }
}
