//! Hands audit events to Python.

use crate::raise::json;
use password_writeback::{AuditEvent, AuditSink, SinkError};
use pyo3::prelude::*;

/// A Python callable that takes an event as JSON, and notes one that another sink lost.
#[derive(Debug)]
pub(crate) struct PythonSink(pub(crate) Py<PyAny>);

impl AuditSink for PythonSink {
    fn record(&self, event: &AuditEvent) -> Result<(), SinkError> {
        let event = json(event);
        let record = |py: Python<'_>| {
            let recorded = self.0.call1(py, (event,));
            recorded.map(drop).map_err(|error| {
                let name = error.get_type(py).name().map(|name| name.to_string());
                SinkError(name.unwrap_or_default())
            })
        };
        // The callback may take long, wait for another thread of Python, or call this library again.
        tokio::task::block_in_place(|| Python::try_attach(record))
            .unwrap_or_else(|| Err(SinkError("the interpreter is shutting down".to_owned())))
    }

    fn lost(&self, event: &AuditEvent, failure: &SinkError) {
        let (event, failure) = (json(event), failure.0.as_str());
        let note = |py: Python<'_>| {
            if let Err(error) = self.0.call_method1(py, "lost", (event, failure)) {
                error.write_unraisable(py, None);
            }
        };
        tokio::task::block_in_place(|| Python::try_attach(note));
    }
}
