//! The limit on one account and the limit on everything.

use crate::support::*;
use futures_util::future::join_all;
use password_writeback::layer::{Limit, RateLimit, RateLimits, Stack};
use password_writeback::mock::{Fault, MockClock, MockDirectory, MockUser};
use password_writeback::{
    ChangePassword, CheckPassword, Clock, Code, Diagnose, Error, FindAccount, Identity, Outcome, PasswordWriteback,
    ReadPolicy, RequirePasswordChange, ResetPassword, UnlockAccount,
};
use std::sync::Arc;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

fn limited(mock: &MockDirectory, limits: RateLimits) -> Arc<dyn PasswordWriteback> {
    Stack::new()
        .rate_limit(limits)
        .clock(Arc::new(mock.clock()))
        .around(mock.clone())
}

fn each(count: u32) -> RateLimits {
    RateLimits::new().per_account(Limit::new(count, HOUR).unwrap())
}

fn in_all(count: u32) -> RateLimits {
    RateLimits::new().total(Limit::new(count, HOUR).unwrap())
}

#[track_caller]
fn assert_limited<T: std::fmt::Debug>(result: Result<T, Error>) -> Error {
    let error = result.unwrap_err();
    assert_eq!(
        (error.code(), error.outcome()),
        (Code::RateLimited, Outcome::NotApplied),
        "{error}"
    );
    assert!(error.retry_at().is_some());
    error
}

#[tokio::test]
async fn a_canary_counts_for_its_account_and_a_look_does_not() {
    let mock = MockDirectory::new();
    mock.add_user(MockUser::new("wb-canary").password(OLD)).unwrap();
    let directory = limited(&mock, each(1));
    for _ in 0..3 {
        directory.diagnose(Diagnose::account("wb-canary")).await.unwrap();
    }
    directory.diagnose(Diagnose::canary("wb-canary")).await.unwrap();
    let writes = mock.writes();
    assert!(writes > 1);
    let again = directory.diagnose(Diagnose::canary("wb-canary")).await.unwrap();
    assert_eq!(mock.writes(), writes, "{again:#?}");
    assert_limited(directory.unlock_account(UnlockAccount::new("wb-canary")).await);
}

#[tokio::test]
async fn an_account_is_the_same_however_it_is_named() {
    let mock = MockDirectory::new();
    mock.add_user(MockUser::new("alice").upn("alice.a@corp.example").password(OLD))
        .unwrap();
    mock.add_user(MockUser::new("bob").password(OLD)).unwrap();
    let alice = mock.find_account(FindAccount::new("alice")).await.unwrap();
    let names = [
        Identity::sam("ALICE"),
        Identity::from("CORP\\alice"),
        Identity::upn("alice.a@corp.example"),
        Identity::dn(&alice.distinguished_name),
        Identity::guid(alice.object_guid),
        Identity::sid(&alice.object_sid),
        Identity::source_anchor(alice.source_anchor.as_deref().unwrap()),
    ];
    let directory = limited(&mock, each(names.len() as u32));
    for name in &names {
        directory
            .check_password(CheckPassword::new(name.clone(), NEW))
            .await
            .unwrap();
    }
    for name in names {
        let error = assert_limited(directory.reset_password(ResetPassword::new(name, NEW)).await);
        assert_eq!(error.account().unwrap().object_guid, alice.object_guid);
        assert_eq!(error.domain_controller(), Some("dc1.corp.example"));
    }
    assert_eq!(mock.writes(), 0);
    directory.reset_password(ResetPassword::new("bob", NEW)).await.unwrap();
}

#[tokio::test]
async fn writes_and_candidates_count_for_an_account_and_reads_do_not() {
    let mock = with_alice();
    let directory = limited(&mock, each(5));
    directory
        .change_password(ChangePassword::new("alice", "Wrong-Passw0rd", NEW))
        .await
        .unwrap_err();
    directory
        .reset_password(ResetPassword::new("alice", NEW))
        .await
        .unwrap();
    directory.unlock_account(UnlockAccount::new("alice")).await.unwrap();
    directory
        .require_password_change(RequirePasswordChange::new("alice"))
        .await
        .unwrap();
    directory
        .check_password(CheckPassword::new("alice", NEW))
        .await
        .unwrap();
    let writes = mock.writes();

    assert_limited(directory.change_password(ChangePassword::new("alice", NEW, OLD)).await);
    assert_limited(directory.reset_password(ResetPassword::new("alice", NEW)).await);
    assert_limited(directory.unlock_account(UnlockAccount::new("alice")).await);
    assert_limited(
        directory
            .require_password_change(RequirePasswordChange::new("alice"))
            .await,
    );
    assert_limited(directory.check_password(CheckPassword::new("alice", NEW)).await);
    assert_eq!(mock.writes(), writes);

    directory.find_account(FindAccount::new("alice")).await.unwrap();
    directory.password_policy(ReadPolicy::new("alice")).await.unwrap();
    assert!(
        directory
            .diagnose(Diagnose::account("alice"))
            .await
            .unwrap()
            .is_healthy()
    );
}

#[tokio::test]
async fn the_time_it_names_is_the_time() {
    let mock = with_alice();
    let directory = limited(&mock, each(3));
    let check = || directory.check_password(CheckPassword::new("alice", NEW));
    let began = mock.clock().now();
    for _ in 0..3 {
        check().await.unwrap();
    }
    let retry_at = assert_limited(check().await).retry_at().unwrap();
    assert_eq!(retry_at, began + HOUR / 3);
    mock.clock().set(retry_at - Duration::from_millis(1));
    assert_limited(check().await);
    mock.clock().set(retry_at);
    check().await.unwrap();
    assert_limited(check().await);
    // Who has waited for the whole period may come as often as at first.
    mock.clock().advance(HOUR);
    for _ in 0..3 {
        check().await.unwrap();
    }
    assert_limited(check().await);
}

#[tokio::test]
async fn the_limit_in_all_counts_everything() {
    let mock = with_alice();
    let directory = limited(&mock, in_all(8));
    directory.find_account(FindAccount::new("alice")).await.unwrap();
    directory.find_account(FindAccount::new("nobody")).await.unwrap_err();
    directory.password_policy(ReadPolicy::new("alice")).await.unwrap();
    directory.diagnose(Diagnose::deployment()).await.unwrap();
    directory
        .check_password(CheckPassword::new("alice", NEW))
        .await
        .unwrap();
    directory.unlock_account(UnlockAccount::new("alice")).await.unwrap();
    directory
        .change_password(ChangePassword::new("alice", OLD, NEW))
        .await
        .unwrap();
    directory
        .require_password_change(RequirePasswordChange::new("alice"))
        .await
        .unwrap();
    let writes = mock.writes();
    mock.fail_always(Fault::Unreachable);

    // Refused before anything is asked of the directory, which could not be reached now.
    let error = assert_limited(directory.reset_password(ResetPassword::new("alice", NEW)).await);
    assert!(error.account().is_none() && error.domain_controller().is_none());
    assert_limited(directory.find_account(FindAccount::new("alice")).await);
    assert_limited(directory.password_policy(ReadPolicy::new("alice")).await);
    assert_limited(directory.diagnose(Diagnose::deployment()).await);
    assert_limited(directory.check_password(CheckPassword::new("alice", NEW)).await);
    assert_eq!(mock.writes(), writes);
}

#[tokio::test]
async fn only_accounts_that_may_be_written_have_a_state() {
    let mock = with_alice();
    let clock = Arc::new(mock.clock());
    let directory = RateLimit::with_clock(mock, each(1), clock);
    for number in 0..50 {
        let made_up = ResetPassword::new(format!("nobody-{number}"), NEW);
        let error = directory.reset_password(made_up).await.unwrap_err();
        assert_eq!(error.code(), Code::AccountNotFound);
        let protected = ResetPassword::new("Administrator", NEW);
        let error = directory.reset_password(protected).await.unwrap_err();
        assert_eq!(error.code(), Code::ProtectedAccount);
    }
    assert!(format!("{directory:?}").contains("accounts: Some(0)"), "{directory:?}");
    directory
        .reset_password(ResetPassword::new("alice", NEW))
        .await
        .unwrap();
    assert!(format!("{directory:?}").contains("accounts: Some(1)"), "{directory:?}");
}

#[tokio::test]
async fn an_operation_that_begins_anew_counts_once() {
    let mock = with_alice();
    mock.fail_next(Fault::CutBeforeWrite);
    let directory = limited(&mock, each(1));
    directory
        .reset_password(ResetPassword::new("alice", NEW))
        .await
        .unwrap();
    assert_eq!(mock.pending_faults(), 0);
    assert_limited(directory.reset_password(ResetPassword::new("alice", NEW)).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_once_no_more_pass_than_one_by_one() {
    let mock = with_alice();
    let directory = limited(&mock, each(5).total(Limit::new(40, HOUR).unwrap()));
    let tries = (0..50).map(|_| directory.check_password(CheckPassword::new("alice", NEW)));
    let results = join_all(tries).await;
    let passed = results.iter().filter(|result| result.is_ok()).count();
    let by_account = results.iter().filter_map(|result| result.as_ref().err());
    let by_account = by_account.filter(|error| error.account().is_some()).count();
    assert_eq!((passed, by_account), (5, 35));
}

#[tokio::test]
async fn a_clock_that_is_set_back_shuts_nobody_out() {
    let mock = with_alice();
    let clock = MockClock::at(mock.clock().now());
    let directory = RateLimit::with_clock(mock, each(1), Arc::new(clock.clone()));
    let check = || directory.check_password(CheckPassword::new("alice", NEW));
    check().await.unwrap();
    clock.set(clock.now() - 1000 * HOUR);
    let retry_at = assert_limited(check().await).retry_at().unwrap();
    assert_eq!(retry_at, clock.now() + HOUR);
    clock.advance(HOUR);
    check().await.unwrap();
}

#[tokio::test]
async fn no_clock_brings_it_down() {
    let mock = with_alice();
    let clock = MockClock::at(jiff::Timestamp::MIN);
    let limits = RateLimits::new().per_account(Limit::new(2, 366 * 24 * HOUR).unwrap());
    let directory = RateLimit::with_clock(
        mock,
        limits.total(Limit::new(u32::MAX, HOUR).unwrap()),
        Arc::new(clock.clone()),
    );
    for time in [
        jiff::Timestamp::MIN,
        jiff::Timestamp::MAX,
        jiff::Timestamp::MIN,
        jiff::Timestamp::MAX,
    ] {
        clock.set(time);
        for _ in 0..3 {
            let _ = directory.check_password(CheckPassword::new("alice", NEW)).await;
        }
    }
    assert_limited(directory.check_password(CheckPassword::new("alice", NEW)).await);
}

#[test]
fn what_cannot_be_a_limit_is_refused() {
    for (count, period) in [
        (0, HOUR),
        (1, Duration::ZERO),
        (u32::MAX, Duration::from_nanos(5)),
        (1, 367 * 24 * HOUR),
        (1, Duration::MAX),
    ] {
        assert_eq!(Limit::new(count, period).unwrap_err().code(), Code::Configuration);
    }
}
