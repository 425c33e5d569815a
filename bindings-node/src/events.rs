//! Hands audit events to JavaScript, in their order.

use crate::port::{EVENTS, Port};
use password_writeback::{AuditEvent, AuditSink, Phase, SinkError};
use std::collections::VecDeque;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long an operation waits for the listener to take its start.
const PATIENCE: Duration = Duration::from_secs(30);

/// Events that the listener has not been given yet.
#[derive(Debug, Default)]
pub(crate) struct Events {
    waiting: Mutex<VecDeque<Event>>,
    /// Told whether the listener took the event that it was given last.
    taken: Mutex<Option<SyncSender<bool>>>,
}

#[derive(Debug)]
struct Event {
    text: String,
    taken: Option<SyncSender<bool>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Events {
    /// The next event for the listener.
    pub(crate) fn next(&self) -> Option<String> {
        let event = lock(&self.waiting).pop_front()?;
        *lock(&self.taken) = event.taken;
        Some(event.text)
    }

    /// The listener took the event, or threw.
    pub(crate) fn took(&self, well: bool) {
        if let Some(taken) = lock(&self.taken).take() {
            let _ = taken.send(well);
        }
    }

    /// Nobody listens any more: whoever waits is told so.
    pub(crate) fn abandon(&self) {
        lock(&self.waiting).clear();
        lock(&self.taken).take();
    }

    fn push(&self, event: Event) {
        lock(&self.waiting).push_back(event);
    }
}

/// Queues the events and wakes the listener up.
#[derive(Debug)]
pub(crate) struct Listener {
    /// Whether there is a listener: without one, JavaScript only hears of events that another sink lost.
    pub(crate) listens: bool,
    pub(crate) events: Arc<Events>,
    pub(crate) port: Arc<Port>,
}

impl AuditSink for Listener {
    /// An operation begins when the listener has taken its start. Its end does not wait: it is drained before the promise settles.
    fn record(&self, event: &AuditEvent) -> Result<(), SinkError> {
        if !self.listens {
            return Ok(());
        }
        let text = serde_json::to_string(event).map_err(|error| SinkError(error.to_string()))?;
        if event.phase != Phase::Start {
            self.events.push(Event { text, taken: None });
            self.port.wake(EVENTS);
            return Ok(());
        }
        let (taken, answer) = sync_channel(1);
        let taken = Some(taken);
        self.events.push(Event { text, taken });
        if !self.port.wake(EVENTS) {
            return Err(SinkError("nobody listens any more".to_owned()));
        }
        match tokio::task::block_in_place(|| answer.recv_timeout(PATIENCE)) {
            Ok(true) => Ok(()),
            Ok(false) => Err(SinkError("the listener threw".to_owned())),
            Err(_) => Err(SinkError("the listener did not answer".to_owned())),
        }
    }

    fn lost(&self, event: &AuditEvent, failure: &SinkError) {
        let text = serde_json::json!({"lost": failure.0, "event": event}).to_string();
        self.events.push(Event { text, taken: None });
        self.port.wake(EVENTS);
    }
}
