//! The answer of a callback, and whoever waits for it, which is not for ever.

use password_writeback::SinkError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Whether an event was taken.
type Answer = Result<(), SinkError>;

/// Where the answer goes. Dropped without one, it says that there will be none.
#[derive(Debug)]
pub(crate) struct Reply {
    answer: SyncSender<Answer>,
    /// Dropped with this, where the callback comes back after all.
    _hanging: Arc<Mutex<Option<Hanging>>>,
}

/// Whoever waits for the answer.
pub(crate) struct Waiting {
    answered: Receiver<Answer>,
    hanging: Arc<Mutex<Option<Hanging>>>,
}

impl Reply {
    pub(crate) fn new() -> (Self, Waiting) {
        let (answer, answered) = sync_channel(1);
        let hanging = Arc::new(Mutex::new(None));
        let reply = Reply {
            answer,
            _hanging: Arc::clone(&hanging),
        };
        (reply, Waiting { answered, hanging })
    }

    pub(crate) fn send(self, answer: Answer) {
        // Whoever waited may have given up.
        let _ = self.answer.try_send(answer);
    }
}

impl Waiting {
    /// Waits. A call that is given up is among those that hang, until it comes back.
    pub(crate) fn wait(self, patience: Duration, hanging: &Arc<AtomicUsize>) -> Answer {
        match self.answered.recv_timeout(patience) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => {
                *self.hanging.lock().unwrap_or_else(PoisonError::into_inner) = Some(Hanging::new(hanging));
                let seconds = patience.as_secs_f64();
                Err(SinkError(format!(
                    "the audit callback did not answer within {seconds} s"
                )))
            }
            Err(RecvTimeoutError::Disconnected) => Err(SinkError("the audit callback was cut short".to_owned())),
        }
    }
}

/// Counts a call of a callback that nobody waits for any more.
#[derive(Debug)]
struct Hanging(Arc<AtomicUsize>);

impl Hanging {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Hanging(Arc::clone(count))
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
