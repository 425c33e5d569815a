//! Hands audit events to Python.

use crate::attach::attached;
use crate::raise::json;
use password_writeback::{AuditEvent, AuditSink, SinkError};
use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// A Python object that takes an event as JSON when it is called, says by `wanted` whether it would do anything with one, and notes one
/// that another sink lost.
#[derive(Debug)]
pub(crate) struct PythonSink {
    recorder: Py<PyAny>,
    wanted: AtomicBool,
}

impl PythonSink {
    pub(crate) fn new(recorder: Py<PyAny>) -> Self {
        PythonSink {
            recorder,
            wanted: AtomicBool::new(true),
        }
    }

    /// Looks whether anybody listens: without a callback that is a matter of how logging is set up, which may change between calls.
    /// Where nobody does, no event needs the interpreter.
    pub(crate) fn look(&self, py: Python<'_>) -> PyResult<()> {
        let wanted = self.recorder.getattr(py, "wanted")?.is_truthy(py)?;
        self.wanted.store(wanted, Ordering::Relaxed);
        Ok(())
    }
}

impl AuditSink for PythonSink {
    fn record(&self, event: &AuditEvent) -> Result<(), SinkError> {
        if !self.wanted.load(Ordering::Relaxed) {
            return Ok(());
        }
        let event = json(event);
        let record = |py: Python<'_>| {
            let recorded = self.recorder.call1(py, (event,));
            recorded.map(drop).map_err(|error| {
                let name = error.get_type(py).name().map(|name| name.to_string());
                SinkError(name.unwrap_or_default())
            })
        };
        // The callback may take long, wait for another thread of Python, or call this library again.
        tokio::task::block_in_place(|| attached(record))
            .unwrap_or_else(|| Err(SinkError("the interpreter is shutting down".to_owned())))
    }

    fn lost(&self, event: &AuditEvent, failure: &SinkError) {
        let (event, failure) = (json(event), failure.0.as_str());
        let note = |py: Python<'_>| {
            if let Err(error) = self.recorder.call_method1(py, "lost", (event, failure)) {
                error.write_unraisable(py, None);
            }
        };
        tokio::task::block_in_place(|| attached(note));
    }
}
