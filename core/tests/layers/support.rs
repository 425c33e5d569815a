//! What the tests share.

use async_trait::async_trait;
use password_writeback::mock::{MockDirectory, MockUser};
use password_writeback::{
    Account, AuditEvent, AuditSink, ChangePassword, CheckPassword, Diagnose, Diagnosis, Error, FindAccount,
    PasswordPolicy, PasswordWriteback, Phase, ReadPolicy, Receipt, RequirePasswordChange, ResetPassword, SinkError,
    UnlockAccount, Verdict,
};
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

pub(crate) const OLD: &str = "Old-Passw0rd";
pub(crate) const NEW: &str = "New-Passw0rd-1";

pub(crate) fn with_alice() -> MockDirectory {
    let directory = MockDirectory::new();
    directory.add_user(MockUser::new("alice").password(OLD)).unwrap();
    directory
}

/// A sink that keeps what it is given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept(Arc<Mutex<Vec<AuditEvent>>>);

impl AuditSink for Kept {
    fn record(&self, event: &AuditEvent) -> Result<(), SinkError> {
        self.0.lock().unwrap().push(event.clone());
        Ok(())
    }
}

impl Kept {
    pub(crate) fn sink(&self) -> Arc<dyn AuditSink> {
        Arc::new(self.clone())
    }

    pub(crate) fn take(&self) -> Vec<AuditEvent> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// The two events of the one operation there was: exactly one start, exactly one finish, of the same operation.
    #[track_caller]
    pub(crate) fn pair(&self) -> (AuditEvent, AuditEvent) {
        let events = self.take();
        let [start, finish] = <[AuditEvent; 2]>::try_from(events).expect("two events");
        assert_eq!((start.phase, finish.phase), (Phase::Start, Phase::Finish));
        assert_eq!(start.correlation_id, finish.correlation_id);
        assert_eq!(start.operation, finish.operation);
        assert!(start.duration_ms.is_none() && finish.duration_ms.is_some());
        (start, finish)
    }
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Receipt, Error>> + Send + 'a>>;

/// A layer of a test: it does what it likes with a reset, and forwards everything else.
pub(crate) struct Meddling<F> {
    pub(crate) inner: MockDirectory,
    pub(crate) reset: F,
}

impl<F> fmt::Debug for Meddling<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meddling")
    }
}

#[async_trait]
impl<F: Fn(MockDirectory, ResetPassword) -> Answer<'static> + Send + Sync> PasswordWriteback for Meddling<F> {
    async fn reset_password(&self, request: ResetPassword) -> Result<Receipt, Error> {
        (self.reset)(self.inner.clone(), request).await
    }

    async fn change_password(&self, request: ChangePassword) -> Result<Receipt, Error> {
        self.inner.change_password(request).await
    }

    async fn unlock_account(&self, request: UnlockAccount) -> Result<Receipt, Error> {
        self.inner.unlock_account(request).await
    }

    async fn require_password_change(&self, request: RequirePasswordChange) -> Result<Receipt, Error> {
        self.inner.require_password_change(request).await
    }

    async fn check_password(&self, request: CheckPassword) -> Result<Verdict, Error> {
        self.inner.check_password(request).await
    }

    async fn find_account(&self, request: FindAccount) -> Result<Account, Error> {
        self.inner.find_account(request).await
    }

    async fn password_policy(&self, request: ReadPolicy) -> Result<PasswordPolicy, Error> {
        self.inner.password_policy(request).await
    }

    async fn diagnose(&self, request: Diagnose) -> Result<Diagnosis, Error> {
        self.inner.diagnose(request).await
    }
}

/// A layer that does this with every reset.
pub(crate) fn meddling<F>(inner: &MockDirectory, reset: F) -> Meddling<F>
where
    F: Fn(MockDirectory, ResetPassword) -> Answer<'static> + Send + Sync,
{
    Meddling {
        inner: inner.clone(),
        reset,
    }
}
