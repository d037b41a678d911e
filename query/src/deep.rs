//! A stack for what recurses once for each step of a plan.
//!
//! Plans of a few steps are walked where the caller is. A deeper one is walked on a thread of its own, with a stack that
//! grows with the depth; the steps themselves are computed by the same workers as ever.

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, Scope, ScopedJoinHandle, scope};

use crate::ast::Span;
use crate::error::{Code, Diagnostic};

/// Deepest plan that is walked on the stack of the caller, which may be that of a worker: 2 MiB.
const DEPTH_HERE_MAX: usize = 100;
/// Bytes of stack for what does not depend on the depth.
const BASE_BYTES: usize = 1 << 20;
/// Bytes of stack for each step, several times what a program without optimization needs.
const STEP_BYTES: usize = 16 << 10;

/// Does something that recurses `depth` steps deep.
///
/// # Errors
/// As what is done; [`Code::Limit`] when there is no thread with such a stack.
pub(crate) fn with_stack<T: Send>(
    depth: usize,
    work: impl FnOnce() -> Result<T, Diagnostic> + Send,
) -> Result<T, Diagnostic> {
    if depth <= DEPTH_HERE_MAX {
        return work();
    }
    scope(|threads| finished(begin(threads, depth, work)?))
}

/// As [`with_stack`], for work that hands values to the caller as it goes; the caller says whether more are wanted.
///
/// # Errors
/// As [`with_stack`].
pub(crate) fn with_stack_and_sink<P: Send>(
    depth: usize,
    work: impl FnOnce(&mut dyn FnMut(P) -> ControlFlow<()>) -> Result<(), Diagnostic> + Send,
    take: &mut dyn FnMut(P) -> ControlFlow<()>,
) -> Result<(), Diagnostic> {
    if depth <= DEPTH_HERE_MAX {
        return work(take);
    }
    // Each value waits for its answer, so no more than one is on its way.
    let (parts, taken): (SyncSender<P>, Receiver<P>) = sync_channel(0);
    let (answers, answered) = sync_channel(0);
    // The ends that are here go with this closure, also when `take` panics, and then the thread ends, too.
    scope(move |threads| {
        let running = begin(threads, depth, move || {
            work(&mut |part| {
                let sent = parts.send(part).is_ok();
                answered.recv().ok().filter(|_| sent).unwrap_or(ControlFlow::Break(()))
            })
        })?;
        for part in taken {
            if answers.send(take(part)).is_err() {
                break;
            }
        }
        finished(running)
    })
}

fn begin<'scope, T: Send + 'scope>(
    threads: &'scope Scope<'scope, '_>,
    depth: usize,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>, Diagnostic> {
    let stack_bytes = BASE_BYTES + depth * STEP_BYTES;
    Builder::new().stack_size(stack_bytes).spawn_scoped(threads, work).map_err(|error| {
        let message =
            format!("a plan of {depth} steps needs a thread of its own, and there is none: {error}");
        Diagnostic::new(Code::Limit, Span::default(), message)
    })
}

fn finished<T>(running: ScopedJoinHandle<'_, Result<T, Diagnostic>>) -> Result<T, Diagnostic> {
    running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recurses so deep that only a stack made for it is enough.
    fn sum(depth: usize) -> usize {
        let filled = std::hint::black_box([1_u8; 8 << 10]);
        if depth == 0 { 0 } else { usize::from(filled[depth % filled.len()]) + sum(depth - 1) }
    }

    #[test]
    fn a_deep_walk_gets_its_stack_and_its_values_reach_the_caller() {
        assert_eq!(with_stack(3000, || Ok(sum(1500))), Ok(1500));
        for depth in [1, 3000] {
            let mut seen = Vec::new();
            let done = with_stack_and_sink(
                depth,
                |sink| {
                    while sink(sum(depth / 4)).is_continue() {}
                    Ok(())
                },
                &mut |part| {
                    seen.push(part);
                    if seen.len() == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                },
            );
            assert_eq!((done, seen), (Ok(()), vec![depth / 4; 3]));
        }
    }
}
