//! One call under way: waiting for it with an ear for signals, and cancelling it.

use crate::attach::attached;
use crate::raise::{exception, raised};
use password_writeback::{Cancellation, Code, Error};
use pyo3::prelude::*;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

/// How often a waiting call looks for signals.
const ATTENTION: Duration = Duration::from_millis(50);

/// What a call came to: JSON, or an error.
pub(crate) type Outcome = Result<String, Error>;

/// A call that a coroutine waits for.
#[pyclass(frozen, module = "password_writeback._native")]
#[derive(Debug)]
pub(crate) struct Call(pub(crate) Cancellation);

#[pymethods]
impl Call {
    /// Cancels, as long as nothing has been written; tells whether that was in time.
    fn cancel(&self) -> bool {
        self.0.cancel()
    }
}

/// Where the outcome of a call goes: exactly one gets there, whatever becomes of the call.
pub(crate) struct Reply<F: FnOnce(Outcome)>(Option<F>);

impl<F: FnOnce(Outcome)> Reply<F> {
    pub(crate) fn new(send: F) -> Self {
        Reply(Some(send))
    }

    pub(crate) fn send(mut self, outcome: Outcome) {
        if let Some(send) = self.0.take() {
            send(outcome);
        }
    }
}

impl<F: FnOnce(Outcome)> Drop for Reply<F> {
    fn drop(&mut self) {
        if let Some(send) = self.0.take() {
            send(Err(fault()));
        }
    }
}

fn fault() -> Error {
    Error::new(Code::OutcomeUnknown, "an internal fault ended the operation")
}

/// Waits without the GIL. A signal whose handler raises, such as Ctrl-C, cancels; it is raised once the call has ended: at once where
/// nothing was written yet, else with the outcome recorded.
pub(crate) fn wait(py: Python<'_>, mut replies: Receiver<Outcome>, cancellation: &Cancellation) -> PyResult<String> {
    let mut interrupt = None;
    let outcome = loop {
        let (outcome, receiver) = py.detach(move || (replies.recv_timeout(ATTENTION), replies));
        replies = receiver;
        match outcome {
            Ok(outcome) => break outcome,
            Err(RecvTimeoutError::Disconnected) => break Err(fault()),
            Err(RecvTimeoutError::Timeout) => {
                if let Err(raised) = py.check_signals() {
                    cancellation.cancel();
                    interrupt.get_or_insert(raised);
                }
            }
        }
    };
    match interrupt {
        Some(interrupt) => Err(interrupt),
        None => outcome.map_err(|error| raised(py, &error)),
    }
}

/// The way of outcomes to the coroutines that await them: one thread hands all of them over, so that a thousand that come at once need
/// neither a thousand threads nor the interpreter a thousand times.
#[derive(Clone, Debug)]
pub(crate) struct Answers(Sender<(Py<PyAny>, Outcome)>);

impl Answers {
    pub(crate) fn start() -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        std::thread::Builder::new()
            .name("password-writeback-answers".to_owned())
            .spawn(move || deliver(&receiver))?;
        Ok(Answers(sender))
    }

    /// Hands an outcome to a Python callable, as text and `None`, or as `None` and an exception.
    pub(crate) fn hand_over(&self, done: Py<PyAny>, outcome: Outcome) {
        // The thread ends with the process.
        let _ = self.0.send((done, outcome));
    }
}

fn deliver(answers: &Receiver<(Py<PyAny>, Outcome)>) {
    while let Ok(first) = answers.recv() {
        // Nobody waits any more where the interpreter is shutting down.
        attached(|py| {
            for (done, outcome) in std::iter::once(first).chain(answers.try_iter()) {
                tell(py, &done, outcome);
            }
        });
    }
}

fn tell(py: Python<'_>, done: &Py<PyAny>, outcome: Outcome) {
    let told = match outcome {
        Ok(text) => done.call1(py, (text, py.None())),
        Err(error) => exception(py, &error).and_then(|error| done.call1(py, (py.None(), error))),
    };
    if let Err(error) = told {
        error.write_unraisable(py, None);
    }
}
