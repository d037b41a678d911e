//! Owns whether all steps of a plan can run: each has an ID of its own, and waits only for steps before it.

use std::collections::HashMap;

use super::{Phase, Plan, PlanObject, Step, StepKind, derived};
use crate::plan::{Error, Result};

impl Plan {
    /// Checks that every step can run, and that what each sends is what its kind, object, values and links say.
    ///
    /// # Errors
    /// `Step`, naming the step.
    pub fn check_steps(&self) -> Result<()> {
        let mut earlier: HashMap<&str, Phase> = HashMap::with_capacity(self.steps.len());
        let mut makers = Makers::new();
        for step in &self.steps {
            let wrong = |what: String| Error::Step { step: step.id.clone(), what };
            check_order(step, &earlier).map_err(wrong)?;
            derived::check(step, &makers).map_err(wrong)?;
            if step.kind == StepKind::Recreate {
                makers.insert(&step.id, &step.object);
            }
            earlier.insert(&step.id, step.phase);
        }
        Ok(())
    }
}

/// What the steps so far make again, by their IDs.
pub(super) type Makers<'p> = HashMap<&'p str, &'p PlanObject>;

fn check_order(step: &Step, earlier: &HashMap<&str, Phase>) -> Result<(), String> {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric();
    if step.id.is_empty() || !step.id.bytes().all(is_letter) {
        return Err("expected an ID of letters and digits".to_owned());
    }
    if earlier.contains_key(step.id.as_str()) {
        return Err("expected an ID of its own, found another step with it".to_owned());
    }
    for before in &step.depends_on {
        match earlier.get(before.as_str()) {
            None => return Err(format!("expected dependencies on steps before it, found {before}")),
            Some(phase) if *phase > step.phase => {
                return Err(format!("expected a phase no earlier than that of {before}, which it waits for"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}
