//! A caller who stops waiting, at every stage.

use crate::support::*;
use password_writeback::mock::{Fault, MockDirectory, Stage};
use password_writeback::{Cancellation, Code, PasswordWriteback, ResetPassword};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Waits a second for a reset, and then no longer.
async fn abandon(directory: &MockDirectory) -> Cancellation {
    let cancellation = Cancellation::new();
    let request = ResetPassword::new("alice", NEW).cancellation(cancellation.clone());
    let waited = timeout(Duration::from_secs(1), directory.reset_password(request)).await;
    assert!(waited.is_err());
    sleep(Duration::from_secs(60)).await;
    cancellation
}

#[tokio::test(start_paused = true)]
async fn before_the_write_nothing_is_ever_sent() {
    for stage in [Stage::Open, Stage::Find, Stage::Read] {
        for fault in [Fault::Hang(stage), Fault::Slow(stage, Duration::from_secs(2))] {
            let directory = with_alice();
            directory.fail_next(fault);
            let cancellation = abandon(&directory).await;
            assert!(cancellation.is_cancelled() && !cancellation.is_committed());
            assert_eq!(directory.writes(), 0, "{stage}");
            assert!(directory.verify_password("alice", OLD));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn from_the_write_on_it_is_carried_through() {
    for stage in [Stage::Write, Stage::ReadBack] {
        let directory = with_alice();
        directory.fail_next(Fault::Slow(stage, Duration::from_secs(2)));
        let cancellation = abandon(&directory).await;
        assert!(cancellation.is_committed() && !cancellation.cancel());
        assert_eq!(directory.writes(), 1, "{stage}");
        assert!(directory.verify_password("alice", NEW));
        assert_eq!(directory.pending_faults(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_handle_cancels_in_time_or_not_at_all() {
    let directory = with_alice();
    directory.fail_next(Fault::Slow(Stage::Find, Duration::from_secs(2)));
    let cancellation = Cancellation::new();
    let request = ResetPassword::new("alice", NEW).cancellation(cancellation.clone());
    let writing = directory.clone();
    let write = tokio::spawn(async move { writing.reset_password(request).await });
    sleep(Duration::from_secs(1)).await;
    assert!(cancellation.cancel());
    assert_refused(write.await.unwrap(), Code::Cancelled);
    assert_eq!(directory.writes(), 0);
}
