//! Owns the wish to stop: a flag that ends waits and requests soon.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use tokio::sync::Notify;

use super::error::{Error, Result};

/// A wish to stop, shared by its clones. It cannot be taken back.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<CancelState>);

#[derive(Debug, Default)]
struct CancelState {
    is_asked: AtomicBool,
    bell: Notify,
}

impl Cancel {
    /// Not cancelled yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks everything that watches this to stop. May be called from any thread, more than once.
    pub fn cancel(&self) {
        self.0.is_asked.store(true, Ordering::SeqCst);
        self.0.bell.notify_waiters();
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.is_asked.load(Ordering::SeqCst)
    }

    /// Runs a future until it ends or is cancelled.
    ///
    /// # Errors
    /// `Cancelled` when that was asked first; what ran is dropped where it stood.
    pub async fn guard<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        let mut bell = pin!(self.0.bell.notified());
        let mut work = pin!(work);
        poll_fn(|context| {
            // The bell is polled first, so that it listens before the flag is read: no wish is missed between the two.
            let rang = bell.as_mut().poll(context).is_ready();
            if rang || self.is_cancelled() {
                return Poll::Ready(Err(Error::Cancelled));
            }
            work.as_mut().poll(context).map(Ok)
        })
        .await
    }
}
