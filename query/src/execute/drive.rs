//! Drives branches: takes their parts in windows, works on the parts of a window in parallel, and hands their results
//! over in order.
//!
//! *Invariants*: 1. What a batch holds is on an account until the last stage has taken it, and so is what is made of it
//! until it is handed over. 2. No batch is handed over that was computed after the query was to stop.

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::branch::{Base, BatchStage, Branch, Emit};
use crate::batch::Batch;
use crate::error::{Code, Diagnostic};
use crate::limits::{Guard, Held};

/// Parts that are worked on together, for each thread: enough that one slow part does not leave the others idle.
const PARTS_PER_THREAD: usize = 4;

/// A result that is held until those before it are handed over.
pub(super) trait Buffered: Send {
    /// About how many bytes it holds.
    fn size_bytes(&self) -> usize;
}

impl Buffered for Batch {
    fn size_bytes(&self) -> usize {
        Batch::size_bytes(self)
    }
}

/// How many parts are read at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// As many as keep all threads busy.
    Full,
    /// One, then more: perhaps the first rows are enough.
    Careful,
}

/// A part to work on.
#[derive(Clone)]
enum Job {
    Part { branch: usize, part: usize },
    Batch { branch: usize, batch: Batch },
}

/// Works on every batch in parallel and hands the results over in order, a window at a time, until the sink breaks.
pub(super) fn drive<T: Buffered>(
    guard: &Guard<'_>,
    mut branches: Vec<Branch<'_>>,
    pace: Pace,
    work: impl Fn(Batch) -> Result<T, Diagnostic> + Sync,
    mut sink: impl FnMut(T) -> Result<ControlFlow<()>, Diagnostic>,
) -> Result<(), Diagnostic> {
    let threads = rayon::current_num_threads();
    let most = if pace == Pace::Full { threads * PARTS_PER_THREAD } else { threads };
    let mut width = if pace == Pace::Full { most } else { 1 };
    let mut next = (0, 0);
    loop {
        guard.proceed()?;
        let jobs = jobs(&mut branches, &mut next, width)?;
        if jobs.is_empty() {
            return Ok(());
        }
        if window(guard, &branches, jobs, &work, &mut sink)?.is_break() {
            return Ok(());
        }
        width = (width * 2).min(most);
    }
}

/// The next so many parts; `next` is the branch and its part that comes after them.
fn jobs(
    branches: &mut [Branch<'_>],
    next: &mut (usize, usize),
    width: usize,
) -> Result<Vec<Job>, Diagnostic> {
    let mut jobs = Vec::with_capacity(width);
    while jobs.len() < width && next.0 < branches.len() {
        let (branch, part) = *next;
        let job = match branches[branch].base_mut() {
            Base::Stream(stream) => stream.next().transpose()?.map(|batch| Job::Batch { branch, batch }),
            base => (part < base.count()).then_some(Job::Part { branch, part }),
        };
        *next = if job.is_some() { (branch, part + 1) } else { (branch + 1, 0) };
        jobs.extend(job);
    }
    Ok(jobs)
}

fn window<T: Buffered>(
    guard: &Guard<'_>,
    branches: &[Branch<'_>],
    jobs: Vec<Job>,
    work: &(impl Fn(Batch) -> Result<T, Diagnostic> + Sync),
    sink: &mut impl FnMut(T) -> Result<ControlFlow<()>, Diagnostic>,
) -> Result<ControlFlow<()>, Diagnostic> {
    // A thread that waits for others costs more than a small part.
    if jobs.len() > 1 {
        let run = |job: &Job| run_buffered(guard, branches, job.clone(), work);
        let made: Result<Vec<_>, Diagnostic> =
            jobs.par_iter().map(run).collect::<Vec<_>>().into_iter().collect();
        match made {
            Ok(made) => {
                // The sink has accounts of its own.
                let made: Vec<Vec<T>> = made.into_iter().map(|(made, _held)| made).collect();
                return made.into_iter().flatten().try_fold(ControlFlow::Continue(()), |flow, made| {
                    if flow.is_break() { Ok(flow) } else { sink(made) }
                });
            }
            // The results of all these parts, or what is made on the way to them, do not fit into memory together:
            // perhaps those of one after the other.
            Err(error) if error.code == Code::Limit && guard.begin_again() => {}
            Err(error) => return Err(error),
        }
    }
    for job in jobs {
        if run(guard, branches, job, &mut |batch| sink(work(batch)?))?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// Works on a part while others are worked on.
fn run_buffered<T: Buffered>(
    guard: &Guard<'_>,
    branches: &[Branch<'_>],
    job: Job,
    work: &impl Fn(Batch) -> Result<T, Diagnostic>,
) -> Result<(Vec<T>, Held), Diagnostic> {
    let mut held = guard.memory.account("the steps of the query that are worked on together");
    let mut made = Vec::new();
    let flow = run(guard, branches, job, &mut |batch| {
        let one = work(batch)?;
        held.grow(one.size_bytes())?;
        made.push(one);
        Ok(ControlFlow::Continue(()))
    })?;
    debug_assert!(flow.is_continue(), "nothing here asks for fewer rows");
    Ok((made, held))
}

fn run(
    guard: &Guard<'_>,
    branches: &[Branch<'_>],
    job: Job,
    sink: &mut Emit<'_>,
) -> Result<ControlFlow<()>, Diagnostic> {
    guard.proceed()?;
    let (branch, batch) = match job {
        Job::Part { branch, part } => (&branches[branch], branches[branch].base().read(part)?),
        Job::Batch { branch, batch } => (&branches[branch], batch),
    };
    pass(guard, branch.stages(), batch, sink)
}

/// Takes a batch through the stages that are left for it.
fn pass(
    guard: &Guard<'_>,
    mut stages: &[BatchStage<'_>],
    mut batch: Batch,
    sink: &mut Emit<'_>,
) -> Result<ControlFlow<()>, Diagnostic> {
    loop {
        guard.proceed()?;
        if batch.row_count == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        let Some((stage, behind)) = stages.split_first() else {
            let flow = sink(batch)?;
            guard.proceed()?;
            return Ok(flow);
        };
        match stage {
            BatchStage::Map(stage) => batch = stage.map(batch),
            BatchStage::Split(stage) => {
                return stage.split(guard, &batch, &mut |made| pass(guard, behind, made, sink));
            }
        }
        stages = behind;
    }
}
