//! Threads of Python's own for the callbacks of the audit, which may never come back.
//!
//! No frame of Rust is below what they run: an interpreter that goes can end them where they stand, and need not wait for them (see
//! `attach`). One that has done its work stays for a while, for the next.

use crate::attach::{self, attached};
use crate::reply::Reply;
use password_writeback::SinkError;
use pyo3::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a thread stays that has nothing to do.
const REST: Duration = Duration::from_secs(10);

/// The threads of one process that have nothing to do.
#[derive(Debug, Default)]
pub(crate) struct Hands {
    idle: Mutex<Vec<Idle>>,
    started: AtomicU64,
}

#[derive(Debug)]
struct Idle {
    number: u64,
    work: Sender<Work>,
}

/// An event for a recorder.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) recorder: Arc<Py<PyAny>>,
    /// As JSON.
    pub(crate) event: String,
    /// How another sink lost it, where that is to be noted.
    pub(crate) lost: Option<String>,
    /// Whether whoever gives it may do it, where there is no thread for it: not where the recorder is known to hang.
    pub(crate) may_be_done_here: bool,
    pub(crate) reply: Reply,
}

impl Hands {
    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has something done by a thread that has nothing to do, or by a new one.
    pub(crate) fn give(&'static self, mut work: Work) -> Result<(), SinkError> {
        let mut idle = self.idle();
        while let Some(hand) = idle.pop() {
            match hand.work.send(work) {
                Ok(()) => return Ok(()),
                // That thread has gone.
                Err(unsent) => work = unsent.0,
            }
        }
        drop(idle);
        match attached(|py| self.start(py, work)) {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) => Err(SinkError(
                "no thread could be started for the audit callback".to_owned(),
            )),
            None => Err(SinkError("the interpreter is shutting down".to_owned())),
        }
    }

    /// Starts a thread for some work, or does it at once: an interpreter that ends starts no more of them (CPython 3.12).
    fn start(&'static self, py: Python<'_>, first: Work) -> PyResult<()> {
        let audit = py.import("password_writeback._audit")?;
        let (serve, tell) = (audit.getattr("serve")?, audit.getattr("tell")?);
        let (sender, receiver) = channel();
        // The receiver is here.
        let _ = sender.send(first);
        let hand = Hand {
            hands: self,
            number: self.started.fetch_add(1, Ordering::Relaxed),
            sender,
            receiver: Mutex::new(receiver),
        };
        let hand = Bound::new(py, hand)?;
        let started = py
            .import("_thread")?
            .call_method1("start_new_thread", (serve, (&hand,)));
        if started.is_err()
            && let Some(work) = hand.get().given()
            && work.may_be_done_here
        {
            let failure = tell.call1((work.recorder.clone_ref(py), work.event, work.lost))?;
            Taken(Mutex::new(Some(work.reply))).__call__(failure.extract()?);
        }
        Ok(())
    }
}

/// What one thread gets its work by.
#[pyclass(frozen, module = "password_writeback._native")]
#[derive(Debug)]
pub(crate) struct Hand {
    hands: &'static Hands,
    number: u64,
    sender: Sender<Work>,
    /// Only its own thread takes from it.
    receiver: Mutex<Receiver<Work>>,
}

#[pymethods]
impl Hand {
    /// The next recorder, with the event for it, how another sink lost that, and where the answer goes. `None` ends the thread.
    fn next(&self, py: Python<'_>) -> Option<(Py<PyAny>, String, Option<String>, Taken)> {
        let work = py.detach(|| self.wait())?;
        let taken = Taken(Mutex::new(Some(work.reply)));
        Some((work.recorder.clone_ref(py), work.event, work.lost, taken))
    }
}

impl Hand {
    fn receiver(&self) -> MutexGuard<'_, Receiver<Work>> {
        self.receiver.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The work that it was given first.
    fn given(&self) -> Option<Work> {
        self.receiver().try_recv().ok()
    }

    fn wait(&self) -> Option<Work> {
        let receiver = self.receiver();
        if let Ok(first) = receiver.try_recv() {
            return Some(first);
        }
        self.hands.idle().push(Idle {
            number: self.number,
            work: self.sender.clone(),
        });
        receiver.recv_timeout(REST).ok().or_else(|| {
            // Back in an interpreter that is going, this would be ended below a frame of Rust.
            while attach::is_closed() {
                std::thread::park();
            }
            let mut idle = self.hands.idle();
            idle.retain(|hand| hand.number != self.number);
            // What was given in the last moment: from now on nothing is.
            receiver.try_recv().ok()
        })
    }
}

/// Where it is told whether an event was taken.
#[pyclass(frozen, module = "password_writeback._native")]
#[derive(Debug)]
pub(crate) struct Taken(Mutex<Option<Reply>>);

#[pymethods]
impl Taken {
    /// Takes the type of the exception, or `None` where the event was taken.
    fn __call__(&self, failure: Option<String>) {
        if let Some(reply) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            reply.send(failure.map_or(Ok(()), |name| Err(SinkError(name))));
        }
    }
}
