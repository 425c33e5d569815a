//! Tells a sink of every operation, at its start and at its end.

use crate::account::Account;
use crate::audit::{AuditEvent, AuditSink, Phase, SinkError, hand, milliseconds};
use crate::clock::{Clock, SystemClock};
use crate::diagnosis::Diagnosis;
use crate::error::{Code, Error, Outcome};
use crate::gate::{Gate, Target};
use crate::identity::Identity;
use crate::policy::{PasswordPolicy, Verdict};
use crate::receipt::{Operation, Receipt};
use crate::request::{
    ChangePassword, CheckPassword, Context, Diagnose, FindAccount, Initiator, ReadPolicy, Request,
    RequirePasswordChange, ResetPassword, UnlockAccount,
};
use crate::task::{self, Cancellation};
use crate::words::words;
use crate::writeback::PasswordWriteback;
use async_trait::async_trait;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;
use uuid::Uuid;

words! {
    /// What follows when the sink fails.
    pub enum OnSinkFailure {
        /// At the start: the operation is refused as `CONFIGURATION`, and nothing is sent. At the end it is too late to refuse:
        /// the failure is logged as an error.
        Refuse = "refuse",
        /// The failure is logged as an error, and the operation goes on.
        Continue = "continue",
    }
}

/// Tells a sink of every operation: once at its start, once at its end. The finish event carries the true outcome, also of a write whose
/// caller has gone, of one that was cancelled, that another layer refused, or that an internal fault ended.
#[derive(Debug)]
pub struct Audit<W> {
    inner: Arc<W>,
    recorder: Arc<Recorder>,
}

#[derive(Clone, Debug)]
struct Recorder {
    sink: Arc<dyn AuditSink>,
    on_failure: OnSinkFailure,
    initiator: Initiator,
    clock: Arc<dyn Clock>,
}

impl<W: PasswordWriteback + 'static> Audit<W> {
    /// Puts the layer around a backend or another layer. An operation that cannot be recorded is refused.
    pub fn new(inner: W, sink: Arc<dyn AuditSink>) -> Self {
        let recorder = Recorder {
            sink,
            on_failure: OnSinkFailure::Refuse,
            initiator: Initiator::SelfService,
            clock: Arc::new(SystemClock),
        };
        Audit {
            inner: Arc::new(inner),
            recorder: Arc::new(recorder),
        }
    }

    /// Says what follows when the sink fails.
    #[must_use]
    pub fn on_sink_failure(mut self, on_failure: OnSinkFailure) -> Self {
        Arc::make_mut(&mut self.recorder).on_failure = on_failure;
        self
    }

    /// Says who asks where a request does not: the same as in the [`Rules`](crate::Rules) of the backend.
    #[must_use]
    pub fn initiator(mut self, initiator: Initiator) -> Self {
        Arc::make_mut(&mut self.recorder).initiator = initiator;
        self
    }

    /// Takes the times of the events from another clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        Arc::make_mut(&mut self.recorder).clock = clock;
        self
    }
}

impl Recorder {
    /// Records the start of an operation, and sees to it that its end will be recorded.
    ///
    /// # Errors
    /// [`Code::Configuration`] where the sink fails and nothing may be done unrecorded. That is an end as well.
    fn open(
        self: &Arc<Self>,
        operation: Operation,
        identity: Option<&Identity>,
        context: &mut Context,
    ) -> Result<Opened, Error> {
        let initiator = context.initiator.unwrap_or(self.initiator);
        let start = AuditEvent {
            phase: Phase::Start,
            time: self.clock.now(),
            operation,
            correlation_id: context.correlation_id.clone(),
            identity: AuditEvent::name(identity),
            initiator,
            actor: AuditEvent::name(context.actor.as_ref()),
            target: None,
            domain_controller: None,
            outcome: None,
            code: None,
            duration_ms: None,
            microsoft_event: AuditEvent::microsoft_event(operation, initiator, Phase::Start, false),
            microsoft_cause: None,
        };
        let recorded = self.record(&start);
        let found = Arc::new(Found::default());
        context.add_gate(Arc::clone(&found) as Arc<dyn Gate>);
        let opened = Opened {
            recorder: Arc::clone(self),
            began: Instant::now(),
            found,
            cancellation: context.cancellation.clone(),
            start: Some(start),
        };
        match (recorded, self.on_failure) {
            (Err(failure), OnSinkFailure::Refuse) => {
                let SinkError(why) = failure;
                let message = format!("the audit sink does not work, and nothing is done unrecorded: {why}");
                let refused = Error::new(Code::Configuration, message);
                opened.finish(&Err::<Receipt, _>(refused.clone()));
                Err(refused)
            }
            _ => Ok(opened),
        }
    }

    /// Hands an event to the sink, and notes it where that fails.
    fn record(&self, event: &AuditEvent) -> Result<(), SinkError> {
        let recorded = hand(self.sink.as_ref(), event);
        if let Err(failure) = &recorded {
            tracing::error!(
                %failure,
                phase = %event.phase,
                operation = %event.operation,
                correlation_id = %event.correlation_id,
                "an audit event was lost"
            );
        }
        recorded
    }
}

/// The account and the domain controller of an operation, once they are found: also where its result does not tell them.
#[derive(Debug, Default)]
struct Found(Mutex<Option<(Uuid, String)>>);

impl Found {
    fn get(&self) -> Option<(Uuid, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Gate for Found {
    fn pass(&self, target: &Target<'_>) -> Result<(), Error> {
        let found = (target.object_guid, target.domain_controller.to_owned());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        Ok(())
    }
}

/// An operation whose start was recorded. Its end is recorded once, at the latest when this is dropped.
struct Opened {
    recorder: Arc<Recorder>,
    began: Instant,
    found: Arc<Found>,
    cancellation: Cancellation,
    /// The start event, until the end is recorded.
    start: Option<AuditEvent>,
}

impl Opened {
    /// Runs the operation as a task of its own, and records its end there.
    async fn follow<T: Told + Send + 'static>(
        self,
        run: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        task::detach(self.cancellation.clone(), async move {
            let result = run.await;
            self.finish(&result);
            result
        })
        .await
    }

    fn finish<T: Told>(mut self, result: &Result<T, Error>) {
        self.record(result);
    }

    fn record<T: Told>(&mut self, result: &Result<T, Error>) {
        let Some(start) = self.start.take() else {
            return;
        };
        let failure = result.as_ref().err();
        let (target, domain_controller) = match result {
            Ok(told) => (told.target(), told.domain_controller()),
            Err(error) => (
                error.account().map(|account| account.object_guid),
                error.domain_controller(),
            ),
        };
        let (found, found_on) = self.found.get().unzip();
        let event = AuditEvent {
            phase: Phase::Finish,
            time: self.recorder.clock.now(),
            target: target.or(found),
            domain_controller: domain_controller.map(str::to_owned).or(found_on),
            outcome: match result {
                Ok(told) => told.outcome().or(start.operation.writes().then_some(Outcome::Applied)),
                // A canary writes, though its operation is to look.
                Err(error) => {
                    (start.operation.writes() || error.outcome() != Outcome::NotApplied).then(|| error.outcome())
                }
            },
            code: failure.map(Error::code),
            duration_ms: Some(milliseconds(self.began.elapsed())),
            microsoft_event: AuditEvent::microsoft_event(
                start.operation,
                start.initiator,
                Phase::Finish,
                failure.is_some(),
            ),
            microsoft_cause: failure.and_then(|error| error.code().microsoft_event()),
            ..start
        };
        // It is too late to refuse anything, and noted that it was lost.
        let _ = self.recorder.record(&event);
    }
}

impl Drop for Opened {
    /// A panic ends the operation here, or the end of its runtime: the caller, if there still is one, is told the same.
    fn drop(&mut self) {
        let fault = task::fault(&self.cancellation);
        self.record(&Err::<Receipt, _>(fault));
    }
}

/// What a result tells of its operation.
trait Told {
    fn target(&self) -> Option<Uuid> {
        None
    }

    fn domain_controller(&self) -> Option<&str> {
        None
    }

    /// What became of writes, where that is not what the operation is for.
    fn outcome(&self) -> Option<Outcome> {
        None
    }
}

impl Told for Receipt {
    fn target(&self) -> Option<Uuid> {
        Some(self.account.object_guid)
    }

    fn domain_controller(&self) -> Option<&str> {
        Some(&self.domain_controller)
    }
}

impl Told for Account {
    fn target(&self) -> Option<Uuid> {
        Some(self.object_guid)
    }
}

impl Told for Verdict {}
impl Told for PasswordPolicy {}

/// Of the writes of a canary.
impl Told for Diagnosis {
    fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }
}

/// Records a call of the inner operation of the same name.
macro_rules! recorded {
    ($self:ident, $request:ident, $operation:ident, $method:ident, $identity:expr) => {{
        let mut request = $request;
        let identity: Option<Identity> = $identity(&request);
        let opened = $self
            .recorder
            .open(Operation::$operation, identity.as_ref(), &mut request.context)?;
        let inner = Arc::clone(&$self.inner);
        opened.follow(async move { inner.$method(request).await }).await
    }};
    ($self:ident, $request:ident, $operation:ident, $method:ident) => {
        recorded!($self, $request, $operation, $method, |request: &_| Some(name(request)))
    };
}

fn name(request: &impl Request) -> Identity {
    request.identity().clone()
}

#[async_trait]
impl<W: PasswordWriteback + 'static> PasswordWriteback for Audit<W> {
    async fn reset_password(&self, request: ResetPassword) -> Result<Receipt, Error> {
        recorded!(self, request, ResetPassword, reset_password)
    }

    async fn change_password(&self, request: ChangePassword) -> Result<Receipt, Error> {
        recorded!(self, request, ChangePassword, change_password)
    }

    async fn unlock_account(&self, request: UnlockAccount) -> Result<Receipt, Error> {
        recorded!(self, request, UnlockAccount, unlock_account)
    }

    async fn require_password_change(&self, request: RequirePasswordChange) -> Result<Receipt, Error> {
        recorded!(self, request, RequirePasswordChange, require_password_change)
    }

    async fn check_password(&self, request: CheckPassword) -> Result<Verdict, Error> {
        recorded!(self, request, CheckPassword, check_password)
    }

    async fn find_account(&self, request: FindAccount) -> Result<Account, Error> {
        recorded!(self, request, FindAccount, find_account)
    }

    async fn password_policy(&self, request: ReadPolicy) -> Result<PasswordPolicy, Error> {
        recorded!(self, request, PasswordPolicy, password_policy)
    }

    async fn diagnose(&self, request: Diagnose) -> Result<Diagnosis, Error> {
        recorded!(self, request, Diagnose, diagnose, |request: &Diagnose| request
            .identity
            .clone())
    }
}
