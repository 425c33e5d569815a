//! The runtime of one process, and the calls under way in it.
//!
//! A runtime does not survive a fork: its threads stay behind. So each process has its own, made when it is first needed.

use crate::attach;
use crate::call::Answers;
use crate::hands::Hands;
use crate::raise::{misuse, raised};
use password_writeback::{Cancellation, Error};
use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// The threads that run the calls. What blocks has others.
const WORKERS: usize = 2;

/// How long the end of the process waits for calls, whatever holds them up: a file system that hangs has no deadline.
const LONGEST_END: Duration = Duration::from_secs(300);

/// What belongs to one process. It lives as long as the process does.
#[derive(Debug)]
pub(crate) struct Process {
    id: u32,
    runtime: Runtime,
    answers: Answers,
    hands: Hands,
    calls: Mutex<Calls>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Calls {
    open: HashMap<u64, Cancellation>,
    next: u64,
}

/// The process that this memory belongs to. It is only locked by a thread that holds the GIL, and released before it lets go of it:
/// so it is never locked at the moment of a fork.
static CURRENT: Mutex<Option<&'static Process>> = Mutex::new(None);

/// The interpreter is going, and no more calls begin.
static CLOSING: AtomicBool = AtomicBool::new(false);

impl Process {
    /// The process this is.
    pub(crate) fn current(py: Python<'_>) -> PyResult<&'static Process> {
        if CLOSING.load(Ordering::Relaxed) {
            return Err(raised(py, &misuse("the interpreter is shutting down")));
        }
        // An exception is made of it outside: that is Python code, which may let go of the GIL.
        Process::found_or_made().map_err(|error| raised(py, &error))
    }

    fn found_or_made() -> Result<&'static Process, Error> {
        let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        match *current {
            Some(process) if process.id == std::process::id() => Ok(process),
            // What a parent left is not freed: its threads are not here to be ended.
            _ => {
                attach::forget_threads();
                Ok(*current.insert(Box::leak(Box::new(Process::new()?))))
            }
        }
    }

    fn new() -> Result<Self, Error> {
        let no_thread = |error: io::Error| misuse(&format!("no thread could be started: {}", error.kind()));
        let answers = Answers::start().map_err(no_thread)?;
        spare_threads().map_err(no_thread)?;
        let mut builder = Builder::new_multi_thread();
        builder
            .worker_threads(WORKERS)
            .thread_name("password-writeback")
            .enable_all();
        // It panics where another program has just taken the last thread.
        let runtime = catch_unwind(AssertUnwindSafe(|| builder.build()))
            .unwrap_or_else(|_| Err(io::ErrorKind::WouldBlock.into()))
            .map_err(no_thread)?;
        Ok(Process {
            id: std::process::id(),
            runtime,
            answers,
            hands: Hands::default(),
            calls: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    /// The way of outcomes to coroutines.
    pub(crate) fn answers(&self) -> Answers {
        self.answers.clone()
    }

    /// The threads that call callbacks.
    pub(crate) fn hands(&self) -> &Hands {
        &self.hands
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a call to its end, whether or not anybody waits for it.
    pub(crate) fn spawn(&'static self, cancellation: Cancellation, call: impl Future<Output = ()> + Send + 'static) {
        let open = self.open(cancellation);
        self.runtime.spawn(async move {
            call.await;
            drop(open);
        });
    }

    fn open(&'static self, cancellation: Cancellation) -> Open {
        let mut calls = self.calls();
        let number = calls.next;
        calls.next += 1;
        calls.open.insert(number, cancellation);
        Open { process: self, number }
    }

    /// Cancels the calls that can be, and waits for the others: they end within their deadlines, and what else they wait for is bounded too.
    fn finish(&self) {
        let calls = self.calls();
        for cancellation in calls.open.values() {
            cancellation.cancel();
        }
        let under_way = |calls: &mut Calls| !calls.open.is_empty();
        drop(self.changed.wait_timeout_while(calls, LONGEST_END, under_way));
    }
}

/// Looks whether the system has a thread for every worker. A runtime that gets the first and not the second waits for its own end, for ever.
fn spare_threads() -> io::Result<()> {
    let mut held = Vec::with_capacity(WORKERS);
    for _ in 0..WORKERS {
        let (hold, released) = channel::<Infallible>();
        held.push((hold, thread::Builder::new().spawn(move || released.recv())?));
    }
    for (hold, thread) in held {
        drop(hold);
        // It has nothing to tell.
        let _ = thread.join();
    }
    Ok(())
}

/// A call under way.
struct Open {
    process: &'static Process,
    number: u64,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.process.calls().open.remove(&self.number);
        self.process.changed.notify_all();
    }
}

/// Ends the calls of this process before the interpreter goes: a write that is on its way is carried through and recorded.
#[pyfunction]
pub(crate) fn shut_down(py: Python<'_>) {
    CLOSING.store(true, Ordering::Relaxed);
    let current = *CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(process) = current.filter(|process| process.id == std::process::id()) {
        py.detach(|| {
            process.finish();
            attach::close();
        });
    }
}

/// Raises `ImportError` in an interpreter that is not the process's first.
pub(crate) fn refuse_other_interpreters(_attached: Python<'_>) -> PyResult<()> {
    // SAFETY: the interpreter is attached; both calls only read.
    let number = unsafe { pyo3::ffi::PyInterpreterState_GetID(pyo3::ffi::PyInterpreterState_Get()) };
    if number == 0 {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "password_writeback works in the main interpreter only, and this is a sub-interpreter",
    ))
}
