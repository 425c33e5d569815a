//! Every operation is told of twice, whatever becomes of it.

use crate::support::*;
use password_writeback::layer::{Limit, OnSinkFailure, RateLimits, Stack};
use password_writeback::mock::{Fault, MockDirectory, MockUser, Stage};
use password_writeback::{
    AuditEvent, AuditSink, Cancellation, ChangePassword, CheckPassword, Code, Diagnose, FindAccount, Initiator,
    Operation, Outcome, PasswordWriteback, Phase, ReadPolicy, Reason, RequirePasswordChange, ResetPassword, SinkError,
    UnlockAccount,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

fn audited(backend: impl PasswordWriteback + 'static) -> (Arc<dyn PasswordWriteback>, Kept) {
    let kept = Kept::default();
    (Stack::new().audit(kept.sink()).around(backend), kept)
}

/// Does the operation, on alice.
async fn perform(directory: &dyn PasswordWriteback, operation: Operation) -> Result<(), password_writeback::Error> {
    match operation {
        Operation::ResetPassword => directory
            .reset_password(ResetPassword::new("alice", NEW))
            .await
            .map(drop),
        Operation::ChangePassword => directory
            .change_password(ChangePassword::new("alice", OLD, NEW))
            .await
            .map(drop),
        Operation::UnlockAccount => directory.unlock_account(UnlockAccount::new("alice")).await.map(drop),
        Operation::RequirePasswordChange => {
            let request = RequirePasswordChange::new("alice");
            directory.require_password_change(request).await.map(drop)
        }
        Operation::CheckPassword => directory
            .check_password(CheckPassword::new("alice", NEW))
            .await
            .map(drop),
        Operation::FindAccount => directory.find_account(FindAccount::new("alice")).await.map(drop),
        Operation::PasswordPolicy => directory.password_policy(ReadPolicy::new("alice")).await.map(drop),
        Operation::Diagnose => directory.diagnose(Diagnose::account("alice")).await.map(drop),
        _ => unreachable!("another operation"),
    }
}

#[tokio::test]
async fn every_operation_names_its_target_and_its_domain_controller() {
    for operation in Operation::ALL.iter().copied() {
        let mock = MockDirectory::new();
        let alice = mock.add_user(MockUser::new("alice").password(OLD)).unwrap();
        let (directory, kept) = audited(mock);
        perform(directory.as_ref(), operation).await.unwrap();
        let (start, finish) = kept.pair();
        assert_eq!(
            (start.operation, start.target, &start.domain_controller),
            (operation, None, &None)
        );
        assert_eq!(start.identity.as_deref(), Some("alice"));
        assert_eq!(finish.target, Some(alice), "{operation}");
        assert_eq!(
            finish.domain_controller.as_deref(),
            Some("dc1.corp.example"),
            "{operation}"
        );
        let outcome = operation.writes().then_some(Outcome::Applied);
        assert_eq!(
            (finish.outcome, finish.code, finish.microsoft_cause),
            (outcome, None, None)
        );
    }
}

#[tokio::test]
async fn a_failure_carries_its_code_and_microsofts_numbers() {
    let (directory, kept) = audited(with_alice());
    let request = ResetPassword::new("alice", "x")
        .initiator(Initiator::Administrator)
        .actor("bob")
        .correlation_id("c-1");
    directory.reset_password(request).await.unwrap_err();
    let (start, finish) = kept.pair();
    assert_eq!(
        (start.correlation_id.as_str(), start.actor.as_deref()),
        ("c-1", Some("bob"))
    );
    assert_eq!(finish.initiator, Initiator::Administrator);
    assert_eq!(
        (finish.code, finish.outcome),
        (Some(Code::PolicyViolation), Some(Outcome::NotApplied))
    );
    assert_eq!(
        (start.microsoft_event, finish.microsoft_event),
        (Some(31009), Some(31011))
    );
    assert_eq!((start.microsoft_cause, finish.microsoft_cause), (None, Some("33008")));
    assert!(finish.target.is_some());

    directory.find_account(FindAccount::new("nobody")).await.unwrap_err();
    let (_, finish) = kept.pair();
    assert_eq!(
        (finish.code, finish.outcome, finish.target),
        (Some(Code::AccountNotFound), None, None)
    );
    assert_eq!((finish.microsoft_event, finish.microsoft_cause), (None, Some("33002")));
    assert_eq!(finish.domain_controller.as_deref(), Some("dc1.corp.example"));
}

#[tokio::test]
async fn who_asks_is_what_the_settings_say() {
    let kept = Kept::default();
    let stack = Stack::new().audit(kept.sink()).initiator(Initiator::Administrator);
    stack
        .around(with_alice())
        .find_account(FindAccount::new("alice"))
        .await
        .unwrap();
    assert_eq!(kept.pair().0.initiator, Initiator::Administrator);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_has_gone_is_told_of_all_the_same() {
    for (stage, code, outcome) in [
        (Stage::Open, Some(Code::Cancelled), Outcome::NotApplied),
        (Stage::Find, Some(Code::Cancelled), Outcome::NotApplied),
        (Stage::Read, Some(Code::Cancelled), Outcome::NotApplied),
        (Stage::Write, None, Outcome::Applied),
        (Stage::ReadBack, None, Outcome::Applied),
    ] {
        let mock = with_alice();
        mock.fail_next(Fault::Slow(stage, Duration::from_secs(2)));
        let (directory, kept) = audited(mock.clone());
        let waited = timeout(
            Duration::from_secs(1),
            directory.reset_password(ResetPassword::new("alice", NEW)),
        )
        .await;
        assert!(waited.is_err());
        sleep(Duration::from_secs(60)).await;
        let (_, finish) = kept.pair();
        assert_eq!((finish.code, finish.outcome), (code, Some(outcome)), "{stage}");
        assert_eq!(mock.verify_password("alice", NEW), outcome == Outcome::Applied);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_operation_ends_as_cancelled() {
    let (directory, kept) = audited(with_alice());
    let cancellation = Cancellation::new();
    cancellation.cancel();
    let request = ResetPassword::new("alice", NEW).cancellation(cancellation);
    assert_eq!(
        directory.reset_password(request).await.unwrap_err().code(),
        Code::Cancelled
    );
    let (_, finish) = kept.pair();
    assert_eq!(
        (finish.code, finish.outcome),
        (Some(Code::Cancelled), Some(Outcome::NotApplied))
    );
}

#[tokio::test]
async fn what_never_begins_is_not_told_of() {
    let (directory, kept) = audited(with_alice());
    drop(directory.reset_password(ResetPassword::new("alice", NEW)));
    assert_eq!(kept.take(), []);
}

#[tokio::test]
async fn a_panic_ends_as_what_the_caller_is_told() {
    let mock = with_alice();
    let before = meddling(&mock, |_, _| Box::pin(async { panic!("seen in the test") }));
    let after = meddling(&mock, |mock, request| {
        Box::pin(async move {
            mock.reset_password(request).await?;
            panic!("seen in the test")
        })
    });
    let (before, before_kept) = audited(before);
    let (after, after_kept) = audited(after);
    for (directory, kept, code, outcome) in [
        (before, before_kept, Code::Directory, Outcome::NotApplied),
        (after, after_kept, Code::OutcomeUnknown, Outcome::Unknown),
    ] {
        let error = directory
            .reset_password(ResetPassword::new("alice", NEW))
            .await
            .unwrap_err();
        assert_eq!((error.code(), error.outcome()), (code, outcome));
        let (_, finish) = kept.pair();
        assert_eq!((finish.code, finish.outcome), (Some(code), Some(outcome)));
        // The account was found before the fault after the write, and nothing was before the other.
        assert_eq!(finish.target.is_some(), code == Code::OutcomeUnknown);
    }
}

#[test]
fn the_end_of_the_runtime_is_an_end() {
    for (stage, code) in [(Stage::Find, Code::Directory), (Stage::Write, Code::OutcomeUnknown)] {
        let mock = with_alice();
        mock.fail_next(Fault::Hang(stage));
        let (directory, kept) = audited(mock.clone());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.spawn(async move { directory.reset_password(ResetPassword::new("alice", NEW)).await });
        while mock.pending_faults() > 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        runtime.shutdown_timeout(Duration::from_secs(30));
        assert_eq!(kept.pair().1.code, Some(code), "{stage}");
    }
}

#[tokio::test]
async fn what_the_rate_limit_refuses_is_told_of() {
    let kept = Kept::default();
    let limit = Limit::new(1, Duration::from_secs(60)).unwrap();
    let mock = MockDirectory::new();
    let alice: Uuid = mock.add_user(MockUser::new("alice").password(OLD)).unwrap();
    let limited = |limits| Stack::new().audit(kept.sink()).rate_limit(limits).around(mock.clone());

    let directory = limited(RateLimits::new().per_account(limit));
    for target in [Some(alice), Some(alice)] {
        let _ = directory.check_password(CheckPassword::new("alice", NEW)).await;
        assert_eq!(kept.pair().1.target, target);
    }
    let error = directory
        .reset_password(ResetPassword::new("alice", NEW))
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::RateLimited);
    let (_, finish) = kept.pair();
    assert_eq!(
        (finish.code, finish.outcome),
        (Some(Code::RateLimited), Some(Outcome::NotApplied))
    );
    assert_eq!(
        (finish.target, finish.domain_controller.as_deref()),
        (Some(alice), Some("dc1.corp.example"))
    );
    assert_eq!((finish.microsoft_event, finish.microsoft_cause), (Some(31003), None));

    let directory = limited(RateLimits::new().total(limit));
    for code in [None, Some(Code::RateLimited)] {
        let _ = directory.find_account(FindAccount::new("alice")).await;
        assert_eq!(kept.pair().1.code, code);
    }
}

/// A sink that fails, or panics, at some of its calls.
#[derive(Debug)]
struct Broken {
    calls: AtomicUsize,
    works: fn(usize) -> bool,
    panics: bool,
}

impl AuditSink for Broken {
    fn record(&self, _: &AuditEvent) -> Result<(), SinkError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        match (self.works)(call) {
            true => Ok(()),
            false if self.panics => panic!("seen in the test"),
            false => Err(SinkError("the disk is full".into())),
        }
    }
}

fn broken(works: fn(usize) -> bool, panics: bool) -> Arc<Broken> {
    let calls = AtomicUsize::new(0);
    Arc::new(Broken { calls, works, panics })
}

#[tokio::test]
async fn nothing_is_done_unrecorded_and_that_is_recorded_where_it_can_be() {
    for panics in [false, true] {
        let (kept, mock, sink) = (Kept::default(), with_alice(), broken(|_| false, panics));
        // Whichever comes first, the one that works gets every event.
        let first = Stack::new().audit(sink.clone()).audit(kept.sink()).around(mock.clone());
        let last = Stack::new().audit(kept.sink()).audit(sink).around(mock.clone());
        for directory in [first, last] {
            for operation in Operation::ALL.iter().copied() {
                let error = perform(directory.as_ref(), operation).await.unwrap_err();
                assert_eq!(
                    (error.code(), error.outcome()),
                    (Code::Configuration, Outcome::NotApplied)
                );
                let (_, finish) = kept.pair();
                assert_eq!(finish.code, Some(Code::Configuration));
            }
        }
        assert_eq!(mock.writes(), 0);
    }
}

#[tokio::test]
async fn a_failing_sink_may_be_passed_over() {
    for panics in [false, true] {
        let (kept, mock, sink) = (Kept::default(), with_alice(), broken(|_| false, panics));
        let stack = Stack::new().audit(sink.clone()).audit(kept.sink());
        let directory = stack.on_sink_failure(OnSinkFailure::Continue).around(mock.clone());
        directory
            .reset_password(ResetPassword::new("alice", NEW))
            .await
            .unwrap();
        assert_eq!((mock.writes(), kept.pair().1.outcome), (1, Some(Outcome::Applied)));
        assert_eq!(sink.calls.load(Ordering::Relaxed), 2);
    }
}

#[tokio::test]
async fn a_sink_that_fails_at_the_end_changes_no_result() {
    let mock = with_alice();
    let directory = Stack::new().audit(broken(|call| call == 0, false)).around(mock.clone());
    directory
        .reset_password(ResetPassword::new("alice", NEW))
        .await
        .unwrap();
    assert!(mock.verify_password("alice", NEW));
}

#[tokio::test]
async fn a_refused_logon_of_the_service_account_is_told_of() {
    let mock = with_alice();
    mock.fail_next(Fault::BindFailed(Reason::LockedOut));
    let (directory, kept) = audited(mock);
    directory
        .reset_password(ResetPassword::new("alice", NEW))
        .await
        .unwrap_err();
    let (_, finish) = kept.pair();
    assert_eq!((finish.phase, finish.code), (Phase::Finish, Some(Code::BindFailed)));
    assert_eq!(finish.microsoft_cause, Some("33009"));
}

/// A sink that notes what others lose, and panics over it.
#[derive(Debug, Default)]
struct Noting(AtomicUsize);

impl AuditSink for Noting {
    fn record(&self, _: &AuditEvent) -> Result<(), SinkError> {
        Ok(())
    }

    fn lost(&self, event: &AuditEvent, failure: &SinkError) {
        assert_eq!(
            (event.operation, failure.0.as_str()),
            (Operation::FindAccount, "the disk is full")
        );
        self.0.fetch_add(1, Ordering::Relaxed);
        panic!("seen in the test")
    }
}

#[tokio::test]
async fn what_one_sink_loses_the_others_hear_of() {
    let noting = [Arc::new(Noting::default()), Arc::new(Noting::default())];
    let [first, last] = noting.clone();
    let stack = Stack::new().audit(first).audit(broken(|_| false, false)).audit(last);
    let directory = stack.on_sink_failure(OnSinkFailure::Continue).around(with_alice());
    directory.find_account(FindAccount::new("alice")).await.unwrap();
    assert_eq!(noting.map(|sink| sink.0.load(Ordering::Relaxed)), [2, 2]);
}

#[tokio::test]
async fn a_canary_is_told_of_as_one_diagnosis_with_the_outcome_of_its_writes() {
    let mock = MockDirectory::new();
    let canary = mock.add_user(MockUser::new("wb-canary").password(OLD)).unwrap();
    mock.add_user(MockUser::new("alice").password(OLD)).unwrap();
    let (directory, kept) = audited(mock.clone());
    directory.diagnose(Diagnose::canary("wb-canary")).await.unwrap();
    let (_, finish) = kept.pair();
    assert_eq!(finish.operation, Operation::Diagnose);
    assert_eq!(finish.target, Some(canary));
    assert_eq!(finish.outcome, Some(Outcome::Applied));
    assert!(!mock.verify_password("wb-canary", OLD));

    directory.diagnose(Diagnose::canary("alice")).await.unwrap();
    assert_eq!(kept.pair().1.outcome, Some(Outcome::NotApplied));
    directory.diagnose(Diagnose::account("alice")).await.unwrap();
    assert_eq!(kept.pair().1.outcome, None);
}
