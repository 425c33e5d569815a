//! Runs an operation to its end whether or not its caller waits: cancelling stops it before the write is sent, and never after.

use crate::error::{Code, Error};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::sync::Notify;

const OPEN: u8 = 0;
const CANCELLED: u8 = 1;
const COMMITTED: u8 = 2;

/// Cancels an operation, as long as its write has not been sent.
///
/// Dropping the future of an operation does the same. Once the write is on its way it is carried through, verified and
/// audited, whether anybody waits for it or not.
#[derive(Clone, Debug, Default)]
pub struct Cancellation(Arc<State>);

#[derive(Debug, Default)]
struct State {
    stage: AtomicU8,
    cancelled: Notify,
}

impl Cancellation {
    /// A handle that has not been used.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels. Returns whether that was in time: `false` means the write is under way and will be carried through.
    pub fn cancel(&self) -> bool {
        match self
            .0
            .stage
            .compare_exchange(OPEN, CANCELLED, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => {
                self.0.cancelled.notify_waiters();
                true
            }
            Err(stage) => stage == CANCELLED,
        }
    }

    /// Whether the operation has been cancelled in time.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.stage.load(Ordering::Acquire) == CANCELLED
    }

    /// Whether the write is on its way, so that it is too late to cancel.
    #[must_use]
    pub fn is_committed(&self) -> bool {
        self.0.stage.load(Ordering::Acquire) == COMMITTED
    }

    /// The point of no return, just before the write is handed to the connection.
    pub(crate) fn commit(&self) -> Result<(), Error> {
        match self
            .0
            .stage
            .compare_exchange(OPEN, COMMITTED, Ordering::AcqRel, Ordering::Acquire)
        {
            Err(CANCELLED) => Err(cancelled()),
            _ => Ok(()),
        }
    }

    async fn cancelled(&self) {
        let mut notified = std::pin::pin!(self.0.cancelled.notified());
        // Enabled before the look, so that a cancellation in between is not missed.
        notified.as_mut().enable();
        if !self.is_cancelled() {
            notified.await;
        }
    }
}

fn cancelled() -> Error {
    Error::new(Code::Cancelled, "the caller cancelled before anything was sent")
}

/// Cancels when the caller stops waiting.
struct CancelOnDrop {
    cancellation: Cancellation,
    armed: bool,
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if self.armed {
            self.cancellation.cancel();
        }
    }
}

/// Runs `operation` as a task of its own, which ends at once when it is cancelled before its write, and never after.
pub(crate) async fn run<T: Send + 'static>(
    cancellation: Cancellation,
    operation: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let handle = cancellation.clone();
    detach(cancellation, async move {
        tokio::select! {
            biased;
            () = handle.cancelled() => Err(cancelled()),
            result = operation => result,
        }
    })
    .await
}

/// Runs `operation` as a task of its own; a caller that stops waiting cancels what it can, and the task sees its end.
///
/// A panic inside becomes an error: with an unknown outcome once the write was on its way.
pub(crate) async fn detach<T: Send + 'static>(
    cancellation: Cancellation,
    operation: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let mut guard = CancelOnDrop {
        cancellation,
        armed: true,
    };
    let result = tokio::spawn(operation).await;
    guard.armed = false;
    result.unwrap_or_else(|_| Err(fault(&guard.cancellation)))
}

/// What becomes of an operation whose task ended without a result: it panicked, or its runtime went away.
pub(crate) fn fault(cancellation: &Cancellation) -> Error {
    if cancellation.is_committed() {
        Error::new(
            Code::OutcomeUnknown,
            "an internal fault ended the operation after the write was sent",
        )
    } else {
        Error::new(
            Code::Directory,
            "an internal fault ended the operation before anything was sent",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cancelling_is_in_time_until_the_commit() {
        let cancellation = Cancellation::new();
        assert!(cancellation.cancel() && cancellation.cancel() && cancellation.is_cancelled());
        assert_eq!(cancellation.commit().unwrap_err().code(), Code::Cancelled);

        let cancellation = Cancellation::new();
        cancellation.commit().unwrap();
        assert!(!cancellation.cancel() && !cancellation.is_cancelled());
    }

    #[tokio::test]
    async fn a_committed_operation_outlives_its_caller() {
        let cancellation = Cancellation::new();
        let (done, finished) = tokio::sync::oneshot::channel();
        let inner = cancellation.clone();
        let caller = run(cancellation.clone(), async move {
            inner.commit()?;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            let _ = done.send(());
            Ok(())
        });
        let _ = tokio::time::timeout(std::time::Duration::from_millis(10), caller).await;
        assert!(!cancellation.is_cancelled());
        finished.await.unwrap();
    }

    #[tokio::test]
    async fn a_panic_is_an_error_with_the_right_outcome() {
        let before = run::<()>(Cancellation::new(), async { panic!("seen in the test") })
            .await
            .unwrap_err();
        assert_eq!(before.code(), Code::Directory);
        let cancellation = Cancellation::new();
        let inner = cancellation.clone();
        let after = run::<()>(cancellation, async move {
            inner.commit()?;
            panic!("seen in the test")
        });
        assert_eq!(after.await.unwrap_err().code(), Code::OutcomeUnknown);
    }
}
