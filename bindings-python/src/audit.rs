//! Hands audit events to Python.

use crate::hands::{Hands, Work};
use crate::raise::json;
use crate::reply::Reply;
use password_writeback::{AuditEvent, AuditSink, SinkError};
use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How many calls of a callback may hang, each with a thread of its own. While so many do, it is not called again.
const MOST_HANGING: usize = 8;

/// A Python object that takes an event as JSON when it is called, says by `wanted` whether it would do anything with one and by
/// `patience` how long an operation waits for it, and notes an event that another sink lost.
#[derive(Debug)]
pub(crate) struct PythonSink {
    recorder: Arc<Py<PyAny>>,
    patience: Duration,
    wanted: AtomicBool,
    /// Only locked by a thread that holds the GIL, and in calls under way.
    way: Mutex<Option<Way>>,
}

/// The way to it in one process: a forked child has none of its parent's threads, not those that hang either.
#[derive(Clone, Debug)]
struct Way {
    hands: &'static Hands,
    /// How many calls of it hang.
    hanging: Arc<AtomicUsize>,
}

impl PythonSink {
    pub(crate) fn new(recorder: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(PythonSink {
            recorder: Arc::new(recorder.clone().unbind()),
            patience: recorder.getattr("patience")?.extract()?,
            wanted: AtomicBool::new(true),
            way: Mutex::new(None),
        })
    }

    /// What the garbage collector is told of.
    pub(crate) fn recorder(&self) -> &Py<PyAny> {
        &self.recorder
    }

    /// Looks whether anybody listens: without a callback that is a matter of how logging is set up, which may change between calls.
    /// Where nobody does, no event needs the interpreter.
    pub(crate) fn look(&self, py: Python<'_>, hands: &'static Hands) -> PyResult<()> {
        let wanted = self.recorder.getattr(py, "wanted")?.is_truthy(py)?;
        self.wanted.store(wanted, Ordering::Relaxed);
        let mut way = self.way.lock().unwrap_or_else(PoisonError::into_inner);
        if !way.as_ref().is_some_and(|way| std::ptr::eq(way.hands, hands)) {
            let hanging = Arc::default();
            *way = Some(Way { hands, hanging });
        }
        Ok(())
    }

    /// Hands over an event, and waits for the answer. The callback may take long, wait for another thread of Python, or call this library
    /// again. One that never comes back must not hold up for ever whoever called, nor the end of the process.
    fn hand(&self, event: String, lost: Option<String>) -> Result<(), SinkError> {
        let way = self.way.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let way = way.ok_or_else(|| SinkError("nobody has called".to_owned()))?;
        let hanging = way.hanging.load(Ordering::Relaxed);
        if hanging >= MOST_HANGING {
            let why = format!("the audit callback is not called any more: {MOST_HANGING} calls of it hang");
            return Err(SinkError(why));
        }
        let (reply, waiting) = Reply::new();
        let work = Work {
            recorder: Arc::clone(&self.recorder),
            event,
            lost,
            may_be_done_here: hanging == 0,
            reply,
        };
        tokio::task::block_in_place(|| {
            way.hands.give(work)?;
            waiting.wait(self.patience, &way.hanging)
        })
    }
}

impl AuditSink for PythonSink {
    fn record(&self, event: &AuditEvent) -> Result<(), SinkError> {
        if !self.wanted.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.hand(json(event), None)
    }

    fn lost(&self, event: &AuditEvent, failure: &SinkError) {
        // Nothing more can be done about it.
        let _ = self.hand(json(event), Some(failure.0.clone()));
    }
}
