//! The layers around a backend, in their one order.

use super::{Audit, OnSinkFailure, RateLimit, RateLimits};
use crate::audit::{AuditSink, Sinks};
use crate::clock::{Clock, SystemClock};
use crate::request::Initiator;
use crate::writeback::PasswordWriteback;
use std::sync::Arc;

/// Puts the layers around a backend in the order that makes sense: the audit outside, so that it tells of what the rate limit refuses.
///
/// The packages for other languages build the same stack.
///
/// ```
/// use password_writeback::layer::{Limit, RateLimits, Stack};
/// use password_writeback::mock::{MockDirectory, MockUser};
/// use password_writeback::{CheckPassword, Code, PasswordWriteback, ResetPassword, TracingSink};
/// use std::{sync::Arc, time::Duration};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), password_writeback::Error> {
/// let mock = MockDirectory::new();
/// mock.add_user(MockUser::new("alice").upn("alice@corp.example").password("Old-Passw0rd"))?;
///
/// let directory = Stack::new()
///     .audit(Arc::new(TracingSink))
///     .rate_limit(RateLimits::new().per_account(Limit::new(2, Duration::from_secs(3600))?))
///     .clock(Arc::new(mock.clock()))
///     .around(mock.clone());
///
/// directory.check_password(CheckPassword::new("alice", "New-Passw0rd-1")).await?;
/// directory.reset_password(ResetPassword::new("alice", "New-Passw0rd-1")).await?;
/// let third = directory.reset_password(ResetPassword::new("alice@corp.example", "New-Passw0rd-2")).await.unwrap_err();
/// assert_eq!(third.code(), Code::RateLimited);
/// assert_eq!(third.retry_at().unwrap().to_string(), "2026-01-01T00:30:00Z");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Stack {
    sinks: Sinks,
    on_sink_failure: OnSinkFailure,
    initiator: Initiator,
    limits: RateLimits,
    clock: Arc<dyn Clock>,
}

impl Stack {
    /// No layers yet.
    #[must_use]
    pub fn new() -> Self {
        Stack {
            sinks: Sinks::default(),
            on_sink_failure: OnSinkFailure::Refuse,
            initiator: Initiator::SelfService,
            limits: RateLimits::default(),
            clock: Arc::new(SystemClock),
        }
    }

    /// Tells a sink of every operation; each call adds one. Every sink gets every event; where one fails, all have.
    #[must_use]
    pub fn audit(mut self, sink: Arc<dyn AuditSink>) -> Self {
        self.sinks.0.push(sink);
        self
    }

    /// Says what follows when a sink fails. Default: the operation is refused.
    #[must_use]
    pub fn on_sink_failure(mut self, on_failure: OnSinkFailure) -> Self {
        self.on_sink_failure = on_failure;
        self
    }

    /// Says who asks where a request does not: the same as in the [`Rules`](crate::Rules) of the backend.
    #[must_use]
    pub fn initiator(mut self, initiator: Initiator) -> Self {
        self.initiator = initiator;
        self
    }

    /// Limits how often operations may be tried.
    #[must_use]
    pub fn rate_limit(mut self, limits: RateLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Takes the time from another clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Puts the layers around a backend. A layer that has nothing to do is left out.
    pub fn around<W: PasswordWriteback + 'static>(self, backend: W) -> Arc<dyn PasswordWriteback> {
        let mut top: Arc<dyn PasswordWriteback> = Arc::new(backend);
        if self.limits.any() {
            top = Arc::new(RateLimit::with_clock(top, self.limits, Arc::clone(&self.clock)));
        }
        if !self.sinks.0.is_empty() {
            let audit = Audit::new(top, Arc::new(self.sinks));
            let audit = audit.on_sink_failure(self.on_sink_failure).initiator(self.initiator);
            top = Arc::new(audit.clock(self.clock));
        }
        top
    }
}

impl Default for Stack {
    fn default() -> Self {
        Self::new()
    }
}
