//! Many resets at once.

use crate::support::*;
use futures_util::{StreamExt, stream};
use password_writeback::layer::Stack;
use password_writeback::mock::{Fault, MockDirectory, MockUser, Stage};
use password_writeback::{
    Code, Outcome, PasswordWriteback, PasswordWritebackExt, Phase, Reason, ResetPassword, ResetResult,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// A directory with so many users, `user0` and so on.
fn with_users(count: usize) -> MockDirectory {
    let directory = MockDirectory::new();
    for number in 0..count {
        directory
            .add_user(MockUser::new(format!("user{number}")).password(OLD))
            .unwrap();
    }
    directory
}

fn request(number: usize) -> ResetPassword {
    ResetPassword::new(format!("user{number}"), NEW).correlation_id(format!("c{number}"))
}

fn requests(count: usize) -> impl futures_util::Stream<Item = ResetPassword> + Unpin {
    stream::iter((0..count).map(request))
}

#[tokio::test]
async fn each_request_has_one_result_and_no_error_ends_the_others() {
    let mock = with_users(50);
    // Every seventh account is not there.
    for number in (0..50).step_by(7) {
        mock.remove_user(format!("user{number}").as_str()).unwrap();
    }
    let directory: Arc<dyn PasswordWriteback> = Arc::new(mock.clone());
    let results: Vec<ResetResult> = directory.reset_many(requests(50)).collect().await;
    let places: BTreeSet<usize> = results.iter().map(|done| done.index).collect();
    assert_eq!((results.len(), places.len()), (50, 50));
    for done in results {
        assert_eq!(done.identity.as_str(), format!("user{}", done.index));
        assert_eq!(done.correlation_id, format!("c{}", done.index));
        match done.result {
            Ok(receipt) => assert_eq!(receipt.correlation_id, done.correlation_id),
            Err(error) => assert_eq!((error.code(), done.index % 7), (Code::AccountNotFound, 0)),
        }
    }
    assert_eq!(mock.writes(), 42);
    assert!(mock.verify_password("user1", NEW));
}

#[tokio::test]
async fn nothing_asked_is_nothing_done() {
    let mock = with_users(1);
    assert_eq!(mock.reset_many(stream::empty()).count().await, 0);
    drop(mock.reset_many(requests(1)));
    assert_eq!(mock.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn no_more_are_under_way_than_asked_for_and_none_is_taken_early() {
    let mock = with_users(40);
    mock.fail_always(Fault::Slow(Stage::Find, Duration::from_secs(1)));
    let (now, most, taken) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
        AtomicUsize::new(0),
    );
    let watched = (Arc::clone(&now), Arc::clone(&most));
    let directory = meddling(&mock, move |mock, request| {
        let (now, most) = watched.clone();
        Box::pin(async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let result = mock.reset_password(request).await;
            now.fetch_sub(1, Ordering::SeqCst);
            result
        })
    });
    let counted = stream::iter((0..40).map(|number| {
        taken.fetch_add(1, Ordering::SeqCst);
        request(number)
    }));
    let mut results = directory.reset_many(counted).concurrency(5);
    for given in 1..=40 {
        results.next().await.unwrap().result.unwrap();
        // Nobody asks for more: nothing is taken.
        sleep(Duration::from_secs(10)).await;
        assert!(taken.load(Ordering::SeqCst) <= given + 5, "{given}");
    }
    assert!(results.next().await.is_none());
    assert_eq!(most.load(Ordering::SeqCst), 5);
    // Without waiting in between, five at a time: one alone, then 39 in eight rounds.
    let began = tokio::time::Instant::now();
    let again = with_users(40);
    again.fail_always(Fault::Slow(Stage::Find, Duration::from_secs(1)));
    assert_eq!(again.reset_many(requests(40)).concurrency(5).count().await, 40);
    assert_eq!(began.elapsed().as_secs(), 9);
}

#[tokio::test]
async fn a_refused_logon_is_never_hammered() {
    let mock = with_users(30);
    mock.fail_times(3, Fault::BindFailed(Reason::WrongCredentials));
    let results: Vec<ResetResult> = mock.reset_many(requests(30)).collect().await;
    assert_eq!((results.len(), mock.pending_faults(), mock.writes()), (30, 1, 0));
    for done in &results {
        let error = done.result.as_ref().unwrap_err();
        assert_eq!((error.code(), error.outcome()), (Code::BindFailed, Outcome::NotApplied));
        assert_eq!(error.reason(), Some(Reason::WrongCredentials));
        assert_eq!(error.message().contains("not attempted"), done.index != 0);
    }
}

/// One that fails before the logon shows nothing of it.
#[tokio::test]
async fn others_begin_when_the_logon_has_worked() {
    let mock = with_users(30);
    mock.fail_next(Fault::Unreachable);
    mock.fail_times(20, Fault::BindFailed(Reason::WrongCredentials));
    let results: Vec<ResetResult> = mock.reset_many(requests(30)).collect().await;
    let codes: Vec<_> = results
        .iter()
        .map(|done| done.result.as_ref().unwrap_err().code())
        .collect();
    assert_eq!((codes[0], codes[1]), (Code::Unreachable, Code::BindFailed));
    let tried = results[1..].iter().filter(|done| {
        let message = done.result.as_ref().unwrap_err().message();
        !message.contains("not attempted")
    });
    assert_eq!(tried.count(), 1);
}

/// Where there was nothing to log on with, nothing was refused.
#[tokio::test]
async fn a_logon_that_was_not_tried_stops_nothing() {
    for reason in [Reason::NoPassword, Reason::KdcUnreachable] {
        let mock = with_users(9);
        mock.fail_next(Fault::BindFailed(reason));
        let results: Vec<ResetResult> = mock.reset_many(requests(9)).collect().await;
        assert_eq!(results.iter().filter(|done| done.result.is_ok()).count(), 8, "{reason}");
    }
}

#[tokio::test]
async fn another_number_at_once_does_not_forget_a_refused_logon() {
    let mock = with_users(9);
    mock.fail_times(9, Fault::BindFailed(Reason::WrongCredentials));
    let mut results = mock.reset_many(requests(9));
    results.next().await.unwrap().result.unwrap_err();
    let rest: Vec<ResetResult> = results.concurrency(3).collect().await;
    assert_eq!(rest.len(), 8);
    for done in rest {
        assert!(done.result.unwrap_err().message().contains("not attempted"));
    }
}

#[tokio::test]
async fn a_logon_that_is_refused_on_the_way_stops_what_follows() {
    let mock = with_users(30);
    let mut results = mock.reset_many(requests(30)).concurrency(1);
    for _ in 0..10 {
        results.next().await.unwrap().result.unwrap();
    }
    mock.fail_times(20, Fault::BindFailed(Reason::LockedOut));
    let rest: Vec<ResetResult> = results.collect().await;
    let attempted = rest.iter().filter(|done| {
        let error = done.result.as_ref().unwrap_err();
        assert_eq!(error.reason(), Some(Reason::LockedOut));
        !error.message().contains("not attempted")
    });
    assert_eq!((attempted.count(), rest.len(), mock.writes()), (1, 20, 10));
}

#[tokio::test(start_paused = true)]
async fn dropping_it_cancels_what_is_not_sent_and_carries_the_rest_through() {
    let mock = with_users(9);
    let kept = Kept::default();
    let directory = Stack::new().audit(kept.sink()).around(mock.clone());
    let mut results = directory.reset_many(requests(9)).concurrency(4);
    results.next().await.unwrap().result.unwrap();
    // Of the next four, two hang before the write and two are sent, and slow to be answered.
    mock.fail_times(2, Fault::Slow(Stage::Find, Duration::from_secs(5)));
    mock.fail_times(2, Fault::Slow(Stage::Write, Duration::from_secs(2)));
    assert!(timeout(Duration::from_secs(1), results.next()).await.is_err());
    drop(results);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(mock.writes(), 3);
    let events = kept.take();
    let ends: Vec<_> = events
        .iter()
        .filter(|event| event.phase == Phase::Finish)
        .map(|event| event.code)
        .collect();
    let cancelled = ends.iter().filter(|code| **code == Some(Code::Cancelled)).count();
    let applied = ends.iter().filter(|code| code.is_none()).count();
    assert_eq!((events.len(), cancelled, applied), (10, 2, 3));
}
