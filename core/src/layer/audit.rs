//! Tells a sink of every operation, at its start and at its end.

use crate::account::Account;
use crate::audit::{AuditEvent, AuditSink, Phase, milliseconds};
use crate::clock::{Clock, SystemClock};
use crate::diagnosis::Diagnosis;
use crate::error::{Code, Error, Outcome};
use crate::identity::Identity;
use crate::policy::{PasswordPolicy, Verdict};
use crate::receipt::{Operation, Receipt};
use crate::request::{
    ChangePassword, CheckPassword, Context, Diagnose, FindAccount, Initiator, ReadPolicy, RequirePasswordChange,
    ResetPassword, UnlockAccount,
};
use crate::task;
use crate::words::words;
use crate::writeback::PasswordWriteback;
use async_trait::async_trait;
use std::sync::Arc;
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

/// Tells a sink of every operation. The finish event carries the true outcome, also of a write whose caller has gone.
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

    /// Records the start, runs the operation as a task of its own, and records its end there.
    async fn record<T: Told + Send + 'static>(
        &self,
        operation: Operation,
        identity: Option<&Identity>,
        context: &Context,
        run: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let initiator = context.initiator.unwrap_or(self.recorder.initiator);
        let start = AuditEvent {
            phase: Phase::Start,
            time: self.recorder.clock.now(),
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
        };
        self.recorder.start(&start)?;
        let recorder = Arc::clone(&self.recorder);
        task::detach(context.cancellation.clone(), async move {
            let began = Instant::now();
            let result = run.await;
            recorder.finish(start, began, &result);
            result
        })
        .await
    }
}

impl Recorder {
    fn start(&self, event: &AuditEvent) -> Result<(), Error> {
        match (self.sink.record(event), self.on_failure) {
            (Ok(()), _) => Ok(()),
            (Err(failure), OnSinkFailure::Continue) => {
                tracing::error!(%failure, correlation_id = %event.correlation_id, "an audit event was lost");
                Ok(())
            }
            (Err(_), OnSinkFailure::Refuse) => Err(Error::new(
                Code::Configuration,
                "the audit sink does not work, and nothing is done unrecorded",
            )),
        }
    }

    fn finish<T: Told>(&self, start: AuditEvent, began: Instant, result: &Result<T, Error>) {
        let failure = result.as_ref().err();
        let account = match result {
            Ok(told) => told.target(),
            Err(error) => error.account().map(|account| account.object_guid),
        };
        let domain_controller = match result {
            Ok(told) => told.domain_controller(),
            Err(error) => error.domain_controller(),
        };
        let event = AuditEvent {
            phase: Phase::Finish,
            time: self.clock.now(),
            target: account,
            domain_controller: domain_controller.map(str::to_owned),
            outcome: match result {
                Ok(told) => told.outcome().or(start.operation.writes().then_some(Outcome::Applied)),
                Err(error) => start.operation.writes().then(|| error.outcome()),
            },
            code: failure.map(Error::code),
            duration_ms: Some(milliseconds(began.elapsed())),
            microsoft_event: AuditEvent::microsoft_event(
                start.operation,
                start.initiator,
                Phase::Finish,
                failure.is_some(),
            ),
            ..start
        };
        if let Err(failure) = self.sink.record(&event) {
            tracing::error!(%failure, correlation_id = %event.correlation_id, "an audit event was lost");
        }
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
        let inner = Arc::clone(&$self.inner);
        let (identity, context): (Option<Identity>, Context) = ($identity, $request.context.clone());
        let run = async move { inner.$method($request).await };
        $self
            .record(Operation::$operation, identity.as_ref(), &context, run)
            .await
    }};
}

#[async_trait]
impl<W: PasswordWriteback + 'static> PasswordWriteback for Audit<W> {
    async fn reset_password(&self, request: ResetPassword) -> Result<Receipt, Error> {
        recorded!(
            self,
            request,
            ResetPassword,
            reset_password,
            Some(request.identity.clone())
        )
    }

    async fn change_password(&self, request: ChangePassword) -> Result<Receipt, Error> {
        recorded!(
            self,
            request,
            ChangePassword,
            change_password,
            Some(request.identity.clone())
        )
    }

    async fn unlock_account(&self, request: UnlockAccount) -> Result<Receipt, Error> {
        recorded!(
            self,
            request,
            UnlockAccount,
            unlock_account,
            Some(request.identity.clone())
        )
    }

    async fn require_password_change(&self, request: RequirePasswordChange) -> Result<Receipt, Error> {
        recorded!(
            self,
            request,
            RequirePasswordChange,
            require_password_change,
            Some(request.identity.clone())
        )
    }

    async fn check_password(&self, request: CheckPassword) -> Result<Verdict, Error> {
        recorded!(
            self,
            request,
            CheckPassword,
            check_password,
            Some(request.identity.clone())
        )
    }

    async fn find_account(&self, request: FindAccount) -> Result<Account, Error> {
        recorded!(self, request, FindAccount, find_account, Some(request.identity.clone()))
    }

    async fn password_policy(&self, request: ReadPolicy) -> Result<PasswordPolicy, Error> {
        recorded!(
            self,
            request,
            PasswordPolicy,
            password_policy,
            Some(request.identity.clone())
        )
    }

    async fn diagnose(&self, request: Diagnose) -> Result<Diagnosis, Error> {
        recorded!(self, request, Diagnose, diagnose, request.identity.clone())
    }
}
