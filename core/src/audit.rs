//! Who did what to which account, when, and how it ended: events without secrets, and where they go.

use crate::error::{Code, Outcome};
use crate::identity::Identity;
use crate::receipt::Operation;
use crate::request::Initiator;
use crate::words::words;
use jiff::Timestamp;
use serde::Serialize;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
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
    /// The event number of Microsoft's password writeback, where it has one (source PasswordResetService): 31001 and what follows, for
    /// what happened.
    pub microsoft_event: Option<u32>,
    /// The event of the same source for the cause of a failure, where it has one: see [`Code::microsoft_event`].
    pub microsoft_cause: Option<&'static str>,
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

    /// Hears that another sink of the same [`Stack`](crate::layer::Stack) lost an event. Here nothing is done about it; the layer logs
    /// it in any case.
    fn lost(&self, event: &AuditEvent, failure: &SinkError) {
        let _ = (event, failure);
    }
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
            microsoft_cause = event.microsoft_cause,
            "password writeback"
        );
        Ok(())
    }
}

/// Hands an event to a sink. One that panics is one that failed.
pub(crate) fn hand(sink: &dyn AuditSink, event: &AuditEvent) -> Result<(), SinkError> {
    catch_unwind(AssertUnwindSafe(|| sink.record(event))).unwrap_or_else(|_| Err(SinkError("it panicked".to_owned())))
}

/// Several sinks: each gets every event, whatever becomes of it in the others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sinks(pub(crate) Vec<Arc<dyn AuditSink>>);

impl AuditSink for Sinks {
    /// The first failure is that of all.
    fn record(&self, event: &AuditEvent) -> Result<(), SinkError> {
        let handed = |(place, sink): (usize, &Arc<dyn AuditSink>)| Some((place, hand(sink.as_ref(), event).err()?));
        let failures: Vec<_> = self.0.iter().enumerate().filter_map(handed).collect();
        for (failed, failure) in &failures {
            let others = self.0.iter().enumerate().filter(|(place, _)| place != failed);
            for (_, sink) in others {
                // Noting a failure must not become one.
                let _ = catch_unwind(AssertUnwindSafe(|| sink.lost(event, failure)));
            }
        }
        failures.into_iter().next().map_or(Ok(()), |(_, failure)| Err(failure))
    }
}

/// Writes lines, so that a line that was cut short by a failure spoils no other.
#[derive(Debug, Default)]
struct Lines {
    torn: bool,
}

impl Lines {
    /// Writes a line in one piece: appended to a file, it is not mixed with those of other processes.
    fn write(&mut self, event: &AuditEvent, writer: &mut impl Write) -> Result<(), SinkError> {
        let mut line = Vec::with_capacity(512);
        if self.torn {
            line.push(b'\n');
        }
        serde_json::to_writer(&mut line, event).map_err(|error| SinkError(error.to_string()))?;
        line.push(b'\n');
        let written = writer.write_all(&line).and_then(|()| writer.flush());
        self.torn = written.is_err();
        written.map_err(|error| failed(&error))
    }
}

/// The kind alone: the rest could name what is nobody's business.
fn failed(error: &io::Error) -> SinkError {
    SinkError(error.kind().to_string())
}

/// Appends events to a file as JSON, one a line.
///
/// The file is opened for every event, so that one that was moved away by a log rotation is made anew, one that cannot be written any
/// more is noticed at once, and several processes may share it. What is written survives the end of the process, not that of the
/// machine. On Unix a new file belongs to its owner alone (mode 0600).
#[derive(Debug)]
pub struct JsonLinesFile {
    path: PathBuf,
    lines: Mutex<Lines>,
}

impl JsonLinesFile {
    /// Appends to a file, which is made where it is not there.
    ///
    /// # Errors
    /// [`SinkError`] where it cannot be opened.
    pub fn new(path: impl Into<PathBuf>) -> Result<Self, SinkError> {
        let path = path.into();
        open(&path).map_err(|error| failed(&error))?;
        Ok(JsonLinesFile {
            path,
            lines: Mutex::default(),
        })
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

impl AuditSink for JsonLinesFile {
    fn record(&self, event: &AuditEvent) -> Result<(), SinkError> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = open(&self.path).map_err(|error| failed(&error))?;
        lines.write(event, &mut file)
    }
}

/// Writes events as JSON, one a line, and flushes after each.
pub struct JsonLinesSink<W>(Mutex<(W, Lines)>);

impl<W: Write + Send> JsonLinesSink<W> {
    /// Writes to a file, a pipe, or anything else.
    pub fn new(writer: W) -> Self {
        JsonLinesSink(Mutex::new((writer, Lines::default())))
    }
}

impl<W> fmt::Debug for JsonLinesSink<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JsonLinesSink")
    }
}

impl<W: Write + Send> AuditSink for JsonLinesSink<W> {
    fn record(&self, event: &AuditEvent) -> Result<(), SinkError> {
        let (writer, lines) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.write(event, writer)
    }
}
