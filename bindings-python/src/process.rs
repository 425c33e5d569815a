//! The runtime of one process, and the calls under way in it.
//!
//! A runtime does not survive a fork: its threads stay behind. So each process has its own, made when it is first needed.

use crate::raise::{misuse, raised};
use password_writeback::{Cancellation, Error};
use pyo3::prelude::*;
use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use tokio::runtime::{Builder, Runtime};

/// What belongs to one process. It lives as long as the process does.
#[derive(Debug)]
pub(crate) struct Process {
    id: u32,
    runtime: Runtime,
    calls: Mutex<Calls>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Calls {
    open: HashMap<u64, Cancellation>,
    next: u64,
    closing: bool,
}

/// The process that this memory belongs to. It is only locked by a thread that holds the GIL, and released before it lets go of it:
/// so it is never locked at the moment of a fork.
static CURRENT: Mutex<Option<&'static Process>> = Mutex::new(None);

impl Process {
    /// The process this is.
    pub(crate) fn current(py: Python<'_>) -> PyResult<&'static Process> {
        let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        match *current {
            Some(process) if process.id == std::process::id() => Ok(process),
            // What a parent left is not freed: its threads are not here to be ended.
            _ => {
                let process = Process::new().map_err(|error| raised(py, &error))?;
                Ok(*current.insert(Box::leak(Box::new(process))))
            }
        }
    }

    fn new() -> Result<Self, Error> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("password-writeback")
            .enable_all()
            .build()
            .map_err(|error| misuse(&format!("no thread could be started: {}", error.kind())))?;
        Ok(Process {
            id: std::process::id(),
            runtime,
            calls: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a call to its end, whether or not anybody waits for it.
    pub(crate) fn spawn(
        &'static self,
        cancellation: Cancellation,
        call: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Error> {
        let open = self.open(cancellation)?;
        self.runtime.spawn(async move {
            call.await;
            drop(open);
        });
        Ok(())
    }

    fn open(&'static self, cancellation: Cancellation) -> Result<Open, Error> {
        let mut calls = self.calls();
        if calls.closing {
            return Err(misuse("the interpreter is shutting down"));
        }
        let number = calls.next;
        calls.next += 1;
        calls.open.insert(number, cancellation);
        Ok(Open { process: self, number })
    }

    /// Takes no more calls, cancels those that can be, and waits for the others: they end within their deadlines.
    fn finish(&self) {
        let mut calls = self.calls();
        calls.closing = true;
        for cancellation in calls.open.values() {
            cancellation.cancel();
        }
        while !calls.open.is_empty() {
            calls = self.changed.wait(calls).unwrap_or_else(PoisonError::into_inner);
        }
    }
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
    let current = *CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(process) = current.filter(|process| process.id == std::process::id()) {
        py.detach(|| process.finish());
    }
}
