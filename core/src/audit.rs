//! Who did what to which account, when, and how it ended: events without secrets, and where they go.

use crate::error::{Code, Outcome};
use crate::identity::Identity;
use crate::receipt::Operation;
use crate::request::Initiator;
use crate::words::words;
use jiff::Timestamp;
use serde::Serialize;
use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use uuid::Uuid;

words! {
    /// The two moments of an operation.
    pub enum Phase {
        /// Before anything is done.
        Start = "start",
        /// When the outcome is known, or known to be unknown; also after the caller has gone.
        Finish = "finish",
    }
}

/// One event. It holds no secret.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AuditEvent {
    /// The moment.
    pub phase: Phase,
    /// When it was.
    pub time: Timestamp,
    /// What was asked for.
    pub operation: Operation,
    /// Ties the two events of an operation together, and to the caller's own records.
    pub correlation_id: String,
    /// The account as the caller named it; absent in an examination of the deployment.
    pub identity: Option<String>,
    /// Who asked.
    pub initiator: Initiator,
    /// Who asked, by name, where the request said.
    pub actor: Option<String>,
    /// The objectGUID of the account, once it was found.
    pub target: Option<Uuid>,
    /// The domain controller, once one was reached.
    pub domain_controller: Option<String>,
    /// How it ended: `applied` for a write that succeeded. Absent at the start, and where nothing was to be written.
    pub outcome: Option<Outcome>,
    /// The error code, where it failed.
    pub code: Option<Code>,
    /// How long it took, in milliseconds; absent at the start.
    pub duration_ms: Option<u64>,
    /// The event number of Microsoft's password writeback, where it has one (source PasswordResetService).
    pub microsoft_event: Option<u32>,
}

impl AuditEvent {
    /// The event number: 31001 to 31003 for a reset, 31006 to 31008 for a change, 31009 to 31011 for an administrator's reset.
    pub(crate) fn microsoft_event(
        operation: Operation,
        initiator: Initiator,
        phase: Phase,
        failed: bool,
    ) -> Option<u32> {
        let start = match (operation, initiator) {
            (Operation::ResetPassword, Initiator::Administrator) => 31009,
            (Operation::ResetPassword, _) => 31001,
            (Operation::ChangePassword, _) => 31006,
            _ => return None,
        };
        Some(match phase {
            Phase::Start => start,
            Phase::Finish => start + 1 + u32::from(failed),
        })
    }

    pub(crate) fn name(identity: Option<&Identity>) -> Option<String> {
        identity.map(|identity| identity.as_str().to_owned())
    }
}

pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A sink could not take an event. The text must hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit sink failed: {0}")]
pub struct SinkError(pub String);

/// Takes audit events. It is called in the task of the operation: what takes long belongs behind a queue.
pub trait AuditSink: Send + Sync + fmt::Debug {
    /// Takes one event.
    ///
    /// # Errors
    /// [`SinkError`] where the event is lost; the layer's settings say what follows.
    fn record(&self, event: &AuditEvent) -> Result<(), SinkError>;
}

/// Sends events to the application's `tracing` subscriber, under the target `password_writeback::audit`.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingSink;

impl AuditSink for TracingSink {
    fn record(&self, event: &AuditEvent) -> Result<(), SinkError> {
        tracing::info!(
            target: "password_writeback::audit",
            phase = %event.phase,
            operation = %event.operation,
            correlation_id = %event.correlation_id,
            identity = event.identity.as_deref(),
            initiator = %event.initiator,
            actor = event.actor.as_deref(),
            object_guid = event.target.map(tracing::field::display),
            domain_controller = event.domain_controller.as_deref(),
            outcome = event.outcome.map(Outcome::as_str),
            code = event.code.map(Code::as_str),
            duration_ms = event.duration_ms,
            microsoft_event = event.microsoft_event,
            "password writeback"
        );
        Ok(())
    }
}

/// Writes events as JSON, one a line, and flushes after each.
pub struct JsonLinesSink<W>(Mutex<W>);

impl<W: Write + Send> JsonLinesSink<W> {
    /// Writes to a file, a pipe, or anything else.
    pub fn new(writer: W) -> Self {
        JsonLinesSink(Mutex::new(writer))
    }
}

impl<W> fmt::Debug for JsonLinesSink<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JsonLinesSink")
    }
}

impl<W: Write + Send> AuditSink for JsonLinesSink<W> {
    fn record(&self, event: &AuditEvent) -> Result<(), SinkError> {
        let mut line = serde_json::to_vec(event).map_err(|error| SinkError(error.to_string()))?;
        line.push(b'\n');
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writer
            .write_all(&line)
            .and_then(|()| writer.flush())
            .map_err(|error| SinkError(error.kind().to_string()))
    }
}
