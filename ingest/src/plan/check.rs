//! Owns whether all steps of a plan can run: each has an ID of its own, waits only for steps before it, and sends what it
//! shows.

mod body;
mod element;
mod fault;
mod relation;
mod request;

use std::collections::HashMap;

use super::{Error, Phase, PlanObject, Result, Step, StepKind};
pub use fault::StepFault;
pub(crate) use request::captured;

/// Checks that every step can run, and that what each sends is what its kind, object, values and links say.
pub(super) fn steps(steps: &[Step]) -> Result<()> {
    let mut earlier: HashMap<&str, Phase> = HashMap::with_capacity(steps.len());
    let mut makers = Makers::new();
    for step in steps {
        let wrong = |fault: StepFault| Error::Step { step: step.id.clone(), fault: Box::new(fault) };
        check_order(step, &earlier).map_err(wrong)?;
        request::check(step, &makers).map_err(wrong)?;
        if step.kind == StepKind::Recreate {
            makers.insert(&step.id, &step.object);
        }
        earlier.insert(&step.id, step.phase);
    }
    Ok(())
}

/// What the steps so far make again, by their IDs.
type Makers<'p> = HashMap<&'p str, &'p PlanObject>;

fn check_order(step: &Step, earlier: &HashMap<&str, Phase>) -> Result<(), StepFault> {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric();
    if step.id.is_empty() || !step.id.bytes().all(is_letter) {
        return Err(StepFault::Shape("an ID of letters and digits"));
    }
    if earlier.contains_key(step.id.as_str()) {
        return Err(StepFault::Shape("an ID of its own, found another step with it"));
    }
    for before in &step.depends_on {
        match earlier.get(before.as_str()) {
            None => return Err(StepFault::found("dependencies on steps before it", before)),
            Some(phase) if *phase > step.phase => {
                return Err(StepFault::Phase(before.clone()));
            }
            Some(_) => {}
        }
    }
    Ok(())
}
