//! One call under way: waiting for it with an ear for signals, and cancelling it.

use crate::attach::attached;
use crate::raise::{exception, raised};
use password_writeback::{Cancellation, Code, Error};
use pyo3::prelude::*;
use std::convert::Infallible;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often a waiting call looks for signals.
const ATTENTION: Duration = Duration::from_millis(50);

/// What a call came to: JSON, or an error.
pub(crate) type Outcome = Result<String, Error>;

/// A call whose end is told to a Python callable. Dropping it cancels it, as dropping an operation of the core does.
#[pyclass(frozen, module = "password_writeback._native")]
#[derive(Debug)]
pub(crate) struct Call {
    cancellation: Cancellation,
    /// The process it was made for: a forked child has the memory of its parent's calls, and nothing that runs them.
    process: u32,
    /// Closed when the call has ended; none before it begins.
    over: Mutex<Option<Receiver<Infallible>>>,
}

/// A call that has begun has ended once this is dropped.
pub(crate) struct Going {
    _open: Sender<Infallible>,
}

impl Going {
    pub(crate) fn new() -> (Self, Receiver<Infallible>) {
        let (open, over) = mpsc::channel();
        (Going { _open: open }, over)
    }
}

impl Call {
    pub(crate) fn cancellation(&self) -> &Cancellation {
        &self.cancellation
    }

    /// Notes that it has begun.
    pub(crate) fn began(&self, over: Receiver<Infallible>) {
        *self.over() = Some(over);
    }

    fn over(&self) -> MutexGuard<'_, Option<Receiver<Infallible>>> {
        self.over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_of_this_process(&self) -> bool {
        self.process == std::process::id()
    }

    /// Waits for its end without the GIL, where it has begun.
    fn wait(&self, py: Python<'_>, interrupt: &mut Option<PyErr>) {
        if !self.is_of_this_process() {
            return;
        }
        while !self.ended() {
            py.detach(|| {
                if let Some(over) = self.over().as_ref() {
                    // It brings nothing: it is closed, or the time is up.
                    let _ = over.recv_timeout(ATTENTION);
                }
            });
            listen(py, interrupt);
        }
    }
}

#[pymethods]
impl Call {
    #[new]
    fn new() -> Self {
        Call {
            cancellation: Cancellation::new(),
            process: std::process::id(),
            over: Mutex::new(None),
        }
    }

    /// Cancels, as long as nothing has been written; tells whether that was in time.
    fn cancel(&self) -> bool {
        self.is_of_this_process() && self.cancellation.cancel()
    }

    /// Whether it has been started.
    #[getter]
    fn begun(&self) -> bool {
        self.over().is_some()
    }

    /// Whether it is not under way: it has ended, or has not begun.
    #[getter]
    fn ended(&self) -> bool {
        match self.over().as_ref() {
            Some(over) => matches!(over.try_recv(), Err(TryRecvError::Disconnected)),
            None => true,
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// Looks whether a signal came whose handler raises, such as Ctrl-C. The first one counts.
fn listen(py: Python<'_>, interrupt: &mut Option<PyErr>) {
    if let Err(raised) = py.check_signals() {
        interrupt.get_or_insert(raised);
    }
}

/// Cancels calls and waits until all have ended: at once where nothing was written yet, else within their deadlines. A signal whose
/// handler raises meanwhile is raised afterwards.
#[pyfunction]
pub(crate) fn finish(py: Python<'_>, calls: Vec<Py<Call>>) -> PyResult<()> {
    let mut interrupt = None;
    for call in &calls {
        call.get().cancel();
    }
    for call in &calls {
        call.get().wait(py, &mut interrupt);
    }
    interrupt.map_or(Ok(()), Err)
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
                listen(py, &mut interrupt);
                if interrupt.is_some() {
                    cancellation.cancel();
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
